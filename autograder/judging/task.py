"""What judging one submission depends on, as bytes and digests: equal tasks have equal results, wherever they are judged."""

import hashlib
import io
import json
import platform
import zipfile
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from autograder.course import Course, notebook_source
from autograder.versions import installed

PACKAGE = Path(__file__).resolve().parents[1]
JUDGING = ("checks", "judging", "page", "sandbox")  # the parts of this package that decide a verdict or a page
LIBRARIES = ("torch", "numpy", "safetensors", "ipykernel", "nbclient", "nbgrader")


@dataclass(frozen=True)
class Snapshot:
    """All of a course that judging one assignment needs: its release, its source (the reference) and its exercises."""

    assignment: str
    archive: bytes  # a zip file

    @cached_property
    def digest(self):
        """A hash of the contents."""
        return hashlib.sha256(self.archive).hexdigest()

    def unpack(self, folder):
        """Write the parts into an empty folder; returns the Course there."""
        with zipfile.ZipFile(io.BytesIO(self.archive)) as archive:
            archive.extractall(folder)
        return Course(Path(folder))


def snapshot(course, assignment):
    """The Snapshot of an assignment as it is now: the same files give the same bytes."""
    source = notebook_source(course.source / assignment)
    files = {
        f"notebooks/{assignment}/{f.relative_to(course.release / assignment)}": f for f in released_files(course, assignment)
    }
    files |= {f"source/{assignment}/{source.name}": source}
    files |= {f"source/{f.relative_to(course.source)}": f for f in _shared(course)}
    files |= {f"checks/{assignment}.py": course.exercises / f"{assignment}.py"}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(files.items()):
            if file.is_file():
                archive.writestr(zipfile.ZipInfo(name), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return Snapshot(assignment, packed.getvalue())


def released_files(course, assignment):
    """The files that students of an assignment get; hidden ones, and what tools leave behind, are none."""
    files = (f.relative_to(course.release) for f in (course.release / assignment).rglob("*") if f.is_file())
    return [course.release / f for f in files if not any(p.startswith(".") or p == "__pycache__" for p in f.parts)]


def _shared(course):
    """What all assignments have of the source: the set-up cell and the notebooks' helper."""
    return [course.source / "header.py", *(course.source / "course").rglob("*.py")]


def released_notebooks(course, assignment):
    """The names of the notebooks that students of an assignment get, in order."""
    return sorted(f.name for f in (course.release / assignment).glob("*.ipynb"))


@dataclass(frozen=True)
class Task:
    """One submission, and all that its verdict depends on.

    submitted: {name of the released notebook: the bytes that were handed in, or None}. notes: what was odd about the folder.
    secret: the course's, from which hidden inputs are drawn. settings: of `Judge`, by name. data: a digest of the images.
    known: a folder in which the workers of a machine share what references and mistakes give; no result depends on it.
    """

    assignment: str
    student: str
    snapshot: Snapshot
    submitted: dict
    notes: tuple
    secret: str
    settings: dict
    data: str
    known: str = ""

    @cached_property
    def digest(self):
        """A hash of what was handed in: another submission sees other hidden inputs, the same one sees the same."""
        handed_in = {
            name: content if content is None else hashlib.sha256(content).hexdigest() for name, content in self.submitted.items()
        }
        return hashlib.sha256(json.dumps([self.student, handed_in], sort_keys=True).encode("utf-8", "replace")).hexdigest()

    @cached_property
    def key(self):
        """The name of the result: a hash of everything above, and of the kit."""
        secret = hashlib.sha256(self.secret.encode()).hexdigest()
        parts = [kit(), self.assignment, self.snapshot.digest, self.digest, self.notes, secret, self.settings, self.data]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "replace")).hexdigest()


@cache
def kit():
    """A hash of the code that judges, and of the libraries that it judges with."""
    digest = hashlib.sha256(f"{platform.python_version()} {installed(LIBRARIES)}".encode())
    for part in JUDGING:
        for file in sorted((PACKAGE / part).rglob("*")):
            if file.suffix in (".py", ".j2", ".css") and "exercises" not in file.parts:
                digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
