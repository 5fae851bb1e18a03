"""The form of an exercise: data that an instructor writes and the engine reads. See README.md beside this file."""

import ast
import re
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import product

from ..course import CourseError
from .inputs import Draw, draw
from .rules import COURSE_RULES, NUMERIC, RULES
from .tolerance import TOLERANCES


class ExerciseError(CourseError):
    """An exercise is not well formed, or its reference fails; the message says where and what to do."""


@dataclass(frozen=True, eq=False)
class Case:
    """One expression on one set of inputs. `sizes` is empty, or the two batch sizes at which operations are counted."""

    title: str
    code: str
    weight: float = 1
    tolerance: str = "float32"
    view: object = None
    inputs: dict = field(default_factory=dict)
    sizes: tuple = ()
    wrt: tuple = ()
    raises: str = ""

    def draw(self, size, *names):
        """The inputs for one batch size (None where the case has none); `names` (the secret first) decide the numbers."""
        made = self.inputs
        if size is not None:
            made = {n: v(size) if callable(v) and not isinstance(v, Draw) else v for n, v in made.items()}
        return {n: draw(v, *names, self.title, str(size), n) for n, v in made.items()}


@dataclass(frozen=True, eq=False)
class Exercise:
    """A function (or class) that students write, with everything needed to judge it. Made by `exercise`.

    families: of `mistakes`, those with holes; `load` puts what is on their grids into `mistakes`.
    assignment, digest: set by `load`; the digest is that of the exercise's file.
    """

    name: str
    cases: tuple
    rules: frozenset
    in_place: bool
    mistakes: dict
    alternatives: dict
    equivalent: dict = field(default_factory=dict)
    families: tuple = ()
    assignment: str = ""
    digest: str = ""

    def named_in(self, text):
        """The sentences of recorded mistakes that stand in a text, those of families with whatever numbers."""
        found = [sentence for sentence in self.mistakes if sentence in text]
        filled = [match[0] for family in self.families for match in family.pattern.finditer(text)]
        return [*found, *(sentence for sentence in filled if sentence not in found)]


# What `...` stands for: on one line, anything in which each bracket that opens closes again. Four levels of brackets are enough.
BETWEEN = INSIDE = r"[^][(){}\n]"
for _ in range(4):
    BETWEEN = rf"(?:{INSIDE}|[\[({{]{BETWEEN}*[\])}}])"


@dataclass(frozen=True)
class Edit:
    """What stands in the place of what in the solution, pair by pair. Made by `edit`; `load` writes the function out.

    holes: ((name, numbers), ...) of what stands as {name} in the new texts; empty if there is nothing to fill.
    """

    pairs: tuple
    holes: tuple = ()

    def of(self, text):
        """The edited text. Raises ExerciseError if an old text does not occur."""
        for old, new in self.pairs:
            text, places = _pattern(old).subn(partial(_with, new), text)
            if not places:
                raise ExerciseError(
                    f"edit({old!r}, {new!r}): {old!r} does not stand in the solution; write what stands there now."
                )
        return text

    def stands_in(self, text):
        """Whether the first old text occurs."""
        return bool(_pattern(self.pairs[0][0]).search(text))


@cache
def _pattern(old):
    between = f"({BETWEEN}*?)".join(map(re.escape, old.split("...")))
    return re.compile(between + "$" * old.endswith("..."), re.MULTILINE)


def _with(new, found):
    """A new text with what the old one's `...` stood for in the place of its own, in their order."""
    kept = iter(found.groups())
    return re.sub(r"\.\.\.", lambda dots: next(kept, dots[0]), new)


@dataclass(frozen=True)
class Family:
    """A recorded mistake with holes. code: the solution that it is an edit of."""

    sentence: str
    edit: Edit
    code: str

    def __post_init__(self):
        if silent := [name for name, _ in self.edit.holes if f"{{{name}}}" not in self.sentence]:
            raise ExerciseError(f"{self.sentence!r} must say {{{silent[0]}}}: else what fills the hole reads alike.")

    @property
    def pattern(self):
        """The sentence with any number in its holes, as a regular expression."""
        return re.compile(self._filled(re.escape(self.sentence), [r"[-+.\w]+"] * len(self.edit.holes), re.escape))

    def members(self, grids=None):
        """(sentence, source) for all numbers of the grids, one for each hole; else for those of the family's own."""
        for numbers in product(*(grids or [grid for _, grid in self.edit.holes])):
            written = [repr(number).replace("e-0", "e-") for number in numbers]
            yield self._filled(self.sentence, written), self._filled(self.edit.of(self.code), written)

    def fitting(self, numbers):
        """Of some numbers, those that may fill each hole: as one of its grid is written, 80 for 80.0, and within its ends."""
        grids = [grid for _, grid in self.edit.holes]
        return [[type(grid[0])(n) for n in numbers if type(grid[0])(n) == n and min(grid) <= n <= max(grid)] for grid in grids]

    def _filled(self, text, values, written=str):
        for (name, _), value in zip(self.edit.holes, values, strict=True):
            text = text.replace(written(f"{{{name}}}"), value)
        return text


