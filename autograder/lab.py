"""The students' own folder, where the course never writes over anything: `autograder lab` fills it from the release."""

import hashlib
import shutil

MARK = ".release"  # which release a folder was filled from; a hidden file, as students need not see it


def fill(course, folder):
    """Copy into `folder` each released assignment that is not there yet; one that is there is never touched.

    A release that is newer than the student's copy is put beside it, as `<assignment>-new`, `<assignment>-new-2` and so on.
    Returns: a sentence for each copy that was made.
    """
    said = []
    for assignment in course.assignments:
        release = course.release / assignment
        if not release.is_dir():
            continue
        digest = _digest(release)
        copies = [folder / assignment, *sorted(folder.glob(f"{assignment}-new*"))]
        if any(_filled_from(copy) == digest for copy in copies):
            continue
        number = next(n for n in range(len(copies) + 1) if not (folder / _name(assignment, n)).exists())
        copy = folder / _name(assignment, number)
        shutil.copytree(release, copy, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"))
        (copy / MARK).write_text(digest)
        news = f" {assignment} has a newer release; your own work in {folder.name}/{assignment} is as it was." if number else ""
        said.append(f"{folder.name}/{copy.name} is new.{news}")
    return said


def _name(assignment, number):
    return assignment + ("", "-new", f"-new-{number}")[min(number, 2)]


def _filled_from(copy):
    mark = copy / MARK
    return mark.read_text() if mark.exists() else None


def _digest(release):
    files = sorted(f for f in release.rglob("*") if f.is_file() and not {".ipynb_checkpoints", "__pycache__"} & set(f.parts))
    return hashlib.sha256(repr([(str(f.relative_to(release)), f.read_bytes()) for f in files]).encode()).hexdigest()
