# ruff: noqa: E501 (one line for each mistake)
"""The check engine: no luck in its verdicts, its diagnosis of what nobody recorded, and replies that nobody should send."""

import ast
import base64
import json
import os
import random
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from conftest import COURSE
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from autograder.checks import (
    Attempt,
    ExerciseError,
    KernelEvaluator,
    LocalEvaluator,
    NoEvidence,
    Reference,
    case,
    exercise,
    follow_through,
    following,
    generator,
    gradient,
    input_set,
    integers,
    judge,
    keep,
    labels,
    load,
    loop_free,
    normal,
)
from autograder.checks.agent import OutOfTime, limited_time
from autograder.checks.evaluate import Failure, LimitedEvaluator, run
from autograder.checks.explainers.changes import edits
from autograder.checks.explainers.compose import compose
from autograder.checks.known import Known
from autograder.checks.known import known as known_of
from autograder.checks.mutants import failing, mutants
from autograder.checks.proof import check, prove
from autograder.checks.quotable import quotable
from autograder.checks.tolerance import same
from autograder.course import Course
from autograder.judging.settings import SAY

ASSIGNMENTS = [a for a in COURSE.assignments if (COURSE.exercises / f"{a}.py").exists()]
reference = cache(Reference)
exercises = cache(load)


# ---- the exercises of the course


@pytest.mark.long
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_verdict_is_no_matter_of_luck(assignment):
    """Every mistake and every right one, and a tenth of the mutants, are judged alike under five of 30 secrets, each another five.

    `autograder check --all` proves that each is judged as it should be under one, and what is said; make runs it beside this.
    """
    solutions = reference(COURSE, assignment)
    for each in exercises(COURSE, assignment).values():
        about = [Known(each, solutions, f"secret {n}") for n in range(30)]
        sources = [*each.mistakes.values(), *each.alternatives.values()]
        sources += [m.source for m in mutants(solutions.code(each.name), tuple(solutions.solutions))[::10]]
        for i, source in enumerate(sources):
            found = [failing(about[i % 30], source)]
            found += [failing(about[(i + 6 * n) % 30], source, found[0] or 0) for n in range(1, 5)]
            assert len({one is None for one in found}) == 1, (each.name, source)


@cache
def partners(assignment, name, first):
    """The sources of `first` together with each other mistake that changes another place."""
    mistakes, solutions = exercises(COURSE, assignment)[name].mistakes.values(), reference(COURSE, assignment).source
    return [both for second in mistakes if second != first and (both := compose(first, second, solutions))]


@pytest.mark.long
@settings(max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_two_mistakes_at_once_never_crash_and_never_score_full_marks(data):
    assignment = data.draw(st.sampled_from(ASSIGNMENTS))
    name = data.draw(st.sampled_from(list(exercises(COURSE, assignment))))
    each, solutions = exercises(COURSE, assignment)[name], reference(COURSE, assignment)
    first = data.draw(st.sampled_from(list(each.mistakes.values())))
    assume(partners(assignment, name, first))
    source = data.draw(st.sampled_from(partners(assignment, name, first)))
    try:
        namespace = solutions.namespace(source)
    except ExerciseError:
        assume(False)
    verdict = judge(each, LimitedEvaluator(namespace), solutions, "compositions", source, say="nothing")
    assert 0 <= verdict.score < 1, source
    assert all(c.message for c in verdict.cases if not c.passed)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_an_untouched_release_earns_nothing(assignment):
    for each in exercises(COURSE, assignment).values():
        source = f"def {each.name}(*arguments, **named):\n    raise NotImplementedError()"
        for namespace in ({}, reference(COURSE, assignment).namespace(source)):
            verdict = judge(each, LocalEvaluator(namespace), reference(COURSE, assignment), "untouched", source)
            assert verdict.score == 0, each.name


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_functions_that_return_a_constant_earn_almost_nothing(assignment):
    for each in exercises(COURSE, assignment).values():
        for value in ("None", "0.0", "torch.zeros(())"):
            source = f"def {each.name}(*arguments, **named): return {value}"
            verdict = judge(
                each, LocalEvaluator(reference(COURSE, assignment).namespace(source)), reference(COURSE, assignment), "c", source
            )
            assert verdict.score < 0.5, (each.name, value)


# ---- a course of its own for what follows

NOTEBOOK = '''# %%
import torch

# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax(z):
    """Doc."""
    e = (z - z.max(dim=-1, keepdim=True).values).exp()
    return e / e.sum(dim=-1, keepdim=True)

# %% nbgrader={"grade": false, "grade_id": "loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def loss(z, y):
    z = z - z.max(dim=-1, keepdim=True).values
    return (z.exp().sum(dim=-1).log() - z[torch.arange(len(y)), y]).mean()

# %% nbgrader={"grade": false, "grade_id": "slope", "locked": false, "schema_version": 3, "solution": true, "task": false}
def slope(z, y):
    p = softmax(z)
    p[torch.arange(len(y)), y] -= 1
    return p / len(y)

# %% nbgrader={"grade": false, "grade_id": "shuffled", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shuffled(x, generator):
    return x[torch.randperm(len(x), generator=generator)]

# %% nbgrader={"grade": false, "grade_id": "step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def step(w, dw, lr):
    w -= lr * dw

# %% nbgrader={"grade": false, "grade_id": "digits", "locked": false, "schema_version": 3, "solution": true, "task": false}
def digits(z):
    if z.ndim != 2:
        raise ValueError("z is (N, C)")
    return z.argmax(dim=1)
'''


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("course"))
    (course.source / "a").mkdir(parents=True)
    (course.source / "a" / "a.py").write_text(NOTEBOOK)
    return Reference(course, "a")


SOFTMAX = exercise(
    "softmax",
    case("some rows", "softmax(z)", z=normal(5, 10)),
    case("fewer columns", "softmax(z)", z=normal(7, 3)),
    case("as many rows as columns", "softmax(z)", z=normal(6, 6)),
    case("large", "softmax(z)", z=lambda g: torch.cat([torch.randn(3, 4, generator=g), 1000 * torch.ones(1, 4)])),
    case("one row", "softmax(z)", weight=2, z=normal(1, 4)),
    case("float64", "softmax(z)", z=normal(4, 7, dtype=torch.float64)),
    loop_free("no loop over rows", "softmax(z)", z=lambda n: normal(n, 10)),
)
SLOPE = exercise(
    "slope",
    case("some rows", "slope(z, y)", z=normal(5, 4), y=labels(5, 4)),
    gradient(
        "with its loss", loss="loss(z, y)", grad="slope(z, y)", wrt="z", z=normal(5, 4, dtype=torch.float64), y=labels(5, 4)
    ),
)
SHUFFLED = exercise(
    "shuffled",
    case("shuffled", "shuffled(x, g)", view=lambda r, inputs: {"rows": r.sort().values, "moved": not r.equal(inputs["x"])},
         x=integers(200, high=1000), g=generator()),
)  # fmt: skip
COUNTED = exercise(
    "shuffled",
    case("lost", "shuffled(x, g)", view=lambda r, inputs: {"lost rows": len(inputs["x"]) - len(r)}, x=integers(9), g=generator()),
    case("kept", "shuffled(x, g)", view=lambda r, inputs: {"rows": len(r)}, x=integers(9), g=generator()),
)
STEP = exercise(
    "step",
    case("a step", "step(w, dw, lr); w", w=normal(4, 3), dw=normal(4, 3), lr=0.3),
    case("returns nothing", "step(w, dw, lr)", w=normal(4, 3), dw=normal(4, 3), lr=0.1),
    in_place=True,
)
DIGITS = exercise(
    "digits", case("digits", "digits(z)", z=normal(9, 10)), case("wrong shape", "digits(z)", raises=ValueError, z=normal(9))
)

