"""Evaluate cases: in this process, or in a student's kernel. Both sides run the same agent, and no check may assume which."""

import base64
import binascii
import linecache
import marshal
import re
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Protocol

import numpy

from . import agent, messages
from .format import ExerciseError
from .inputs import ArrayGenerator, Folder
from .messages import torch

MOST_LINES = 500_000  # of one evaluation of code that nobody wrote; two halves of two loops may never end
MOST_SECONDS = 0.5  # of CPU time, of one evaluation of an edited function; it may never end
# The global random states, by the names that the agent gives them.
GENERATORS = frozenset({"torch", "numpy", "random"})


KINDS = "a tensor, a NumPy array, a number, a str, None, or a list, tuple, set or dict of them"  # that are sent and compared
UNREADABLE = "The answer of your notebook cannot be read."
MOST_DETAIL = 2000  # characters of what came instead of an answer
# Read once: a kernel gets the agent that this process knows, also while somebody edits the files. There it is one program,
# compiled here: to compile it for each request took a kernel longer than most answers. Kernels run this very Python.
_TEXTS = [files(__package__).joinpath(name).read_text() for name in ("messages.py", "agent.py")]
_AGENT = compile(re.sub(r"(?m)^from \.messages .*$", "", "\n".join(_TEXTS)), "<string>", "exec")
AGENT = base64.b64encode(marshal.dumps(_AGENT)).decode()


class NoEvidence(Exception):
    """Nothing that could be judged came back; the message says why, to the student.

    detail: what came instead. A stranger's process says it, and it may hold hidden inputs: for the instructor's log alone.
    """

    def __init__(self, message, detail=""):
        super().__init__(message)
        self.detail = detail[:MOST_DETAIL]


@dataclass(frozen=True)
class Other:
    """Stands for a result of a type that is not sent: a data frame, a function, a generator, ..."""

    type: str


@dataclass(frozen=True)
class Failure:
    """An exception of the student's code: its type and message, and the line (number, text, function; None if unknown)."""

    type: str
    message: str = ""
    line: dict | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one evaluation, or one case, gave. `value` is a tree of plain values, tensors, `Other`, or a `Failure`.

    changed: names of inputs. touched: global random states. grows: of a case, whether the work grows with the rows (None: not
    asked). counts: of one evaluation, how often each operation took place. used, calls: what the agent's `Watching` noted; it
    comes from the student's process, so it can accuse but not acquit.
    """

    value: object
    changed: frozenset = frozenset()
    touched: frozenset = frozenset()
    grows: bool | None = None
    counts: dict | None = None
    used: frozenset = frozenset()
    calls: dict = field(default_factory=dict)


class Evaluator(Protocol):
    """Where a student's functions can be called."""

    def evaluate(self, request: bytes) -> Outcome:
        """Send a request made by `request`. Raises NoEvidence."""

    def attempts(self, request: bytes, sources: list, seconds: float, lines: int | None = None) -> tuple:
        """The outcomes of a request with each of `sources` executed first, and put back afterwards, within CPU seconds.

        lines: of the student's code that each may execute, see `Watching`; None: any number.
        Returns ([Outcome, or None where there is none], the CPU seconds that it took). Raises NoEvidence.
        """


@dataclass(frozen=True, eq=False)
class LocalEvaluator:
    """The functions of a namespace of this process."""

    namespace: dict

    def evaluate(self, request):
        return read(agent.answer(request, self.namespace))

    def attempts(self, request, sources, seconds, lines=None):
        return read_answers(agent.answers(request, sources, seconds, MOST_SECONDS, lines, self.namespace), len(sources))


@dataclass(frozen=True, eq=False)
class LimitedEvaluator(LocalEvaluator):
    """For code that nobody wrote, such as two mistakes put together: fails after MOST_LINES lines."""

    def evaluate(self, request):
        try:
            return read(agent.answer(request, self.namespace, MOST_LINES))
        except agent.OutOfTime:
            return Outcome(Failure("Endless"), counts={})


@dataclass(frozen=True, eq=False)
class KernelEvaluator:
    """The functions of a student's kernel.

    ask: takes a Python expression, evaluates it in the student's namespace and returns the text of its value, a str;
    raises NoEvidence when there is no answer. ask_edited: the same for edits, if it differs.
    """

    ask: object
    ask_edited: object = None

    def evaluate(self, request):
        return read(self._call(self.ask, "answer", request))

    def attempts(self, request, sources, seconds, lines=None):
        answered = self._call(self.ask_edited or self.ask, "answers", request, sources, seconds, MOST_SECONDS, lines)
        return read_answers(answered, len(sources))

    def _call(self, ask, function, request, *others):
        text = ask(expression(function, request, *others))
        if not isinstance(text, str) or len(text) > 3 * messages.MOST_BYTES:
            raise NoEvidence(UNREADABLE, f"No text, or too long a one: {text!r:.200}")
        try:
            return base64.b64decode(text.strip().strip("'\""), validate=True)
        except (binascii.Error, ValueError) as error:
            raise NoEvidence(UNREADABLE, f"{error!r} for {text!r:.200}") from None


def expression(function, request, *others):
    """A Python expression that runs a function of the agent on a request where it is evaluated; its value is a base64 str."""
    encoded = base64.b64encode(request).decode()
    return (
        "(lambda scope, base64, marshal: ("
        f"exec(marshal.loads(base64.b64decode({AGENT!r})), scope), "
        f"base64.b64encode(scope[{function!r}](base64.b64decode({encoded!r}), *{others!r}, globals())).decode()"
        ")[1])({'__name__': 'agent'}, __import__('base64'), __import__('marshal'))"
    )


