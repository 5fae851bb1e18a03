"""Which statements of a notebook a function is made of."""

import ast
from collections import defaultdict

from .notebook import DEFINITION, ROW, flat, names_in, own_nodes

HOLDERS = ROW | ast.Set | ast.Dict | ast.IfExp | ast.BoolOp | ast.Starred | ast.NamedExpr | ast.Subscript | ast.Attribute
# Methods by which something comes into a list, a dict, a set or an object.
MUTATORS = frozenset({"append", "appendleft", "extend", "extendleft", "insert", "update", "setdefault", "add", "register", "put"})
SETTERS = frozenset({"setattr", "setitem", "ior", "iadd", "iconcat", "heappush", "heappushpop", "heapreplace"})
SETTERS |= {"insort", "insort_left", "insort_right"}
NUMERIC = frozenset({"torch", "numpy", "math", "time", "course"})  # what these return holds no functions


class Uses:
    """Follows names to the statements that bind them.

    A function may also come out of data, such as a dict of functions. Whatever may put something into such data is found
    by names, too: stores, methods like `append`, functions that do so with their arguments, other names for the same data.
    """

    def __init__(self, notebook):
        self.notebook = notebook
        self.touching = defaultdict(list)  # name of data -> statements that may put something into it
        self.aliases = defaultdict(set)  # name of data -> names that may stand for the same
        self.mentions = defaultdict(list)  # name -> statements of the module's level with that name
        functions = {n.name: n for s in notebook.statements for n in ast.walk(s) if isinstance(n, DEFINITION)}
        self.reaching = set()  # names of functions that may put something into their arguments, or hand them back
        for name, definition in functions.items():
            if not isinstance(definition, ast.ClassDef):
                arguments = {a.arg for a in ast.walk(definition.args) if isinstance(a, ast.arg)}
                if arguments & set(self._touched(definition)):
                    self.reaching.add(name)
        for statement in flat(notebook.statements):
            if isinstance(statement, DEFINITION) or not hasattr(statement, "body"):
                self._read(statement)

    def _read(self, statement):
        free = self.notebook.free(statement)
        for name in set(self._touched(statement)) & free if isinstance(statement, DEFINITION) else set(self._touched(statement)):
            self.touching[name].append(statement)
        for name in free:
            self.mentions[name].append(statement)
        for node in own_nodes(statement):
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                targets = {t.id for t in own_nodes(node) if isinstance(t, ast.Name) and isinstance(t.ctx, ast.Store)}
                for name in self._handed(node.value):
                    self.aliases[name] |= targets

    def of(self, function):
        """(the statements that define `function` and what these use, without end; those that may put something into its data)"""
        made = self._closure([function], {})
        decorated = {s.name for s in made.values() if isinstance(s, DEFINITION) and s.decorator_list}  # as by `singledispatch`
        calls = any(self._indirect(n) for s in made.values() for n in ast.walk(s))
        if not calls and not decorated:
            return list(made.values()), []
        names = decorated | {n for s in made.values() for n in self.notebook.free(s) if self._may_hold_functions(n)}
        touching = {}
        for name in self._also_called(names):
            self._touch(name, touching)
        more = self._closure([n for s in touching.values() for n in self.notebook.free(s)], dict(touching))
        return list(made.values()), [s for i, s in more.items() if i not in made]

    def _closure(self, names, found):
        waiting = sorted(set(names))
        seen = set(waiting)
        while waiting:
            for statement in self.notebook.definitions.get(waiting.pop(), ()):
                if id(statement) not in found and not isinstance(statement, ast.Import | ast.ImportFrom):
                    found[id(statement)] = statement
                    new = self.notebook.free(statement) - seen
                    waiting += sorted(new)
                    seen |= new
        return found

    def _also_called(self, names):
        found, waiting = set(), list(names)
        while waiting:
            if (name := waiting.pop()) not in found:
                found.add(name)
                waiting += self.aliases.get(name, ())
        return sorted(found)

    def _touch(self, name, found):
        waiting = [*self.touching.get(name, ()), *self._stores(name)]
        while waiting:
            statement = waiting.pop()
            if id(statement) not in found:
                found[id(statement)] = statement
                if isinstance(statement, DEFINITION):
                    waiting += self.mentions.get(statement.name, ())

    def _stores(self, name):
        return (s for s in self.notebook.definitions.get(name, ()) if not isinstance(s, DEFINITION | ast.Import | ast.ImportFrom))

    def _indirect(self, node):
        """Whether a node calls, or hands to Python to call, what is not a function of a name that can be followed."""
        if not isinstance(node, ast.Call):
            return False
        if isinstance(node.func, ast.Name):
            values = self.notebook.names.values.get(node.func.id, ())
            direct = bool(values) and all(isinstance(v, DEFINITION | ast.Lambda) for v in values)
            takes = node.func.id in ("map", "filter", "sorted", "max", "min", "reduce", "partial")
            return takes or not (direct or node.func.id in self.notebook.names.imports or node.func.id not in self.notebook.names)
        if not isinstance(node.func, ast.Attribute) or node.func.attr in self.notebook.own_members:
            return True
        return isinstance(node.func.value, ast.Name) and node.func.value.id in self.notebook.names.values

    def _may_hold_functions(self, name):
        """Whether a name of the notebook stands for data in which a function could lie; numbers and tensors cannot hold one."""
        values = self.notebook.names.values.get(name, ())
        return any(isinstance(v, ast.ClassDef) or (not isinstance(v, DEFINITION) and not self._plain(v)) for v in values)

    def _plain(self, value):
        if isinstance(value, ast.Call):
            root = value.func
            while isinstance(root, ast.Attribute):
                root = root.value
            name = getattr(root, "id", None)
            names = self.notebook.names
            paths = names.imports.get(name, ()) if name not in names.values else ()
            return any(p.partition(".")[0] in NUMERIC for p in paths)
        return isinstance(value, ast.Constant | ast.BinOp | ast.UnaryOp | ast.Compare | ast.JoinedStr | ast.Lambda)

    def _touched(self, statement):
        """The names of data into which a statement may put something."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                yield from self._touched_by_call(node)
            elif isinstance(node, ast.Return) and node.value is not None:
                yield from self._handed(node.value)
            elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
                yield from names_in(node.value)

    def _touched_by_call(self, node):
        root = node.func
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        given = [*node.args, *(k.value for k in node.keywords)]
        if isinstance(node.func, ast.Attribute) and name in MUTATORS | self.notebook.own_members and given:
            yield from names_in(root)
        values = self.notebook.names.values.get(name, ())
        own = isinstance(node.func, ast.Name) and any(isinstance(v, DEFINITION) for v in values)
        if name in MUTATORS | SETTERS or (own and name in self.reaching) or not isinstance(node.func, ast.Name | ast.Attribute):
            for value in given:
                yield from self._handed(value)

    def _handed(self, value):
        """The names of a value that are handed on as they are."""
        if isinstance(value, ast.Name):
            yield value.id
        elif isinstance(value, HOLDERS):
            for child in ast.iter_child_nodes(value):
                yield from self._handed(child)
