"""Recorded mistakes in parts: two at once, in one definition or in different cases, that explain every failed case together."""

from itertools import combinations

from ..evaluate import Failure
from ..format import ExerciseError
from .compose import compose
from .recorded import telling, written
from .repaired import price

MOST_PAIRS = 60  # that are put together and run, the likeliest first: all of them would be the square of what is recorded
WORK = 500  # that they may cost, in the units of `price`
TOGETHER = 4  # what putting two together costs


def combined(attempt, unexplained):
    """Sentences of two recorded mistakes: made at once, or each in some of the cases; none if a failed case is left over."""
    if not attempt.failed or not written(attempt):
        return {}
    candidates = {s: c for s, c in attempt.exercise.mistakes.items() if only_where_the_student_fails(attempt, c)}
    return two(attempt, candidates) or apart(attempt, candidates)


def only_where_the_student_fails(attempt, source):
    return not any(attempt.known.fails(i, source) for i in attempt.seen if i not in attempt.wrong)


def two(attempt, candidates):
    """Two recorded mistakes, put together, that explain every outcome."""
    left, prices = WORK, {i: price(attempt.trials[i], attempt.right[i], attempt.got[i]) for i in attempt.seen}

    def agrees(i, source):
        nonlocal left
        left -= prices[i]
        return attempt.agrees(i, attempt.known.outcome(i, source, limited=True))

    for a, b in likely(attempt, candidates)[:MOST_PAIRS]:
        left -= TOGETHER
        source = compose(a[1], b[1], attempt.reference.source) if left > 0 else None
        if source is None:
            continue
        try:
            if not all(agrees(i, source) for i in attempt.seen):
                continue
        except ExerciseError:
            continue
        if all(isinstance(attempt.got[i].value, Failure) for i in attempt.failed):  # what is put together may stop anywhere
            continue
        for sentence, code in (a, b):
            if all(explains(attempt, i, code) for i in attempt.failed):  # the other makes no difference that could be seen
                return dict.fromkeys(attempt.failed, sentence)
        found = {}
        for i in attempt.failed:
            alone = [s for s, source in (a, b) if explains(attempt, i, source)]
            found[i] = alone[0] if alone else f"{a[0]} And: {b[0]}"
        if not any(" And: " in sentence for sentence in found.values()):
            found[attempt.failed[0]] = f"{a[0]} And: {b[0]}"
        return found
    return {}


def likely(attempt, candidates):
    """Pairs of mistakes of which one at least fails in each failed case, those first that do as the student does in most."""
    failed, outcome = attempt.failed, attempt.known.outcome
    fails = {s: {i for i in failed if attempt.known.fails(i, source)} for s, source in candidates.items()}
    alike = {s: {i for i in fails[s] if attempt.agrees(i, outcome(i, source))} for s, source in candidates.items()}
    pairs = [(a, b) for a, b in combinations(candidates, 2) if fails[a] | fails[b] == set(failed)]
    pairs.sort(key=lambda pair: -len(alike[pair[0]] | alike[pair[1]]))
    return [((a, candidates[a]), (b, candidates[b])) for a, b in pairs]


def apart(attempt, candidates):
    """One or two recorded mistakes, each of which explains some of the failed cases: together all, but for those with a loop.

    Of two that explain two cases or more each, both are at work in a case that fails by each of them otherwise.
    """
    explained = {s: frozenset(i for i in attempt.failed if explains(attempt, i, code)) for s, code in candidates.items()}
    asked = frozenset(i for i in attempt.failed if not attempt.got[i].grows)
    for chosen in (c for many in (1, 2) for c in combinations(explained, many)) if asked else ():
        if asked <= frozenset().union(*(explained[s] for s in chosen)):
            return {i: s for s in reversed(chosen) for i in explained[s]}
    for a, b in combinations(explained, 2):
        rest = asked - explained[a] - explained[b]
        apart_from_it = min(len(explained[a] - explained[b]), len(explained[b] - explained[a]))
        if apart_from_it > 1 and all(attempt.known.fails(i, candidates[s]) for i in rest for s in (a, b)):
            found = {i: s for s in (b, a) for i in explained[s]}
            return found | dict.fromkeys(rest, f"{a} And: {b}")
    return {}


def explains(attempt, i, source):
    """Whether a mistake fails case i, and as the student does."""
    outcome = attempt.known.outcome(i, source)
    return attempt.known.fails(i, source) and attempt.agrees(i, outcome) and telling(attempt, [(i, outcome)])
