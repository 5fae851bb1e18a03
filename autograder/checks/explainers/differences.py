"""Say how a wrong result differs from the right one, from a fixed list, when no recorded mistake explains it.

No sentence holds a value of the right result or of a hidden input; shapes, dtypes and lengths may be said.
"""

import re

import numpy

from ..evaluate import Failure, Other
from ..messages import TENSOR
from ..tolerance import array, dtype, is_numbers, magnitude, same

MOST_SHOWN = 160  # characters of an exception's message
# These say no more than where.
UNSURE = re.compile(r"not as it should be|is (wrong|too large|too small)( everywhere| nearly | in |\.)|not distributed as")
NEARLY_ALL = 0.9
MOST_TOLD = 100  # by which a number of a view is off: more is said as more


def structure(value, right, where=()):
    """The first place where two trees differ in kind, length, keys, shape or dtype, as a sentence; None if nowhere."""
    it = subject(where)
    if is_numbers(right) and kind(value) == kind(right):
        if value.shape != right.shape:
            return f"{it} has shape {tuple(value.shape)} and should have {tuple(right.shape)}.{_shape_hint(value, right)}"
        if value.dtype != right.dtype:
            return f"{it} is of dtype {dtype(value)} and should be {dtype(right)}."
    elif isinstance(right, list | tuple) and isinstance(value, list | tuple):
        if len(value) != len(right):
            return f"{it} has {len(value)} items and should have {len(right)}."
        return next((s for i, (v, r) in enumerate(zip(value, right, strict=True)) if (s := structure(v, r, (*where, i)))), None)
    elif isinstance(right, set | frozenset) and isinstance(value, set | frozenset):
        return f"{it} has {len(value)} items and should have {len(right)}." if len(value) != len(right) else None
    elif isinstance(right, dict) and isinstance(value, dict):
        if missing := [k for k in right if k not in value]:
            return f"{it} has no key {missing[0]!r}." if isinstance(missing[0], str) else f"{it} lacks a key."
        if len(value) > len(right):
            return f"{it} has {len(value) - len(right)} keys too many."
        return next((s for k, step in steps_into(right) if (s := structure(value[k], right[k], (*where, step)))), None)
    elif isinstance(value, Other) and value.type.startswith(kind(right)):  # of which quotable.py keeps the size to itself
        what = f"the shape {tuple(right.shape)}, and has another" if is_numbers(right) else f"{len(right)} items, and has not"
        return f"{it} should have {what}."
    elif kind(value) != kind(right) and (kind(value), kind(right)) != ("an int", "a float"):
        if value is None and where and isinstance(where[-1], str):
            return f"{it} is missing, or None; it should be {kind(right)}."
        if value is None:
            return f"{it} is None: is a `return` missing?"
        return f"{it} is {kind(value)} and should be {kind(right)}.{_kind_hint(value, right)}"
    return None


def kind(value):
    """The kind of a leaf or tree, with its article."""
    if isinstance(value, Other) and value.type.startswith("a "):
        return value.type
    if isinstance(value, Other):
        if value.type in ("function", "method", "builtin_function_or_method"):
            return "a function (is there a pair of parentheses missing?)"
        return f"of type {value.type}"
    if is_numbers(value):
        return "a tensor" if isinstance(value, TENSOR) else "a NumPy array"
    if value is None:
        return "None"
    return {int: "an int", complex: "a complex number"}.get(type(value)) or f"a {type(value).__name__}"


def steps_into(items):
    """(key, what a place in a dict is called): a name by itself, another key by its number, for it may be a hidden input."""
    return [(key, key if isinstance(key, str) else number) for number, key in enumerate(items)]


def subject(where):
    """How a sentence names the place in a result."""
    if not where:
        return "Your result"
    *outer, last = where
    name = f"Item {last + 1}" if isinstance(last, int) else f"`{last}`"
    return name if not outer or isinstance(last, str) else f"{name} of {inside(subject(outer))}"


def inside(it):
    """A subject that does not begin the sentence."""
    return it[0].lower() + it[1:]


def leaves(value, right, where=()):
    """(place, leaf, right leaf) of two trees of the same structure."""
    if isinstance(right, list | tuple):
        for i, (v, r) in enumerate(zip(value, right, strict=True)):
            yield from leaves(v, r, (*where, i))
    elif isinstance(right, dict):
        for k, step in steps_into(right):
            yield from leaves(value[k], right[k], (*where, step))
    else:
        yield where, value, right


def numbers(trees):
    """How many different finite numbers are in trees."""
    flat = [leaf for tree in trees for _, leaf, _ in leaves(tree, tree)]
    values = [numpy.ravel(array(v)).astype(float) for v in flat if numeric(v)]
    together = numpy.concatenate([*values, []])
    return len(numpy.unique(together[numpy.isfinite(together)]))


