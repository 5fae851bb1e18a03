"""A small repair of the student's own function that makes every case right: it says where to look.

Each edit is run in the student's kernel like any case; what is right is compared here. A repaired function proves nothing about
points, it only makes a sentence.
"""

import ast
import re
import time
from dataclasses import dataclass
from itertools import groupby

from ..evaluate import NoEvidence
from ..rules.reading import CELL
from .changes import edits

SECONDS = 2.0  # of the kernel's CPU time, for one function
WALL = 20.0  # seconds by the clock: a kernel can deny what it has used
BATCH = 60  # edits in one request: what is right is looked at in between
# A definition at the left margin, up to the next line that stands there.
DEFINITION = re.compile(r"^(?:@.*\n)*(?:def|class) (\w+)\b.*\n(?:(?:[ \t].*)?\n|\).*\n)*", re.MULTILINE)


def repaired(attempt, unexplained):
    """One sentence for all failed cases, if one small edit of the function, or of a helper of its own, passes every case."""
    if attempt.say == "nothing" or not attempt.failed or not unexplained.issuperset(attempt.failed):
        return {}
    functions = own_functions(attempt.source, attempt.exercise.name, attempt.reference.functions)
    try:
        winners = _Search(attempt, functions).winners()
    except NoEvidence:
        return {}
    return dict.fromkeys(attempt.failed, sentence(winners, functions, attempt.exercise.name, attempt.say)) if winners else {}


class _Search:
    """Tries edits, the smallest first, on the failed cases and then on the others, until the time is over."""

    def __init__(self, attempt, functions):
        self.attempt, self.functions = attempt, functions
        self.left, self.end = SECONDS, time.monotonic() + WALL
        failed = sorted(attempt.failed, key=lambda i: bool(attempt.trials[i].case.sizes))
        self.order = [*failed, *(i for i in attempt.seen if i not in attempt.wrong)]

    def winners(self):
        """[(name of the function, edit)] of the smallest edits that pass all cases."""
        names = tuple(self.attempt.reference.solutions)
        found = [(name, edit) for name, own in self.functions.items() for edit in edits(own.text, names)]
        found.sort(key=lambda f: f[1].cost)
        for _, tier in groupby(found, key=lambda f: f[1].cost):
            tier = list(tier)
            winners = [w for start in range(0, len(tier), BATCH) for w in self.passing(tier[start : start + BATCH])]
            if winners or not self.time():
                return winners
        return []

    def passing(self, candidates):
        """Those of the candidates that pass every case."""
        for i in self.order:
            if not candidates or not self.time():
                return []
            trial, right = self.attempt.trials[i], self.attempt.right[i]
            replies = [self.replies(request, candidates) for request in trial.requests]
            candidates = [
                candidate
                for candidate, *parts in zip(candidates, *replies, strict=True)
                if None not in parts and trial.right(trial.outcome(parts), right)
            ]
        return candidates

    def replies(self, request, candidates):
        if not self.time():
            return [None] * len(candidates)
        outcomes, seconds = self.attempt.evaluator.attempts(request, [edit.source for _, edit in candidates], self.left)
        self.left -= seconds
        return outcomes

    def time(self):
        return self.left > 0 and time.monotonic() < self.end


@dataclass(frozen=True)
class Function:
    """A student's function: its text, and the number of its first line in its cell."""

    text: str
    first: int


def own_functions(source, name, others):
    """{name: Function} of the function and of those helpers that it calls and that are no others: exercises, or given."""
    text, defined = source + "\n", {}
    for match in DEFINITION.finditer(text):
        cell = text.rfind(CELL, 0, match.start())
        defined[match[1]] = Function(match[0].rstrip(), text.count("\n", max(cell, 0), match.start()) + (cell < 0))
    found, waiting = {}, [name]
    while waiting:
        current = waiting.pop()
        if current in found or current not in defined:
            continue
        try:
            tree = ast.parse(defined[current].text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found[current] = defined[current]
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        waiting += sorted(used & defined.keys() - others)
    return found


def sentence(winners, functions, exercise, say):
    """What to look at: the kind of change, or the place, or the repair itself, as far as the winners agree."""
    name, edit = winners[0]
    looks = {e.look for _, e in winners}
    look = edit.look if len(looks) == 1 else ""
    if say == "kind":
        return f"One small change makes it right: {look}." if look else "One small change makes it right."
    lines = sorted({(n, functions[n].first + e.line - 1) for n, e in winners})
    if len(lines) > 1:
        places = " or ".join(f"line {line}" if n == exercise else f"your `{n}`" for n, line in lines[:3])
        return f"Look at {places}: {look}." if look else f"Look at {places}: one small change makes it right."
    text = functions[name].text.splitlines()[edit.line - 1].strip()
    start = f"Look at line {lines[0][1]}, `{text}`" if name == exercise else f"Look at `{text}` in your `{name}`"
    if say == "repair" and len(winners) == 1:
        return f"{start}: with `{edit.written}` in the right place there, every case is right."
    widest = next((e for _, e in winners if all(e.span[0] <= o.span[0] and o.span[1] <= e.span[1] for _, o in winners)), None)
    place = f"`{widest.place}`" if widest and widest.place != text else ""
    return f"{start}{': ' if look or place else ''}{look}{' in ' if look and place else ''}{place}."
