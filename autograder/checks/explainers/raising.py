"""Why an input does not raise the error that it should, as far as the student's source says it."""

import ast

from ..evaluate import Failure
from .repaired import MOST_CODE, own_functions

MOST_LINES = 3


def raising(attempt, value, error):
    """What to look at, as the end of a sentence about an input that should raise `error`; None if the source does not say it.

    value: what came instead, a result or a `Failure`. error: the name of an exception.
    """
    own = own_functions(attempt.source, attempt.exercise.name, attempt.reference.functions)
    if attempt.say not in ("place", "repair") or not own or sum(len(f.text) for f in own.values()) > MOST_CODE:
        return None
    lost, guards, asserts, raised = [], [], [], False
    for function in own.values():
        for node in ast.walk(ast.parse(function.text)):
            place = f"line {function.first + getattr(node, 'lineno', 1) - 1}"
            if isinstance(node, ast.Return | ast.Expr) and _makes(node.value, error):
                lost.append(f"{place} makes it and does not raise it: `raise {error}(...)`")
            elif isinstance(node, ast.Assert):
                asserts.append(place)
            elif isinstance(node, ast.If) and any(isinstance(s, ast.Raise) for s in (*node.body, *node.orelse)):
                guards.append(f"{place}, `{function.text.splitlines()[node.lineno - 1].strip()}`")
            raised = raised or isinstance(node, ast.Raise)
    if isinstance(value, Failure):
        told = asserts and value.type == "AssertionError" != error
        return f"{asserts[0]} has an `assert`, which raises AssertionError: write `if ...: raise {error}(...)`" if told else None
    if lost:
        return lost[0]
    if not raised and not asserts:
        return "nothing in your function raises it"
    if len(guards) == 1:
        return f"{guards[0]}, lets it through"
    if 1 < len(guards) <= MOST_LINES:
        *some, last = (guard.partition(",")[0] for guard in guards)
        return f"{', '.join(some)} and {last} let it through"
    return None


def _makes(node, error):
    """Whether a node is a call of the exception, or its name alone."""
    made = node.func if isinstance(node, ast.Call) else node
    return isinstance(made, ast.Name) and made.id == error
