"""The rules of the course, found in the source text of a notebook.

A rule looks at the definition of the exercise's function and of everything of the student's that it uses; names are followed
through imports, aliases and reflection with constant names. What is made from text at run time cannot be seen: it is flagged.
"""

import ast
import builtins
import re
from dataclasses import dataclass
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager


@dataclass(frozen=True)
class Rule:
    """`paths`: dotted names that must not be used, nor what lies below them; `members`: attributes, of anything."""

    sentence: str
    paths: frozenset = frozenset()
    members: frozenset = frozenset()


SOFTMAX = {"softmax", "log_softmax", "logsumexp", "logcumsumexp"}
LOSSES = {
    "cross_entropy",
    "nll_loss",
    "cross_entropy_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "log_loss",
}
LEARNERS = {"Learner", "vision_learner", "cnn_learner", "tabular_learner", "unet_learner", "text_classifier_learner"}
# `torch.no_grad` is allowed, and so is every elementwise or linear-algebra function.
RULES = {
    "autograd": Rule(
        "no autograd; derive the gradient by hand",
        frozenset({"torch.autograd", "torch.func", "functorch", "torch.enable_grad", "torch.set_grad_enabled"}),
        frozenset({"backward", "requires_grad", "requires_grad_", "retain_grad"}),
    ),
    "torch.nn": Rule("no torch.nn; write it with tensors", frozenset({"torch.nn", "torch.ao", "torch.ops", "torch._C"})),
    "torch.nn.functional": Rule("no torch.nn.functional; write it with tensors", frozenset({"torch.nn.functional"})),
    "torch.optim": Rule("no torch.optim; write the step yourself", frozenset({"torch.optim"})),
    "Learner": Rule(
        "no Learner; write the training yourself",
        frozenset({"fastai.learner", "fastai.vision.learner", "fastai.tabular.learner", *(f"*.{name}" for name in LEARNERS)}),
        frozenset(LEARNERS),
    ),
    "library softmax": Rule(
        "no library softmax or logsumexp; write it with exp, log and sum",
        frozenset({f"*.{f}" for f in SOFTMAX} | {"torch._softmax", "torch._log_softmax", "torch.distributions"}),
        frozenset(SOFTMAX),
    ),
    "library cross-entropy": Rule(
        "no library cross-entropy; write it with log and mean",
        frozenset(f"*.{name}" for name in LOSSES),
        frozenset(LOSSES),
    ),
}  # fmt: skip
COURSE_RULES = frozenset(RULES)

REFLECTION = {"getattr", "__getattribute__", "__getattr__", "methodcaller", "attrgetter", "import_module", "__import__"}
UNSEEN = {"exec", "eval", "compile", "globals"}
NAMESPACES = {"user_ns", "user_global_ns", "at_checks", "__dict__", "__builtins__"}  # ways to bind a name from afar
# Honest code has some twenty levels. Past these limits a source is left out, and flagged: reading it could take hours.
MAX_DEPTH = 100
MAX_MAGICS = 2_000_000  # lines of magics times characters: IPython reads the whole text anew for each
# What `from fastai.vision.all import *` brings that the rules are about.
FROM_FASTAI = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "optim": "torch.optim"}
MAGIC = re.compile(r"^[%!]|\?$|=\s*[%!]")
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
BLOCKS = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match


@dataclass(frozen=True)
class Findings:
    """`violations`: {rule name: sentence}. `flags`: what an instructor should look at; it cannot be judged."""

    violations: dict
    flags: tuple


def inspect(source, function, rules):
    """Which of the rules the student's `function` breaks, given the source of the whole notebook."""
    notebook = parse(source)
    violations, flags = {}, []
    for path in notebook.aliases.get(function, ()):
        if (rule := _rule_of_path(path)) in rules:
            violations[rule] = _sentence(rule, path)
    for node in notebook.used_by(function):
        for rule, text in notebook.broken(node):
            if rule in rules:
                violations.setdefault(rule, _sentence(rule, text))
        flags += notebook.unseen(node)
    if rules:
        flags += notebook.flags
    return Findings(violations, tuple(dict.fromkeys(flags)))


def calls(source, function):
    """The names in the whole notebook that the student's `function` uses, directly or through others."""
    return {name for statement in parse(source).used_by(function) for name, _ in _bound(statement)} - {function}


def _sentence(rule, text):
    return f"A rule of the course: {RULES[rule].sentence}. You use `{text}`."


