"""What the cases of one function come to: its points, the one sentence to act on, and what was seen in which case.

The command line's table and the page both take it from here, so that they say the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One sentence about a function, and the titles of the cases that it explains, the costliest finding first.

    free: nothing was lost by it, as where a function is right given right earlier ones.
    """

    sentence: str
    cases: tuple[str, ...]
    free: bool = False


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
    found = {}
    for case in cases:
        if not case.passed:
            found.setdefault(case.message, []).append(case)
    findings = [_finding(message, own) for message, own in sorted(found.items(), key=lambda f: _lost(f[1]), reverse=True)]
    points, possible = (round(sum(amounts), 2) for amounts in zip(*((c.points, c.possible) for c in cases), strict=True))
    return Summary(name, points, possible, tuple(findings), tuple(case.case for case in cases if case.passed))


def _finding(message, cases):
    free = _lost(cases) <= 0 and any(case.possible for case in cases)
    return Finding(message, tuple(case.case for case in cases), free)


def _lost(cases):
    return sum(case.possible - case.points for case in cases)


def number(points):
    """Points as people write them: 2.5, 3, 0.33."""
    return f"{round(points, 2):g}"
