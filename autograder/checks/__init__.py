"""Checks that name the mistake: exercises are data, a student's functions are compared with the solution notebook's own."""

from .behaviour import alike, behaviour, unnamed
from .evaluate import UNREADABLE, Evaluator, KernelEvaluator, LocalEvaluator, NoEvidence
from .following import follow_through
from .format import Case, Exercise, ExerciseError, case, edit, exercise, gradient, loop_free
from .inputs import Draw, Folder, folder, generator, integers, labels, normal, pixels, uniform
from .judge import judge
from .known import input_set, keep
from .loading import load
from .reference import Reference
from .rules import COURSE_RULES, RULES, join
from .scoring import CaseResult, Verdict

__all__ = [
    "COURSE_RULES",
    "RULES",
    "UNREADABLE",
    "Case",
    "CaseResult",
    "Draw",
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
    "behaviour",
    "case",
    "edit",
    "exercise",
    "folder",
    "follow_through",
    "generator",
    "gradient",
    "input_set",
    "integers",
    "join",
    "judge",
    "keep",
    "labels",
    "load",
    "loop_free",
    "normal",
    "pixels",
    "uniform",
    "unnamed",
]
