"""Grades as an LMS imports them, as export plugins of nbgrader: `autograder export canvas`, or `nbgrader export --exporter=...`.

A cell is empty where nothing was handed in: no LMS takes that for a zero. What lateness costs is taken off.
"""

import csv
import io
from pathlib import Path

from nbgrader.plugins import ExportPlugin
from traitlets import Dict

from autograder.course import Course, CourseError
from autograder.grading.store import write
from autograder.lms import roster
from autograder.lms.naming import plain
from autograder.page.page import title


class Export(ExportPlugin):
    """What the three have in common. `said`: sentences for whoever exports, once `export` has run."""

    lms, known_by, wants = "", (), ""

    def export(self, gradebook):
        """Write the file `to`, by default `grading/grades-<lms>.csv`."""
        self.course, self.said = Course(Path(self.config.CourseDirectory.root)), []
        chosen = [a for a in gradebook.assignments if not self.assignment or a.name in self.assignment]
        self.assignments = sorted(chosen, key=lambda a: a.name)
        self.points = self._points(gradebook)
        self.roster = roster.read(self.course)
        target = Path(self.to or self.course.grading / f"grades-{self.lms}.csv")
        lines = [self.heading(), *self.below_heading(), *(self.row(person) for person in self._people())]
        if len(lines) <= 1 + len(self.below_heading()):
            raise CourseError("No student who is in the roster has a grade, so there is nothing to export.")
        write(target, _csv(lines))
        counted = f"assignments: {len(self.assignments)}, students: {len(lines) - 1 - len(self.below_heading())}"
        self.said.append(f"{target} ({counted})")
        for sentence in self.said:
            self.log.warning(sentence)

    def heading(self):
        """The first line."""
        raise NotImplementedError

    def below_heading(self):
        """Lines between the heading and the students."""
        return []

    def identity(self, person):
        """The first cells of a student's line."""
        raise NotImplementedError

    def row(self, person):
        """A student's line."""
        grades = self.points.get(person.student, {})
        return [*self.identity(person), *(grades.get(a.name, "") for a in self.assignments)]

    def _points(self, gradebook):
        """{student: {assignment: points}} of all that was handed in and graded."""
        found, waiting = {}, 0
        for assignment in self.assignments:
            for submission in gradebook.assignment_submissions(assignment.name):
                if not self.student or submission.student_id in self.student:
                    left = max(0.0, submission.score - (submission.late_submission_penalty or 0.0))
                    found.setdefault(submission.student_id, {})[assignment.name] = round(left, 2)
                    waiting += submission.needs_manual_grade
        if waiting:
            self.said.append(f"Submissions with answers that nobody has read yet: {waiting}. Their points may still grow.")
        return found

    def _people(self):
        """Those who have a line: in the order of the roster; without one, who has a grade."""
        if self.roster is None:
            if self.wants:
                raise CourseError(f"There is no {roster.path(self.course)}. {self.wants}")
            return [roster.Person(student) for student in sorted(self.points)]
        known = {person.student: person for person in self.roster.people}
        if missing := sorted(self.points.keys() - known.keys()):
            self.said.append(f"Not in the roster, and left out: {', '.join(missing)}.")
        people = [person for student, person in known.items() if student in self.points]
        if nameless := [p.student for p in people if self.known_by and not any(getattr(p, field) for field in self.known_by)]:
            raise CourseError(f"{roster.path(self.course)} does not say what the LMS calls {', '.join(nameless)}. {self.wants}")
        return people


class CanvasExport(Export):
    """For Canvas: Grades, Import."""

    lms, known_by = "canvas", ("canvas",)
    wants = "Export the gradebook in Canvas (Grades, Export) and save it there: its column ID is what Canvas knows students by."
    headings = Dict(
        help="What Canvas calls an assignment: {'01-data-loading': 'Loading the data (4711)'}. Without it, the heading in the "
        "roster whose name is the assignment's id or title; an unknown heading makes a new assignment in Canvas."
    ).tag(config=True)

    def heading(self):
        return ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(self._title(a.name) for a in self.assignments)]

    def below_heading(self):
        return [["    Points Possible", "", "", "", "", *(round(a.max_score, 2) for a in self.assignments)]]

    def identity(self, person):
        return [person.name or person.student, person.canvas, person.number, person.login, person.section]

    def _title(self, assignment):
        there = self.roster.others if self.roster else ()
        names = {plain(assignment), plain(title(assignment))}
        found = self.headings.get(assignment) or next((h for h in there if plain(h.rpartition(" (")[0]) in names), None)
        if not found:
            self.said.append(f"{assignment} has no column in the roster: Canvas will ask whether to make a new assignment.")
        return found or assignment


class MoodleExport(Export):
    """For Moodle: Grades, Import, CSV file; map by address, ID number or user name, and each assignment to its grade item."""

    lms, known_by = "moodle", ("email", "number", "login")
    wants = "Export the participants in Moodle and save them there: Moodle knows students by address, ID number or user name."

    def heading(self):
        return ["Username", "ID number", "Email address", *(a.name for a in self.assignments)]

    def identity(self, person):
        return [person.login, person.number, person.email]


class CsvExport(Export):
    """For a spreadsheet: one line a student, one column an assignment, and the sum."""

    lms = "csv"

    def heading(self):
        return ["student", "name", "email", *(a.name for a in self.assignments), "total"]

    def identity(self, person):
        return [person.student, person.name, person.email]

    def row(self, person):
        return [*super().row(person), round(sum(self.points.get(person.student, {}).values()), 2)]


PLUGINS = {plugin.lms: plugin for plugin in (CanvasExport, MoodleExport, CsvExport)}


def _csv(lines):
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()
