"""What of a notebook's statements breaks a rule, and what cannot be followed to something allowed."""

import ast

from .following import LOST, Follower
from .libraries import DUNDERS, HARMLESS, RUN_TEXTS, allowed, is_module, known, powerful
from .notebook import FUNCTION, SCOPES, inside, outside, scope
from .rulebook import DIFFERENCES, NUMERIC, rule_of_member, rule_of_path, words

# Python's own ways from a text to a thing, and to the names of everything.
REFLECTION = words("eval exec compile globals locals vars dir delattr __import__ breakpoint memoryview")
BY_NAME = {"builtins.getattr", "builtins.setattr", "builtins.delattr", "builtins.hasattr"}
CALLERS = {"operator.attrgetter", "operator.methodcaller"}
METHODS = {"__getattribute__", "__getattr__", "__setattr__"}
IPYTHON = words("get_ipython In Out _ih _oh _dh exit quit")
NAMESPACES = {"user_ns", "user_global_ns", "at_checks", "f_globals", "f_locals", "gi_frame", "ag_frame", "cr_frame", "tb_frame"}
NAMESPACES |= {"input_transformers_cleanup", "input_transformers_post", "ast_transformers", "__builtins__", "__dict__"}
TEXTS = {"eval", "query"}  # methods of pandas that run what a text says
FOLDS = {"reduce", "accumulate", "reduceat"}  # methods of NumPy's functions: `logaddexp.reduce` is a logsumexp
# A tensor without `requires_grad`, which is looked for by itself, has no use for these.
GATED = {"backward", "retain_grad"}
MOST_FINDINGS = 40


