"""The one policy on when two results are equal. The reasons are in README.md beside this file."""

import math

import numpy
import torch

# class -> (relative to the entry, relative to the largest entry, relative to the largest input)
TOLERANCES = {
    "exact": (0.0, 0.0, 0.0),
    "float32": (5e-5, 1e-5, 4 * 2.0**-23),
    "rounded": (5e-5, 1e-5, 4 * 2.0**-23),  # as float32, whatever the dtype
    "float64": (1e-6, 1e-6, 1e-8),
    "statistical": (5e-5, 1e-5, 4 * 2.0**-23),
}
DOUBLE = (1e-10, 1e-11, 4 * 2.0**-52)  # what "float32" and "statistical" mean for tensors of dtype float64
# Two-sided, a normal variable is beyond 6 standard deviations once in 5e8: a course of 200 comparisons stays below 1e-6.
SIGMAS = 6
SAMPLE = 200  # from this many entries on, "statistical" compares distributions and no longer numbers
LARGE_SAMPLE = 1000  # from here on also their kurtoses, whose own distribution has too long a tail before


def same(a, b, tolerance, scale=0.0):
    """Whether two trees of evidence are equal. `scale` is the largest input in magnitude, see `magnitude`.

    A list equals a tuple and a set a frozenset, the order of a dict's keys is free, and a float may be an int; else kinds,
    shapes and dtypes count.
    """
    if isinstance(b, numpy.ndarray):
        return isinstance(a, numpy.ndarray) and same(tensor(a), tensor(b), tolerance, scale)
    if isinstance(b, torch.Tensor):
        if not isinstance(a, torch.Tensor) or a.shape != b.shape or a.dtype != b.dtype:
            return False
        if b.is_complex():
            a, b = torch.view_as_real(a), torch.view_as_real(b)
        if tolerance == "statistical" and b.is_floating_point() and b.numel() >= SAMPLE:
            return _same_distribution(a.double(), b.double())
        return _same_numbers(a, b, _bounds(tolerance, b.dtype), scale)
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
        a, b = (torch.view_as_real(torch.tensor(complex(v), dtype=torch.complex128)) for v in (a, b))
        return _same_numbers(a, b, TOLERANCES[tolerance], scale)
    return type(a) is type(b) and a == b


def tensor(leaf):
    """An array as the tensor of its numbers; what is none stays what it is."""
    return torch.from_numpy(leaf) if isinstance(leaf, numpy.ndarray) else leaf


def magnitude(tree):
    """The largest finite magnitude of the floating-point, complex and uint8 numbers in a tree: rounding errors grow with it."""
    tree = tensor(tree)
    if isinstance(tree, torch.Tensor):
        if tree.dtype != torch.uint8 and not tree.is_floating_point() and not tree.is_complex():
            return 0.0
        finite = tree[torch.isfinite(tree)].abs().double()
        return finite.max().item() if len(finite) else 0.0
    if isinstance(tree, dict):
        tree = list(tree.values())
    return max(map(magnitude, tree), default=0.0) if isinstance(tree, list | tuple) else 0.0


def _bounds(tolerance, dtype):
    if not dtype.is_floating_point:
        return TOLERANCES["exact"]
    if dtype == torch.float64 and tolerance in ("float32", "statistical"):
        return DOUBLE
    if tolerance == "exact" or dtype in (torch.float32, torch.float64):
        return TOLERANCES[tolerance]
    return (8 * torch.finfo(dtype).eps,) * 3  # float16 and bfloat16: a few rounding steps


def _same_numbers(a, b, bounds, scale):
    entry, largest, inputs = bounds
    if torch.equal(a, b):
        return True
    if not b.is_floating_point():
        return False
    a, b = a.double(), b.double()
    finite = torch.isfinite(b)
    if not torch.equal(finite, torch.isfinite(a)) or not torch.equal(a[~finite].nan_to_num(0.5), b[~finite].nan_to_num(0.5)):
        return False
    a, b = a[finite], b[finite]
    if not len(b):
        return True
    size = b.abs()
    return bool(((a - b).abs() <= entry * size + largest * size.max() + inputs * scale).all())


def _same_distribution(a, b):
    """Two samples of equal size: their means, standard deviations and kurtoses, within SIGMAS standard errors.

    Standard errors are those of normal samples: sd / sqrt(n), sd / sqrt(2 n), sqrt(24 / n) (Kendall & Stuart, vol. 1).
    """
    n = b.numel()
    if not torch.isfinite(a).all():
        return False
    sds = a.std(), b.std()
    if min(sds) == 0:
        return torch.equal(a, b)
    if abs(a.mean() - b.mean()) > SIGMAS * math.sqrt((sds[0] ** 2 + sds[1] ** 2) / n):
        return False
    if abs(math.log(sds[0] / sds[1])) > SIGMAS / math.sqrt(n):
        return False
    if n < LARGE_SAMPLE:
        return True
    kurtoses = [(((x - x.mean()) / x.std()) ** 4).mean() for x in (a, b)]
    return bool(abs(kurtoses[0] - kurtoses[1]) <= SIGMAS * math.sqrt(48 / n))
