"""What a hostile or broken submission looks like: data, a few lines each.

`Submission.write` turns one into a folder as a student would hand it in. In its texts, @COURSE@ stands for the course
folder, @HOME@ for the grader's home and @PORT@ for a listener on this machine: the attacker is assumed to know them all.
Everything here runs live, so it is harmless by choice: it deletes only a folder named `canary`, calls only this machine,
stops after a few hundred forks and a few gigabytes, and its scripts set one flag.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

ASSIGNMENT = "attack-target"
NOTEBOOK = f"{ASSIGNMENT}.ipynb"
EXERCISES = ("accuracy", "softmax")

RIGHT = {
    "accuracy": "def accuracy(predictions, labels):\n    return (predictions == labels).float().mean().item()\n",
    "softmax": (
        "def softmax(z):\n    e = (z - z.max(dim=1, keepdim=True).values).exp()\n    return e / e.sum(dim=1, keepdim=True)\n"
    ),
}
# Wrong answers that pass the checks a student sees and earn nothing from the hidden ones.
WRONG = {
    "accuracy": "def accuracy(predictions, labels):\n    return 0.5\n",
    "softmax": "def softmax(z):\n    return torch.full_like(z, 1 / z.shape[1])\n",
}


def nothing(_):
    """The edit that changes nothing."""


@dataclass(frozen=True, eq=False)
class Submission:
    """One notebook handed in: the released notebook with `cells` filled in, then changed by `edit`, with `files` beside it."""

    name: str
    tries: str  # what the attack wants, or what is broken
    keeps: tuple = EXERCISES  # the exercises that are honestly solved; nothing else may earn points
    cells: dict = field(default_factory=dict)  # {grade_id: source}, besides the honest and the wrong answers
    edit: Callable = nothing  # of the notebook
    files: Callable = nothing  # of the folder in which the notebook lies

    def write(self, folder, release, places):
        """Hand it in: fill `folder` from the notebook at `release`. places: {"COURSE": ..., "HOME": ..., "PORT": ...}."""

        def fill(text):
            for word, value in places.items():
                text = text.replace(f"@{word}@", str(value))
            return text

        notebook = nbformat.read(release, as_version=4)
        answers = {name: (RIGHT if name in self.keeps else WRONG)[name] for name in EXERCISES} | self.cells
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(grade_id, cell.source)
        self.edit(notebook)
        for cell in notebook.cells:
            if isinstance(cell.get("source"), str):
                cell.source = fill(cell.source)
        folder.mkdir(parents=True)
        (folder / NOTEBOOK).write_text(json.dumps(notebook, indent=1))
        self.files(Place(folder, fill))


class Place:
    """A submission's folder, for `files`: writes and links in it."""

    def __init__(self, folder, fill):
        self.folder, self.fill = folder, fill
        self.notebook = folder / NOTEBOOK

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else self.fill(content).encode())

    def link(self, name, pattern, hard=False):
        """Put a link in the place of `name`, to the first existing file of the comma separated `pattern`."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        target = next(Path(p) for p in self.fill(pattern).split(",") if Path(p).exists())
        path.hardlink_to(target) if hard else path.symlink_to(target)


# Edits of a notebook ------------------------------------------------------------------------------------------------------


def graded(notebook, grade_id):
    """The first cell with this grade_id."""
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def first(source):
    """Add a code cell at the top."""
    return lambda notebook: notebook.cells.insert(0, new_code_cell(source))


def before(grade_id, source):
    """Add a code cell before the first cell with this grade_id."""
    return lambda notebook: notebook.cells.insert(notebook.cells.index(graded(notebook, grade_id)), new_code_cell(source))


def last(source, **attributes):
    """Add a code cell at the end."""
    return lambda notebook: notebook.cells.append(new_code_cell(source, **attributes))


def text(source, **attributes):
    """Add a Markdown cell at the end, and give the same text as the written answer."""

    def edit(notebook):
        notebook.cells.append(new_markdown_cell(source, **attributes))
        graded(notebook, "answer-why").update(source=source, **attributes)

    return edit


def check(**changes):
    """Change the graded cell of softmax: `source`, `cell_type`, or nbgrader's metadata."""

    def edit(notebook):
        cell = graded(notebook, "check-softmax")
        for key, value in changes.items():
            (cell if key in ("source", "cell_type") else cell.metadata.nbgrader)[key] = value
        if cell.cell_type != "code":
            cell.pop("outputs", None), cell.pop("execution_count", None)

    return edit


def shown(mimetype, data):
    """Add a cell at the end that displays `data` (Python source of a value) with this MIME type."""
    return last(f"from IPython.display import display\ndisplay({{{mimetype!r}: {data}}}, raw=True)")


def both(*edits):
    """One edit after the other."""

    def edit(notebook):
        for each in edits:
            each(notebook)

    return edit
