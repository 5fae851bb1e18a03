"""A small repair of the student's own function, or two at once, that make every case right: they say where to look.

Each edit is run in the student's kernel like any case; what is right is compared here. A repaired function proves nothing about
points, it only makes a sentence.
"""

import ast
import re
import time
from dataclasses import dataclass
from itertools import combinations, groupby, islice, product

from ..agent import OPERATION
from ..evaluate import NoEvidence
from ..inputs import Folder
from ..rules.reading import CELL
from .changes import edits

# How long the search goes on is counted, not timed, so that all machines say the same, and a regrade as well.
WORK = 1600  # for one function, in the units of `price`: about 2 seconds of CPU time at most
PAIRS = 1000  # of these at most for two edits at once
LINES = 100_000  # of the student's code, beyond twice the case's operations: an edit that needs more is taken to be endless
READING = 2_000  # where there are files, of which a line may read one
ENDLESS = 50  # what such an edit costs
RANK = 3  # of two edits: the sum of their costs, less one for each that alone makes a failed case right
A_MILLISECOND = 18  # operations of torch, each of which is watched
# Whoever needs so much longer than the count says is told nothing.
SECONDS = 20.0  # of the kernel's CPU time
WALL = 60.0  # by the clock: a kernel can deny what it has used
MOST_EDITS = 1024  # that are tried: which of them helps is chosen by whoever forges the answers, see README.md
MOST_CODE = 8_000  # characters of a function: all of its edits take the square of that
MOST_PLACES = 2  # that are named where one change in any of several helps
BATCH, BATCH_WORK = 60, 500  # edits in one request, and what they may cost: what is right is looked at in between
BATCH_SECONDS = 5.0  # for one request
# A definition at the left margin, up to the next line that stands there.
DEFINITION = re.compile(r"^(?:@.*\n)*(?:def|class) (\w+)\b.*\n(?:(?:[ \t].*)?\n|\).*\n)*", re.MULTILINE)


def repaired(attempt, unexplained):
    """One sentence for all failed cases, if one or two small edits of the function, or of helpers of its own, pass every case."""
    if attempt.say == "nothing" or not attempt.failed or not unexplained.issuperset(attempt.failed):
        return {}
    functions = own_functions(attempt.source, attempt.exercise.name, attempt.reference.functions)
    search = _Search(attempt, functions)
    try:
        said = sentence(search.winners(), functions, attempt.exercise.name, attempt.say)
        said = said or in_two_places(search.pairs(), functions, attempt.exercise.name, attempt.say)
    except NoEvidence:
        return {}
    finally:
        attempt.searching = max(0, search.left)
    return dict.fromkeys(attempt.failed, said) if said else {}


@dataclass(frozen=True)
class Candidate:
    """One or two edits, each with the name of its function. source: the functions, changed."""

    edits: tuple
    source: str
    cost: int


