"""What differs, from a fixed list, where no mistake that is known explains it."""

import numpy

from ..evaluate import Failure
from ..observe import cast
from ..quotable import quotable
from ..scoring import INPUTS
from ..tolerance import array, magnitude, same
from . import differences
from .patterns import pattern
from .unused import unused


def described(attempt, unexplained):
    """A sentence for each failed case: how its result differs from the right one."""
    return {i: difference(attempt, i) for i in attempt.failed if i in unexplained}


def difference(attempt, i):
    trial, right = attempt.trials[i], attempt.right[i].value
    value = quotable(attempt.got[i].value, attempt.source, [trial.inputs, right], attempt.exercise.name)
    if isinstance(value, Failure) or isinstance(right, Failure):
        return differences.wrong_failure(value, right, attempt.exercise.name)
    if INPUTS in attempt.faults and attempt.got[i].changed - attempt.right[i].changed:
        return attempt.faults[INPUTS]
    if trial.case.wrt and isinstance(value, dict) and value.keys() == right.keys():
        return loss_or_gradient(trial, value, right, change(attempt, i))
    if trial.agrees(attempt.got[i], attempt.right[i]):
        return "Right, but the work in Python grows with the number of rows: replace the loop by operations on whole tensors."
    if sentence := differences.structure(value, right):
        return sentence
    return memory(attempt, i) or differences.not_finite(value, right, trial) or by_numbers(attempt, i)


def by_numbers(attempt, i):
    trial, value, right = attempt.trials[i], attempt.got[i].value, attempt.right[i].value
    if trial.case.view:
        return differences.places(value, right, trial)
    passed = [k in attempt.seen and k not in attempt.wrong for k in range(len(attempt.trials))]
    sentence = change(attempt, i) or exchanged(attempt, i) or unused(attempt)
    sentence = sentence or pattern(attempt.trials, passed, i) or precision(attempt, i)
    return sentence or differences.places(value, right, trial)


def exchanged(attempt, i):
    """Two parts of the result that stand in each other's places, if such do so in every failed case."""
    sides = {k: (attempt.got[k].value, attempt.right[k].value, attempt.trials[k]) for k in attempt.failed}
    if not all(comparable(attempt, k) and differences.exchanged(*sides[k]) for k in sides):
        return None
    return differences.exchanged(*sides[i])


def change(attempt, i):
    """One change that explains the difference in every failed case, and that no passed case contradicts; None if unsure.

    A single number fits many formulas: there must be three different ones.
    """
    failed = [k for k in attempt.failed if not attempt.trials[k].case.view]
    if not all(comparable(attempt, k) for k in failed) or numbers(attempt.right[k].value for k in failed) < 3:
        return None
    trial, value, right = attempt.trials[i], attempt.got[i].value, attempt.right[i].value
    found = differences.changes(value, right, trial)
    places = [where for where, *_ in differences.wrong_leaves(value, right, trial)]
    for k in failed:
        fits = differences.changes(attempt.got[k].value, attempt.right[k].value, attempt.trials[k])
        found = [c for c in found if c in fits]
    for k in [k for k in attempt.seen if k not in attempt.wrong]:
        found = [c for c in found if not differences.contradicted(c, places, attempt.right[k].value, attempt.trials[k])]
    return found[0].format(it=differences.wrong_place(value, right, trial)) if found else None


def numbers(trees):
    """How many different finite numbers are in trees."""
    flat = [leaf for tree in trees for _, leaf, _ in differences.leaves(tree, tree)]
    values = [numpy.ravel(array(v)).astype(float) for v in flat if differences.numeric(v)]
    together = numpy.concatenate([*values, []])
    return len(numpy.unique(together[numpy.isfinite(together)]))


def comparable(attempt, k):
    value, right = attempt.got[k].value, attempt.right[k].value
    return not isinstance(value, Failure) and not isinstance(right, Failure) and not differences.structure(value, right)


def memory(attempt, i):
    """Whether a result depends on earlier calls."""
    trial = attempt.trials[i]
    passed = [k for k in attempt.seen if k not in attempt.wrong]
    for k in [i, *passed][:2]:
        if attempt.trials[k].case.view or attempt.trials[k].case.sizes:
            continue
        again = attempt.again(k)
        if again and not attempt.trials[k].agrees(again, attempt.got[k]):
            return "The same call gives another result the second time: your function keeps something from an earlier call."
    for k in attempt.seen[: attempt.seen.index(i)]:
        repeated = trial.agrees(attempt.got[k], attempt.got[i]) and not trial.agrees(attempt.right[k], attempt.right[i])
        if repeated and attempt.trials[k].case.code == trial.case.code and magnitude(attempt.got[k].value) > 0:
            return "The result is that of an earlier call with other inputs: your function keeps something from it."
    return None


def precision(attempt, i):
    """Whether the wrong results, all of them, are right in the other floating-point type."""
    double = differences.is_double(attempt.trials[i])
    for k in attempt.failed:
        trial = attempt.trials[k]
        if trial.case.sizes or trial.case.view or not differences.floating(trial) or differences.is_double(trial) != double:
            return None
        again = attempt.again(k, "float32" if double else "float64")
        if again is None or isinstance(again.value, Failure):
            return None
        if not same(*[cast(v, "float32") for v in (again.value, attempt.right[k].value)], "float32", trial.scale):
            return None
    if double:
        return "Your result is right only in float32: something goes wrong with inputs of dtype float64."
    return "Your result is right only in float64: in float32 it loses its digits on the way."


def loss_or_gradient(trial, value, right, changed):
    """Which of the two is wrong, and how. changed: what explains the other cases too, if anything does."""
    loss_right = same(value["loss"], right["loss"], "float64", trial.scale) and trial.slopes_agree(value, right)
    gradient_right = trial.slopes_agree(value, right, "gradient")
    part = "gradient" if loss_right else "loss"
    one, its = {part: value[part]}, {part: right[part]}
    how = differences.structure(one, its) or differences.not_finite(one, its, trial)
    if not how and differences.wrong_leaves(one, its, trial):
        how = changed or differences.places(one, its, trial)
    if loss_right:
        return f"Your loss is right, its gradient is not. {how or ''}".strip()
    if gradient_right:
        return f"Your gradient is right, the loss is not. {how or ''}".strip()
    if trial.slopes_agree(value, {"gradient": value["gradient"], "loss": value["loss"]}):
        return f"Your gradient is that of your loss, but the loss is wrong. {how or ''}".strip()
    return f"Both your loss and your gradient are wrong. {how or ''}".strip()
