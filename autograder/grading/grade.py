"""Grade submissions one by one with nbgrader's own pipeline; one bad submission never costs another its grade."""

from collections import defaultdict
from dataclasses import dataclass

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
        verdict_path(course, submission.assignment, submission.student).unlink(missing_ok=True)
        result = api.autograde(submission.assignment, submission.student)
        if result["success"]:
            result = api.generate_feedback(submission.assignment, submission.student)
        verdict = read_verdict(course, submission.assignment, submission.student)
        if verdict is None:
            verdict = _no_verdict(course, submission, sandboxed, result)
        verdicts.append(verdict)
        advance(submission)
    return verdicts


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


def _no_verdict(course, submission, sandboxed, result):
    """nbgrader gave up on a submission: no points, a note for the instructor, and the details in a log."""
    log = course.grading / "logs" / f"{submission.assignment}-{submission.student}.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(f"{result.get('error') or ''}\n{result.get('log') or ''}")
    note = f"This submission could not be graded. For the instructor: {log.relative_to(course.root)}."
    verdict = Verdict(submission.assignment, submission.student, sandboxed, (note,), ())
    verdict.write(course)
    return verdict
