"""What a student's machine needs: the packages that the released notebooks and the files beside them import."""

import ast
import sys
from importlib.metadata import packages_distributions, version

import nbformat
from packaging.version import Version

from autograder.judging.task import released_files

ALWAYS = "jupyterlab"  # to open a notebook with


def requirements(course, assignments):
    """The lines of requirements.txt: the versions that the course was built with, or newer ones that say they are compatible."""
    modules, own = set(), set()
    for assignment in assignments:
        for path in released_files(course, assignment):
            own.add(path.relative_to(course.release / assignment).parts[0].removesuffix(".py"))
            for source in _sources(path):
                modules |= _imported(source)
    known = packages_distributions()
    named = {known[module][0] for module in modules - own - set(sys.stdlib_module_names) if module in known}
    lines = [f"{name}~={Version(version(name)).major}.{Version(version(name)).minor}" for name in {*named, ALWAYS}]
    return "\n".join(sorted(lines, key=str.lower)) + "\n"


def _sources(path):
    if path.suffix == ".py":
        return [path.read_text("utf-8")]
    if path.suffix == ".ipynb":
        return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return []


def _imported(source):
    """The top-level modules that a source imports anywhere; none if it is not plain Python, as a cell with a magic."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return set()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}
