"""Before its first submission is graded, the gradebook is told about an assignment: once for each release."""

import contextlib
import json

from autograder import build
from autograder.grading.store import write


def register(course, snapshot, book, meanwhile=lambda: None):
    """Tell the gradebook about an assignment, unless it was told of these very files.

    meanwhile: called before that, as it takes seconds. Returns: sentences about what is odd. Raises: CourseError if nothing
    should be graded by these files.
    """
    file = course.grading / "registered" / f"{snapshot.assignment}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):  # nothing is kept, or what is kept is not whole
        of, said = json.loads(file.read_text("utf-8"))
        if of == snapshot.digest and book.knows(snapshot.assignment):
            return said
    meanwhile()
    said = build.register(course, [snapshot.assignment])
    write(file, json.dumps([snapshot.digest, said]))
    return said
