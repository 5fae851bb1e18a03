"""What the rules find in what ran, while the cases of an exercise were judged.

What ran is told by the student's own process. So it can only accuse: silence proves nothing.
"""

import ast
import math
from functools import lru_cache

import numpy

from ..tolerance import array, is_numbers, magnitude, paired
from .rulebook import NUMERIC, RULES, lies_in

# A difference quotient evaluates the loss once or twice for each entry, with ten operations of torch or more each time. What is
# derived agrees with the reference to the last digits of float64; a quotient, or a detour through float32, does not.
OPERATIONS = 20
DIGITS = 1e-11
# A small slope is lost in the rounding of the loss, if it is a difference of two losses: of slopes of all sizes, some in between
# are half right then, now more and now less. A formula, also one that cuts off or adds a little, errs steadily.
HALF_RIGHT = 1e-5, 0.5
TURNS = 4
NOISE = "The small slopes drown in rounding, as in a difference of two losses."
SAID = {"autograd": "a gradient was computed by autograd", "complex": "complex numbers came up, as in a complex step"}
ALLOWED = ("torch.autograd.grad_mode.no_grad.", "torch.autograd.grad_mode.inference_mode.")


def observed(exercise, runs):
    """{rule: sentence} of the first of the exercise's rules that was broken while its cases ran, if one was.

    runs: (trial, outcome, the right outcome) of the cases with evidence. The sentence repeats words of the rules; what the
    process said may name anything.
    """
    used = frozenset().union(*(outcome.used for _, outcome, _ in runs))
    broken = dict(_broken_by(name) for name in sorted(used, reverse=True))
    if rule := next((rule for rule in RULES if rule in exercise.rules and rule in broken), None):
        word = broken[rule]
        said = SAID.get(word) or (f"torch executed `{word}`" if word.startswith("aten.") else f"`{word}` was called")
        return {rule: f"A rule of the course: {RULES[rule].sentence}. While it was checked, {said}."}
    if NUMERIC in exercise.rules:
        again = (n for n in forwards(exercise) for _, o, right in runs if _repeats(exercise.name, n, o, right))
        if name := next(again, None):
            return {NUMERIC: f"A rule of the course: {RULES[NUMERIC].sentence}. It calls `{name}` again and again."}
        if _made_of_differences(runs):
            return {NUMERIC: f"A rule of the course: {RULES[NUMERIC].sentence}. {NOISE}"}
    return {}


def _repeats(exercise, name, outcome, right):
    """Whether what is derived is called more than once more for each time that the case calls the derivative."""
    derived = max(1, right.calls.get(exercise, 0), right.calls.get("backward", 0))  # of a layer it is this method
    return outcome.calls.get(name, 0) > right.calls.get(name, 0) + derived


def _made_of_differences(runs):
    """Whether a gradient that is mostly right has noise in the place of small slopes."""
    wrong = sum(not trial.right(outcome, right) for trial, outcome, right in runs)
    return any(
        _noisy(a, b)
        for trial, outcome, right in runs
        if 2 * wrong < len(runs) or trial.agrees(outcome, right, "float64")
        for a, b in paired(_slopes(trial, outcome), _slopes(trial, right))
    )


def _slopes(trial, outcome):
    return outcome.value.get("gradient") if trial.case.wrt and isinstance(outcome.value, dict) else outcome.value


def _noisy(a, b):
    if not (is_numbers(a) and is_numbers(b)):
        return False
    a, b = array(a), array(b)
    if a.dtype != numpy.float64 or a.shape != b.shape:
        return False
    a, b = a[b != 0], b[b != 0]
    with numpy.errstate(all="ignore"):  # the student's numbers may be anything
        off = (a / b - 1)[numpy.abs(b).argsort()]
        steps = numpy.diff(off[(numpy.abs(off) > HALF_RIGHT[0]) & (numpy.abs(off) < HALF_RIGHT[1])])
    signs = numpy.sign(steps[numpy.abs(steps) > HALF_RIGHT[0]])
    return int((signs[1:] != signs[:-1]).sum()) >= TURNS


@lru_cache(maxsize=4096)
def _broken_by(name):
    """(the rule that something that ran breaks, or None; the word of the rule for it).

    name: an operation of torch, with its overload, or a function of a library.
    """
    for word in (name, name.rpartition(".")[0]):
        if rule := next((rule for rule, content in RULES.items() if word in content.operations), None):
            return rule, word
    return (None, "") if name.startswith(("aten.", *ALLOWED)) else lies_in(name)


@lru_cache(maxsize=256)
def forwards(exercise):
    """The names of what an exercise derives: `relu` of `relu_backward`, and what its cases call beside the gradient itself."""
    called = {exercise.name.removesuffix("_backward").removesuffix("_gradient")}
    for node in (node for case in exercise.cases for node in ast.walk(ast.parse(case.code)) if isinstance(node, ast.Call)):
        called.add(node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", ""))
    return sorted(called - {exercise.name, "backward"})


def unclear(exercise, runs):
    """What an instructor should look at in what ran. runs: (trial, outcome, the right outcome) of the cases with evidence."""
    flags = []
    if any(trial.case.sizes and "threads" in outcome.used for trial, outcome, _ in runs):
        flags.append("It works in threads or processes, where a loop over the rows is hard to count.")
    whole = all(trial.right(outcome, right) for trial, outcome, right in runs)  # else lost digits are a mistake like others
    if NUMERIC in exercise.rules and any(_laborious(*run) or (whole and _approximate(*run)) for run in runs):
        flags.append("Its gradient may be a difference quotient: by the work that it takes, or by the digits that are right.")
    return tuple(flags)


def _laborious(trial, outcome, right):
    """Whether a gradient that passes takes the work of one that was not derived."""
    if not trial.case.wrt or not isinstance(outcome.value, dict) or not trial.right(outcome, right):
        return False
    entries = sum(math.prod(x.shape) for name in trial.case.wrt for x in _tensors(trial.inputs[name]))
    calls = dict(outcome.calls)
    return calls.pop("*", 0) >= OPERATIONS * entries or max(calls.values(), default=0) > entries


def _approximate(trial, outcome, right):
    """Whether a right gradient shows the rounding of one that was not derived."""
    if not trial.case.wrt:
        return False
    pairs = zip(_tensors(outcome.value["gradient"]), _tensors(right.value["gradient"]), strict=True)
    return any(magnitude(array(a) - array(b)) > DIGITS * max(magnitude(b), 1e-6) for a, b in pairs)


def _tensors(tree):
    return [tree] if is_numbers(tree) else [t for branch in tree for t in _tensors(branch)]