USED = exercise(
    "softmax",
    case("its sum", "softmax(z).sum()", z=normal(5, 3)),
    case("a part", "{'part': 1.0 if hasattr(softmax(z), 'sum') else None}", z=normal(5, 3)),
)

REST = "\n    return (e / e.sum(dim=-1, keepdim=True))"
RIGHT = "def softmax(z):\n    e = (z - z.max(dim=-1, keepdim=True).values).exp()" + REST
# what is described without any recorded mistake: (exercise, source, what a message says)
DESCRIBED = [
    (SOFTMAX, "def softmax(z): pass", "is a `return` missing"),
    (SOFTMAX, "def softmax(z): raise NotImplementedError()", "You have not written `softmax` yet"),
    (SOFTMAX, "del softmax", "There is no `softmax`"),
    (SOFTMAX, "def softmax(z):\n    return z.wrong", "line 2 of its cell, `return z.wrong`: AttributeError"),
    (SOFTMAX, "def softmax(): return 1", "Calling it as its docstring says stops with TypeError"),
    (USED, "def softmax(z): return [z]", "Calling it, or using its result, as its docstring says stops with AttributeError"),
    (USED, "def softmax(z): return [z]", "`part` is missing, or None; it should be a float."),
    (SOFTMAX, RIGHT + ".T", "Is it transposed?"),
    (SOFTMAX, RIGHT + ".double()", "of dtype float64 and should be float32"),
    (SOFTMAX, RIGHT + ".float()", "of dtype float32 and should be float64"),
    (SOFTMAX, RIGHT + ".squeeze()", "Is an axis of length 1 lost"),
    (SOFTMAX, RIGHT + "[..., None]", "an axis of length 1 too many"),
    (SOFTMAX, RIGHT + ".numpy()", "is a NumPy array and should be a tensor. Use torch.from_numpy."),
    (SOFTMAX, RIGHT + ".tolist()", "is a list and should be a tensor"),
    (SOFTMAX, "def softmax(z):\n    e = z.exp()" + REST, "is NaN in 1 of 4 rows, those with the largest numbers in `z`"),
    (SOFTMAX, RIGHT + " * len(z)", "too large by the factor N, the number of rows of `z`"),
    (SOFTMAX, RIGHT + " / len(z)", "too small by the factor N, the number of rows of `z`"),
    (SOFTMAX, RIGHT + " * z.shape[1]", "too large by the factor C, the number of columns of `z`"),
    (SOFTMAX, RIGHT + " / z.numel()", r"too small by the factor N \* C, the number of entries of `z`"),
    (SOFTMAX, RIGHT + " * 2", "too large by the factor 2"),
    (SOFTMAX, RIGHT + " / 255", "too small by the factor 255"),
    (SOFTMAX, RIGHT + " * 0.6931471805599453", "too small by the factor log 2"),
    (SOFTMAX, RIGHT + " * 1.234", "one and the same factor everywhere"),
    (SOFTMAX, RIGHT + " * -2", "too large by the factor 2, and has the wrong sign"),
    (SOFTMAX, "def softmax(z):\n    e = (z - z.max(dim=-1, keepdim=True).values).exp()\n    return -e / e.sum(dim=-1, keepdim=True)", "wrong sign"),
    (SOFTMAX, RIGHT + " + 0.25", "one and the same constant everywhere"),
    (SOFTMAX, "def softmax(z): return z - z.logsumexp(-1, True)", "is the logarithm of what is asked for"),
    (SOFTMAX, RIGHT + ".flip(0)", "reverse order"),
    (SOFTMAX, RIGHT + " * (1 if len(z) != z.shape[1] else z)", "wrong only when there are as many rows as columns"),
    (SOFTMAX, "def softmax(z):\n    s = z.float() + 3e4\n    e = (s - s.max(dim=-1, keepdim=True).values).exp().to(z.dtype)" + REST, "nearly right|digits of float32|only in float64"),
    (SOFTMAX, "def softmax(z):\n    z -= z.max(dim=-1, keepdim=True).values\n    e = z.exp()" + REST, "It changes its input `z`"),
    (SOFTMAX, "def softmax(z): return torch.stack([(r - r.max()).exp() / (r - r.max()).exp().sum() for r in z])", "grows with the number of rows"),
    (SOFTMAX, "def softmax(z):\n    rows = [[math.exp(v - max(r)) for v in r] for r in z.tolist()]\n    return torch.tensor([[v / sum(r) for v in r] for r in rows], dtype=z.dtype)\nimport math", "grows with the number of rows"),
    (SOFTMAX, "seen = []\n" + RIGHT.replace("return", "seen.append(1); return") + " * len(seen)", "`seen` stands outside the function, and keeps"),
    (SOFTMAX, "seen = {}\ndef softmax(z):\n    seen.setdefault(0, right(z))\n    return seen[0].expand_as(z) if seen[0].shape == z.shape else seen[0]\n" + RIGHT.replace("softmax", "right"), "depends on earlier calls: `seen`"),
    (SOFTMAX, "def softmax(z): return torch.softmax(z, -1)", "A rule of the course: no library softmax"),
    (SLOPE, "old = slope\ndef slope(z, y): return -old(z, y)", "Your loss is right, its gradient is not. Your result has the wrong sign|`gradient` has the wrong sign"),
    (SLOPE, "old = loss\ndef loss(z, y): return 2 * old(z, y)", "Your gradient is right, the loss is not. "),
    (SLOPE, "old = loss, slope\ndef loss(z, y): return old[0](z, y) * len(y)\ndef slope(z, y): return old[1](z, y) * len(y)", "Your gradient is that of your loss, but the loss is wrong"),
    (SLOPE, "old = loss, slope\ndef loss(z, y): return old[0](z, y) * 3\ndef slope(z, y): return old[1](z, y) * 7", "Both your loss and your gradient are wrong"),
    (SHUFFLED, "def shuffled(x, generator): return x[torch.randperm(len(x))]", "global random state of torch"),
    (SHUFFLED, "def shuffled(x, generator):\n    np.random.shuffle(x := x.numpy().copy())\n    return torch.from_numpy(x)\nimport numpy as np", "global random state of numpy"),
    (SHUFFLED, "def shuffled(x, generator): return x", "`moved`: this is not so, and should be."),
    (SOFTMAX, RIGHT + " * 0 + 0.1", "one and the same number everywhere"),
    (SLOPE, "def slope(z, y): return softmax(z) / len(z)", "Your `slope` never uses its argument `y`"),
    (COUNTED, "def shuffled(x, generator): return x[3:]", "`lost rows`: 3; there should be none."),
    (COUNTED, "def shuffled(x, generator): return x[3:]", "`rows` is too small by 3."),
    (SHUFFLED, "def shuffled(x, generator): return 'x'", "does not have the shape or the types"),
    (STEP, "def step(w, dw, lr): w += lr * dw", "The step from `w` to the result has the wrong sign"),
    (STEP, "def step(w, dw, lr): w -= dw", "The step from `w` to the result is too large by the factor `lr`"),
    (STEP, "def step(w, dw, lr): w = w - lr * dw", "is what `w` was before the call"),
    (STEP, "def step(w, dw, lr):\n    dw *= lr\n    w -= dw", "It changes its input `dw`"),
    (STEP, "def step(w, dw, lr):\n    w -= lr * dw\n    return w", "is a tensor and should be None"),
    (DIGITS, "def digits(z): return z.argmax(dim=-1)", "This input should raise ValueError; your function returns"),
    (DIGITS, "def digits(z):\n    if z.ndim != 2: raise KeyError(z)\n    return z.argmax(1)", "This input should raise ValueError. Your code stops"),
    (DIGITS, "def digits(z):\n    if z.ndim != 2: raise ValueError\n    return z.argmax(1) + 1", "one too large"),
]  # fmt: skip


