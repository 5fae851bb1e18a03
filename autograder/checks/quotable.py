"""The one gate between what a student's process says and what is repeated to the student.

That process is a stranger: it has seen the hidden inputs, and can put what it likes into a message, the name of a type, the
length of a list. So what passes is taken from closed lists: words of Python's, torch's and ours, lines and words of the
function's own source, numbers that are sizes of the case. All else becomes "something else". How many messages that leaves,
README.md says and tests/test_quotable.py counts.
"""

import math
import re
from dataclasses import replace

import numpy

from . import rules
from .evaluate import Failure, Other
from .messages import TENSOR
from .tolerance import is_numbers

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
WIDE = "{} of a shape that fits nothing in this case"
# Of FORMS, an exception's type and message: what may stand in the open places. W a word of the line, T a type, N a number,
# S two sizes, L a shape, ...
PLACES = {"W": r"\w+", "T": r"\w+", "N": r"-?\d+", "S": r"\d+x\d+", "L": r"-?\d+(?:, -?\d+)?", "M": r"[\w.]+"}
PLACES |= {"D": r"\w+(?: char)?", "O": r"[-+*/@%&|^<>=]+(?: or pow\(\))?"}
FORMS = (
    "NameError: name '{W}' is not defined",
    "UnboundLocalError: cannot access local variable '{W}' where it is not associated with a value",
    "AttributeError: '{T}' object has no attribute '{W}'",
    "AttributeError: module '{M}' has no attribute '{W}'",
    "TypeError: '{T}' object is not callable",
    "TypeError: '{T}' object is not iterable",
    "TypeError: '{T}' object is not subscriptable",
    "TypeError: '{T}' object does not support item assignment",
    "TypeError: unsupported operand type(s) for {O}: '{T}' and '{T}'",
    "TypeError: {W}() takes {N} positional argument but {N} were given",
    "TypeError: {W}() takes {N} positional arguments but {N} were given",
    "TypeError: {W}() takes {N} positional arguments but {N} was given",
    "TypeError: {W}() missing {N} required positional argument: '{W}'",
    "TypeError: {W}() missing {N} required positional arguments",
    "TypeError: {W}() got an unexpected keyword argument '{W}'",
    "ValueError: too many values to unpack (expected {N})",
    "ValueError: not enough values to unpack (expected {N}, got {N})",
    "TooLarge: more than 100,000 items",
    "TooLarge: more than 33,554,432 bytes",
    "TooLarge: more than 64 bits",
    "IndexError: list index out of range",
    "IndexError: tuple index out of range",
    "IndexError: string index out of range",
    "ZeroDivisionError: division by zero",
    "ZeroDivisionError: float division by zero",
    "ZeroDivisionError: integer division or modulo by zero",
    "RecursionError: maximum recursion depth exceeded",
    "RuntimeError: The size of tensor a ({N}) must match the size of tensor b ({N}) at non-singleton dimension {N}",
    "RuntimeError: The size of tensor a ({N}) must match the size of tensor b ({N})",
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied ({S} and {S})",
    "RuntimeError: size mismatch, got input ({N}), mat ({S}), vec ({N})",
    "RuntimeError: mat1 must be a matrix, got {N}-D tensor",
    "RuntimeError: {N}D tensors expected, but got {N}D and {N}D tensors",
    "RuntimeError: expected m1 and m2 to have the same dtype, but got: {D} != {D}",
    "RuntimeError: expected mat1 and mat2 to have the same dtype, but got: {D} != {D}",
    "RuntimeError: expected scalar type {D} but found {D}",
    "IndexError: Dimension out of range (expected to be in range of [{N}, {N}], but got {N})",
    "IndexError: index {N} is out of bounds for dimension {N} with size {N}",
    "IndexError: index {N} is out of bounds for axis {N} with size {N}",
    "RuntimeError: shape '[{L}]' is invalid for input of size {N}",
    "RuntimeError: Tensors must have same number of dimensions: got {N} and {N}",
    "RuntimeError: Boolean value of Tensor with more than one value is ambiguous",
    "RuntimeError: a Tensor with {N} elements cannot be converted to Scalar",
    "RuntimeError: result type {D} can't be cast to the desired output type {D}",
    "RuntimeError: mean(): could not infer output dtype",
    "IndexError: tensors used as indices must be long, int, byte or bool tensors",
    "RuntimeError: Can't call numpy() on Tensor that requires grad",
)


def _pattern(form):
    parts = re.split(r"\{(\w)\}", form)
    return re.compile("".join(f"({PLACES[p]})" if i % 2 else re.escape(p) for i, p in enumerate(parts))), parts[1::2]


NUMBERS = (numpy.ndarray, TENSOR)
PATTERNS = [_pattern(form) for form in FORMS]


def quotable(value, source, known, function):
    """`value`, a tree of evidence, as far as it may be described to its author.

    source: the student's notebook. known: the inputs and the right result of the case, as trees; what fits no size of them
    could be there to tell something. function: the exercise's name; lines and words are repeated only from what it is made of.
    """
    shapes = sizes(known)
    axes = 1 + max((t.ndim for t in _leaves(known, NUMBERS)), default=1)
    keys = {k for d in _leaves(known, dict) for k in d}

    def allowed(value):
        if isinstance(value, Failure):
            return _failure(value, source, shapes, function)
        if isinstance(value, Other):
            return value if value.type in KNOWN_TYPES else Other("something else")
        if is_numbers(value):
            name = "a tensor" if isinstance(value, TENSOR) else "a NumPy array"
            return value if value.ndim <= axes and shapes.issuperset(value.shape) else Other(WIDE.format(name))
        if isinstance(value, list | tuple | set | frozenset):
            fits = len(value) in shapes
            return type(value)(map(allowed, value)) if fits else Other(LONG.format(f"a {type(value).__name__}"))
        if isinstance(value, dict):
            more = {"another": None} if value.keys() - keys else {}
            return {k: allowed(v) for k, v in value.items() if k in keys} | more
        return value

    return allowed(value)


def sizes(known):
    """The numbers that may be said about a case: small ones, and the sizes of its tensors, lists and dicts."""
    tensors, rows = _leaves(known, NUMBERS), _leaves(known, list | tuple | set | frozenset | dict)
    found = {n for t in tensors for n in (*t.shape, math.prod(t.shape))} | {len(row) for row in rows}
    return SMALL | set(sorted(found - SMALL)[:MOST_SIZES])


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
    places = [line["text"] if line else "", *(lines[n] for n in own if lines[n : n + 1] and "def " in lines[n])]
    words = {function, *(re.findall(r"[^\W\d]\w*", " ".join(places))[:MOST_WORDS])}
    return replace(
        failure,
        type=failure.type if failure.type in ERRORS else "an error",
        message=_message(failure, shapes, words),
        line=line,
    )


def _message(failure, shapes, words):
    """The beginning of a message of a known form, if it is of this type and all open places hold what they may; else nothing."""
    text = re.sub(r"^\w+\.(?=\w+\(\) )", "", failure.message)  # a method's class, which Python puts before its name
    closed = {"W": words, "T": NAMES, "M": LIBRARIES, "O": OPERATORS, "D": DTYPES | {"unsigned char", "signed char"}}
    for pattern, places in PATTERNS:
        if found := pattern.match(f"{failure.type}: {text}"):
            for place, word in zip(places, found.groups(), strict=True):
                inside = word in closed[place] if place in closed else _numbers(word) <= shapes
                if not inside:
                    return ""
            return found[0].partition(": ")[2]
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
