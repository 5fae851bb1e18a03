"""Edits of a function's source: what stands where, and how something else is written there."""

import ast
from dataclasses import dataclass

LIBRARIES = ("torch", "np", "numpy", "math", "random")
FILLING = ("append", "extend", "insert")


@dataclass(frozen=True)
class Edit:
    """One change of a function.

    look: what its author should look at there, in words; empty: at the whole line. line: counted from the function's first.
    place: the text that a student is shown; written: what stands in the place of a part of it. source: the whole function,
    changed. span: of the place, in bytes; at: of the part of it that is changed. cost: the smaller the likelier. one_way: whether
    nobody would make the reverse by mistake.
    """

    look: str
    line: int
    place: str
    written: str
    source: str
    span: tuple
    at: tuple
    cost: int
    one_way: bool = False

    def also(self, text, other):
        """The whole function, of which `text` is the source, with another edit as well; None if they touch the same part."""
        first, second = sorted((self, other), key=lambda e: e.at)
        if first.at[1] > second.at[0]:
            return None
        parts = text.encode()
        between = parts[first.at[1] : second.at[0]]
        written = parts[: first.at[0]], first.written.encode(), between, second.written.encode(), parts[second.at[1] :]
        return b"".join(written).decode()


class Source:
    """The text of a function or class, its syntax tree, and what its names mean."""

    def __init__(self, text):
        self.bytes = text.encode()
        self.starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        every = list(ast.walk(ast.parse(text)))
        self.parents = {child: node for node in every for child in ast.iter_child_nodes(node)}
        annotations = [a for n in every for a in (getattr(n, "annotation", None), getattr(n, "returns", None)) if a]
        passed_over = {inner for a in annotations for inner in ast.walk(a)}
        self.nodes = [n for n in every if n not in passed_over and not _is_docstring(n)]

    def span(self, node):
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node):
        return self.bytes[slice(*self.span(node))].decode()

    def wrapped(self, node):
        """The text of an expression, in brackets where more is written beside it."""
        simple = isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.Tuple | ast.List)
        return self.text(node) if simple else f"({self.text(node)})"

    def edit(self, cost, look, node, written, shown=None, one_way=False):
        """Write something in the place of a node; `shown` is the larger node that the student is shown."""
        shown = shown if isinstance(shown, ast.expr) else node
        return self.put(cost, look, self.span(node), written, node.lineno, self.span(shown), one_way)

    def put(self, cost, look, at, written, line, span, one_way=True):
        """Write something in the place of the bytes `at`; the student is shown the bytes `span`, which begin in a line."""
        changed = self.bytes[: at[0]] + written.encode() + self.bytes[at[1] :]
        place = " ".join(self.bytes[slice(*span)].decode().split())
        return Edit(look, line, place, written, changed.decode(), span, at, cost, one_way)

    def rewritten(self, cost, look, node, change, one_way=False):
        """The edit that a change of a copy of an expression makes."""
        copy = ast.parse(f"({self.text(node)})", mode="eval").body
        change(copy)
        text = ast.unparse(copy)
        bracketed = isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare)
        return self.edit(cost, look, node, f"({text})" if bracketed else text, one_way=one_way)

    def function(self, node):
        """The function around a node; None if there is none."""
        while node and not isinstance(node, ast.FunctionDef):
            node = self.parents.get(node)
        return node

    def names(self, node):
        """Names that could stand at a node: the arguments of its function, and what is assigned before.

        But not `rows` within `rows.append(...)`: torch.tensor of a list that contains itself ends the process.
        """
        function, filled = self.function(node), set()
        if not function:
            return []
        arguments = [a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg) and a.arg != "self"]
        stored = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        names = dict.fromkeys([*arguments, *(n.id for n in stored if n.lineno < node.lineno)])
        while node is not function:
            if isinstance(node, ast.Call) and is_method(node) and called(node) in FILLING:
                filled.add(getattr(node.func.value, "id", None))
            node = self.parents[node]
        return [name for name in names if name not in filled]

    def attributes(self):
        """The attributes of `self` that are assigned somewhere."""
        stored = [
            n.attr for n in self.nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and is_self(n.value)
        ]
        return [*dict.fromkeys(stored)]

    def around(self, node):
        """The expression around a node, if it says more than the node alone."""
        parent = self.parents[node]
        while isinstance(parent, ast.keyword | ast.UnaryOp | ast.Slice) or self._is_index(parent):
            parent = self.parents[parent]
        return parent if isinstance(parent, ast.BinOp | ast.Call | ast.Compare | ast.Subscript | ast.Attribute) else node

    def _is_index(self, node):
        return isinstance(node, ast.Tuple) and isinstance(self.parents[node], ast.Subscript)

    def is_called(self, node):
        parent = self.parents[node]
        return isinstance(parent, ast.Call) and parent.func is node


def called(node):
    """The name of the function or method that a call calls."""
    return getattr(node.func, "attr", getattr(node.func, "id", None))


def is_method(node):
    """Whether a call is one of a tensor's methods, and not of a library's functions."""
    return isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in LIBRARIES
    )


def is_self(node):
    return isinstance(node, ast.Name) and node.id == "self"


def sign(node):
    """The operator of a BinOp or AugAssign as text."""
    return ast.unparse(ast.BinOp(ast.Name("a"), node.op, ast.Name("b")))[2:-2]


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
