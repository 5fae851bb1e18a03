"""What the cases of one function come to: its points, the one sentence to act on, and what was seen in which case.

The command line's table and the page both take it from here, so that they say the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One sentence about a function, and the titles of the cases that it explains, the costliest finding first."""

    sentence: str
    cases: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """The cases of one function."""

    name: str
    points: float
    possible: float
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]

    @property
    def sentence(self):
        """The one to act on; empty if every case passed."""
        return self.findings[0].sentence if self.findings else ""


def summaries(cases):
    """A Summary for each function among these cases (CaseResult), in order."""
    by_name = {}
    for case in cases:
        by_name.setdefault(case.exercise, []).append(case)
    return [_summary(name, own) for name, own in by_name.items()]


def _summary(name, cases):
    found, lost = {}, {}
    for case in cases:
        if not case.passed:
            found.setdefault(case.message, []).append(case.case)
            lost[case.message] = lost.get(case.message, 0) + case.possible - case.points
    findings = [Finding(message, tuple(found[message])) for message in sorted(found, key=lost.get, reverse=True)]
    points, possible = (round(sum(amounts), 2) for amounts in zip(*((c.points, c.possible) for c in cases), strict=True))
    return Summary(name, points, possible, tuple(findings), tuple(case.case for case in cases if case.passed))


def number(points):
    """Points as people write them: 2.5, 3, 0.33."""
    return f"{round(points, 2):g}"
