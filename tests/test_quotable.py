"""The gate between a student's process and the messages: what a program can say about a hidden input is bounded."""

import math
import re

import numpy
import pytest
import torch
from conftest import COURSE
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor

from autograder.checks import LocalEvaluator, Reference, case, exercise, integers, join, judge, load
from autograder.checks.evaluate import GENERATORS, Failure, Other, Outcome, run
from autograder.checks.explainers.differences import MOST_TOLD, leaves
from autograder.checks.explainers.repaired import MOST_EDITS, MOST_PLACES
from autograder.checks.known import known
from autograder.checks.quotable import (
    DTYPES,
    ERRORS,
    FORMS,
    LIBRARIES,
    LONG,
    MOST_LINES,
    MOST_SIZES,
    MOST_WORDS,
    NAMES,
    OPERATORS,
    PATTERNS,
    SMALL,
    WIDE,
    _leaves,
    quotable,
    sizes,
)
from autograder.checks.tolerance import array

SOURCE = join(["secret_of_another_cell = 1", "def f(z):\n    w = z @ z\n    return w[0] + other"])
KNOWN = [{"z": torch.zeros(5, 7)}, {"loss": torch.zeros(()), "rows": [1, 2, 3]}]
text = st.text(max_size=30) | st.sampled_from(
    ["f", "z", "w", "secret_of_another_cell", "Tensor", "728391456", "5", "7", "5x7", "7281x3"]
)
forms = st.builds(
    lambda form, fills: re.sub(r"\{\w\}", lambda _: fills.pop() if fills else "5", form), st.sampled_from(FORMS), st.lists(text)
)
lines = st.fixed_dictionaries(
    {"number": st.integers(-5, 10**6), "text": text | st.sampled_from(SOURCE.splitlines()).map(str.strip), "function": text}
)
failures = st.builds(Failure, text | st.sampled_from(["TypeError", "KeyError"]), text | forms, st.none() | lines)
parts_told = (
    st.builds(Other, text)
    | failures
    | st.builds(lambda n, m: torch.zeros(n, m), st.integers(0, 99), st.integers(0, 99))
    | st.integers()
    | text
)
trees = st.recursive(
    parts_told, lambda inner: st.lists(inner, max_size=9) | st.dictionaries(text, inner, max_size=5), max_leaves=9
)


def parts(tree):
    yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list | tuple) else ():
        yield from parts(inner)


def test_a_call_of_a_method_is_told_without_its_class():
    source = join(
        ["class Layer:\n    def forward(self, x):\n        return x\n\n    def backward(self, dy, x):\n        return dy"]
    )
    for word, told in {"x": "backward() missing 1 required positional argument: 'x'", "y728": ""}.items():
        failure = Failure("TypeError", f"Layer.backward() missing 1 required positional argument: '{word}'", None)
        assert quotable(failure, source, KNOWN, "Layer").message == told


@settings(deadline=None, max_examples=300, derandomize=True)
@given(trees)
def test_what_passes_is_of_closed_lists_and_sizes(tree):
    allowed = sizes(KNOWN)
    for part in parts(quotable(tree, SOURCE, KNOWN, "f")):
        if isinstance(part, Other):
            ours = {"something else", WIDE.format("a tensor"), LONG.format("a list")}
            assert part.type in ours | {"function", "module", "set", "bytes"}
        elif isinstance(part, Failure) and part.type:
            assert part.type in ("TypeError", "KeyError", "an error")
            assert {int(n) for n in re.findall(r"-?\d+", part.message)} - {100, 0, 33, 554, 432, 64} <= allowed | {
                -n for n in allowed
            }
            assert "secret" not in part.message
            assert part.line is None or part.line["text"] in [line.strip() for line in SOURCE.splitlines()[4:]]
        elif isinstance(part, torch.Tensor):
            assert allowed.issuperset(part.shape)
        elif isinstance(part, list):
            assert len(part) in allowed
        elif isinstance(part, dict):
            assert part.keys() <= {"z", "loss", "rows", "another"}


# The same through `judge`: a process that has seen a secret says what it likes, and the feedback is the same for another secret.

FIXED = tensor([[3, 1], [2, 7], [5, 5]])
TWO = exercise(
    "f",
    case("a batch", "f(z)", z=FIXED),
    case("drawn", "f(z, generator)", z=FIXED, generator=lambda g: torch.Generator().manual_seed(1)),
    mistakes={"You forget the rows.": "def f(z, generator=None): return {'a': z.sum(), 'b': [0.0, 1.5]}"},
)
RIGHT = "def f(z, generator=None): return {'a': z.sum(0), 'b': [0.0, 1.5]}"


class Solution:
    """A reference of one source text, for exercises that no assignment has."""

    digest, functions = "", frozenset()

    def __init__(self, source):
        self.source, self.solutions = source, {}

    def code(self, name):
        return self.source

    def namespace(self, source=""):
        made = {"torch": torch}
        run(self.source + "\n" + source, made)
        return made


