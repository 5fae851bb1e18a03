"""Results by the hash of what they were made from. A result that is there is complete, and never changes."""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from autograder.judging.result import Result

HALF_WRITTEN = ".half-written-"  # a file of this name was being written when its writer was killed
_umask = os.umask(0)  # can only be read by setting it
os.umask(_umask)


@dataclass(frozen=True)
class Store:
    """A folder of results, `<first two digits>/<key>.json`."""

    folder: Path

    def get(self, key):
        """The Result of that key, or None if there is none (or none that can be read)."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return Result.from_json(self._path(key).read_text("utf-8"))

    def put(self, key, result):
        """Keep a Result."""
        write(self._path(key), result.to_json())

    def _path(self, key):
        return self.folder / key[:2] / f"{key}.json"


def write(path, content):
    """Write a file (str or bytes) so that it is there as a whole or not at all, also after `kill -9` or on a full disk."""
    with Staged() as staged:
        staged.add(path, content)
        staged.put()


class Staged:
    """Several files that are written beside their places first, and then put there together."""

    def __init__(self):
        self.waiting = {}

    def __enter__(self):
        return self

    def add(self, path, content):
        """Write a file's content (str or bytes) beside its place. Raises OSError, for example if the disk is full."""
        path.parent.mkdir(parents=True, exist_ok=True)
        number, temporary = tempfile.mkstemp(dir=path.parent, prefix=HALF_WRITTEN)
        self.waiting[path] = temporary
        with open(number, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
            file.flush()
            os.fsync(number)
        os.chmod(temporary, 0o666 & ~_umask)

    def put(self):
        """Rename all files to their places, in the order in which they were added."""
        while self.waiting:
            path = next(iter(self.waiting))
            os.replace(self.waiting[path], path)
            del self.waiting[path]

    def __exit__(self, *error):
        for temporary in self.waiting.values():
            with contextlib.suppress(OSError):
                os.unlink(temporary)
