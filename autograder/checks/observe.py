"""Run the cases of an exercise in some namespace, and compare what came of it."""

from dataclasses import dataclass, replace

import numpy

from .evaluate import Failure, Outcome, request
from .format import ExerciseError
from .inputs import seed
from .messages import TENSOR, torch
from .tolerance import array, dtype, is_numbers, magnitude, paired, same


@dataclass(frozen=True, eq=False)
class Trial:
    """A case with its inputs drawn and its requests made: one, or one for each batch size."""

    case: object
    inputs: dict
    requests: tuple
    scale: float

    def run(self, evaluator):
        """The outcome in an evaluator, seen through the case's view; `grows` says whether the work grows with the rows."""
        return self.outcome([evaluator.evaluate(r) for r in self.requests])

    def outcome(self, replies):
        """The outcome that the replies to the requests make together."""
        value, grows = replies[0].value, None
        if self.case.view and not isinstance(value, Failure):
            value = self._view(value)
        if self.case.sizes:
            few, many = (r.counts for r in replies)
            rows = self.case.sizes[1] - self.case.sizes[0]
            grows = any(many[name] - few.get(name, 0) >= rows for name in many)
            value = next((r.value for r in replies if isinstance(r.value, Failure)), value)
        used = frozenset().union(*(r.used for r in replies))
        changed = replies[0].changed.intersection(self.inputs)
        return Outcome(value, changed, replies[0].touched, grows, used=used, calls=replies[0].calls)

    def _view(self, value):
        try:
            return self.case.view(value, self.inputs)
        except Exception:  # the evidence may be anything
            return Failure("", "Your result does not have the shape or the types that the docstring asks for.")

    def agrees(self, outcome, other, tolerance=None):
        """Whether two outcomes show the same values, within the case's tolerance or another; or failures of the same type."""
        failures = [isinstance(o.value, Failure) for o in (outcome, other)]
        if any(failures):
            return all(failures) and outcome.value.type == other.value.type
        return same(outcome.value, other.value, tolerance or self.case.tolerance, self.scale)

    def resembles(self, outcome, other):
        """Whether two outcomes may be those of one mistake on two processors, which round otherwise.

        A mistake returns what the case's tolerance was not made for: a distance where an index is exact, float64 made of float32,
        losses as keys.
        """
        outcome, other = (replace(o, value=_without_float_keys(o.value)) for o in (outcome, other))
        if self.case.tolerance not in ("exact", "float32"):
            return self.agrees(outcome, other)
        fine = any(dtype(t) == "float64" for v in self.inputs.values() for t in _leaves(v) if is_numbers(t))
        return self.agrees(outcome, other, "float32" if fine else "rounded")

    def right(self, outcome, expected):
        """Whether an outcome is what the reference's outcome asks for."""
        return self.agrees(outcome, expected) and not outcome.grows and self.slopes_agree(outcome.value, expected.value)

    def share(self, outcome, expected):
        """What of a wrong result is right, from 0 to 1: the tensors of a list, tuple or dict, as three gradients of four.

        Nothing counts that is an input again or one number throughout, nor a view. A gradient counts beside a right loss.
        """
        value, right = outcome.value, expected.value
        if self.case.view or outcome.grows or isinstance(value, Failure) or isinstance(right, Failure):
            return 0.0
        if self.case.wrt:
            if not isinstance(value, dict) or not self.slopes_agree(value, right) or value.keys() != right.keys():
                return 0.0
            if not same(value["loss"], right["loss"], self.case.tolerance, self.scale):
                return 0.0
            value, right = value["gradient"], right["gradient"]
        fits = [(self._tells(b), same(a, b, self.case.tolerance, self.scale)) for a, b in paired(value, right)]
        telling = [fit for tells, fit in fits if tells]
        rest = [fit for tells, fit in fits if not tells]  # one output, all together
        return sum(telling) / (len(telling) + (not all(rest))) if len(telling) > 1 else 0.0

    def _tells(self, right):
        right, given = array(right), [array(t) for v in self.inputs.values() for t in _leaves(v)]
        again = any(isinstance(t, numpy.ndarray) and same(t, right, "exact") for t in given)
        several = isinstance(right, numpy.ndarray) and bool((right != right.ravel()[:1]).any())
        return several and not again

    def slopes_agree(self, value, expected, part="differences"):
        """In a gradient case: whether the central differences of the loss are the reference's gradient. Else True."""
        if not self.case.wrt or isinstance(value, Failure) or not isinstance(value, dict):
            return True
        scale = max(1.0, self.scale, magnitude(expected["loss"]))
        return same(_leaves(value.get(part)), _leaves(expected["gradient"]), "float64", scale)


def _without_float_keys(tree):
    """A dict with floats as keys as its items, in their order."""
    if isinstance(tree, dict) and all(isinstance(key, float) for key in tree):
        return [[key, tree[key]] for key in sorted(tree)]
    return tree


def _leaves(tree):
    return [leaf for branch in tree for leaf in _leaves(branch)] if isinstance(tree, list | tuple) else [tree]


def trials(exercise, secret):
    """The cases of an exercise, with the inputs that the secret gives."""
    names = (secret, exercise.assignment, exercise.name)
    made = []
    for case in exercise.cases:
        inputs = [case.draw(size, *names) for size in case.sizes or (None,)]
        try:
            requests = tuple(request(case.code, i, seed(*names, case.title), bool(case.sizes)) for i in inputs)
        except ExerciseError as error:
            raise ExerciseError(f"exercise {exercise.name}, case {case.title!r}: {error}") from None
        made.append(Trial(case, inputs[0], requests, max(map(magnitude, inputs))))
    return tuple(made)


def cast(tree, dtype):
    """A tree with its floating-point tensors and arrays in another dtype, by its name."""
    if isinstance(tree, TENSOR):
        return tree.to(getattr(torch, dtype)) if tree.is_floating_point() else tree
    if isinstance(tree, numpy.ndarray):
        return tree.astype(dtype) if tree.dtype.kind == "f" else tree
    if isinstance(tree, list | tuple):
        return type(tree)(cast(v, dtype) for v in tree)
    return {k: cast(v, dtype) for k, v in tree.items()} if isinstance(tree, dict) else tree
