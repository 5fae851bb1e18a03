"""`nbgrader generate_assignment` and formgrader's button: they read text sources, and release what belongs beside a notebook."""

from pathlib import Path

import nbgrader.apps.api
from nbgrader.converters import GenerateAssignment

from autograder.build import source
from autograder.course import Course

_source_assignments = nbgrader.apps.api.NbGraderAPI.get_source_assignments


class CourseGenerateAssignment(GenerateAssignment):
    """GenerateAssignment for a course whose sources are text; nbgrader itself finds no notebook there."""

    def start(self):
        course = Course(Path(self.coursedir.root))
        source.write_notebooks(course)
        super().start()
        for released in course.release.glob(self.coursedir.assignment_id):
            if not (released / course.helper.name).exists():
                source.lend_helper(course, released.name, released)


def source_assignments(api):
    """NbGraderAPI's get_source_assignments, without the helper that all assignments share: it is no assignment."""
    return _source_assignments(api) - {Course(Path(api.coursedir.root)).helper.name}