def messages(each, source, own, say="nothing"):
    namespace = own.namespace()
    run(source, namespace)
    verdict = judge(each, LocalEvaluator(namespace), own, "secret", source, say=say)
    assert all(bool(c.message) != c.passed for c in verdict.cases)
    return verdict, "\n".join(c.message for c in verdict.cases)


@pytest.mark.parametrize(("each", "source", "said"), DESCRIBED)
def test_a_difference_nobody_recorded_is_described(each, source, said, own):
    verdict, text = messages(each, source, own)
    assert verdict.score < 1
    assert re.search(said, text), text


@pytest.mark.parametrize("each", [SOFTMAX, SLOPE, SHUFFLED, STEP, DIGITS])
def test_the_reference_gets_full_marks(each, own):
    verdict, text = messages(each, "", own)
    assert verdict.score == 1, text


SECOND = "def softmax(z):\n    e = (z - z.max(dim=-1, keepdim=True).values).exp()\n    return e / e.sum(dim=0, keepdim=True)"
TWO = exercise("softmax", *SOFTMAX.cases, mistakes={
    "COLUMNS": SECOND,
    "NO SHIFT": "def softmax(z):\n    e = z.exp()" + REST,
    "SQUARED": RIGHT.replace("return (e", "return (e ** 2"),
})  # fmt: skip


def test_two_recorded_mistakes_at_once_are_both_named(own):
    both = "def softmax(z):\n    e = z.exp()\n    return e / e.sum(dim=0, keepdim=True)"
    _, text = messages(TWO, both, own)
    assert "COLUMNS" in text and "NO SHIFT" in text and "SQUARED" not in text


def test_a_mistake_is_recognised_in_another_style(own):
    loops = "def softmax(z):\n    e = z.clone().exp()\n    return torch.stack([c / sum(c) for c in e.T], dim=1) if len(z) else z"
    _, text = messages(TWO, loops.replace("z.clone().exp()", "(z - z.amax(1, True)).exp()"), own)
    assert "COLUMNS" in text


@pytest.mark.parametrize(
    ("slope", "blamed"),
    [("def slope(z, y): return softmax(z) / len(y)", True), ("def slope(z, y): return z / len(y)", False)],
)
def test_a_function_is_told_to_wait_for_the_one_it_calls(slope, blamed, own):
    """A wrong softmax fails slope too, where slope calls it; else it has nothing to do with it."""
    namespace, source = own.namespace(), f"{SECOND}\n\n{slope}"
    run(source, namespace)
    verdict = judge(SLOPE, LocalEvaluator(namespace), own, "secret", source, failing=["shuffled", "softmax"], say="nothing")
    messages = [case.message for case in verdict.cases[: len(SLOPE.cases)] if not case.passed]
    assert messages
    assert all(m.startswith("Mend your `softmax` first: `slope` calls it") == blamed for m in messages), messages


def test_partial_credit_is_the_weight_of_the_passed_cases(own):
    verdict, _ = messages(SOFTMAX, "def softmax(z):\n    e = z.exp()" + REST, own)
    assert [c.title for c in verdict.cases if not c.passed] == ["large"]
    own_share = 7 / 8  # the case "one row" counts twice; the automatic ones earn the same share
    assert type(verdict.score) is float and verdict.score == pytest.approx(own_share)


BOTH = exercise("both", case("both", "both(x, y)", x=normal(4, 3), y=normal(5)))


@pytest.mark.parametrize(
    ("result", "share"),
    [
        ("[2 * x, 3 * y, x, x.sum(0), torch.zeros(2)]", 1.0),
        ("[2 * x, 3 * y, x, x.sum(1), torch.zeros(2)]", 2 / 3),
        ("[2 * x, 3 * y, x, x.sum(0), None]", 3 / 4),
        ("[2 * x, y, x, x, torch.zeros(2)]", 1 / 3),
        ("[x, y, x, x, torch.zeros(2)]", 0.0),  # inputs and constants alone are worth nothing
        ("[2 * x, 3 * y, x, x.sum(0)]", 0.0),
        ("2 * x", 0.0),
    ],
)
def test_each_right_output_has_its_share(result, share, tmp_path):
    course = Course(tmp_path)
    (course.source / "a").mkdir(parents=True)
    cell = NOTEBOOK[NOTEBOOK.index("# %% nb") :].replace("softmax", "both", 1).split("def ")[0]
    right = "def both(x, y): return [2 * x, 3 * y, x, x.sum(0), torch.zeros(2)]"
    (course.source / "a" / "a.py").write_text(f"# %%\nimport torch\n\n{cell}{right}\n")
    reference = Reference(course, "a")
    source = f"def both(x, y): return {result}"
    verdict = judge(BOTH, LocalEvaluator(reference.namespace(source)), reference, "secret", source)
    assert verdict.score == pytest.approx(share)


def test_a_broken_rule_costs_all_and_a_changed_input_a_quarter(own):
    verdict, _ = messages(SOFTMAX, "def softmax(z): return z.softmax(-1)", own)
    assert verdict.score == 0
    changing = "def softmax(z):\n    z -= z.max(dim=-1, keepdim=True).values\n    e = z.exp()" + REST
    verdict, _ = messages(SOFTMAX, changing, own)
    assert verdict.score == 0.75


@pytest.mark.parametrize("possible", [0.5, 1, 2, 2.5, 3, 10])
def test_points_are_sensible_and_add_up(possible, own):
    for source, score in [
        ("", 1),
        ("def softmax(z):\n    e = z.exp()" + REST, 7 / 8),
        ("def softmax(z): return z.softmax(-1)", 0),
    ]:
        verdict, _ = messages(SOFTMAX, source, own)
        points = verdict.points(possible)
        assert sum(p for _, p in points) == pytest.approx(possible)
        assert sum(e for e, _ in points) == pytest.approx(possible * score, abs=0.3)
        for c, (earned, most) in zip(verdict.cases, points, strict=True):
            assert (earned == most) == c.passed
            assert (most > 0) == (c.weight > 0)
            assert round(most / 0.05, 6) == round(most / 0.05) or possible < 1


# ---- what is known is computed once


def test_one_of_32_input_sets_is_picked_by_the_submission():
    picked = {input_set("secret", str(i)) for i in range(2000)}
    assert len(picked) == 32
    assert input_set("secret", "7") == input_set("secret", "7")
    assert any(input_set("secret", str(i))[-2:] != input_set("another", str(i))[-2:] for i in range(9))


