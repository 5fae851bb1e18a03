"""Whether a release still asks for what its source grades: nobody is graded by other points than their notebook named."""

import nbformat

from autograder.build.source import read
from autograder.course import CourseError, notebook_source


def check_release(course, assignment):
    """Compare the cells that nbgrader marks, and their points. Takes a tenth of a second; wordings are not compared.

    Raises: CourseError if the release is missing or differs from the source.
    """
    path = course.release / assignment / f"{assignment}.ipynb"
    if not path.exists():
        raise CourseError(f"There is no {path.relative_to(course.root)}. Run `autograder build {assignment}`.")
    released, wanted = marks(nbformat.read(path, as_version=4)), marks(read(notebook_source(course.source / assignment)))
    differing = [
        f"{name} {_worth(released.get(name))} there and {_worth(wanted.get(name))} in source/{assignment}"
        for name in wanted | released
        if released.get(name) != wanted.get(name)
    ]
    if differing:
        raise CourseError(
            f"{path.relative_to(course.root)} is older than its source: {'; '.join(differing)}. To grade by the source, run "
            f"`autograder build {assignment}`; students need not start anew. To grade by the release, take the change back."
        )


def marks(notebook):
    """What decides about grades in a notebook: {grade_id: (type of cell, its roles, points)}."""
    found = {}
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        roles = tuple(role for role in ("solution", "grade", "task") if mark.get(role))
        if roles:
            found[mark["grade_id"]] = cell.cell_type, roles, float(mark.get("points", 0))
    return found


def _worth(mark):
    if mark is None:
        return "is missing"
    kind, roles, points = mark
    return f"has {points:g} points" if points else f"is a cell to fill in ({kind}, {' and '.join(roles)})"
