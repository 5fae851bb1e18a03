"""The rules of the course: found in the source text of a notebook, and in what ran while it was judged."""

from .judging import Findings, calls, inspect, lines, parse
from .reading import CELL, join
from .rulebook import COURSE_RULES, NUMERIC, RULES, words
from .running import observed, unclear

__all__ = [
    "CELL",
    "COURSE_RULES",
    "NUMERIC",
    "RULES",
    "Findings",
    "calls",
    "inspect",
    "join",
    "lines",
    "observed",
    "parse",
    "unclear",
    "words",
]