@pytest.fixture
def counted(monkeypatch):
    """Counts the namespaces that are made of the reference: each evaluation of what is known begins with one."""
    made = []
    namespace = Reference.namespace
    monkeypatch.setattr(Reference, "namespace", lambda self, source="": made.append(source) or namespace(self, source))
    return made


def test_what_is_known_is_kept_for_other_processes(own, tmp_path, counted):
    each = replace(TWO, digest="of its file")
    judged = lambda: judge(each, LocalEvaluator(broken), own, "secret", SECOND)  # noqa: E731
    broken = own.namespace(SECOND)
    try:
        keep(tmp_path / "known")
        first = judged()
        made = len(counted)
        assert made > len(each.mistakes)
        keep(tmp_path / "known")  # forgets what is in memory
        assert judged() == first and len(counted) == made
        (file,) = (tmp_path / "known").iterdir()
        for damage in (b"", b"x", file.read_bytes()[:-1], file.read_bytes()[:-1] + b"x", os.urandom(1000)):
            file.write_bytes(damage)
            keep(tmp_path / "known")
            assert judged() == first and len(counted) > made
            made = len(counted)
        judge(replace(each, digest="of another file"), LocalEvaluator(broken), own, "secret", SECOND)
        assert len(list((tmp_path / "known").iterdir())) == 2
    finally:
        keep(None)


def test_a_mistake_is_compared_until_it_differs(own):
    known_of.cache_clear()
    run(SECOND, namespace := own.namespace())
    judge(TWO, LocalEvaluator(namespace), own, "lazily", SECOND)
    computed = sorted(len(outcomes) for outcomes in known_of(TWO, own, "lazily")._outcomes.values())
    assert computed == [1, 1, 7, 7]  # the two other mistakes differ in the first case


# ---- where to look: repairs of the student's own function

REPAIRED = [
    (SOFTMAX, "def softmax(z):\n    e = (z - z.amax(-1, True)).exp()\n    return e / e.sum(0, keepdim=True)",
     "Look at line 3, `return e / e.sum(0, keepdim=True)`: the axis in `e.sum(0, keepdim=True)`."),
    (SOFTMAX, "def softmax(z):\n    e = (z - z.amax(-1, True)).exp()\n    return e / e.sum(-1)",
     "Look at line 3, `return e / e.sum(-1)`: keepdim is missing in `e.sum(-1)`."),
    (SOFTMAX, "def softmax(z):\n    e = (z.amax(-1, True) - z).exp()\n    return e / e.sum(-1, True)",
     "Look at line 2, `e = (z.amax(-1, True) - z).exp()`: the order in `z.amax(-1, True) - z`."),
    (SOFTMAX, "def softmax(z):\n    e = (z / z.amax(-1, True)).exp()\n    return e / e.sum(-1, True)",
     "Look at line 2, `e = (z / z.amax(-1, True)).exp()`: the operator `/`."),
    (SOFTMAX, "def softmax(z):\n    s = z - z.amax(-1, True)\n    return (s - s.sum(-1, True).exp().log()).exp()",
     "Look at line 3, `return (s - s.sum(-1, True).exp().log()).exp()`: the order of the calls in `s.sum(-1, True).exp()`."),
    (SOFTMAX, "def softmax(z):\n    e = (z - z.amax(-1, True)).exp()\n    return e / (e.sum(-1, True) + 1e-5)",
     "Look at line 3, `return e / (e.sum(-1, True) + 1e-5)`: the number `1e-5`."),
    (SOFTMAX, "def shifted(z):\n    return z - z.amax(0, True)\n\ndef softmax(z):\n    e = shifted(z).exp()\n    return e / e.sum(-1, True)",
     "Look at `return z - z.amax(0, True)` in your `shifted`: the axis in `z.amax(0, True)`."),
    (SLOPE, "def slope(z, y):\n    p = softmax(z)\n    p[torch.arange(len(y)), y] += 1\n    return p / len(y)",
     "Look at line 3, `p[torch.arange(len(y)), y] += 1`."),
    (SLOPE, "def slope(z, y):\n    p = softmax(z)\n    p[torch.arange(len(y)), y] -= 1\n    return p",
     "Look at line 4, `return p`: a factor is missing."),
    (STEP, "def step(w, dw, lr):\n    w = w - lr * dw",
     "Look at line 2, `w = w - lr * dw`: `=`, which makes a new tensor."),
    (DIGITS, "def digits(z):\n    if z.ndim > 2:\n        raise ValueError\n    return z.argmax(dim=1)",
     "Look at line 2, `if z.ndim > 2:`: the comparison in `z.ndim > 2`."),
    (SOFTMAX, "def softmax(z):\n    e = (z - z.amax(0, True)).exp()\n    return e / e.mean(-1, True)",
     "Two small changes make the results right. Look at line 2, `e = (z - z.amax(0, True)).exp()`: the axis in `z.amax(0, True)`; "
     "and at line 3, `return e / e.mean(-1, True)`: `mean`."),
    (DIGITS, "def digits(z):\n    if z.ndim > 2:\n        raise ValueError\n    return z.argmin(dim=1)",
     "Two small changes make the results right. Look at line 2, `if z.ndim > 2:`: the comparison in `z.ndim > 2`; "
     "and at line 4, `return z.argmin(dim=1)`: `argmin`."),
]  # fmt: skip


@pytest.mark.parametrize("side", [LocalEvaluator, lambda namespace: kernel(namespace)], ids=["here", "in a kernel"])
@pytest.mark.parametrize(("each", "source", "said"), REPAIRED)
def test_a_small_repair_of_the_students_function_says_where_to_look(each, source, said, side, own):
    run(source, namespace := own.namespace())
    before = dict(namespace)
    verdict = judge(each, side(namespace), own, "secret", source)
    assert said in {c.message for c in verdict.cases}
    assert namespace == before  # an edit leaves nothing behind
    assert verdict.score < 1


def test_no_repair_makes_a_function_change_its_input(own):
    """Without the copy in line 2, and with another axis in line 3, all results are right, and z is changed."""
    source = "def softmax(z):\n    s = z.clone()\n    s -= s.amax(0, True)\n    e = z.exp()\n    return e / e.sum(-1, True)"
    verdict, _ = messages(SOFTMAX, source, own, say="place")
    told = {case.message for case in verdict.cases if not case.passed}
    assert told == {"Your result is NaN in 1 of 4 rows, those with the largest numbers in `z`."}


def test_two_slips_that_show_in_different_cases_are_told_apart(own):
    """One gives wrong numbers, the other raises nothing: neither hides the other."""
    source = "def digits(z):\n    if z.ndim != 2:\n        return 'a row?'\n    return z.min(1)[1]"
    recorded = exercise("digits", *DIGITS.cases, mistakes={"THE SMALLEST": "def digits(z):\n    return z.argmin(dim=-1)"})
    for each, said in ((recorded, "THE SMALLEST"), (DIGITS, "Look at line 4, `return z.min(1)[1]`: `min`")):
        verdict, _ = messages(each, source, own, say="place")
        numbers, raised = (case.message for case in verdict.cases[:2])
        assert numbers.startswith(said), numbers
        assert raised == "This input should raise ValueError; nothing in your function raises it."


