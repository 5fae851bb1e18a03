"""The one policy on when two results are equal. The reasons are in README.md beside this file."""

import math

import numpy

from .messages import TENSOR, torch

# class -> (relative to the entry, relative to the largest entry, relative to the largest input)
TOLERANCES = {
    "exact": (0.0, 0.0, 0.0),
    "float32": (5e-5, 1e-5, 4 * 2.0**-23),
    "rounded": (5e-5, 1e-5, 4 * 2.0**-23),  # as float32, whatever the dtype
    "float64": (1e-6, 1e-6, 1e-8),
    "statistical": (5e-5, 1e-5, 4 * 2.0**-23),
}
DOUBLE = (1e-10, 1e-11, 4 * 2.0**-52)  # what "float32" and "statistical" mean for tensors of dtype float64
EPSILONS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "complex32": 2.0**-10}
# Two-sided, a normal variable is beyond 6 standard deviations once in 5e8: a course of 200 comparisons stays below 1e-6.
SIGMAS = 6
SAMPLE = 200  # from this many entries on, "statistical" compares distributions and no longer numbers
LARGE_SAMPLE = 1000  # from here on also their kurtoses, whose own distribution has too long a tail before


def same(a, b, tolerance, scale=0.0):
    """Whether two trees of evidence are equal. `scale` is the largest input in magnitude, see `magnitude`.

    A list equals a tuple and a set a frozenset, the order of a dict's keys is free, and a float may be an int; else kinds,
    shapes and dtypes count.
    """
    if is_numbers(b):
        if not is_numbers(a) or isinstance(a, TENSOR) != isinstance(b, TENSOR) or a.shape != b.shape or a.dtype != b.dtype:
            return False
        name, a, b = dtype(b), _real(array(a)), _real(array(b))
        if tolerance == "statistical" and b.dtype.kind == "f" and b.size >= SAMPLE:
            return _same_distribution(a.astype(float), b.astype(float))
        return _same_numbers(a, b, _bounds(tolerance, name), scale)
    if isinstance(b, list | tuple):
        return (
            isinstance(a, list | tuple)
            and len(a) == len(b)
            and all(same(x, y, tolerance, scale) for x, y in zip(a, b, strict=True))
        )
    if isinstance(b, dict):
        return isinstance(a, dict) and a.keys() == b.keys() and all(same(a[k], b[k], tolerance, scale) for k in b)
    if isinstance(b, set | frozenset):
        return (
            isinstance(a, set | frozenset)
            and len(a) == len(b)
            and all(any(same(x, y, tolerance, scale) for x in a) for y in b)
            and all(any(same(x, y, tolerance, scale) for y in b) for x in a)
        )
    if isinstance(b, float | complex):
        if isinstance(a, bool) or not isinstance(a, int | float | type(b)):
            return False
        return _same_numbers(_real(numpy.array(complex(a))), _real(numpy.array(complex(b))), TOLERANCES[tolerance], scale)
    return type(a) is type(b) and a == b


def paired(value, right):
    """The leaves of `right`, each beside that of `value` in its place; None where the structures differ."""
    if isinstance(right, dict):
        fits = isinstance(value, dict) and value.keys() == right.keys()
        return [pair for k in right for pair in paired(value[k] if fits else None, right[k])]
    if isinstance(right, list | tuple):
        fits = isinstance(value, list | tuple) and len(value) == len(right)
        both = zip(value, right, strict=True) if fits else ((None, b) for b in right)
        return [pair for a, b in both for pair in paired(a, b)]
    if isinstance(right, set | frozenset):
        there = value if isinstance(value, set | frozenset) else ()
        return [pair for v in right for pair in paired(v if v in there else None, v)]
    return [(value, right)]


def is_numbers(leaf):
    """Whether a leaf is a tensor or an array."""
    return isinstance(leaf, (numpy.ndarray, TENSOR))


def array(leaf):
    """A tensor as the array of its numbers; what is none stays what it is. What NumPy has no dtype for becomes float64."""
    if not isinstance(leaf, TENSOR):
        return leaf
    plain = leaf.detach().resolve_conj()
    try:
        return plain.numpy()
    except TypeError:
        return plain.to(torch.complex128 if plain.is_complex() else torch.float64).numpy()


def dtype(numbers):
    """The name of the dtype of a tensor or an array."""
    return str(numbers.dtype).removeprefix("torch.")


def magnitude(tree):
    """The largest finite magnitude of the floating-point, complex and uint8 numbers in a tree: rounding errors grow with it."""
    tree = array(tree)
    if isinstance(tree, numpy.ndarray):
        if tree.dtype != numpy.uint8 and tree.dtype.kind not in "fc":
            return 0.0
        return float(numpy.abs(tree[numpy.isfinite(tree)]).max(initial=0))
    if isinstance(tree, dict):
        tree = list(tree.values())
    return max(map(magnitude, tree), default=0.0) if isinstance(tree, list | tuple) else 0.0


def _real(numbers):
    """Complex numbers as pairs."""
    return numpy.stack([numbers.real, numbers.imag], -1) if numbers.dtype.kind == "c" else numbers


def _bounds(tolerance, name):
    if name in EPSILONS and tolerance != "exact":
        return (8 * EPSILONS[name],) * 3  # a few rounding steps
    if name in ("float64", "complex128") and tolerance in ("float32", "statistical"):
        return DOUBLE
    return TOLERANCES[tolerance]


def _same_numbers(a, b, bounds, scale):
    entry, largest, inputs = bounds
    if numpy.array_equal(a, b):
        return True
    if b.dtype.kind != "f":
        return False
    a, b = a.ravel().astype(float), b.ravel().astype(float)
    finite = numpy.isfinite(b)
    if not numpy.array_equal(finite, numpy.isfinite(a)) or not numpy.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    a, b = a[finite], b[finite]
    size = numpy.abs(b)
    return bool((numpy.abs(a - b) <= entry * size + largest * size.max(initial=0) + inputs * scale).all())


def _same_distribution(a, b):
    """Two samples of equal size: their means, standard deviations and kurtoses, within SIGMAS standard errors.

    Standard errors are those of normal samples: sd / sqrt(n), sd / sqrt(2 n), sqrt(24 / n) (Kendall & Stuart, vol. 1).
    """
    n = b.size
    if not numpy.isfinite(a).all():
        return False
    sds = a.std(ddof=1), b.std(ddof=1)
    if min(sds) == 0:
        return numpy.array_equal(a, b)
    if abs(a.mean() - b.mean()) > SIGMAS * math.sqrt((sds[0] ** 2 + sds[1] ** 2) / n):
        return False
    if abs(math.log(sds[0] / sds[1])) > SIGMAS / math.sqrt(n):
        return False
    if n < LARGE_SAMPLE:
        return True
    kurtoses = [(((x - x.mean()) / x.std(ddof=1)) ** 4).mean() for x in (a, b)]
    return bool(abs(kurtoses[0] - kurtoses[1]) <= SIGMAS * math.sqrt(48 / n))
