"""What the grader says about one submitted notebook, case by case. Students may read it: it holds no hidden value."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


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
    """All cases of one submitted notebook."""

    assignment: str
    student: str
    sandboxed: bool
    notes: tuple[str, ...]  # what was odd about the submission
    cases: tuple[CaseResult, ...]
    flags: tuple[str, ...] = ()  # what the instructor should look at, because a program cannot judge it

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
        failed = [case for case in self.cases if not case.passed and case.message]
        if failed:
            first = [case for case in failed if case.exercise == failed[0].exercise]
            return f"{first[0].exercise}: {max(first, key=lambda case: case.possible - case.points).message}"
        return " ".join(self.notes)

    def write(self, course):
        """Store the verdict where `autograder` and people look for it."""
        path = verdict_path(course, self.assignment, self.student)
        path.parent.mkdir(parents=True, exist_ok=True)
        totals = {"points": self.points, "possible": self.possible}
        path.write_text(json.dumps(asdict(self) | totals, indent=1, ensure_ascii=False) + "\n")


def verdict_path(course, assignment, student) -> Path:
    """Where the verdict about a submission is stored."""
    return course.grading / "verdicts" / assignment / f"{student}.json"


def read_verdict(course, assignment, student):
    """The stored verdict, or None if there is none."""
    path = verdict_path(course, assignment, student)
    if not path.exists():
        return None
    content = json.loads(path.read_text())
    del content["points"], content["possible"]
    cases = tuple(CaseResult(**case) for case in content["cases"])
    return Verdict(**content | {"notes": tuple(content["notes"]), "flags": tuple(content["flags"]), "cases": cases})
