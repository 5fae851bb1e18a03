"""Students' code without what is only theirs: names, comments, formatting."""

import ast
import builtins

from autograder.page.code import MAX_CODE


def bare(source, keep=(), parameters=True):
    """A cell's source without comments, docstrings, messages and names of the student's own; None if it is not Python.

    keep: names that stay, as they are called from elsewhere. parameters: whether theirs stay too, as others give them by name.
    """
    if len(source) > MAX_CODE:
        return None
    try:
        tree = _Quiet().visit(ast.parse(source))
        own = {name: f"v{i}" for i, name in enumerate(dict.fromkeys(_own(tree, set(keep), parameters)), 1)}
        return ast.unparse(ast.fix_missing_locations(_Rename(own).visit(tree)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _own(tree, keep, parameters):
    """The names that the code itself makes, in the order of the text."""
    found, given = [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append((node.lineno, node.col_offset, node.id))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append((node.lineno, node.col_offset, node.name))
        elif isinstance(node, ast.arg):
            given.add(node.arg)
            found.append((node.lineno, node.col_offset, node.arg))
    methods = {f.name for c in ast.walk(tree) if isinstance(c, ast.ClassDef) for f in c.body if isinstance(f, ast.FunctionDef)}
    spared = keep | methods | set(dir(builtins)) | (given if parameters else set())
    return [name for _, _, name in sorted(found) if name not in spared]


class _Rename(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.names.get(node.arg, node.arg)
        return node

    def _visit_named(self, node):
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _visit_named


class _Quiet(ast.NodeTransformer):
    """Leave out what only speaks: docstrings, prints, the text of an error, annotations."""

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Constant):
            return None
        call = node.value.func if isinstance(node.value, ast.Call) else None
        if isinstance(call, ast.Name) and call.id == "print":
            return None
        return self.generic_visit(node)

    def visit_Assert(self, node):
        node.msg = None
        return self.generic_visit(node)

    def visit_Raise(self, node):
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        return self.generic_visit(node)

    def visit_arg(self, node):
        node.annotation = None
        return node

    def generic_visit(self, node):
        node = super().generic_visit(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if getattr(node, "body", None) == []:  # nothing but a docstring
            node.body = [ast.Pass()]
        return node