class _Search:
    """Tries edits, the smallest first, on the failed cases and then on the others, until the work is done that may be done."""

    def __init__(self, attempt, functions):
        self.attempt, self.functions = attempt, functions
        self.left, self.seconds, self.end = attempt.searching, SECONDS, time.monotonic() + WALL
        names = tuple(attempt.reference.solutions)
        short = {name: own for name, own in functions.items() if len(own.text) <= MOST_CODE}
        changes = ((name, e) for name, own in short.items() for e in edits(own.text, names, attempt.arrays))
        found = [Candidate(((name, e),), e.source, e.cost) for name, e in changes]
        self.singles = sorted(found, key=lambda c: c.cost)[:MOST_EDITS]
        self.helpful = set()  # of the candidates, those that make a failed case right, and not all
        self.prices = {i: price(attempt.trials[i], attempt.right[i], attempt.got[i]) for i in attempt.seen}
        self.order = sorted(
            attempt.seen, key=lambda i: (i not in attempt.wrong, bool(attempt.trials[i].case.sizes), self.prices[i])
        )

    def winners(self):
        """[(name of the function, edit)] of the smallest edits that pass all cases."""
        return [c.edits[0] for c in self.best(self.singles)]

    def pairs(self):
        """[two of (name of the function, edit), ...] of the likeliest pairs of edits that pass all cases."""
        rest = max(0, self.left - PAIRS)
        self.left -= rest
        found = [c.edits for c in self.best(self.twice()) or self.best(self.both())]
        self.left += rest
        return found

    def best(self, candidates):
        """Of candidates in the order of their costs, the cheapest that pass every case."""
        first = self.prices[self.order[0]]
        for _, tier in groupby(candidates, key=lambda c: c.cost):
            winners = []
            while batch := list(islice(tier, max(0, int(min(BATCH, min(BATCH_WORK, self.left) / first))))):
                winners += self.passing(batch)
            if winners or self.left < first:
                return winners
        return []

    def twice(self):
        """The same edit of the same text in two places."""
        alike = {}
        for c in self.singles:
            name, edit = c.edits[0]
            alike.setdefault((name, edit.look, edit.written, self.functions[name].text.encode()[slice(*edit.at)]), []).append(c)
        for same in alike.values():
            for x, y in combinations(same, 2):
                if source := self.together(*x.edits, *y.edits):
                    yield Candidate((*x.edits, *y.edits), source, x.cost)

    def both(self):
        """Pairs of edits that touch different parts, the likeliest first."""
        ranks = {}
        for c in self.singles:
            ranks.setdefault(c.cost - (c in self.helpful), []).append(c)
        for cost in range(RANK + 1):
            for a in range(cost // 2 + 1):
                one, other = ranks.get(a, ()), ranks.get(cost - a, ())
                for x, y in combinations(one, 2) if a == cost - a else product(one, other):
                    if source := self.together(*x.edits, *y.edits):
                        yield Candidate((*x.edits, *y.edits), source, cost)

    def together(self, one, other):
        """The source with two edits in it; None if they touch the same part."""
        if one[0] == other[0]:
            return one[1].also(self.functions[one[0]].text, other[1])
        return f"{one[1].source}\n\n{other[1].source}"

    def passing(self, candidates):
        """Those of the candidates that pass every case."""
        for number, i in enumerate(self.order):
            if number == 1:
                self.helpful.update(candidates)
            candidates = candidates[: max(0, int(self.left / self.prices[i]))]
            if not candidates:
                return []
            self.left -= self.prices[i] * len(candidates)
            trial, right = self.attempt.trials[i], self.attempt.right[i]
            replies = [self.replies(i, request, candidates) for request in trial.requests]
            candidates = [
                candidate
                for candidate, *parts in zip(candidates, *replies, strict=True)
                if None not in parts
                and trial.right(got := trial.outcome(parts), right)
                and (got.changed <= right.changed or len(candidate.edits) == 1)  # two edits can hide a change from the cases
            ]
        return candidates

    def replies(self, i, request, candidates):
        usual = operations(self.attempt.right[i], self.attempt.got[i])
        lines = (READING if files(self.attempt.trials[i]) else LINES) + 2 * OPERATION * usual
        outcomes, seconds = self.attempt.evaluator.attempts(request, [c.source for c in candidates], BATCH_SECONDS, lines)
        more = (ENDLESS if o is None else max(0, operations(o) - usual) / A_MILLISECOND for o in outcomes)
        self.left -= sum(more)
        self.seconds -= seconds
        if seconds > BATCH_SECONDS or self.seconds < 0 or time.monotonic() > self.end:
            raise NoEvidence("It takes far longer than it should.")
        return outcomes


def price(trial, *outcomes):
    """What one evaluation of a case costs, in about thousandths of a CPU second.

    It is counted: requests, what is sent, operations in one of the outcomes, files, and the slopes of a `gradient` case.
    """
    sent = sum(map(len, trial.requests)) / 300_000
    work = operations(*outcomes) / A_MILLISECOND + files(trial) / 3 + 3 * bool(trial.case.wrt)
    return len(trial.requests) * (1 + work) + sent


def files(trial):
    """How many files a case reads."""
    return sum(len(v.files) for v in trial.inputs.values() if isinstance(v, Folder))


def operations(*outcomes):
    """Of torch, that the longest of some outcomes took."""
    return max(o.calls.get("*", 0) for o in outcomes)


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
    """What to look at: the kind of change, or the place, or the repair itself, as far as the winners agree; empty without any."""
    if not winners:
        return ""
    look = _look(winners)
    if say == "kind":
        return f"One small change makes the results right: {look}." if look else "One small change makes the results right."
    lines = sorted({(n, functions[n].first + e.line - 1) for n, e in winners})
    if len(lines) > 1:
        places = " or ".join(f"line {line}" if n == exercise else f"your `{n}`" for n, line in lines[:MOST_PLACES])
        return f"Look at {places}: {look}." if look else f"Look at {places}: one small change makes the results right."
    line, what = _pointed(winners, functions, exercise, say)
    if say == "repair" and len(winners) == 1:
        return f"Look at {line}: {what}, every case is right."
    return f"Look at {line}: {what}." if what else f"Look at {line}."


def in_two_places(winners, functions, exercise, say):
    """What to look at in two places; empty if there are no winners, or if these do not agree on the lines."""
    ordered = [sorted(winner, key=lambda w: (w[0], w[1].at)) for winner in winners]
    lines = {tuple((name, edit.line) for name, edit in winner) for winner in ordered}
    if len(lines) != 1:
        return ""
    if say == "kind":
        return "Two small changes make the results right."
    sides = [list(dict.fromkeys(winner[side] for winner in ordered)) for side in (0, 1)]
    (line, what), (other, also) = (_pointed(side, functions, exercise, say) for side in sides)
    start = f"Two small changes make the results right. Look at {line}{': ' if what else ''}{what}"
    if line != other:
        return f"{start}; and at {other}{': ' if also else ''}{also}."
    return f"{start}, twice." if what == also else f"{start}, and {also}."


def _look(winners):
    """What to look at, in words, if all winners say the same."""
    looks = {edit.look for _, edit in winners}
    return looks.pop() if len(looks) == 1 else ""


def _pointed(winners, functions, exercise, say):
    """(the line on which all winners are, what to look at there, in as few words as are clear)"""
    name, edit = winners[0]
    text, look = functions[name].text.splitlines()[edit.line - 1].strip(), _look(winners)
    line = f"line {functions[name].first + edit.line - 1}, `{text}`" if name == exercise else f"`{text}` in your `{name}`"
    if say == "repair" and len(winners) == 1:
        return line, f"with `{edit.written}` in the right place there"
    token = re.search("`(.+?)`", look)
    widest = next((e for _, e in winners if all(e.span[0] <= o.span[0] and o.span[1] <= e.span[1] for _, o in winners)), None)
    told = {text, text.removeprefix("return ")} | ({token[1]} if token else set())
    clear = token and text.count(token[1]) == 1
    place = "" if clear or not widest or widest.place in told else f"`{widest.place}`"
    return line, f"{look}{' in ' if look and place else ''}{place}"
