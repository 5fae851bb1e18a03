"""From a result to what people see: gradebook, graded notebook, page, verdict. The coordinator alone does this.

All of it is prepared first and takes effect together, the verdict last: where there is a verdict, the rest agrees with it.
"""

import json
from pathlib import Path

from sqlalchemy.exc import OperationalError

from autograder.course import CourseError
from autograder.grading.store import Staged
from autograder.grading.submission import TIMESTAMP, read_timestamp
from autograder.judging.verdict import read_verdict, verdict_path
from autograder.page import page
from autograder.page.grades import read_grades, read_penalty
from autograder.page.summary import number


def publish(course, book, submission, result):
    """Replace the grade of a submission by a complete new one. Raises CourseError; then the old grade stands, whole."""
    assignment, student = submission.assignment, submission.student
    timestamp = read_timestamp(course.submitted / student / assignment)
    try:
        with Staged() as staged:
            book.record(assignment, student, timestamp, result.notebooks, _unchanged(course, submission, result))
            graded = course.grading / "autograded" / student / assignment
            for name, notebook in result.notebooks.items():
                staged.add(graded / name, _for_graders(notebook.text, book.tasks(assignment, Path(name).stem)))
            for file in (course.release / assignment).iterdir():
                if file.is_file() and file.suffix != ".ipynb" and not file.name.startswith("."):
                    staged.add(graded / file.name, file.read_bytes())
            if timestamp:
                staged.add(graded / TIMESTAMP, f"{timestamp} UTC\n")
            stage_pages(course, book, submission, result, staged)
            staged.add(verdict_path(course, assignment, student), result.verdict.to_json())
            book.commit()
            staged.put()
    except OperationalError as error:
        book.rollback()
        raise CourseError(
            f"The gradebook cannot be written ({error.orig}). The old grade stands. Close what uses the gradebook (formgrader, "
            "another `autograder grade`) and run this command again."
        ) from None
    except OSError as error:
        book.rollback()
        raise CourseError(f"The grade cannot be written ({error}). The old grade stands; run this command again.") from None
    except BaseException:
        book.rollback()
        raise


def _for_graders(text, tasks):
    """A graded notebook in which the questions that a person reads have their schemes again: formgrader shows them there."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        source = tasks.get(cell["metadata"].get("nbgrader", {}).get("grade_id"))
        cell["source"] = cell["source"] if source is None else source
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n" if tasks else text


def refresh(course, book, submission, result):
    """Write the pages of a submission once more: a person has given points or a comment since."""
    with Staged() as staged:
        stage_pages(course, book, submission, result, staged)
        staged.put()


def stage_pages(course, book, submission, result, staged):
    """Prepare the pages of a submission from its result and from the gradebook as it is now."""

    for name, notebook in result.notebooks.items():
        stem = name.removesuffix(".ipynb")
        about = book.book, submission.assignment, submission.student, stem
        html = page(result.verdict, notebook.fragments, read_grades(*about), read_penalty(*about))
        staged.add(page_path(course, submission, stem), html)


def page_path(course, submission, notebook):
    """Where nbgrader looks for the page about one notebook of a submission."""
    return course.grading / "feedback" / submission.student / submission.assignment / f"{notebook}.html"


def shows(course, submission, points):
    """Whether the pages of a submission have these points in their titles, {notebook: points}."""
    for notebook, total in points.items():
        with open(page_path(course, submission, notebook), encoding="utf-8") as file:
            if f": {number(total)} of " not in file.read(2000):
                return False
    return True


def is_published(course, submission, key, points):
    """Whether the verdict, files and gradebook entry of a submission are those of the result `key`.

    points: of the automatic checks, as the gradebook has them; None if it does not know the submission.
    """
    verdict = read_verdict(course, submission.assignment, submission.student)
    if verdict is None or verdict.result != key or points is None or abs(points - verdict.points) > 0.02:
        return False
    graded = course.grading / "autograded" / submission.student / submission.assignment
    return all((graded / f"{stem}.ipynb").exists() and page_path(course, submission, stem).exists() for stem in verdict.answers)


def _unchanged(course, submission, result):
    """(notebook, grade_id) of the cells in which the student's text is that of the published verdict."""
    before = read_verdict(course, submission.assignment, submission.student)
    answers = {(n, cell): digest for n, cells in (before.answers if before else {}).items() for cell, digest in cells.items()}
    now = {(n, cell): digest for n, cells in result.verdict.answers.items() for cell, digest in cells.items()}
    return {cell for cell, digest in now.items() if answers.get(cell) == digest}
