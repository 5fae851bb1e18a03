"""Write the example, under the names that were asked for. Nothing that is there is touched."""

import re
from functools import reduce
from importlib.resources import files
from pathlib import Path

import nbformat

from autograder.build.source import read
from autograder.course import Course, CourseError
from autograder.page.page import title

FIRST = "01-first"
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
# What the notebook says with torch.
TORCH = {"import numpy as np": "import torch", "np.array": "torch.tensor", " array": " tensor", ".mean()": ".mean().item()"}
SHARED = {"nbgrader_config.py": "nbgrader_config.py", "gitignore": ".gitignore", "README.md": "README.md"}
GUIDE = Path("checks", "README.md")  # how to write exercises: of the engine, and copied, as who installs a wheel has no other


def new_course(folder, ipynb=False, torch=False):
    """Write a course with one assignment into a folder that is new or empty. Returns: the paths. Raises: CourseError."""
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError(f"{folder} is there already, and not empty. Name a folder that is not there yet.")
    written = [_write(folder / name, _template(template)) for template, name in SHARED.items()]
    written.append(_write(folder / GUIDE, files("autograder").joinpath(GUIDE).read_text("utf-8")))
    return [*written, *new_assignment(Course(folder), FIRST, ipynb, torch)]


def new_assignment(course, name, ipynb=False, torch=False):
    """Write an assignment with one exercise and its checks. Returns: the paths. Raises: CourseError.

    ipynb: write the notebook as .ipynb. Else it is text, and the .ipynb that nbgrader makes of it beside it is git-ignored.
    torch: an example with tensors, and not with NumPy's arrays.
    """
    if not NAME.fullmatch(name):
        raise CourseError(f"{name!r} cannot be an assignment's name. Use letters, digits, - and _, such as 02-second.")
    notebook, checks = course.source / name / f"{name}.py", course.exercises / f"{name}.py"
    if notebook.parent.exists() or checks.exists():
        raise CourseError(f"There is an assignment {name!r} already, in {notebook.parent}. Find another name.")
    words = {"TITLE": title(name)} | (TORCH if torch else {})
    text = reduce(lambda text, pair: text.replace(*pair), words.items(), _template("notebook.py"))
    written = [_write(notebook, text), _write(checks, _template("checks_torch.py" if torch else "checks.py"))]
    if ipynb:
        written[0] = _write(notebook.with_suffix(".ipynb"), nbformat.writes(read(notebook)) + "\n")
        notebook.unlink()
    elif (ignored := course.root / ".gitignore").exists():
        with open(ignored, "a", encoding="utf-8") as file:
            file.write(f"/source/{name}/{name}.ipynb\n")
    return written


def _template(name):
    return files(__package__).joinpath("course", name).read_text("utf-8")


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path
