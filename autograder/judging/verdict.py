"""What the grader says about one submission, case by case. Students may read it: it holds no hidden value."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.page.summary import summaries


@dataclass(frozen=True)
class CaseResult:
    """One case of one exercise. `points` of `possible` points were given; `message` says why not all."""

    exercise: str
    case: str
    passed: bool
    message: str
    points: float
    possible: float


@dataclass(frozen=True)
class Verdict:
    """All cases of one submission."""

    assignment: str
    student: str
    sandboxed: bool
    notes: tuple[str, ...]  # what was odd about the submission
    cases: tuple[CaseResult, ...]
    flags: tuple[str, ...] = ()  # what the instructor should look at, because a program cannot judge it
    result: str = ""  # the key of the result in the store; empty if the submission could not be graded
    # notebook -> grade_id -> a hash of the student's text: where it is the same, what a person gave stays
    answers: dict = field(default_factory=dict)
    reached: dict = field(default_factory=dict)  # of a challenge: {kind of images: accuracy}

    @property
    def points(self):
        """Points of the automatic checks; written answers are graded by a person."""
        return round(sum(case.points for case in self.cases), 2)

    @property
    def possible(self):
        """The points that the automatic checks can give."""
        return round(sum(case.possible for case in self.cases), 2)

    @property
    def worst(self):
        """The costliest sentence about the first function that fails, as later ones often fail because of it; else the notes."""
        failed = [summary for summary in summaries(self.cases) if summary.sentence]
        if failed:
            return f"{failed[0].name}: {failed[0].sentence}"
        return " ".join(self.notes)

    def to_json(self):
        """As text, for people and programs; the totals are there to be read."""
        totals = {"points": self.points, "possible": self.possible}
        return json.dumps(asdict(self) | totals, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, content):
        """The verdict in what `json` makes of it. Raises KeyError or TypeError if it is not one."""
        content = {name: value for name, value in content.items() if name not in ("points", "possible")}
        cases = tuple(CaseResult(**case) for case in content["cases"])
        return cls(**content | {"notes": tuple(content["notes"]), "flags": tuple(content["flags"]), "cases": cases})


def verdict_path(course, assignment, student) -> Path:
    """Where the verdict about a submission is stored."""
    return course.grading / "verdicts" / assignment / f"{student}.json"


def read_verdict(course, assignment, student):
    """The stored verdict, or None if there is none that can be read."""
    try:
        return Verdict.from_dict(json.loads(verdict_path(course, assignment, student).read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
