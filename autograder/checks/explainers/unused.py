"""An argument that the student's function never uses, though the solution does."""

import ast

from .repaired import own_functions


def unused(attempt):
    """Which argument it is, as a sentence; None if all are used."""
    name = attempt.exercise.name
    own = own_functions(attempt.source, name, attempt.reference.functions).get(name)
    if own is None:
        return None
    theirs = _arguments(attempt.reference.code(name))
    ignored = (key for key, used in _arguments(own.text).items() if not used and theirs.get(key))
    return next((f"Your `{function}` never uses its argument `{argument}`." for function, argument in ignored), None)


def _arguments(text):
    """{(function, argument): whether its name is read somewhere in the function}"""
    found = {}
    for function in (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)):
        read = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        found |= {(function.name, a.arg): a.arg in read for a in function.args.args}
    return found
