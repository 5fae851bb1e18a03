"""What of the things that a student's process says may be repeated to the student: nothing that could hold a hidden input.

That process can put any text it likes into a message, the name of a type, a line of code. Repeated is what the student has
written into the notebook anyway, and the messages of Python and torch that help, recognised by their form.
"""

import builtins
import re
from dataclasses import replace

import torch

from .evaluate import Failure, Other

KNOWN_TYPES = ("numpy.ndarray", "function", "generator", "module", "set", "bytes", "range", "map", "zip", "ellipsis", "slice")
OWN_TYPES = ("TooLarge",)  # of the agent
NUMBER, SIZES, WORD = r"-?\d{1,3}", r"\d{1,3}x\d{1,3}", r"\w+"
MESSAGES = re.compile(
    "|".join(
        [
            rf"name '{WORD}' is not defined",
            rf"cannot access local variable '{WORD}' where it is not associated with a value",
            rf"'{WORD}' object has no attribute '{WORD}'",
            rf"module '[\w.]+' has no attribute '{WORD}'",
            rf"'{WORD}' object is not (callable|iterable|subscriptable)",
            rf"'{WORD}' object does not support item assignment",
            rf"unsupported operand type\(s\) for [^ ]+: '{WORD}' and '{WORD}'",
            rf"{WORD}\(\) takes {NUMBER} positional arguments? but {NUMBER} (was|were) given",
            rf"{WORD}\(\) missing {NUMBER} required positional arguments?: [\w', ]+",
            rf"{WORD}\(\) got an unexpected keyword argument '{WORD}'",
            rf"(too many|not enough) values to unpack \(expected {NUMBER}(, got {NUMBER})?\)",
            r"more than (100,000 items|33,554,432 bytes|64 bits)",
            r"(list|tuple|string) index out of range",
            r"(float |integer )?division by zero",
            r"maximum recursion depth exceeded",
            rf"The size of tensor a \({NUMBER}\) must match the size of tensor b \({NUMBER}\)( at non-singleton dimension \d)?",
            rf"mat1 and mat2 shapes cannot be multiplied \({SIZES} and {SIZES}\)",
            rf"size mismatch, got input \({NUMBER}\), mat \({SIZES}\), vec \({NUMBER}\)",
            rf"mat1 must be a matrix, got {NUMBER}-D tensor|{NUMBER}D tensors expected, but got {NUMBER}D and {NUMBER}D tensors",
            rf"expected (m1 and m2|mat1 and mat2) to have the same dtype, but got: {WORD}( {WORD})? != {WORD}( {WORD})?",
            rf"expected scalar type {WORD} but found {WORD}",
            rf"Dimension out of range \(expected to be in range of \[{NUMBER}, {NUMBER}\], but got {NUMBER}\)",
            rf"index {NUMBER} is out of bounds for (dimension|axis) {NUMBER} with size {NUMBER}",
            r"shape '\[[-\d, ]{1,20}\]' is invalid for input of size \d{1,6}",
            rf"Tensors must have same number of dimensions: got {NUMBER} and {NUMBER}",
            r"Boolean value of Tensor with more than one value is ambiguous",
            r"a Tensor with \d{1,6} elements cannot be converted to Scalar",
            rf"result type {WORD} can't be cast to the desired output type {WORD}",
            r"mean\(\): could not infer output dtype",
            r"tensors used as indices must be long, int, byte or bool tensors",
            r"Can't call numpy\(\) on Tensor that requires grad",
        ]
    )
)


def quotable(value, source, sizes):
    """`value`, a tree of evidence, as far as it may be described to its author.

    source: the student's notebook; text is repeated only from there, or if it is well known.
    sizes: (axes, entries) that a tensor of honest code has at most; the shape of another one could be there to tell something.
    """
    written = set(re.findall(r"[^\W\d]\w*", source))
    if isinstance(value, Failure):
        return _failure(value, source, written)
    if isinstance(value, Other):
        return value if value.type in KNOWN_TYPES or value.type.split(".")[-1] in written else Other("unknown to the grader")
    if isinstance(value, torch.Tensor) and (value.ndim > sizes[0] or max(value.shape, default=0) > sizes[1]):
        return Other("tensor with an unexpected shape")
    if isinstance(value, list | tuple):
        return type(value)(quotable(v, source, sizes) for v in value)
    return {k: quotable(v, source, sizes) for k, v in value.items()} if isinstance(value, dict) else value


def _failure(failure, source, written):
    if failure.type == "":  # a sentence of ours
        return failure
    line = failure.line
    if line and (line["text"] not in map(str.strip, source.splitlines()) or line["number"] > len(source.splitlines())):
        line = None
    known = isinstance(getattr(builtins, failure.type, None), type) or failure.type in OWN_TYPES or failure.type in written
    # The words of a message that its form leaves open are names, which must be written in the notebook or known to Python.
    named = re.findall(r"'(\w+)'", failure.message)
    form = MESSAGES.match(failure.message)
    fits = form and all(name in written or hasattr(builtins, name) or name in ("Tensor", "NoneType", "ndarray") for name in named)
    return replace(failure, type=failure.type if known else "an error", message=form[0] if fits else "", line=line)
