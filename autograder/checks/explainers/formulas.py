"""One formula that makes the wrong result of the right one, from a fixed list: a factor, a sign, a constant, a square, ..."""

import math

import numpy

from ..tolerance import array, is_numbers
from .differences import floats, leaves, near, numeric, wrong_leaves

# What fits any few numbers: so many different ones are asked for in one case.
MOVED = "{it} is off by one factor and one constant everywhere: look at what is divided by, and at what is subtracted."
MOVED_ROWS = "{it} is off by a factor and a constant of its own in each row."
ELASTIC, ENOUGH = (MOVED, MOVED_ROWS), 6
STEP = "The step from"  # of what is changed in place
SIZE_HINTS = {"large": " (the mean, not the sum?)", "small": " (divided once too often?)"}


@numpy.errstate(all="ignore")  # a change that cannot be made explains nothing
def changes(value, right, trial):
    """Sentences (with a place for `{it}`) that each explain the whole difference by one change, the likeliest first.

    The two trees have the same structure.
    """
    wrong = wrong_leaves(value, right, trial)
    if not all(numeric(a) and numeric(b) for _, a, b in wrong):
        return []
    explained = None
    for _, a, b in wrong:
        a, b = floats(a), floats(b)
        found = [s for s, changed in _changes(b, trial.inputs) if near(a, changed, trial)]
        found += [*_steps(a, b, trial), *_constants(a, b, trial)]
        explained = found if explained is None else [s for s in explained if s in found]
    if len(wrong) > 1:  # each may be too small to tell
        a, b = (numpy.concatenate([floats(leaf[side]).ravel() for leaf in wrong]) for side in (1, 2))
        explained += _constants(a, b, trial) if a.shape == b.shape else []
    return list(dict.fromkeys(explained or []))


@numpy.errstate(all="ignore")
def contradicted(sentence, places, right, trial):
    """Whether a right result says that a change, one of `changes`, was not made in these places of it."""
    there = [floats(b) for where, b, _ in leaves(right, right) if where in places and numeric(b)]
    return any(s == sentence and not near(b, changed, trial) for b in there for s, changed in _changes(b, trial.inputs))


def tells(sentence, value, right, trial):
    """Whether there are enough numbers in each wrong part, or in a row of it, that a change does not fit them by chance."""
    parts = [floats(b) for _, _, b in wrong_leaves(value, right, trial)]
    rows = [row for b in parts for row in (b.reshape(len(b) if sentence == MOVED_ROWS and b.ndim else 1, -1))]
    return sentence not in ELASTIC or min(len(numpy.unique(row)) for row in rows) >= ENOUGH


def _changes(b, inputs):
    yield from _factors(b, inputs)
    if b.ndim == 2 and b.shape[0] == b.shape[1]:
        yield "{it} is transposed: rows and columns are swapped.", b.T
    if b.ndim:
        yield "{it} is in reverse order.", b[::-1]
    if b.ndim == 2:
        yield "{it} is normalised to rows that sum to 1.", b / b.sum(axis=1, keepdims=True)
    yield "{it} is one too large.", b + 1
    yield "{it} is one too small.", b - 1
    yield "{it} is 1 minus what is asked for.", 1 - b
    yield "{it} is the square of what is asked for.", b**2
    yield "{it} is the square root of what is asked for.", numpy.sqrt(b)
    yield "{it} is the absolute value of what is asked for.", numpy.abs(b)
    yield "{it} is the logarithm of what is asked for.", numpy.log(b)
    yield "{it} is the exponential of what is asked for.", numpy.exp(b)
    yield "{it} is rounded to whole numbers.", numpy.round(b)
    yield "{it} is cut off to whole numbers.", numpy.trunc(b)


