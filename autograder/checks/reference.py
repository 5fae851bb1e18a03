"""The reference of an assignment: the functions of its solution notebook, so that none is written twice."""

import ast
import hashlib
import importlib.util
import sys
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

    @property
    def source(self):
        """All solution cells as one text."""
        return join(self.solutions.values())

    @cached_property
    def digest(self):
        """A hash of all that the solutions depend on in the course."""
        helper = self.course.source / "course.py"
        texts = [*(cell.source for cell in self._cells), helper.read_text() if helper.exists() else ""]
        return hashlib.blake2b("\x1f".join(texts).encode()).hexdigest()

    @cached_property
    def _imports(self):
        """What the notebook's import statements bind, as far as a solution may use it."""
        bound = {"__name__": "__main__"}
        for node in (n for cell in self._cells for n in _statements(cell.source)):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if not {m.partition(".")[0] for m in modules} <= IMPORTED:
                continue
            helper = self.course.source / "course.py"
            if "course" in modules and not helper.exists():
                continue
            others, sys.modules["course"] = sys.modules.get("course"), _helper(helper)
            try:
                exec(ast.unparse(node), bound)
            except ImportError:
                continue
            finally:
                sys.modules.pop("course")
                if others:
                    sys.modules["course"] = others
        return bound

    def namespace(self, source=""):
        """A fresh namespace with the solutions, and `source` executed on top. Raises ExerciseError if that fails."""
        namespace = dict(self._imports)
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


def _helper(file):
    """The notebooks' own helper module, told that it is grading, so that it draws no bars."""
    if not file.exists():
        return None
    spec = importlib.util.spec_from_file_location("course", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.GRADING = True
    return module
