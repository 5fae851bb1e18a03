"""From submitted notebooks to grades, verdicts and feedback."""

from autograder.grading.crew import Crew
from autograder.grading.grade import Submission, Watcher, grade, strays, submissions
from autograder.grading.gradebook import late_shares
from autograder.grading.summary import changes, leaderboard, places, summary
from autograder.judging.verdict import CaseResult, Verdict, read_verdict, verdict_path

__all__ = [
    "CaseResult",
    "Crew",
    "Submission",
    "Verdict",
    "Watcher",
    "changes",
    "grade",
    "late_shares",
    "leaderboard",
    "places",
    "read_verdict",
    "strays",
    "submissions",
    "summary",
    "verdict_path",
]
