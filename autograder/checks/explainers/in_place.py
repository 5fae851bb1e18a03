"""Which line of the student's changes what the function was given."""

import ast

from .repaired import own_functions

# What these make shares its numbers with what it is made of, or may.
SHARING = {"reshape", "view", "flatten", "ravel", "squeeze", "unsqueeze", "transpose", "permute", "t", "numpy", "detach"}
SHARING |= {"as_tensor", "asarray", "from_numpy", "zip", "enumerate", "reversed", "iter", "unbind", "split", "chunk", "items"}
OF_LISTS = {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse"}


def in_place(attempt):
    """The first line that does so, as "line 3, `x -= 1`"; None if none is seen, or if inputs are to be changed."""
    name = attempt.exercise.name
    function = own_functions(attempt.source, name, attempt.reference.functions).get(name)
    if function is None or attempt.exercise.in_place or attempt.say not in ("place", "repair"):
        return None
    methods = [n for n in ast.walk(ast.parse(function.text)) if isinstance(n, ast.FunctionDef)]
    lines = [n.lineno for method in methods for n in ast.walk(method) if _target(n) in _given(method)]
    if not lines:
        return None
    return f"line {function.first + min(lines) - 1}, `{function.text.splitlines()[min(lines) - 1].strip()}`"


def _given(function):
    """The names that stand for nothing but arguments of a function, or for parts of them."""
    given = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)} - {"self"}
    bound = [(t, n.value) for n in ast.walk(function) if isinstance(n, ast.Assign) for t in n.targets]
    bound += [(n.target, n.iter) for n in ast.walk(function) if isinstance(n, ast.For | ast.comprehension)]
    for _ in bound:  # one may be made of the next
        for target, value in bound:
            names = {n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            given = given | names if _shares(value, given) else given - names
    return given


def _shares(value, given):
    """Whether a value may share its numbers with one of the given names."""
    while isinstance(value, ast.Attribute | ast.Subscript):
        value = value.value
    if isinstance(value, ast.Call):
        owner = [value.func.value] if isinstance(value.func, ast.Attribute) else []
        name = getattr(value.func, "attr", getattr(value.func, "id", ""))
        return name in SHARING and any(_shares(part, given) for part in [*owner, *value.args])
    return isinstance(value, ast.Name) and value.id in given


def _target(node):
    """The name whose value a node changes; None if it changes nothing."""
    changed = None
    if isinstance(node, ast.AugAssign):
        changed = node.target
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        changed = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name = node.func.attr
        changed = node.func.value if name in OF_LISTS or (name.endswith("_") and not name.startswith("_")) else None
    while isinstance(changed, ast.Attribute | ast.Subscript):
        changed = changed.value
    if isinstance(changed, ast.Call) and isinstance(changed.func, ast.Attribute) and changed.func.attr in SHARING:
        return _target(ast.AugAssign(changed.func.value, ast.Add(), changed))
    return getattr(changed, "id", None)
