"""`autograder return`: the pages of an assignment in one zip file per LMS, named so that each finds its student again."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from autograder.course import CourseError
from autograder.grading.store import write
from autograder.lms.collect import versions

FOLDERS = "folders"  # for what came from no LMS: a folder for each student


@dataclass(frozen=True)
class Returned:
    """The zip files, {path: number of pages}, and a sentence for each student whose page is in none of them."""

    archives: dict
    left_out: tuple


def hand_back(course, assignment):
    """Write `grading/returned/<assignment>-<lms>.zip`. Raises: CourseError if nobody has a page."""
    pages, left_out = {}, []
    for folder in sorted(course.submitted.glob(f"*/{assignment}")):
        student = folder.parent.name
        made = sorted((course.grading / "feedback" / student / assignment).glob("*.html"))
        if not made or any(_older(page, folder) for page in made):
            left_out.append(f"{student} has no page for what was collected last. Run `autograder grade {assignment}` first.")
            continue
        came = versions(course, assignment, student)
        lms = came[-1].lms if came else ""
        prefix = came[-1].prefix if lms else f"{student}/"
        for page in made:
            pages.setdefault(lms or FOLDERS, {})[f"{prefix}{page.name}"] = page
    if not pages:
        raise CourseError(f"Nobody has a page for {assignment}. Run `autograder grade {assignment}` first.")
    archives = {}
    for lms, named in pages.items():
        target = course.grading / "returned" / f"{assignment}-{lms}.zip"
        write(target, _zip(named))
        archives[target] = len(named)
    return Returned(archives, tuple(left_out))


def _older(page, submitted):
    """Whether a page was made before the notebook was put there of which it should be."""
    notebook = Path(submitted, f"{page.stem}.ipynb")
    return notebook.is_file() and notebook.stat().st_mtime > page.stat().st_mtime


def _zip(named):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in sorted(named.items()):
            archive.write(page, name)
    return packed.getvalue()
