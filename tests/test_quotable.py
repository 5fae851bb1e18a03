"""The gate between a student's process and the messages: what a program can say about a hidden input is bounded."""

import math
import re

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.checks import join
from autograder.checks.evaluate import Failure, Other
from autograder.checks.explainers import differences
from autograder.checks.quotable import FORMS, LONG, MOST_SIZES, MOST_WORDS, NAMES, SMALL, WIDE, quotable, sizes, ways

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
leaves = (
    st.builds(Other, text)
    | failures
    | st.builds(lambda n, m: torch.zeros(n, m), st.integers(0, 99), st.integers(0, 99))
    | st.integers()
    | text
)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=9) | st.dictionaries(text, inner, max_size=5), max_leaves=9)


def parts(tree):
    yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list | tuple) else ():
        yield from parts(inner)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(trees)
def test_what_passes_is_of_closed_lists_and_sizes(tree):
    allowed = sizes(KNOWN)
    for part in parts(quotable(tree, SOURCE, KNOWN, "f")):
        if isinstance(part, Other):
            assert part.type in {"something else", WIDE, LONG.format("a list"), "function", "module", "set", "bytes"}
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


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.lists(st.integers(0, 2**63), min_size=2, max_size=2, unique=True))
def test_programs_that_print_an_input_say_the_same_for_any(secrets):
    """A program that puts the hidden number where it can: into names, messages, lengths, shapes and keys."""
    said = []
    for secret in secrets:
        n = str(secret)
        evidence = [
            Other(f"module_{n}.accuracy"),
            Other(n),
            Failure(f"E{n}", n),
            Failure("TypeError", f"name 'x{n}' is not defined"),
        ]
        evidence += [Failure("RuntimeError", f"mat1 and mat2 shapes cannot be multiplied ({n}9x5 and {n}9x7)")]
        evidence += [
            Failure("KeyError", n, {"number": secret + 9, "text": "w = z @ z", "function": n}),
            [0] * (100 + secret % 900),
        ]
        evidence += [torch.zeros(100 + secret % 900, 2), {n: 1}]
        values = [quotable(e, SOURCE, KNOWN, "f") for e in evidence]
        said.append([differences.failure(v, "f") if isinstance(v, Failure) else differences.structure(v, 1.5) for v in values])
    assert said[0] == said[1]


def test_the_bits_that_remain_are_as_many_as_the_documentation_says():
    numbers = len(SMALL) + MOST_SIZES
    assert math.log2(ways(numbers, MOST_WORDS + 1)) <= 31
    assert len(sizes([{"z": torch.zeros(*range(2, 30)[:9])}, [torch.zeros(n) for n in range(99)]])) <= numbers
    assert "Tensor" in NAMES
