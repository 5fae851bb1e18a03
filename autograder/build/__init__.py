"""From the source to the student release and the executed solutions."""

from autograder.build.generate import BuildError, build, register, stale
from autograder.build.place import Change
from autograder.build.release import check_release

__all__ = ["BuildError", "Change", "build", "check_release", "register", "stale"]
