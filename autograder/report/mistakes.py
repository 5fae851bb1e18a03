"""What to explain tomorrow: the recorded mistakes that were made, and groups of those that nobody has recorded."""

import hashlib
from collections import Counter
from dataclasses import dataclass

from autograder import checks
from autograder.report.code import bare


@dataclass(frozen=True)
class Mistake:
    """A sentence that students of one task were told, who they are, and the shortest of their functions."""

    task: str
    sentence: str
    students: tuple
    example: str


@dataclass(frozen=True)
class Group:
    """Students whose function of one task does the same wrong thing. name: what `autograder learn` knows the group by.

    told: the sentence that most of them got. representative: the source that stands for all.
    """

    task: str
    name: str
    students: tuple
    told: str
    representative: str
    example: str


def mistakes(group):
    """The mistakes that have a name, the most frequent first: recorded ones, and broken conditions."""
    made = {}
    for work in group.works:
        for task, exercise in group.exercises.items():
            failed = [case for case in work.cases(task) if not case.passed]
            said = " ".join(case.message for case in failed)
            named = exercise.named_in(said)
            named += [f"Does not do this: it {case.case}." for case in failed if not case.possible and case.message not in named]
            for sentence in named:
                made.setdefault((task, sentence), []).append(work)
    found = [Mistake(*key, tuple(w.student for w in works), _shortest(works, key[0])) for key, works in made.items()]
    return sorted(found, key=lambda m: -len(m.students))


def unwritten(group):
    """{task: how many have not written it}, of tasks that somebody has not."""
    counted = Counter()
    for work in group.works:
        for task in group.tasks:
            cases = [case for case in work.cases(task) if case.possible]
            counted[task] += bool(cases) and all(case.message.startswith(checks.NOT_WRITTEN) for case in cases)
    return {task: number for task, number in counted.items() if number}


def groups(group):
    """The groups of what nobody has recorded, the largest first."""
    found = []
    for task in group.exercises:
        clusters = []  # of works, each with a behaviour that is alike
        for work in (w for w in group.works if w.behaviour.get(task)):
            same = (c for c in clusters if checks.alike(c[0].behaviour[task], work.behaviour[task]))
            if (cluster := next(same, None)) is not None:
                cluster.append(work)
            else:
                clusters.append([work])
        found += [_group(task, works) for works in clusters]
    return sorted(found, key=lambda g: (-len(g.students), g.task, g.name))


def _group(task, works):
    told = Counter(case.message for work in works for case in work.cases(task) if not case.passed and case.message)
    codes = sorted({b for w in works if (b := bare(w.sources.get(task, ""), keep={task}))}, key=lambda code: (len(code), code))
    representative = codes[0] if codes else ""
    name = f"{task}-{hashlib.sha256(representative.encode()).hexdigest()[:4]}"
    sentence = told.most_common(1)[0][0] if told else ""
    return Group(task, name, tuple(w.student for w in works), sentence, representative, _shortest(works, task))


def _shortest(works, task):
    sources = [work.sources[task] for work in works if work.sources.get(task)]
    return min(sources, key=lambda source: (len(source), source), default="")
