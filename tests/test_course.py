"""The notebooks' helper: checks that teach, guesses that are kept, experiments that compare fairly, pictures that are legible."""

import linecache
import math

import course
import matplotlib
import pytest
import torch
from course import CheckError, after04, check, checks, expect, experiment, guess, guesses, reveal
from course.plots import COLOURS, STYLE
from course.ready_made import ready_made
from course.wording import as_text
from torch import tensor
from torch.nn import functional

matplotlib.use("Agg")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (tensor([0.2, 1.0, math.nan]), "tensor float32 (3,) [0.2, 1, nan]"),
        (tensor(0.1), "tensor float32 () 0.1"),
        (torch.zeros(4, 5, dtype=torch.int64), "tensor int64 (4, 5)"),
        ((1, 0.30000000000000004, None), "(1, 0.3, None)"),
        ((7,), "(7,)"),
        (torch.float32, "torch.float32"),
    ],
)
def test_values_are_written_as_people_write_them(value, text):
    assert as_text(value) == text


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """A folder with checks of `double` and of an answer, none of which has failed yet; the code of a notebook runs in it."""
    (tmp_path / "checks.py").write_text("""
from course import checks, expect

@checks("double", hint="twice is how much?", look="section 1")
def _(double, start):
    expect("twice 2", double(start), 4, {"that is three times": 6})

@checks("answer", hint="a prime", look="section 2")
def _(answer):
    expect("the answer", float(answer), 7.0, {"that is one less": 6.0})
""")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(course.checking, "_checks", {})
    course.checking._failures.clear()
    return lambda code: exec(compile(code, "<cell>", "exec"), {"check": check, "start": 2, "answer": ...})


def failure(lesson, code):
    with pytest.raises(CheckError) as error:
        lesson(code)
    assert error.value._render_traceback_() == str(error.value).splitlines()
    return str(error.value)


def test_a_check_tries_what_is_in_the_notebook_and_names_the_mistake(lesson, capsys):
    lesson("double = lambda x: 2 * x\ncheck('double')")
    assert capsys.readouterr().out == "ok  twice 2\n"
    said = failure(lesson, "double = lambda x: 3 * x\ncheck('double')")
    assert said == "twice 2: that is three times\n  received: 6\n  expected: 4"


def test_a_hint_comes_after_two_failures_and_a_place_after_three_until_it_is_right(lesson):
    wrong, right = "double = lambda x: 5\ncheck('double')", "double = lambda x: 4\ncheck('double')"
    first, second, third = (failure(lesson, wrong).splitlines()[3:] for _ in range(3))
    assert (first, second[-1]) == ([], "Hint: twice is how much?")
    assert third[-2:] == ["Hint: twice is how much?", "Where to look: section 1"]
    lesson(right)
    assert failure(lesson, wrong).splitlines()[0] == "twice 2: not right yet"


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("def double(x):\n    raise NotImplementedError()\ncheck('double')", "double is not written yet."),
        ("def double(x):\n    return x / 0\ncheck('double')", "double stopped with ZeroDivisionError: division by zero"),
        ("check('double')", "double is not there yet: run the cell that defines it."),
        ("check('dubble')", "There is no check 'dubble'. There are: double, answer."),
    ],
)
def test_what_else_can_be_wrong_is_said_first(lesson, code, first):
    said = failure(lesson, code).splitlines()
    assert said[0] == first
    if "ZeroDivision" in first:
        assert said[1].startswith("  in line 2 of its cell")


def test_an_answer_may_wait_and_is_never_given_away(lesson, capsys):
    lesson("check('answer')")
    assert "no answer yet" in capsys.readouterr().out
    assert failure(lesson, "answer = 6\ncheck('answer')") == "the answer: that is one less\n  received: 6"
    assert failure(lesson, "answer = 9\ncheck('answer')").splitlines() == [
        "the answer: not right yet",
        "  received: 9",
        "",
        "Hint: a prime",
    ]
    said = failure(lesson, "answer = 'seven'\ncheck('answer')")
    assert said.startswith("answer: that is not the kind of answer that is asked for\n  received: seven\n")
    assert said.endswith("Where to look: section 2")


