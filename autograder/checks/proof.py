"""The exercises' own test: every recorded mistake is rejected by name, every recorded alternative is accepted."""

import time
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.table import Table

from . import rules
from .evaluate import LocalEvaluator
from .format import load
from .judge import judge
from .reference import Reference


@dataclass(frozen=True)
class Proof:
    """What came of one exercise's recorded mistakes and alternatives; the tuples hold those that went wrong, and what was shown.

    `seconds` of CPU time: the exercise was judged once for each mistake, each alternative and the reference.
    """

    exercise: object
    accepted_mistakes: tuple
    misnamed: tuple
    rejected_alternatives: tuple
    seconds: float


def prove(exercise, reference, secret="proof"):
    """Judge the reference, each recorded mistake and each alternative of one exercise as if a student had written it."""
    start = time.process_time()
    verdicts = {
        s: judge(exercise, LocalEvaluator(reference.namespace(code)), reference, secret, rules.join([reference.source, code]))
        for s, code in {**exercise.mistakes, **exercise.alternatives, "the reference itself": ""}.items()
    }
    shown = {s: " | ".join(dict.fromkeys(c.message for c in verdicts[s].cases if not c.passed)) for s in verdicts}
    return Proof(
        exercise,
        tuple(s for s in exercise.mistakes if verdicts[s].score >= 1),
        tuple(f"{s} Shown: {shown[s]}" for s in exercise.mistakes if verdicts[s].score < 1 and s not in shown[s]),
        tuple(f"{s}. Shown: {shown[s]}" for s in verdicts if s not in exercise.mistakes and not verdicts[s].passed),
        time.process_time() - start,
    )


def check(course, assignments, secret="proof", console=None):
    """Prove the exercises of the assignments and print the table, with the CPU time it took.

    Returns whether all is as it must be: every mistake rejected, at least 95 % of them named by their own sentence, every
    alternative (and the reference) accepted.
    """
    torch.set_num_threads(1)  # the tensors are tiny: a second thread only waits
    console = console or Console()
    table = Table(show_edge=False)  # so it fits a terminal of 80 columns
    table.add_column("exercise", no_wrap=True)
    for heading in ("cases", "mistakes\nrejected", "named\nrightly", "alternatives\naccepted", "CPU ms"):
        table.add_column(heading, justify="right")
    rows = []
    for assignment in assignments:
        reference = Reference(course, assignment)
        for exercise in load(course, assignment).values():
            proof = prove(exercise, reference, secret)
            rows.append(_counts(proof))
            table.add_row(f"{assignment[:2]} {exercise.name}", *_cells(rows[-1]))
            for problem, sentences in {
                "not rejected": proof.accepted_mistakes,
                "named otherwise": proof.misnamed,
                "not accepted": proof.rejected_alternatives,
            }.items():
                for sentence in sentences:
                    console.print(f"{exercise.name}, {problem}: {sentence}", markup=False, highlight=False)
    totals = [sum(column) for column in zip(*rows, strict=True)]
    if not rows:
        console.print("There are no exercises to check.")
        return True
    table.add_section()
    table.add_row(f"{len(rows)} exercises", *_cells(totals))
    console.print(table)
    _, mistakes, rejected, named, alternatives, accepted, _ = totals
    return rejected == mistakes and named >= 0.95 * mistakes and accepted == alternatives


def _counts(proof):
    """cases, mistakes, rejected, named, alternatives (and the reference), accepted, CPU milliseconds"""
    mistakes, alternatives = len(proof.exercise.mistakes), len(proof.exercise.alternatives) + 1
    rejected = mistakes - len(proof.accepted_mistakes)
    accepted = alternatives - len(proof.rejected_alternatives)
    return (
        len(proof.exercise.cases),
        mistakes,
        rejected,
        rejected - len(proof.misnamed),
        alternatives,
        accepted,
        1000 * proof.seconds,
    )


def _cells(counts):
    cases, mistakes, rejected, named, alternatives, accepted, milliseconds = counts
    return str(cases), f"{rejected}/{mistakes}", f"{named}/{mistakes}", f"{accepted}/{alternatives}", f"{milliseconds:.0f}"
