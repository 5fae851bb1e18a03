"""Whose a file is, from its name: how Canvas and Moodle name what they hand out, and how people name their own files."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

# doejohn_LATE_4711_815_homework-1.ipynb: the student, Canvas's numbers of the student and of the file, the student's own name.
CANVAS = re.compile(r"(?P<who>.+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<number>\d+)_(?P<file>.+)")
# Jürgen Müller_12345_assignsubmission_file_/homework.ipynb, without the last underscore since 4.1, or all in one name.
MOODLE = re.compile(r"(?P<who>.*)_(?P<user>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?")
# What browsers, LMSs and file managers put behind a name that is there already.
COPY = re.compile(r"(?:\s*\((?P<a>\d+)\)|\s-\s(?:Copy|Kopie)|\s+copy(?:\s(?P<b>\d+))?|-Copy(?P<c>\d+))$", re.IGNORECASE)
AGAIN = re.compile(rf"(?:{COPY.pattern[:-1]}|-(?P<d>\d{{1,2}}))$", re.IGNORECASE)


@dataclass(frozen=True)
class Name:
    """What a path says. lms: "canvas", "moodle" or "". who: a person's name, or what may be one. user: the LMS's number.

    file: the student's own file name, without folders. number: what is higher in a later file of the same person.
    prefix: what a page has to be called to find its way back to this person.
    """

    lms: str
    who: tuple
    user: str
    file: str
    number: tuple
    late: bool = False
    prefix: str = ""


def parse(path, assignments):
    """The Name in a path of an archive. assignments: ids, which may stand in a file's name and are nobody's name."""
    parts = PurePosixPath(path).parts
    for i, part in enumerate(parts):
        if found := MOODLE.fullmatch(part):
            file = found["file"] or parts[-1]
            prefix = f"{part}/" if i < len(parts) - 1 else part.removesuffix(found["file"] or "")
            return Name("moodle", (found["who"],), found["user"], file, _again(file), prefix=prefix)
    if found := CANVAS.fullmatch(parts[-1]):
        prefix = parts[-1].removesuffix(found["file"])
        number = (int(found["number"]), *_again(found["file"]))
        return Name("canvas", (found["who"],), found["user"], found["file"], number, bool(found["late"]), prefix)
    stem = PurePosixPath(parts[-1]).stem
    for assignment in sorted(assignments, key=len, reverse=True):
        stem = re.sub(re.escape(assignment), " ", stem, count=1, flags=re.IGNORECASE)
    # "chen-1" may be a student's id, or chen's second file: who is called so comes first.
    alone = [name.strip(" _-+.,") for name in (COPY.sub("", stem), AGAIN.sub("", stem))]
    folders = [part for part in reversed(parts[:-1]) if part not in assignments]
    return Name("", tuple(dict.fromkeys(filter(None, [*alone, *folders]))), "", parts[-1], _again(parts[-1]))


def _again(file):
    found = AGAIN.search(PurePosixPath(file).stem)
    return (int(next(filter(None, found.groups()), 1)) if found else 0,)


def plain(name):
    """A person's name for comparing: no accents, no case, no order of first and last name, only letters and digits."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(sorted(re.findall(r"\w+", bare.replace("'", "").replace("\u2019", "").replace("_", " ").casefold())))