def test_a_folder_without_its_checks_is_told(lesson, tmp_path):
    (tmp_path / "checks.py").unlink()
    assert "Copy the whole folder" in failure(lesson, "check('double')")


def test_a_large_tensor_is_told_by_its_first_wrong_entry():
    right = torch.zeros(5, 5)
    wrong = right.clone()
    wrong[1, 2] = 0.25
    with pytest.raises(AssertionError, match=r"\[1, 2\]: 0.25, expected 0"):
        expect("zeros", wrong, right)


def test_a_check_belongs_to_one_name(monkeypatch):
    monkeypatch.setattr(course.checking, "_checks", {})
    checks("one")(len)
    assert list(course.checking._checks) == ["one"]


def test_guesses_are_kept_and_shown_beside_what_came(monkeypatch, capsys):
    monkeypatch.setattr(course.predicting, "_board", {})
    guess("fours", "How many fours?", 6000)
    guess("shape", "Which shape?", ...)
    reveal("fours", 5842)
    reveal("shape", (3,))
    reveal("unasked", tensor(0.5))
    guesses()
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["Your guess: 6000", "Replace the ... by your guess, and run this cell again."]
    assert out[2:4] == ["You said 6000. It is 5842.", "No prediction yet. It is (3,)."]
    assert [line.split("   ")[-1].strip() for line in out[5:]] == ["question", "How many fours?", "Which shape?", "unasked"]


def test_an_experiment_pairs_its_seeds(monkeypatch):
    monkeypatch.setattr(course.running, "GRADING", True)  # no bar: this is no notebook, though one is being tested nearby
    seen = []

    def run(way, seed):
        seen.append((way, seed))
        return way + 10 * seed + seed**2 * (way == 2)

    found = experiment(run, {"plain": 1, "better": 2}, seeds=[1, 2, 3])
    assert seen == [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (2, 3)]
    assert found.mean("plain") == found.mean(0) == 21
    middle, low, high = found.difference("better", "plain")  # 2, 5 and 10
    assert middle == pytest.approx(17 / 3)
    assert (high - low) / 2 == pytest.approx(4.302653 * 4.041452 / 3**0.5, rel=1e-6)  # t(2) at 97.5 %, sd, root of n
    assert experiment(run, {"plain": 1, "better": 2}, seeds=[1]).difference("better", "plain")[1:] == (-math.inf, math.inf)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return sum(
        w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for w, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )


def test_every_colour_is_seen_on_white_and_every_line_differs_in_its_dashes():
    assert all(1.05 / (luminance(colour) + 0.05) >= 3 for colour in COLOURS.values())
    dashes = [repr(line["linestyle"]) for line in STYLE["axes.prop_cycle"]]
    assert len(set(dashes)) == len(dashes)
    assert STYLE["font.size"] >= 8


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("def f(z):\n    return z.softmax(dim=1)", "z.softmax"),
        ("def f(z):\n    return torch.nn.functional.one_hot(z)", "torch.nn"),
        ("def f(z):\n    return F.one_hot(z)", "F"),
        ("def f(z):\n    return own(z)\n\ndef own(z):\n    return one_hot(z)", "one_hot"),
        ("class f:\n    def forward(self, x):\n        return x.requires_grad_()", "x.requires_grad_"),
        ("def f(z):\n    return z.exp() / z.exp().sum()\n\nprint(torch.softmax(tensor([1.0]), 0))", None),
        ("def f(model):\n    return after04.softmax(model)", None),
        ("class f:\n    def forward(self, x):\n        self.softmax = x.exp()\n        return self.softmax", None),
    ],
)
def test_what_is_ready_made_is_found_before_it_is_handed_in(monkeypatch, cell, found):
    monkeypatch.setitem(linecache.cache, "<cell>", (len(cell), None, cell.splitlines(True), "<cell>"))
    notebook = {"F": functional, "one_hot": functional.one_hot, "after04": after04, "model": torch.nn.ReLU(), "torch": torch}
    exec(compile(cell, "<cell>", "exec"), notebook | {"tensor": tensor}, defined := {})
    assert ready_made(defined["f"], notebook) == found
