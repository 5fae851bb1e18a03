"""What a student could have meant in loops and branches: where a sum begins, and what belongs to the loop."""

import ast
import re

from .edits import Source


class Loops(Source):
    """Edits of whole blocks, for `changes.py`."""

    def branches(self, node):
        """`else` in the place of `elif` and of `if`; what is not set back in one that stands in a loop."""
        if node.orelse and (found := re.search(rb"\bel(?=se\b|if\b)", self.bytes[(end := self.span(node.body[-1])[1]) :])):
            start = end + found.start()
            chained = self.bytes[start : start + 4] == b"elif"
            line = self.bytes[:start].count(b"\n") + 1
            at = start, start + 4
            yield self.put(2, f"`{'elif' if chained else 'else'}`", at, "if" if chained else "if True", line, at)
        loops = [n for n in self.nodes if isinstance(n, ast.For | ast.While) and n.lineno < node.lineno <= n.end_lineno]
        yield from self._resets(loops, node)

    def For(self, node):
        yield from self._resets([node], node)

    def _resets(self, loops, block):
        """What grows in a loop and was made before it, set back at the beginning of a block of it."""
        grown = {n.target.id for n in self.nodes if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
        grown |= {
            n.value.id
            for n in self.nodes
            if isinstance(n, ast.Attribute) and n.attr == "append" and isinstance(n.value, ast.Name)
        }
        for name, value in self._starts(loops[0].lineno if loops else 0):
            if name in grown:
                first, indent = block.body[0], " " * block.body[0].col_offset
                start = self.span(first)[0]
                header = self.span(block)[0], start
                written = f"{name} = {value}\n{indent}"
                yield self.put(2, f"`{name}` is not set back", (start, start), written, block.lineno, header)

    def _starts(self, line):
        """(name, what it is first) of the numbers and empty lists that are made before a line."""
        for node in (n for n in self.nodes if isinstance(n, ast.Assign) and n.lineno < line):
            (target, *_), value = node.targets, node.value
            both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
            for name, start in zip(target.elts, value.elts, strict=True) if both else [(target, value)]:
                if isinstance(name, ast.Name) and (isinstance(start, ast.Constant) or self.text(start) == "[]"):
                    yield name.id, self.text(start)

    def behind_the_loop(self, node):
        """A `return` that ends a loop in its first round, moved behind it."""
        loop, start = self.parents[node], self.starts[node.lineno - 1]
        ends_it = isinstance(loop, ast.For | ast.While) and len(loop.body) > 1 and loop.body[-1] is node
        if ends_it and node.lineno == node.end_lineno:
            at = start, start + node.col_offset
            yield self.put(1, "the indentation of `return`", at, " " * loop.col_offset, node.lineno, self.span(node))
