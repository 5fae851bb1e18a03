"""`autograder collect`: from what an LMS hands out to `grading/submitted/`, with every version kept in `grading/collected/`."""

import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbgrader.exchange.default import Exchange

from autograder import configuration
from autograder.course import CourseError
from autograder.grading.store import Staged
from autograder.grading.submission import TIMESTAMP, read_submitted, read_timestamp
from autograder.judging.task import released_notebooks
from autograder.late import moment
from autograder.lms import archive, naming, roster

ORIGINS = "origins.json"  # in a student's folder of versions: where each came from
NOTEBOOK = ".ipynb"
MAX_STUDENT = 256 * 2**20  # bytes of one student's in one archive: all of them are in memory, and one must not fill it for all
# Looked for as text: 64 MB of JSON take two gigabytes as objects, and nothing limits this process. What a notebook shows or says
# has its quotes escaped, so it does not match.
GRADE_ID = re.compile(rb'"grade_id"\s*:\s*("[^"]{1,200}")')
BY_HAND = naming.Name("", (), "", "", (0,))


@dataclass(frozen=True)
class Collected:
    """What became of one file. student, assignment: whose and what it is, empty where that is not known.

    said: in a few words. look: whether a person has to look at it.
    """

    name: str
    student: str
    assignment: str
    said: str
    look: bool = False


@dataclass(frozen=True)
class Version:
    """What somebody handed in at some time. rank: a later one is higher; see `naming.Name.number`.

    name, prefix: the file's path in the archive, and what a page must be called to go back the same way. lms: where that is.
    """

    file: str
    notebook: str
    time: str
    rank: tuple
    lms: str
    name: str
    prefix: str


def versions(course, assignment, student):
    """The versions of a submission that were collected, the oldest first."""
    try:
        listed = json.loads((_folder(course, assignment, student) / ORIGINS).read_text("utf-8"))
    except FileNotFoundError:
        return []
    return sorted((Version(**v | {"rank": tuple(v["rank"])}) for v in listed), key=_age)


def collect(course, path, assignment=None):
    """Take the notebooks in a zip file or folder into the course; a list with a Collected for each file.

    assignment: what notebooks are for whose cells do not say it. Raises: CourseError.
    """
    cells = _released_cells(course)
    known = roster.read(course)
    zone = Exchange(config=configuration.config(course.root)).timezone
    found, said, remarks, left = [], [], {}, defaultdict(lambda: MAX_STUDENT)

    def room(file):
        name = naming.parse(file, course.assignments)
        return left[_whose(known, name)[0]] if name.file.lower().endswith(NOTEBOOK) else None

    for entry in archive.read(Path(path), room):
        name = naming.parse(entry.name, course.assignments)
        student, why = _whose(known, name)
        left[student] -= len(entry.content or b"")
        if entry.content is None:
            said.append(Collected(entry.name, student, "", f"refused: {entry.refused}", True))
        elif not name.file.lower().endswith(NOTEBOOK):
            hint = " A zip file inside is not opened: collect it by itself." if name.file.lower().endswith(".zip") else ""
            said.append(Collected(entry.name, student, "", f"passed over: it is no notebook.{hint}", bool(hint)))
        elif not student:
            said.append(Collected(entry.name, "", "", f"left out: {why}", True))
        else:
            if not (purpose := _by_cells(cells, entry)):
                remarks[entry.name] = "No cell of the assignment is in it: is it the right file?"
            found.append((entry, name, student, purpose or _by_name(cells, name)))
    purposes = {purpose for *_, purpose in found if purpose}
    likely = assignment or (next(iter(purposes))[0] if len({a for a, _ in purposes}) == 1 else None)
    taken = defaultdict(list)
    for entry, name, student, purpose in found:
        if purpose is None and likely:
            purpose = likely, released_notebooks(course, likely)[0]
        if purpose is None:
            remedy = "If you know what it is for, name the assignment: autograder collect ... --assignment ID."
            said.append(Collected(entry.name, student, "", f"left out: it has no cell of an assignment. {remedy}", True))
        else:
            taken[purpose[0], student].append((entry, name, purpose[1]))
            if name.late:
                when = f"submitted/{student}/{purpose[0]}/{TIMESTAMP}"
                remarks[entry.name] = f"Canvas marks it late, not since when: write the time into {when}"
    for (assignment_id, student), files in sorted(taken.items()):
        said += _keep(course, assignment_id, student, files, zone, remarks)
    return said


def outcome(course, found):
    """The sentence at the end: how many files, and what to do next."""
    look, nobodys = sum(file.look for file in found), any(not file.student for file in found)
    said = [f"{len(found)} file{'s' * (len(found) != 1)}{f', {look} of them to be looked at' if look else ''}."]
    if nobodys and not roster.path(course).exists():
        said.append(
            "To say who is who, save what Canvas exports (Grades, Export) or Moodle (Participants, Download table data as CSV) "
            f"as {roster.path(course)}, and collect once more."
        )
    if any(file.assignment for file in found):
        said.append("Next: autograder grade")
    return " ".join(said)


