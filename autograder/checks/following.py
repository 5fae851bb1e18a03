"""Follow-through marks: a function that fails and calls earlier ones that failed too, judged once more with the right ones.

The student's process sees the references of those earlier functions then. So this comes after all own judgements, in the order of
the notebook: when a function is judged here, no reference of itself or of a later function has ever been in that process.
"""

from dataclasses import replace

from . import rules
from .evaluate import NoEvidence
from .known import known
from .scoring import results

SECONDS = 2.0  # of the kernel's CPU time, for one case


def follow_through(verdict, exercise, evaluator, reference, secret, source, failing):
    """The verdict about an exercise with what it also earns given right earlier functions.

    verdict: of `judge`, with the same arguments. failing: names of the earlier exercises that failed, in their order.
    """
    called = [name for name in failing if name in rules.calls(source, exercise.name)]
    if verdict.passed or not called:
        return verdict
    right_ones = "\n\n".join(reference.solutions[name] for name in failing)
    about = known(exercise, reference, secret)
    credits = []
    for trial, right, case in zip(about.trials, about.right, verdict.cases, strict=False):
        own = case.earned / case.weight
        credits.append(1.0 if own == 1 or _right(trial, right, evaluator, right_ones) else own)
    conditions = verdict.cases[len(credits) :]
    weights = [trial.case.weight for trial in about.trials]
    broken = [case.title for case in conditions if not case.passed]
    scored = results(weights, credits, broken, [case.title for case in conditions])
    names = " and ".join(f"`{name}`" for name in called)
    cases = [
        replace(case, earned=earned, message=f"Right, given a right {names}." if passed > case.passed else case.message)
        for case, (passed, earned, _) in zip(verdict.cases, scored, strict=True)
    ]
    return replace(verdict, cases=tuple(cases))


def _right(trial, right, evaluator, source):
    try:
        replies = [evaluator.attempts(request, [source], SECONDS)[0][0] for request in trial.requests]
    except NoEvidence:
        return False
    return None not in replies and trial.right(trial.outcome(replies), right)