def wrong_leaves(value, right, trial):
    """Those leaves that are not equal."""
    return [leaf for leaf in leaves(value, right) if not same(leaf[1], leaf[2], trial.case.tolerance, trial.scale)]


def not_finite(value, right, trial, large=False):
    """Where a result becomes NaN or infinite, if it does where the right one is not. large: whether only large inputs fail."""
    for where, a, b in wrong_leaves(value, right, trial):
        a, b = numpy.asarray(array(a)), numpy.asarray(array(b))
        if a.dtype.kind != "f":
            continue
        bad = numpy.asarray(~numpy.isfinite(a) & numpy.isfinite(b))
        if not bad.any():
            continue
        name = "NaN" if numpy.isnan(a[bad]).any() else "infinite" if (a[bad] > 0).any() else "minus infinity"
        if bad.all() or a.ndim == 0:
            return f"{subject(where)} is {name}.{' These inputs are large: does something overflow, or vanish?' if large else ''}"
        rows = bad.reshape(len(bad), -1).any(axis=1)
        place = f"in {int(rows.sum())} of {len(rows)} rows, the first is row {rows.argmax()}"
        for input_name, x in trial.inputs.items():
            x = array(x)
            if isinstance(x, numpy.ndarray) and x.ndim and len(x) == len(rows) and not rows.all():
                size = numpy.abs(x.astype(float)).reshape(len(x), -1).max(axis=1)
                if size[rows].min() > size[~rows].max():
                    place = f"in {int(rows.sum())} of {len(rows)} rows, those with the largest numbers in `{input_name}`"
        return f"{subject(where)} is {name} {place}."
    return None


def wrong_place(value, right, trial):
    """How a sentence names the place that is wrong: that of the only wrong leaf, else the whole."""
    wrong = wrong_leaves(value, right, trial)
    return subject(wrong[0][0] if len(wrong) == 1 else ())


@numpy.errstate(all="ignore")
def places(value, right, trial):
    """Where a result is wrong, when there is nothing better to say."""
    where, a, b = wrong_leaves(value, right, trial)[0]
    it = subject(where)
    if isinstance(a, bool) and isinstance(b, bool):
        return f"{f'{it}: this' if where else 'This'} is {'' if a else 'not '}so, and should {'not ' if a else ''}be."
    if trial.case.view and type(a) is type(b) is int and any(isinstance(step, str) for step in where):  # a count with a name
        amount = abs(a - b) if abs(a - b) <= MOST_TOLD else f"more than {MOST_TOLD}"
        if b == 0:
            return f"{it}: {amount}; there should be none."
        return f"{it} is too {'large' if a > b else 'small'} by {amount}."
    if trial.case.view and isinstance(a, str) and isinstance(b, str):  # a view's own words: a dtype, a kind
        return f"{it} is `{a}` and should be `{b}`."
    if not numeric(a) or not numeric(b) or trial.case.view:
        return f"{it}: not as it should be."
    a, b = floats(a), floats(b)
    coarse = [x.astype("float32") for x in (a, b)]
    if b.dtype == "float64" and is_numbers(right) and same(*coarse, "float32", trial.scale):
        return f"{it} is right only to the digits of float32: is a number on the way not float64, or is there an epsilon?"
    if trial.case.tolerance == "statistical":
        return f"{it} is not distributed as it should be: compare its mean, its spread and its shape with what is asked for."
    error, size = numpy.abs(a - b), numpy.abs(b)
    if (error <= 1e-3 * size).all():
        return f"{it} is nearly right, off by less than one in a thousand: is there an epsilon, or a rounding?"
    if (error <= 0.01 * size).all():
        return f"{it} is nearly right, off by less than 1 %."
    off = error > 1e-4 * numpy.maximum(size, magnitude(b))
    if b.size > 1 and (a == a.flat[0]).all() and not (b == b.flat[0]).all():
        return f"{it} is one and the same number everywhere."
    if b.ndim == 2 and len(b) > 1 and (a == a[0]).all() and not (b == b[0]).all():
        return f"{it} has the same numbers in every row."
    if b.ndim == 2 and (a == a[:, :1]).all() and not (b == b[:, :1]).all():
        return f"{it} has one and the same number throughout each row."
    if b.size > 1 and numpy.isin(a, (0, 1)).all() and not numpy.isin(b, (0, 1)).all():
        return f"{it} holds nothing but 0 and 1."
    if b.size > 1 and (b == 0).all():
        return f"{it} should be 0 everywhere."
    if (b[off] == 0).all() and not (b == 0).all():
        return f"{it} is wrong only where it should be 0."
    if a.ndim and 0 < off.mean() <= NEARLY_ALL:
        rows = off.reshape(len(off), -1).any(axis=1)
        if rows.sum() < len(rows):
            if rows.sum() == 1 and rows[-1]:
                return f"{it} is wrong in the last row only."
            return f"{it} is wrong in {int(rows.sum())} of {len(rows)} rows, the first is row {rows.argmax()}."
        return f"{it} is wrong in {int(off.sum())} of {off.size} entries."
    for word, wrong in {"large": a > b, "small": a < b}.items():
        if wrong.all():
            return f"{it} is too {word}{' everywhere' if a.ndim else ''}."
    where = "" if not a.ndim or not off.any() else " everywhere" if off.all() else " nearly everywhere"
    return f"{it} is wrong{where}."