IN_PLACE = {
    "z -= z.amax(-1, True)\n    e = z.exp()": "in line 2, `z -= z.amax(-1, True)`",
    "s = z - z.amax(-1, True)\n    s -= 0\n    e = s.exp()\n    z[:] = 0": "in line 5, `z[:] = 0`",
    "e = (z - z.amax(-1, True)).exp()\n    for row in z:\n        row.zero_()": "in line 4, `row.zero_()`",
    "a = z.view(-1).numpy()\n    e = (z - z.amax(-1, True)).exp()\n    a[0] += 1": "in line 4, `a[0] += 1`",
    "e = spoil(z)": None,  # a function that nobody sees
    "s = z + 0\n    s -= 1\n    e = spoil(z)": None,  # s is not z
}


@pytest.mark.parametrize("lines", IN_PLACE)
def test_the_line_that_changes_an_input_is_named_if_it_is_seen(lines, own):
    source = f"def softmax(z):\n    {lines}{REST}"
    namespace = own.namespace()
    namespace["spoil"] = lambda z: z.sub_(z.amax(-1, True)).exp()
    run(source, namespace)
    verdict = judge(SOFTMAX, LocalEvaluator(namespace), own, "secret", source)
    (said,) = {c.message for c in verdict.cases if c.message.startswith("It changes")}
    where = f" {IN_PLACE[lines]}" if IN_PLACE[lines] else ""
    assert said == f"It changes its input `z`{where}: make a new tensor, or work on a copy (clone)."


ARGMAX = "\n    return z.argmax(dim=-1)"
UNRAISED = {
    "": "nothing in your function raises it.",
    "\n    if len(z) > 99:\n        raise ValueError('long')": "line 2, `if len(z) > 99:`, lets it through.",
    "\n    if len(z) > 99: raise ValueError\n    if not len(z): raise ValueError": "line 2 and line 3 let it through.",
    "\n    if z.ndim != 2:\n        return ValueError('two axes')": "line 3 makes it and does not raise it: `raise ValueError(...)`.",
    "\n    z = torch.atleast_2d(z)\n    if len(z) > 99: raise ValueError": "your function returns a result as if all were well.",
    "\n    for i in range(2):\n        if len(z) > 99: raise ValueError": "line 3, `if len(z) > 99: raise ValueError`, lets it through.",
    "\n    for row in z:\n        if len(z) > 99: raise ValueError": "your function returns a result as if all were well.",
    "\n    assert z.ndim == 2": "line 2 has an `assert`, which raises AssertionError: write `if ...: raise ValueError(...)`.",
    "\n    assert len(z) < 99\n    assert z.ndim == 2": "line 3 has an `assert`, which raises AssertionError: write `if ...: raise ValueError(...)`.",
}


@pytest.mark.parametrize("lines", UNRAISED)
def test_what_should_have_raised_an_error_is_pointed_at(lines, own):
    verdict, _ = messages(DIGITS, f"def digits(z):{lines}{ARGMAX}", own, say="place")
    assert verdict.cases[1].message == f"This input should raise ValueError; {UNRAISED[lines]}"


def test_how_much_a_repair_says_is_the_instructors_choice(own):
    each, source, said = REPAIRED[0]
    run(source, namespace := own.namespace())
    told = {say: judge(each, LocalEvaluator(namespace), own, "secret", source, say=say).cases[0].message for say in SAY}
    assert told["place"] == said
    assert told["repair"] == said  # dim=1 and dim=-1 are both right
    assert told["kind"] == "One small change makes the results right: the axis."
    assert "axis" not in told["nothing"] and "Look" not in told["nothing"]
    each, source, said = REPAIRED[-1]
    run(source, namespace := own.namespace())
    told = {say: judge(each, LocalEvaluator(namespace), own, "secret", source, say=say).cases[0].message for say in SAY}
    assert told["place"] == said and told["kind"] == "Two small changes make the results right."
    assert "with `z.argmax` in the right place" in told["repair"]


def test_a_repair_that_passes_some_cases_is_not_told(own):
    source = "def softmax(z):\n    if len(z) == z.shape[1]:\n        return z\n    e = z.exp()\n    return e / e.sum(0, True)"
    _, text = messages(SOFTMAX, source, own, say="place")
    assert "Look" not in text and "small change" not in text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_end_that_is_lost_in_a_destructor_comes_again():
    class Slow:
        def __del__(self):
            while True:
                pass

    with pytest.raises(OutOfTime), limited_time(0.1):
        Slow()
        while True:
            pass


def test_an_edit_that_never_ends_costs_its_share_of_the_time(own):
    source = "def digits(z):\n    if z.ndim != 2:\n        raise ValueError\n    n = 0\n    while n < 1:\n        n += 1\n    return z.argmin(dim=1)"
    run(source, namespace := own.namespace())
    evaluator = LocalEvaluator(namespace)
    request = known_of(DIGITS, own, "secret").trials[0].requests[0]
    endless, fine = source.replace("n += 1", "n -= 1"), source.replace("argmin", "argmax")
    outcomes, seconds = evaluator.attempts(request, [endless, "def digits(z): return 1 +", fine, *[endless] * 3, fine], 1.2)
    assert [o is not None for o in outcomes] == [False, False, True, False, False, False, False]
    assert 1 < seconds < 2
    assert namespace["digits"](torch.tensor([[1.0, 2.0]])).item() == 0


def test_an_edit_that_asks_for_much_memory_gets_none(own):
    source = "def digits(z):\n    torch.ones(8)\n    return z.argmin(dim=1)"
    run(source, namespace := own.namespace())
    request = known_of(DIGITS, own, "secret").trials[0].requests[0]
    huge = source.replace("8", "2**28")  # a gigabyte
    (none, some), _ = LocalEvaluator(namespace).attempts(request, [huge, source], 5)
    assert isinstance(none.value, Failure) and isinstance(some.value, torch.Tensor)
    assert len(torch.empty(2**28)) == 2**28  # nobody else is limited


@pytest.mark.parametrize("reply", [b"", b"x", save({}), save({}, {"message": "{}"}), save({}, {"message": '{"seconds": "x"}'})])
def test_malformed_answers_to_attempts_are_no_evidence(reply, own):
    with pytest.raises(NoEvidence):
        KernelEvaluator(lambda _: base64.b64encode(reply).decode()).attempts(b"", ["", ""], 1)


# What a student wrote, and what one edit must make of it.
MEANT = {
    "return ((a - b) ^ 2).sum()": "return ((a - b) ** 2).sum()",
    "return a @ (b + c)": "return ((a @ b) + c)",
    "return a * math.sqrt(2) / b": "return (a * math.sqrt(2 / b))",
    "return math.sqrt(a) / b": "return (math.sqrt(a / b))",
    "return a * a - (a * b) + b * b": "return a * a - 2 * (a * b) + b * b",
    "return torch.linalg.norm(a - b) / 784": "return torch.linalg.norm(a - b) ** 2 / 784",
    "return torch.linalg.norm(a, 2) ** 2": "return torch.linalg.norm(a) ** 2",
    "return torch.bincount(10 * a + b).reshape(10, 10)": "return torch.bincount(10 * a + b, minlength=100).reshape(10, 10)",
    "return torch.eye(10)[b]": "return torch.eye(a.shape[1])[b]",
    "return torch.randint(0, a, (b,), generator=c)": "return torch.randperm(a, generator=c)[:b]",
    "return torch.tensor(a)": "return torch.tensor(a, dtype=torch.int64)",
    "return distance(a, b)": "return distance(a[:, None], b)",
    "return '.png' in a.name": "return a.name.endswith('.png')",
    "return a.startswith('._')": "return a.startswith('.')",
    "n = 0\n    for x in a:\n        n += x\n        return n": "n = 0\n    for x in a:\n        n += x\n    return n",
}


