"""Reading what an instructor wrote, and saying what is wrong with it before nbgrader sees it."""

import hashlib
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat

from autograder.build.place import MADE_BY_TOOLS
from autograder.course import Course, notebook_source

# Runs the set-up cell where a source is opened in JupyterLab; in its place the build puts the cell itself.
SET_UP = "%run ../header.py"
# nbgrader's markers and MEND, and the cells they belong in. A model answer that people grade by has its scheme with it.
REGIONS = {"SOLUTION": ("solution",), "MEND": ("solution",), "HIDDEN TESTS": ("grade",), "MARK SCHEME": ("task", "grade")}


@dataclass(frozen=True)
class Problem:
    """Something an instructor has to mend: where it is, what it is, what to do."""

    where: str
    what: str
    remedy: str

    def __str__(self):
        return f"{self.where}: {self.what} {self.remedy}"


def read(path):
    """The notebook in a text file or an `.ipynb`, with cell ids that depend on nothing but its contents."""
    notebook = jupytext.read(path) if path.suffix == ".py" else nbformat.read(path, as_version=4)
    notebook.metadata.pop("jupytext", None)
    notebook.cells = [cell for cell in notebook.cells if cell.source != SET_UP]
    seen = Counter()
    for cell in notebook.cells:
        name = f"{cell.cell_type}\n{cell.source}"
        cell.id = hashlib.sha256(f"{name}\n{seen[name]}".encode()).hexdigest()[:12]
        seen[name] += 1
    # The newest minor version is the first to know cell ids; jupytext and editors differ in what they write.
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def write_notebooks(course: Course):
    """Make the `.ipynb` that nbgrader and formgrader read beside each text source that is newer than it."""
    for text in (notebook_source(course.source / assignment) for assignment in course.assignments):
        notebook = text.with_suffix(".ipynb")
        if not notebook.exists() or notebook.stat().st_mtime < text.stat().st_mtime:
            notebook.write_text(nbformat.writes(read(text)) + "\n")


def lend_helper(course, assignment, folder):
    """Put the notebooks' helper, if the course has one, into the folder of an assignment.

    A part that is a folder, as course/play is, goes only with a notebook that names it: it is large, and a change of what lies
    beside a notebook has its solution executed anew. A part `after04.py` holds answers of 04: it is for later assignments.
    """
    if course.helper.is_dir():
        text = notebook_source(course.source / assignment).read_text()
        parts = [part.name for part in course.helper.iterdir() if part.is_dir()]
        unused = [part for part in parts if f"{course.helper.name}.{part}" not in text]
        after = [part.name for part in course.helper.glob("after*.py") if assignment[:2] <= part.stem.removeprefix("after")[:2]]
        ignored = shutil.ignore_patterns(*MADE_BY_TOOLS, *unused, *after)
        shutil.copytree(course.helper, folder / course.helper.name, ignore=ignored)


def problems(path: Path, exercises=()):
    """Everything wrong in a source notebook, as a list of `Problem`s.

    exercises: names of the functions with hidden checks; each needs a cell `f` and a graded cell `check-f`.
    """
    try:
        notebook = read(path)
    except Exception as error:
        return [Problem(str(path), f"not readable as a notebook ({error}).", "Open it in an editor and mend the format.")]
    where = _locations(path, notebook)
    return [
        *_metadata_problems(notebook, where),
        *_region_problems(notebook, where),
        *_contract_problems(path, notebook, exercises),
    ]


def _locations(path, notebook):
    """One description of its place for each cell: with its line if the source is text."""
    lines = []
    if path.suffix == ".py":
        text = [*path.read_text().splitlines(), ""]
        lines = [n for n, line in enumerate(text, 1) if line.startswith("# %%") and text[n] != f"# {SET_UP}"]
    where = []
    for i, cell in enumerate(notebook.cells):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        first = next((line for line in cell.source.splitlines() if line.strip()), "")[:40]
        line = f", line {lines[i]}" if len(lines) == len(notebook.cells) else ""
        where.append(f"{path}{line}, cell {i + 1} ({grade_id or first!r})")
    return where


def _metadata_problems(notebook, where):
    found = {}
    for place, cell in zip(where, notebook.cells, strict=True):
        mark = cell.metadata.get("nbgrader")
        if mark is None:
            if "nbgrader=" in cell.metadata.get("title", ""):
                yield Problem(place, "the nbgrader metadata cannot be read.", "Write it as JSON on the line of the `# %%`.")
            continue
        grade_id = mark.get("grade_id")
        if not grade_id:
            if any(mark.get(flag) for flag in ("grade", "solution", "locked", "task")):
                yield Problem(place, "the cell has no grade_id.", 'Add "grade_id": a function\'s name, or check- and that name.')
            continue
        if grade_id in found:
            yield Problem(place, f"the grade_id {grade_id!r} is used twice, first in {found[grade_id]}.", "Rename one of them.")
        found.setdefault(grade_id, place)
        graded = mark.get("grade") or mark.get("task")
        if graded and not mark.get("points"):
            yield Problem(place, "a graded cell without points.", 'Add "points": a number above 0.')


def _region_problems(notebook, where):
    for place, cell in zip(where, notebook.cells, strict=True):
        for region, flags in REGIONS.items():
            marks = re.findall(rf"(BEGIN|END) {region}", cell.source)
            if not marks:
                continue
            if marks != ["BEGIN", "END"] * (len(marks) // 2):
                yield Problem(place, f"BEGIN {region} and END {region} do not come in pairs.", "Close each before the next.")
            if not any(cell.metadata.get("nbgrader", {}).get(flag) for flag in flags):
                flag = flags[0]
                yield Problem(place, f"a {region} region in a cell that is not marked as {flag}.", f'Set "{flag}": true.')


def _contract_problems(path, notebook, exercises):
    ids = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells}
    for name in exercises:
        for grade_id in (name, f"check-{name}"):
            if grade_id not in ids:
                remedy = f"Give a cell the grade_id {grade_id!r}, or remove the exercise {name!r}."
                yield Problem(str(path), f"no cell has the grade_id {grade_id!r}, but {name!r} has hidden checks.", remedy)
