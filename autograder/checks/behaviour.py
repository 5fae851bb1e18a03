"""What a wrong function does on inputs that the whole class shares: functions that do the same are wrong in the same way.

It earns nothing and is told to nobody but the instructor. So a program that behaves otherwise here than where it is judged hides
from a statistic, and from nothing else.
"""

import math

import numpy

from .evaluate import Failure, NoEvidence, Other
from .explainers.differences import NOT_WRITTEN
from .observe import trials
from .tolerance import array, dtype, is_numbers

SHARED = "the class"  # in place of the number of a set of inputs, see `known.input_set`
NEAR = 1e-3  # relative; another order of summation stays far below it, another formula does not
MOST = 200  # characters of a text, leaves of a tree: nobody's wrong result needs more to be told from others

# How messages begin that name no mistake of this function: it is not there, or it fails because of another.
NOT_ITS_OWN = (*NOT_WRITTEN, "Mend your `", "Right, given a right `", "Not judged")


def unnamed(exercise, verdict):
    """Whether a function is wrong in its own way, and in none that is recorded or that a condition names."""
    said = [c.message for c in verdict.cases if not c.passed and c.weight]
    recorded = any(map(exercise.named_in, said))
    return bool(said) and not recorded and not all(message.startswith(NOT_ITS_OWN) for message in said)


def behaviour(exercise, evaluator, secret):
    """What each case of an exercise gives on the shared inputs, as plain JSON.

    evaluator: where the student's functions can be called. secret: of the course. Where no answer comes, no more is asked.
    """
    found = []
    for trial in trials(exercise, f"{secret}/{SHARED}"):
        try:
            value = trial.run(evaluator).value
        except NoEvidence:
            return [*found, ["no answer"]]
        found.append(["raised", value.type[:MOST]] if isinstance(value, Failure) else _leaves(value)[:MOST])
    return found


def alike(one, other):
    """Whether two behaviours, or parts of them, are the same but for rounding."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or math.isclose(one, other, rel_tol=NEAR, abs_tol=1e-6)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and one == other


def _leaves(value):
    """The leaves of a tree as plain values, with the brackets around them; a tensor in its form and four of its numbers."""
    if is_numbers(value):
        return [f"{dtype(value)} {tuple(value.shape)}", *_numbers(array(value))]
    if isinstance(value, list | tuple | dict):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return [type(value).__name__, *(leaf for key, part in parts for leaf in (str(key)[:MOST], *_leaves(part))), "end"]
    if isinstance(value, set | frozenset | complex):
        return [repr(sorted(map(repr, value)) if isinstance(value, set | frozenset) else value)[:MOST]]
    if isinstance(value, Other):
        return [value.type]
    if value is None or isinstance(value, bool):
        return [value]
    return [value[:MOST]] if isinstance(value, str) else [float(min(max(value, -1e300), 1e300)) if value == value else "nan"]


def _numbers(array):
    """How many entries are no finite numbers, and of the others: the mean, the mean size, and a sum that order changes."""
    flat = numpy.stack([array.real, array.imag] if array.dtype.kind == "c" else [array], -1).ravel().astype(float)
    finite = flat[numpy.isfinite(flat)]
    weights = numpy.linspace(1, 2, len(finite))
    size = float(numpy.abs(finite).mean()) if len(finite) else 0.0
    mean = float(finite.mean()) if len(finite) else 0.0
    # A mean near zero is rounding, not behaviour: it is told in steps of what the numbers are as a whole.
    moments = [mean, float((finite * weights).mean()) if len(finite) else 0.0]
    return [float(len(flat) - len(finite)), size, *(0.0 if abs(m) < NEAR * size else m for m in moments)]
