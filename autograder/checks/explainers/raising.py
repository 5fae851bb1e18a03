"""Why an input does not raise the error that it should, as far as the student's source says it."""

import ast

from ..evaluate import Failure
from .repaired import MOST_CODE, own_functions

MOST_LINES = 3  # that are named: of more, none says where to look


def raising(attempt, value, error):
    """What to look at, as the end of a sentence about an input that should raise `error`; None if the source does not say it.

    value: what came instead, a result or a `Failure`. error: the name of an exception.
    """
    own = own_functions(attempt.source, attempt.exercise.name, attempt.reference.functions)
    if attempt.say not in ("place", "repair") or not own or sum(len(f.text) for f in own.values()) > MOST_CODE:
        return None
    nodes = [(n, function) for function in own.values() for n in ast.walk(ast.parse(function.text))]
    asserts = [_line(*found) for found in nodes if isinstance(found[0], ast.Assert)]
    if isinstance(value, Failure):
        if not asserts or value.type != "AssertionError" or error == "AssertionError":
            return None
        stopped = f"line {value.line['number']}" if value.line else None
        at = stopped if stopped in asserts else " or ".join(asserts[:MOST_LINES])
        return f"{at} has an `assert`, which raises AssertionError: write `if ...: raise {error}(...)`"
    for node, function in nodes:
        if isinstance(node, ast.Return | ast.Expr) and _makes(node.value, error):
            return f"{_line(node, function)} makes it and does not raise it: `raise {error}(...)`"
    if not asserts and not any(isinstance(node, ast.Raise) for node, _ in nodes):
        return "nothing in your function raises it"
    stored = {n.id for n, _ in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    lost = stored & {n.arg for n, _ in nodes if isinstance(n, ast.arg)}  # a condition cannot find what these were before
    loops = [node for node, _ in nodes if isinstance(node, ast.For) and not _fixed(node.iter)]
    missed = {node for loop in loops for node in ast.walk(loop)}  # as what is looked for may be what the loop never comes to
    guards = [
        (node, function)
        for node, function in nodes
        if isinstance(node, ast.If) and _raises(node) and node not in missed and not lost & _names(node.test)
    ]
    if len(guards) == 1:
        node, function = guards[0]
        return f"{_line(node, function)}, `{function.text.splitlines()[node.lineno - 1].strip()}`, lets it through"
    if 1 < len(guards) <= MOST_LINES:
        *some, last = (_line(*guard) for guard in guards)
        return f"{', '.join(some)} and {last} let it through"
    return None


def _line(node, function):
    return f"line {function.first + node.lineno - 1}"


def _names(node):
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _fixed(rounds):
    """Whether a loop makes the same rounds for every input, as over range(10)."""
    return isinstance(rounds, ast.Call) and all(isinstance(a, ast.Constant) for a in rounds.args)


def _raises(branch):
    return any(isinstance(statement, ast.Raise) for statement in (*branch.body, *branch.orelse))


def _makes(node, error):
    """Whether a node is a call of the exception, or its name alone."""
    made = node.func if isinstance(node, ast.Call) else node
    return isinstance(made, ast.Name) and made.id == error
