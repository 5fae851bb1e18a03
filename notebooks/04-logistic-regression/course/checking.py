"""One way to check: `check("softmax")` tries your function on small examples, and says what is right and what is wrong.

The examples, with the usual mistakes, are in `checks.py` beside the notebook.
"""

import inspect
import runpy
import sys
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch

from .ready_made import ready_made
from .wording import as_text

FILE = "checks.py"


class CheckError(AssertionError):
    """A check that failed. A notebook shows its message alone: the way to it says nothing to a student.

    message: what is wrong. answer: what would be right, for who may be told; it follows the message.
    """

    def __init__(self, message, answer=""):
        super().__init__(message + answer)
        self.message = message

    def _render_traceback_(self):  # asked for by IPython
        return str(self).splitlines()


@dataclass(frozen=True)
class _Check:
    examples: object
    hint: str
    look: str
    by_hand: bool


_checks = {}  # of the notebook's checks.py, by name
_failures = Counter()  # how often in a row, in this session


def checks(name, hint="", look="", by_hand=True):
    """Mark a function of checks.py as the check `name`. Its arguments are what it needs of the notebook, by their names there.

    hint: what a second failure in a row adds. look: what a third adds, where to read on. by_hand: whether it is to be written
    without what libraries have ready-made.
    """

    def keep(examples):
        _checks[name] = _Check(examples, hint, look, by_hand)
        return examples

    return keep


def check(name):
    """Try what you wrote on small examples. Prints `ok` for each that is right; raises CheckError at the first that is not.

    An answer that is still `...` is left for later; of one that was derived and entered it is never told what is right.
    """
    notebook = sys._getframe(1).f_globals
    tried = _find(name)
    needed = []
    try:
        needed += [_written(part, notebook) for part in inspect.signature(tried.examples).parameters]
        if any(part is ... for part in needed):
            print(f"{name}: no answer yet. Replace the ... above, then run this cell.")
            return
        tried.examples(*needed)
        written = notebook.get(name)
        if tried.by_hand and callable(written) and (found := ready_made(written, notebook)):
            raise CheckError(f"the results are right, but `{found}` is ready-made. The course has you write it with tensors.")
    except Exception as error:
        _failures[name] += not isinstance(error, NotImplementedError)  # nothing has been tried yet
        entered = needed and not any(map(callable, needed))
        said = _said_of_an_answer(name, error, needed) if entered else _said_of_code(name, error, notebook)
        raise CheckError("\n".join([*said, *_more(tried, _failures[name])])) from None
    _failures.pop(name, None)


def expect(what, received, expected, mistakes=None, tolerance=1e-4):
    """Say that `received` is right, or raise a CheckError that says what is wrong.

    what: a few words that name what is checked.
    mistakes: {sentence: the value that this mistake gives}; a match is the message.
    tolerance: the largest difference that counts as equal, relative for numbers above 1.
    """
    if _same(received, expected, tolerance):
        print(f"ok  {what}")
        return
    made = (sentence for sentence, value in (mistakes or {}).items() if _same(received, value, tolerance))
    raise CheckError(
        f"{what}: {next(made, 'not right yet')}\n  received: {as_text(received)}",
        f"\n  expected: {as_text(expected)}{_where(received, expected, tolerance)}",
    )


def _find(name):
    if name not in _checks:
        if not Path(FILE).exists():
            raise CheckError(f"There is no {FILE} beside this notebook. Copy the whole folder, not the notebook alone.")
        runpy.run_path(FILE)
    if name not in _checks:
        raise CheckError(f"There is no check {name!r}. There are: {', '.join(_checks)}.")
    return _checks[name]


def _written(name, notebook):
    if name not in notebook:
        raise CheckError(f"{name} is not there yet: run the cell that defines it.")
    return notebook[name]


def _said_of_code(name, error, notebook):
    """What is wrong with what a student wrote: received and expected, or where it stopped."""
    if isinstance(error, AssertionError) and str(error):
        yield str(error)
    elif isinstance(error, NotImplementedError):
        yield f"{name} is not written yet."
    else:
        yield f"{name} stopped with {type(error).__name__}: {error}"
        file = getattr(getattr(notebook.get(name), "__code__", None), "co_filename", None)
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == file:
                yield f"  in line {frame.lineno} of its cell: {frame.line}"


def _said_of_an_answer(name, error, answers):
    """What is wrong with what a student derived and entered; never what is right."""
    if isinstance(error, CheckError):
        yield error.message
    else:
        yield f"{name}: that is not the kind of answer that is asked for\n  received: {', '.join(map(as_text, answers))}"


def _more(tried, failures):
    """What the second and the third failure in a row add."""
    if failures > 1 and tried.hint:
        yield f"\nHint: {tried.hint}"
    if failures > 2 and tried.look:
        yield f"Where to look: {tried.look}"


def _same(a, b, tolerance):
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.shape == b.shape and a.dtype == b.dtype and torch.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(_same(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):  # NumPy's float64 is one, too
        return a == b or abs(a - b) <= tolerance * max(1, abs(b))
    return type(a) is type(b) and a == b


def _where(received, expected, tolerance):
    """The first entry that differs, of tensors that are too large to be shown."""
    tensors = isinstance(received, torch.Tensor) and isinstance(expected, torch.Tensor)
    if not tensors or received.shape != expected.shape or received.dtype != expected.dtype or expected.numel() <= 12:
        return ""
    entry = (~torch.isclose(received, expected, rtol=tolerance, atol=tolerance, equal_nan=True)).nonzero()[0].tolist()
    got, wanted = (as_text(tensor[tuple(entry)].item()) for tensor in (received, expected))
    return f"\n  the first entry that differs is {entry}: {got}, expected {wanted}"
