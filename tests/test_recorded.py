"""How mistakes are recorded: as edits of the solution, as other bodies, and as families with holes."""

import pytest
from conftest import COURSE

from autograder.checks import ExerciseError, LocalEvaluator, Reference, edit, judge, load, rules
from autograder.checks.evaluate import run
from autograder.checks.proof import prove
from autograder.course import Course

NOTEBOOK = '''# %%
import torch

# %% nbgrader={"grade": false, "grade_id": "shares", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shares(x: torch.Tensor):
    """Each entry's share of the sum."""
    return x / x.sum()
'''
CHECKS = """
from autograder.checks import body, case, edit, exercise, uniform

EXERCISES = [
    exercise(
        "shares",
        case("some", "shares(x)", x=uniform(8)),
        case("one", "shares(x)", x=uniform(1)),
        mistakes={
            "You divide by {number} instead of the sum.": edit("x.sum()", "{number}", number=(2, 5, 100)),
            "You add {small}, and scale by {large}.": edit(
                "x.sum()", "((x.sum() + {small}) * {large})", small=(1e-3, 1e-1), large=(2, 9)
            ),
            "That is 1 minus the share.": body("part = right(x)", "return 1 - part"),
        },
    )
]
"""
# what a student writes, and what is said
TOLD = {
    "return x / 5": "You divide by 5 instead of the sum.",  # on the grid
    "return x / 37": "You divide by 37 instead of the sum.",  # not on it
    "n = 5 * 7 + 2\n    return x / n": None,  # 37 stands nowhere
    "return x / 101": None,  # beyond the grid
    "return x / 5.5": None,  # of another type
    "return x / ((x.sum() + 2e-2) * 3)": "You add 0.02, and scale by 3.",
    "k = 3\n    return x / (k * (x.sum() + 0.05))": "You add 0.05, and scale by 3.",
    "return 1 - x / x.sum()": "That is 1 minus the share.",
}


def course(folder, checks=CHECKS):
    made = Course(folder)
    (made.source / "01").mkdir(parents=True)
    (made.source / "01" / "01.py").write_text(NOTEBOOK)
    (folder / "checks").mkdir()
    (folder / "checks" / "01.py").write_text(checks)
    return made


def test_a_family_is_proved_on_its_grid_and_filled_with_the_students_own_numbers(tmp_path):
    made = course(tmp_path)
    exercise, reference = load(made, "01")["shares"], Reference(made, "01")
    assert len(exercise.mistakes) == 3 + 2 * 2 + 1
    assert not any(prove(exercise, reference).problems.values())
    for line, sentence in TOLD.items():
        source = f"def shares(x):\n    {line}\n"
        run(source, namespace := reference.namespace())
        verdict = judge(exercise, LocalEvaluator(namespace), reference, "secret", source, say="nothing")
        said = {m for c in verdict.cases for m in exercise.named_in(c.message)}
        assert verdict.score < 1 and said == ({sentence} if sentence else set()), line


def test_a_mistake_of_names_that_are_not_there_is_reported(tmp_path):
    made = course(tmp_path, CHECKS.replace('x.sum()", "{number}', 'x.sum()", "total + {number}'))
    found = prove(load(made, "01")["shares"], Reference(made, "01")).problems["uses a name that is not there"]
    assert found == tuple(f"You divide by {number} instead of the sum." for number in (2, 5, 100))


def test_a_sentence_must_say_what_fills_its_hole(tmp_path):
    made = course(tmp_path, CHECKS.replace("You divide by {number}", "You divide by a number"))
    with pytest.raises(ExerciseError, match=r"exercise shares: 'You divide by a number.*' must say \{number\}"):
        load(made, "01")


@pytest.mark.parametrize(
    "recorded, made",
    [
        (edit("dim=1", "dim=0"), "e = (z - z.amax(dim=0)).exp()\nreturn e / e.sum(dim=0)"),
        (edit("e = ", "", "e / ", ""), "(z - z.amax(dim=1)).exp()\nreturn e.sum(dim=1)"),
        (edit(("e = ", ""), ("e / ", "")), "(z - z.amax(dim=1)).exp()\nreturn e.sum(dim=1)"),
        (edit("(z - ...)", "z"), "e = z.exp()\nreturn e / e.sum(dim=1)"),  # to the bracket that belongs to it
        (edit("(...).exp()", "(...)"), "e = (z - z.amax(dim=1))\nreturn e / e.sum(dim=1)"),
        (edit("return ...", "return 2 * (...)"), "e = (z - z.amax(dim=1)).exp()\nreturn 2 * (e / e.sum(dim=1))"),
        (edit("(... - ...)", "(... + ...)"), "e = (z + z.amax(dim=1)).exp()\nreturn e / e.sum(dim=1)"),
        (edit("e / e", 'einsum("...c", e)'), 'e = (z - z.amax(dim=1)).exp()\nreturn einsum("...c", e).sum(dim=1)'),
    ],
)
def test_an_edit_says_what_stands_in_the_place_of_what(recorded, made):
    assert recorded.of("e = (z - z.amax(dim=1)).exp()\nreturn e / e.sum(dim=1)") == made


def test_an_edit_of_what_does_not_stand_there_is_an_error():
    with pytest.raises(ExerciseError, match=r"'amax\(\.\.\.\)' does not stand in the solution"):
        edit("amax(...)", "max()").of("(z - z.amin(dim=1)).exp()")


def test_a_mistake_that_explains_every_failed_case_is_told_alone():
    name = "03-mse-regression"
    source = "def one_hot(labels, num_classes):\n    return torch.nn.functional.one_hot(labels, num_classes)"
    solutions = Reference(COURSE, name)
    evaluator, whole = LocalEvaluator(solutions.namespace(source)), rules.join([solutions.source, source])
    verdict = judge(load(COURSE, name)["one_hot"], evaluator, solutions, "secret", whole)
    said = {case.message for case in verdict.cases if not case.passed}
    assert any("integer tensor" in message for message in said) and not any(" And: " in message for message in said)
