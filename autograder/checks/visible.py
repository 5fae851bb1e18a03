"""The check that students see, run on what they might write: a hidden check is never weaker, and rarely much stronger."""

import ast
import re

from .format import ExerciseError


class Visible:
    """The cell `check-<name>` of a notebook, and what it needs of the cells before it."""

    def __init__(self, reference, name):
        self.reference, self.name = reference, name
        self.cell = reference.check(name)
        self.solved = reference.namespace()  # with what is needed of other cells, the names of which are kept
        self.needed = set()
        while error := self._error(""):
            self._fetch(error)

    def passes(self, source):
        """Whether the cell runs through with `source` on top of the solutions."""
        return self._error(source) is None

    def _error(self, source):
        needed = {name: self.solved[name] for name in self.needed}
        return self._run(self.cell, needed | self.reference.namespace(source))

    def _run(self, code, namespace):
        try:
            with self.reference.in_its_place():
                exec(code, namespace)
        except Exception as error:
            return error

    def _fetch(self, error, seeking=frozenset()):
        """Run the statement of an earlier cell that binds a name of which an error of the solution's own check speaks."""
        statements = self.reference.before(self.name)
        for name in set(re.findall(r"\w+", str(error))) - self.solved.keys() - seeking:
            if binding := next((s for s in statements if name in _binds(s)), None):
                missing = self._run(compile(ast.Module([binding], []), "<cell>", "exec"), self.solved)
                if missing:
                    return self._fetch(missing, seeking | {name})
                self.needed |= _binds(binding)
                return None
        raise ExerciseError(f"{self.reference.assignment}, check-{self.name}: the solution does not pass it: {error}") from error


def _binds(statement):
    """The names that a definition or an assignment binds."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else ()
    return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
