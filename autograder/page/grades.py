"""What the gradebook says about one submission: points and comments, given automatically or by a person."""

import re
from dataclasses import dataclass

from nbgrader.api import MissingEntry

# nbgrader takes the scheme out of the release, keeps it in the gradebook, and puts it back for the grader.
SCHEME = re.compile(r"^[^\n]*BEGIN MARK SCHEME[^\n]*\n(.*?)^[^\n]*END MARK SCHEME[^\n]*", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Grade:
    """What one cell got: `points` of `possible`; a comment of its grader; whether a person still has to read it.

    by_hand: whether a person grades it. scheme: what points are given for, as Markdown, once they are given.
    A cell of code that is graded by its check can have a comment of its own; then `possible` is 0.
    """

    points: float
    possible: float
    comment: str = ""
    waiting: bool = False
    by_hand: bool = False
    scheme: str = ""


def read_grades(gradebook, assignment, student, notebook=None):
    """{grade_id: Grade} of all cells with points or a comment; {} if nothing was graded yet.

    gradebook: an open nbgrader.api.Gradebook. notebook: its name, that of the assignment if None.
    """
    try:
        submitted = gradebook.find_submission_notebook(notebook or assignment, assignment, student)
    except MissingEntry:
        return {}
    # The only automatic comment is "No response.", which the page says in its own words.
    comments = {comment.name: comment.manual_comment for comment in submitted.comments if comment.manual_comment}
    schemes = {}
    if any(grade.auto_score is None for grade in submitted.grades):
        found = ((cell.name, SCHEME.search(cell.source or "")) for cell in submitted.notebook.source_cells)
        schemes = {name: match[1] for name, match in found if match}
    grades = {name: Grade(0, 0, comment) for name, comment in comments.items()}
    for grade in submitted.grades:
        name, waiting = grade.name, bool(grade.needs_manual_grade)
        by_hand = grade.auto_score is None
        scheme = "" if waiting else schemes.get(name, "")
        grades[name] = Grade(grade.score, grade.max_score, comments.get(name, ""), waiting, by_hand, scheme)
    return grades


def read_penalty(gradebook, assignment, student, notebook=None):
    """The points that are taken off because a submission came late."""
    try:
        return gradebook.find_submission_notebook(notebook or assignment, assignment, student).late_submission_penalty or 0.0
    except MissingEntry:
        return 0.0