@pytest.mark.parametrize("written", MEANT)
def test_what_was_meant_is_one_edit_away(written):
    head = "def f(a, b, c):\n    "
    assert plain(head + MEANT[written]) in {plain(edit.source) for edit in edits(head + written)}


def plain(source):
    """The source without brackets that change nothing."""
    return ast.unparse(ast.parse(source))


def test_edits_are_of_one_place_each_and_none_is_the_source():
    source = "def f(x, y):\n    s = x.sum(dim=0) - 2 * y\n    return s if s > 0 else -s"
    found = edits(source)
    assert len({e.source for e in found}) == len(found) > 50 and source not in {e.source for e in found}
    assert [e.cost for e in found] == sorted(e.cost for e in found)
    lines = [sum(a != b for a, b in zip(source.splitlines(), e.source.splitlines(), strict=True)) for e in found]
    assert set(lines) == {1}


# ---- follow-through marks


@pytest.mark.parametrize("side", [LocalEvaluator, lambda namespace: kernel(namespace)], ids=["here", "in a kernel"])
def test_a_right_function_is_not_charged_for_the_earlier_one_that_it_calls(side, own, monkeypatch):
    source = SECOND + "\n\ndef slope(z, y):\n    p = softmax(z)\n    p[torch.arange(len(y)), y] -= 1\n    return p / len(y)"
    run(source, namespace := own.namespace())
    before = dict(namespace)
    arguments = side(namespace), own, "secret", source, ["softmax"]
    monkeypatch.setattr(following, "explain", None)  # nothing is left to be explained
    attempt = Attempt(SLOPE, *arguments)
    followed = follow_through(attempt)
    assert attempt.verdict({}).score == 0 and followed.score == 1 and not followed.passed
    assert {c.message for c in followed.cases if not c.passed} == {"Right, given a right `softmax`."}
    assert [e for e, _ in followed.points(2)] == [p for _, p in followed.points(2)]
    assert namespace == before


@pytest.mark.parametrize(
    "slope",
    [
        "def slope(z, y): return softmax(z) * len(y)",
        "def slope(z, y): return z / len(y)",
        "def slope(z, y): return softmax(z) - slope(z, y)",
    ],
)
def test_a_wrong_function_gains_nothing_by_right_earlier_ones(slope, own):
    run(source := f"{SECOND}\n\n{slope}", namespace := own.namespace())
    arguments = LocalEvaluator(namespace), own, "secret", source, ["softmax"]
    verdict = judge(SLOPE, *arguments, say="nothing")
    assert follow_through(Attempt(SLOPE, *arguments, say="nothing")) == verdict and verdict.score == 0


THIEF = """
stolen = {}
def softmax(z): return z
def slope(z, y):
    stolen.setdefault("softmax", softmax)
    return softmax(z)
"""


def test_who_catches_a_right_function_finds_nothing_to_use_it_for(own):
    """A reference reaches the notebook's process only when the function that it solves has been judged for good."""
    source = THIEF.replace("def softmax(z): return z", "def softmax(z): return stolen.get('softmax', lambda z: z)(z)")
    run(source, namespace := own.namespace())
    evaluator = LocalEvaluator(namespace)
    attempts = [Attempt(each, evaluator, own, "secret", source, before) for each, before in [(SOFTMAX, []), (SLOPE, ["softmax"])]]
    assert [attempt.verdict({}).score for attempt in attempts] == [0, 0]
    assert follow_through(attempts[1]).score == 0


# ---- a kernel elsewhere


def kernel(namespace):
    """A kernel's side: it evaluates an expression and shows the value."""
    return KernelEvaluator(lambda expression: repr(eval(expression, namespace)))


@pytest.mark.parametrize(("each", "source", "said"), DESCRIBED[::4])
def test_both_sides_of_the_evaluator_give_the_same_verdict(each, source, said, own):
    verdicts = []
    for side in (LocalEvaluator, kernel):
        namespace = own.namespace()
        run(source, namespace)
        verdicts.append(judge(each, side(namespace), own, "secret", source, say="nothing"))
    assert verdicts[0] == verdicts[1]


def packed(message, tensors=None):
    text = message if isinstance(message, str) else json.dumps(message)
    return base64.b64encode(save(tensors or {}, {"message": text})).decode()


FINE = {"changed": [], "touched": [], "counts": {}, "used": [], "calls": {}}
DEEP = "[" * 100_000 + "]" * 100_000
MALFORMED = [
    None, 7, "", "x", "'", "é", "AAAA", "A" * 1000, base64.b64encode(b"\xff" * 64).decode(),
    base64.b64encode((2**63).to_bytes(8, "little") + b"{}").decode(),
    base64.b64encode(save({})).decode(),
    packed("[]"), packed("null"), packed("{"), packed(DEEP), packed('{"result": ' + "9" * 10_000 + "}"),
    packed({}), packed({"result": 1}), packed(FINE), packed(FINE | {"result": {"tensor": "0"}}), packed(FINE | {"result": {"tensor": []}}),
    packed(FINE | {"result": []}), packed(FINE | {"result": {}}), packed(FINE | {"result": {"pickle": "x"}}),
    packed(FINE | {"result": {"list": 3}}), packed(FINE | {"result": {"list": "ab"}}), packed(FINE | {"result": {"dict": [[{"list": []}, 1]]}}),
    packed(FINE | {"result": {"dict": [1]}}), packed(FINE | {"result": {"a": 1, "b": 2}}),
    packed(FINE | {"error": 3}), packed(FINE | {"error": {}}), packed(FINE | {"error": {"type": 1, "message": None, "line": 5}}),
    packed(FINE | {"result": 1, "changed": 3}), packed(FINE | {"result": 1, "touched": [[]]}), packed(FINE | {"result": 1, "counts": []}),
    packed(FINE | {"result": 1, "counts": {"a": "b"}}), packed(FINE | {"result": 1, "counts": None}),
    packed(FINE | {"result": 1, "used": ["a." * 10**6]}), packed(FINE | {"result": 1, "used": [str(i) for i in range(10**5)]}),
]  # fmt: skip


@pytest.mark.parametrize("reply", MALFORMED)
def test_a_malformed_reply_is_no_evidence(reply, own):
    for each in (SOFTMAX, SLOPE, SHUFFLED, STEP, DIGITS):
        verdict = judge(each, KernelEvaluator(lambda _: reply), own, "secret")
        assert verdict.score == 0
        assert all(c.message == "The answer of your notebook cannot be read." for c in verdict.cases[: len(each.cases)])


