"""An open challenge: a function from a blank cell, judged by how much of what it has never seen it gets right.

In a file of exercises, beside EXERCISES:

    CHALLENGE = challenge("train", "[classify(part) for part in unseen]", draw, seconds=40)

There is no right answer to compare with, and no mistake to name: accuracy decides. The labels never reach the student's process.
"""

import runpy
from dataclasses import dataclass
from functools import lru_cache

import numpy

from .evaluate import Failure, NoEvidence, request
from .format import ExerciseError
from .quotable import quotable
from .scoring import CaseResult, Verdict
from .tolerance import array, dtype, is_numbers


@dataclass(frozen=True, eq=False)
class Challenge:
    """What is asked of the function `name`. Made by `challenge`."""

    name: str
    code: str
    draw: object
    seconds: int


@dataclass(frozen=True)
class Drawn:
    """What one challenge asks, the same for a whole class, so that its results can be compared.

    inputs: by name, for the student's process. truth: int64 (N,), a tensor or an array, not for it. marks: {kind: (the accuracy
    that earns nothing, the one that earns all)}, one for each list of labels that the code gives.
    """

    inputs: dict
    truth: object
    marks: dict


def challenge(name, code, draw, *, seconds):
    """A function named like the grade_id of its solution cell, which is run alone: what it needs it imports itself.

    code: an expression of the inputs and the function; a list of int64 labels (N,), one for each kind of `marks`.
    draw: function (what the solution notebook imports, {name: value}) -> Drawn. seconds: of processor time, for all of it.
    """
    return Challenge(name, code, draw, seconds)


@lru_cache
def load_challenge(course, assignment):
    """The Challenge of an assignment, or None."""
    file = course.exercises / f"{assignment}.py"
    return runpy.run_path(str(file)).get("CHALLENGE") if file.exists() else None


@lru_cache
def drawn(posed, reference):
    """What a challenge asks. Raises ExerciseError if it cannot be made, for want of data, say."""
    try:
        return posed.draw(reference.namespace())
    except Exception as error:
        raise ExerciseError(f"challenge {posed.name}: {type(error).__name__}: {error}") from error


def judge_challenge(posed, asked, evaluator, source):
    """(the Verdict, {kind: accuracy}) about a function of the cell `source`, with `asked` from `drawn`."""
    try:
        # Watching what it does would take time that it is given for learning.
        value = evaluator.evaluate(request(f"unwatched(lambda: {posed.code})", asked.inputs, 0)).value
    except NoEvidence as reason:
        return nothing(posed, asked, str(reason)), {}
    if isinstance(value, Failure):
        value = quotable(value, source, [asked.inputs], posed.name)
        where = f" in line {value.line['number']} of the cell" if value.line else ""
        return nothing(posed, asked, f"It stops with {value.type}{where}."), {}
    if not isinstance(value, list) or len(value) != len(asked.marks):
        return nothing(posed, asked, "What comes back is not what the text asks for."), {}
    cases, reached = [], {}
    for (kind, (low, high)), said in zip(asked.marks.items(), value, strict=True):
        if not is_numbers(said) or said.shape != asked.truth.shape or dtype(said) != "int64":
            cases.append(CaseResult(kind, False, 0.0, 1, "The labels should be int64, (N,), one for each image."))
            continue
        reached[kind] = float(numpy.mean(array(said) == array(asked.truth)))
        earned = min(1.0, max(0.0, (reached[kind] - low) / (high - low)))
        message = f"{reached[kind]:.1%} of the {kind} images are right; from {high:.1%} on they earn all points."
        cases.append(CaseResult(kind, earned == 1, earned, 1, "" if earned == 1 else message))
    return Verdict(posed.name, tuple(cases)), reached


def nothing(posed, asked, reason):
    """The Verdict about a function that could not be judged."""
    return Verdict(posed.name, tuple(CaseResult(kind, False, 0.0, 1, reason) for kind in asked.marks))
