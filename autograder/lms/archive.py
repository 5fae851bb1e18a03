"""Reading a zip file or a folder that strangers filled: bytes come out, bounded, and a sentence for what is refused."""

import contextlib
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.course import CourseError
from autograder.grading.submission import MAX_FILE

MAX_FILES = 20_000
MAX_BYTES = 4 * 2**30  # of all files together, unpacked: some hundred students' notebooks with pictures
SYSTEMS_OWN = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\.ipynb_checkpoints/)")
BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error)  # all that zipfile may raise


@dataclass(frozen=True)
class Entry:
    """One file: its path with `/`, its time (as the archive says, without a zone), and its bytes, or why there are none."""

    name: str
    time: datetime
    content: bytes | None
    refused: str = ""


def read(path, room=lambda name: MAX_FILE):
    """Yield an Entry for each file in a zip file or folder; what systems add of their own (`__MACOSX`) is passed over.

    room: how many bytes may be read of a file of that name, asked when its turn comes; None: nothing, it is given as empty.
    Raises: CourseError if it is neither, or holds more than anybody handed in.
    """
    if not path.exists():
        raise CourseError(f"There is no {path}.")
    if not path.is_dir() and not zipfile.is_zipfile(path):
        raise CourseError(f"{path} is neither a folder nor a zip file. Give the file that the LMS made, as it was downloaded.")
    total = 0
    for count, entry in enumerate(_folder(path, room) if path.is_dir() else _zip(path, room), 1):
        total += len(entry.content or b"")
        if count > MAX_FILES or total > MAX_BYTES:
            raise CourseError(
                f"{path} holds more than {MAX_FILES:,} files or {MAX_BYTES / 2**30:.0f} GB: no class handed that in. Nothing "
                "more of it was read; look who sent it, and take it apart by hand."
            )
        if not SYSTEMS_OWN.search(entry.name):
            yield entry


def _zip(path, room):
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise CourseError(f"{path} is a damaged zip file ({error}). Download it once more.") from None
    with archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            name = _name(info)
            refused = _unsafe(name) or ("It is a link." if stat.S_ISLNK(info.external_attr >> 16) else "")
            yield Entry(name, _time(info), *((None, refused) if refused else _unpack(archive, info, room(name))))


def _time(info):
    try:
        return datetime(*info.date_time)
    except ValueError:  # a month 0
        return datetime(1980, 1, 1)


def _name(info):
    """The name in UTF-8: most programs write that, and not all of them say so."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _unsafe(name):
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "Its path is absolute."
    if ".." in name.split("/"):
        return "Its path climbs out of the archive."
    return "" if name.isprintable() else "Its name has control characters."


def _unpack(archive, info, most):
    try:
        with archive.open(info) as file:
            return _bounded(file, most)
    except BROKEN as error:
        return None, f"It cannot be unpacked ({error})."


def _folder(root, room):
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted([*files, *(f for f in folders if os.path.islink(os.path.join(folder, f)))]):
            path = Path(folder, name)
            about = path.lstat()
            shown = unicodedata.normalize("NFC", os.fsencode(path.relative_to(root)).decode("utf-8", "replace"))
            yield Entry(shown, datetime.fromtimestamp(int(about.st_mtime)), *_read(path, about, room(shown)))


def _read(path, about, most):
    if not stat.S_ISREG(about.st_mode):
        return None, "It is a link." if stat.S_ISLNK(about.st_mode) else "It is no file."
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return _bounded(file, most)
    except OSError as error:
        return None, f"It cannot be read ({error.strerror})."


def _bounded(file, most):
    """What a file says of its size need not be true: no more is read than an honest notebook has, and `most`."""
    if most is None:
        return b"", ""
    allowed = min(MAX_FILE, most)
    content = file.read(allowed + 1)
    if len(content) <= allowed:
        return content, ""
    return None, f"It has more than {MAX_FILE / 2**20:.0f} MB." if most >= MAX_FILE else "There is too much of one student's."