class Forged:
    """A kernel that answers each question with an outcome of its own."""

    def __init__(self, outcomes):
        self.outcomes = outcomes

    def evaluate(self, request):
        return self.outcomes[len(request) % len(self.outcomes)]

    def attempts(self, request, sources, *limits):
        return [self.outcomes[n % len(self.outcomes)] for n in range(len(sources))], 0.1


# Every part of an outcome as a function of the secret, a number of nine digits.
words = st.sampled_from(
    ["{}", "x{}", "aten.{}", "torch.{}.softmax", "scipy.x{}.log_loss", "torch.nn.x{}", "f", "z", "autograd", "random"]
)
told = words.map(lambda word: lambda secret: word.format(secret))
forged = forms.map(lambda form: lambda secret: re.sub(r"\d{4,}", str(secret), form))
said = st.one_of(
    st.builds(
        lambda t, m, n: lambda s: Failure(t(s), m(s), {"number": s, "text": n(s), "function": n(s)}), told, told | forged, told
    ),
    st.builds(lambda t, m: lambda s: Failure(t, m(s), None), st.sampled_from(["TypeError", "RuntimeError", "NameError"]), forged),
    told.map(lambda t: lambda s: Other(t(s))),
    told,
    st.sampled_from(
        [lambda s: s, lambda s: float(s), lambda s: [0.5] * (100 + s % 900), lambda s: torch.zeros(100 + s % 900, 2)]
    ),
    st.sampled_from([lambda s: {s: 1}, lambda s: torch.tensor([s, s]), lambda s: {"a": torch.tensor([s, 1]), "b": [0.0, 1.5]}]),
)
said_of = st.builds(
    lambda value, changed, touched, used, calls: lambda s: Outcome(
        value(s),
        frozenset({changed(s)} & {"z", "generator"}),  # what `Trial.outcome` and `read` let through
        frozenset({touched(s)} & GENERATORS),
        used=frozenset({used(s)}),
        calls={calls(s): s},
    ),
    said, told, told, told, told,
)  # fmt: skip
nine = st.integers(10**8, 10**9 - 1)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.lists(said_of, min_size=1, max_size=3), st.lists(nine, min_size=2, max_size=2, unique=True))
def test_whatever_a_process_says_of_two_secrets_the_feedback_is_the_same(outcomes, secrets):
    source = "def f(z, generator=None):\n    return z.sum(0)"
    verdicts = [judge(TWO, Forged([o(s) for o in outcomes]), Solution(RIGHT), "x", source, say="nothing") for s in secrets]
    assert verdicts[0].cases == verdicts[1].cases and verdicts[0].flags == verdicts[1].flags


# Programs that compute `s`, a number that each set of inputs has another of, and tell it in the ways that are open. Beside each:
# how many ways the documentation allows for inputs of 6 rows.
NUMBERS = len(SMALL) + MOST_SIZES
ROWS = exercise("f", case("a batch", "f(z)", z=integers(6, 3, low=0, high=100)))
DOUBLE = "def f(z):\n    return 2 * z"
SHAPES = "f'mat1 and mat2 shapes cannot be multiplied ({s % 7}x{s % 11} and 2x3)'"
TELLS = {
    "the message": ("raise ValueError(f'{s}')", 1),
    "the name of the error": ("raise type(f'E{s}', (Exception,), {})()", 1),
    "the name of the type": ("return type(f'T{s}', (), {'__module__': f'm{s}'})()", 1),
    "a name": ("(_ for _ in ()).throw(NameError(f\"name 'x{s}' is not defined\"))", 1),
    "a text": ("return str(s)", 1),
    "a number": ("return s", 1),
    "a key": ("return {s: 1}", 1),
    "a large value": ("return 2 * z + s", 1),
    "the kind of the error": ("raise [ValueError, TypeError, KeyError, OSError, IndexError][s % 5]()", 5),
    "sizes": (f"(_ for _ in ()).throw(RuntimeError({SHAPES}))", NUMBERS**4),
    "a length": ("return [0] * (s % 40)", NUMBERS + 1),
    "a shape": ("return torch.zeros(s % 40, s % 7)", NUMBERS**2 + 1),
    "a dtype": ("return (2 * z).to([torch.int8, torch.int32, torch.float32, torch.bool][s % 4])", 4),
    "rows": ("w = 2 * z\n    w[[i for i in range(6) if s >> i & 1]] += 100000\n    return w", 6 * 6 + 2),
    "entries": ("w = 2 * z\n    w[:, : s % 4] += 100000\n    return w", 3 * 6 + 2),
    "rows that are NaN": ("w = 2.0 * z\n    w[s % 6 :] = torch.nan\n    return w.to([z.dtype, w.dtype][s % 2])", 3 * 36 + 3),
    "a factor": ("return 2 * z * [2, 3, 6, 18, -1][s % 5]", 60),
    "the line": ("\n    ".join(f"if s % 20 == {i}: raise ValueError" for i in range(20)), 20),
    "a line of another text": ("exec(compile('\\n' * (s % 99) + '1 / 0', 'x', 'exec'), globals())", 1),
    "an operation": ("return [torch.softmax, torch.log_softmax, torch.logsumexp, torch.argmax][s % 4](2.0 * z, -1)", 4),
    "what it changes": ("z[s % 6 :] += 1 - s % 2\n    return 2 * z", 2 + 6 * 6),
}  # fmt: skip


