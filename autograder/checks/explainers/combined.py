"""Recorded mistakes in parts: two in one definition that explain every case, or one for some of the cases."""

from itertools import combinations

from ..format import ExerciseError
from .compose import compose
from .recorded import telling, written


def combined(attempt, unexplained):
    """Sentences of two recorded mistakes at once; else of those that explain some of the failed cases."""
    if not attempt.failed or not written(attempt):
        return {}
    candidates = [m for m in attempt.exercise.mistakes.items() if only_where_the_student_fails(attempt, m[1])]
    return two(attempt, candidates) or some(attempt, candidates)


def only_where_the_student_fails(attempt, source):
    return not any(attempt.known.fails(i, source) for i in attempt.seen if i not in attempt.wrong)


def two(attempt, candidates):
    """Two recorded mistakes, put together, that explain every outcome."""
    for a, b in combinations(candidates, 2):
        source = compose(a[1], b[1], attempt.reference.source)
        if source is None:
            continue
        try:
            outcomes = [(i, attempt.known.outcome(i, source, limited=True)) for i in attempt.seen]
        except ExerciseError:
            continue
        if not all(attempt.agrees(*o) for o in outcomes) or not telling(attempt, [o for o in outcomes if o[0] in attempt.wrong]):
            continue
        found = {}
        for i in attempt.failed:
            alone = [s for s, source in (a, b) if explains(attempt, i, source)]
            found[i] = alone[0] if alone else f"{a[0]} And: {b[0]}"
        if not any(" And: " in sentence for sentence in found.values()):
            found[attempt.failed[0]] = f"{a[0]} And: {b[0]}"
        return found
    return {}


def some(attempt, candidates):
    """Recorded mistakes that explain some of the failed cases, those that explain the most first."""
    found = {}
    while True:
        explained = [(s, [i for i in attempt.failed if i not in found and explains(attempt, i, code)]) for s, code in candidates]
        sentence, cases = max(explained, key=lambda e: len(e[1]), default=("", []))
        if not cases:
            return found
        found |= dict.fromkeys(cases, sentence)


def explains(attempt, i, source):
    """Whether a mistake fails case i, and as the student does."""
    outcome = attempt.known.outcome(i, source)
    return attempt.known.fails(i, source) and attempt.agrees(i, outcome) and telling(attempt, [(i, outcome)])
