"""What binds which name in a notebook, and which of its statements a function is made of."""

import ast
from collections import defaultdict
from dataclasses import dataclass, field

from .reading import Reading

FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
SCOPES = FUNCTION | ast.ClassDef
BLOCKS = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match
ROW = ast.Tuple | ast.List
# What every notebook's first cell imports; the rules also judge solutions without that cell.
HEADER = {"torch": "torch", "np": "numpy", "plt": "matplotlib.pyplot", "tensor": "torch.tensor", "math": "math", "time": "time"}
HEADER |= {"course": "course", "Path": "pathlib.Path", "Image": "PIL.Image"}
# What gives data, and no function.
DATA = {"torch", "np", "numpy", "math", "tensor", "len", "int", "float", "str", "list", "dict", "set", "sum", "range"}


@dataclass
class Names:
    """What one scope binds: imports {name: paths}, and values {name: expressions, or definitions, that it may stand for}.

    A name that is bound to something else (an argument, the variable of a loop) has no values.
    """

    imports: dict = field(default_factory=lambda: defaultdict(set))
    values: dict = field(default_factory=lambda: defaultdict(list))
    other: set = field(default_factory=set)
    shared: set = field(default_factory=set)  # global and nonlocal

    def __contains__(self, name):
        return name not in self.shared and (name in self.imports or name in self.values or name in self.other)

    def read(self, node):
        """Note what one node, not its insides, binds here."""
        if isinstance(node, ast.Import):
            for a in node.names:
                self.imports[a.asname or a.name.partition(".")[0]].add(a.name if a.asname else a.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            for a in node.names:
                self.imports[a.asname or a.name].add(f"{node.module or ''}.{a.name}")
        elif isinstance(node, DEFINITION):
            self.values[node.name].append(node)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            self.shared.update(node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._assign(target, node.value)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and node.id not in self.values:
            self.other.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            self.other.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self.other.add(node.rest)

    def _assign(self, target, value):
        if isinstance(target, ast.Name):
            self.values[target.id].append(value)
        elif isinstance(target, ROW) and isinstance(value, ROW) and len(target.elts) == len(value.elts):
            for inner, its in zip(target.elts, value.elts, strict=True):
                self._assign(inner, its)


def scope(function):
    """The names that a function, lambda or class binds itself."""
    names = Names()
    if isinstance(function, FUNCTION):
        names.other.update(a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg))
    nodes = [n for s in inside(function) for n in own_nodes(s)]
    for node in sorted(nodes, key=lambda n: isinstance(n, ast.Name)):  # what a name is assigned is known before it is met alone
        names.read(node)
    return names


def own_nodes(node):
    """The node and what lies in it, without the insides of functions and classes."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting += ast.iter_child_nodes(node)


def flat(statements):
    """Statements of the module's own level, also those inside if, for, while, with and try."""
    for statement in statements:
        yield statement
        if isinstance(statement, BLOCKS):
            for part in ("body", "orelse", "finalbody"):
                yield from flat(getattr(statement, part, []))
            for inner in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
                yield from flat(inner.body)


class Notebook:
    """The statements of a whole notebook, and what they bind."""

    def __init__(self, source):
        reading = Reading(source)
        self.lines, self.statements, self.complete = reading.lines, reading.statements, reading.complete
        self.names = Names()
        self.stars = []  # (line, module)
        self.classes = defaultdict(list)  # name -> definitions, also inside of others
        self.own_members = set()  # attributes that the student's own classes define
        self.bound = {}  # name -> line where it is bound first
        self.definitions = defaultdict(list)  # name -> statements that bind it or put something into it
        self.given = set()  # attributes that get what could be a function, from outside of an object's own methods
        self._free, self._members = {}, {}
        data = set()  # attributes that get what can be no function
        for node in (n for s in self.statements for n in ast.walk(s)):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                self.stars.append((node.lineno, node.module or ""))
            elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
                data |= _of_data(node)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node not in data:
                self.given |= {node.attr} if getattr(node.value, "id", "") not in ("self", "cls") else set()
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr" and len(node.args) == 3:
                self.given |= {node.args[1].value} if isinstance(node.args[1], ast.Constant) else set()
            elif isinstance(node, ast.ClassDef):
                self.classes[node.name].append(node)
                self.own_members |= self.members(node).keys()
            elif isinstance(node, FUNCTION) and not isinstance(node, ast.Lambda):
                for inner in (n for s in node.body for n in own_nodes(s)):
                    self._bind_global(node, inner)
        for statement in flat(self.statements):
            self._bind(statement)
        for name in HEADER.keys() - self.bound.keys():
            self.names.imports[name].add(HEADER[name])

    def _bind(self, statement):
        for node in [statement] if isinstance(statement, DEFINITION) else _level(statement):
            self.names.read(node)
            for name in _bound(node):
                self.bound.setdefault(name, statement.lineno)
                self.definitions[name].append(_source_of(statement))
            if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
                for name in names_in(node.value):
                    self.definitions[name].append(_source_of(statement))

    def _bind_global(self, function, node):
        if isinstance(node, ast.Global):
            its = scope(function)
            for name in node.names:
                self.bound.setdefault(name, node.lineno)
                self.definitions[name].append(function)
                self.names.values[name] += its.values.get(name, [])
                self.names.imports[name] |= its.imports.get(name, set())

    def members(self, definition):
        """{attribute: values or definitions} that a class gives itself and its instances."""
        if id(definition) not in self._members:
            self._members[id(definition)] = _members(definition)
        return self._members[id(definition)]

    def free(self, statement):
        """The names that a statement takes from the notebook; what its functions bind themselves is not among them."""
        if id(statement) not in self._free:
            self._free[id(statement)] = set(_free(statement, ()))
        return self._free[id(statement)]


def _of_data(node):
    """The attributes, as nodes, that an assignment puts something into that is no function."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    attributes = [n for target in targets for n in own_nodes(target) if isinstance(n, ast.Attribute)]
    return {a for a in attributes if isinstance(node, ast.AugAssign) or not (node.value and _code(node.value, a.attr))}


def _code(value, attribute):
    """Whether an expression may be a function; a result of torch, NumPy or Python's own is data, as is `p.data` of itself."""
    if isinstance(value, ast.Call):
        root = value.func
        while isinstance(root, ast.Attribute):
            if root.attr == attribute:
                return False
            root = root.value
        return getattr(root, "id", "") not in DATA
    return not isinstance(value, ast.Constant | ast.BinOp | ast.UnaryOp | ast.Compare | ast.JoinedStr | ast.List | ast.Dict)


def _members(definition):
    found = defaultdict(list)
    for node in definition.body:
        if isinstance(node, DEFINITION):
            found[node.name].append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found[target.id].append(node.value)
    for node in ast.walk(definition):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                    found[target.attr].append(node.value)
    return found


def outside(node):
    """The parts of a definition that are evaluated where it stands: decorators, defaults, annotations, bases."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    parts = [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    if not isinstance(node, ast.Lambda):
        notes = [a.annotation for a in ast.walk(node.args) if isinstance(a, ast.arg) and a.annotation]
        parts += [*node.decorator_list, *notes, *([node.returns] if node.returns else [])]
    return parts


def inside(node):
    """The body of a definition, as a list."""
    return node.body if isinstance(node.body, list) else [node.body]


def _free(node, bound):
    if isinstance(node, ast.AugAssign):
        yield from (n for n in names_in(node.target) if not any(n in names for names in bound))
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Load) and not any(node.id in names for names in bound):
            yield node.id
    elif isinstance(node, SCOPES):
        for part in outside(node):
            yield from _free(part, bound)
        within = bound if isinstance(node, ast.ClassDef) else (*bound, scope(node))
        for part in inside(node):
            yield from _free(part, within)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _free(child, bound)


def _bound(node):
    """The names that a node, not its insides, binds."""
    if isinstance(node, DEFINITION):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [a.asname or a.name.partition(".")[0] for a in node.names]
    if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        return [node.name]
    return [node.id] if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) else []


def _level(statement):
    """The nodes of a statement that are evaluated in the module's own level; of a block only its head."""
    if not isinstance(statement, BLOCKS):
        return own_nodes(statement)
    heads = [c for c in ast.iter_child_nodes(statement) if isinstance(c, ast.expr | ast.withitem)]
    heads += [case.pattern for case in getattr(statement, "cases", [])]
    return (n for head in heads for n in own_nodes(head))


def _source_of(statement):
    """Where what a statement binds comes from: of a block only its head, for its body stands alone."""
    if isinstance(statement, ast.For | ast.AsyncFor):
        return statement.iter
    if isinstance(statement, ast.With | ast.AsyncWith):
        return ast.Tuple([item.context_expr for item in statement.items], ast.Load())
    if isinstance(statement, ast.If | ast.While):
        return statement.test
    return statement.subject if isinstance(statement, ast.Match) else statement


def names_in(node):
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
