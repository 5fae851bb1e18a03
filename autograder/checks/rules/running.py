"""What the rules find in what ran, while the cases of an exercise were judged.

What ran is told by the student's own process. So it can only accuse: silence proves nothing.
"""

import ast

import torch

from ..tolerance import magnitude
from .rulebook import NUMERIC, RULES

# A difference quotient evaluates the loss once or twice for each entry, with ten operations of torch or more each time. What is
# derived agrees with the reference to the last digits of float64; a quotient, or a detour through float32, does not.
OPERATIONS = 20
DIGITS = 1e-11
SAID = {"autograd": "a gradient was computed by autograd", "complex": "complex numbers came up, as in a complex step"}


def observed(exercise, outcomes):
    """{rule: sentence} of the exercise's rules that were broken while its cases ran."""
    used = frozenset().union(*(o.used for o in outcomes))
    names = used | {name.rpartition(".")[0] for name in used}  # an operation of torch also without its overload
    found = {}
    for rule in sorted(exercise.rules - ({NUMERIC} if not exercise.derives else set())):
        if broken := sorted(RULES[rule].operations & names):
            said = SAID.get(broken[0]) or f"torch executed `{broken[0]}`"
            found[rule] = f"A rule of the course: {RULES[rule].sentence}. While it was checked, {said}."
    if NUMERIC in exercise.rules and (
        loss := next((n for n in losses(exercise) if any(o.calls.get(n, 0) > 1 for o in outcomes)), 0)
    ):
        found[NUMERIC] = f"A rule of the course: {RULES[NUMERIC].sentence}. It calls `{loss}` again and again."
    return found


def losses(exercise):
    """The names of the student's own losses, whose gradients the cases of an exercise ask for."""
    found = set()
    for case in exercise.cases:
        for node in ast.walk(ast.parse(case.code)) if case.wrt else ():
            if isinstance(node, ast.keyword) and node.arg == "loss":
                value = node.value.args[0].body  # unwatched(lambda: ...)
                if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
                    found.add(value.func.id)
    return sorted(found)


def unclear(exercise, runs):
    """What an instructor should look at in what ran. runs: (trial, outcome, the right outcome) of the cases with evidence."""
    flags = []
    if any(trial.case.sizes and "threads" in outcome.used for trial, outcome, _ in runs):
        flags.append("It works in threads or processes, where a loop over the rows is hard to count.")
    if NUMERIC in exercise.rules and any(_approximate(*run) for run in runs):
        flags.append("Its gradient may be a difference quotient: by the work that it takes, or by the digits that are right.")
    return tuple(flags)


def _approximate(trial, outcome, right):
    """Whether a gradient that passes shows the work, or the rounding, of one that was not derived."""
    if not trial.case.wrt or not isinstance(outcome.value, dict) or not trial.right(outcome, right):
        return False
    entries = sum(x.numel() for name in trial.case.wrt for x in _tensors(trial.inputs[name]))
    calls = dict(outcome.calls)
    if calls.pop("*", 0) >= OPERATIONS * entries or max(calls.values(), default=0) > entries:
        return True
    pairs = zip(_tensors(outcome.value["gradient"]), _tensors(right.value["gradient"]), strict=True)
    return any((a - b).abs().max() > DIGITS * max(magnitude(b), 1e-6) for a, b in pairs if b.numel())


def _tensors(tree):
    return [tree] if isinstance(tree, torch.Tensor) else [t for branch in tree for t in _tensors(branch)]
