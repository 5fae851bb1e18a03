"""nbgrader's gradebook: the coordinator writes what the checks found, and reads what people gave."""

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import func
from sqlalchemy.orm import joinedload

from autograder import configuration
from autograder.database import add_student
from autograder.late import shares
from autograder.page.grades import SCHEME

NO_RESPONSE = "No response."  # nbgrader's words for an untouched cell


class Book:
    """The gradebook of a course, opened once. coursedir: nbgrader's."""

    def __init__(self, coursedir):
        self.url, self.course_id = coursedir.db_url, coursedir.course_id

    def __enter__(self):
        self.book = Gradebook(self.url, self.course_id)
        return self

    def __exit__(self, *error):
        self.book.close()

    def check(self):
        """Wait until it can be written. Raises CourseError if another process keeps it locked (see autograder/database.py)."""
        self.book.db.query(Student).filter(Student.id == "").update({"email": None})
        self.book.db.rollback()

    def knows(self, assignment):
        """Whether it has been told of an assignment."""
        return self.book.db.query(Assignment).filter(Assignment.name == assignment).count() > 0

    def tasks(self, assignment, notebook):
        """{grade_id: its text with the mark scheme} of the questions that a person reads, as they were before the release."""
        try:
            cells = self.book.find_notebook(notebook, assignment).source_cells
        except MissingEntry:
            return {}
        return {cell.name: cell.source for cell in cells if SCHEME.search(cell.source or "")}

    def record(self, assignment, student, timestamp, notebooks, unchanged):
        """Write the automatic scores of a submission; they count when `commit` is called.

        notebooks: {name of the notebook: Graded}. unchanged: (notebook, grade_id)s of the cells in which the student's text is
        what was graded before: there a person's points and the mark that an answer has been read are kept as they are.
        """
        add_student(self.book, student)
        submission = self.book.update_or_create_submission(assignment, student)
        submission.timestamp = timestamp  # None: nbgrader would keep that of an earlier submission, and call this one late
        for name, graded in notebooks.items():
            self._record(submission, name.removesuffix(".ipynb"), graded, {cell for n, cell in unchanged if n == name})
        self.book.db.flush()

    def commit(self):
        """Make what was recorded count, all at once."""
        self.book.db.commit()

    def rollback(self):
        """Forget what was recorded."""
        self.book.db.rollback()

    def _record(self, submission, name, graded, unchanged):
        notebook = next((n for n in submission.notebooks if n.name == name), None)
        if notebook is None:  # not in the gradebook; nbgrader passes over it as well
            return
        cells = self.book.db.query(Grade).options(joinedload(Grade.cell)).filter(Grade.notebook_id == notebook.id)
        for grade in cells:
            score = graded.scores.get(grade.name)
            read = grade.name in unchanged and not grade.needs_manual_grade
            # As in nbgrader: where a person's points meet a new answer, a person looks again.
            grade.needs_manual_grade = (score is None or grade.manual_score is not None) and not read
            grade.auto_score = score
        comments = self.book.db.query(Comment).options(joinedload(Comment.cell)).filter(Comment.notebook_id == notebook.id)
        for comment in comments:
            comment.auto_comment = NO_RESPONSE if comment.name in graded.unanswered else None

    def points(self, assignment):
        """{student: points of the automatic checks} of all submissions of an assignment."""
        graded = func.coalesce(func.sum(Grade.auto_score), 0.0)
        return dict(_of(assignment, self.book.db.query(Student.id, graded)).group_by(Student.id))

    def after_penalties(self, assignment):
        """{student: {notebook: points after what lateness costs, those given by hand included}} of an assignment."""
        left = func.coalesce(func.sum(Grade.score), 0.0) - func.coalesce(SubmittedNotebook.late_submission_penalty, 0.0)
        rows = _of(assignment, self.book.db.query(Student.id, Notebook.name, left)).join(SubmittedNotebook.notebook)
        found = {}
        for student, notebook, points in rows.group_by(Student.id, Notebook.name, SubmittedNotebook.late_submission_penalty):
            found.setdefault(student, {})[notebook] = points
        return found

    def touched_by_hand(self, assignment):
        """The students to whom a person has given points or a comment."""
        rows = _of(assignment, self.book.db.query(Student.id)).distinct()
        rows = rows.outerjoin(Comment, Comment.notebook_id == SubmittedNotebook.id)
        return {student for (student,) in rows.filter(Grade.manual_score.isnot(None) | Comment.manual_comment.isnot(None))}


def late_shares(course, assignments):
    """What lateness leaves of the points, as {(assignment, student): fraction of 1}, of those who lost some."""
    with Book(CourseDirectory(config=configuration.config(course.root))) as book:
        return {(a, student): share for a in assignments for student, share in shares(book.book, a).items()}


def _of(assignment, query):
    """The query, on the grades of one assignment."""
    return (
        query.select_from(Grade)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .join(Student, SubmittedAssignment.student_id == Student.id)
        .filter(Assignment.name == assignment)
    )
