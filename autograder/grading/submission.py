"""nbgrader's autograde, with a door through which nothing but source text enters."""

import glob
import hashlib
import os
import stat
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde
from nbgrader.utils import parse_utc

from autograder.course import Course
from autograder.grading.rebuild import rebuild

MAX_FILE = 64 * 2**20  # bytes; outputs make honest notebooks large, but not so large
TIMESTAMP = "timestamp.txt"  # nbgrader's: when the submission was handed in


class SubmissionExporter(NotebookExporter):
    """nbgrader reads a submitted notebook through its exporter: here it gets the one rebuilt from the release."""

    def from_filename(self, filename, resources=None, **kw):
        if not self.parent._sanitizing:  # the second pass of autograde reads what the first has written
            return super().from_filename(filename, resources=resources, **kw)
        path = Path(filename)
        course = Course(Path(self.parent.coursedir.root))
        release = nbformat.read(course.release / resources["nbgrader"]["assignment"] / path.name, as_version=4)
        submitted, notes = read_submitted(path, course.root)
        made = rebuild(release, submitted)
        made.notebook.metadata["autograder"] = {
            "notes": [*notes, *made.notes],
            # Another submission sees other hidden inputs; the same bytes see the same.
            "submission": hashlib.sha256(submitted or b"").hexdigest(),
        }
        resources = resources | {"metadata": {"name": path.stem, "path": str(path.parent)}}
        return self.from_notebook_node(made.notebook, resources=resources, **kw)


class CourseAutograde(Autograde):
    """Autograde that gives every submitted folder a verdict, whatever lies in it, and copies nothing else out of it."""

    exporter_class = SubmissionExporter

    def __init__(self, coursedir=None, **kwargs):
        super().__init__(coursedir=coursedir, **kwargs)
        # nbgrader itself would wait for a named pipe, follow a link, read gigabytes.
        self.coursedir.get_existing_timestamp = read_timestamp

    def init_notebooks(self):
        """List the notebooks that should be there, instead of those that are."""
        release = Course(Path(self.coursedir.root)).release
        self.assignments = {}
        for folder in glob.glob(self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)):
            released = (release / Path(folder).name).glob(f"{self.coursedir.notebook_id}.ipynb")
            if Path(folder).is_dir() and (names := sorted(path.name for path in released)):
                self.assignments[folder] = [os.path.join(folder, name) for name in names]
        if not self.assignments:
            super().init_notebooks()  # nbgrader's own words for it

    def init_assignment(self, assignment_id, student_id):
        ignored, self.coursedir.ignore = (
            self.coursedir.ignore,
            ["*"],
        )  # the notebook is read; other submitted files stay where they are
        try:
            super().init_assignment(assignment_id, student_id)
        finally:
            self.coursedir.ignore = ignored
        if timestamp := read_timestamp(self._format_source(assignment_id, student_id)):
            dest = Path(self._format_dest(assignment_id, student_id))
            dest.mkdir(parents=True, exist_ok=True)
            (dest / TIMESTAMP).write_text(f"{timestamp} UTC\n")


def read_timestamp(folder):
    """When a submission was handed in (a datetime in UTC); None if its timestamp.txt is not a small file with a time in it."""
    try:
        with open(os.open(Path(folder, TIMESTAMP), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return parse_utc(file.read(100).decode().strip()) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except Exception:  # dateutil, which parses it, has no list of what it raises
        return None


def read_submitted(path, root):
    """The bytes of a submitted notebook, and notes about what was passed over.

    path: where the notebook should be. If it is not there and the folder holds one other notebook, that one is taken.
    root: the course's folder. Links below it are never followed: they could point to the solution.
    Returns: (bytes or None, list of sentences).
    """
    folder, notes = path.parent, []
    if any(parent.is_symlink() for parent in (folder, *folder.parents) if parent != root and parent.is_relative_to(root)):
        return None, ["The submitted folder is a link. Links are not followed."]
    others = sorted((e for e in os.scandir(folder) if e.name not in (path.name, TIMESTAMP)), key=lambda e: e.name)
    if not os.path.lexists(path):
        renamed = [e for e in others if e.name.endswith(".ipynb") and e.is_file(follow_symlinks=False)]
        if len(renamed) == 1:
            notes.append(f"The notebook was submitted as {renamed[0].name!r}; its name should be {path.name!r}.")
            others.remove(renamed[0])
            path = Path(renamed[0].path)
    if os.path.lexists(folder / TIMESTAMP) and read_timestamp(folder) is None:
        notes.append(f"{TIMESTAMP} does not hold a time; it was ignored.")
    if others:
        notes.append(f"Other files in the submission were ignored: {', '.join(repr(e.name) for e in others[:10])}.")
    if path.is_symlink():
        return None, [*notes, f"{path.name} is a link. Links are not followed."]
    if not path.is_file():
        return None, notes
    size = path.stat().st_size
    if size > MAX_FILE:
        return None, [
            *notes,
            f"The file has {size / 2**20:.0f} MB; at most {MAX_FILE / 2**20:.0f} MB are read. Clear its outputs.",
        ]
    if path.stat().st_nlink > 1 and any(path.samefile(own) for own in _instructors_notebooks(Course(root))):
        return None, [*notes, f"{path.name} is a link. Links are not followed."]
    try:
        return path.read_bytes(), notes
    except OSError as error:
        return None, [*notes, f"The notebook cannot be read: {error.strerror}."]


def _instructors_notebooks(course):
    return [path for folder in (course.source, course.solutions) for path in folder.glob("*/*") if path.is_file()]