def _factors(b, inputs, it="{it}"):
    yield f"{it} has the wrong sign.", -b
    factors = [*_sizes(inputs), ("2", 2.0), ("255", 255.0), ("the root of 2", math.sqrt(2)),
               ("log 2 (a logarithm to the base 2?)", math.log(2)),
               ("100 (a percentage?)", 100.0), ("log 10 (a logarithm to the base 10?)", math.log(10))]  # fmt: skip
    for sign, also in ((1, ""), (-1, ", and has the wrong sign")):
        for name, factor in factors:
            if factor in (0, 1):
                continue
            for power in (1, -1):
                size = "large" if factor**power > 1 else "small"
                hint = SIZE_HINTS[size] if "rows" in name else ""
                yield f"{it} is too {size} by the factor {name}{hint}{also}.", sign * b * factor**power


def _sizes(inputs):
    """(name, factor) from the inputs: rows, columns, entries, and plain numbers such as a learning rate."""
    for name, x in inputs.items():
        if isinstance(x, int | float) and not isinstance(x, bool) and x > 0:
            yield f"`{name}`", float(x)
        if isinstance(x, tuple | list) and x:
            x = x[0]
        if is_numbers(x) and x.ndim:
            yield f"N, the number of rows of `{name}`", float(len(x))
            if x.ndim > 1:
                yield f"C, the number of columns of `{name}`", float(x.shape[-1])
                yield f"N * C, the number of entries of `{name}`", float(math.prod(x.shape))


def _steps(a, b, trial):
    """What is wrong with the step from an input of the same form to the result, as after `p -= lr * g`."""
    for name, x in trial.inputs.items():
        for start in map(array, x if isinstance(x, list | tuple) else [x]):
            if not isinstance(start, numpy.ndarray) or start.shape != b.shape or start.dtype != b.dtype:
                continue
            if numpy.array_equal(a, start):
                yield f"{{it}} is what `{name}` was before the call."
            else:
                step = f"{STEP} `{name}` to the result"
                yield from (s for s, changed in _factors(b - start, trial.inputs, step) if near(a - start, changed, trial))


def _constants(a, b, trial):
    if a.size >= 3 and numpy.isfinite(b).all() and numpy.isfinite(a).all():
        if numpy.count_nonzero(b) >= 3 and b.std() > 0:
            factor = (a * b).sum() / (b * b).sum()
            if abs(factor) > 1e-6 and near(a, factor * b, trial):
                yield "{it} is off by one and the same factor everywhere: look at what you divide or multiply by."
        if a.std() > 0 and near(a, b + (a - b).mean(), trial):
            yield "{it} is off by one and the same constant everywhere."
        rows = a.ndim == 2 and a.shape[1] >= 3 and (a.std(axis=1) > 0).all()
        if rows and near(a, b + (a - b).mean(axis=1, keepdims=True), trial):
            yield "{it} is off by a constant of its own in each row."
        if a.ndim > 1 and a[0].size >= 3 and near(a, _scaled(a, b), trial):
            yield "{it} is off by a factor of its own in each row."
        if near(a, _moved(a, b, 1), trial):
            yield MOVED
        if a.ndim > 1 and near(a, _moved(a, b, len(a)), trial):
            yield MOVED_ROWS


def _scaled(a, b):
    """The nearest to a that a factor for each row makes of b; NaN where that is 0."""
    x, y = b.reshape(len(b), -1).astype(float), a.reshape(len(a), -1).astype(float)
    squares = (x * x).sum(axis=1, keepdims=True)
    factors = (x * y).sum(axis=1, keepdims=True) / numpy.where(squares > 0, squares, 1)
    factors[(numpy.abs(factors) < 1e-6) & (squares > 0)] = numpy.nan
    return (factors * x).reshape(a.shape)


def _moved(a, b, rows):
    """The nearest to a that a factor and a constant for each of so many rows make of b."""
    x, y = b.reshape(rows, -1).astype(float), a.reshape(rows, -1).astype(float)
    dx, dy = (v - v.mean(axis=1, keepdims=True) for v in (x, y))
    squares = (dx * dx).sum(axis=1, keepdims=True)
    slopes = (dx * dy).sum(axis=1, keepdims=True) / numpy.where(squares > 0, squares, 1)
    slopes[(squares > 0) & (numpy.abs(dy).max(axis=1, keepdims=True) == 0)] = numpy.nan  # one number, whatever was there
    return (y - dy + slopes * dx).reshape(a.shape)