def _whose(known, name):
    """(student's id, "") or ("", why nobody's)."""
    shown = " or ".join(repr(who) for who in name.who) or "a file without a name"
    if known is None:
        if name.lms:
            return "", f"there is no grading/roster.csv that says who {shown} is."
        fits = name.who and roster.STUDENT_ID.fullmatch(name.who[0])
        return (name.who[0], "") if fits else ("", "its name has no student's id; call it <student>_<assignment>.ipynb.")
    people = known.find(name)
    if len(people) == 1:
        return people[0].student, ""
    if len(people) > 1:
        several = " and ".join(p.student for p in people)
        return "", f"{shown} is {several} in the roster. Add the column `{name.lms or 'student'}` with the LMS's number of each."
    return "", f"nobody in grading/roster.csv is {shown}{f', number {name.user}' if name.user else ''}."


def _released_cells(course):
    """{(assignment, notebook): grade_ids of its cells} of what was released."""
    found = {}
    for assignment in course.assignments:
        for name in released_notebooks(course, assignment):
            cells = nbformat.read(course.release / assignment / name, as_version=4).cells
            found[assignment, name] = {c.metadata.get("nbgrader", {}).get("grade_id") for c in cells} - {None}
    if not found:
        raise CourseError("There is no released notebook to compare with. Run `autograder build` first.")
    return found


def _by_cells(cells, entry):
    """The (assignment, notebook) of which a file has the most cells, more than half of them; else None."""
    known = {json.dumps(i, ensure_ascii=ascii_).encode(): i for own in cells.values() for i in own for ascii_ in (True, False)}
    ids = {known.get(match[1]) for match in GRADE_ID.finditer(entry.content)}
    # The set-up cell is the same in all: the share of a notebook's own cells decides.
    best = max(cells, key=lambda which: len(cells[which] & ids) / max(1, len(cells[which])))
    return best if 2 * len(cells[best] & ids) > len(cells[best]) else None


def _by_name(cells, name):
    """The (assignment, notebook) whose name a file bears, else None."""
    stem = naming.plain(name.file.removesuffix(NOTEBOOK))
    return next((which for which in cells if naming.plain(which[1].removesuffix(NOTEBOOK)) in stem), None)


def _keep(course, assignment, student, files, zone, remarks):
    """Keep all versions of one student's submission, and put the newest where it is graded; a Collected for each file.

    remarks: {path in the archive: what a person has to know of that file, if it is the newest}.
    """
    before = versions(course, assignment, student)
    known, news, said = {_same(v.notebook, v.file) for v in before}, {}, []
    came = [*_put_by_hand(course, assignment, student), *_described(files, zone)]
    for content, time, rank, name, path, notebook in came:
        file = f"{time:%Y-%m-%dT%H%M%S}-{hashlib.sha256(content).hexdigest()[:12]}{NOTEBOOK}"
        version = Version(file, notebook, time.isoformat(), rank, name.lms, path, name.prefix)
        if _same(notebook, file) not in known:
            known.add(_same(notebook, file))
            news[version] = content
        elif name is not BY_HAND:
            said.append(Collected(path, student, assignment, "as collected before"))
    newest = {v.notebook: v for v in sorted([*before, *news], key=_age)}
    if news:
        _put(course, assignment, student, before, news, newest)
    for version in news:
        counts = newest[version.notebook] is version
        remark = remarks.get(version.name, "") if counts else ""
        what = f"of {datetime.fromisoformat(version.time):%Y-%m-%d %H:%M} UTC" + ("" if counts else ", an older version; kept")
        said.append(Collected(version.name, student, assignment, ". ".join(filter(None, [what, remark])), bool(remark)))
    return said


def _put(course, assignment, student, before, news, newest):
    """Write the new versions, {Version: bytes}, and into `submitted/` the newest of each notebook."""
    folder, target = _folder(course, assignment, student), course.submitted / student / assignment
    # Canvas's zip has the time of the download in it, so from there nothing is late but by the mark that it gives.
    times = [v.time for v in newest.values() if v.lms != "canvas"]
    with Staged() as staged:
        for version, content in news.items():
            staged.add(folder / version.file, content)
        everything = [vars(v) for v in sorted([*before, *news], key=_age)]
        staged.add(folder / ORIGINS, json.dumps(everything, indent=1, ensure_ascii=False))
        for notebook, version in newest.items():
            staged.add(target / notebook, news[version] if version in news else (folder / version.file).read_bytes())
        if times:
            staged.add(target / TIMESTAMP, f"{datetime.fromisoformat(max(times)):%Y-%m-%d %H:%M:%S} UTC\n")
        staged.put()
    if not times:
        (target / TIMESTAMP).unlink(missing_ok=True)


def _age(version):
    return version.time, version.rank, version.file


def _same(notebook, file):
    """What two versions with the same contents have in common."""
    return notebook, file.rpartition("-")[2]


def _described(files, zone):
    """The entries of an archive with all that a Version says of them; their times in UTC, without a zone."""
    for entry, name, notebook in files:
        yield entry.content, moment(entry.time.isoformat(), zone), name.number, name, entry.name, notebook


def _put_by_hand(course, assignment, student):
    """What lies in `submitted/` already: a version as well if it never came through here, so that nothing is lost."""
    for notebook in released_notebooks(course, assignment):
        path = course.submitted / student / assignment / notebook
        content = read_submitted(path, course.root)[0] if path.is_file() and not path.is_symlink() else None
        if content is not None:
            time = read_timestamp(path.parent) or datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
            yield content, time.replace(tzinfo=None), (0,), BY_HAND, f"submitted/{student}/{assignment}/{notebook}", notebook


def _folder(course, assignment, student):
    return course.grading / "collected" / assignment / student
