"""Grade submissions one by one with nbgrader's own pipeline; one bad submission never costs another its grade."""

import contextlib
import hashlib
import os
import re
import shutil
import traceback
from collections import defaultdict
from dataclasses import dataclass

from nbgrader.api import MissingEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from rich import box
from rich.table import Column, Table
from rich.text import Text

from autograder import build, configuration
from autograder.grading.data import prepare_data
from autograder.grading.verdict import Verdict, read_verdict, verdict_path
from autograder.sandbox.canary import check_sandbox


@dataclass(frozen=True, order=True)
class Submission:
    """What one student handed in for one assignment."""

    assignment: str
    student: str


def submissions(course, assignments, students=None):
    """The submissions of these assignments in `grading/submitted/`, of these students or of all, in order."""
    found = [
        Submission(folder.name, folder.parent.name)
        for folder in course.submitted.glob("*/*")
        if folder.name in assignments and (not students or folder.parent.name in students)
    ]
    return sorted(found)


def grade(course, submissions, sandboxed=True, advance=lambda submission: None):
    """Grade submissions: autograde, feedback, verdict. Earlier automatic grades of the same submissions are replaced.

    advance: called with each submission once it is done.
    Returns: a list of Verdict, one for each submission, in their order.
    Raises: BuildError if a source cannot be read, SandboxError if the sandbox does not hold; then nothing is graded.
    """
    assignments = sorted({s.assignment for s in submissions})
    build.register(course, assignments)
    if sandboxed:
        check_sandbox(course)
    prepare_data(course, assignments)
    config = configuration.config(course.root)
    config.Judge.sandboxed = sandboxed
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    verdicts = []
    for submission in submissions:
        try:
            verdict = _grade_one(course, api, submission, sandboxed)
        except Exception:  # whatever it is, the others get their grades
            verdict = _no_verdict(course, api, submission, sandboxed, traceback.format_exc())
        verdicts.append(verdict)
        advance(submission)
    return verdicts


def _grade_one(course, api, submission, sandboxed):
    about = submission.assignment, submission.student
    if re.search(r"[*?\[\]]|^\s|\s$", submission.student) or not submission.student.isprintable():
        return _no_verdict(course, api, submission, sandboxed, why="The name of its folder is no student's id; rename it.")
    verdict_path(course, *about).unlink(missing_ok=True)
    shutil.rmtree(course.grading / "feedback" / submission.student / submission.assignment, ignore_errors=True)
    result = api.autograde(*about)
    if result["success"]:
        result = api.generate_feedback(*about)
    verdict = read_verdict(course, *about)
    if verdict and result["success"]:
        return verdict
    return _no_verdict(course, api, submission, sandboxed, f"{result.get('error') or ''}\n{result.get('log') or ''}")


def summary(verdicts):
    """A table: one row a student, one column an assignment with its points, and the sentence of the mistake that cost most."""
    assignments = sorted({v.assignment for v in verdicts})
    by_student = defaultdict(dict)
    for verdict in verdicts:
        by_student[verdict.student][verdict.assignment] = verdict
    possible = {a: max(row[a].possible for row in by_student.values() if a in row) for a in assignments}
    numbers = [Column(f"{a.partition('-')[0]}\n/{possible[a]:g}", justify="right", no_wrap=True) for a in assignments]
    table = Table("student", *numbers, "worst mistake", box=box.SIMPLE, padding=(0, 1, 1, 0))  # narrow: sentences need the room
    for student, row in sorted(by_student.items()):
        cells = [f"{row[a].points:.1f}" if a in row else "" for a in assignments]
        worst = max(row.values(), key=lambda v: v.possible - v.points)
        table.add_row(*map(_plain, (student, *cells, worst.worst)))
    return table


def _plain(text):
    """Text as it stands: what students write may hold the terminal's control characters and rich's markup."""
    return Text("".join(c if c.isprintable() else " " for c in text))


def _no_verdict(course, api, submission, sandboxed, details="", why=""):
    """A submission cannot be graded: no points in the gradebook either, a note for the instructor, and the details in a log."""
    digest = hashlib.sha256(os.fsencode(submission.student)).hexdigest()[:12]  # the id itself may be no name for a file
    log = course.grading / "logs" / f"{submission.assignment}-{digest}.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(f"{submission.student!r}\n{details}", errors="replace")
    note = f"This submission could not be graded. {why or f'For the instructor: {log.relative_to(course.root)}.'}"
    verdict = Verdict(submission.assignment, submission.student, sandboxed, (note,), ())
    with contextlib.suppress(OSError, ValueError):
        verdict.write(course)
    with contextlib.suppress(MissingEntry), api.gradebook as gradebook:
        for notebook in gradebook.find_submission(submission.assignment, submission.student).notebooks:
            for grade in notebook.grades:
                if grade.auto_score is not None:
                    grade.auto_score = 0.0
        gradebook.db.commit()
    return verdict
