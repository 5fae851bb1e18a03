"""Reading what was handed in, without trusting it: bytes come out, and notes about what was passed over."""

import os
import stat
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.course import Course
from autograder.judging.task import released_notebooks

MAX_FILE = 64 * 2**20  # bytes; outputs make honest notebooks large, but not so large
TIMESTAMP = "timestamp.txt"  # nbgrader's: when the submission was handed in
SECRET = "submission_secret.txt"  # nbgrader's: whoever has it can fetch the feedback from the exchange


def read_submission(course, submission):
    """({name of the released notebook: the bytes that were handed in for it, or None}, notes)."""
    folder = course.submitted / submission.student / submission.assignment
    submitted, notes = {}, {}
    for name in released_notebooks(course, submission.assignment):
        submitted[name], found = read_submitted(folder / name, course.root)
        notes |= dict.fromkeys(found)
    return submitted, tuple(notes)


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
    others = sorted((e for e in os.scandir(folder) if e.name not in (path.name, TIMESTAMP, SECRET)), key=lambda e: e.name)
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
