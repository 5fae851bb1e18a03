"""What is sent between a check and a student's process: trees of plain values, tensors, arrays and folders.

A message is one safetensors file; its metadata hold a JSON tree in which {"tensor": "3"} stands for the tensor named "3".
Safetensors carries no code, unlike pickle (https://huggingface.co/docs/safetensors). This text is sent to the student's kernel
together with that of agent.py, so it imports nothing of ours.
"""

import json
from pathlib import Path

import numpy

try:
    import torch
    from safetensors.torch import load, save
except ImportError:  # a course that needs NumPy alone
    from safetensors.numpy import load, save

    torch = None

MOST_BYTES = 32 * 2**20  # of all tensors of a reply
MOST_ITEMS = 100_000  # of the tree of a reply
MOST_BITS = 64  # of an int
MOST_TEXT = 10_000  # characters of one str
MOST_NAMES = 1_000  # of operations and functions, in a report
MOST_NAME = 300  # characters of one
TREES = {kind.__name__: kind for kind in (list, tuple, set, frozenset)}
SCALARS = numpy.bool_ | numpy.integer | numpy.float16 | numpy.float32 | numpy.complex64  # those that are no plain numbers already
TENSOR, GENERATOR = (torch.Tensor, torch.Generator) if torch else ((), ())  # for isinstance: without torch nothing is one
# The types of arrays that are sent.
ARRAYS = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128")


class TooLarge(Exception):
    """The result is larger than a reply may be."""


def pack(message, tensors):
    """One message as bytes."""
    return save(tensors, {"message": json.dumps(message)})


def unpack(packed):
    """The message and its tensors by name."""
    size = int.from_bytes(packed[:8], "little")
    return json.loads(json.loads(packed[8 : 8 + size])["__metadata__"]["message"]), load(packed)


class Encoder:
    """Turns trees of plain values, tensors and arrays into JSON; collects the tensors. Of other types only the name is kept."""

    def __init__(self):
        self.tensors = {}
        self.bytes = self.items = 0

    def encode(self, value):
        self.items += 1
        if self.items > MOST_ITEMS:
            raise TooLarge(f"more than {MOST_ITEMS:,} items")
        if isinstance(value, SCALARS):
            value = value.item()
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            if int(value).bit_length() > MOST_BITS:
                raise TooLarge(f"more than {MOST_BITS} bits")
            return int(value)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, str):
            return str(value)[:MOST_TEXT]
        if isinstance(value, complex):
            return {"complex": [float(value.real), float(value.imag)]}
        if isinstance(value, TENSOR):
            return self.tensor(value)
        if isinstance(value, numpy.ndarray) and value.dtype.name in ARRAYS:
            return {"array": self.array(numpy.array(value, value.dtype.name, order="C", subok=False))}
        if isinstance(value, dict):
            return {"dict": [[self.encode(k), self.encode(v)] for k, v in value.items()]}
        for name, kind in TREES.items():
            if isinstance(value, kind):
                return {name: [self.encode(v) for v in value]}
        return {"other": f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")[:100]}

    def tensor(self, value):
        """Sub-classes of Tensor are sent as the plain numbers they hold: what they claim to be does not count."""
        plain = torch.Tensor.as_subclass(value, torch.Tensor).detach()
        if plain.layout != torch.strided or plain.is_quantized:
            return {"other": f"{plain.dtype} tensor of layout {plain.layout}"}
        self._count(plain.numel() * plain.element_size())
        plain = plain.cpu().clone(memory_format=torch.contiguous_format)
        return self._keep(torch.view_as_real(plain) if plain.is_complex() else plain, plain.is_complex())

    def array(self, value):
        """An array of the machine's own byte order, one row after the other."""
        self._count(value.nbytes)
        if value.dtype.kind == "c":
            return self._keep(carried(value[..., None].view(value.real.dtype)), True)
        return self._keep(carried(value), False)

    def _count(self, size):
        self.bytes += size
        if self.bytes > MOST_BYTES:
            raise TooLarge(f"more than {MOST_BYTES:,} bytes")

    def _keep(self, plain, is_complex):
        name = str(len(self.tensors))
        self.tensors[name] = plain
        return {"complex tensor" if is_complex else "tensor": name}


def carried(array):
    """An array as a message holds it: as a tensor where there is torch, else as it is."""
    return torch.from_numpy(array) if torch else array


def brought(array):
    """What a message held for an array."""
    return array.numpy() if torch else array


def complex_array(parts):
    """The complex array of which a message held real and imaginary parts."""
    return brought(parts).view(f"complex{16 * parts.dtype.itemsize}")[..., 0]


def decode(tree, tensors, new_folder=None):
    """The input that a tree of a request describes, made anew; `new_folder` gives an empty folder, for those with files."""
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    if kind == "tensor":
        return tensors[content].clone()
    if kind == "complex tensor":
        return torch.view_as_complex(tensors[content].clone())
    if kind == "complex":
        return complex(*content)
    if kind == "array":
        ((kind, name),) = content.items()
        return brought(tensors[name]).copy() if kind == "tensor" else complex_array(tensors[name]).copy()
    if kind == "generator":
        return torch.Generator().manual_seed(content)
    if kind == "array generator":
        return numpy.random.default_rng(content)
    if kind == "folder":
        root = new_folder() if new_folder else Path()
        for name, number in content if new_folder else ():
            path = root / name
            (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
            if not name.endswith("/"):
                path.write_bytes(brought(tensors[number]).tobytes())
        return root
    if kind == "dict":
        return {decode(k, tensors, new_folder): decode(v, tensors, new_folder) for k, v in content}
    return TREES[kind](decode(v, tensors, new_folder) for v in content)
