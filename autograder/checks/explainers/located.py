"""Which line of the student's makes the part of a result that is wrong, where other parts are right in every case."""

import ast

from ..evaluate import Failure
from ..tolerance import same
from .differences import inside, leaves, structure, subject
from .repaired import own_functions


def located(attempt):
    """Where to look for the part that is wrong, as a sentence; None if no one line makes it."""
    name = attempt.exercise.name
    function = own_functions(attempt.source, name, attempt.reference.functions).get(name)
    asked = attempt.say in ("place", "repair") and not attempt.exercise.in_place  # what was changed before decides, too
    part = wrong_part(attempt) if function and asked else None
    if part is None:
        return None
    tree = ast.parse(function.text).body[0]
    node = _maker(tree, part) if isinstance(tree, ast.FunctionDef) else None
    if node is None:
        return None
    line, text = function.first + node.lineno - 1, function.text.splitlines()[node.lineno - 1].strip()
    place = ast.get_source_segment(function.text, node)
    where = f"`{place}` in line {line}" if text.startswith("return") and place in text else f"line {line}, `{text}`"
    return f"Look at {where}: {inside(subject((part,)))} comes from there."


def wrong_part(attempt):
    """The part that is wrong in each failed case, if another is right in all: a key, or a number from 0; else None."""
    wrong, right = None, None
    for i in attempt.failed:
        value, expected, trial = attempt.got[i].value, attempt.right[i].value, attempt.trials[i]
        if trial.case.view or isinstance(value, Failure) or isinstance(expected, Failure) or structure(value, expected):
            return None
        if trial.case.wrt:
            value, expected = value["gradient"], expected["gradient"]
        fits = {}
        for where, a, b in leaves(value, expected):
            step = next((s for s in where if isinstance(s, str)), where[0] if where else None)
            fits[step] = fits.get(step, True) and same(a, b, trial.case.tolerance, trial.scale)
        named = any(isinstance(step, str) for step in fits)
        if not named and not trial.case.wrt and not trial.case.code.startswith(f"{attempt.exercise.name}("):
            continue  # its parts are those of the case's own code
        off = [step for step in fits if not fits[step] and (isinstance(step, str) or not named)]
        wrong = off if wrong is None else [step for step in wrong if step in off]
        right = {step for step in fits if fits[step]} if right is None else {step for step in right if fits.get(step)}
    return wrong[0] if wrong and right else None


def _maker(function, part):
    """What makes a part of what a function returns: a statement, or an expression behind `return`."""
    every = list(ast.walk(function))
    returns = [n for n in every if isinstance(n, ast.Return) and n.value is not None]
    if len(returns) != 1:
        return None
    made = _element(returns[0].value, part)
    if made is None:  # a dict that is filled on the way
        filled = [n for n in every if isinstance(n, ast.Subscript) and getattr(n.slice, "value", None) == part]
        return max(filled, key=lambda n: n.lineno, default=None) if isinstance(part, str) else None
    own = {n.id for n in every if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    inside_it = {*ast.walk(made)}
    names = {n.id for n in inside_it if isinstance(n, ast.Name)} & own
    elsewhere = {n.id for n in ast.walk(returns[0]) if isinstance(n, ast.Name) and n not in inside_it}
    if len(names) != 1 or names & elsewhere:  # of which parts are made as well that are right
        return made
    appended = [n for n in every if isinstance(n, ast.Attribute) and n.attr == "append" and getattr(n.value, "id", "") in names]
    stored = [n for n in every if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id in names]
    return max(appended or stored, key=lambda n: n.lineno)


def _element(returned, part):
    if isinstance(returned, ast.Tuple | ast.List) and isinstance(part, int) and part < len(returned.elts):
        return None if any(isinstance(e, ast.Starred) for e in returned.elts) else returned.elts[part]
    if isinstance(returned, ast.Dict) and isinstance(part, str):
        return next((v for k, v in zip(returned.keys, returned.values, strict=True) if getattr(k, "value", None) == part), None)
    return None