# How a message begins where there is no function of the student's own yet.
NOT_WRITTEN = ("You have not", "There is no `")


def failure(error, exercise):
    """What to tell a student about an exception of their code."""
    if error.type == "":
        return error.message
    if error.type == "NotImplementedError" and (not error.line or "raise" in error.line["text"]):  # else it is torch's
        return f"You have not written `{exercise}` yet."
    if error.type == "NameError" and f"'{exercise}'" in error.message:
        return f"There is no `{exercise}` in your notebook."
    # What a student's own `raise` says may quote hidden inputs; so may the digits of a number.
    own = error.line and re.search(r"\b(raise|assert)\b", error.line["text"])
    text = re.sub(r"-?\d*\.\d+(e[-+]?\d+)?|-?\d{4,}", "...", " ".join(error.message.split()))[:MOST_SHOWN]
    said = f"{error.type}: {text}" if text and not own else error.type
    if error.line:
        return f"Your code stops at line {error.line['number']} of its cell, `{error.line['text']}`: {said}"
    used = "Calling it" if "() " in error.message else "Calling it, or using its result,"  # Python names what is called wrongly
    return f"{used} as its docstring says stops with {said}"


def wrong_failure(value, right, exercise):
    """The sentence where a result or an exception stands for another exception than the one asked for, or for a result."""
    if isinstance(right, Failure) and isinstance(value, Failure):
        if value.type in ("", "NotImplementedError", "NameError"):
            return failure(value, exercise)
        return f"This input should raise {right.type}. {failure(value, exercise)}"
    if isinstance(right, Failure):
        return f"This input should raise {right.type}; your function returns a result as if all were well."
    return failure(value, exercise)


def near(a, b, trial):
    """Whether two arrays are equal within the case's tolerance, indices within that of floats."""
    tolerance = "float32" if trial.case.tolerance == "exact" else trial.case.tolerance
    return same(a, numpy.asarray(b, a.dtype), tolerance, trial.scale)


def numeric(leaf):
    """Whether a leaf is a real number, or holds such."""
    return "complex" not in dtype(leaf) if is_numbers(leaf) else type(leaf) in (int, float)


def floats(leaf):
    """As an array of floating-point numbers: a float has the digits of float32, because it may come from a float32 tensor."""
    leaf = array(leaf)
    if isinstance(leaf, numpy.ndarray):
        return leaf if leaf.dtype.kind == "f" else leaf.astype(float)
    return numpy.array(leaf, "float32")


def tensors(trial):
    flat = [x for v in trial.inputs.values() for x in (v if isinstance(v, list | tuple) else [v])]
    return [x for x in flat if is_numbers(x)]


def floating(trial):
    return [x for x in tensors(trial) if "float" in dtype(x)]


def is_double(trial):
    return any(dtype(x) == "float64" for x in floating(trial))


def _shape_hint(value, right):
    a, b = tuple(value.shape), tuple(right.shape)
    if a == b[::-1] and a != b:
        return " Is it transposed?"
    if len(a) > len(b) and [n for n in a if n != 1] == [n for n in b if n != 1]:
        return " There is an axis of length 1 too many."
    if len(a) < len(b) and [n for n in a if n != 1] == [n for n in b if n != 1]:
        return " Is an axis of length 1 lost, by a squeeze or without keepdim?"
    if len(a) == len(b) + 1 and b and a[-len(b) :] == b and a[0] == b[0]:
        name = "tensor" if isinstance(value, TENSOR) else "array"
        return f" Was an (N, 1) {name} broadcast with an (N,) {name} to N x N?"
    if not a:
        return " Everything was reduced to one number."
    return ""


def _kind_hint(value, right):
    if isinstance(value, TENSOR) and isinstance(right, float | int):
        return " Use .item()."
    if isinstance(value, numpy.ndarray) and isinstance(right, TENSOR):
        return " Use torch.from_numpy."
    return ""
