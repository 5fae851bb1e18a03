"""Follow-through marks: a function that fails and calls earlier ones that failed too, judged once more with the right ones.

The student's process sees the references of those earlier functions then. So this comes after all own judgements, in the order of
the notebook: when a function is judged here, no reference of itself or of a later function has ever been in that process.
"""

from dataclasses import replace

from .evaluate import NoEvidence
from .explainers import explain
from .scoring import results

SECONDS = 2.0  # of the kernel's CPU time, for one case


def follow_through(attempt):
    """The Verdict about an `Attempt` that calls earlier functions that failed, with what it also earns given right ones.

    What is wrong even so is explained here, and nothing else: to search for what a wrong `softmax` does to all that call it takes
    longer than all other judging.
    """
    right_ones = "\n\n".join(attempt.reference.solutions[name] for name in attempt.failing)
    credits = [
        1.0 if i not in attempt.wrong or _right(trial, attempt.right[i], attempt.evaluator, right_ones) else attempt.credit(i)
        for i, trial in enumerate(attempt.trials)
    ]
    weights = [trial.case.weight for trial in attempt.trials]
    scored = results(weights, credits, attempt.faults, attempt.conditions)
    verdict = attempt.verdict({} if all(passed for passed, _, _ in scored) else explain(attempt))
    names = " and ".join(f"`{name}`" for name in attempt.blamed)
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
