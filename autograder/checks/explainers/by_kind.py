"""Failed cases of two kinds, each by itself: those whose numbers are wrong, and those that stop, or have another form."""

from ..evaluate import Failure
from .combined import combined
from .differences import structure
from .recorded import recorded
from .repaired import repaired


def by_kind(attempt, unexplained):
    """Sentences for the cases with wrong numbers alone, and for the others alone; none where there are not both.

    A repair is looked for where numbers are wrong: whatever stops is soon made to stop otherwise.
    """
    failed = [i for i in attempt.failed if i in unexplained]
    numbers = [i for i in failed if has_the_form(attempt, i)]
    others = [i for i in failed if i not in numbers]
    if not numbers or not others:
        return {}
    one, other = attempt.only(numbers), attempt.only(others)
    asked = {*numbers}
    said = recorded(one, asked) or repaired(one, asked) or combined(one, asked)
    return said | recorded(other, {*others})


def has_the_form(attempt, i):
    """Whether a result has the structure, shapes and dtypes of the right one."""
    value, right = attempt.got[i].value, attempt.right[i].value
    return not isinstance(value, Failure) and not isinstance(right, Failure) and not structure(value, right)
