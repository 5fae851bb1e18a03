"""The roster, `grading/roster.csv`: who is in the class, and what the LMS calls them.

The columns are found by their headings, so what an LMS exports is a roster as it is: Canvas's gradebook, Moodle's list of
participants or an assignment's grading worksheet.
"""

import csv
import io
import re
from dataclasses import dataclass

from autograder.course import CourseError
from autograder.lms.naming import plain

HEADINGS = {
    "student": ("student", "student_id"),
    "name": ("name", "Student", "Full name", "Vollständiger Name"),
    "first": ("first_name", "First name", "Vorname"),
    "last": ("last_name", "Last name", "Surname", "Nachname"),
    "email": ("email", "Email address", "E-Mail-Adresse"),
    "login": ("login", "SIS Login ID", "Username", "Anmeldename"),
    "number": ("number", "ID number", "ID-Nummer", "SIS User ID"),
    "canvas": ("canvas", "ID"),
    "moodle": ("moodle", "Identifier", "ID."),
    "section": ("section", "Section"),
}
TEST_STUDENT = "Student, Test"  # whom Canvas adds to a course for its teacher
STUDENT_ID = re.compile(r"[^\s.*?\[\]/\\+][^*?\[\]/\\+]*(?<!\s)")  # what nbgrader and a file system bear as a folder's name


@dataclass(frozen=True)
class Person:
    """A row. student: the id in this course, which is the name of their folders; the others are empty where not given."""

    student: str
    name: str = ""
    email: str = ""
    login: str = ""
    number: str = ""
    canvas: str = ""
    moodle: str = ""
    section: str = ""


@dataclass(frozen=True)
class Roster:
    """All rows, and the headings of the columns that belong to nobody's identity: an LMS's assignments."""

    people: tuple = ()
    others: tuple = ()

    def find(self, name):
        """The people that a `naming.Name` may mean: by the LMS's number, else by id, name, login or address."""
        if name.lms and name.user:
            found = [p for p in self.people if getattr(p, name.lms) == name.user]
            if found or name.lms == "canvas":
                return found
        for who in name.who:
            exact = [p for p in self.people if who.casefold() in (p.student.casefold(), p.login.casefold(), p.email.casefold())]
            if found := exact or [p for p in self.people if p.name and plain(p.name) == plain(who)]:
                return found
        return []


def path(course):
    """Where the roster of a course lies."""
    return course.grading / "roster.csv"


def read(course):
    """The Roster of a course, None if there is none. Raises: CourseError if it cannot be used."""
    file = path(course)
    if not file.exists():
        return None
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(f"{file} is not UTF-8. Save it as CSV UTF-8.") from None
    rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    columns = _columns(rows[0] if rows else [])
    if not columns.keys() & {"student", "login", "email", "number", "canvas"}:
        raise CourseError(
            f"{file} has no column that tells students apart. Give it the columns student,name,email (and canvas or moodle, the "
            "LMS's number of a student), or put there what the LMS exports: Canvas's gradebook, Moodle's list of participants."
        )
    used = {index for indices in columns.values() for index in indices}
    people, lines = [], {}
    for number, row in enumerate(rows[1:], 2):
        person = _person(row, columns)
        if person is None:  # Canvas's rows of nobody, an empty line
            continue
        if not STUDENT_ID.fullmatch(person.student):
            raise CourseError(f"{file}, line {number}: {person.student!r} cannot be a folder's name. Add a column `student`.")
        if person.student in lines:
            raise CourseError(f"{file}, lines {lines[person.student]} and {number}: {person.student!r} is there twice.")
        lines[person.student] = number
        people.append(person)
    return Roster(tuple(people), tuple(name for i, name in enumerate(rows[0]) if i not in used))


def _delimiter(text):
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _columns(headings):
    """{field: indices of its columns}, the likeliest first."""
    found = {}
    for field_, names in HEADINGS.items():
        if indices := [headings.index(name) for name in names if name in headings]:
            found[field_] = indices
    return found


def _person(row, columns):
    def cell(field_):
        return next((row[i].strip() for i in columns.get(field_, ()) if i < len(row) and row[i].strip()), "")

    name = cell("name") or f"{cell('first')} {cell('last')}".strip()
    moodle = cell("moodle").split()[-1] if cell("moodle") else ""  # "Participant 4711"
    address = cell("email").partition("@")[0]
    if "canvas" in columns and not cell("student") and (not cell("canvas") or name == TEST_STUDENT):
        return None
    student = cell("student") or cell("login") or address or cell("number") or cell("canvas")
    if not student:
        return None
    others = {field_: cell(field_) for field_ in ("email", "login", "number", "canvas", "section")}
    return Person(student, name, moodle=moodle, **others)
