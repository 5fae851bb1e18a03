"""What a release imports: kernels begin with it loaded (worker.py), and students install it (handout/requirements.py)."""

import ast
import contextlib

import nbformat

from autograder.judging.task import released_notebooks


def imported(course, assignment):
    """The names of the modules that an assignment's release imports, in order, and those that these modules of its own import."""
    folder = course.release / assignment
    found = [m for notebook in released_notebooks(course, assignment) for m in modules_of(folder / notebook)]
    beside = [folder / f"{module.replace('.', '/')}.py" for module in found]
    return found + [m for file in beside if file.exists() for m in modules_of(file)]


def modules_of(path):
    """The names in the import statements of a released file: of modules, and of what is taken out of one, since it may be one.

    A cell that is not plain Python, as one with a magic, has none; nor has a file that is neither Python nor a notebook.
    """
    sources = []
    if path.suffix == ".py":
        sources = [path.read_text("utf-8")]
    if path.suffix == ".ipynb":
        sources = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    found = []
    for source in sources:
        with contextlib.suppress(SyntaxError):
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Import):
                    found += [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found
