"""What of the things that a student's process says may be repeated to the student: nothing that could hold a hidden input.

That process can put any text it likes into a message, the name of a type, a line of code. Repeated is what the student has
written into the notebook anyway, and the messages of Python and torch that help, recognised by their form: their words must be
Python's, torch's or the student's, their numbers sizes of the case. So a program that fails on purpose can say a few bits.
"""

import builtins
import re
from dataclasses import replace

import torch

from .evaluate import Failure, Other

KNOWN_TYPES = ("numpy.ndarray", "function", "generator", "module", "set", "bytes", "range", "map", "zip", "ellipsis", "slice")
KNOWN_TYPES += ("builtin_function_or_method", "method", "dict_keys", "dict_values", "dict_items", "type", "complex")
OWN_TYPES = ("TooLarge",)  # of the agent
DTYPES = {
    "float",
    "double",
    "half",
    "long",
    "int",
    "short",
    "char",
    "bool",
    "bfloat16",
    "complexfloat",
    "signed",
    "unsigned",
    "c10",
}
MOST_WORDS = 3  # of the student's, in one message
LAST_LINE = 300  # of a cell that is quoted by its number
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
            rf"unsupported operand type\(s\) for [-+*/@%&|^<>=]{{1,3}}( or pow\(\))?: '{WORD}' and '{WORD}'",
            rf"{WORD}\(\) takes {NUMBER} positional arguments? but {NUMBER} (was|were) given",
            rf"{WORD}\(\) missing {NUMBER} required positional arguments?: '{WORD}'(,? and '{WORD}')?",
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
FIXED = set(re.findall(r"[^\W\d]\w*", MESSAGES.pattern)) | {"Tensor", "NoneType", "ndarray"} | set(dir(builtins))


def quotable(value, source, tensors):
    """`value`, a tree of evidence, as far as it may be described to its author.

    source: the student's notebook; text is repeated only from there, or if it is well known.
    tensors: the inputs and the right results of the case; sizes that do not fit them could be there to tell something.
    """
    lines = source.splitlines()
    written = set(re.findall(r"[^\W\d]\w*", source))
    axes = 1 + max((t.ndim for t in tensors), default=1)
    entries = 1 + max((t.numel() for t in tensors), default=0)
    # The small numbers count arguments and axes.
    sizes = {*range(5), *(size for t in tensors for size in (t.numel(), *t.shape))}

    def allowed(value):
        if isinstance(value, Failure):
            return _failure(value, lines, written, sizes)
        if isinstance(value, Other):
            return value if value.type in KNOWN_TYPES or value.type.split(".")[-1] in written else Other("unknown to the grader")
        if isinstance(value, torch.Tensor) and (value.ndim > axes or max(value.shape, default=0) > entries):
            return Other("tensor with an unexpected shape")
        if isinstance(value, list | tuple):
            return type(value)(map(allowed, value))
        return {k: allowed(v) for k, v in value.items()} if isinstance(value, dict) else value

    return allowed(value)


def _failure(failure, lines, written, sizes):
    if failure.type == "":  # a sentence of ours
        return failure
    known = isinstance(getattr(builtins, failure.type, None), type) or failure.type in OWN_TYPES or failure.type in written
    form = MESSAGES.match(failure.message)
    return replace(
        failure,
        type=failure.type if known else "an error",
        message=form[0] if form and _harmless(form[0], written, sizes) else "",
        line=failure.line if failure.line and _stands(failure.line, lines) else None,
    )


def _harmless(message, written, sizes):
    """Whether the words and numbers of a message of a known form are those of an honest one."""
    open_words = 0
    for token in re.findall(r"[\d,]*\d(?:x\d+)?D?(?!\w)|\w+", message):
        if token[0].isdigit():
            numbers = map(int, re.findall(r"\d+", token.replace(",", "")))
            if token not in MESSAGES.pattern and not sizes.issuperset(numbers):
                return False
        elif token not in FIXED and token.lower() not in DTYPES:
            open_words += 1
            if token not in written or open_words > MOST_WORDS:
                return False
    return True


def _stands(line, lines):
    """Whether a line with this text can have this number in a cell: cells are parted by empty lines."""
    number = line["number"]
    starts = (i - number + 1 for i, text in enumerate(lines) if text.strip() == line["text"])
    return number <= LAST_LINE and any(start == 0 or (start > 0 and not lines[start - 1]) for start in starts)
