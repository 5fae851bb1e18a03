"""The one gate between what a student's process says and what is repeated to the student.

That process is a stranger: it has seen the hidden inputs, and can put what it likes into a message, the name of a type, the
length of a list. So what passes is taken from closed lists: words of Python's, torch's and ours, lines and words of the
function's own source, numbers that are sizes of the case. All else becomes "something else". How many messages that leaves,
README.md says and `ways` counts.
"""

import re
from dataclasses import replace
from math import prod

import torch

from . import rules
from .evaluate import Failure, Other

NAMES = rules.words(
    "int float str bool list tuple dict set bytes complex range function method builtin_function_or_method module type NoneType "
    "Tensor ndarray Generator generator ellipsis slice map zip PosixPath float32 float64 int64 bool_"
)
KNOWN_TYPES = rules.words(
    "numpy.ndarray function generator module set bytes range map zip ellipsis slice builtin_function_or_method method "
    "dict_keys dict_values dict_items type complex"
)
ERRORS = rules.words(
    "ArithmeticError AssertionError AttributeError EOFError Exception FileNotFoundError FloatingPointError ImportError "
    "IndexError KeyError LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError NotImplementedError "
    "OSError OverflowError RecursionError RuntimeError StopIteration SyntaxError SystemExit TypeError UnboundLocalError "
    "UnicodeDecodeError ValueError ZeroDivisionError TooLarge"
)
LIBRARIES = rules.words("torch numpy math random time functools itertools torch.linalg torch.special matplotlib.pyplot")
DTYPES = rules.words(
    "float double half long int short char bool bfloat16 complexfloat Float Double Half Long Int Short Char Bool Byte"
)
OPERATORS = rules.words("+ - * / @ % & | ^ < > <= >= == // << >> += -= *= /= @=") | {"** or pow()", "//="}
MOST_LINES = 80  # of a function, that may be quoted
MOST_WORDS = 24  # of a line, that may be repeated
MOST_SIZES = 12  # of a case, besides the small numbers, that may be said
SMALL = frozenset(range(-4, 5))
LONG = "{} of a length that fits nothing in this case"
WIDE = "a tensor of a shape that fits nothing in this case"
# What may stand in the open places of a message; W a word of the line, T a type, N a number, S two sizes, L a shape, ...
PLACES = {"W": r"\w+", "T": r"\w+", "N": r"-?\d+", "S": r"\d+x\d+", "L": r"-?\d+(?:, -?\d+)?", "M": r"[\w.]+"}
PLACES |= {"D": r"\w+(?: char)?", "O": r"[-+*/@%&|^<>=]+(?: or pow\(\))?"}
FORMS = (
    "name '{W}' is not defined",
    "cannot access local variable '{W}' where it is not associated with a value",
    "'{T}' object has no attribute '{W}'",
    "module '{M}' has no attribute '{W}'",
    "'{T}' object is not callable",
    "'{T}' object is not iterable",
    "'{T}' object is not subscriptable",
    "'{T}' object does not support item assignment",
    "unsupported operand type(s) for {O}: '{T}' and '{T}'",
    "{W}() takes {N} positional argument but {N} were given",
    "{W}() takes {N} positional arguments but {N} were given",
    "{W}() takes {N} positional arguments but {N} was given",
    "{W}() missing {N} required positional argument: '{W}'",
    "{W}() missing {N} required positional arguments: '{W}' and '{W}'",
    "{W}() got an unexpected keyword argument '{W}'",
    "too many values to unpack (expected {N})",
    "not enough values to unpack (expected {N}, got {N})",
    "more than 100,000 items",
    "more than 33,554,432 bytes",
    "more than 64 bits",
    "list index out of range",
    "tuple index out of range",
    "string index out of range",
    "division by zero",
    "float division by zero",
    "integer division or modulo by zero",
    "maximum recursion depth exceeded",
    "The size of tensor a ({N}) must match the size of tensor b ({N}) at non-singleton dimension {N}",
    "The size of tensor a ({N}) must match the size of tensor b ({N})",
    "mat1 and mat2 shapes cannot be multiplied ({S} and {S})",
    "size mismatch, got input ({N}), mat ({S}), vec ({N})",
    "mat1 must be a matrix, got {N}-D tensor",
    "{N}D tensors expected, but got {N}D and {N}D tensors",
    "expected m1 and m2 to have the same dtype, but got: {D} != {D}",
    "expected mat1 and mat2 to have the same dtype, but got: {D} != {D}",
    "expected scalar type {D} but found {D}",
    "Dimension out of range (expected to be in range of [{N}, {N}], but got {N})",
    "index {N} is out of bounds for dimension {N} with size {N}",
    "index {N} is out of bounds for axis {N} with size {N}",
    "shape '[{L}]' is invalid for input of size {N}",
    "Tensors must have same number of dimensions: got {N} and {N}",
    "Boolean value of Tensor with more than one value is ambiguous",
    "a Tensor with {N} elements cannot be converted to Scalar",
    "result type {D} can't be cast to the desired output type {D}",
    "mean(): could not infer output dtype",
    "tensors used as indices must be long, int, byte or bool tensors",
    "Can't call numpy() on Tensor that requires grad",
)


