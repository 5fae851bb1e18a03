"""Judge one exercise of one submission: evaluate, compare, and name what is wrong."""

from dataclasses import dataclass, field
from functools import lru_cache

from .evaluate import Failure, LocalEvaluator, NoEvidence, Outcome, request
from .inputs import seed
from .tolerance import magnitude, same


@dataclass(frozen=True)
class CaseResult:
    """`earned` of `weight`; `message` is empty for a case that is passed."""

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
    flags: tuple = field(default=())

    @property
    def score(self):
        """The earned fraction, 0 to 1."""
        return sum(c.earned for c in self.cases) / sum(c.weight for c in self.cases)

    @property
    def passed(self):
        return all(c.passed for c in self.cases)


@dataclass(frozen=True, eq=False)
class Trial:
    """A case with its inputs drawn and its requests made: one, or one for each batch size."""

    case: object
    inputs: dict
    requests: tuple
    scale: float

    def run(self, evaluator):
        """The outcome in some namespace, after the case's view; a `Failure` of type "" where the view makes nothing of it."""
        outcomes = [evaluator.evaluate(r) for r in self.requests]
        value = outcomes[0].value
        if self.case.view and not isinstance(value, Failure):
            try:
                value = self.case.view(value, self.inputs)
            except Exception:
                value = Failure("", "your result does not have the shape or type that is asked for")
        counts = None
        if self.case.sizes:
            rows = self.case.sizes[1] - self.case.sizes[0]
            few, many = (o.counts for o in outcomes)
            counts = max((many[k] - few.get(k, 0) for k in many), default=0) >= rows
        return Outcome(value, outcomes[0].changed, outcomes[0].touched, counts)

    def agrees(self, outcome, other):
        """Whether two outcomes show the same values or the same kind of failure."""
        if isinstance(outcome.value, Failure) or isinstance(other.value, Failure):
            return isinstance(outcome.value, Failure) and isinstance(other.value, Failure) and outcome.value.type == other.value.type
        return same(outcome.value, other.value, self.case.tolerance, self.scale)

    def right(self, outcome, reference):
        if not self.agrees(outcome, reference) or outcome.counts:
            return False
        if not self.case.wrt or isinstance(outcome.value, Failure):
            return True
        return agree(outcome.value["differences"], reference.value["gradient"], self)


def agree(differences, gradient, trial):
    flat = lambda tree: [x for t in tree for x in flat(t)] if isinstance(tree, list | tuple) else [tree]
    return same(flat(differences), flat(gradient), "float64", max(trial.scale, 1.0))


@lru_cache(maxsize=64)
def trials(exercise, secret):
    """The cases of an exercise with the inputs that the secret gives."""
    made = []
    for case in exercise.cases:
        names = (secret, exercise.assignment, exercise.name)
        inputs = [case.draw(size, *names) for size in case.sizes or (None,)]
        requests = [request(case.code, i, seed(*names, case.title), bool(case.sizes)) for i in inputs]
        made.append(Trial(case, inputs[0], tuple(requests), magnitude(inputs[0])))
    return made


@lru_cache(maxsize=1024)
def observe(exercise, reference, secret, source=""):
    """The outcomes of all cases, in order, in the reference's namespace with `source` on top."""
    evaluator = LocalEvaluator(reference.namespace(source))
    return [trial.run(evaluator) for trial in trials(exercise, secret)]


def judge(exercise, evaluator, reference, secret, source=""):
    """Judge one exercise.

    evaluator: where the student's functions are. secret: a str, of the course and the submission; it decides the inputs.
    source: the source of the student's notebook, for the rules.
    """
    expected = observe(exercise, reference, secret)
    results, wrong, outcomes = [], [], []
    for trial, right in zip(trials(exercise, secret), expected, strict=True):
        try:
            outcomes.append(trial.run(evaluator))
        except NoEvidence as reason:
            outcomes.append(reason)
    return _verdict(exercise, reference, secret, outcomes, expected)


def _verdict(exercise, reference, secret, outcomes, expected):
    rows = trials(exercise, secret)
    passed = [not isinstance(o, NoEvidence) and t.right(o, r) for t, o, r in zip(rows, outcomes, expected, strict=True)]
    allowed = frozenset().union(*(r.changed for r in expected)) if exercise.in_place else frozenset()
    changed = frozenset().union(*(o.changed for o in outcomes if isinstance(o, Outcome))) - allowed
    name = None
    if not all(passed) or changed:
        for sentence, source in exercise.mistakes.items():
            theirs = observe(exercise, reference, secret, source)
            if all(t.agrees(o, m) and o.changed == m.changed and o.counts == m.counts and o.touched == m.touched for t, o, m in zip(rows, outcomes, theirs, strict=True) if isinstance(o, Outcome)):
                name = sentence
                break
    results = []
    for t, o, r, ok in zip(rows, outcomes, expected, passed, strict=True):
        message = "" if ok else name or (str(o) if isinstance(o, NoEvidence) else "Wrong.")
        results.append(CaseResult(t.case.title, ok, t.case.weight * ok, t.case.weight, message))
    share = sum(r.earned for r in results) / sum(r.weight for r in results)
    results.append(CaseResult("your inputs are left as they were", not changed, share * (not changed), 1, "" if not changed else name or "It changes " + ", ".join(changed)))
    return Verdict(exercise.name, tuple(results))