@dataclass(frozen=True)
class Body:
    """What stands in the place of the solution's body, line by line. Made by `body`; `load` writes the function out."""

    lines: tuple

    def of(self, text):
        """A function with the name and arguments of the one in `text`; it may call that one as `right`."""
        function = ast.parse(text).body[0]
        names = ", ".join(a.arg for a in function.args.args)
        before = f"right = {function.name}\n\n\n" if any("right(" in line for line in self.lines) else ""
        return "\n    ".join([f"{before}def {function.name}({names}):", *self.lines])


def edit(*pairs, **holes):
    """A mistake or an alternative as an edit of the solution: edit(old, new) puts `new` wherever `old` stands in its code.

    pairs: an old and a new text, more of them in turn, or each pair in brackets of its own: edit((old, new), (old, new)). Spaces
    and line ends are those of the solution; docstrings and comments are no part of its code. `...` in an old text stands for
    anything on its line in which brackets close again (at its end, for the rest of the line), and in the new one for the same.
    holes: of a mistake, the numbers for what is written {name} in new texts and in its sentence, as epsilon=(1e-8, 1e-6).
    """
    parts = [text for pair in pairs for text in ([pair] if isinstance(pair, str) else pair)]
    return Edit(tuple(zip(parts[::2], parts[1::2], strict=True)), tuple(holes.items()))


def body(*lines):
    """A mistake or an alternative as a function of another body, line by line; in it `right` is the solution.

    A line is indented as if the body stood at the margin.
    """
    return Body(lines)


def case(title, code, *, weight=1, tolerance="float32", view=None, raises=None, **inputs):
    """Judge the value of `code` on `inputs`.

    code: an expression, or statements whose last is an expression; names are the inputs, the student's functions, torch, numpy.
    tolerance: one of `tolerance.TOLERANCES`.
    view: function (result, inputs) -> plain tree, of what must be equal; computed outside the student's process.
    raises: the exception that this input must lead to, such as ValueError.
    inputs: plain values, or functions of a torch.Generator (`normal`, `labels`, ... or your own) that make seeded ones; those of
    a numpy.random.Generator are marked, `array(...)`.
    """
    return Case(title, code, weight, tolerance, view, inputs, raises=raises.__name__ if raises else "")


def gradient(title, *, loss, grad, wrt, weight=1, **inputs):
    """Judge a loss and its gradient together, in float64.

    loss: an expression, a scalar. grad: an expression, its gradients in the order of `wrt`, each in the shape of its input.
    wrt: names of inputs (tensors or arrays, or lists of them). Central differences of the student's own loss are compared with
    the reference's gradient as well, so that a loss and a gradient that are wrong together are caught.
    """
    wrt = (wrt,) if isinstance(wrt, str) else tuple(wrt)
    names = ", ".join(wrt)
    # The loss is another exercise's: what it uses is held against that one.
    judged = f"loss=unwatched(lambda: {loss}), gradient={grad}"
    code = f"dict({judged}, differences=central_differences(lambda {names}: {loss}, [{names}]))"
    return Case(title, code, weight, "float64", None, inputs, wrt=wrt)


def loop_free(title, code, *, weight=1, tolerance="float32", sizes=(16, 80), **inputs):
    """Like `case`, and the work in Python must not grow with the number of rows.

    inputs: functions of the number of rows n (or what `normal`, ... return, where n does not matter). The operations of
    torch and the instructions of the student's own code are counted at both `sizes`.
    """
    return Case(title, code, weight, tolerance, None, inputs, sizes=tuple(sizes))


def exercise(name, *cases, rules=COURSE_RULES, in_place=False, mistakes=None, alternatives=None, equivalent=None):
    """An exercise named like the grade_id of its solution cell.

    rules: names from `rules.RULES`; that about numeric derivatives holds only where a derivative is asked for.
    in_place: the function changes inputs by contract (those that the reference changes).
    mistakes: {sentence for the student: source}. alternatives: {what is different: source}. A source is an `edit` of the
    solution, or a text that defines what it changes. equivalent: {why: edits of the solution that are as right as it, or texts
    in it in which any change is}; `autograder check` asks for them.
    Raises ExerciseError if something cannot work.
    """
    rules = frozenset(rules) - (frozenset() if _derives(name, cases) else {NUMERIC})
    recorded = (dict(given or {}) for given in (mistakes, alternatives, equivalent))
    made = Exercise(name, tuple(cases), rules, in_place, *recorded)
    titles = [c.title for c in made.cases]
    for problem, wrong in {
        "there are no cases; give it at least one": [] if titles else [name],
        "two cases have the title {}; titles seed the inputs, so make them differ": {t for t in titles if titles.count(t) > 1},
        "unknown rule {}; known are " + ", ".join(RULES): made.rules - RULES.keys(),
        "unknown tolerance {}; known are " + ", ".join(TOLERANCES): {c.tolerance for c in made.cases} - TOLERANCES.keys(),
        "the weight of {} is not above 0": {c.title for c in made.cases if not c.weight > 0},
    }.items():
        if wrong:
            raise ExerciseError(f"exercise {name}: " + problem.format(", ".join(map(repr, wrong))))
    return made


def _derives(name, cases):
    return any(word in text for text in (name, *(c.code for c in cases)) for word in ("gradient", "backward"))