@pytest.mark.parametrize("how", TELLS)
def test_a_program_tells_no_more_than_the_documentation_says(how):
    body, most = TELLS[how]
    source = f"def f(z):\n    s = int((z * (1 + torch.arange(18).view(6, 3)) ** 2).sum())\n    {body}"
    said = set()
    for number in range(40):
        verdict = judge(
            ROWS, LocalEvaluator(Solution(source).namespace()), Solution(DOUBLE), f"set {number}", source, say="nothing"
        )
        said.add(tuple((c.passed, c.message) for c in verdict.cases))
    assert len(said) <= most
    assert len(said) > 1 or most == 1  # else this row shows nothing


def ways(numbers, words):
    """How many different sentences an exception can be told with, given how many numbers and words may be said."""
    positive = numbers - sum(n < 0 for n in SMALL)
    choices = {"W": words, "T": len(NAMES), "N": numbers, "S": positive**2, "L": numbers + numbers**2, "M": len(LIBRARIES)}
    choices |= {"D": len(DTYPES) + 2, "O": len(OPERATORS)}
    messages = sum(math.prod(choices[place] for place in places) for _, places in PATTERNS)
    return (1 + MOST_LINES) * (1 + len(ERRORS) + messages)


def sentences(trial, right):
    """At least as many as a wrong result can be told with, but for what is recorded."""
    arrays = [array(leaf) for _, leaf, _ in leaves(right, right)]
    axes = 1 + max((x.ndim for x in _leaves([trial.inputs, right], (numpy.ndarray, torch.Tensor))), default=1)
    shapes = len(arrays) * ((NUMBERS - sum(n < 0 for n in SMALL)) ** axes + 100)
    factors = len(arrays) * 16 * (3 * len(trial.inputs) + 5) * (1 + len(trial.inputs))
    parts = [(len(x), x.size) if getattr(x, "ndim", 0) else (1, 1) for x in arrays]
    places = sum(3 * rows**2 + 3 * rows * len(trial.inputs) + size + 2 * MOST_TOLD + 50 for rows, size in parts)
    return 4 * (shapes + factors + places + len(arrays) ** 2)


@pytest.mark.parametrize("assignment", COURSE.assignments)
def test_no_case_of_the_course_has_more_places_than_the_documentation_says(assignment):
    reference = Reference(COURSE, assignment)
    for each in load(COURSE, assignment).values():
        about = known(each, reference, "places")
        for trial, right in zip(about.trials, about.right, strict=True):
            if not isinstance(right.value, Failure):
                assert sentences(trial, right.value) <= 2**24, (each.name, trial.case.title)


class Choosing(Forged):
    """A kernel that fails, and lets two edits of its choice pass."""

    def __init__(self, right, secret):
        self.wrong, self.right, self.chosen, self.told = Failure("TypeError"), right, secret, 0

    def evaluate(self, request):
        return Outcome(self.wrong)

    def attempts(self, request, sources, *limits):
        first, self.told = self.told, self.told + len(sources)
        lucky = {self.chosen % 400, self.chosen // 400 % 400}
        return [Outcome(self.right if first + n in lucky else self.wrong) for n in range(len(sources))], 0.0


def test_a_kernel_that_chooses_which_edits_pass_tells_two_places_at_most():
    lines = [f"    a{n} = z[{n}] + {n + 9}" for n in range(200)]
    source = "\n".join(["def f(z):", *lines, "    return z"])
    said = set()
    for secret in (5, 77_123, 91_041, 150_399):
        kernel = Choosing(2 * ROWS.cases[0].draw(None, "x", "", "f")["z"], secret)
        messages = [c.message for c in judge(ROWS, kernel, Solution(DOUBLE), "x", source).cases if not c.passed]
        assert kernel.told <= MOST_EDITS + 60
        assert all(len(re.findall(r"line \d+", message)) <= MOST_PLACES for message in messages)
        said.update(messages)
    assert len(said) == 4  # it does tell something


def test_the_bits_that_remain_are_as_many_as_the_documentation_says():
    (bits,) = re.findall(r"no more than (\d+) bits", (COURSE.root / "autograder/checks/README.md").read_text())
    exceptions = ways(NUMBERS, MOST_WORDS + 1)
    place = 4 * MOST_EDITS  # of a line: what to look at, or not; the part that is shown, or not
    repairs = place + 2 * math.comb(MOST_EDITS, MOST_PLACES) + place**2
    assert exceptions <= 2**25 and repairs <= 2**25
    assert math.log2(exceptions + repairs + 2**24) <= int(bits)
    assert len(sizes([{"z": torch.zeros(*range(2, 30)[:9])}, [torch.zeros(n) for n in range(99)]])) <= NUMBERS
