"""From the text of a notebook to statements of Python: cells, IPython's magics, and what cannot be read."""

import ast
import re
import warnings

from .rulebook import words

CELL = "# %%"  # the line between two cells
# Honest code has some twenty levels. A statement that is deeper is left out, and flagged: recursion over it could fail.
MAX_DEPTH = 100
LINES = re.compile(r"\r\n|\r|\n")
MAGIC = re.compile(r"(?P<indent>\s*)(?P<bound>[\w ,]+=\s*)?(?P<escape>[%!])(?P<name>\w*)(?P<rest>.*)|\s*\?.*|.*\?\s*")
TIMING = {"time", "timeit", "capture", "prun", "memit"}  # what follows them is Python
HARMLESS = TIMING | {"matplotlib", "config", "pip", "conda", "load_ext", "autoreload", "cd", "ls", "pwd", "env", "who", "whos"}
NOT_PYTHON = words("bash sh script html HTML javascript js latex markdown svg SVG writefile file perl ruby cmd system sx")


def join(cells):
    """The text of a notebook: that of its cells, so that each can be read alone, as IPython does."""
    return f"\n\n{CELL}\n".join(cells)


class Reading:
    """statements: those of the module's own level, with the numbers of their lines in the whole text.

    complete: whether all is there; where a part is no Python (or one of IPython's inventions), something may be hidden in it.
    """

    def __init__(self, source):
        self.lines = LINES.split(source)
        self.statements, self.complete, start = [], True, 0
        borders = [i for i, line in enumerate(self.lines) if line.rstrip() == CELL]
        for end in [*borders, len(self.lines)]:
            self._read(start, self.lines[start:end])
            start = end + 1

    def _read(self, start, lines):
        for text in (lambda: lines, lambda: self._without_magics(lines)):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
                    tree = compile("\n".join(text()), "notebook", "exec", flags)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            for statement in tree.body:
                if _shallow(statement):
                    ast.increment_lineno(statement, start)
                    self.statements.append(statement)
                else:
                    self.complete = False
            return
        if len(blocks := _blocks(lines)) > 1:
            for offset, block in blocks:
                self._read(start + offset, block)
        else:
            self.complete = False

    def _without_magics(self, lines):
        first = next((i for i, line in enumerate(lines) if line.strip()), 0)
        if lines[first].startswith("%%"):
            name = re.match(r"%%\s*(\w*)", lines[first])[1]
            if name in NOT_PYTHON:
                return []
            self.complete &= name in TIMING
            lines = [*lines[:first], "", *lines[first + 1 :]]
        return [self._python(line) if MAGIC.fullmatch(line) else line for line in lines]

    def _python(self, line):
        """What stands for a line that IPython would translate."""
        found = MAGIC.fullmatch(line)
        if not found["escape"]:
            return "pass"
        # IPython evaluates what stands in braces; quotes could end a string that the line only seems to be outside of.
        self.complete &= not any(hidden in line for hidden in ("'''", '"""', "\\")) and not ("{" in line and "(" in line)
        if found["escape"] == "%":
            self.complete &= found["name"] in HARMLESS
            code = re.sub(r"^(\s+-\w+( \d+)?)*\s*", "", found["rest"])
            if found["name"] in TIMING and code:
                return found["indent"] + code
        return found["indent"] + (f"{found['bound']}None" if found["bound"] else "pass")


def _blocks(lines):
    """(offset, lines) of the parts that begin at the margin after an empty line: one that cannot be read hides no other."""
    starts = [i for i, line in enumerate(lines) if line[:1].strip() and (i == 0 or not lines[i - 1].strip())]
    return [(a, lines[a:b]) for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _shallow(node):
    """Whether a tree is no deeper than MAX_DEPTH; without recursion, which too deep a tree would break."""
    depth, level = 0, [node]
    while level and depth <= MAX_DEPTH:
        depth, level = depth + 1, [child for parent in level for child in ast.iter_child_nodes(parent)]
    return not level
