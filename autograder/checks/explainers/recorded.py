"""Recorded mistakes: one that explains the outcome of every case, of the passed ones too."""

import ast
import contextlib
import re

from ..evaluate import Failure
from .repaired import own_functions

MOST_NUMBERS = 16  # of a function: which of them fills a hole is something that a sentence tells, four bits a hole
# A name at the left margin and what it is at first, in whatever cell: EPS = 1e-7
CONSTANT = re.compile(r"^([^\W\d]\w*)[ \t]*(?::[^=\n]+)?=([^=\n#][^\n]*)$", re.MULTILINE)
UNWRITTEN = ("NotImplementedError", "NameError")


def recorded(attempt, unexplained):
    """The sentence of the recorded mistake that does what the student's function does, in all cases."""
    matches = [
        (sentence, attempt.faults_of(source) & attempt.faults.keys() if attempt.faults else set())
        for sentence, source in [*filled(attempt), *attempt.exercise.mistakes.items()]
        if written(attempt) and agree(attempt, source)
    ]
    if not attempt.failed:  # then every mistake agrees that breaks a condition and nothing else
        matches = [m for m in matches if m[1]]
    if not matches:
        return {}
    sentence, faults = max(matches, key=lambda m: len(m[1]))
    return dict.fromkeys([*attempt.failed, *faults], sentence)


def filled(attempt):
    """The members of families that the numbers in the student's own function, in helpers and in constants that it uses, make."""
    own = own_functions(attempt.source, attempt.exercise.name, attempt.reference.functions) if attempt.exercise.families else {}
    trees = [ast.parse(f.text) for f in own.values()]
    used = {n.id for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Name)}
    for name, value in CONSTANT.findall(attempt.source) if trees else ():
        with contextlib.suppress(SyntaxError, ValueError):
            trees += [ast.parse(value.strip())] if name in used else []
    numbers = list(dict.fromkeys(v for tree in trees for n in ast.walk(tree) if (v := _number(n)) is not None))[:MOST_NUMBERS]
    return [member for family in attempt.exercise.families for member in family.members(family.fitting(numbers))]


def _number(node):
    """The number that is written as one, or as a small power of one, such as 10 ** -7."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        with contextlib.suppress(ValueError, TypeError, ArithmeticError):
            base, power = ast.literal_eval(node.left), ast.literal_eval(node.right)
            return base**power if 0 < base <= 10 and abs(power) <= 20 else None
    return node.value if isinstance(node, ast.Constant) and type(node.value) in (int, float) else None


def agree(attempt, source):
    """Whether all outcomes, and something that is more than the type of an exception, are those of a mistake."""
    outcome = attempt.known.outcome
    return all(attempt.agrees(i, outcome(i, source)) for i in attempt.seen) and telling(
        attempt, [(i, outcome(i, source)) for i in attempt.failed]
    )


def written(attempt):
    """Whether there is anything to explain: not if the function was never written."""
    values = [attempt.got[i].value for i in attempt.failed]
    return bool(attempt.faults) or not all(isinstance(v, Failure) and v.type in UNWRITTEN for v in values)


def telling(attempt, outcomes):
    """Whether an agreement in the cases [(index, outcome)] says anything: exceptions of one type do only if they say the same."""
    pairs = [(attempt.got[i].value, outcome.value) for i, outcome in outcomes]
    return not pairs or any(not isinstance(a, Failure) or a.message == getattr(b, "message", None) for a, b in pairs)
