"""`nbgrader generate_feedback` and formgrader's button make the very page that `autograder grade` makes."""

from pathlib import Path

from nbconvert.exporters import Exporter
from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.grading.store import Store
from autograder.judging.verdict import Verdict, read_verdict
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
        made = page(verdict, stored_fragments(course, verdict, about["notebook"]), grades, penalty)
        return made, resources | {"output_extension": self.file_extension}


def stored_fragments(course, verdict, notebook):
    """What the page shows of the notebook, {key: HTML}, as it was found when the submission was judged."""
    result = Store(course.grading / "results").get(verdict.result)
    return result.notebooks[f"{notebook}.ipynb"].fragments if result else {}