class _RequestEncoder(messages.Encoder):
    """Inputs, which must arrive as they are: raises ExerciseError for what cannot be sent."""

    def encode(self, value):
        if isinstance(value, messages.GENERATOR):
            return {"generator": value.initial_seed()}
        if isinstance(value, ArrayGenerator):
            return {"array generator": value.seed}
        if isinstance(value, Folder):
            contents = {n: numpy.frombuffer(bytearray(content or b"\0"), numpy.uint8) for n, content in value.files.items()}
            return {"folder": [[name, self.array(content)["tensor"]] for name, content in contents.items()]}
        encoded = super().encode(value)
        if isinstance(encoded, dict) and "other" in encoded:
            raise ExerciseError(f"a {encoded['other']} cannot be sent as an input; give {KINDS}, or make it in the case's code.")
        return encoded


def request(code, inputs, seed, counting=False):
    """The bytes that ask for the value of `code` on `inputs`; `seed` is for the global random states."""
    encoder = _RequestEncoder()
    message = {"code": code, "inputs": [[n, encoder.encode(v)] for n, v in inputs.items()], "seed": seed, "count": counting}
    return messages.pack(message, encoder.tensors)


def read(reply):
    """The outcome in a reply, which anyone may have written. Raises NoEvidence if it is not exactly of the form agreed upon."""
    try:
        message, tensors = messages.unpack(reply)
        failure = message.get("error")
        value = _value(message["result"], tensors) if failure is None else _failure(failure)
        changed, touched, used = (_names(message[key]) for key in ("changed", "touched", "used"))
        counts, calls = _counts(message["counts"]), _counts(message["calls"])
        return Outcome(value, changed, touched & GENERATORS, counts=counts, used=used, calls=calls)
    except Exception as error:  # whatever a hostile reply makes the parsers raise
        raise NoEvidence(UNREADABLE, f"{error!r} for {reply!r:.200}") from None


def read_answers(reply, most):
    """So many outcomes in a reply to `attempts` (None where there is none), and the CPU seconds. Raises NoEvidence."""
    try:
        message, replies = messages.unpack(reply)
        return [_read_one(replies.get(str(n))) for n in range(most)], max(0.0, float(message["seconds"]))
    except Exception as error:  # whatever a hostile reply makes the parsers raise
        raise NoEvidence(UNREADABLE, repr(error)) from None


def _read_one(reply):
    try:
        return None if reply is None else read(messages.brought(reply).tobytes())
    except NoEvidence:
        return None


class OutcomeEncoder(messages.Encoder):
    """Turns outcomes of ours into JSON, and collects their tensors; `decode_outcome` makes the same of it again."""

    def encode(self, value):
        return {"other": value.type} if isinstance(value, Other) else super().encode(value)

    def outcome(self, outcome):
        value = outcome.value
        tree = {"failure": vars(value)} if isinstance(value, Failure) else {"value": self.encode(value)}
        tree |= {"changed": sorted(outcome.changed), "touched": sorted(outcome.touched), "grows": outcome.grows}
        return tree | {"used": sorted(outcome.used), "calls": outcome.calls}


def decode_outcome(tree, tensors):
    """The outcome that an `OutcomeEncoder` has encoded."""
    value = Failure(**tree["failure"]) if "failure" in tree else _value(tree["value"], tensors)
    changed, touched, used = (frozenset(tree[key]) for key in ("changed", "touched", "used"))
    return Outcome(value, changed, touched, tree["grows"], used=used, calls=tree["calls"])


def _value(tree, tensors):
    if isinstance(tree, int) and tree.bit_length() > messages.MOST_BITS:  # a float or a tensor could not hold it
        raise ValueError
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    ((kind, content),) = tree.items()
    if kind == "array":
        ((kind, name),) = content.items()
        return messages.brought(tensors[name]) if kind == "tensor" else messages.complex_array(tensors[name])
    if kind == "tensor" and torch:
        return tensors[content]
    if kind == "complex tensor":
        return torch.view_as_complex(tensors[content])
    if kind == "complex":
        return complex(*content)
    if kind in messages.TREES and isinstance(content, list):
        return messages.TREES[kind](_value(v, tensors) for v in content)
    if kind == "dict":
        return {_value(k, tensors): _value(v, tensors) for k, v in content}
    if kind == "other" and isinstance(content, str):
        return Other(content[:100])
    raise ValueError(kind)


def _failure(error):
    line = error["line"]
    if line is not None:
        line = {"number": int(line["number"]), "text": str(line["text"])[:200], "function": str(line["function"])[:100]}
    return Failure(str(error["type"])[:100] or "an error", str(error["message"])[:300], line)


def _names(names):
    if len(names) > messages.MOST_NAMES or not all(isinstance(n, str) and len(n) <= messages.MOST_NAME for n in names):
        raise ValueError
    return frozenset(names)


def _counts(counts):
    if not all(isinstance(n, int) for n in counts.values()):
        raise ValueError
    return counts


@lru_cache(maxsize=1024)
def _compiled(source, name):
    filename = f"<{name} {hash(source)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    with warnings.catch_warnings():  # Python's doubts about a mutant are of no interest
        warnings.simplefilter("ignore", SyntaxWarning)
        return compile(source, filename, "exec")


def run(source, namespace, name="cell"):
    """Execute source in a namespace, known to `linecache`, so that an error can quote its line."""
    exec(_compiled(source, name), namespace)
