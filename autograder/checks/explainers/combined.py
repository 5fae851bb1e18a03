"""Recorded mistakes in parts: two at once, in one definition or in different cases, that explain every failed case together."""

from itertools import combinations

from ..evaluate import Failure
from ..format import ExerciseError
from .compose import compose
from .recorded import telling, written


def combined(attempt, unexplained):
    """Sentences of two recorded mistakes: made at once, or each in some of the cases; none if a failed case is left over."""
    if not attempt.failed or not written(attempt):
        return {}
    candidates = [m for m in attempt.exercise.mistakes.items() if only_where_the_student_fails(attempt, m[1])]
    return two(attempt, candidates) or apart(attempt, candidates)


def only_where_the_student_fails(attempt, source):
    return not any(attempt.known.fails(i, source) for i in attempt.seen if i not in attempt.wrong)


def two(attempt, candidates):
    """Two recorded mistakes, put together, that explain every outcome."""
    for a, b in combinations(candidates, 2):
        if not could_explain(attempt, a[1], b[1]):
            continue
        source = compose(a[1], b[1], attempt.reference.source)
        if source is None:
            continue
        try:
            if not all(attempt.agrees(i, attempt.known.outcome(i, source, limited=True)) for i in attempt.seen):
                continue
        except ExerciseError:
            continue
        if all(isinstance(attempt.got[i].value, Failure) for i in attempt.failed):  # what is put together may stop anywhere
            continue
        found = {}
        for i in attempt.failed:
            alone = [s for s, source in (a, b) if explains(attempt, i, source)]
            found[i] = alone[0] if alone else f"{a[0]} And: {b[0]}"
        if not any(" And: " in sentence for sentence in found.values()):
            found[attempt.failed[0]] = f"{a[0]} And: {b[0]}"
        return found
    return {}


def could_explain(attempt, a, b):
    """Whether each failed case fails by one of two mistakes, and as the student's does where the other has no part in it."""
    for i in attempt.failed:
        at_fault = [source for source in (a, b) if attempt.known.fails(i, source)]
        if not at_fault or (len(at_fault) == 1 and not attempt.agrees(i, attempt.known.outcome(i, at_fault[0]))):
            return False
    return True


def apart(attempt, candidates):
    """One or two recorded mistakes, each of which explains some of the failed cases: together all, but for those with a loop."""
    explained = {s: frozenset(i for i in attempt.failed if explains(attempt, i, code)) for s, code in candidates}
    asked = frozenset(i for i in attempt.failed if not attempt.got[i].grows)
    for chosen in (c for many in (1, 2) for c in combinations(explained, many)) if asked else ():
        if asked <= frozenset().union(*(explained[s] for s in chosen)):
            return {i: s for s in reversed(chosen) for i in explained[s]}
    return {}


def explains(attempt, i, source):
    """Whether a mistake fails case i, and as the student does."""
    outcome = attempt.known.outcome(i, source)
    return attempt.known.fails(i, source) and attempt.agrees(i, outcome) and telling(attempt, [(i, outcome)])
