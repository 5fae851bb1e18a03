"""Building: byte-identical, nothing leaks, and mistakes in a source are named."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
import torch
from conftest import COURSE, ROOT, SMALL
from nbclient import NotebookClient
from nbgrader.preprocessors import ClearMarkScheme

from autograder import build
from autograder.build import generate
from autograder.build.preprocessors import ShowModelAnswers, unanswered
from autograder.build.source import SET_UP, lend_helper, problems, read
from autograder.course import Course, CourseError, notebook_source

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


def test_what_is_to_be_mended_is_broken_in_the_release_and_gone_from_the_solution(small_course):
    solution = "    return (predictions == labels).float().mean().item()  # canary-source-5e1c\n    ### END SOLUTION\n"
    broken = "    ### BEGIN MEND\n    # # all of them\n    # return (predictions == labels).sum().item()\n    ### END MEND\n"
    change(small_course, solution, solution + broken)
    build.build(small_course, [NAME])
    released, solved = (
        next(c.source for c in nbformat.read(part / NAME / f"{NAME}.ipynb", as_version=4).cells if "def accuracy" in c.source)
        for part in (small_course.release, small_course.solutions)
    )
    assert released.splitlines()[2:] == ["    # all of them", "    return (predictions == labels).sum().item()"]
    assert solved.splitlines()[2:] == ["    return (predictions == labels).float().mean().item()  # canary-source-5e1c"]


def test_the_model_answer_of_a_mark_scheme_is_in_the_solution_alone():
    asked = "Why?\n\n=== BEGIN MARK SCHEME ===\n- 1 point: a reason.\n\nA model answer: because.\n=== END MARK SCHEME ==="
    cell = nbformat.v4.new_markdown_cell(asked)
    for step in (ShowModelAnswers(), ClearMarkScheme(enforce_metadata=False)):
        cell, _ = step.preprocess_cell(cell, {}, 0)
    assert cell.source.split() == ["Why?", "A", "model", "answer:", "because."]


def test_what_students_enter_or_plan_is_not_in_the_release(small_course):
    old = "# %%\n# Room for your own experiments."
    change(small_course, old, '# %% tags=["answer"]\nslope = 7 / 2\n\n# %% tags=["design"]\n# Your plan.\nprint(slope)')
    build.build(small_course, [NAME])
    released, solved = (
        [c.source for c in nbformat.read(part / NAME / f"{NAME}.ipynb", as_version=4).cells][-2:]
        for part in (small_course.release, small_course.solutions)
    )
    assert (released, solved) == (["slope = ...", "# Your plan."], ["slope = 7 / 2", "# Your plan.\nprint(slope)"])


def test_a_part_of_the_helper_goes_only_with_a_notebook_that_names_it(small_course):
    (small_course.helper / "play").mkdir(parents=True)
    (small_course.helper / "__init__.py").write_text("")
    (small_course.helper / "play" / "__init__.py").write_text("")
    build.build(small_course, [NAME])
    released = small_course.release / NAME / "course"
    assert (released / "__init__.py").exists() and not (released / "play").exists()
    change(small_course, "# Room for your own experiments.", "import course.play")
    build.build(small_course, [NAME])
    assert (released / "play" / "__init__.py").exists()


def test_the_authors_guesses_are_not_in_the_release():
    source = 'guess("a", "How many (of 5)?", 5)\nguess(\n    "b",\n    "Which shape, (2, 3)?",\n    (2, 3),\n)'
    assert unanswered(source) == source.replace('?", 5)', '?", ...)').replace("    (2, 3),\n)", "    ...,\n)")
    assert unanswered("first, second = 1, (2, 3)\nthird = (4, 5)") == "first, second = ..., ...\nthird = ..."


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


RELEASED = Path("notebooks", NAME, f"{NAME}.ipynb")
SOLVED = Path("solutions", NAME, f"{NAME}.ipynb")


HELPER = Path("notebooks", NAME, "helper.py")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The small course with a set-up cell and a support file, built."""
    course = Course(Path(shutil.copytree(SMALL, tmp_path_factory.mktemp("built") / "course")))
    (course.source / "header.py").write_text("# %%\nimport math\n")
    (course.source / NAME / HELPER.name).write_text("x = 1\n")
    build.build(course, [NAME])
    return course


@pytest.fixture
def built(template, tmp_path):
    """A copy of it, for a test that changes it."""
    return Course(Path(shutil.copytree(template.root, tmp_path / "course")))


def whats(changes):
    return {(change.what, str(change.path)) for change in changes}


def test_another_machine_changes_nothing_until_a_rerun_is_asked_for(built, monkeypatch):
    before = files(built)
    monkeypatch.setattr(generate, "_processor", lambda: "another processor")
    assert build.stale(built, [NAME]) == []
    assert build.build(built, [NAME]) == []
    assert files(built) == before
    assert whats(build.build(built, [NAME], rerun=True)) == {("changed", str(SOLVED))}
    made_with = nbformat.read(built.root / SOLVED, as_version=4).metadata.course.made_with
    assert made_with.processor == "another processor" and made_with.torch == torch.__version__.partition("+")[0]


@pytest.mark.parametrize("change_of", ["a solution", "the set-up cell", "a support file", "a version"])
def test_what_went_into_a_solution_decides_whether_it_is_current(built, monkeypatch, change_of):
    match change_of:
        case "a solution":
            change(built, "    ### BEGIN SOLUTION\n", "    ### BEGIN SOLUTION\n    # thus\n")
        case "the set-up cell":
            (built.source / "header.py").write_text("# %%\nimport math, sys\n")
        case "a support file":
            (built.source / NAME / HELPER.name).write_text("x = 2\n")
        case "a version":
            monkeypatch.setattr(generate, "installed", lambda names: dict.fromkeys(names, "0.1"))
    assert ("changed", str(SOLVED)) in whats(build.stale(built, [NAME]))


