"""What the cases that failed have in common, and those that passed have not."""

import math

import numpy

from ..tolerance import array
from .differences import floating, tensors

EVIDENCE = 4  # entries that are wrong, and as many that are right
LARGE = 80  # e to the power of a little more is beyond float32


def pattern(trials, passed, index):
    """What the failed cases have in common that the passed ones do not, as a sentence; else None."""
    usual = max((_size(t) for t, p in zip(trials, passed, strict=True) if p), default=math.inf)
    for phrase, has in {
        "Your result is wrong only with large numbers: does something overflow, or is it cut off?": lambda t: (
            usual > 0.5 and _size(t) > 5 * usual  # zeros pass for other reasons
        ),
        "Your result is wrong only when there are as many rows as columns: is an axis mistaken, or keepdim missing?": _square,
        "Your result is wrong only when there is a single row.": lambda t: any(x.ndim and len(x) == 1 for x in tensors(t)),
        "Your result is right only when there is a single row.": lambda t: not any(x.ndim and len(x) == 1 for x in tensors(t)),
        "Your result is right only when there are as many rows as columns: is an axis mistaken?": lambda t: not _square(t),
    }.items():
        group = [has(t) for t in trials]
        enough = sum(passed) > 1 or " is wrong " in phrase  # the only case that passes has more than one thing of its own
        if group[index] and any(passed) and enough and all(g != p for g, p in zip(group, passed, strict=True)):
            return phrase
    return None


def large_alone(trials, passed):
    """Whether all failed cases have large inputs, and others pass."""
    return any(passed) and all(p or _size(t) > LARGE for t, p in zip(trials, passed, strict=True))


def _square(trial):
    return any(x.ndim == 2 and x.shape[0] == x.shape[1] > 1 for x in tensors(trial))


def _size(trial):
    return max((float(numpy.abs(array(x)).max()) for x in floating(trial) if array(x).size), default=0.0)


def where(sides, rights):
    """In which numbers of an input the wrong entries are, as the end of a sentence; None if none tells them from the right.

    sides: (value, right, trial) of the failed cases. rights: (right, trial) of the passed ones.
    """
    for name in sides[0][2].inputs:
        found = [_entries(value, right, trial, name) for value, right, trial in sides]
        found += [_entries(right, right, trial, name) for right, trial in rights]
        if None in found:
            continue
        wrong, x = (numpy.concatenate([entry[side] for entry in found]) for side in (0, 1))
        if min(wrong.sum(), (~wrong).sum()) < EVIDENCE:
            continue
        signs = {"is negative": x < 0, "is positive": x > 0, "is 0 or less": x <= 0, "is 0 or more": x >= 0}
        for phrase, inside in (signs | {"is 0": x == 0, "is not 0": x != 0}).items():
            if (inside == wrong).all():
                return f"where `{name}` {phrase}"
        if x[wrong].min() > max(0, x[~wrong].max()):
            return f"where `{name}` is large"
        if numpy.abs(x[wrong]).min() > numpy.abs(x[~wrong]).max():
            return f"where `{name}` is far from 0"
    return None


def _entries(value, right, trial, name):
    """(which entries of a result are wrong, the numbers of an input in their places); None if they do not fit."""
    a, b, x = array(value), array(right), array(trial.inputs.get(name))
    if not all(isinstance(v, numpy.ndarray) and v.dtype.kind in "fiu" for v in (a, b, x)) or not a.shape == b.shape == x.shape:
        return None
    if not numpy.isfinite(b).all():
        return None
    size = numpy.abs(b) + numpy.abs(b).max(initial=0)
    return ~(numpy.abs(a - b) <= 1e-4 * size).ravel(), x.ravel().astype(float)
