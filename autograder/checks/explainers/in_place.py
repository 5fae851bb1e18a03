"""Which line of the student's changes what the function was given."""

import ast

from .repaired import MOST_CODE, own_functions

# What these make shares its numbers with what it is made of, or may.
SHARING = {"reshape", "view", "flatten", "ravel", "squeeze", "unsqueeze", "transpose", "permute", "t", "numpy", "detach"}
SHARING |= {"as_tensor", "asarray", "from_numpy", "zip", "enumerate", "reversed", "iter", "unbind", "split", "chunk", "items"}
OF_LISTS = {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse"}


def in_place(attempt):
    """The first line that does so, as "line 3, `x -= 1`"; None if none is seen, or if inputs are to be changed."""
    name = attempt.exercise.name
    function = own_functions(attempt.source, name, attempt.reference.functions).get(name)
    if function is None or len(function.text) > MOST_CODE or attempt.exercise.in_place or attempt.say not in ("place", "repair"):
        return None
    lines = []
    for method in (n for n in ast.walk(ast.parse(function.text)) if isinstance(n, ast.FunctionDef)):
        given = _given(method)
        lines += [n.lineno for n in ast.walk(method) if _root(_changed(n)) in given]
    if not lines:
        return None
    return f"line {function.first + min(lines) - 1}, `{function.text.splitlines()[min(lines) - 1].strip()}`"


def _given(function):
    """The names that stand for nothing but arguments of a function, or for parts of them."""
    bound = [(t, n.value) for n in ast.walk(function) if isinstance(n, ast.Assign) for t in n.targets]
    bound += [(n.target, n.iter) for n in ast.walk(function) if isinstance(n, ast.For | ast.comprehension)]
    made_of = [
        (n.id, value) for t, value in bound for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    given = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)} - {"self"} | {name for name, _ in made_of}
    while new := {name for name, value in made_of if name in given and not _shares(value, given)}:
        given -= new
    return given


def _shares(value, given):
    """Whether a value may share its numbers with one of the given names."""
    if _root(value) in given:
        return True
    name = getattr(value.func, "attr", getattr(value.func, "id", "")) if isinstance(value, ast.Call) else None
    return name in SHARING and any(_shares(argument, given) for argument in value.args)


def _changed(node):
    """What a node changes; None if nothing."""
    if isinstance(node, ast.AugAssign):
        return node.target
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name = node.func.attr
        return node.func.value if name in OF_LISTS or (name.endswith("_") and not name.startswith("_")) else None
    return None


def _root(value):
    """The name of which a value is a part or a view, `x` of `x.T[0].view(-1)`; None if there is none."""
    while not isinstance(value, ast.Name | None):
        if isinstance(value, ast.Attribute | ast.Subscript):
            value = value.value
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in SHARING:
            value = value.func.value
        else:
            return None
    return value and value.id
