"""The exercises' own test: mistakes are rejected by name, alternatives accepted, and no mutant of the solution passes unseen."""

import os
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from rich.console import Console
from rich.table import Table

from . import rules
from .evaluate import Failure, LocalEvaluator
from .explainers.differences import UNSURE
from .judge import judge
from .known import known
from .loading import load
from .messages import torch
from .mutants import failing, mutants, reason
from .reference import Reference
from .visible import Visible

SAMPLE = 2  # mutants of each exercise that are judged as a student's: what would be said?


@dataclass(frozen=True)
class Proof:
    """What came of one exercise's recorded mistakes and alternatives; the tuples hold those that went wrong, and what was shown.

    cases, mistakes, others: how many there are; others are the alternatives and the solution. flagged: of these, by
    the rules. `seconds` of CPU time: the exercise was judged once for each mistake and each of the others. diagnosed: how many of
    them each mistake took, but for those that are `shared`: what recorded mistakes give is computed once for a class.
    """

    exercise: str
    cases: int
    mistakes: int
    others: int
    flagged: tuple
    accepted_mistakes: tuple
    misnamed: tuple
    undefined: tuple
    rejected_alternatives: tuple
    seconds: float
    diagnosed: tuple
    shared: float

    @property
    def problems(self):
        """{what is not as it must be: what it is}"""
        return {
            "not rejected": self.accepted_mistakes,
            "named otherwise": self.misnamed,
            "uses a name that is not there": self.undefined,
            "not accepted": self.rejected_alternatives,
            "right, but flagged for the instructor": self.flagged,
        }


def prove(exercise, reference, secret="proof"):
    """Judge the solution, each recorded mistake and each alternative of one exercise as if a student had written it."""
    start = time.process_time()
    sources = {**exercise.mistakes, **exercise.alternatives, "the solution itself": ""}
    took, about = {}, known(exercise, reference, secret)
    verdicts = {s: _judged(exercise, reference, secret, code, took) for s, code in sources.items()}
    shared = about.seconds
    shown = {s: " | ".join(dict.fromkeys(c.message for c in verdicts[s].cases if not c.passed)) for s in verdicts}
    return Proof(
        exercise.name,
        len(exercise.cases),
        len(exercise.mistakes),
        len(exercise.alternatives) + 1,
        tuple(f"{s}. Flags: {verdicts[s].flags}" for s in verdicts if s not in exercise.mistakes and verdicts[s].flags),
        tuple(s for s in exercise.mistakes if verdicts[s].score >= 1),
        tuple(f"{s} Shown: {shown[s]}" for s in exercise.mistakes if verdicts[s].score < 1 and s not in shown[s]),
        tuple(s for s, code in exercise.mistakes.items() if _undefined(about, code)),
        tuple(f"{s}. Shown: {shown[s]}" for s in verdicts if s not in exercise.mistakes and not verdicts[s].passed),
        time.process_time() - start,
        tuple(took[code] for code in exercise.mistakes.values()),
        shared,
    )


@dataclass(frozen=True)
class Strength:
    """What the hidden check of an exercise catches that nobody recorded.

    problems: {what is not as it must be: what it is}. surprises: sentences of mistakes that pass the check that students see.
    mutants, equivalent: how many there are, and how many of them are as right as the solution. told: of a sample of the others,
    how many would be named, placed, described, or left with nothing sure. seconds: of CPU time; diagnosed: of it, what each
    of the sample took.
    """

    problems: dict
    surprises: tuple
    mutants: int
    equivalent: int
    told: Counter
    seconds: float
    diagnosed: tuple


def try_mutants(exercise, reference, secret="proof"):
    """Let the exercise's cases judge the mutants of its solution, and hold them against the check that students see."""
    start = time.process_time()
    code, about, visible = reference.code(exercise.name), known(exercise, reference, secret), Visible(reference, exercise.name)
    tried = mutants(code, tuple(reference.solutions))
    alive = [m for m in tried if failing(about, m.source) is None]
    excuses = [reason(m, exercise, code) for m in alive]
    told, took = _told(exercise, reference, secret, [m for m in tried if m not in alive])
    listed = [(why, part) for why, parts in exercise.equivalent.items() for part in parts]
    accepted = {**{str(m): m.source for m in alive}, **exercise.alternatives}
    return Strength(
        {
            "a mutant that no case rejects": [str(m) for m, why in zip(alive, excuses, strict=True) if not why],
            "listed as equivalent, but rejected, or no mutant": [
                f"{why}: {part}" for why, part in listed if (why, part) not in excuses
            ],
            "accepted, but the check that students see rejects it": [s for s, c in accepted.items() if not visible.passes(c)],
        },
        tuple(s for s, c in exercise.mistakes.items() if visible.passes(c)),
        len(tried),
        len(alive),
        told,
        time.process_time() - start,
        took,
    )


def _undefined(about, code):
    """Whether every case ends with a NameError: what is recorded can never have run."""
    values = [about.outcome(i, code).value for i in range(len(about.trials))]
    return all(isinstance(value, Failure) and value.type == "NameError" for value in values)


def _judged(exercise, reference, secret, code, took):
    """The verdict on a source; `took` notes the CPU seconds, without what is computed once for a class."""
    source, evaluator = rules.join([reference.source, code]), LocalEvaluator(reference.namespace(code))
    about = known(exercise, reference, secret)
    start = time.process_time() - about.seconds
    verdict = judge(exercise, evaluator, reference, secret, source)
    took[code] = time.process_time() - about.seconds - start
    return verdict


