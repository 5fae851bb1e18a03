"""The form of an exercise: data that an instructor writes and the engine reads. See README.md beside this file."""

from dataclasses import dataclass, field

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

    assignment, digest: set by `load`; the digest is that of the exercise's file.
    """

    name: str
    cases: tuple
    rules: frozenset
    in_place: bool
    mistakes: dict
    alternatives: dict
    equivalent: dict = field(default_factory=dict)
    assignment: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Edit:
    """What stands in the place of what in the solution, pair by pair. Made by `edit`; `load` writes the function out."""

    pairs: tuple

    def of(self, text):
        """The edited text. Raises ExerciseError if an old text does not occur."""
        for old, new in self.pairs:
            if old not in text:
                raise ExerciseError(
                    f"edit({old!r}, {new!r}): {old!r} does not stand in the solution; write what stands there now."
                )
            text = text.replace(old, new)
        return text


def edit(old, new, *more):
    """A mistake or an alternative as an edit of the solution: `new` wherever `old` stands in its code (not in a docstring).

    more: a second pair, a third. Spaces and line ends are those of the solution.
    """
    parts = (old, new, *more)
    return Edit(tuple(zip(parts[::2], parts[1::2], strict=True)))


def case(title, code, *, weight=1, tolerance="float32", view=None, raises=None, **inputs):
    """Judge the value of `code` on `inputs`.

    code: an expression, or statements whose last is an expression; names are the inputs, the student's functions and torch.
    tolerance: one of `tolerance.TOLERANCES`.
    view: function (result, inputs) -> plain tree, of what must be equal; computed outside the student's process.
    raises: the exception that this input must lead to, such as ValueError.
    inputs: plain values, or functions of a torch.Generator (`normal`, `labels`, ... or your own) that make seeded ones.
    """
    return Case(title, code, weight, tolerance, view, inputs, raises=raises.__name__ if raises else "")


def gradient(title, *, loss, grad, wrt, weight=1, **inputs):
    """Judge a loss and its gradient together, in float64.

    loss: an expression, a scalar. grad: an expression, its gradients in the order of `wrt`, each in the shape of its input.
    wrt: names of inputs (tensors, or lists of tensors). Central differences of the student's own loss are compared with
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
