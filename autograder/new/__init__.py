"""A course of one's own, and an assignment in it: a small example that runs, to be changed into what is wanted."""

from autograder.new.write import new_assignment, new_course

__all__ = ["new_assignment", "new_course"]
