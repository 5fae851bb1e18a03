"""What a student could have meant: the changes of one place that are tried, for each kind of place."""

import ast
from itertools import combinations

from .edits import LIBRARIES, called, is_method, is_self, sign
from .loops import Loops
from .words import CHAINED, COMPARISONS, DROPPED, ENDINGS, FAMILIES, NEW, NUMBERS, OPERATORS, RANDOM, REDUCTIONS, SHAPING

REPLACED = "`=`, which forgets what was there before"
PARTS = {"values": "indices", "indices": "values"}  # of what `max(dim=1)` and `sort` return
CASTS = {"long", "int", "float", "double", "to", "type", "astype"}


def edits(text, functions=(), arrays=False):
    """All edits of a function (or class), the smallest first; none twice.

    text: its source. functions: names of functions that may be mistaken for each other. arrays: whether NumPy's words are used.
    """
    found = {}
    for edit in _Changes(text, functions, arrays).all():
        if edit.source != text and edit.cost < getattr(found.get(edit.source), "cost", 99):
            found[edit.source] = edit
    return sorted(found.values(), key=lambda e: (e.cost, e.span))


class _Changes(Loops):
    """One method for each kind of node, named like it; each yields edits."""

    def __init__(self, text, functions, arrays):
        super().__init__(text)
        self.functions = functions
        self.axis, self.keep, self.copy = ("axis", "keepdims", "copy") if arrays else ("dim", "keepdim", "clone")
        self.new = "a new array" if arrays else "a new tensor"
        loaded = {n.id for n in self.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        arguments = {n.arg for n in self.nodes if isinstance(n, ast.arg)} - {"self"}
        stored = {n.id for n in self.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self.unused = sorted((arguments | stored) - loaded - {"_"})

    def all(self):
        for node in self.nodes:
            yield from getattr(self, type(node).__name__, lambda _: ())(node)

    def Constant(self, node):
        value, parent = node.value, self.parents[node]
        if isinstance(value, bool):
            yield self.edit(1, f"`{value}`", node, str(not value), self.around(node))
        elif isinstance(value, int | float):
            near = [value + 1, value - 1, -value] if isinstance(value, int) else [-value, value * 10, value / 10]
            look = "the axis" if self._is_axis(node) else f"the number `{self.text(node)}`"
            for number in dict.fromkeys([*NUMBERS, *near]):
                if number != value:
                    what, written = look if number else self._term(node, look), f"({number!r})" if number < 0 else repr(number)
                    yield self.edit(1, what, node, written, self.around(node))
            shaping = isinstance(parent, ast.Call) and called(parent) in SHAPING
            sizes = [size for name in self.names(node) for size in (f"len({name})", f"{name}.shape[1]")]
            for written in ("(-2)", "2", *sizes) if shaping else ():
                yield self.edit(3, f"the number `{self.text(node)}`", node, written, parent, one_way=True)
            for name in self.names(node) if isinstance(parent, ast.Subscript) else ():
                yield self.edit(2, f"the index `{value}`", node, name, parent)
            if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) and node is parent.right:
                for name in self.names(node):
                    yield self.edit(3, look, node, f"len({name})", parent)
        elif isinstance(value, str) and isinstance(parent, ast.Subscript | ast.Dict):
            strings = [n.value for n in self.nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            for other in dict.fromkeys(s for s in strings if s.isidentifier() and s != value):
                yield self.edit(2, f"the key `{value!r}`", node, repr(other))

    def _term(self, node, look):
        """What is no more when a number becomes 0."""
        parent, number = self.parents[node], self.text(node)
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult):
            return f"`{self.text(parent)}`"
        added = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub) and node is parent.right
        return f"`{sign(parent)} {number}`" if added and number.isdigit() else look

    def _is_axis(self, node):
        parent = self.parents[node]
        if isinstance(parent, ast.UnaryOp):
            node, parent = parent, self.parents[parent]
        if isinstance(parent, ast.keyword):
            return parent.arg in ("dim", "axis", "dims")
        return isinstance(parent, ast.Call) and called(parent) in REDUCTIONS

    def Name(self, node):
        if self.is_called(node):
            yield from self._family(node, node.id, node)
            for other in self.functions if node.id in self.functions else ():
                if other != node.id:
                    yield self.edit(2, f"`{node.id}`", node, other)
        elif isinstance(node.ctx, ast.Load) and node.id not in (*LIBRARIES, "self"):
            yield from self._family(node, node.id, node)
            for other in self.names(node):
                if other != node.id:
                    yield self.edit(2, f"the name `{node.id}`", node, other, self.around(node))
            for other in self.unused:
                for operator in "+-*/":
                    yield self.edit(3, f"`{other}` is missing", node, f"({node.id} {operator} {other})", self.around(node))
            if isinstance(self.parents[node], ast.BinOp):
                yield self.edit(3, f"the factor `{node.id}`", node, f"({node.id} > 0)", self.around(node))
                for shaped in (f"{node.id}.reshape(len({node.id}), -1)", f"{node.id}.flatten()"):
                    yield self.edit(3, f"the shape of `{node.id}`", node, shaped, self.around(node), one_way=True)
        elif isinstance(node.ctx, ast.Store) and self.attributes():
            yield self.edit(2, "the name, which is not one of `self`", node, f"self.{node.id}")

    def Attribute(self, node):
        if self.is_called(node):
            yield from self._family(node, node.attr, self.parents[node])
            if node.attr in ("half", "bfloat16"):
                yield self.edit(1, f"`{node.attr}`", node, f"{self.text(node.value)}.float", self.parents[node], one_way=True)
        elif node.attr in ("T", "mT", "values", "indices"):
            yield self.edit(1, f"`.{node.attr}`", node, self.wrapped(node.value))
            if node.attr in PARTS:
                yield self.edit(1, f"`.{node.attr}`", node, f"{self.wrapped(node.value)}.{PARTS[node.attr]}", one_way=True)
        elif is_self(node.value) and isinstance(node.ctx, ast.Load):
            for other in [*(f"self.{a}" for a in self.attributes()), *self.names(node)]:
                if other != f"self.{node.attr}":
                    yield self.edit(2, f"`self.{node.attr}`", node, other, self.around(node))

    def _family(self, node, name, shown):
        for family in FAMILIES:
            for other in sorted(family - {name}) if name in family else ():
                yield self.edit(1, f"`{name}`", node, self.text(node)[: -len(name)] + other, shown)

    def Call(self, node):
        name, names, given = called(node), self.names(node), {k.arg for k in node.keywords}
        inner = node.func.value if is_method(node) else node.args[0] if node.args else None
        if inner is not None:
            if name in DROPPED:
                yield self.edit(1, f"`{name}`", node, self.wrapped(inner))
            if name in self.functions:
                yield self.edit(2, f"the call of `{name}`", node, self.wrapped(inner), one_way=True)
            if name in ("relu", "sigmoid", "tanh"):
                yield self.edit(2, f"`{name}`", node, f"{self.wrapped(inner)}.clamp(min=0)", one_way=True)
            if name == "range" and isinstance(inner, ast.Call) and called(inner) == "len" and len(node.args) == 1:
                yield self.edit(2, "`range`", node, self.text(inner.args[0]), one_way=True)
            if name == "var":
                yield self.edit(3, "`var`", node, f"{self.wrapped(inner)}.square().mean({self._axes(node)})", one_way=True)
            if name in REDUCTIONS and not isinstance(inner, ast.GeneratorExp | ast.Starred):
                yield from self._reduction(node)
            if name in ("clamp", "clamp_min", "clip", "relu"):
                yield self.edit(2, f"`{name}`", node, f"{self.wrapped(inner)}.abs()")
            chain = isinstance(inner, ast.Call) and is_method(inner) and is_method(node)
            if chain and {name, called(inner)} <= CHAINED and name != called(inner):
                yield self.rewritten(2, "the order of the calls", node, _turn)
            if name in ("numel", "len"):
                for count in (f"len({self.text(inner)})", f"{self.wrapped(inner)}.numel()", f"{self.wrapped(inner)}.shape[1]"):
                    yield self.edit(2, "the number that is counted", node, count, self.around(node))
        for i, keyword in enumerate(node.keywords):
            if keyword.arg and keyword.arg not in ("dim", "axis", "keepdim", "keepdims"):
                yield self.rewritten(2, f"`{keyword.arg}`", node, lambda c, i=i: c.keywords.pop(i))
        for i, j in combinations(range(len(node.args)), 2):
            yield self.rewritten(2, "the order of the arguments", node, lambda c, i=i, j=j: _swap(c.args, i, j))
        if name in RANDOM and "generator" in names and "generator" not in given:
            yield self.edit(1, "the generator is missing", node, self._with(node, "generator=generator"))
        if name in ("norm", "matrix_norm", "vector_norm"):
            yield self.edit(2, f"`{name}`, which is a root", node, f"{self.text(node)} ** 2", one_way=True)
            if len(node.args) > 1:
                yield self.rewritten(2, f"`{self.text(node.args[-1])}`", node, lambda c: c.args.pop(), one_way=True)
        if name == "bincount" and "minlength" not in given:
            ints = {n.value for n in self.nodes if isinstance(n, ast.Constant) and type(n.value) is int and n.value > 1}
            for number in sorted(ints | {n * n for n in ints}):
                yield self.edit(2, "`minlength` is missing", node, self._with(node, f"minlength={number}"), one_way=True)
        if name == "randint" and len(node.args) > 1:
            high, size = node.args[-2:]
            if isinstance(size, ast.Tuple) and len(size.elts) == 1:
                drawn = ", ".join(
                    [self.text(high), *(f"generator={self.text(k.value)}" for k in node.keywords if k.arg == "generator")]
                )
                once = f"torch.randperm({drawn})[:{self.text(size.elts[0])}]"
                yield self.edit(2, "`randint`, which draws with replacement", node, once, one_way=True)
        for argument in node.args:
            if isinstance(argument, ast.Name) and isinstance(node.func, ast.Name):
                yield self.edit(3, "an axis is missing", argument, f"{argument.id}[:, None]", node, one_way=True)
        if name == "startswith" and node.args and isinstance(start := node.args[0], ast.Constant) and len(str(start.value)) > 1:
            yield self.edit(2, f"`{self.text(start)}`", start, repr(str(start.value)[0]), node, one_way=True)
        if name == "tensor" and "dtype" not in given:
            yield self.edit(3, "the dtype is missing", node, self._with(node, "dtype=torch.int64"), one_way=True)
        if name in NEW and "dtype" not in given:
            for argument in names:
                yield self.edit(3, "the dtype is missing", node, self._with(node, f"dtype={argument}.dtype"))
        if name == "range" and node.args:
            for change in (" + 1", " - 1"):
                yield self.edit(2, "the end of the range", node.args[-1], self.wrapped(node.args[-1]) + change, node)

    def _reduction(self, node):
        own = node.args if is_method(node) else node.args[1:]
        axes = [k for k in node.keywords if k.arg in ("dim", "axis")] or own[:1]
        for axis in ("0", "1", "-1") if not axes else ():
            yield self.edit(2, "the axis", node, self._with(node, f"{self.axis}={axis}"))
            both = f"{self.axis}={axis}, {self.keep}=True"
            yield self.edit(2, f"the axis and {self.keep}", node, self._with(node, both))
        keepdim = [i for i, k in enumerate(node.keywords) if k.arg in ("keepdim", "keepdims")]
        if axes:
            whole = f"{self.text(node.func)}({'' if is_method(node) else self.text(node.args[0])})"
            yield self.edit(2, "the axis", node, whole)
            if not keepdim:
                yield self.edit(1, f"{self.keep} is missing", node, self._with(node, f"{self.keep}=True"))
        for i in keepdim:
            yield self.rewritten(1, f"`{node.keywords[i].arg}`", node, lambda c, i=i: c.keywords.pop(i))

    def _axes(self, node):
        own = node.args if is_method(node) else node.args[1:]
        return ", ".join(
            [*map(self.text, own), *(f"{k.arg}={self.text(k.value)}" for k in node.keywords if k.arg in ("dim", "axis"))]
        )

    def _with(self, node, argument):
        text = self.text(node)[:-1].rstrip().rstrip(",")
        return f"{text}{', ' if node.args or node.keywords else ''}{argument})"

    def BinOp(self, node):
        left, right, operator = self.wrapped(node.left), self.wrapped(node.right), sign(node)
        for other in _others(OPERATORS, node.op):
            yield self.rewritten(1, f"the operator `{operator}`", node, lambda c, other=other: setattr(c, "op", other))
        if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
            yield self.edit(1, "the order", node, f"({right} {operator} {left})")
        yield self.edit(2, f"`{operator} {right}`", node, left)
        yield self.edit(2, f"`{self.text(node.left)}`", node, f"(-{right})" if isinstance(node.op, ast.Sub) else right)
        if isinstance(node.op, ast.Add | ast.Sub) and (first := _first(node, ast.Add | ast.Sub)) is not node.left:
            yield self.edit(2, f"what follows `{self.text(first)}`", node, self.text(first), one_way=True)
        for name in self.names(node) if isinstance(node.op, ast.Mult) else ():
            first = _first(node, ast.Mult)
            mask = f"({self.wrapped(first)} * ({name} > 0))"
            yield self.edit(3, f"the factor beside `{self.text(first)}`", node, mask, one_way=True)
        if isinstance(node.op, ast.Pow):
            if isinstance(node.left, ast.Call) and is_method(node.left) and called(node.left) in REDUCTIONS:
                inside = ast.parse(self.text(node.left), mode="eval").body
                inside.func.value = ast.BinOp(inside.func.value, ast.Pow(), node.right)
                yield self.edit(2, f"the place of `** {right}`", node, ast.unparse(inside))
            if isinstance(node.left, ast.Constant):
                yield self.edit(2, f"the base `{self.text(node.left)}`", node, f"{right}.exp()")
        if isinstance(node.op, ast.BitXor):
            yield self.edit(1, "the operator `^`", node, f"({left} ** {right})", one_way=True)
        if isinstance(node.op, ast.Div):
            yield self.edit(2, "the operator `/`", node, f"({left} - {right})")
        if isinstance(node.op, ast.Mult):
            yield self.edit(3, "the operator `*`", node, f"({left} @ {right})")
        if isinstance(node.op, ast.MatMult):
            yield self.edit(2, "the operator `@`", node, f"({left.removesuffix('.T')} * {right.removesuffix('.T')})")
            for a, b in [(f"{left}.T", right), (left, f"{right}.T"), (right, f"{left}.T"), (f"{right}.T", left)]:
                yield self.edit(2, "the order and the transpose", node, f"({a} @ {b})")
        if isinstance(node.left, ast.BinOp) and type(node.left.op) is not type(node.op):
            a, b, inner = self.wrapped(node.left.left), self.wrapped(node.left.right), sign(node.left)
            yield self.edit(2, "the brackets", node, f"({a} {inner} ({b} {operator} {right}))")
            yield self.edit(2, "the brackets", node, f"(({a} {operator} {right}) {inner} {b})")
        if isinstance(node.right, ast.BinOp) and type(node.right.op) is not type(node.op):
            a, b = self.wrapped(node.right.left), self.wrapped(node.right.right)
            yield self.edit(2, "the brackets", node, f"(({left} {operator} {a}) {sign(node.right)} {b})", one_way=True)
        factor = node.left.right if isinstance(node.left, ast.BinOp) else node.left
        if isinstance(factor, ast.Call) and len(factor.args) == 1 and not factor.keywords:
            before = f"{self.text(node.left.left)} {sign(node.left)} " if factor is not node.left else ""
            inside = f"{self.text(factor.func)}({self.wrapped(factor.args[0])} {operator} {right})"
            yield self.edit(3, "the brackets", node, f"({before}{inside})", one_way=True)
        if isinstance(node.op, ast.Add | ast.Sub) and isinstance(node.right, ast.BinOp | ast.Call):
            yield self.edit(4, "a factor is missing", node.right, f"2 * {right}", node, one_way=True)
        for operand in (node.left, node.right):
            for ending in (".log()", ".exp()"):
                yield self.edit(4, "a function is missing", operand, self.wrapped(operand) + ending, node)

    def UnaryOp(self, node):
        if isinstance(node.op, ast.USub | ast.Not) and not isinstance(node.operand, ast.Constant):
            look = "the sign" if isinstance(node.op, ast.USub) else "`not`"
            yield self.edit(1, look, node, self.wrapped(node.operand))

    def Compare(self, node):
        cast = self.parents[self.parents[node]]
        if isinstance(cast, ast.Call) and cast.func is self.parents[node] and called(cast) in CASTS:
            yield self.edit(2, "the comparison", cast, self.wrapped(node.left), node, one_way=True)
        if isinstance(node.ops[0], ast.In) and isinstance(node.left, ast.Constant):
            ends = f"{self.wrapped(node.comparators[0])}.endswith({self.text(node.left)})"
            yield self.edit(2, "`in`, which looks anywhere", node, ends, one_way=True)
        for other in _others(COMPARISONS, node.ops[0]) if len(node.ops) == 1 else ():
            yield self.rewritten(1, "the comparison", node, lambda c, other=other: c.ops.__setitem__(0, other))

    def BoolOp(self, node):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield self.rewritten(1, "`and` and `or`", node, lambda c: setattr(c, "op", other))
        for i, value in enumerate(node.values):
            yield self.rewritten(2, f"the condition `{self.text(value)}`", node, lambda c, i=i: c.values.pop(i))

    def If(self, node):
        yield from self.IfExp(node)
        yield from self.branches(node)

    def IfExp(self, node):
        for written in ("True", "False"):
            yield self.edit(3, "the condition", node.test, written, one_way=True)

    def Tuple(self, node):
        if not any(isinstance(e, ast.Slice | ast.Starred) for e in node.elts):
            stored = isinstance(node.ctx, ast.Store)
            for i, j in combinations(range(len(node.elts)), 2):
                yield self.rewritten(1, "the order", node, lambda c, i=i, j=j: _swap(c.elts, i, j), one_way=stored)
            if len(node.elts) == 3:
                for turn in (1, 2):
                    yield self.rewritten(2, "the order", node, lambda c, t=turn: _rotate(c.elts, t), one_way=True)

    List = Tuple

    def Subscript(self, node):
        if isinstance(node.ctx, ast.Load):
            yield self.edit(1, "the index", node, self.wrapped(node.value))

    def Slice(self, node):
        for part in (node.lower, node.upper):
            for change in (" + 1", " - 1") if part is not None else ():
                yield self.edit(2, "the ends of the slice", part, self.wrapped(part) + change, self.parents[node])

    def AugAssign(self, node):
        target, value = self.text(node.target), self.text(node.value)
        for operator in "+-*/":
            yield self.edit(1, f"`{sign(node)}=`", node, f"{target} {operator}= {value}")
        yield self.edit(1, f"`{sign(node)}=`", node, f"{target} = {value}")
        yield self.edit(1, f"`{sign(node)}=`, which works in place", node, f"{target} = {target} {sign(node)} ({value})")
        yield self.edit(3, "", node, "pass")
        yield from self._endings(node)

    def Assign(self, node):
        value, (target, *_) = node.value, node.targets
        if isinstance(value, ast.BinOp) and self.text(value.left) == self.text(target):
            inside = f"{self.text(target)} {sign(value)}= {self.text(value.right)}"
            yield self.edit(1, f"`=`, which makes {self.new}", node, inside)
        function = self.function(node)
        arguments = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)} if function else set()
        if {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)} <= arguments:
            yield self.edit(3, "", node, "pass", one_way=True)
        if not isinstance(target, ast.Tuple | ast.List) and not isinstance(value, ast.Constant):
            for operator in "+-":
                yield self.edit(2, REPLACED, node, f"{self.text(target)} {operator}= {self.text(value)}")
        if isinstance(target, ast.Name) and isinstance(value, ast.Name):
            yield from self._best(node, target.id, value.id)
        yield from self._endings(node)

    def _best(self, node, best, new):
        """The best so far, of what is compared with it."""
        for compared in (n for n in self.nodes if isinstance(n, ast.Compare) and len(n.ops) == 1):
            if {self.text(compared.left), self.text(compared.comparators[0])} == {best, new}:
                for better in ("minimum", "maximum"):
                    yield self.edit(3, REPLACED, node, f"{best} = torch.{better}({best}, {new})", one_way=True)
                    yield self.edit(3, REPLACED, node, f"{best} = {better[:3]}({best}, {new})", one_way=True)

    def Return(self, node):
        yield from self.behind_the_loop(node)
        if node.value is not None:
            yield from self._endings(node)
            for name in self.names(node):
                yield self.edit(3, "what is returned", node.value, name)

    def Expr(self, node):
        yield self.edit(3, "", node, "pass")

    def _endings(self, node):
        """A factor, a sign, a term, a copy or a type that is missing at the end of an assignment or a return."""
        if isinstance(node.value, ast.Tuple | ast.List | ast.Constant | ast.Dict):
            return
        value = self.wrapped(node.value)
        yield self.edit(2, "the sign", node.value, f"-{value}")
        for look, endings in {f"a copy ({self.copy}) is missing": [f".{self.copy}()"], **ENDINGS}.items():
            for ending in endings:
                yield self.edit(3, look, node.value, value + ending)
        yield self.edit(3, "`1 -` is missing", node.value, f"1 - {value}")
        for name in self.names(node):
            for ending in (f" + {name}", f" - {name}", f" * {name}", f" / {name}"):
                yield self.edit(4, "a term or a factor is missing", node.value, value + ending)
            if f"len({name})" not in value:  # else that makes a 1, which takes a divisor from a line below
                for ending in (f" / len({name})", f" * len({name})", f" / {name}.numel()"):
                    yield self.edit(4, "a factor is missing", node.value, value + ending)
            yield self.edit(4, "the dtype is not yet right", node.value, f"{value}.to({name}.dtype)")


def _others(pairs, operator):
    """The operators that are mistaken for this one."""
    return [pair[type(operator) is pair[0]]() for pair in pairs if type(operator) in pair]


def _swap(items, i, j):
    items[i], items[j] = items[j], items[i]


def _first(node, operators):
    """The first operand of a chain such as `a + b - c`."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, operators):
        node = node.left
    return node


def _rotate(items, by):
    items[:] = items[by:] + items[:by]


def _turn(call):
    """Makes `x.f(a).g(b)` of `x.g(b).f(a)`."""
    inner = call.func.value
    call.func.attr, inner.func.attr = inner.func.attr, call.func.attr
    call.args, inner.args, call.keywords, inner.keywords = inner.args, call.args, inner.keywords, call.keywords
