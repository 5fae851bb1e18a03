"""Who needs a look, and what grading cost."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Look:
    """Something about one student that a person should look at."""

    student: str
    what: str


def looks(group, pairs):
    """The Looks of a Class: notebooks that could not be read or ran into a limit, flags, similar code, nothing handed in."""
    found = [Look(w.student, said) for w in group.works for said in dict.fromkeys((*w.verdict.notes, *w.verdict.flags))]
    for pair in pairs:
        found += [Look(student, f"Code like {other}'s in {pair.task}.") for student, other in _both_ways(pair.students)]
    found += [Look(student, "Nothing handed in.") for student in group.missing]
    return sorted(found, key=lambda look: look.student)


def _both_ways(students):
    one, other = students
    return (one, other), (other, one)


def cost(group):
    """{what: number} about grading: seconds of processor time for judging, without the notebook's own, and failures."""
    seconds = [work.cpu for work in group.works if work.cpu]
    failed = [work for work in group.works if not work.verdict.result]
    return {
        "CPU seconds to judge one, median": round(median(seconds), 1) if seconds else "unknown",
        "CPU seconds of the slowest": round(max(seconds), 1) if seconds else "unknown",
        "CPU seconds of all": round(sum(seconds), 1),
        "could not be graded": len(failed),
    }