def _told(exercise, reference, secret, killed):
    """How a sample of mutants would be explained to a student who wrote them, and the CPU seconds that it took."""
    told, took = Counter(), {}
    for mutant in killed[:: max(1, len(killed) // SAMPLE)][:SAMPLE]:
        verdict = _judged(exercise, reference, secret, mutant.source, took)
        told[min((kind_of(c.message, exercise) for c in verdict.cases if not c.passed), key=KINDS.index)] += 1
    return told, tuple(took.values())


KINDS = ("sentence", "place", "described", "nothing sure")
PLACED = re.compile("Look at|Two small changes|It changes .* in line |This input should raise \\w+; line ")


def kind_of(message, exercise):
    """Which of `KINDS` a message to a student is."""
    if exercise.named_in(message):
        return "sentence"
    if PLACED.match(message):
        return "place"
    return "nothing sure" if UNSURE.search(message) else "described"


def check(course, assignments, secret="proof", console=None):
    """Prove the exercises of the assignments and print the table, with the CPU time it took.

    Returns whether all is as it must be: every mistake rejected, at least 95 % of them named by their own sentence, every
    alternative (and the solution) accepted, every mutant rejected or listed as equivalent, and no hidden check weaker than the
    visible one.
    """
    console = console or Console()
    proofs, problems = [], []
    for assignment, pairs in zip(assignments, _examined(course, assignments, secret), strict=True):
        for proof, strength in pairs:
            proofs.append((assignment, proof, strength))
            for problem, found in {**proof.problems, **strength.problems}.items():
                problems += [problem for _ in found]
                for what in found:
                    console.print(f"{proof.exercise}, {problem}: {what}", markup=False, highlight=False, soft_wrap=True)
    if not proofs:
        console.print("There are no exercises to check.")
        return True
    console.print(_table(proofs))
    mistakes, surprises = sum(p.mistakes for _, p, _ in proofs), sum(len(s.surprises) for _, _, s in proofs)
    console.print(f"told, of {SAMPLE} mutants each: {', '.join(KINDS)}")
    share = surprises / max(1, mistakes)
    right, flagged = sum(p.others for _, p, _ in proofs), sum(len(p.flagged) for _, p, _ in proofs)
    console.print(f"{flagged} of {right} right solutions are flagged by the rules of the course.")
    console.print(f"A recorded mistake is diagnosed in {_spread(s for _, p, _ in proofs for s in p.diagnosed)},")
    console.print(f"a mutant, after a search for repairs, in {_spread(s for _, _, p in proofs for s in p.diagnosed)}.")
    console.print(f"What a class shares, an exercise on one set of inputs: {_spread(p.shared for _, p, _ in proofs)}.")
    console.print(f"{surprises} of {mistakes} mistakes ({share:.1%}) pass the check that students see, and fail here.")
    return problems.count("named otherwise") <= 0.05 * mistakes and set(problems) <= {"named otherwise"}


def _examined(course, assignments, secret):
    """What `_examine` finds, for each assignment in turn; several are examined at the same time, on all cores."""
    examine = partial(_examine, course, secret)
    if len(assignments) < 2:
        yield from map(examine, assignments)
        return
    cores = os.cpu_count()
    with ProcessPoolExecutor(min(cores, len(assignments)), mp_context=get_context("spawn")) as pool:
        yield from pool.map(examine, assignments)


def _examine(course, secret, assignment):
    """[(Proof, Strength)] of the exercises of one assignment."""
    if torch:
        torch.set_num_threads(1)  # the tensors are tiny: a second thread only waits
    reference, exercises = Reference(course, assignment), load(course, assignment).values()
    return [(prove(exercise, reference, secret), try_mutants(exercise, reference, secret)) for exercise in exercises]


def _spread(seconds):
    seconds = sorted(seconds) or [0.0]
    return f"{seconds[len(seconds) // 2]:.2f} CPU s in the median, {seconds[-1]:.2f} at worst"


def _table(proofs):
    table = Table(show_edge=False, box=None, padding=(0, 0, 0, 1))  # so it fits a terminal of 80 columns
    table.add_column("exercise", no_wrap=True)
    headings = ["cases", "mistakes\nnamed", "others\nright", "mutants\nkilled", "equiv-\nalent"]
    for heading in (*headings, "told", "CPU\nsec"):
        table.add_column(heading, justify="right")
    rows = [_counts(proof, strength) for _, proof, strength in proofs]
    for (assignment, proof, _), row in zip(proofs, rows, strict=True):
        table.add_row(f"{assignment[:2]} {proof.exercise}", *_cells(row))
    table.add_section()
    table.add_row(f"{len(rows)} exercises", *_cells([sum(column) for column in zip(*rows, strict=True)]))
    return table


def _counts(proof, strength):
    return (
        proof.cases,
        proof.mistakes - len(proof.accepted_mistakes) - len(proof.misnamed),
        proof.mistakes,
        proof.others - len(proof.rejected_alternatives),
        proof.others,
        strength.mutants - strength.equivalent,
        strength.equivalent,
        *(strength.told[kind] for kind in KINDS),
        round(proof.seconds + strength.seconds),
    )


def _cells(counts):
    cases, named, mistakes, right, others, killed, equivalent, *told, seconds = map(str, counts)
    return cases, f"{named}/{mistakes}", f"{right}/{others}", killed, equivalent, "/".join(told), seconds
