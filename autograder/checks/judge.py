"""Judge one exercise of one submission: run its cases, decide what they earn, and find the sentences for what is wrong."""

import copy
import re
from functools import cached_property

import numpy

from . import rules
from .evaluate import NoEvidence, request
from .explainers import explain
from .explainers.differences import tensors
from .explainers.in_place import in_place
from .explainers.repaired import WORK, own_functions
from .inputs import is_generator
from .known import known
from .messages import TENSOR
from .observe import cast
from .scoring import INPUTS, RANDOM, RULES, CaseResult, Verdict, results
from .tolerance import is_numbers, paired


def judge(exercise, evaluator, reference, secret, source="", failing=(), say="place"):
    """Judge one exercise of a submission.

    evaluator: where the student's functions can be called. reference: the `Reference` of the assignment.
    secret: a str that decides the inputs, see `input_set`. source: the student's notebook, for the rules.
    failing: names of exercises that failed before; if this function calls one of them, the messages begin with that.
    say: how much a sentence says that a repair of the student's own function has led to: "nothing", "kind", "place" or "repair".
    Raises ExerciseError if the exercise or its reference is at fault, never because of the student.
    """
    attempt = Attempt(exercise, evaluator, reference, secret, source, failing, say)
    return attempt.verdict(explain(attempt))


