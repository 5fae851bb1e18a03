"""Judge one exercise of one submission: evaluate, compare, and name what is wrong."""

from dataclasses import dataclass
from itertools import combinations

import torch

from . import describe, rules
from .evaluate import Failure, NoEvidence, request
from .observe import expected, failed, outcomes, pair_outcomes, trials
from .quotable import quotable

# The cases that each exercise has besides its author's. What keeping the rules is worth beside all the author's cases together.
INPUTS = "leaves its inputs as they were"
RANDOM = "leaves the global random state alone"
RULES = "keeps the rules of the course"


@dataclass(frozen=True)
class CaseResult:
    """`earned` of `weight`; `message` is empty where the case is passed."""

    title: str
    passed: bool
    earned: float
    weight: float
    message: str = ""


@dataclass(frozen=True)
class Verdict:
    """What one exercise earned. `flags` are for the instructor's eyes: what could not be judged."""

    exercise: str
    cases: tuple
    flags: tuple = ()

    @property
    def score(self):
        """The earned fraction, 0 to 1."""
        return sum(c.earned for c in self.cases) / sum(c.weight for c in self.cases)

    @property
    def passed(self):
        return all(c.passed for c in self.cases)


def judge(exercise, evaluator, reference, secret, source="", failing=()):
    """Judge one exercise of a submission.

    evaluator: where the student's functions can be called. reference: the `Reference` of the assignment.
    secret: a str of the course and the submission; it decides the inputs. source: the student's notebook, for the rules.
    failing: names of exercises that failed before; if this function calls one of them, the messages begin with that.
    Raises ExerciseError if the exercise or its reference is at fault, never because of the student.
    """
    submission = _Submission(exercise, evaluator, reference, secret, source)
    own = [
        CaseResult(t.case.title, i not in submission.wrong, t.case.weight * (i not in submission.wrong), t.case.weight)
        for i, t in enumerate(submission.trials)
    ]
    total = sum(c.weight for c in own)
    # An automatic case is worth only what the others earned: nothing is given for leaving alone what was never touched.
    share = sum(c.earned for c in own) / total
    weights = {INPUTS: 1}
    if any(isinstance(v, torch.Generator) for t in submission.trials for v in t.inputs.values()):
        weights[RANDOM] = 1
    if exercise.rules:
        weights[RULES] = total
    messages = _Diagnosis(submission).messages()
    called = rules.calls(source, exercise.name)
    if blamed := [name for name in failing if name in called]:
        for i in submission.wrong:
            if messages[i] not in exercise.mistakes:
                messages[i] = f"Mend your `{blamed[0]}` first: `{exercise.name}` calls it, and its own check fails. {messages[i]}"
    results = [
        *own,
        *(CaseResult(t, t not in submission.faults, share * w * (t not in submission.faults), w) for t, w in weights.items()),
    ]
    keys = [*range(len(own)), *weights]
    cases = [
        r if r.passed else CaseResult(r.title, False, r.earned, r.weight, messages[key])
        for key, r in zip(keys, results, strict=True)
    ]
    return Verdict(exercise.name, tuple(cases), submission.flags)


class _Submission:
    """What came of a student's cases. `wrong`: indices of failed cases; `faults`: {title: sentence} of failed automatic ones."""

    def __init__(self, exercise, evaluator, reference, secret, source):
        self.exercise, self.evaluator, self.reference, self.secret = exercise, evaluator, reference, secret
        self.source = source
        self.trials = trials(exercise, secret)
        self.right = expected(exercise, reference, secret)
        self.got = [self._run(t) for t in self.trials]
        self.seen = [i for i, o in enumerate(self.got) if not isinstance(o, NoEvidence)]
        self.wrong = frozenset(range(len(self.got))) - {i for i in self.seen if self.trials[i].right(self.got[i], self.right[i])}
        findings = rules.inspect(source, exercise.name, exercise.rules)
        self.flags = findings.flags
        self.faults = self.automatic([self.got[i] for i in self.seen], findings.violations)

    def _run(self, trial):
        try:
            return trial.run(self.evaluator)
        except NoEvidence as reason:
            return reason

    def automatic(self, found, violations):
        """{title: sentence} of the automatic cases that fail."""
        allowed = frozenset().union(*(o.changed for o in self.right)) if self.exercise.in_place else frozenset()
        changed = sorted(frozenset().union(*(o.changed for o in found)) - allowed)
        touched = sorted(frozenset().union(*(o.touched for o in found)))
        faults = {}
        if changed:
            names = " and ".join(f"`{n}`" for n in changed[:3])
            faults[INPUTS] = f"It changes its input {names}: make a new tensor, or work on a copy (clone)."
        if touched and any(isinstance(v, torch.Generator) for t in self.trials for v in t.inputs.values()):
            faults[RANDOM] = (
                f"It uses the global random state of {touched[0]}: pass generator=generator to every random function."
            )
        if violations:
            faults[RULES] = " ".join(violations.values())
        return faults

    def theirs(self, source):
        """The outcomes of a recorded mistake, and {title: sentence} of its automatic cases."""
        found = outcomes(self.exercise, self.reference, self.secret, source)
        violations = {}
        if RULES in self.faults:
            violations = rules.inspect(f"{self.reference.source}\n\n{source}", self.exercise.name, self.exercise.rules).violations
        return found, self.automatic(found, violations)

    def again(self, index, dtype=None):
        """A case once more, its floating-point inputs in another dtype if asked for; None without evidence."""
        trial = self.trials[index]
        asked = [request(trial.case.code, _cast(trial.inputs, dtype), 0)] if dtype else trial.requests[:1]
        try:
            return self.evaluator.evaluate(asked[0])
        except NoEvidence:
            return None


