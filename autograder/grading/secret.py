"""The course's secret: hidden inputs are drawn from it, so nobody can know them and a regrade sees the same."""

import os
import secrets


def course_secret(course):
    """The secret of a course, made on first use and readable by its owner alone."""
    path = course.grading / "secret"
    try:
        course.grading.mkdir(exist_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text()
