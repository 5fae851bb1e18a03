"""What an exercise earns: the one place where points are decided.

The author's cases share the points by their weights. The conditions that hold for every exercise have no points of their own;
one that is broken costs some of what the cases have earned.
"""

from dataclasses import dataclass
from itertools import accumulate

INPUTS = "leaves its inputs as they were"
RANDOM = "leaves the global random state alone"
RULES = "keeps the rules of the course"
# The share of an exercise's points that a broken condition costs. What breaks a rule was not written by the student.
COSTS = {INPUTS: 0.25, RANDOM: 0.25, RULES: 1.0}
UNITS = (0.5, 0.25, 0.1, 0.05, 0.01)  # points come in the largest of these that gives every case two


@dataclass(frozen=True)
class CaseResult:
    """`earned` of `weight`; `message` is empty where the case is passed. What is right only given something else is not passed.

    A condition has no weight; where it is broken, it earns less than 0.
    """

    title: str
    passed: bool
    earned: float
    weight: float
    message: str = ""


@dataclass(frozen=True)
class Verdict:
    """What one exercise earned. `flags` are for the instructor's eyes: what could not be judged.

    log: what came in place of answers; it may hold hidden inputs, so nobody else may read it.
    """

    exercise: str
    cases: tuple
    flags: tuple = ()
    log: tuple = ()

    @property
    def score(self):
        """The earned fraction, 0 to 1."""
        return sum(c.earned for c in self.cases) / sum(c.weight for c in self.cases)

    @property
    def passed(self):
        return all(c.passed for c in self.cases)

    def points(self, possible):
        """The cases in points of a cell that is worth `possible`: [(earned, possible)], in sensible units that add up to it."""
        unit = next((u for u in UNITS if _whole(possible / u) and possible / u >= 2 * len(self.cases)), UNITS[-1])
        shares = [unit * n for n in _apportion([c.weight for c in self.cases], round(possible / unit))]
        left, points = 0.0, []
        for case, share in zip(self.cases, shares, strict=True):
            if case.weight:
                earned = share if case.earned == case.weight else _floor(share * case.earned / case.weight)
            else:
                cost = max(0.05, _round(possible * -case.earned / sum(c.weight for c in self.cases)))
                earned = 0.0 if case.passed else -left if case.title == RULES else -min(left, cost)
            left += earned
            points.append((round(earned, 2), round(share, 2)))
        return points


def results(weights, credits, broken, conditions):
    """[(passed, earned, weight)] of the cases, then of the conditions.

    weights, credits: of the cases; a credit is from 0 to 1, and 1 is a passed case. conditions: titles; broken: some of them.
    """
    found = [(credit == 1, weight * credit, weight) for weight, credit in zip(weights, credits, strict=True)]
    left = sum(earned for _, earned, _ in found)
    for title in conditions:
        cost = min(left, COSTS[title] * sum(weights)) if title in broken else 0
        left -= cost
        found.append((title not in broken, -cost, 0))
    return found


def _apportion(weights, units):
    """Whole numbers that add up to `units`, as nearly as the weights have it; where there is a weight, at least 1."""
    bounds = [round(units * part / sum(weights)) for part in accumulate(weights)]
    found = [high - low for low, high in zip([0, *bounds], bounds, strict=False)]
    for i, weight in enumerate(weights):
        if weight and not found[i] and max(found) > 1:
            found[found.index(max(found))] -= 1
            found[i] = 1
    return found


def _whole(number):
    return abs(number - round(number)) < 1e-9


def _floor(points):
    return int(points / 0.05 + 1e-9) * 0.05


def _round(points):
    return round(points / 0.05) * 0.05