def test_what_people_made_or_edited_is_named_and_left(built):
    released, notes = built.root / RELEASED, built.root / RELEASED.with_name("my notes.ipynb")
    released.write_text(released.read_text().replace("raise NotImplementedError()", "return my_work"))
    notes.write_text("mine")
    before = files(built)
    found = {("edited", str(RELEASED)), ("added", str(notes.relative_to(built.root)))}
    assert whats(build.stale(built, [NAME])) == whats(build.build(built, [NAME], rerun=True)) == found
    result = run("build", cwd=built.root)
    assert result.returncode == 1
    assert all(f"{what}: {path}" in result.stdout for what, path in found) and "--force" in result.stderr
    assert files(built) == before
    moved = build.build(built, [NAME], force=True)
    assert whats(moved) == found | {("made", str(RELEASED))}
    (aside,) = (built.grading / "set-aside").iterdir()
    assert {change.aside for change in moved} - {None} == {aside.relative_to(built.root) / path for _, path in found}
    assert "my_work" in (aside / RELEASED).read_text() and (aside / RELEASED.with_name(notes.name)).read_text() == "mine"
    assert "my_work" not in released.read_text() and not notes.exists()
    assert build.stale(built, [NAME]) == []


def test_an_edited_solution_is_left_too_and_made_anew_by_force(built):
    solved = built.root / SOLVED
    before = solved.read_bytes()
    solved.write_bytes(before.replace(b"canary-source", b"something else"))
    assert whats(build.build(built, [NAME])) == {("edited", str(SOLVED))}
    assert whats(build.build(built, [NAME], force=True)) == {("edited", str(SOLVED)), ("made", str(SOLVED))}
    assert solved.read_bytes() == before


def test_a_note_beside_the_notebook_does_not_stop_the_building(built):
    note = built.root / RELEASED.with_name("note.txt")
    note.write_text("mine")
    change(built, "The fraction of right predictions.", "The share of right predictions.")
    assert whats(build.build(built, [NAME])) == {
        ("added", str(note.relative_to(built.root))),
        ("changed", str(RELEASED)),
        ("changed", str(SOLVED)),
    }
    assert note.read_text() == "mine"


def test_deletions_are_called_deletions(built):
    (built.source / NAME / HELPER.name).unlink()
    deleted = {("deleted", str(HELPER)), ("deleted", str(SOLVED.with_name(HELPER.name)))}
    assert whats(build.build(built, [NAME])) == deleted | {("changed", str(SOLVED))}
    assert not (built.root / HELPER).exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"points": 2', '"points": 3', "check-accuracy has 2 points there and has 3 points in source"),
        ('"grade_id": "answer-why"', '"grade_id": "answer-how"', "answer-how is missing there"),
    ],
)
def test_nothing_is_graded_by_other_points_than_the_release_names(built, old, new, said):
    change(built, old, new)
    with pytest.raises(CourseError, match="older than its source") as error:
        build.register(built, [NAME])
    assert said in str(error.value) and f"autograder build {NAME}" in str(error.value)
    build.build(built, [NAME])
    assert build.register(built, [NAME]) == []


def test_an_older_wording_of_the_release_is_said_when_it_is_graded(built):
    change(built, "The fraction of right predictions.", "The share of right predictions.")
    (said,) = build.register(built, [NAME])
    assert f"notebooks/{NAME} is older than source/{NAME}" in said
    (built.root / RELEASED).unlink()
    with pytest.raises(CourseError, match=f"There is no {RELEASED}"):
        build.register(built, [NAME])


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
    """Each exercise, and a challenge, has a cell that students fill in and a graded check; what else they write is for practice,
    and has a check without points."""
    from autograder.checks import load, load_challenge

    notebook = nbformat.read(COURSE.release / assignment / f"{assignment}.ipynb", as_version=4)
    marks = [cell.metadata.get("nbgrader", {}) | {"type": cell.cell_type} for cell in notebook.cells]
    written = [m["grade_id"] for m in marks if m.get("solution") and m["type"] == "code"]
    graded = {m["grade_id"] for m in marks if m.get("grade") and m["type"] == "code"}
    challenge = load_challenge(COURSE, assignment)
    asked = {*load(COURSE, assignment), *([challenge.name] if challenge else [])}
    assert asked and asked <= set(written)
    assert {f"check-{name}" for name in asked} == graded
    checked = {name for cell in notebook.cells for name in re.findall(r'^check\("(\w+)"\)', cell.source, re.MULTILINE)}
    assert set(written) <= checked


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


def test_a_source_opened_in_jupyterlab_runs_its_set_up(quick):
    folder = COURSE.source / quick
    notebook = jupytext.read(folder / f"{quick}.py")  # as JupyterLab's contents manager does
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:2]
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    assert notebook.cells[0].source == SET_UP and "Data: " in notebook.cells[0].outputs[0].text
    assert not [o for c in notebook.cells for o in c.outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert SET_UP not in [c.source for c in read(folder / f"{quick}.py").cells]


def test_every_source_begins_with_the_set_up():
    for name in COURSE.assignments:
        assert jupytext.read(COURSE.source / name / f"{name}.py").cells[1].source == SET_UP, name


def test_answers_of_an_assignment_lie_beside_later_ones_only(tmp_path):
    lent = {}
    for assignment in ("03-mse-regression", "04-logistic-regression", "05-two-layer-net"):
        lend_helper(COURSE, assignment, tmp_path / assignment)
        lent[assignment[:2]] = {file.name for file in (tmp_path / assignment / "course").glob("after0?.py")}
    assert lent == {"03": set(), "04": {"after03.py"}, "05": {"after03.py", "after04.py"}}
