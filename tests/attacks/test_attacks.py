"""Each attack and each broken submission, graded in a class: nothing gained, leaked or changed, nobody hurt, always a verdict.

`pytest tests/attacks -k NAME` grades only the submissions whose tests are chosen. The table at the end has what stock nbgrader
does with them, from stock.json.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from attacks import ATTACKS, FEEDBACK
from costly import BROKEN
from forbidden import LOOPS
from harness import CANARIES, COURSE, HERE, active_parts, differences, fingerprints, leaks, listener
from nbconvert.exporters import HTMLExporter
from ordinary_user import pytest_as_ordinary_user
from record_stock import scores, table
from submission import ASSIGNMENT, EXERCISES, NOTEBOOK, Submission

from autograder import configuration
from autograder.cli import LOOK

NEIGHBOUR = Submission("zz-honest", "an honest student, graded last")
CONTROLS = {
    wrong: Submission(f"control-{wrong}", f"a wrong {wrong}", tuple(e for e in EXERCISES if e != wrong)) for wrong in EXERCISES
}
SOME = {submission.name for submission in (ATTACKS + BROKEN)[::12]}  # which `make test` tries; `make test-all` tries all
CLASSES = 2  # graded at the same time; the corpus is dealt out to them
FOR_USER = (
    "gradebook-credit",
    "search-machine",
    "environment-read",
    "neighbour-overwritten",
    "startup-planted",
    "notebook-is-link",
    "daemon",
    "everyone-killed",
    "grader-memory",
    "network",
    "ast-transformer",
    "xss-error",
    "exit-at-the-end",
    "endless-stubborn",
    "memory",
    "fork-bomb",
    "disk",
    "not-readable",
)
# Shorter than a course would have it, so that what never ends ends soon.
LIMITS = {"cell_seconds": 6, "case_seconds": 4, "notebook_seconds": 60}
# By the grader, so not compared.
WRITTEN = tuple(f"grading/{part}" for part in ("autograded", "feedback", "known", "locks", "logs", "results", "verdicts"))


@dataclass(frozen=True)
class Class:
    """A graded class: where it lies, what it was like before, who called the listener."""

    root: Path
    alone: str  # the verdict of the neighbour, graded alone
    changed: list
    received: list
    console: str  # what the command line printed

    def verdict(self, student):
        return json.loads((self.root / "grading" / "verdicts" / ASSIGNMENT / f"{student}.json").read_text())

    def handed_back(self, student):
        """All files that the grader wrote for a student."""
        folders = [self.root / "grading" / step / student for step in ("autograded", "feedback")]
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return [*files, *(self.root / "grading").glob(f"verdicts/*/{student}.json")]


def autograder(root, *arguments):
    """Run the command line in a course, with a canary in the environment and a home of its own."""
    environment = {**os.environ, "CANARY": CANARIES["environment"], "HOME": str(root.parent / "home"), "OMP_NUM_THREADS": "1"}
    command = [Path(sys.executable).parent / "autograder", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


def grade_class(template, folder, members):
    """Grade a class of these submissions, in a course of its own."""
    shutil.copytree(template, folder)
    root, home = folder / "course", folder / "home"
    release, submitted = root / "notebooks" / ASSIGNMENT / NOTEBOOK, root / "grading" / "submitted"
    with listener() as (port, received):
        places = {"COURSE": root, "HOME": home, "PORT": port}
        for submission in members:
            submission.write(submitted / submission.name / ASSIGNMENT, release, places)
        before = fingerprints(root, WRITTEN), fingerprints(home)
        graded = autograder(root, "grade")
        assert graded.returncode in (0, LOOK), graded.stdout[-3000:] + graded.stderr[-3000:]
        changed = differences(before[0], fingerprints(root, WRITTEN)) + differences(before[1], fingerprints(home))
    alone = folder.parent / "template" / "course" / "grading" / "verdicts" / ASSIGNMENT / f"{NEIGHBOUR.name}.json"
    return Class(root, alone.read_text(), changed, list(received), graded.stdout + graded.stderr)


@cache
def formgrader_page(root, student, folder):
    """A file with the HTML that formgrader shows to an instructor; as in nbgrader/server_extensions/formgrader."""
    config = configuration.config(root)
    config.HTMLExporter.template_name = "formgrade"
    names = ("assignment_id", "notebook_id", "submission_id", "base_url", "student", "last_name", "first_name", "notebook_path")
    resources = dict.fromkeys(names, "x") | {"index": 0, "total": 1}
    notebook = root / "grading" / "autograded" / student / ASSIGNMENT / NOTEBOOK
    page = folder / f"{root.parent.name}-{student}.html"
    page.write_text(HTMLExporter(config=config).from_filename(str(notebook), resources=resources)[0])
    return page


@pytest.fixture(scope="session")
def classes(request, tmp_path_factory):
    """{name of a submission: the Class it was graded in}, for the submissions whose tests are run."""
    parameters = [getattr(item, "callspec", None) and item.callspec.params for item in request.session.items]
    wanted = list(dict.fromkeys(p["submission"] for p in parameters if p and "submission" in p))
    folder = tmp_path_factory.mktemp("class")
    template = folder / "template"
    root, home = template / "course", template / "home"
    shutil.copytree(COURSE, root)
    with open(root / "nbgrader_config.py", "a") as config:
        config.write(f"c.Judge.limits = {LIMITS}\n")
    (home / "canary").mkdir(parents=True)
    (home / "canary" / "secret").write_text(CANARIES["home"])
    built = autograder(root, "build")
    assert built.returncode == 0, built.stderr
    neighbour = root / "grading" / "submitted" / NEIGHBOUR.name / ASSIGNMENT
    NEIGHBOUR.write(neighbour, root / "notebooks" / ASSIGNMENT / NOTEBOOK, {})
    (neighbour / NOTEBOOK).write_text((neighbour / NOTEBOOK).read_text().replace("Room for", f"{CANARIES['neighbour']} Room for"))
    alone = autograder(root, "grade")
    assert alone.returncode == 0, alone.stderr
    with sqlite3.connect(root / "grading" / "gradebook.db") as gradebook:
        gradebook.execute("UPDATE student SET last_name = ? WHERE id = ?", (CANARIES["gradebook"], NEIGHBOUR.name))
    dealt = [[*CONTROLS.values(), *wanted[i::CLASSES]] for i in range(CLASSES)]
    with ThreadPoolExecutor(CLASSES) as pool:
        graded = list(pool.map(lambda i: grade_class(template, folder / str(i), dealt[i]), range(CLASSES)))
    return {submission.name: graded[i] for i in range(CLASSES) for submission in dealt[i]}


@pytest.fixture(scope="module")
def active(chromium):
    """The scripts and active parts of a page."""
    return active_parts(chromium)


def by_name(submissions):
    marks = {s.name: () if s.name in SOME else pytest.mark.long for s in submissions}
    return pytest.mark.parametrize("submission", [pytest.param(s, id=s.name, marks=marks[s.name]) for s in submissions])


@by_name(ATTACKS + BROKEN)
def test_it_gets_a_verdict_and_the_gradebook_agrees(submission, classes):
    graded = classes[submission.name]
    verdict = graded.verdict(submission.name)
    found = scores(graded.root / "grading" / "gradebook.db", submission.name)
    assert sum(score or 0 for score in found.values()) == pytest.approx(verdict["points"], abs=1e-3)
    assert verdict["points"] == pytest.approx(sum(case["points"] for case in verdict["cases"]), abs=1e-3)


@by_name([attack for attack in ATTACKS if attack not in LOOPS])
def test_it_gains_nothing(submission, classes):
    graded = classes[submission.name]
    (wrong,) = set(EXERCISES) - set(submission.keeps)
    honest = graded.verdict(CONTROLS[wrong].name)["points"]
    assert graded.verdict(submission.name)["points"] <= honest + 1e-3


@by_name(LOOPS)
def test_a_loop_in_threads_is_counted(submission, classes):
    verdict = classes[submission.name].verdict(submission.name)
    (lost,) = [case for case in verdict["cases"] if not case["passed"]]
    assert lost["case"] == "no loop over the rows" and lost["points"] == 0


@by_name(ATTACKS)
def test_it_is_told_nothing(submission, classes):
    files = classes[submission.name].handed_back(submission.name)
    found = {name: str(path) for path in files for name in leaks(path.read_text(errors="replace"))}
    assert not found


@by_name(ATTACKS + BROKEN)
def test_its_page_runs_nothing(submission, classes, active):
    grading = classes[submission.name].root / "grading"
    page = f"{ASSIGNMENT}/{ASSIGNMENT}.html"
    ours = grading / "feedback" / submission.name / page
    if classes[submission.name].verdict(submission.name)["cases"]:  # else there is nothing to show
        assert set(active(ours)) <= set(active(grading / "feedback" / NEIGHBOUR.name / page))


@by_name(FEEDBACK)
def test_its_page_in_formgrader_runs_nothing(submission, classes, active, tmp_path_factory):
    root, folder = classes[submission.name].root, tmp_path_factory.getbasetemp()
    ours, honest = (set(active(formgrader_page(root, student, folder))) for student in (submission.name, NEIGHBOUR.name))
    assert ours <= honest


@by_name(BROKEN)
def test_what_worked_keeps_its_points_and_the_rest_has_a_reason(submission, classes):
    verdict = classes[submission.name].verdict(submission.name)
    for exercise in submission.keeps:
        cases = [case for case in verdict["cases"] if case["exercise"] == exercise]
        assert cases and all(case["passed"] for case in cases), cases
    lost = [case for case in verdict["cases"] if not case["passed"]]
    assert all(case["message"] for case in lost)
    assert verdict["cases"] or verdict["notes"]


def test_nothing_of_the_course_or_the_home_has_changed(classes):
    allowed = {"grading/gradebook.db"}
    assert {path for graded in classes.values() for path in graded.changed} <= allowed


def test_nobody_was_called(classes):
    assert [message for graded in classes.values() for message in graded.received] == []


def test_the_terminal_shows_no_control_characters(classes):
    assert not any("\x1b" in graded.console for graded in classes.values())


def test_the_neighbour_gets_what_it_gets_alone(classes):
    for graded in classes.values():
        verdict = graded.root / "grading" / "verdicts" / ASSIGNMENT / f"{NEIGHBOUR.name}.json"
        assert verdict.read_text() == graded.alone
        found = scores(graded.root / "grading" / "gradebook.db", NEIGHBOUR.name)
        assert sum(found.values()) == json.loads(graded.alone)["points"] == 4


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; this run is an ordinary user's already")
def test_a_selection_as_an_ordinary_user(capsys):
    """One of each kind: what a sandbox without root's rights could let through."""
    result = pytest_as_ordinary_user(str(HERE), "-k", " or ".join([*FOR_USER, "nothing_of or nobody or neighbour_gets"]))
    with capsys.disabled():
        print("\n  as an ordinary user:", result.stdout.strip().splitlines()[-1])
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_readme_has_the_table(capsys):
    shown = table()
    with capsys.disabled():
        print("\n" + shown)
    assert shown in (HERE / "README.md").read_text(), "run: python tests/attacks/record_stock.py --table"