class Inspection:
    """broken: [(rule, node)]; unseen: [(node, why)] of what was looked at.

    line: where the exercise's function begins.
    """

    def __init__(self, uses, line):
        self.uses, self.notebook = uses, uses.notebook
        self.follower = Follower(self.notebook, line)
        self.broken, self.unseen = [], []

    def whole(self, function):
        """Look at all that a function is made of."""
        for place in self.notebook.definitions.get(function, ())[:1]:
            self._judge(self.follower.paths(ast.Name(function, ast.Load()), ()), place)
        made, touching = self.uses.of(function)
        for statement in made:
            self._visit(statement, (), ())
        sure, self.broken = self.broken, []
        for statement in touching:
            self._visit(statement, (), ())
        self.unseen += [(node, "may come into the data that the function uses") for _, node in self.broken]
        self.broken = sure

    def _visit(self, node, scopes, classes):
        if len(self.broken) + len(self.unseen) > MOST_FINDINGS:
            return
        look = {
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.Call: self._call,
            ast.keyword: self._keyword,
            ast.Constant: self._constant,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.Expr: self._expression,
            ast.MatchClass: self._pattern,
        }.get(type(node), self._children)
        (self._definition if isinstance(node, SCOPES) else look)(node, scopes, classes)

    def _children(self, node, scopes, classes):
        if switched := _switched_off(node):
            self._visit(switched, scopes, classes)
            return
        for child in ast.iter_child_nodes(node):
            self._visit(child, scopes, classes)

    def _definition(self, node, scopes, classes):
        for part in outside(node):
            self._visit(part, scopes, classes)
        if isinstance(node, ast.ClassDef):
            for part in inside(node):
                self._visit(part, scopes, (*classes, (node, None, None)))
            return
        names = scope(node)
        if classes and classes[-1][1] is None:  # a method
            arguments = [*node.args.posonlyargs, *node.args.args]
            classes = (*classes[:-1], (classes[-1][0], names, arguments[0].arg if arguments else None))
        for part in inside(node):
            self._visit(part, (*scopes, names), classes)

    def _expression(self, node, scopes, classes):
        if not isinstance(node.value, ast.Constant):  # a docstring does nothing
            self._visit(node.value, scopes, classes)

    def _name(self, node, scopes, classes):
        if not isinstance(node.ctx, ast.Load):
            return
        self._judge(self.follower.paths(node, scopes), node)
        _, names = self.follower.binding(node.id, scopes)
        if names is not self.notebook.names:
            return
        if node.id in self.notebook.bound:
            if node.id in DIFFERENCES:
                self.broken.append((NUMERIC, node))
        elif node.id in IPYTHON or (node.id.startswith("_") and not node.id.strip("_i0123456789")):
            self._flag(node, "is made by IPython; the rules cannot see what it holds")

    def _attribute(self, node, scopes, classes):
        paths = self.follower.paths(node, scopes)
        if not isinstance(node.ctx, ast.Load) and paths:
            self._flag(node, "changes what a library does")
        elif paths:
            self._judge(paths, node)
        else:
            self._member(node, node.value, node.attr, scopes, classes)
            self._base(node.value, scopes, classes)

    def _base(self, node, scopes, classes):
        """What an attribute is taken of; a name of Python's own types, or of a class, is fine there."""
        if (
            not isinstance(node, ast.Name)
            or node.id in REFLECTION
            or self.follower.paths(node, scopes) != {f"builtins.{node.id}"}
        ):
            self._visit(node, scopes, classes)

    def _member(self, node, owner, name, scopes, classes):
        """An attribute of something that is no library."""
        rule = rule_of_member(name)
        if rule and not (name == "requires_grad" and isinstance(getattr(node, "ctx", None), ast.Load)):
            if name in GATED and name in self.notebook.own_members:
                return
            if self.follower.own(owner, name, scopes, classes):
                return
            if name in self.notebook.own_members:
                self._flag(node, "may be your own method or torch's; the rules cannot see which")
            else:
                self.broken.append((rule, node))
        elif name in TEXTS and name not in self.notebook.own_members:
            self._flag(node, "runs a text")
        elif name in FOLDS and not self.follower.own(owner, name, scopes, classes):
            self._flag(node, "folds with a function that the rules cannot see")
        elif name in self.notebook.given and not self.follower.own(owner, name, scopes, classes):
            self._flag(node, "is what the notebook put there; the rules cannot see what it is here")
        elif name in NAMESPACES or (_dunder(name) and name not in METHODS | {"__class__"}):
            self._flag(node, "leads to what the rules cannot see")

    def _subscript(self, node, scopes, classes):
        if paths := self.follower.paths(node, scopes):
            self._judge(paths, node)
        else:
            self._children(node, scopes, classes)

    def _call(self, node, scopes, classes):
        callee = self.follower.paths(node.func, scopes)
        followed = self.follower.paths(node, scopes)
        switched = _switched_off(node)
        if followed:
            self._judge(followed, node)
        elif switched:
            self._visit(switched, scopes, classes)
        elif callee & BY_NAME and len(node.args) > 1:
            self._by_name(node, node.args[0], node.args[1], scopes, classes)
        elif callee & CALLERS or getattr(node.func, "attr", None) in METHODS:
            for argument in node.args[:1]:
                self._by_name(node, argument, argument, scopes, classes)
        elif callee == {"builtins.type"} and len(node.args) > 1:
            self._flag(node, "makes a class whose parts the rules cannot see")
        elif not callee & {f"builtins.{name}" for name in ("type", "hasattr", "super")}:
            self._visit(node.func, scopes, classes)
        for part in (*node.args[bool(followed or callee & BY_NAME) :], *node.keywords):
            self._visit(part, scopes, classes)

    def _by_name(self, node, owner, name, scopes, classes):
        """An attribute that is looked up by a text."""
        text = self.follower.text(name, scopes)
        if text is None:
            self._flag(node, "looks up a name that is computed; the rules cannot see which")
            return
        if owner is not name and self.follower.paths(owner, scopes):
            if self.follower.paths(node.func, scopes) & {"builtins.setattr", "builtins.delattr"}:
                self._flag(node, "changes what a library does")
            return
        for part in text.split("."):
            self._member(node, owner, part, scopes, classes)
        if owner is not name:
            self._visit(owner, scopes, classes)

    def _pattern(self, node, scopes, classes):
        for name in node.kwd_attrs:  # `case Tensor(softmax=s)` takes an attribute of whatever is matched
            self._member(node, node, name, scopes, classes)
        self._base(node.cls, scopes, classes)
        for part in (*node.patterns, *node.kwd_patterns):
            self._visit(part, scopes, classes)

    def _keyword(self, node, scopes, classes):
        if node.arg == "requires_grad" and not (isinstance(node.value, ast.Constant) and not node.value.value):
            self.broken.append(("autograd", node.value))
        self._visit(node.value, scopes, classes)

    def _constant(self, node, scopes, classes):
        if node.value == "requires_grad":
            self.broken.append(("autograd", node))
        elif isinstance(node.value, complex) or node.value in ("complex64", "complex128"):
            self.broken.append((NUMERIC, node))

    def _import(self, node, scopes, classes):
        for name in [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or "."]:
            if not known(name):
                self._flag(node, "runs a file that the rules do not see")

    def _judge(self, paths, node):
        for path in paths:
            rule = rule_of_path(path)
            if rule:
                self.broken.append((rule, node))
            elif path == LOST:
                self._flag(node, "may stand for too many things")
            elif path.startswith("builtins."):
                if path.removeprefix("builtins.") in REFLECTION or path in BY_NAME:
                    self._flag(node, "runs or looks up what the rules cannot see")
            elif path in CALLERS:
                self._flag(node, "looks up a name that the rules cannot see")
            elif not allowed(path):
                self._flag(node, "leads to a part of a library that the rules do not know")
            elif is_module(path) and path not in HARMLESS:
                self._flag(node, "hands a whole library on; the rules cannot see what is taken from it")

    def _flag(self, node, why):
        self.unseen.append((node, why))