class _Diagnosis:
    """Finds the sentence for each failed case: a recorded mistake that explains all, two, one for some cases, a difference."""

    def __init__(self, submission):
        self.s = submission
        self.failed = sorted(i for i in submission.wrong if i in submission.seen)
        self.found = {i: str(submission.got[i]) for i in submission.wrong if i not in submission.seen}

    def messages(self):
        """{index of a failed case, or title of a failed automatic one: sentence}"""
        s = self.s
        unwritten = all(
            isinstance(v := s.got[i].value, Failure) and v.type in ("NotImplementedError", "NameError") for i in self.failed
        )
        if (self.failed and not unwritten) or s.faults:
            # (sentence, source, outcomes, automatic faults, failed cases) of the mistakes that fail only where the student fails
            self.candidates = []
            for sentence, source in s.exercise.mistakes.items():
                theirs, faults = s.theirs(source)
                fails = failed(s.exercise, s.reference, s.secret, source).intersection(s.seen)
                if fails <= set(self.failed):
                    self.candidates.append((sentence, source, theirs, faults, fails))
            _ = self.one() or self.two() or self.one_and_a_change() or self.some()
        for i in self.failed:
            if i not in self.found:
                self.found[i] = self.difference(i)
        return s.faults | self.found

    def one(self):
        """One recorded mistake that explains every outcome; of several, one that also explains the automatic cases."""
        s = self.s
        matches = [c for c in self.candidates if self.same(c[2], s.seen) and self.telling(c[2])]
        if not self.failed:
            matches = [c for c in matches if c[3].keys() & s.faults.keys()]
        if not matches:
            return False
        sentence, *_, faults, _ = max(matches, key=lambda c: (c[3].keys() == s.faults.keys(), len(c[3].keys() & s.faults.keys())))
        self.found |= dict.fromkeys(self.failed, sentence)
        s.faults |= {title: sentence for title in s.faults if title in faults}
        return True

    def two(self):
        """Two recorded mistakes in one definition that explain every outcome together."""
        s = self.s
        if not self.failed:
            return False
        for a, b in combinations(self.candidates, 2):
            first = self.failed[0]
            both = []
            for i, outcome in enumerate(pair_outcomes(s.exercise, s.reference, s.secret, a[1], b[1])):
                both.append(outcome)
                if i in s.seen and not self.agree(i, outcome):
                    break
            else:
                if both and self.telling(both):
                    for i in self.failed:
                        alone = [c[0] for c in (a, b) if i in c[4] and self.agree(i, c[2][i])]
                        self.found[i] = alone[0] if alone else f"{a[0]} And: {b[0]}"
                    if not any(" And: " in self.found[i] for i in self.failed):
                        self.found[first] = f"{a[0]} And: {b[0]}"
                    return True
        return False

    def one_and_a_change(self):
        """One recorded mistake, and on top of it one change of the fixed list, that explain every failed case."""
        s = self.s
        for sentence, _, theirs, _, fails in self.candidates:
            common = None
            for i in self.failed if fails else ():
                if self.agree(i, theirs[i]) and i in fails:
                    continue
                value, base = s.got[i].value, theirs[i].value
                if isinstance(value, Failure) or isinstance(base, Failure) or describe.structure(value, base):
                    common = []
                    break
                found = describe.changes(value, base, s.trials[i])
                common = found if common is None else [c for c in common if c in found]
            if common:
                self.found |= {i: f"{sentence} And: {common[0]}" for i in self.failed}
                return True
        return False

    def some(self):
        """Recorded mistakes that explain some of the failed cases, those that explain the most first."""

        def explained(candidate):
            _, _, theirs, _, fails = candidate
            new = [i for i in self.failed if i in fails and i not in self.found]
            return {i for i in new if self.agree(i, theirs[i]) and self.telling(theirs, [i])}

        while best := max(self.candidates, key=lambda c: len(explained(c)), default=None):
            if not (cases := explained(best)):
                break
            self.found |= dict.fromkeys(cases, best[0])

    def same(self, theirs, indices):
        return all(self.agree(i, theirs[i]) for i in indices)

    def agree(self, i, outcome):
        mine = self.s.got[i]
        return self.s.trials[i].agrees(mine, outcome) and mine.counts == outcome.counts

    def telling(self, theirs, indices=None):
        """Whether an agreement says anything: two exceptions of one type do not, unless their messages are the same."""
        indices = self.failed if indices is None else indices
        pairs = [(self.s.got[i].value, theirs[i].value) for i in indices]
        return not pairs or any(not isinstance(a, Failure) or a.message == getattr(b, "message", None) for a, b in pairs)

    def difference(self, i):
        """The difference of one case from the right outcome, from the fixed list."""
        s, trial = self.s, self.s.trials[i]
        right = s.right[i].value
        value = quotable(s.got[i].value, s.source, _tensors([trial.inputs, right]))
        if isinstance(value, Failure) or isinstance(right, Failure):
            return describe.wrong_failure(value, right, s.exercise.name)
        if trial.case.wrt and isinstance(value, dict) and value.keys() == right.keys():
            return self.loss_or_gradient(i, value, right)
        if trial.agrees(s.got[i], s.right[i]):
            return "Right, but the work in Python grows with the number of rows: replace the loop by operations on whole tensors."
        if sentence := describe.structure(value, right):
            return sentence
        return self.memory(i) or describe.not_finite(value, right, trial) or self.by_numbers(i)

    def by_numbers(self, i):
        s, trial = self.s, self.s.trials[i]
        value, right = s.got[i].value, s.right[i].value
        if trial.case.view:
            return describe.places(value, right, trial)
        found = describe.changes(value, right, trial)
        if len(self.failed) > 1:  # what explains the other cases too is the likelier
            others = [
                describe.changes(s.got[k].value, s.right[k].value, s.trials[k])
                for k in self.failed
                if k != i and self.comparable(k)
            ]
            found.sort(key=lambda sentence: -sum(sentence in other for other in others))
        passed = [k in s.seen and k not in s.wrong for k in range(len(s.trials))]
        sentence = (found[0] if found else None) or describe.pattern(s.trials, passed, i) or self.precision(i)
        return sentence or describe.places(value, right, trial)

    def comparable(self, k):
        value, right = self.s.got[k].value, self.s.right[k].value
        return not isinstance(value, Failure) and not isinstance(right, Failure) and not describe.structure(value, right)

    def memory(self, i):
        """Whether a result depends on earlier calls."""
        s, trial = self.s, self.s.trials[i]
        for k in [i, *(k for k in s.seen if k not in s.wrong)][:2]:
            if s.trials[k].case.view or s.trials[k].case.sizes:
                continue
            again = s.again(k)
            if again and not s.trials[k].agrees(again, s.got[k]):
                return "The same call gives another result the second time: your function keeps something from an earlier call."
        for k in s.seen[: s.seen.index(i)]:
            repeated = trial.agrees(s.got[k], s.got[i]) and not trial.agrees(s.right[k], s.right[i])
            if repeated and s.trials[k].case.code == trial.case.code and describe.magnitude(s.got[k].value) > 0:
                return "The result is that of an earlier call with other inputs: your function keeps something from it."
        return None

    def precision(self, i):
        """Whether a wrong result is right in the other floating-point type."""
        s, trial = self.s, self.s.trials[i]
        if trial.case.sizes or not describe.floating(trial):
            return None
        other, message = torch.float64, "Your result is right only in float64: in float32 it loses its digits on the way."
        if describe.is_double(trial):
            other, message = (
                torch.float32,
                "Your result is right only in float32: something goes wrong with inputs of dtype float64.",
            )
        again = s.again(i, other)
        if again and not isinstance(again.value, Failure):
            single = [_cast(v, torch.float32) for v in (again.value, s.right[i].value)]
            if describe.same(*single, "float32", trial.scale):
                return message
        return None

    def loss_or_gradient(self, i, value, right):
        """Which of the two is wrong, and how."""
        trial = self.s.trials[i]
        loss_right = describe.same(value["loss"], right["loss"], "float64", trial.scale) and trial.slopes_agree(value, right)
        gradient_right = trial.slopes_agree(value, right, "gradient")
        part = "gradient" if loss_right else "loss"
        one, its = {part: value[part]}, {part: right[part]}
        how = describe.structure(one, its) or describe.not_finite(one, its, trial)
        if not how and describe.wrong_leaves(one, its, trial):
            how = next(iter(describe.changes(one, its, trial)), None) or describe.places(one, its, trial)
        if loss_right:
            return f"Your loss is right, its gradient is not. {how or ''}".strip()
        if gradient_right:
            return f"Your gradient is right, the loss is not. {how or ''}".strip()
        agree = trial.slopes_agree(
            value | {"differences": value["differences"]}, {"gradient": value["gradient"], "loss": value["loss"]}
        )
        both = (
            "Your gradient is that of your loss, but the loss is wrong."
            if agree
            else "Both your loss and your gradient are wrong."
        )
        return f"{both} {how or ''}".strip()


def _tensors(tree):
    if isinstance(tree, torch.Tensor):
        return [tree]
    inside = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list | tuple) else ()
    return [t for branch in inside for t in _tensors(branch)]


def _cast(tree, dtype):
    if isinstance(tree, torch.Tensor):
        return tree.to(dtype) if tree.is_floating_point() else tree
    if isinstance(tree, list | tuple):
        return type(tree)(_cast(v, dtype) for v in tree)
    return {k: _cast(v, dtype) for k, v in tree.items()} if isinstance(tree, dict) else tree
