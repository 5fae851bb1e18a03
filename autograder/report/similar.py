"""Similar code, as a hint: runs of syntax that two students share, and neither the course nor much of the class has.

After Schleimer, Wilkerson and Aiken, "Winnowing" (2003), on the syntax tree in place of the text. The libraries for it compare
whole files and know nothing of what everybody was given; what is left here are three lines of sets.
"""

import ast
from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from autograder.report.code import bare

RUN = 6  # nodes of syntax in a row
FEWEST = 25  # runs of one's own: about four lines that nobody was given
COMMON = 0.2  # what more of the class has than this is how one does it
ALIKE = 0.75  # of the runs of both together


@dataclass(frozen=True)
class Pair:
    """Two students whose functions look alike. share: of what is their own in it, the part that both have."""

    task: str
    students: tuple
    sources: tuple
    share: float


def pairs(group):
    """The pairs in a Class, the most alike first."""
    released, solved = group.given
    found = []
    for task in group.exercises:
        exercise = group.exercises[task]
        known = [released.get(task, ""), solved.get(task, ""), *exercise.mistakes.values(), *exercise.alternatives.values()]
        everybodys = frozenset().union(*(_runs(source, task) for source in known))
        own = {work: _runs(work.sources.get(task, ""), task) - everybodys for work in group.works}
        counted = Counter(run for runs in own.values() for run in runs)
        most = max(3, COMMON * len(group.works))
        rare = {work: {run for run in runs if counted[run] <= most} for work, runs in own.items()}
        candidates = [work for work, runs in rare.items() if len(runs) >= FEWEST]
        for one, other in combinations(candidates, 2):
            share = len(rare[one] & rare[other]) / len(rare[one] | rare[other])
            if share >= ALIKE:
                found.append(Pair(task, (one.student, other.student), (one.sources[task], other.sources[task]), share))
    return sorted(found, key=lambda pair: (-pair.share, pair.students))


def _runs(source, task):
    """The runs of nodes of a cell, whatever its names, comments and layout are."""
    code = bare(source, keep={task}, parameters=False)
    if code is None:
        return frozenset()
    nodes = list(_words(ast.parse(code)))
    return frozenset(tuple(nodes[i : i + RUN]) for i in range(len(nodes) - RUN + 1))


def _words(node):
    """The nodes below a node in the order of the text, each with what it names."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Load | ast.Store):
            value = child.value if isinstance(child, ast.Constant) else ""
            yield f"{type(child).__name__} {getattr(child, 'id', getattr(child, 'attr', value))}"
            yield from _words(child)
