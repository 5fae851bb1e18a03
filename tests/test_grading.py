"""Grading from the command line: the same as nbgrader's own commands, one verdict for each submission, the same each time."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import SMALL
from nbgrader.api import Gradebook

from autograder import build, cli
from autograder.course import Course
from autograder.page import WAITS

NAME = "attack-target"
SOFTMAX = "def softmax(z):\n    return torch.full_like(z, 1 / z.shape[1])\n"
# The points of the automatic checks, of 4.
POINTS = {"right": 4, "wrong": 2, "untouched": 0, "renamed": 4, "missing": 0, "broken": 0}


def run(command, *arguments, cwd):
    """A command of the environment, as a user types it in the course's folder."""
    return subprocess.run(
        [Path(sys.prefix, "bin", command), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )


def hand_in(course):
    """One submission of each kind in POINTS."""
    solution = course.solutions / NAME / f"{NAME}.ipynb"
    release = course.release / NAME / f"{NAME}.ipynb"
    folders = {student: course.submitted / student / NAME for student in POINTS}
    for folder in folders.values():
        folder.mkdir(parents=True)
    for student in ("right", "renamed"):
        shutil.copy(solution, folders[student] / ("mine.ipynb" if student == "renamed" else solution.name))
    shutil.copy(release, folders["untouched"])
    notebook = nbformat.read(solution, as_version=4)
    (softmax,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "softmax"]
    softmax.source = SOFTMAX
    nbformat.write(notebook, folders["wrong"] / solution.name)
    (folders["broken"] / solution.name).write_text("not a notebook")


def scores(course):
    """{student: points of the automatic checks} as the gradebook has them."""
    with Gradebook(f"sqlite:///{course.grading / 'gradebook.db'}") as gradebook:
        found = gradebook.assignment_submissions(NAME)
        return {s.student.id: sum(g.auto_score or 0 for n in s.notebooks for g in n.grades) for s in found}


def verdicts(course):
    """{student: the bytes of their verdict}"""
    return {path.stem: path.read_bytes() for path in (course.grading / "verdicts" / NAME).iterdir()}


@pytest.fixture(scope="module")
def ungraded(tmp_path_factory):
    """A built course with submissions; tests that grade take a copy."""
    course = Course(shutil.copytree(SMALL, tmp_path_factory.mktemp("ungraded") / "course"))
    build.build(course, [NAME])
    hand_in(course)
    return course


def copy(course, folder):
    """A copy of a course, for a test that changes it."""
    return Course(Path(shutil.copytree(course.root, folder)))


@pytest.fixture(scope="module")
def graded(ungraded, tmp_path_factory):
    """The course after `autograder grade`."""
    course = copy(ungraded, tmp_path_factory.mktemp("graded") / "course")
    result = run("autograder", "grade", cwd=course.root)
    looks = [line.partition(",")[0] for line in result.stdout.splitlines() if line.startswith("look at ")]
    assert looks == ["look at broken", "look at missing"] and result.returncode == cli.LOOK, result.stdout + result.stderr
    return course


def test_each_submission_gets_its_points(graded):
    found = {student: json.loads(verdict)["points"] for student, verdict in verdicts(graded).items()}
    assert found == pytest.approx(POINTS)
    assert scores(graded) == pytest.approx(POINTS)


def test_plain_nbgrader_gives_the_same_grades(ungraded, graded, tmp_path):
    course = copy(ungraded, tmp_path / "course")
    build.register(course, [NAME])
    shutil.copy(graded.grading / "secret", course.grading / "secret")
    for command in ("autograde", "generate_feedback"):
        result = run("nbgrader", command, NAME, cwd=course.root)
        assert result.returncode == 0, result.stdout + result.stderr
    assert scores(course) == scores(graded)
    assert verdicts(course) == verdicts(graded)


@pytest.mark.parametrize("student", ["missing", "broken", "renamed"])
def test_what_was_odd_is_noted(graded, student):
    verdict = json.loads(verdicts(graded)[student])
    assert verdict["notes"]
    assert verdict["possible"] == 4
    assert not any(case["message"].startswith("You have not written") for case in verdict["cases"])


def test_a_student_can_be_selected_and_a_regrade_is_the_same(graded, tmp_path):
    course = copy(graded, tmp_path / "course")
    before = verdicts(course)
    for path in (course.grading / "verdicts" / NAME).iterdir():
        path.unlink()
    result = run("autograder", "grade", "--student", "wrong", cwd=course.root)
    assert result.returncode == 0, result.stdout + result.stderr
    assert verdicts(course) == {"wrong": before["wrong"]}


def test_a_broken_submission_leaves_its_neighbour_as_it_is(graded, ungraded, tmp_path):
    course = copy(ungraded, tmp_path / "course")
    shutil.rmtree(course.submitted / "broken")
    shutil.copy(graded.grading / "secret", course.grading / "secret")
    assert run("autograder", "grade", "--student", "right", cwd=course.root).returncode == 0
    assert verdicts(course)["right"] == verdicts(graded)["right"]


def test_an_answer_that_a_person_must_read_says_so_until_it_is_graded(graded, tmp_path):
    def says_so(course, student):
        page = course.grading / "feedback" / student / NAME / f"{NAME}.html"
        return WAITS in page.read_text()

    assert says_so(graded, "right") and not says_so(graded, "untouched")  # who wrote nothing has 0 at once
    course = copy(graded, tmp_path / "course")
    with Gradebook(f"sqlite:///{course.grading / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("answer-why", NAME, NAME, "right")
        grade.manual_score, grade.needs_manual_grade = 1, False  # as formgrader does
        gradebook.db.commit()
    result = run("nbgrader", "generate_feedback", NAME, "--student=right", "--force", cwd=course.root)
    assert result.returncode == 0, result.stderr
    assert not says_so(course, "right")
