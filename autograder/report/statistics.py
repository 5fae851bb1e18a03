"""How hard the tasks were, and whether they tell those who can from those who cannot."""

import math
from dataclasses import dataclass
from statistics import fmean, median

FEWEST = 5  # students; with fewer a correlation says nothing


@dataclass(frozen=True)
class Item:
    """A task, or a case of one (`case`, else empty).

    share: of the points, in the mean; of a case without points, how many passed it. right, partly, wrong: numbers of students.
    discrimination: the correlation of the points here with those in the rest of the notebook; None where it says nothing.
    """

    task: str
    case: str
    possible: float
    share: float
    right: int
    partly: int
    wrong: int
    discrimination: float | None


@dataclass(frozen=True)
class Spread:
    """The points of the automatic checks of one notebook."""

    points: tuple
    possible: float

    @property
    def figures(self):
        """{what: number} in words for people."""
        p = sorted(self.points)
        quarters = [p[round(q * (len(p) - 1))] for q in (0.25, 0.75)]
        return {
            "students": len(p),
            "mean": round(fmean(p), 2),
            "median": round(median(p), 2),
            "middle half": f"{quarters[0]:g} to {quarters[1]:g}",
            "all points": sum(x >= self.possible - 1e-9 for x in p),
            "none": sum(x <= 0 for x in p),
        }


def spread(group):
    """The Spread of a Class."""
    return Spread(tuple(w.verdict.points for w in group.works), max(w.verdict.possible for w in group.works))


def items(group):
    """An Item for each task of a Class, each followed by those of its cases."""
    found = []
    for task in group.tasks:
        own = {work: work.cases(task) for work in group.works}
        found.append(_item(group, task, "", own))
        titles = dict.fromkeys(case.case for cases in own.values() for case in cases)
        if len(titles) > 1:
            found += [_item(group, task, t, {w: [c for c in cs if c.case == t] for w, cs in own.items()}) for t in titles]
    return found


def _item(group, task, title, own):
    """own: {Work: CaseResults}."""
    judged = {work: cases for work, cases in own.items() if cases}
    possible = max(sum(case.possible for case in cases) for cases in judged.values())
    points = [sum(case.points for case in cases) for cases in judged.values()]
    passed = [all(case.passed for case in cases) for cases in judged.values()]
    right = sum(passed)
    partly = sum(p > 0 and not ok for p, ok in zip(points, passed, strict=True))
    rest = [work.verdict.points - p for work, p in zip(judged, points, strict=True)]
    share = fmean(points) / possible if possible else right / len(passed)
    compared = points if possible else [float(ok) for ok in passed]
    return Item(task, title, round(possible, 2), share, right, partly, len(passed) - right - partly, _correlation(compared, rest))


def _correlation(a, b):
    if len(a) < FEWEST:
        return None
    da, db = ([x - fmean(values) for x in values] for values in (a, b))
    size = math.sqrt(sum(x * x for x in da) * sum(x * x for x in db))
    return sum(x * y for x, y in zip(da, db, strict=True)) / size if size > 1e-9 else None
