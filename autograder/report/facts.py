"""What is known of a class: verdicts, and what the results hold of the notebooks. Everything else here is computed from it."""

from dataclasses import dataclass
from functools import cached_property

import nbformat

from autograder import checks, grading
from autograder.course import CourseError
from autograder.grading.store import Store
from autograder.lms import roster


@dataclass(frozen=True, eq=False)
class Work:
    """What one student handed in. sources: {grade_id: source} of their own cells; {} where the result is not there any more."""

    student: str
    verdict: grading.Verdict
    sources: dict
    behaviour: dict
    cpu: float

    def cases(self, exercise):
        """The CaseResults of one exercise."""
        return [case for case in self.verdict.cases if case.exercise == exercise]


@dataclass(frozen=True, eq=False)
class Class:
    """All that was handed in for one assignment. missing: who is in the class, and has handed in nothing here."""

    course: object
    assignment: str
    works: tuple
    missing: tuple

    @cached_property
    def exercises(self):
        """The exercises with hidden checks, {name: Exercise}."""
        return checks.load(self.course, self.assignment)

    @cached_property
    def tasks(self):
        """The names of all that is judged, in the notebook's order."""
        return list(dict.fromkeys(case.exercise for work in self.works for case in work.verdict.cases))

    @cached_property
    def given(self):
        """{grade_id: source} of the release and of the solution, two dicts."""
        found = [{}, {}]
        for into, folder in zip(found, (self.course.release, self.course.solutions), strict=True):
            for path in sorted((folder / self.assignment).glob("*.ipynb")):
                into |= _sources(path.read_text("utf-8"))
        return found


def classes(course, assignments):
    """The Class of each assignment in which something was graded. Raises: CourseError if nothing was."""
    store, people = Store(course.grading / "results"), _students(course)
    found = []
    for assignment in assignments:
        works = [work for student in people if (work := _work(course, store, assignment, student))]
        if works:
            there = {work.student for work in works} | _handed_in(course, assignment)
            missing = [student for student in people if student not in there]
            found.append(Class(course, assignment, tuple(works), tuple(missing)))
    if not found:
        raise CourseError("Nothing is graded yet, so there is nothing to report. Run `autograder grade` first.")
    return found


def _students(course):
    """Everybody, in order: in the roster, or with anything handed in."""
    known = roster.read(course)
    folders = {folder.name for folder in course.submitted.glob("*") if folder.is_dir()}
    return sorted(folders | {person.student for person in known.people} if known else folders)


def _handed_in(course, assignment):
    return {folder.parent.name for folder in course.submitted.glob(f"*/{assignment}")}


def _work(course, store, assignment, student):
    verdict = grading.read_verdict(course, assignment, student)
    if verdict is None:
        return None
    result = store.get(verdict.result) if verdict.result else None
    sources = {}
    for notebook in result.notebooks.values() if result else ():
        sources |= _sources(notebook.text)
    return Work(student, verdict, sources, result.behaviour if result else {}, result.cpu if result else 0.0)


def _sources(text):
    """{grade_id: source} of the cells of code that students fill in."""
    cells = nbformat.reads(text, as_version=4).cells
    marks = [(cell.metadata.get("nbgrader", {}), cell) for cell in cells if cell.cell_type == "code"]
    return {mark["grade_id"]: cell.source for mark, cell in marks if mark.get("solution")}