TENSOR = {"0": torch.full((5, 10), torch.nan)}
ODD = [
    packed(FINE | {"result": value}, TENSOR)
    for value in [
        None, True, 0, -1, 1e308, float("nan"), "text", {"tensor": "0"}, {"list": []}, {"tuple": [{"tensor": "0"}] * 3}, {"dict": []},
        {"dict": [["loss", "x"], ["gradient", {"list": []}], ["differences", None]]},
        {"dict": [["loss", {"tensor": "0"}], ["gradient", {"tensor": "0"}], ["differences", {"tensor": "0"}]]},
        {"dict": [["loss", 1], ["gradient", 1], ["differences", {"list": [1]}]]},
        {"dict": [[1, 2], [None, 3]]}, {"other": "x" * 1000}, 10**400, "x" * 100_000,
    ]
] + [packed(FINE | {"error": {"type": "E" * 999, "message": "m" * 9999, "line": {"number": 1, "text": "t" * 999, "function": "f"}}})]  # fmt: skip


@pytest.mark.parametrize("reply", ODD)
def test_odd_evidence_is_judged_like_any_other(reply, own):
    for each in (SOFTMAX, SLOPE, SHUFFLED, STEP, DIGITS):
        verdict = judge(each, KernelEvaluator(lambda _: reply), own, "secret")
        assert verdict.score < 0.7
        assert all(len(c.message) < 700 for c in verdict.cases)


def test_a_kernel_that_dies_costs_the_cases_it_did_not_answer(own):
    answers = iter(range(3))
    evaluator = kernel(own.namespace())

    def ask(expression):
        if next(answers, None) is None:
            raise NoEvidence("The kernel died.")
        return evaluator.ask(expression)

    verdict = judge(SOFTMAX, KernelEvaluator(ask), own, "secret")
    assert [c.passed for c in verdict.cases[:7]] == [True] * 3 + [False] * 4
    assert verdict.cases[3].message == "The kernel died."
    assert 0 < verdict.score < 0.5


LIARS = [
    "class Liar(torch.Tensor):\n    def __eq__(self, other): return True\n    def allclose(self, *a, **k): return True",
    "class Liar(torch.Tensor):\n    @classmethod\n    def __torch_function__(cls, *a, **k): return torch.tensor(True)",
    "class Liar(torch.Tensor):\n    shape = dtype = property(lambda self: Always())\n\nclass Always:\n    def __eq__(self, other): return True",
]


@pytest.mark.parametrize("liar", LIARS)
def test_a_tensor_that_lies_is_only_its_numbers(liar, own):
    verdict, _ = messages(SOFTMAX, f"{liar}\ndef softmax(z): return torch.zeros_like(z).as_subclass(Liar)", own)
    assert verdict.score == 0


def test_a_subclass_with_the_right_numbers_is_right(own):
    verdict, text = messages(SOFTMAX, "class Named(torch.Tensor): pass\n" + RIGHT + ".as_subclass(Named)", own)
    assert verdict.score == 1, text


# ---- results of other kinds: {kind: (the solution, another that is right, {a wrong one: what is said})}, of the inputs of KINDS

CELL = '# %% nbgrader={"grade": false, "grade_id": "f", "locked": false, "schema_version": 3, "solution": true, "task": false}'
F = "import numpy as np\nimport torch\ndef f(z, array, some, number):\n    return "
INPUTS = dict(z=normal(5, 3), array=lambda g: torch.rand(4, 3, generator=g).numpy(), some={3, 4}, number=2 + 1j)
KINDS = {
    "an array": ("2 * array", "(array + array).copy(order='F')", {
        "3 * array": "off by one and the same factor everywhere", "torch.from_numpy(2 * array)": "is a tensor and should be a NumPy array", "(2 * array).tolist()": "is a list",
        "2.0 * array.astype(float)": "of dtype float64 and should be float32", "2 * array.T": "Is it transposed?",
        "(2 * array) / (array - array)": "infinite", "2 * array.astype(object)": "should be a NumPy array",
        "(2 * array, array.fill(0))[0]": "It changes its input `array`"}),
    "an array of indices": ("array.argsort(0)", "torch.from_numpy(array).argsort(0).numpy()", {"array.argsort(0) + 1": "one too large"}),
    "a NumPy float": ("array.sum()", "float(array.sum())", {"array.mean()": "too small", "array.sum(0)": "should be a float", "1j": "a complex number"}),
    "a NumPy int": ("array.argmax()", "int(array.argmax())", {"array.argmin() + 99": "too large", "float(array.argmax())": "is a float"}),
    "a set": ("{*some, 9}", "frozenset([9, *some])", {"{*some, 8}": "not as it should be", "{*some}": "has 2 items and should have 3",
                                                     "{*some, 9.0}": "not as it should be", "[*some, 9]": "is a list and should be a set"}),
    "a set of floats": ("{v.item() for v in z.sum(1)}", "{v.item() for v in z.double().sum(1)}", {"{v.item() for v in z.mean(1)}": "not as"}),
    "a complex number": ("z[0, 0].item() * number", "np.complex64(z[0, 0] * number)", {
        "z[0, 0].item() * number.conjugate()": "not as it should be", "z[0, 0].item()": "is a float and should be a complex number"}),
    "a complex tensor": ("z * number", "(z * number.conjugate()).conj()", {
        "z * number.conjugate()": "not as it should be", "z": "of dtype float32 and should be complex64", "(z * number)[0]": "has shape"}),
    "a complex array": ("array * number", "array * 2 + 1j * array", {"array * -number": "not as it should be"}),
    "all in one": ("{'means': (array.mean(0), number), 7: [some]}", "{7: (frozenset(some),), 'means': [array.mean(0), complex(number)]}", {
        "{'means': (array.mean(0), number), 7: [{9, *some} - {3}]}": "not as it should be", "{'means': (-array.mean(0), number), 7: [some]}": "wrong"}),
}  # fmt: skip


@pytest.mark.parametrize("side", [LocalEvaluator, lambda namespace: kernel(namespace)], ids=["here", "in a kernel"])
@pytest.mark.parametrize("kind", KINDS)
def test_results_of_every_kind_are_compared(kind, side, tmp_path):
    solution, other, wrong = KINDS[kind]
    course = Course(tmp_path)
    (course.source / "a").mkdir(parents=True)
    (course.source / "a" / "a.py").write_text(f"{CELL}\n{F}{solution}")
    each, solutions = exercise("f", case("a call", "f(z, array, some, number)", **INPUTS)), Reference(course, "a")
    for result in (solution, other, *wrong):
        run(F + result, namespace := solutions.namespace())
        verdict = judge(each, side(namespace), solutions, "secret", F + result, say="nothing")
        said = " | ".join(c.message for c in verdict.cases if not c.passed)
        assert verdict.passed == (result not in wrong), (result, said)
        assert wrong.get(result, "") in said


# ---- what messages may hold, and what a check leaves behind


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_message_holds_a_number_of_the_hidden_results(assignment):
    for each in exercises(COURSE, assignment).values():
        for i, source in enumerate(list(each.mistakes.values())[::3]):
            namespace = reference(COURSE, assignment).namespace(source)
            bare = exercise(each.name, *each.cases, rules=each.rules, in_place=each.in_place)
            say = "nothing" if i % 4 else "place"  # a repair quotes the student alone, and takes most of the time
            verdict = judge(bare, LocalEvaluator(namespace), reference(COURSE, assignment), "numbers", source, say=say)
            for c in verdict.cases:
                said = re.sub("`[^`]*`", "", c.message)  # the student's own line may hold numbers
                assert not re.search(r"\d\.\d", said), (each.name, c.message)


