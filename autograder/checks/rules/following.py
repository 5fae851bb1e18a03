"""What an expression of a notebook may stand for: dotted paths of libraries, a constant text, an object of one's own."""

import ast
import builtins

from .libraries import canonical, from_star
from .notebook import FUNCTION
from .rulebook import rule_of_path

MAX_PATHS = 8  # that one expression may stand for; honest ones stand for one
MAX_STEPS = 40  # from a name to a name to a name
MAX_TEXT = 200  # characters of a constant text
LOST = "?"  # the path of what cannot be followed
PLAIN_BASES = {"object", "ABC", "Protocol", "Generic", "NamedTuple", "Enum"}
UNPLAIN = {"__new__", "__getattr__", "__getattribute__", "__class_getitem__", "__init_subclass__", "__class__", "__dict__"}


class Follower:
    """Follows expressions of one notebook, in linear time: what a name stands for is found out once.

    scopes: tuple of `Names`, those of the functions around an expression, the innermost last. line: where the function
    that is looked at begins; what is bound later may not have been there when it was checked.
    """

    def __init__(self, notebook, line):
        self.notebook, self.line = notebook, line
        self._known, self._texts = {}, {}

    def binding(self, name, scopes):
        """(the scopes up to the one that binds `name`, that one): the notebook's own if no function does."""
        for depth in range(len(scopes), 0, -1):
            if name in scopes[depth - 1]:
                return scopes[:depth], scopes[depth - 1]
        return (), self.notebook.names

    def paths(self, node, scopes, steps=0):
        """The canonical paths that an expression may stand for; empty for a value or something of the student's own."""
        if steps > MAX_STEPS:
            return frozenset({LOST})
        if isinstance(node, ast.Name):
            found = self._of_name(node.id, scopes, steps)
        elif isinstance(node, ast.Attribute):
            found = self._below(node.value, node.attr, scopes, steps)
        elif isinstance(node, ast.NamedExpr):
            found = self.paths(node.value, scopes, steps + 1)
        elif isinstance(node, ast.IfExp):
            found = self.paths(node.body, scopes, steps + 1) | self.paths(node.orelse, scopes, steps + 1)
        elif isinstance(node, ast.BoolOp):
            found = frozenset().union(*(self.paths(v, scopes, steps + 1) for v in node.values[:MAX_PATHS]))
        elif isinstance(node, ast.Subscript):
            found = self._of_item(node, scopes, steps)
        elif isinstance(node, ast.Call):
            found = self._of_call(node, scopes, steps)
        else:
            found = frozenset()
        return found if len(found) <= MAX_PATHS else frozenset({LOST})

    def _of_name(self, name, scopes, steps):
        around, names = self.binding(name, scopes)
        key = (id(names), name)
        if key not in self._known:
            self._known[key] = frozenset()  # while it is looked for: a name may be made of itself
            found = {canonical(path) for path in names.imports.get(name, ()) if not path.endswith(".*")}
            for value in names.values.get(name, ())[: 4 * MAX_PATHS]:
                found |= self.paths(value, around, steps + 1)
            if len(names.values.get(name, ())) > 4 * MAX_PATHS and not all(_harmless(v) for v in names.values[name]):
                found.add(LOST)
            if names is self.notebook.names:
                found |= self._from_outside(name)
            self._known[key] = frozenset(found)
        return self._known[key]

    def _from_outside(self, name):
        """What a name is by a star, or Python's own: where the notebook does not bind it itself before that is looked at."""
        own = self.notebook.bound.get(name)
        offered = {(line, path) for line, module in self.notebook.stars if (path := from_star(module, name))}
        if own is not None:
            return {canonical(p) for line, p in offered if rule_of_path(p) and not line < own <= self.line}
        if offered and not hasattr(builtins, name):
            return {canonical(path) for _, path in offered}
        return {f"builtins.{name}"} if hasattr(builtins, name) else set()

    def _below(self, value, attribute, scopes, steps):
        bases = self.paths(value, scopes, steps + 1)
        return frozenset(canonical(f"{b}.{attribute}") if b != LOST else LOST for b in bases if not b.startswith("builtins."))

    def _of_item(self, node, scopes, steps):
        """vars(torch)["softmax"], torch.__dict__["softmax"], sys.modules["torch"]"""
        name = self.text(node.slice, scopes)
        if name is None:
            return frozenset()
        inner = node.value
        if isinstance(inner, ast.Attribute) and inner.attr == "__dict__":
            return self._below(inner.value, name, scopes, steps)
        if isinstance(inner, ast.Call) and inner.args and self.paths(inner.func, scopes, steps + 1) == {"builtins.vars"}:
            return self._below(inner.args[0], name, scopes, steps)
        if self.paths(inner, scopes, steps + 1) == {"sys.modules"}:
            return frozenset({canonical(name)})
        return frozenset()

    def _of_call(self, node, scopes, steps):
        callee = self.paths(node.func, scopes, steps + 1)
        if callee & {"builtins.__import__", "importlib.import_module"} and node.args:
            name = self.text(node.args[0], scopes)
            return frozenset({canonical(name)}) if name else frozenset({LOST})
        if callee == {"builtins.getattr"} and len(node.args) > 1 and (name := self.text(node.args[1], scopes)):
            return self._below(node.args[0], name, scopes, steps)
        return frozenset()

    def text(self, node, scopes, steps=0):
        """The value of an expression that is a constant str, also joined by +, in an f-string, or held by a name; else None."""
        parts = None
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) and len(node.value) <= MAX_TEXT else None
        if steps > MAX_STEPS:
            return None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = [self.text(node.left, scopes, steps + 1), self.text(node.right, scopes, steps + 1)]
        elif isinstance(node, ast.JoinedStr):
            inner = (v.value if isinstance(v, ast.FormattedValue) else v for v in node.values)
            parts = [self.text(v, scopes, steps + 1) for v in inner]
        elif isinstance(node, ast.Name):
            around, names = self.binding(node.id, scopes)
            key = (id(names), node.id)
            if key not in self._texts:
                self._texts[key] = None
                values = names.values.get(node.id, ())
                if len(values) == 1 and node.id not in names.imports:
                    self._texts[key] = self.text(values[0], around, steps + 1)
            return self._texts[key]
        if parts is None or any(p is None for p in parts) or sum(map(len, parts)) > MAX_TEXT:
            return None
        return "".join(parts)

    def own(self, node, attribute, scopes, classes, steps=0):
        """Whether an expression is surely an object (or class) of the student's own with this attribute.

        classes: (definition, Names of a method, name of its first argument) of the methods around it, the innermost last.
        """
        definition = self._class_of(node, scopes, classes)
        return definition is not None and self._has(definition, attribute)

    def _class_of(self, node, scopes, classes, steps=0):
        if steps > 5:
            return None
        if isinstance(node, ast.Call):
            return self._class_of(node.func, scopes, classes, steps + 1) if self._is_class(node.func, scopes) else None
        if isinstance(node, ast.Attribute):
            owner = self._class_of(node.value, scopes, classes, steps + 1)
            values = self.notebook.members(owner).get(node.attr, ()) if owner else ()
            return self._one(values, (), (), steps)
        if not isinstance(node, ast.Name):
            return None
        around, names = self.binding(node.id, scopes)
        for definition, its, first in classes:
            if its is names and node.id == first and first not in its.values:
                return definition
        if names.imports.get(node.id) or node.id in names.other:
            return None
        values = names.values.get(node.id, ())
        if len(values) == 1 and isinstance(values[0], ast.ClassDef):
            return values[0] if len(self.notebook.classes[node.id]) == 1 else None
        return self._one(values, around, (), steps)

    def _one(self, values, scopes, classes, steps):
        """The class that all values are objects of; None if there is no such class."""
        found = {id(d): d for v in values[:MAX_PATHS] for d in [self._class_of(v, scopes, classes, steps + 1)]}
        return next(iter(found.values())) if len(found) == 1 and len(values) <= MAX_PATHS else None

    def _is_class(self, node, scopes):
        if not isinstance(node, ast.Name):
            return False
        values = self.binding(node.id, scopes)[1].values.get(node.id, ())
        return len(values) == 1 and isinstance(values[0], ast.ClassDef)

    def _has(self, definition, attribute, steps=0):
        """Whether a class, or one of one's own that it is made from, defines an attribute, and nothing about it is odd."""
        if steps > 10 or definition.keywords or UNPLAIN & self.notebook.members(definition).keys():
            return False
        if any("dataclass" not in ast.unparse(d)[:60] for d in definition.decorator_list):
            return False
        found = attribute in self.notebook.members(definition)
        for base in definition.bases:
            own = self.notebook.classes.get(getattr(base, "id", None), ())
            if len(own) == 1:
                found |= self._has(own[0], attribute, steps + 1)
            elif getattr(base, "id", None) not in PLAIN_BASES:
                return False
        return found


def _harmless(value):
    return isinstance(value, ast.Constant | ast.BinOp | ast.Compare | FUNCTION)