def from_afar(notebook, follower):
    """[(node, why)] of what anywhere in the notebook can make another name, or a library, mean something else."""
    found = []
    for module in {module for _, module in notebook.stars if not known(module)}:
        found.append((notebook.statements[0], f"stands before `from {module} import *`, a file that the rules do not see"))
    waiting = [(s, ()) for s in notebook.statements]
    while waiting and len(found) < MOST_FINDINGS:
        node, scopes = waiting.pop()
        if why := _afar(node, scopes, follower):
            found.append((node, why))
        if isinstance(node, SCOPES):
            waiting += [(part, scopes) for part in outside(node)]
            within = (*scopes, scope(node)) if isinstance(node, FUNCTION) else scopes
            waiting += [(part, within) for part in inside(node)]
        else:
            waiting += [(child, scopes) for child in ast.iter_child_nodes(node)]
    return found


def _afar(node, scopes, follower):
    runs, changes = "runs or changes what the rules cannot see", "changes what a library does"
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or "."]
        names += [f"{node.module}.{a.name}" for a in node.names] if isinstance(node, ast.ImportFrom) else []
        return runs if any(powerful(n) or not known(n) for n in names) else None
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        paths = follower.paths(node, scopes)
        if paths & {f"builtins.{n}" for n in ("eval", "exec", "compile", "globals", "__import__")}:
            return runs
        if any(powerful(path) for path in paths if not path.startswith("builtins.")):
            return runs
        if paths & {"builtins.setattr", "builtins.delattr"} and node.id not in ("setattr", "delattr"):
            return changes
        if paths & {"builtins.locals"} and not scopes:
            return runs
        unbound = not paths and node.id not in follower.notebook.bound
        return runs if unbound and node.id in ("get_ipython", "__builtins__") else None
    if isinstance(node, ast.Call) and follower.paths(node.func, scopes) & RUN_TEXTS:
        given = [*node.args[:2], *(k.value for k in node.keywords if k.arg in (None, "stmt", "setup"))]
        return None if all(_is_function(value, follower) for value in given) else runs
    if any(map(_calls, _notes(node))):  # `functools.singledispatch` evaluates them
        return runs
    setting = {"builtins.setattr", "builtins.delattr"}
    if isinstance(node, ast.Call) and len(node.args) > 1 and follower.paths(node.func, scopes) & setting:
        return changes if follower.paths(node.args[0], scopes) or follower.text(node.args[1], scopes) is None else None
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
        return None
    if isinstance(node, ast.Attribute):
        if node.attr in ("__setattr__", "__delattr__") and not isinstance(node.value, ast.Call):  # that of super() is one's own
            return changes
        if node.attr in NAMESPACES or any(map(powerful, follower.paths(node, scopes))):
            return runs
        if not isinstance(node.ctx, ast.Load):
            constant = node.attr in ("deterministic", "benchmark", "MAX_IMAGE_PIXELS", "LOAD_TRUNCATED_IMAGES")
            return changes if (follower.paths(node.value, scopes) and not constant) or _dunder(node.attr) else None
    return None


def _is_function(value, follower):
    values = follower.notebook.names.values.get(value.id, ()) if isinstance(value, ast.Name) else [value]
    return bool(values) and all(isinstance(v, FUNCTION) for v in values)


def _notes(node):
    """The annotations of a function or a name that are texts."""
    found = []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        found = [node.returns, *(a.annotation for a in ast.walk(node.args) if isinstance(a, ast.arg))]
    elif isinstance(node, ast.AnnAssign):
        found = [node.annotation]
    return [n.value for n in found if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def _calls(text):
    """Whether a text is an expression that calls something; "(N, C), float" is none."""
    try:
        return "(" in text and any(isinstance(node, ast.Call) for node in ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _dunder(name):
    return name.startswith("__") and name.endswith("__") and name not in DUNDERS


def _switched_off(node):
    """`x` of `x.requires_grad_(False)` or `x.requires_grad = False`; None otherwise."""
    if isinstance(node, ast.Call):
        given, target, name = node.args, node.func, "requires_grad_"
    elif isinstance(node, ast.Assign):
        given, target, name = [node.value], node.targets[0], "requires_grad"
    else:
        return None
    off = len(given) == 1 and isinstance(given[0], ast.Constant) and given[0].value is False
    return target.value if off and isinstance(target, ast.Attribute) and target.attr == name else None
