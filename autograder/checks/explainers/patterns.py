"""What the cases that failed have in common, and those that passed have not."""

import math

import numpy

from ..tolerance import array
from .differences import floating, tensors


def pattern(trials, passed, index):
    """What the failed cases have in common that the passed ones do not, as the beginning of a sentence; else None."""
    usual = max((_size(t) for t, p in zip(trials, passed, strict=True) if p), default=math.inf)
    for phrase, has in {
        "Wrong only with large numbers: does something overflow, or is it cut off?": lambda t: _size(t) > 5 * usual,
        "Wrong only when there are as many rows as columns: is an axis mistaken, or keepdim missing?": _square,
        "Wrong only when there is a single row.": lambda t: any(x.ndim and len(x) == 1 for x in tensors(t)),
        "Right only when there is a single row.": lambda t: not any(x.ndim and len(x) == 1 for x in tensors(t)),
        "Right only when there are as many rows as columns: is an axis mistaken?": lambda t: not _square(t),
    }.items():
        group = [has(t) for t in trials]
        if group[index] and any(passed) and all(g != p for g, p in zip(group, passed, strict=True)):
            return phrase
    return None


def _square(trial):
    return any(x.ndim == 2 and x.shape[0] == x.shape[1] > 1 for x in tensors(trial))


def _size(trial):
    return max((float(numpy.abs(array(x)).max()) for x in floating(trial) if array(x).size), default=0.0)
