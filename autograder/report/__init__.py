"""What a class did: one page for the instructor, the same as tables, and from one student's mistake to all who make it."""

from autograder.report.facts import classes
from autograder.report.learn import find, learn
from autograder.report.report import write_report

__all__ = ["classes", "find", "learn", "write_report"]
