"""Run the cases of an exercise in some namespace, and compare what came of it."""

from dataclasses import dataclass
from functools import lru_cache

from . import rules
from .compose import LimitedEvaluator, compose
from .evaluate import Failure, LocalEvaluator, Outcome, request
from .format import ExerciseError
from .inputs import seed
from .tolerance import magnitude, same


@dataclass(frozen=True, eq=False)
class Trial:
    """A case with its inputs drawn and its requests made: one, or one for each batch size."""

    case: object
    inputs: dict
    requests: tuple
    scale: float

    def run(self, evaluator):
        """The outcome in an evaluator, seen through the case's view; `counts` becomes whether the work grows with the rows."""
        outcomes = [evaluator.evaluate(r) for r in self.requests]
        value, grows = outcomes[0].value, None
        if self.case.view and not isinstance(value, Failure):
            value = self._view(value)
        if self.case.sizes:
            few, many = (o.counts for o in outcomes)
            rows = self.case.sizes[1] - self.case.sizes[0]
            grows = any(many[name] - few.get(name, 0) >= rows for name in many)
            value = next((o.value for o in outcomes if isinstance(o.value, Failure)), value)
        return Outcome(value, outcomes[0].changed.intersection(self.inputs), outcomes[0].touched, grows)

    def _view(self, value):
        try:
            return self.case.view(value, self.inputs)
        except Exception:  # the evidence may be anything
            return Failure("", "Your result does not have the shape or the types that the docstring asks for.")

    def agrees(self, outcome, other):
        """Whether two outcomes show the same values, or failures of the same type."""
        failures = [isinstance(o.value, Failure) for o in (outcome, other)]
        if any(failures):
            return all(failures) and outcome.value.type == other.value.type
        return same(outcome.value, other.value, self.case.tolerance, self.scale)

    def right(self, outcome, expected):
        """Whether an outcome is what the reference's outcome asks for."""
        return self.agrees(outcome, expected) and not outcome.counts and self.slopes_agree(outcome.value, expected.value)

    def slopes_agree(self, value, expected, part="differences"):
        """In a gradient case: whether the central differences of the loss are the reference's gradient. Else True."""
        if not self.case.wrt or isinstance(value, Failure) or not isinstance(value, dict):
            return True
        scale = max(1.0, self.scale, magnitude(expected["loss"]))
        return same(_leaves(value.get(part)), _leaves(expected["gradient"]), "float64", scale)


def _leaves(tree):
    return [leaf for branch in tree for leaf in _leaves(branch)] if isinstance(tree, list | tuple) else [tree]


# What is kept is of use as long as the secret is the same; see `forget`.
@lru_cache(maxsize=64)
def trials(exercise, secret):
    """The cases of an exercise, with the inputs that the secret gives."""
    names = (secret, exercise.assignment, exercise.name)
    made = []
    for case in exercise.cases:
        inputs = [case.draw(size, *names) for size in case.sizes or (None,)]
        requests = tuple(request(case.code, i, seed(*names, case.title), bool(case.sizes)) for i in inputs)
        made.append(Trial(case, inputs[0], requests, max(map(lambda i: magnitude(i), inputs))))
    return tuple(made)


@lru_cache(maxsize=2048)
def outcomes(exercise, reference, secret, source=""):
    """The outcomes of all cases, in their order, of the reference with `source` (a mistake's, say) on top."""
    evaluator = LocalEvaluator(reference.namespace(source))
    return tuple(trial.run(evaluator) for trial in trials(exercise, secret))


@lru_cache(maxsize=2048)
def failed(exercise, reference, secret, source):
    """The indices of the cases that fail with `source` on top of the reference."""
    both = zip(
        trials(exercise, secret),
        outcomes(exercise, reference, secret, source),
        expected(exercise, reference, secret),
        strict=True,
    )
    return frozenset(i for i, (trial, outcome, right) in enumerate(both) if not trial.right(outcome, right))


@lru_cache(maxsize=64)
def expected(exercise, reference, secret):
    """The reference's own outcomes. Raises ExerciseError where the reference cannot stand for what is right."""
    found = outcomes(exercise, reference, secret)
    for trial, outcome in zip(trials(exercise, secret), found, strict=True):
        where = f"{exercise.assignment}, exercise {exercise.name}, case {trial.case.title!r}: "
        if isinstance(outcome.value, Failure) and outcome.value.type in ("", "NameError", "SyntaxError", "NotImplementedError"):
            raise ExerciseError(f"{where}the reference fails: {outcome.value.type or 'its view'}: {outcome.value.message}")
        if outcome.counts:
            raise ExerciseError(f"{where}the reference's own work grows with the number of rows.")
        if not trial.slopes_agree(outcome.value, outcome.value):
            raise ExerciseError(f"{where}the reference's gradient is not that of its loss, by central differences.")
    return found


def forget():
    """Drop what was kept of one submission: its secret and its source are its own, and memory must not grow with their number."""
    for kept in (trials, outcomes, failed, expected, rules.parse):
        kept.cache_clear()


def pair_outcomes(exercise, reference, secret, first, second):
    """The outcomes, one by one, of two mistakes at once; nothing if they cannot be put together."""
    source = compose(first, second, reference.source)
    if source is None:
        return
    try:
        evaluator = LimitedEvaluator(reference.namespace(source))
    except ExerciseError:
        return
    for trial in trials(exercise, secret):
        yield trial.run(evaluator)
