"""Put what was generated where it belongs, and touch nothing else: a person may have worked there."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

MADE_BY_TOOLS = {".ipynb_checkpoints", "__pycache__"}


@dataclass(frozen=True)
class Change:
    """What building does, or would do, to one file.

    what: "made", "changed" or "deleted"; or "edited" or "added" by somebody, and therefore left, or moved to `aside`.
    path, aside: relative to the course's root.
    """

    what: str
    path: Path
    aside: Path | None = None

    @property
    def left(self):
        return self.what in ("edited", "added") and self.aside is None


class Place:
    """The generated folders of one assignment, as they are now: `files` is {path relative to the root: bytes}.

    Which of them were generated is known from digests in the metadata of the executed solution, which travel in git.
    """

    def __init__(self, course, assignment):
        self.root = course.root
        self.solution = Path(course.solutions.name, assignment, f"{assignment}.ipynb")
        self.files = read(course, assignment)
        try:
            self.facts = json.loads(self.files[self.solution])["metadata"].get("course", {})
        except (KeyError, ValueError):  # there is none yet, or somebody has damaged it: then its digest is not known either
            self.facts = {}

    def strangers(self, made):
        """The changes that people have made, given what would be generated now; its solution may be None, not executed yet."""
        known = self.facts.get("generated", {})
        return [
            Change("edited" if path in made else "added", path)
            for path, content in sorted(self.files.items())
            if content != made.get(path) and self._digest(path, content) != known.get(str(path))
        ]

    def changes(self, made):
        """The changes that make the folders equal to `made`, strangers aside."""
        theirs = {change.path for change in self.strangers(made)}
        what = {
            path: "made" if path not in self.files else "changed" if path in made else "deleted" for path in made | self.files
        }
        return [Change(what[p], p) for p in sorted(what) if p not in theirs and made.get(p) != self.files.get(p)]

    def sealed(self, made):
        """`made`, with the digests of all its files in the metadata of the solution."""
        solution = json.loads(made[self.solution])
        solution["metadata"]["course"]["generated"] = {str(p): self._digest(p, made[p]) for p in sorted(made)}
        return made | {self.solution: dump(solution)}

    def set_aside(self, strangers):
        """Move files out of the way; return the changes with where they are now."""
        folder = Path("grading", "set-aside", datetime.now().strftime("%Y-%m-%d-%H%M%S-%f"))
        moved = [Change(change.what, change.path, folder / change.path) for change in strangers]
        for change in moved:
            (self.root / change.aside).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(self.root / change.path, self.root / change.aside)
            del self.files[change.path]
        return moved

    def put(self, made):
        """Make the folders equal to `made`, the solution last: it says what was generated. Returns the changes."""
        changes = sorted(self.changes(made), key=lambda change: change.path == self.solution)
        for change in changes:
            target = self.root / change.path
            if change.what == "deleted":
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(made[change.path])
        return changes

    def _digest(self, path, content):
        if path == self.solution:  # it cannot hold a digest of itself
            try:
                notebook = json.loads(content)
                notebook["metadata"]["course"].pop("generated", None)
                content = dump(notebook)
            except (KeyError, ValueError):
                pass
        return hashlib.sha256(content).hexdigest()


def read(course, assignment):
    """All files in the generated folders of an assignment, {path relative to the course's root: bytes}."""
    folders = [part / assignment for part in (course.release, course.solutions)]
    files = [f for folder in folders for f in folder.rglob("*") if f.is_file() and not MADE_BY_TOOLS & set(f.parts)]
    return {f.relative_to(course.root): f.read_bytes() for f in files}


def dump(notebook):
    """The bytes of a notebook as nbformat writes it."""
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
