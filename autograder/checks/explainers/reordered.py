"""What is right, but stands in another place."""

import numpy

from ..evaluate import Failure
from ..tolerance import is_numbers, same
from .differences import floats, inside, kind, near, numeric, steps_into, structure, subject, wrong_leaves, wrong_place

ENOUGH = 6  # different numbers: of a few, another order is soon the right one
ORDERS = {
    "rows": "{it} has the right rows in another order.",
    "entries": "{it} has the right numbers in each row, but in another order: in which order are axes joined or swapped?",
    "numbers": "{it} has the right numbers in another order.",
    "anywhere": "{it} has the right numbers in other places.",
}


def reordered(attempt):
    """{index: sentence} of the failed cases that return something, if what is right stands in another place in all of them."""
    sides = {
        k: (attempt.got[k].value, attempt.right[k].value, attempt.trials[k])
        for k in attempt.failed
        if not attempt.trials[k].case.view and not any(isinstance(o[k].value, Failure) for o in (attempt.got, attempt.right))
    }
    found = {k: exchanged(*side) for k, side in sides.items()}
    if None not in found.values():
        return found
    if any(structure(value, right) for value, right, _ in sides.values()):
        return {}
    orders, telling = set(ORDERS), set()
    for side in sides.values():
        for _, a, b in wrong_leaves(*side):
            fits, tells = _orders(a, b, side[2])
            orders, telling = orders & fits, telling | tells
    order = next((name for name in ORDERS if name in orders & telling), None)
    return {k: ORDERS[order].format(it=wrong_place(*side)) for k, side in sides.items()} if order else {}


def exchanged(value, right, trial, where=()):
    """Which parts of a result stand in each other's places, as a sentence; None if anything else is wrong."""
    if not isinstance(right, dict | list | tuple) or kind(value) != kind(right) or len(value) != len(right):
        return None
    if isinstance(right, dict) and value.keys() != right.keys():
        return None
    steps = dict(steps_into(right)) if isinstance(right, dict) else {n: n for n in range(len(right))}
    wrong = [k for k in steps if not same(value[k], right[k], trial.case.tolerance, trial.scale)]
    fits = {p: [q for q in wrong if q != p and _same_numbers(value[p], right[q], trial)] for p in wrong}
    # Of several that are equal, the one with which it is exchanged.
    places = {p: next((q for q in fits[p] if p in fits[q]), fits[p][0] if fits[p] else None) for p in wrong}
    if wrong and {*places.values()} == {*wrong}:
        here, there = (subject((*where, steps[k])) for k in (wrong[0], places[wrong[0]]))
        if len(wrong) == 2:
            return f"{here} and {inside(there)} are exchanged."
        return f"{subject(where)} has the right parts in another order: {inside(here)} is what {inside(there)} should be."
    inner = [exchanged(value[k], right[k], trial, (*where, steps[k])) for k in wrong]
    return inner[0] if inner and None not in inner else None


def _same_numbers(a, b, trial):
    return (is_numbers(a) or numeric(a) or isinstance(a, dict | list | tuple)) and same(a, b, trial.case.tolerance, trial.scale)


def _orders(a, b, trial):
    """Which of ORDERS make a wrong leaf of the right one, and which of them are unlikely to do so by chance."""
    if not is_numbers(b) or not numeric(b) or not b.ndim:
        return set(), set()
    flat, a, b = b.ndim == 1, floats(a), floats(b)
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    if not (numpy.isfinite(a).all() and numpy.isfinite(b).all()):
        return set(), set()
    direction = numpy.random.default_rng(0).normal(size=a.shape[1])  # rows in the order of their places along it
    rows = [x[numpy.argsort(x @ direction)] for x in (a, b)]
    fits = {
        "rows": not flat and near(*rows, trial),
        "entries": near(numpy.sort(a, axis=1), numpy.sort(b, axis=1), trial),
        "numbers": flat and near(numpy.sort(a, axis=None), numpy.sort(b, axis=None), trial),
        "anywhere": near(numpy.sort(a, axis=None), numpy.sort(b, axis=None), trial),
    }
    different = {
        "rows": len(numpy.unique(b)) if len(numpy.unique(b, axis=0)) > 2 else 0,
        "entries": max(len(numpy.unique(row)) for row in b) if b.size else 0,
        "numbers": len(numpy.unique(b)),
        "anywhere": len(numpy.unique(b)),
    }
    return {o for o in ORDERS if fits[o]}, {o for o in ORDERS if different[o] >= ENOUGH}
