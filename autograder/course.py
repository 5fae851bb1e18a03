"""Where the parts of a course lie. Every other module asks here, so that the kit can be pointed at another folder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


class CourseError(Exception):
    """Something that a person has to mend before the kit can go on; the message says what, where and how."""


class StoppedError(Exception):
    """Somebody stopped the grading. `done` of `total` submissions are graded, and stay so."""

    def __init__(self, done, total):
        super().__init__(done, total)
        self.done, self.total = done, total


@dataclass(frozen=True)
class Course:
    """A course folder: the house of the README, seen from its root."""

    root: Path

    @property
    def source(self):
        """What an instructor edits."""
        return self.root / "source"

    @property
    def helper(self):
        """The package that all notebooks import, if the course has one; the build puts a copy beside each."""
        return self.source / "course"

    @property
    def release(self):
        """The student release, generated."""
        return self.root / "notebooks"

    @property
    def solutions(self):
        """Executed solutions, generated."""
        return self.root / "solutions"

    @property
    def exercises(self):
        """The hidden checks: one file `<assignment>.py` for each assignment that has any.

        nbgrader puts a course's folder on Python's path, so a course without the kit itself must not have a folder `autograder/`.
        """
        inside = self.root / "autograder" / "checks" / "exercises"
        return inside if inside.is_dir() else self.root / "checks"

    @property
    def grading(self):
        """Submissions, grades and feedback: people's data, never in git."""
        return self.root / "grading"

    @property
    def submitted(self):
        """What students handed in: `<student>/<assignment>/`."""
        return self.grading / "submitted"

    @cached_property
    def assignments(self):
        """The ids of all assignments, in order: the folders of `source/` that hold a notebook."""
        return sorted(f.name for f in self.source.iterdir() if f.is_dir() and notebook_source(f))


def notebook_source(folder):
    """The file an instructor edits in `source/<assignment>/`: the text notebook, else a plain `.ipynb`, else None."""
    for suffix in (".py", ".ipynb"):
        path = folder / (folder.name + suffix)
        if path.exists():
            return path
    return None