class Attempt:
    """What came of a student's cases.

    got: outcomes, or NoEvidence where nothing came back. seen: indices of those with evidence; unseen: (trial, NoEvidence) of
    the others. wrong: indices of those not passed; failed: of those not passed in spite of evidence. faults: {title: sentence}
    of broken conditions. arrays: whether the inputs are NumPy's, and with them the words of a sentence. searching: what a search
    for repairs may still cost. failing: names of exercises that failed before; blamed: those of them that this function calls.
    """

    def __init__(self, exercise, evaluator, reference, secret, source="", failing=(), say="place"):
        self.exercise, self.evaluator, self.reference, self.source, self.say = exercise, evaluator, reference, source, say
        self.searching = WORK
        called = rules.calls(source, exercise.name)
        self.failing, self.blamed = tuple(failing), [name for name in failing if name in called]
        self.known = known(exercise, reference, secret)
        self.trials, self.right = self.known.trials, self.known.right
        self.arrays = any(isinstance(x, numpy.ndarray) for t in self.trials for x in tensors(t))
        self.got, self._again = [self._run(t) for t in self.trials], {}
        self.seen = [i for i, o in enumerate(self.got) if not isinstance(o, NoEvidence)]
        self.unseen = [(t, o) for t, o in zip(self.trials, self.got, strict=True) if isinstance(o, NoEvidence)]
        self.wrong = frozenset(range(len(self.got))) - {i for i in self.seen if self.trials[i].right(self.got[i], self.right[i])}
        self.failed = [i for i in self.seen if i in self.wrong]
        draws = any(is_generator(v) for t in self.trials for v in t.inputs.values())
        self.conditions = [INPUTS, *([RANDOM] if draws else []), *([RULES] if exercise.rules else [])]
        findings = rules.inspect(source, exercise.name, exercise.rules)
        runs = [(self.trials[i], self.got[i], self.right[i]) for i in self.seen]
        self.flags = (*findings.flags, *rules.unclear(exercise, runs))
        self.faults = self._broken(runs, findings.violations)

    def verdict(self, messages):
        """What the cases earn. messages: {index of a case or title of a condition: sentence}, see `explain`."""
        self.known.save()  # with what the sentences took
        messages = dict(messages)
        for i in self.wrong if self.blamed else ():
            found = messages.get(i, "")
            if not found or self.exercise.named_in(found) != [found]:
                first = f"Mend your `{self.blamed[0]}` first: `{self.exercise.name}` calls it, and its own check fails."
                messages[i] = f"{first} {found}".strip()
        weights = [trial.case.weight for trial in self.trials]
        credits = [self.credit(i) for i in range(len(weights))]
        keys = [*range(len(weights)), *self.conditions]
        titles = [*(trial.case.title for trial in self.trials), *self.conditions]
        cases = [
            CaseResult(title, *result, messages.get(key, ""))
            for title, key, result in zip(titles, keys, results(weights, credits, self.faults, self.conditions), strict=True)
        ]
        log = tuple(f"{self.exercise.name}, {t.case.title}: {o.detail}" for t, o in self.unseen if o.detail)
        return Verdict(self.exercise.name, tuple(cases), self.flags, log)

    def _run(self, trial):
        try:
            return trial.run(self.evaluator)
        except NoEvidence as reason:
            return reason

    def _broken(self, runs, violations):
        """{title: sentence} of the conditions that are broken. runs: (trial, outcome, the right outcome)."""
        found = [outcome for _, outcome, _ in runs]
        allowed = frozenset().union(*(o.changed for o in self.right)) if self.exercise.in_place else frozenset()
        changed = sorted(frozenset().union(*(o.changed for o in found)) - allowed)
        touched = sorted(frozenset().union(*(o.touched for o in found)))
        faults = {}
        if changed:
            names = " and ".join(f"`{n}`" for n in changed[:3])
            remedy = _copy([t.inputs[n] for t in self.trials for n in changed if n in t.inputs])
            line = f"{', first' if len(changed) > 1 else ''} in {self.changing}" if self.changing else ""
            own = own_functions(self.source, self.exercise.name, self.reference.functions).values()
            known = not own or all(re.search(rf"\b{n}\b", "".join(f.text for f in own)) for n in changed)  # else it is the case's
            what = f"its input{'s' if len(changed) > 1 else ''} {names}" if known else "what it is given"
            faults[INPUTS] = f"It changes {what}{line}: {remedy}."
        if touched and RANDOM in self.conditions:
            faults[RANDOM] = (
                f"It uses the global random state of {touched[0]}: pass generator=generator to every random function."
            )
        if violations := rules.observed(self.exercise, runs) | violations:
            faults[RULES] = " ".join(violations.values())
        return faults

    @cached_property
    def changing(self):
        """The line that changes an input, see `in_place`."""
        return in_place(self)

    def faults_of(self, source):
        """The titles of the conditions that are broken with `source`, a recorded mistake, on top of the reference."""
        found = [self.known.outcome(i, source) for i in range(len(self.trials))]
        violations = {}
        if RULES in self.faults:
            whole = rules.join([self.reference.source, source])
            violations = rules.inspect(whole, self.exercise.name, self.exercise.rules).violations
        return self._broken(list(zip(self.trials, found, self.right, strict=True)), violations).keys()

    def agrees(self, i, outcome):
        """Whether the student's outcome of case i is this one, that of a mistake.

        Where a student changes inputs in place, what comes of a second call in the same case may follow from that.
        """
        mine = self.got[i]
        once = mine.calls.get(self.exercise.name, 0) < 2
        alike = outcome.changed <= mine.changed if once else outcome.changed == mine.changed
        return alike and self.trials[i].resembles(mine, outcome) and mine.grows == outcome.grows

    def only(self, failed):
        """The same attempt as if of the cases that are not passed these were all, and no condition were broken."""
        part = copy.copy(self)
        part.failed, part.wrong, part.unseen, part.faults = list(failed), frozenset(failed), [], {}
        part.seen = [i for i in self.seen if i not in self.wrong or i in part.wrong]
        return part

    def credit(self, i):
        """What case i earns, from 0 to 1."""
        if i in self.wrong:
            return self.trials[i].share(self.got[i], self.right[i]) if i in self.seen else 0.0
        return 1.0

    def again(self, i, dtype=None):
        """Case i once more, its floating-point inputs in another dtype if asked for; None without evidence."""
        if (i, dtype) not in self._again:
            self._again[i, dtype] = self._once_more(i, dtype)
        return self._again[i, dtype]

    def _once_more(self, i, dtype):
        trial = self.trials[i]
        asked = request(trial.case.code, cast(trial.inputs, dtype), 0) if dtype else trial.requests[0]
        try:
            return self.evaluator.evaluate(asked)
        except NoEvidence:
            return None


def _copy(inputs):
    """How to leave inputs as they are, by what is in them."""
    found = [leaf for leaf, _ in paired(inputs, inputs)]
    if any(isinstance(leaf, TENSOR) for leaf in found):
        return "make a new tensor, or work on a copy (clone)"
    if any(is_numbers(leaf) for leaf in found):
        return "make a new array, or work on a copy (copy)"
    return "work on a copy"
