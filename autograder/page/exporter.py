"""`nbgrader generate_feedback` and formgrader's button make the very page that `autograder grade` makes."""

from pathlib import Path

import nbformat
from nbconvert.exporters import Exporter
from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.grading.verdict import Verdict, read_verdict
from autograder.page.clean import clean_notebook
from autograder.page.fragments import fragments
from autograder.page.grades import read_grades, read_penalty
from autograder.page.page import page


class FeedbackExporter(Exporter):
    """An exporter for nbgrader's converter GenerateFeedback: the page of a submission, whatever nbconvert's templates are."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_filename(self, filename, resources=None, **kw):
        """The page of the submission that `resources["nbgrader"]` names; `filename` is the graded notebook."""
        about = resources["nbgrader"]
        course = Course(Path(self.parent.coursedir.root))
        assignment, student = about["assignment"], about["student"]
        verdict = read_verdict(course, assignment, student) or Verdict(assignment, student, True, (), ())
        with Gradebook(about["db_url"]) as gradebook:
            grades = read_grades(gradebook, assignment, student, about["notebook"])
            penalty = read_penalty(gradebook, assignment, student, about["notebook"])
        made = page(verdict, stored_fragments(course, assignment, student), grades, penalty)
        return made, resources | {"output_extension": self.file_extension}


def stored_fragments(course, assignment, student):
    """What the page shows of the notebook, {key: HTML}."""
    notebook = nbformat.read(course.grading / "autograded" / student / assignment / f"{assignment}.ipynb", as_version=4)
    verdict = read_verdict(course, assignment, student)
    clean_notebook(notebook)
    return fragments(notebook, verdict.cases if verdict else ())
