"""What the course has you write yourself, found in a function that a library wrote."""

import ast
import linecache
import types

LIBRARIES = ("torch.nn", "torch._C._nn", "torch.optim", "torch.autograd", "torch.func")
ATTRIBUTES = {"nn", "optim", "autograd", "requires_grad", "requires_grad_"}
ATTRIBUTES |= {"softmax", "log_softmax", "logsumexp", "cross_entropy", "nll_loss", "mse_loss"}
OFFERED = types.ModuleType | types.FunctionType | types.BuiltinFunctionType | type


def cell_of(written):
    """The text of the cell that defines a function or a class; empty in a shell that does not keep it."""
    functions = vars(written).values() if isinstance(written, type) else [written]
    files = [f.__code__.co_filename for f in functions if isinstance(f, types.FunctionType)]
    return "".join(linecache.getlines(files[0])) if files else ""


def ready_made(written, notebook):
    """What the functions and classes of a cell take ready-made, as it stands there; None if it is nothing.

    written: what the cell defines. notebook: the names of the notebook, {name: value}.
    """
    parts = (p for p in ast.parse(cell_of(written)).body if isinstance(p, ast.FunctionDef | ast.ClassDef))
    nodes = (node for part in parts for node in ast.walk(part))
    return next((ast.unparse(node) for node in nodes if _is_ready_made(node, notebook)), None)


def _is_ready_made(node, notebook):
    if isinstance(node, ast.Name):
        value = notebook.get(node.id)
        home = getattr(value, "__module__", None) or getattr(value, "__name__", "")
        return isinstance(value, OFFERED) and home.startswith(LIBRARIES)
    if not isinstance(node, ast.Attribute) or node.attr not in ATTRIBUTES:
        return False
    name = node.value.id if isinstance(node.value, ast.Name) else ""
    home = getattr(notebook.get(name), "__name__", "")
    return name != "self" and not home.startswith("course")  # what the course gives you wrote in an earlier notebook
