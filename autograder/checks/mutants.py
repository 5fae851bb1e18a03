"""Mutants of a solution: the repairs of a student's function, turned round. A case rejects each, or it is as right."""

import ast
import re
from dataclasses import dataclass

from .explainers.changes import edits
from .format import Edit, ExerciseError

UNLIKELY = 4  # the cost of an edit that nobody makes by mistake: a term of any name behind any value
# Why a mutant may be as right as the solution, whatever the exercise: {reason: what stands there instead, as a pattern}.
ALIKE = {
    "a copy of what is new is equal to it": r".*\.clone\(\)",
    "what is of a type already stays what it is": r".*\.(float|long|item)\(\)|.*dtype=\w+\.dtype\)?",
    "a vector, or a number, is its own transpose": r".*\.T\)*",
    "there is nothing negative": r".*\.abs\(\)",
    "minus nothing is nothing": r"-.*zeros.*",
}


@dataclass(frozen=True)
class Mutant:
    """A changed solution: `new` stands where `old` was, from `start` on; `written` is the expression in which it stands."""

    source: str
    look: str
    place: str
    written: str
    start: int
    old: str
    new: str

    def __str__(self):
        line = self.source[: self.start].count("\n")
        return f"{self.source.splitlines()[line].strip()}   (was {self.old!r}, is {self.new!r})"


def mutants(code, functions):
    """The mutants of a source, the likeliest first. functions: names of functions that may be mistaken for each other."""
    same = ast.dump(ast.parse(code))
    likely = [e for e in edits(code, functions) if e.cost < UNLIKELY and not e.one_way]
    powers = [e for e in likely if e.look == "the operator `*`" and "**" in e.written]  # of a label: one fills the memory
    return [_mutant(code, e) for e in likely if e not in powers and ast.dump(ast.parse(e.source)) != same]


def _mutant(code, edit):
    start = next(i for i, (a, b) in enumerate(zip(code + "\0", edit.source + "\1", strict=False)) if a != b)
    most = min(len(code), len(edit.source)) - start
    end = next((i for i in range(most) if code[-1 - i] != edit.source[-1 - i]), most)
    old, new = code[start : len(code) - end], edit.source[start : len(edit.source) - end]
    return Mutant(edit.source, edit.look, edit.place, edit.written, start, old, new)


def failing(about, source, likely=0):
    """Which case of a `Known` fails with `source` on top of the reference, or shows a broken condition; None if none does.

    likely: the index of the case that is tried first. What keeps a state may pass it there, and is then tried in order.
    """
    cases = range(len(about.trials))
    try:
        for order in [[likely, *cases], cases] if likely else [cases]:
            for i, outcome in zip(order, about.outcomes(source, order), strict=True):
                right = about.right[i]
                if (
                    not about.trials[i].right(outcome, right)
                    or outcome.changed - right.changed
                    or outcome.touched - right.touched
                ):
                    return i
    except ExerciseError:  # it cannot even be executed
        return 0
    return None


def reason(mutant, exercise, code):
    """Why a mutant that no case rejects is as right as the solution: (why, what is listed), or a text; None if unknown."""
    end = mutant.start + len(mutant.old)
    for why, listed in exercise.equivalent.items():
        for part in listed:
            if isinstance(part, Edit):
                if part.stands_in(code) and _same(part.of(code), mutant.source):
                    return why, part
            elif any(m.start() <= mutant.start and end <= m.end() for m in re.finditer(re.escape(part), code)):
                return why, part
    return _in_an_exception(mutant, code) or _counted(mutant) or _last_axis(mutant) or _alike(mutant)


def _same(a, b):
    return ast.dump(ast.parse(a)) == ast.dump(ast.parse(b))


def _in_an_exception(mutant, code):
    """A block that ends in `raise` makes nothing but the exception."""
    line = code[: mutant.start].count("\n") + 1
    blocks = [n.body for n in ast.walk(ast.parse(code)) if isinstance(n, ast.If) and isinstance(n.body[-1], ast.Raise)]
    inside = any(body[0].lineno <= line <= body[-1].end_lineno for body in blocks)
    return "what an exception says is not compared" if inside else None


def _counted(mutant):
    counted = mutant.look == "the number that is counted" or (mutant.look.startswith("the name") and "len(" in mutant.place)
    return "what has as many rows can be counted as well" if counted else None


def _last_axis(mutant):
    return "of two axes the last is 1 and -1" if (mutant.look, mutant.written) == ("the axis", "(-1)") else None


def _alike(mutant):
    return next((why for why, pattern in ALIKE.items() if re.fullmatch(pattern, mutant.written, re.DOTALL)), None)
