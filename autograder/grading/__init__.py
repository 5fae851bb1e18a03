"""From submitted notebooks to grades, verdicts and feedback."""

from autograder.grading.grade import Submission, grade, submissions, summary
from autograder.grading.verdict import CaseResult, Verdict, read_verdict, verdict_path

__all__ = ["CaseResult", "Submission", "Verdict", "grade", "read_verdict", "submissions", "summary", "verdict_path"]
