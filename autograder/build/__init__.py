"""From the source to the student release and the executed solutions."""

from autograder.build.generate import BuildError, build, register, stale

__all__ = ["BuildError", "build", "register", "stale"]
