"""`nbgrader autograde` and formgrader's button: they find the same results, and publish them in the same way."""

import re
from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException

from autograder.course import Course
from autograder.grading.submission import read_timestamp


class CourseAutograde(Autograde):
    """Autograde that gives every submitted folder a verdict, whatever lies in it, and copies nothing else out of it."""

    def __init__(self, coursedir=None, **kwargs):
        super().__init__(coursedir=coursedir, **kwargs)
        # nbgrader itself would wait for a named pipe, follow a link, read gigabytes.
        self.coursedir.get_existing_timestamp = read_timestamp

    def init_notebooks(self):
        """List the folders that were handed in, whether or not a notebook is in them."""
        course = Course(Path(self.coursedir.root))
        wanted = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        folders = [
            folder for folder in Path(self.coursedir.root).glob(str(Path(wanted).relative_to(course.root))) if folder.is_dir()
        ]
        self.assignments = {str(folder): [] for folder in sorted(folders) if folder.name in course.assignments}
        if not self.assignments:
            super().init_notebooks()  # nbgrader's own words for it

    def convert_notebooks(self):
        """Grade what was listed. What is graded already is found again, so nothing is lost by not skipping it."""
        from autograder import grading

        chosen = []
        for folder in map(Path, self.assignments):
            if folder.parent.name not in re.split(r",\s*", self.coursedir.student_id_exclude or ""):
                chosen.append(grading.Submission(folder.name, folder.parent.name))
        verdicts = grading.grade(Course(Path(self.coursedir.root)), sorted(chosen), config=self.config)
        if failed := [verdict for verdict in verdicts if not verdict.result]:
            for verdict in failed:
                self.log.error("%s, %s: %s", verdict.student, verdict.assignment, " ".join(verdict.notes))
            raise NbGraderException(f"{len(failed)} of {len(verdicts)} submissions could not be graded.")
