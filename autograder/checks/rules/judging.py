"""What is asked of the rules about a source: does a function keep them, what does it use."""

from dataclasses import dataclass
from functools import lru_cache

from .following import Follower
from .inspecting import Inspection, from_afar
from .notebook import Notebook
from .rulebook import sentence
from .using import Uses


@dataclass(frozen=True)
class Findings:
    """`violations`: {rule name: sentence}. `flags`: what an instructor should look at; it cannot be judged."""

    violations: dict
    flags: tuple


def inspect(source, function, rules):
    """Which of the rules the student's `function` breaks, given the source of the whole notebook.

    What cannot be followed to something that is allowed is no violation, but a flag with its line.
    """
    if not rules:
        return Findings({}, ())
    uses = parse(source)
    notebook = uses.notebook
    begins = min((s.lineno for s in notebook.definitions.get(function, ()) if hasattr(s, "lineno")), default=0)
    inspection = Inspection(uses, begins)
    inspection.whole(function)
    violations = {}
    for rule, node in inspection.broken:
        if rule in rules:
            violations.setdefault(rule, sentence(rule, _text(notebook, node)))
    flags = [_flag(notebook, node, why) for node, why in inspection.unseen]
    flags += _afar(source)
    if not notebook.complete:
        flags.append("A part of the notebook cannot be read as Python, so the rules do not see it.")
    return Findings(violations, tuple(dict.fromkeys(flags)))


def calls(source, function):
    """The names in the whole notebook that the student's `function` uses, directly or through others."""
    uses = parse(source)
    used = set().union(*map(uses.notebook.free, uses.of(function)[0]))
    return {name for name in used if name in uses.notebook.definitions} - {function}


def lines(source, function):
    """The numbers, from 0, of the lines of what the student's `function` is made of."""
    spans = ((s.lineno - 1, s.end_lineno) for s in parse(source).of(function)[0] if hasattr(s, "end_lineno"))
    return sorted({number for first, end in spans for number in range(first, end)})


@lru_cache(maxsize=256)
def parse(source):
    """What the other functions ask about one source; kept, because they ask it for each exercise."""
    return Uses(Notebook(source))


@lru_cache(maxsize=256)
def _afar(source):
    notebook = parse(source).notebook
    return [_flag(notebook, node, why) for node, why in from_afar(notebook, Follower(notebook, 0))]


def _flag(notebook, node, why):
    return f"Line `{notebook.lines[node.lineno - 1].strip()[:80]}`: `{_text(notebook, node)}` {why}."


def _text(notebook, node):
    """The text of a node, as far as it stands in one line."""
    line = notebook.lines[node.lineno - 1].encode()
    end = node.end_col_offset if node.end_lineno == node.lineno else len(line)
    return " ".join(line[node.col_offset : end].decode(errors="replace").split())[:60]
