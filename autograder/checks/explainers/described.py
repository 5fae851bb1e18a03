"""What differs, from a fixed list, where no mistake that is known explains it."""

from ..evaluate import Failure
from ..observe import cast
from ..quotable import quotable
from ..scoring import INPUTS
from ..tolerance import same
from . import differences, formulas
from .by_kind import has_the_form
from .example import example
from .located import located
from .patterns import large_alone, pattern, where
from .raising import raising
from .reordered import reordered
from .unused import unused

LOSS_IS_RIGHT = "Your loss is right, its gradient is not."


def described(attempt, unexplained):
    """A sentence for each failed case: how its result differs from the right one."""
    wrong = [i for i in attempt.failed if i in unexplained]
    numbers = [i for i in wrong if has_the_form(attempt, i)]
    part = attempt.only(numbers)  # what its numbers have in common is no matter of the cases that stop
    common = {**reordered(attempt), **changed(part)} if wrong else {}
    place = located(attempt) if wrong and not common else None
    said = {i: difference(part if i in numbers else attempt, i, common) for i in wrong}
    unsure = [i for i, s in said.items() if differences.UNSURE.search(s)]
    if unsure and not place and (shown := example(attempt)):
        said |= {i: f"{said[i]} {shown}" for i in unsure}
    return {i: f"{place} {s.removeprefix(LOSS_IS_RIGHT).strip()}" if place else s for i, s in said.items()}


def difference(attempt, i, common):
    """common: {index: sentence} of what explains all failed cases."""
    trial, right = attempt.trials[i], attempt.right[i].value
    value = quotable(attempt.got[i].value, attempt.source, [trial.inputs, right], attempt.exercise.name)
    if isinstance(right, Failure) and (why := raising(attempt, value, right.type)):
        return f"This input should raise {right.type}; {why}."
    if isinstance(value, Failure) or isinstance(right, Failure):
        return differences.wrong_failure(value, right, attempt.exercise.name)
    if INPUTS in attempt.faults and attempt.got[i].changed - attempt.right[i].changed:
        return attempt.faults[INPUTS]
    if trial.case.wrt and isinstance(value, dict) and value.keys() == right.keys():
        return loss_or_gradient(trial, value, right, common.get(i))
    if trial.agrees(attempt.got[i], attempt.right[i]):
        whole = "arrays" if attempt.arrays else "tensors"
        return f"Right, but the work in Python grows with the number of rows: replace the loop by operations on whole {whole}."
    if sentence := differences.structure(value, right):
        return common.get(i, sentence)
    passed = [k in attempt.seen and k not in attempt.wrong for k in range(len(attempt.trials))]
    infinite = differences.not_finite(value, right, trial, large_alone(attempt.trials, passed))
    return infinite or by_numbers(attempt, i, common, passed)


def by_numbers(attempt, i, common, passed):
    trial, value, right = attempt.trials[i], attempt.got[i].value, attempt.right[i].value
    if trial.case.view:
        return differences.places(value, right, trial)
    sentence = (
        common.get(i)
        or unused(attempt)
        or whose_entries(attempt, i)
        or pattern(attempt.trials, passed, i)
        or precision(attempt, i)
    )
    return sentence or differences.places(value, right, trial)


def whose_entries(attempt, i):
    """Which numbers of an input the wrong entries belong to, in all cases."""
    if not all(has_the_form(attempt, k) for k in attempt.failed):
        return None
    sides = [(attempt.got[k].value, attempt.right[k].value, attempt.trials[k]) for k in attempt.failed]
    passed = [(attempt.right[k].value, attempt.trials[k]) for k in attempt.seen if k not in attempt.wrong]
    place = where(sides, passed)
    return f"{differences.subject(())} is wrong {place}, and right elsewhere." if place else None


def changed(attempt):
    """{index: sentence} of one change that explains the difference in every failed case, and that no passed case contradicts.

    A single number fits many formulas: there must be three different ones, and more of them for what fits more easily.
    """
    failed = [k for k in attempt.failed if not attempt.trials[k].case.view]
    if not all(has_the_form(attempt, k) for k in failed) or differences.numbers(attempt.right[k].value for k in failed) < 3:
        return {}
    sides = {k: (attempt.got[k].value, attempt.right[k].value, attempt.trials[k]) for k in failed}
    fits = {k: formulas.changes(*side) for k, side in sides.items()}
    places = {where for side in sides.values() for where, *_ in differences.wrong_leaves(*side)}
    passed = [(attempt.right[k].value, attempt.trials[k]) for k in attempt.seen if k not in attempt.wrong]
    for sentence in (s for s in fits[failed[0]] if attempt.exercise.in_place or not s.startswith(formulas.STEP)):
        everywhere = all(sentence in found for found in fits.values())
        telling = everywhere and any(formulas.tells(sentence, *side) for side in sides.values())
        if telling and not any(formulas.contradicted(sentence, places, *side) for side in passed):
            return {k: sentence.format(it=differences.wrong_place(*side)) for k, side in sides.items()}
    return {}


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
        return "With these inputs in float32 your result is right, in float64 it is not."
    return "With these inputs in float64 your result is right, in float32 something overflows, vanishes or loses its digits."


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
        return f"{LOSS_IS_RIGHT} {how or ''}".strip()
    if gradient_right:
        return f"Your gradient is right, the loss is not. {how or ''}".strip()
    if trial.slopes_agree(value, {"gradient": value["gradient"], "loss": value["loss"]}):
        return f"Your gradient is that of your loss, but the loss is wrong. {how or ''}".strip()
    return f"Both your loss and your gradient are wrong. {how or ''}".strip()
