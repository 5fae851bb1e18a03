"""The open challenge: accuracy decides, in a sandbox of its own without the images, and the class sees who is best."""

import linecache

import pytest
import torch
from conftest import COURSE

from autograder import checks
from autograder.checks import Drawn, LocalEvaluator, Reference, challenge, drawn, judge_challenge, load_challenge
from autograder.checks.evaluate import run
from autograder.grading.summary import leaderboard
from autograder.judging.verdict import Verdict

ASKED = Drawn(
    dict(images=torch.arange(8), labels=torch.arange(8) % 2, unseen=[torch.arange(10), torch.arange(10)]),
    torch.arange(10) % 2,
    {"new": (0.5, 0.9), "moved": (0.5, 1.0)},
)
POSED = challenge("train", "(lambda classify: [classify(p) for p in unseen])(train(images, labels))", None, seconds=5)


def judged(source):
    namespace = {"__name__": "__main__"}
    run(source, namespace)
    return judge_challenge(POSED, ASKED, LocalEvaluator(namespace), source)


@pytest.mark.parametrize(
    ("classify", "earned", "reached"),
    [
        ("lambda x: x % 2", [1, 1], {"new": 1.0, "moved": 1.0}),
        ("lambda x: x * 0", [0, 0], {"new": 0.5, "moved": 0.5}),
        ("lambda x: torch.where(x < 2, x * 0, x % 2)", [1, 0.8], {"new": 0.9, "moved": 0.9}),
        ("lambda x: x % 2 == 1", [0, 0], {}),
        ("lambda x: (x % 2)[:5]", [0, 0], {}),
    ],
)
def test_accuracy_decides(classify, earned, reached):
    verdict, found = judged(f"import torch\ndef train(images, labels):\n    return {classify}")
    assert [case.earned for case in verdict.cases] == pytest.approx(earned)
    assert found == pytest.approx(reached)
    assert all(case.passed == (case.earned == 1) and bool(case.message) != case.passed for case in verdict.cases)


def test_an_error_is_told_with_its_line():
    verdict, _ = judged("def train(images, labels):\n    return 1 / 0")
    assert {case.message for case in verdict.cases} == {"It stops with ZeroDivisionError in line 2 of the cell."}
    assert verdict.score == 0


def test_an_error_tells_nothing_of_what_is_asked():
    named = "raise type(' '.join(map(str, images.tolist())), (Exception,), {})()"
    verdict, _ = judged(f"def train(images, labels):\n    {named}")
    assert {case.message for case in verdict.cases} == {"It stops with an error in line 2 of the cell."}
    numbered = "exec(compile('\\n' * 7282 + '1 / 0', 'x', 'exec'), globals())"
    verdict, _ = judged(f"def train(images, labels):\n    {numbered}")
    assert {case.message for case in verdict.cases} == {"It stops with ZeroDivisionError."}


@pytest.mark.long
def test_the_solution_earns_all_and_a_guesser_nothing(monkeypatch):
    monkeypatch.setenv("MNIST_COURSE_DATA", "digits")
    reference = Reference(COURSE, "06-regularization")
    posed = load_challenge(COURSE, "06-regularization")
    asked = drawn.__wrapped__(posed, reference)
    verdict, reached = judge_challenge(posed, asked, LocalEvaluator(reference.namespace()), reference.source)
    assert verdict.score == 1, verdict.cases
    assert list(reached) == list(asked.marks)
    guess = "def train(images, labels):\n    return lambda x: torch.zeros(len(x), dtype=torch.int64)"
    assert judge_challenge(posed, asked, LocalEvaluator(reference.namespace(guess)), guess)[0].score == 0


def test_what_another_cell_imports_is_missed_before_it_is_handed_in(monkeypatch):
    monkeypatch.setenv("MNIST_COURSE_DATA", "digits")
    cell = "def train(images, labels):\n    return elsewhere.network"
    monkeypatch.setitem(linecache.cache, "<cell>", (len(cell), None, cell.splitlines(True), "<cell>"))
    reference = Reference(COURSE, "06-regularization")
    namespace = reference.namespace() | {"elsewhere": "imported in another cell"}
    exec(compile(cell, "<cell>", "exec"), namespace)
    with reference.in_its_place(), pytest.raises(AssertionError, match="there is no `elsewhere` in it"):
        exec(reference.check("train"), namespace)


def test_nothing_that_is_asked_can_be_learned_from():
    """The labels stay outside."""
    assert "truth" not in ASKED.inputs and checks.nothing(POSED, ASKED, "why").score == 0


def test_the_best_of_the_class_stand_first():
    def verdict(student, **reached):
        return Verdict("06", student, True, (), (), reached=reached)

    board = leaderboard([verdict("amy", new=0.9, moved=0.8), verdict("bo[b]", new=0.95, moved=0.95), verdict("cy")])
    assert [str(cell) for cell in board.columns[1].cells] == ["bo[b]", "amy"]
    assert [str(cell) for cell in board.columns[2].cells] == ["95.0%", "85.0%"]
    assert leaderboard([verdict("cy")]) is None
