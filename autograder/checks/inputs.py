"""Inputs of cases: small recipes that a seeded generator turns into tensors, arrays, generators and folders of images."""

import hashlib
import io
import math
from dataclasses import dataclass

import numpy
from PIL import Image

from ..course import CourseError
from .messages import GENERATOR, torch


@dataclass(frozen=True)
class Draw:
    """A recipe, callable with a generator; its size does not depend on the number of rows of a `loop_free` case.

    arrays: whether the generator is one of NumPy, and not one of torch.
    """

    make: object
    arrays: bool = False

    def __call__(self, generator):
        return self.make(generator)


@dataclass(frozen=True)
class Folder:
    """Files by relative path; the student's function receives the path of a folder that holds them."""

    files: dict


@dataclass(frozen=True)
class ArrayGenerator:
    """The student's function receives a numpy.random.Generator with this seed, in the same state for every evaluation."""

    seed: int


def seed(*names):
    """A 63-bit seed from names (the secret of the course and the submission first): equal names, equal numbers."""
    digest = hashlib.blake2b("\x1f".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def is_generator(value):
    """Whether an input is a source of random numbers."""
    return isinstance(value, (ArrayGenerator, GENERATOR))


def draw(recipe, *names):
    """Make an input; what is no recipe stands for itself."""
    if not callable(recipe):
        return recipe
    if getattr(recipe, "arrays", False):
        return recipe(numpy.random.default_rng(seed(*names)))
    if not torch:
        raise CourseError(
            f"the input {names[-1]} is drawn with torch, which is not installed: pip install torch, or write array(...)."
        )
    return recipe(torch.Generator().manual_seed(seed(*names)))


def array(make):
    """Whatever `make(g)` gives, a NumPy array say, with g a numpy.random.Generator: array(lambda g: g.normal(size=(4, 3)))."""
    return Draw(make, arrays=True)


def array_generator():
    """A numpy.random.Generator of its own, in the same state for every evaluation of a case."""
    return array(lambda g: ArrayGenerator(int(g.integers(2**31))))


def normal(*shape, mean=0.0, sd=1.0, dtype=None):
    """A tensor of normal numbers, float32 unless told. Drawn in float64, so that both dtypes see the same ones."""
    return Draw(lambda g: (mean + sd * torch.randn(*shape, generator=g, dtype=torch.float64)).to(dtype or torch.float32))


def uniform(*shape, low=0.0, high=1.0, dtype=None):
    """A tensor of numbers in [low, high), float32 unless told."""

    def make(g):
        return (low + (high - low) * torch.rand(*shape, generator=g, dtype=torch.float64)).to(dtype or torch.float32)

    return Draw(make)


def spread(*shape, low=1e-30, high=1.0):
    """float64 numbers of either sign whose sizes are spread evenly over the orders of magnitude from `low` to `high`.

    For a case of a gradient that a formula is asked for: a difference quotient loses the small slopes in the rounding of the
    loss, whatever its step. (To 1e-30, since below 1e-38 float32 rounds, too.)
    """

    def make(g):
        count = math.prod(shape)
        places = (torch.randperm(count, generator=g) + torch.rand(count, generator=g, dtype=torch.float64)) / count
        signs = 1 - 2 * torch.randint(2, (count,), generator=g)
        return (signs * low * (high / low) ** places).reshape(shape)

    return Draw(make)


def integers(*shape, low=0, high=10):
    """int64 numbers in [low, high)."""
    return Draw(lambda g: torch.randint(low, high, shape, generator=g))


def labels(n, classes=10):
    """int64 labels (n,), shuffled; every class occurs when n >= classes."""
    return Draw(lambda g: (torch.randperm(n, generator=g) % classes)[torch.randperm(n, generator=g)])


def pixels(*shape):
    """uint8 grey values in 0..255, about half of them 0 as in MNIST."""

    def make(g):
        values = torch.randint(0, 256, shape, generator=g)
        return (values * (torch.rand(*shape, generator=g) < 0.5)).to(torch.uint8)

    return Draw(make)


def generator():
    """A torch.Generator of its own, in the same state for every evaluation of a case."""
    return Draw(lambda g: torch.Generator().manual_seed(torch.randint(2**31, (), generator=g).item()))


def folder(make):
    """A folder: `make(g)` gives {relative path: bytes, or a uint8 image (H, W) or (H, W, 3), which becomes a PNG}.

    A path that ends in "/" is an empty folder. With `array(make)` in the place of `make`, g is one of NumPy.
    """

    def files(g):
        return Folder({name: _png(content) for name, content in make(g).items()})

    return Draw(files, getattr(make, "arrays", False))


def _png(content):
    if isinstance(content, bytes):
        return content
    file = io.BytesIO()
    Image.fromarray(numpy.asarray(content)).save(file, "PNG")
    return file.getvalue()