def test_an_exception_does_not_quote_hidden_inputs(own):
    for line in ("raise ValueError(z.tolist())", "int(str(z.tolist()))", "{}[z.sum().item()]", "assert False, z"):
        _, text = messages(SOFTMAX, f"def softmax(z):\n    {line}", own)
        assert not re.search(r"\d\.\d", text), text


@pytest.mark.parametrize(
    ("message", "repeated"),
    [
        ("mat1 and mat2 shapes cannot be multiplied (5x10 and 784x10)", True),
        ("mat1 and mat2 shapes cannot be multiplied (7x2 and 8x3)", False),
        ("shape '[5, -1]' is invalid for input of size 50", True),
        ("shape '[728, 391, 456]' is invalid for input of size 1", False),
        ("softmax() takes 1 positional argument but 2 were given", True),
        ("a7_2_8() takes 1 positional argument but 2 were given", False),
        ("unsupported operand type(s) for @: 'Tensor' and 'NoneType'", True),
        ("unsupported operand type(s) for x7.x2: 'int' and 'int'", False),
        ("expected m1 and m2 to have the same dtype, but got: float != double", True),
        ("expected m1 and m2 to have the same dtype, but got: a7 != a8", False),
    ],
)
def test_a_message_is_repeated_if_its_words_are_known_and_its_numbers_are_sizes(message, repeated):
    failure = Failure("TypeError" if "()" in message or "operand" in message else "RuntimeError", message, None)
    shown = quotable(failure, "def softmax(z): ...", [torch.zeros(5, 10), torch.zeros(784, 10)], "softmax")
    assert shown.message == (message if repeated else "")


def test_checking_leaves_the_global_random_states_and_the_output_alone(own, capsys):
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    messages(SOFTMAX, "def softmax(z):\n    print(torch.randn(3), file=sys.stderr)\n    print(1)\n    return z\nimport sys", own)
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1:] == (np.random.get_state()[1].tolist(), random.getstate())
    assert capsys.readouterr() == ("", "")


def test_inputs_depend_on_the_secret_and_on_nothing_else():
    first, again, other = (SOFTMAX.cases[0].draw(None, secret)["z"] for secret in ("a", "a", "b"))
    assert torch.equal(first, again) and not torch.equal(first, other)


# ---- the tolerance policy


def test_tolerance_grows_with_the_inputs():
    z = 1e4 * torch.randn(5, 10, generator=torch.Generator().manual_seed(0))
    by_subtraction = z - z.logsumexp(1, True)
    assert same(by_subtraction, torch.log_softmax(z, 1), "float32", z.abs().max().item())
    assert not same(torch.tensor(1.001), torch.tensor(1.0), "float32", 1.0)
    assert not same(torch.tensor(1.0 + 1e-8, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64), "float32", 1.0)


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (0.5, torch.tensor(0.5), False), (torch.tensor(0.5), 0.5, False), (1, 1.0, True), (1.0, 1, False), (True, 1, False), (True, 1.0, False),
        ([1, 2], (1, 2), True), ([1], [1, 2], False), ({"a": 1}, {"a": 1, "b": 2}, False), ({"b": 2, "a": 1}, {"a": 1, "b": 2}, True),
        (torch.tensor([1]), torch.tensor([1.0]), False), (torch.tensor([1.0]), torch.tensor([[1.0]]), False), (None, None, True), (None, 0.0, False),
        (float("nan"), float("nan"), True), (float("inf"), float("-inf"), False), (float("nan"), 0.0, False),
        (torch.tensor([torch.nan, 1]), torch.tensor([torch.nan, 1]), True), (torch.tensor([torch.inf, 1]), torch.tensor([-torch.inf, 1]), False),
        (torch.zeros(0), torch.zeros(0), True), (torch.zeros(0), torch.zeros(0, 3), False), ("a", "a", True), ("a", "b", False),
    ],
)  # fmt: skip
def test_kinds_count(a, b, equal):
    assert same(a, b, "float32") is equal


def test_samples_of_one_distribution_are_the_same_and_others_are_not():
    g = torch.Generator().manual_seed(0)
    reference = torch.randn(3000, generator=g)
    assert all(same(torch.randn(3000, generator=g), reference, "statistical") for _ in range(1000))
    others = [
        1.5 * reference.flip(0),
        reference + 1,
        torch.zeros(3000),
        (torch.rand(3000, generator=g) - 0.5) * 12**0.5,
        reference / 0,
    ]
    assert not any(same(other, reference, "statistical") for other in others)


# ---- an author's errors


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: exercise("f"), "there are no cases"),
        (lambda: exercise("f", case("a", "f()"), case("a", "f(1)")), "two cases have the title 'a'"),
        (lambda: exercise("f", case("a", "f()"), rules={"no fun"}), "unknown rule 'no fun'"),
        (lambda: exercise("f", case("a", "f()", tolerance="lax")), "unknown tolerance 'lax'"),
        (lambda: exercise("f", case("a", "f()", weight=0)), "the weight of 'a' is not above 0"),
    ],
)
def test_an_exercise_that_cannot_work_is_refused(make, said):
    with pytest.raises(ExerciseError, match=said):
        make()


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        (case("a", "nothing(z)", z=normal(3)), "case 'a': the reference fails: NameError"),
        (
            case("a", "[softmax(z).numpy().astype(object)]", z=normal(3, 4)),
            "exercise softmax, case 'a': the reference returns a numpy.ndarray, which cannot be compared",
        ),
        (case("a", "softmax(z)", z=1), "the reference fails: AttributeError.* say raises=AttributeError"),
        (case("a", "softmax(z)", raises=ValueError, z=normal(3, 4)), "should raise ValueError, and returns a result"),
        (case("a", "{1: {b'2'}}"), "the reference returns a bytes, which cannot be compared; return a tensor, a NumPy array"),
        (case("a", "softmax(z)", z=range(3)), "exercise softmax, case 'a': a range cannot be sent as an input; give a tensor"),
        (case("a", "softmax(z)", view=lambda r, i: r.none, z=normal(3, 4)), "the reference fails: its view"),
        (loop_free("a", "[softmax(r) for r in z] and twice(z)", z=lambda n: normal(n, 4)), "the reference fails"),
        (
            gradient("a", loss="softmax(z).sum() * z.sum()", grad="z", wrt="z", z=normal(3, 4, dtype=torch.float64)),
            "is not that of its loss",
        ),
    ],
)
def test_a_case_that_the_reference_does_not_pass_is_the_authors_error(cases, said, own):
    with pytest.raises(ExerciseError, match=said):
        judge(exercise("softmax", cases), LocalEvaluator(own.namespace()), own, "secret")


def test_check_stops_where_the_reference_raises_unless_the_case_says_so(own):
    (own.course.root / "checks").mkdir()
    (own.course.root / "checks" / "a.py").write_text(
        "from autograder.checks import case, exercise, normal\n"
        "EXERCISES = [exercise('digits', case('a vector', 'digits(z)', z=normal(9)))]"
    )
    with pytest.raises(
        ExerciseError, match=r"a, exercise digits, case 'a vector': the reference fails: .* say raises=ValueError"
    ):
        check(own.course, ["a"])
    assert not any(prove(DIGITS, own).problems.values())
