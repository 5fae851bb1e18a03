"""Two recorded mistakes at once: what both change of the reference, put together."""

import ast
import io
import tokenize
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise


@lru_cache(maxsize=20_000)
def compose(first, second, reference):
    """The source that makes both mistakes, or None if they change the same place (or the whole makes no sense).

    first, second: sources that define what they change. reference: the source of the solutions.
    """
    base, *sides = (_definitions(source) for source in (reference, first, second))
    merged = sides[0] | sides[1]
    for name in sides[0].keys() & sides[1].keys():
        if name not in base:
            return None
        merged[name] = _merge(base[name], sides[0][name], sides[1][name])
        if merged[name] is None:
            return None
    return "\n\n".join(merged.values())


@lru_cache(maxsize=2_000)
def _definitions(source):
    """{name: normalised source} of the functions and classes; other statements under a name of their own."""
    found = {}
    for node in ast.parse(source).body:
        for inner in ast.walk(node):
            if isinstance(inner, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(inner, clean=False) is not None:
                inner.body = inner.body[1:] or [ast.Pass()]
        found[getattr(node, "name", ast.unparse(node))] = ast.unparse(node)
    return found


def _merge(base, first, second):
    base, first, second = map(_tokens, (base, first, second))
    edits = sorted({e for side in (first, second) for e in _edits(base, side)})
    for (start, end, _), (next_start, _, _) in pairwise(edits):
        if next_start < end or next_start == start:
            return None
    tokens = list(base)
    for start, end, new in reversed(edits):
        tokens[start:end] = new
    try:
        source = tokenize.untokenize(tokens)
        ast.parse(source)
    except (SyntaxError, ValueError, IndexError, tokenize.TokenError):
        return None
    return source


def _tokens(source):
    return [(t.type, t.string) for t in tokenize.generate_tokens(io.StringIO(source + "\n").readline)]


def _edits(base, side):
    matcher = SequenceMatcher(None, base, side, autojunk=False)
    return [(i, j, tuple(side[k:m])) for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"]
