"""The reference of an assignment: the functions of its solution notebook, so that none is written twice."""

import ast
import contextlib
import hashlib
import importlib.util
import io
import os
import sys
import tokenize
from dataclasses import dataclass
from functools import cached_property

import jupytext

from ..course import notebook_source
from .evaluate import run
from .format import ExerciseError
from .rules import join

IMPORTED = {"torch", "numpy", "PIL", "course", *sys.stdlib_module_names}


@dataclass(frozen=True)
class Reference:
    """The solution notebook of one assignment, as namespaces in which cases are evaluated."""

    course: object
    assignment: str

    @cached_property
    def _cells(self):
        folder = self.course.source / self.assignment
        file = notebook_source(folder) if folder.is_dir() else None
        if file is None:
            raise ExerciseError(f"{folder} holds no notebook {self.assignment}.py or .ipynb, so there is no reference.")
        header = self.course.source / "header.py"
        notebooks = [jupytext.read(f) for f in (header, file) if f.exists()]
        return [c for nb in notebooks for c in nb.cells if c.cell_type == "code"]

    @cached_property
    def solutions(self):
        """{grade_id: source} of the solution cells, and of the cells `given-...` that solutions may call, in order."""
        marked = [(c.metadata.get("nbgrader", {}), c.source) for c in self._cells]
        return {m["grade_id"]: source for m, source in marked if m.get("solution") or m.get("grade_id", "").startswith("given-")}

    def check(self, name):
        """The cell that students run to check a function, compiled."""
        source = next((c.source for c in self._cells if c.metadata.get("nbgrader", {}).get("grade_id") == f"check-{name}"), None)
        if source is None:
            raise ExerciseError(f"{self.assignment} has no cell check-{name}, so the points of {name} are nowhere.")
        return compile(source, f"<check-{name}>", "exec")

    def before(self, name):
        """The statements of the cells before `check-<name>`, those aside that are no plain Python."""
        sources = []
        for cell in self._cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == f"check-{name}":
                break
            with contextlib.suppress(SyntaxError):
                sources += ast.parse(cell.source).body
        return sources

    @contextlib.contextmanager
    def in_its_place(self):
        """While it lasts, the folder and the helper are those of the notebook; what is printed is lost."""
        others = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "course"}
        sys.modules.update(self._bound[1])
        try:
            with contextlib.chdir(self.course.source / self.assignment), contextlib.redirect_stdout(io.StringIO()):
                yield
        finally:
            for name in self._bound[1]:
                del sys.modules[name]
            sys.modules.update(others)

    @cached_property
    def functions(self):
        """The names of all functions and classes that the solutions and the given cells define."""
        trees = [ast.parse(source) for source in self.solutions.values()]
        return {node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}

    @property
    def source(self):
        """All solution cells as one text."""
        return join(self.solutions.values())

    def code(self, name):
        """One solution without docstrings and comments: the text in which an `edit` looks for what it changes."""
        lines = self.solutions[name].splitlines()
        for token in tokenize.generate_tokens(iter([line + "\n" for line in lines]).__next__):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column].rstrip()
        for node in ast.walk(ast.parse(self.solutions[name])):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
                start, end = node.body[0].lineno - 1, node.body[0].end_lineno
                lines[start:end] = [""] * (end - start)
        return "\n".join(filter(None, lines))

    @cached_property
    def digest(self):
        """A hash of all that the solutions depend on in the course."""
        helper = sorted((self.course.source / "course").glob("*.py"))
        texts = [*(cell.source for cell in self._cells), *(file.read_text() for file in helper)]
        return hashlib.blake2b("\x1f".join(texts).encode()).hexdigest()

    @cached_property
    def _bound(self):
        """What the notebook's import statements bind, as far as a solution may use it, and the modules of its helper."""
        bound = {"__name__": "__main__"}
        with _helper(self.course.source / "course") as helper:
            for node in (n for cell in self._cells for n in _statements(cell.source)):
                modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                if not {m.partition(".")[0] for m in modules} <= IMPORTED or ("course" in modules and not helper):
                    continue
                with contextlib.suppress(ImportError):
                    exec(ast.unparse(node), bound)
            modules = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "course"}
        return bound, modules

    def namespace(self, source=""):
        """A fresh namespace with the solutions, and `source` executed on top. Raises ExerciseError if that fails."""
        namespace = dict(self._bound[0])
        for name, text in [*self.solutions.items(), ("recorded", source)]:
            try:
                run(text, namespace, name)
            except Exception as error:
                raise ExerciseError(f"{self.assignment}, cell {name}: {type(error).__name__}: {error}") from error
        return namespace


def _statements(source):
    """The import statements of a cell; none if it is not plain Python."""
    try:
        return [n for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom)]
    except SyntaxError:
        return []


@contextlib.contextmanager
def _helper(folder):
    """While it lasts, `course` is the helper of this course's notebooks, if any, told that it is grading: it draws no bars.

    Another course may have another helper of this name.
    """
    others = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "course"}
    told = os.environ.get("NBGRADER_EXECUTION")
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    try:
        if folder.is_dir():
            spec = importlib.util.spec_from_file_location("course", folder / "__init__.py")
            sys.modules["course"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules["course"])
        yield folder.is_dir()
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "course"]:
            del sys.modules[name]
        sys.modules.update(others)
        if told is None:
            del os.environ["NBGRADER_EXECUTION"]
        else:
            os.environ["NBGRADER_EXECUTION"] = told