@lru_cache(maxsize=256)
def parse(source):
    """What the other functions ask about one source; kept, because they ask it for each exercise."""
    reader = _Reader()
    return _Notebook(list(reader.statements(source)), reader.complete)


class _Reader:
    """Reads the top-level statements of a text that may hold IPython's magics, and cells that are not Python."""

    def __init__(self):
        self.complete = True
        self.patience = MAX_MAGICS

    def statements(self, source):
        """The statements; what cannot be read is passed over, and `complete` is False then."""
        for text in (lambda: source, lambda: self._without_magics(source)):
            try:
                tree = compile(text(), "notebook", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            except (SyntaxError, ValueError, RecursionError, MemoryError, RuntimeError):
                continue
            shallow = [statement for statement in tree.body if _depth(statement) <= MAX_DEPTH]
            self.complete &= len(shallow) == len(tree.body)
            return shallow
        blocks = _blocks(source)
        if len(blocks) == 1:
            self.complete = False
            return []
        return [statement for block in blocks for statement in self.statements(block)]

    def _without_magics(self, source):
        self.patience -= len(source) * sum(bool(MAGIC.search(line.strip())) for line in source.splitlines())
        if self.patience < 0:
            raise ValueError("too many magics")
        return TransformerManager().transform_cell(source)


def _blocks(source):
    """The parts of a text that begin at the margin after an empty line; cells are parted by empty lines."""
    blocks, before = [], ""
    for line in source.splitlines():
        if line[:1].strip() and not before.strip():
            blocks.append([])
        if blocks:
            blocks[-1].append(line)
        before = line
    return ["\n".join(block) for block in blocks]


def _depth(node):
    """How deep a tree is; counted without recursion, which too deep a tree would break."""
    depth, level = 0, [node]
    while level:
        depth, level = depth + 1, [child for parent in level for child in ast.iter_child_nodes(parent)]
    return depth


class _Notebook:
    def __init__(self, statements, complete):
        self.definitions = {}  # name -> statements that bind it or change what it holds
        self.methods = set()  # attributes that the student's own classes define
        self.stars = []
        self.aliases = {"torch": {"torch"}, "np": {"numpy"}, "tensor": {"torch.tensor"}}
        for node in (n for s in statements for n in ast.walk(s)):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                self.stars.append(node.module or "")
            if isinstance(node, ast.ClassDef):
                self.methods |= {n.name for n in ast.walk(node) if isinstance(n, FUNCTION) and not isinstance(n, ast.Lambda)}
        for statement in _flat(statements):
            for name, node in _bound(statement):
                self.definitions.setdefault(name, []).append(node)
        # Twice, because an alias may be made of an alias that a later cell defines.
        for _ in range(2):
            for statement in _flat(statements):
                for name, paths in self._bindings(statement, {}).items():
                    self.aliases.setdefault(name, set()).update(paths)
        for name, nodes in self.definitions.items():
            if all(isinstance(n, FUNCTION | ast.ClassDef) for n in nodes):
                self.aliases.pop(name, None)
        # What the whole notebook does so that another name, or a library, means something else.
        self.flags = ["A part of the notebook cannot be read as Python, so the rules do not see it."] if not complete else []
        self.flags += [flag for statement in statements for flag in self._from_afar(statement)]

    def _from_afar(self, statement):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                far = node.func.id in UNSEEN or (
                    node.func.id in ("setattr", "delattr") and bool(node.args) and bool(self._resolve(node.args[0], {}))
                )
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
                far = bool(self._resolve(node.value, {}))
            else:
                far = isinstance(node, ast.Attribute) and node.attr in NAMESPACES
            if far:
                yield f"`{_text(node)}` runs or changes what the rules cannot see."

    def used_by(self, function):
        """The statements that define `function`, and those that define what these use, without end."""
        found, waiting = [], [function]
        seen = set(waiting)
        while waiting:
            for statement in self.definitions.get(waiting.pop(), []):
                if isinstance(statement, ast.Import | ast.ImportFrom) or statement in found:
                    continue
                found.append(statement)
                names = set(self._free(statement, {})) - seen
                seen |= names
                waiting += sorted(names)
        return found

    def _free(self, node, local):
        """The names that a statement takes from the notebook; what its functions bind themselves is not among them."""
        if isinstance(node, FUNCTION):
            local = local | self._scope(node, local)
        if isinstance(node, ast.Name) and node.id not in local:
            yield node.id
        for child in ast.iter_child_nodes(node):
            yield from self._free(child, local)

    def broken(self, statement):
        """(rule, text) for each use of something that a rule is about."""
        yield from self._walk(statement, {})

    def unseen(self, statement):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if isinstance(node.func, ast.Name) and name in UNSEEN and name not in self.definitions:
                    yield f"`{_text(node)}` runs or changes what the rules cannot see."
                if name in REFLECTION and not any(isinstance(self._text_of(a, {}), str) for a in node.args):
                    yield f"`{_text(node)}` looks up a name that is computed; the rules cannot see which."

    def _walk(self, node, local):
        if isinstance(node, FUNCTION):
            local = local | self._scope(node, local)
        if hits := list(self._hits(node, local)):
            yield from hits
            return  # the base of `torch.nn.functional.softmax` is not reported again
        if _switches_off(node):
            node = node.func.value if isinstance(node, ast.Call) else node.targets[0].value
        for child in ast.iter_child_nodes(node):
            yield from self._walk(child, local)

    def _hits(self, node, local):
        if isinstance(node, ast.Name | ast.Attribute):
            paths = self._resolve(node, local)
            rule = next((r for p in paths if (r := _rule_of_path(p))), None)
            if rule:
                yield rule, _text(node)
            elif isinstance(node, ast.Attribute):
                yield from self._member(node, node.attr)
        elif isinstance(node, ast.keyword) and node.arg == "requires_grad":
            if not (isinstance(node.value, ast.Constant) and not node.value.value):
                yield "autograd", _text(node)
        elif isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in REFLECTION | {"setattr"}:
                for argument in node.args:
                    if isinstance(text := self._text_of(argument, local), str):
                        bases = self._resolve(node.args[0], local) if argument is not node.args[0] else ()
                        paths = {text, *(f"{b}.{text}" for b in bases)}
                        rule = next((r for p in paths if (r := _rule_of_path(p))), None)
                        if rule:
                            yield rule, _text(node)
                        else:
                            yield from self._member(node, text)
        elif isinstance(node, ast.Subscript):
            for path in self._resolve(node, local):
                if rule := _rule_of_path(path):
                    yield rule, _text(node)

    def _member(self, node, name):
        if name in self.methods:
            return
        for rule, content in RULES.items():
            if name in content.members and not (name == "requires_grad" and isinstance(getattr(node, "ctx", None), ast.Load)):
                yield rule, _text(node)

    def _scope(self, function, outer):
        """The names that a function binds itself, with the paths they stand for (none: some value of the function's own)."""
        arguments = function.args
        own = {a.arg: set() for a in ast.walk(arguments) if isinstance(a, ast.arg)}
        body = function.body if isinstance(function.body, list) else []
        inner = [n for s in body for n in _own_nodes(s)]
        for node in inner:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.setdefault(node.id, set())
        for node in inner:
            for name, paths in self._bindings(node, outer | own).items():
                own.setdefault(name, set()).update(paths)
        shared = {n for s in inner if isinstance(s, ast.Global | ast.Nonlocal) for n in s.names}
        return {name: paths for name, paths in own.items() if name not in shared}

    def _bindings(self, node, local):
        """{name: paths} of an import, or of an assignment whose value has a path (or is a constant str, kept as 'str:...')."""
        if isinstance(node, ast.Import):
            return {a.asname or a.name.partition(".")[0]: {a.name if a.asname else a.name.partition(".")[0]} for a in node.names}
        if isinstance(node, ast.ImportFrom):
            return {a.asname or a.name: {f"{node.module}.{a.name}"} for a in node.names if a.name != "*"}
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            pairs = [(t, node.value) for t in targets]
            for target, value in list(pairs):
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
                    pairs += zip(target.elts, value.elts, strict=True)
            bound = {}
            for target, value in pairs:
                if isinstance(target, ast.Name):
                    paths = self._resolve(value, local)
                    if isinstance(text := self._text_of(value, local), str):
                        paths = {f"str:{text}"}
                    if paths:
                        bound[target.id] = paths
            return bound
        return {}

    def _text_of(self, node, local):
        return _constant(node, self.aliases | local)

    def _resolve(self, node, local):
        """The dotted paths that an expression may stand for; empty if it is a value of the student's own."""
        if isinstance(node, ast.Name):
            if node.id in local:
                return local[node.id]
            if node.id in self.aliases:
                return self.aliases[node.id]
            if node.id in self.definitions or hasattr(builtins, node.id):
                return {f"builtins.{node.id}"} if node.id == "__import__" else set()
            stars = {f"{m}.{node.id}" for m in self.stars if not m.startswith("fastai")}
            if any(m.startswith("fastai") for m in self.stars):
                stars |= {FROM_FASTAI.get(node.id, f"fastai.{node.id}")}
            return stars
        if isinstance(node, ast.Attribute):
            return {f"{base}.{node.attr}" for base in self._resolve(node.value, local) if not base.startswith("str:")}
        if isinstance(node, ast.Subscript):  # vars(torch)["softmax"], torch.__dict__["softmax"]
            inner = node.value
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "vars" and inner.args:
                bases = self._resolve(inner.args[0], local)
            elif isinstance(inner, ast.Attribute) and inner.attr == "__dict__":
                bases = self._resolve(inner.value, local)
            else:
                return set()
            name = self._text_of(node.slice, local)
            return {f"{b}.{name}" for b in bases} if isinstance(name, str) else set()
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            texts = [self._text_of(a, local) for a in node.args]
            if name in ("import_module", "__import__") and texts and isinstance(texts[0], str):
                return {texts[0]}
            if name == "getattr" and len(texts) > 1 and isinstance(texts[1], str):
                return {f"{base}.{texts[1]}" for base in self._resolve(node.args[0], local)}
        return set()


def _switches_off(node):
    """Whether a node is `x.requires_grad_(False)` or `x.requires_grad = False`."""
    if isinstance(node, ast.Call):
        given = node.args
        attribute = isinstance(node.func, ast.Attribute) and node.func.attr == "requires_grad_"
    elif isinstance(node, ast.Assign):
        given = [node.value]
        attribute = isinstance(node.targets[0], ast.Attribute) and node.targets[0].attr == "requires_grad"
    else:
        return False
    return attribute and len(given) == 1 and isinstance(given[0], ast.Constant) and given[0].value is False


def _rule_of_path(path):
    """The rule with the longest path that `path` lies in, or None."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        for rule, content in RULES.items():
            if prefix in content.paths:
                return rule
    return next((r for r, content in RULES.items() if len(parts) > 1 and f"*.{parts[-1]}" in content.paths), None)


def _constant(node, local):
    """The value of an expression that is a constant str, also joined by +, in an f-string, or held by a name; else None."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = _constant(node.left, local), _constant(node.right, local)
        return "".join(parts) if all(isinstance(p, str) for p in parts) else None
    if isinstance(node, ast.JoinedStr):
        parts = [_constant(v.value if isinstance(v, ast.FormattedValue) else v, local) for v in node.values]
        return "".join(parts) if all(isinstance(p, str) for p in parts) else None
    if isinstance(node, ast.Name):
        texts = [p[4:] for p in local.get(node.id, ()) if p.startswith("str:")]
        return texts[0] if len(texts) == 1 else None
    return None


def _flat(statements):
    """Statements of the module's own scope, also those inside if, for, while, with and try."""
    for statement in statements:
        yield statement
        if isinstance(statement, BLOCKS):
            for part in ("body", "orelse", "finalbody"):
                yield from _flat(getattr(statement, part, []))
            for inner in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
                yield from _flat(inner.body)


def _bound(statement):
    """(name, node) of what a top-level statement binds, or holds of which it changes; the node is where it comes from."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [(statement.name, statement)]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(a.asname or a.name.partition(".")[0], statement) for a in statement.names]
    if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = [(t, statement) for t in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])]
    elif isinstance(statement, ast.For | ast.AsyncFor):
        targets = [(statement.target, statement.iter)]
    elif isinstance(statement, ast.With | ast.AsyncWith):
        targets = [(item.optional_vars, item.context_expr) for item in statement.items if item.optional_vars]
    elif isinstance(statement, ast.Match):
        captures = (n for case in statement.cases for n in ast.walk(case.pattern))
        return [(n.name, statement.subject) for n in captures if getattr(n, "name", None)]
    else:
        targets = []
    bound = [(n.id, node) for target, node in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    header = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr)]
    walrus = (n for child in header for n in _own_nodes(child) if isinstance(n, ast.NamedExpr))
    return bound + [(n.target.id, n.value) for n in walrus]


def _own_nodes(node):
    """The node and what lies in it, without the insides of functions and classes."""
    yield node
    if not isinstance(node, FUNCTION | ast.ClassDef):
        for child in ast.iter_child_nodes(node):
            yield from _own_nodes(child)


def _text(node):
    return " ".join(ast.unparse(node).split())[:60]
