"""The exercises' own test: every recorded mistake is rejected by name, every recorded alternative is accepted."""

import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from .evaluate import LocalEvaluator
from .format import load
from .judge import judge
from .reference import Reference


@dataclass(frozen=True)
class Proof:
    """What came of one exercise's recorded mistakes and alternatives; the lists hold the sentences that went wrong."""

    exercise: object
    accepted_mistakes: tuple
    misnamed: tuple
    rejected_alternatives: tuple
    seconds: float


def prove(exercise, reference, secret="proof"):
    """Judge the reference, each recorded mistake and each alternative of one exercise as if a student had written it."""
    start = time.process_time()
    verdicts = {
        s: judge(exercise, LocalEvaluator(reference.namespace(code)), reference, secret, reference.source + "\n\n" + code)
        for s, code in {**exercise.mistakes, **exercise.alternatives, "the reference itself": ""}.items()
    }
    shown = {s: {c.message for c in verdicts[s].cases if not c.passed} for s in verdicts}
    return Proof(
        exercise,
        tuple(s for s in exercise.mistakes if verdicts[s].score >= 1),
        tuple((s, shown[s]) for s in exercise.mistakes if verdicts[s].score < 1 and s not in shown[s]),
        tuple((s, shown[s]) for s in verdicts if s not in exercise.mistakes and not verdicts[s].passed),
        time.process_time() - start,
    )


def check(course, assignments, secret="proof", console=None):
    """Prove the exercises of the assignments and print the table; True if all is as it must be:
    100 % of the mistakes rejected, at least 95 % named by their own sentence, 100 % of the alternatives accepted."""
    console = console or Console()
    table = Table()
    table.add_column("exercise", no_wrap=True)
    for heading in ("cases", "mistakes rejected", "named rightly", "alternatives accepted", "CPU ms"):
        table.add_column(heading, justify="right")
    totals = [0] * 5
    for assignment in assignments:
        reference = Reference(course, assignment)
        for exercise in load(course, assignment).values():
            proof = prove(exercise, reference, secret)
            mistakes, alternatives = len(exercise.mistakes), len(exercise.alternatives)
            rejected = mistakes - len(proof.accepted_mistakes)
            named = rejected - len(proof.misnamed)
            accepted = alternatives + 1 - len(proof.rejected_alternatives)
            table.add_row(
                f"{assignment[:2]} {exercise.name}",
                str(len(exercise.cases)),
                f"{rejected}/{mistakes}",
                f"{named}/{mistakes}",
                f"{accepted}/{alternatives + 1}",
                f"{1000 * proof.seconds:.0f}",
            )
            for i, n in enumerate((mistakes, rejected, named, alternatives + 1, accepted)):
                totals[i] += n
            for s in proof.accepted_mistakes:
                console.print(f"{exercise.name}: ACCEPTED: {s}", style="red", markup=False, highlight=False)
            for s, shown in proof.misnamed:
                console.print(
                    f"{exercise.name}: MISNAMED: {s}\n    shown: {sorted(shown)}", style="yellow", markup=False, highlight=False
                )
            for s, shown in proof.rejected_alternatives:
                console.print(
                    f"{exercise.name}: REJECTED: {s}\n    shown: {sorted(shown)}", style="red", markup=False, highlight=False
                )
    console.print(table)
    mistakes, rejected, named, alternatives, accepted = totals
    return rejected == mistakes and named >= 0.95 * mistakes and accepted == alternatives
