"""A sample class of twelve, made from the recorded mistakes: what grading looks like before the first student hands in."""

import copy
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder import checks, configuration, grading
from autograder.course import Course

AT_FIRST = 2  # so many assignments show what a class looks like, in the time that a newcomer has
PERFECT, UNTOUCHED = "ada-perfect", "ben-untouched"
WITH_MISTAKES = ("chen", "dilek", "emre", "fatou", "gina", "hiro", "ines", "jonas", "kemal", "lena")


KINDS = (0, 1, 0, 2, 0, 1, 3, 0, 4, 5)  # as in any class: one mistake is made by many, most by one


@dataclass(frozen=True)
class SampleClass:
    """A course folder of its own, so that the demonstration never mixes with real grades."""

    course: Course
    submissions: list

    @property
    def paths(self):
        """{what it is: where it lies}, for a person to look at."""
        first = self.submissions[0].assignment
        feedback = self.course.grading / "feedback"
        return {
            "feedback of a student with mistakes": feedback / WITH_MISTAKES[0] / first / f"{first}.html",
            "feedback of the perfect student": feedback / PERFECT / first / f"{first}.html",
            "verdict, case by case": grading.verdict_path(self.course, first, WITH_MISTAKES[0]),
            "gradebook (for nbgrader and formgrader)": self.course.grading / "gradebook.db",
        }


def make(course, assignments):
    """Write twelve submissions for each assignment into `grading/demo/` of the course."""
    root = course.grading / "demo"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name in ("source", "notebooks", "autograder"):
        (root / name).symlink_to(course.root / name)
    sample = Course(root)
    configuration.lend(course, root, f"sqlite:///{sample.grading / 'gradebook.db'}")
    for assignment in assignments:
        release = nbformat.read(course.release / assignment / f"{assignment}.ipynb", as_version=4)
        for student, sources in twelve(course, assignment).items():
            _hand_in(sample, student, assignment, release, sources)
    return SampleClass(sample, grading.submissions(sample, assignments))


def twelve(course, assignment):
    """What each of the class writes: {student: {grade_id: source}}."""
    solved = solutions(course, assignment)
    written = {UNTOUCHED: {}, PERFECT: solved}
    for number, student in enumerate(WITH_MISTAKES):
        made = mistakes(course, assignment, number)
        written[student] = solved | {name: _whole(name, made[name], solved) for name in made}
    return written


def solutions(course, assignment):
    """{grade_id: source} of all cells that students fill in, as the solution notebook has them."""
    solved = nbformat.read(course.solutions / assignment / f"{assignment}.ipynb", as_version=4)
    marks = [(cell.metadata.get("nbgrader", {}), cell) for cell in solved.cells]
    return {mark["grade_id"]: cell.source for mark, cell in marks if mark.get("solution")}


def mistakes(course, assignment, number):
    """One or two recorded mistakes of an assignment, {grade_id: source}; `number` decides which. Some are made by several."""
    exercises = [e for e in checks.load(course, assignment).values() if e.mistakes]
    made = {}
    for step in range(1 + number % 2):
        kind = KINDS[number % len(KINDS)] + 3 * step
        exercise = exercises[kind % len(exercises)]
        sources = list(exercise.mistakes.values())
        made[exercise.name] = sources[kind % len(sources)].strip("\n")
    return made


def _whole(name, mistake, solved):
    """A recorded mistake as a student would write it: some call the function that they replace, and bring it along here."""
    before = re.search(rf"^(\w+) = {name}$", mistake, re.MULTILINE)
    if not before:
        return mistake
    # Under a name of its own: the notebook may have another use for the author's.
    renamed = re.sub(rf"\b{before[1]}\b", f"{name}_before", mistake)
    return f"{solved[name]}\n\n\n{renamed}"


def filled_in(release, sources):
    """The released notebook with sources, {grade_id: source}, in their cells."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = sources.get(grade_id, cell.source)
    return notebook


def _hand_in(sample, student, assignment, release, sources):
    folder = Path(sample.submitted, student, assignment)
    folder.mkdir(parents=True)
    nbformat.write(filled_in(release, sources), folder / f"{assignment}.ipynb")