def _pattern(form):
    parts = re.split(r"\{(\w)\}", form)
    return re.compile("".join(f"({PLACES[p]})" if i % 2 else re.escape(p) for i, p in enumerate(parts))), parts[1::2]


PATTERNS = [_pattern(form) for form in FORMS]


def quotable(value, source, known, function):
    """`value`, a tree of evidence, as far as it may be described to its author.

    source: the student's notebook. known: the inputs and the right result of the case, as trees; what fits no size of them
    could be there to tell something. function: the exercise's name; lines and words are repeated only from what it is made of.
    """
    shapes = sizes(known)
    axes = 1 + max((t.ndim for t in _leaves(known, torch.Tensor)), default=1)
    keys = {k for d in _leaves(known, dict) for k in d}

    def allowed(value):
        if isinstance(value, Failure):
            return _failure(value, source, shapes, function)
        if isinstance(value, Other):
            return value if value.type in KNOWN_TYPES else Other("something else")
        if isinstance(value, torch.Tensor):
            return value if value.ndim <= axes and shapes.issuperset(value.shape) else Other(WIDE)
        if isinstance(value, list | tuple):
            fits = len(value) in shapes
            return type(value)(map(allowed, value)) if fits else Other(LONG.format(f"a {type(value).__name__}"))
        if isinstance(value, dict):
            more = {"another": None} if value.keys() - keys else {}
            return {k: allowed(v) for k, v in value.items() if k in keys} | more
        return value

    return allowed(value)


def sizes(known):
    """The numbers that may be said about a case: small ones, and the sizes of its tensors, lists and dicts."""
    tensors, rows = _leaves(known, torch.Tensor), _leaves(known, list | tuple | dict)
    found = {n for t in tensors for n in (*t.shape, t.numel())} | {len(row) for row in rows}
    return SMALL | set(sorted(found - SMALL)[:MOST_SIZES])


def ways(numbers, words):
    """How many different sentences an exception can be told with, given how many numbers and words may be said."""
    choices = {"W": words, "T": len(NAMES), "N": numbers, "S": numbers**2, "L": 2 * numbers**2, "M": len(LIBRARIES)}
    choices |= {"D": 2 * len(DTYPES), "O": len(OPERATORS)}
    messages = 1 + sum(prod(choices[place] for place in places) for _, places in PATTERNS)
    return (1 + MOST_LINES) * (1 + len(ERRORS)) * messages


def _leaves(tree, kind):
    """All parts of a tree that are of a kind, the inner ones too."""
    found, waiting = [], list(tree)
    while waiting:
        part = waiting.pop()
        found += [part] if isinstance(part, kind) else []
        waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ()
    return found


def _failure(failure, source, shapes, function):
    if failure.type == "":  # a sentence of ours
        return failure
    own = rules.lines(source, function)[:MOST_LINES]
    line = failure.line if failure.line and _stands(failure.line, source, own) else None
    lines = source.splitlines()
    places = [line["text"] if line else "", next((lines[n] for n in own if lines[n : n + 1] and "def " in lines[n]), "")]
    words = {function, *(re.findall(r"[^\W\d]\w*", " ".join(places))[:MOST_WORDS])}
    return replace(
        failure,
        type=failure.type if failure.type in ERRORS else "an error",
        message=_message(failure.message, shapes, words),
        line=line,
    )


def _message(message, shapes, words):
    """The beginning of a message that is of a known form, if its open places hold what they may; else nothing."""
    closed = {"W": words, "T": NAMES, "M": LIBRARIES, "O": OPERATORS, "D": DTYPES | {"unsigned char", "signed char"}}
    for pattern, places in PATTERNS:
        if found := pattern.match(message):
            for place, text in zip(places, found.groups(), strict=True):
                inside = text in closed[place] if place in closed else _numbers(text) <= shapes
                if not inside:
                    return ""
            return found[0]
    return ""


def _numbers(text):
    """The numbers in a text; one that is written oddly counts as none that may be said."""
    parts = re.split(r"x|, ", text)
    return {int(p) if len(p) < 10 and str(int(p)) == p else None for p in parts}


def _stands(line, source, own):
    """Whether a line with this text and number in its cell is one of a function's own."""
    lines = source.splitlines()
    marked = rules.CELL in lines
    for i in own:
        start = i - line["number"] + 1
        if i < len(lines) and lines[i].strip() == line["text"] and start >= 0:
            before = lines[start - 1].rstrip() if start else rules.CELL
            if before == rules.CELL or (not marked and not before):
                return True
    return False
