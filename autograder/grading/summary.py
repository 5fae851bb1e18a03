"""Verdicts as tables for a terminal: how the class did, and what a regrade changes."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean

from rich import box
from rich.table import Column, Table
from rich.text import Text


def summary(verdicts, late):
    """A table: one row a student, one column an assignment with its points, and the sentence of the mistake that cost most.

    late: {(assignment, student): the fraction of the points that remains} of late submissions.
    """
    assignments = sorted({v.assignment for v in verdicts})
    by_student = defaultdict(dict)
    for verdict in verdicts:
        by_student[verdict.student][verdict.assignment] = verdict
    possible = {a: max(row[a].possible for row in by_student.values() if a in row) for a in assignments}
    numbers = [Column(f"{a.partition('-')[0]}\n/{possible[a]:g}", justify="right", no_wrap=True) for a in assignments]
    table = Table("student", *numbers, "worst mistake", box=box.SIMPLE, padding=(0, 1, 1, 0))  # narrow: sentences need the room
    for student, row in sorted(by_student.items()):
        points = [_points(row[a], late.get((a, student))) if a in row else "-" for a in assignments]
        worst = _worst(max(row.values(), key=lambda v: v.possible - v.points))
        # Text: rich would read [brackets] of a student's as markup.
        table.add_row(Text(printable(student)), *points, Text(printable(worst)))
    if any((v.assignment, v.student) in late for v in verdicts):
        table.caption = "* after what was taken off because it came late"
    return table


def _worst(verdict):
    """Where nothing was earned, what stopped the whole says more than what it did to the first function."""
    return verdict.notes[0] if verdict.notes and not verdict.points else verdict.worst


@dataclass(frozen=True)
class Place:
    """What somebody reached in a challenge. mean: of `reached`, the accuracies, {kind of images: 0 to 1}."""

    student: str
    mean: float
    reached: dict


def places(verdicts):
    """The Places of those who have tried a challenge, the best mean accuracy first; a kind without an answer counts as 0."""
    tried = [v for v in verdicts if v.reached]
    kinds = list(dict.fromkeys(kind for v in tried for kind in v.reached))
    whole = [(v.student, {kind: v.reached.get(kind, 0.0) for kind in kinds}) for v in tried]
    found = [Place(student, fmean(reached.values()), reached) for student, reached in whole]
    return sorted(found, key=lambda place: (-place.mean, place.student))


def leaderboard(verdicts):
    """The places as a table; None if nobody has tried a challenge."""
    if not (board := places(verdicts)):
        return None
    columns = [Column(name, justify="right", no_wrap=True) for name in ("mean", *board[0].reached)]
    table = Table("", "student", *columns, box=box.SIMPLE, title="The challenge: accuracy on images that nobody has seen")
    for rank, place in enumerate(board, 1):
        table.add_row(str(rank), Text(printable(place.student)), *(f"{a:.1%}" for a in (place.mean, *place.reached.values())))
    return table


def _points(verdict, share):
    return f"{verdict.points:.1f}" if share is None else f"{verdict.points * share:.1f}*"


def changes(before, after):
    """A table of who gains and who loses what; None if nobody does.

    before, after: lists of Verdict (or None where there was none) about the same submissions.
    """
    table = Table(
        "student", "assignment", "check", Column("before", justify="right"), Column("after", justify="right"), box=box.SIMPLE
    )
    for old, new in zip(before, after, strict=True):
        if old is None or not new.result:
            continue
        earned = [_by_exercise(verdict) for verdict in (old, new)]
        for name in dict.fromkeys([*earned[0], *earned[1]]):
            points = [found.get(name, 0.0) for found in earned]
            if abs(points[0] - points[1]) > 0.005:
                shown = [f"{p:.2f}" for p in points]
                table.add_row(Text(printable(new.student)), new.assignment, name, *shown)
    return table if table.row_count else None


def _by_exercise(verdict):
    found = defaultdict(float)
    for case in verdict.cases:
        found[case.exercise] += case.points
    return found


def printable(text):
    """Text without the terminal's control characters."""
    return "".join(c if c.isprintable() else "?" for c in text)
