"""Checks that name the mistake: exercises are data, a student's functions are compared with the solution notebook's own."""

from .behaviour import alike, behaviour, unnamed
from .challenge import Challenge, Drawn, challenge, drawn, judge_challenge, load_challenge, nothing
from .evaluate import UNREADABLE, Evaluator, KernelEvaluator, LocalEvaluator, NoEvidence
from .explainers import explain
from .explainers.differences import NOT_WRITTEN
from .following import follow_through
from .format import Case, Exercise, ExerciseError, body, case, edit, exercise, gradient, loop_free
from .inputs import Draw, Folder, array, array_generator, folder, generator, integers, labels, normal, pixels, spread, uniform
from .judge import Attempt, judge
from .known import input_set, keep
from .loading import load
from .reference import Reference
from .rules import COURSE_RULES, RULES, join
from .scoring import CaseResult, Verdict

__all__ = [
    "COURSE_RULES",
    "NOT_WRITTEN",
    "RULES",
    "UNREADABLE",
    "Attempt",
    "Case",
    "CaseResult",
    "Challenge",
    "Draw",
    "Drawn",
    "Evaluator",
    "Exercise",
    "ExerciseError",
    "Folder",
    "KernelEvaluator",
    "LocalEvaluator",
    "NoEvidence",
    "Reference",
    "Verdict",
    "alike",
    "array",
    "array_generator",
    "behaviour",
    "body",
    "case",
    "challenge",
    "drawn",
    "edit",
    "exercise",
    "explain",
    "folder",
    "follow_through",
    "generator",
    "gradient",
    "input_set",
    "integers",
    "join",
    "judge",
    "judge_challenge",
    "keep",
    "labels",
    "load",
    "load_challenge",
    "loop_free",
    "normal",
    "nothing",
    "pixels",
    "spread",
    "uniform",
    "unnamed",
]
