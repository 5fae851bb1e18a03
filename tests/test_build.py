"""Building: byte-identical, nothing leaks, and mistakes in a source are named."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import COURSE, ROOT

from autograder import build
from autograder.build.source import problems
from autograder.course import notebook_source

NAME = "attack-target"


def run(*arguments, cwd):
    return subprocess.run([Path(sys.prefix, "bin", "autograder"), *arguments], cwd=cwd, capture_output=True, text=True)


def change(course, old, new):
    """Edit the source of the small course."""
    path = notebook_source(course.source / NAME)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def files(course):
    return {f: f.read_bytes() for part in (course.release, course.solutions) for f in part.rglob("*") if f.is_file()}


def test_building_twice_gives_the_same_bytes(small_course):
    assert build.build(small_course, [NAME])
    first = files(small_course)
    assert build.build(small_course, [NAME]) == []
    for path in first:
        path.unlink()
    build.build(small_course, [NAME])
    assert files(small_course) == first


def test_check_names_what_is_stale_and_changes_nothing(small_course):
    build.build(small_course, [NAME])
    assert run("build", "--check", cwd=small_course.root).returncode == 0
    change(small_course, "The fraction of right predictions.", "The share of right predictions.")
    before = files(small_course)
    result = run("build", "--check", cwd=small_course.root)
    assert result.returncode == 1
    assert f"stale: notebooks/{NAME}/{NAME}.ipynb" in result.stdout
    assert f"stale: solutions/{NAME}/{NAME}.ipynb" in result.stdout
    assert files(small_course) == before


def test_the_release_shows_nothing_that_students_must_not_see(small_course):
    change(small_course, "# Because the exponential overflows.", "# canary-answer")
    change(
        small_course, "assert accuracy(", "### BEGIN HIDDEN TESTS\nassert 'canary-hidden'\n### END HIDDEN TESTS\nassert accuracy("
    )
    change(small_course, "# Room for your own experiments.", "print('canary-' + 'output')")
    build.build(small_course, [NAME])
    released = b"".join(f.read_bytes() for f in small_course.release.rglob("*") if f.is_file())
    assert b"softmax" in released
    for canary in (b"canary-source", b"canary-answer", b"canary-hidden", b"canary-output"):
        assert canary not in released
    solved = (small_course.solutions / NAME / f"{NAME}.ipynb").read_text()
    assert "canary-source" in solved and "canary-output" in solved
    assert "canary-hidden" not in solved and "BEGIN" not in solved


def test_timings_leave_no_output_in_the_solution(small_course):
    change(small_course, "# %%\n# Room for your own experiments.", '# %% tags=["timing"]\nimport time; print(time.time())')
    build.build(small_course, [NAME])
    solved = nbformat.read(small_course.solutions / NAME / f"{NAME}.ipynb", as_version=4)
    (timed,) = [cell for cell in solved.cells if "time.time()" in cell.source]
    assert timed.outputs == []


def test_a_plain_ipynb_works_as_a_source(small_course):
    build.build(small_course, [NAME])
    before = files(small_course)[small_course.release / NAME / f"{NAME}.ipynb"]
    text = notebook_source(small_course.source / NAME)
    from autograder.build.source import read

    nbformat.write(read(text), text.with_suffix(".ipynb"))
    text.unlink()
    assert notebook_source(small_course.source / NAME).suffix == ".ipynb"
    build.build(small_course, [NAME])
    assert files(small_course)[small_course.release / NAME / f"{NAME}.ipynb"] == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"grade_id": "softmax", ', "", "no grade_id"),
        ('"grade_id": "accuracy"', '"grade_id": "softmax"', "'softmax' is used twice"),
        ("    ### END SOLUTION\n", "", "BEGIN SOLUTION and END SOLUTION do not come in pairs"),
        ('"points": 2, ', "", "without points"),
        ('"grade_id": "check-softmax"', '"grade_id": "check-sofmax"', "no cell has the grade_id 'check-softmax'"),
        ("# Room for your own experiments.", "1 / 0", "ZeroDivisionError"),
        ("# Room for your own experiments.", "import sys; print('x', file=sys.stderr)", "stderr"),
    ],
)
def test_a_mistake_in_a_source_is_named_with_its_place(small_course, old, new, said):
    change(small_course, old, new)
    result = run("build", cwd=small_course.root)
    assert result.returncode == 1
    assert said in result.stderr and f"source/{NAME}" in result.stderr and "cell" in result.stderr
    assert "Traceback" not in result.stderr
    assert not small_course.solutions.exists()


def test_the_generated_files_are_current():
    assert build.stale(COURSE, COURSE.assignments) == []


def test_sources_have_no_problems(assignment):
    from autograder.checks import load

    assert problems(notebook_source(COURSE.source / assignment), load(COURSE, assignment)) == []


def test_every_function_of_the_syllabus_has_a_check(assignment):
    """Each code cell that students fill in is followed by a graded check cell, and has an exercise."""
    from autograder.checks import load

    notebook = nbformat.read(COURSE.release / assignment / f"{assignment}.ipynb", as_version=4)
    marks = [cell.metadata.get("nbgrader", {}) | {"type": cell.cell_type} for cell in notebook.cells]
    functions = [m["grade_id"] for m in marks if m.get("solution") and m["type"] == "code"]
    graded = {m["grade_id"] for m in marks if m.get("grade") and m["type"] == "code"}
    assert functions
    assert set(load(COURSE, assignment)) == set(functions)
    assert {f"check-{f}" for f in functions} == graded


def test_the_release_in_git_holds_no_solution_and_no_output(assignment):
    path = COURSE.release / assignment / f"{assignment}.ipynb"
    text = path.read_text()
    assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)|autograder", text)
    for cell in json.loads(text)["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert not (path.parent / f"{assignment}.py").exists()
    solved = nbformat.read(COURSE.solutions / assignment / f"{assignment}.ipynb", as_version=4)
    for cell in solved.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("solution") and cell.cell_type == "markdown":
            assert cell.source not in text


def test_all_notebooks_begin_with_the_same_set_up(assignment):
    set_up = (ROOT / "source" / "header.py").read_text().partition("# %%")[2].partition("\n")[2].strip()
    notebook = nbformat.read(COURSE.release / assignment / f"{assignment}.ipynb", as_version=4)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[1].source == set_up
