"""Comparing fairly: one factor at a time, the same seeds in pairs, and how sure one can be."""

from dataclasses import dataclass
from math import inf, isfinite, nan
from statistics import mean, stdev

from .plots import COLOURS, show
from .running import progress


@dataclass(frozen=True)
class Experiment:
    """What came of it. `numbers`: {way: one number for each seed}. A way is called by its name, or by its place from 0."""

    numbers: dict

    def mean(self, way):
        """The mean over the seeds; NaN if there is none."""
        return mean(self._of(way) or [nan])

    def difference(self, a, b):
        """How much more a gives than b: (mean, low, high), the mean over pairs of one seed and its 95 % interval.

        The interval is Student's (1908); with one seed, or a run that gave no number, nothing is known, and it is infinite.
        """
        from scipy.stats import t

        pairs = [x - y for x, y in zip(self._of(a), self._of(b), strict=True)]
        if len(pairs) < 2 or not all(map(isfinite, pairs)):
            return mean(pairs or [nan]), -inf, inf
        half = t.ppf(0.975, len(pairs) - 1) * stdev(pairs) / len(pairs) ** 0.5
        return mean(pairs), mean(pairs) - half, mean(pairs) + half

    def _of(self, way):
        if isinstance(way, int):
            return next(iter(list(self.numbers.values())[way:]), [])
        if way not in self.numbers:
            raise ValueError(f"There is no way {way!r}. There are: {', '.join(self.numbers)}.")
        return self.numbers[way]


def experiment(run, ways, seeds, quantity="validation accuracy"):
    """Run each way with each seed; show a table and a picture.

    run: (way, seed) -> a number. ways: {name: what `run` gets}; the first is what the others are compared with.
    seeds: each is used for every way, so that ways differ in nothing else. quantity: what the number is.
    Returns: an Experiment.
    """
    ways = {str(name): way for name, way in ways.items()}
    jobs = [(name, seed) for seed in seeds for name in ways]
    done = [float(run(ways[name], seed)) for name, seed in progress(jobs, "run")]
    result = Experiment({name: [n for (own, _), n in zip(jobs, done, strict=True) if own == name] for name in ways})
    if not jobs:
        print("There is nothing to compare: at least one way and one seed are needed.")
        return result
    first, *others = ways
    wide = max(map(len, ways))
    print(f"{quantity}, mean of {len(seeds)} seeds")
    for name in ways:
        more = "   {:+.4f} ({:+.4f} to {:+.4f}) against {}".format(*result.difference(name, first), first)
        print(f"{name:{wide}}   {result.mean(name):.4f}{more if name in others else ''}")
    _draw(result, quantity)
    return result


def _draw(result, quantity):
    """Left: each run, seeds joined by lines. Right: the differences to the first way, with their intervals."""
    import matplotlib.pyplot as plt

    names = list(result.numbers)
    places = range(len(names))
    _, (left, right) = plt.subplots(1, 2, figsize=(7.5, 0.45 * len(names) + 1.3), sharey=True)
    for numbers in zip(*result.numbers.values(), strict=True):
        left.plot(numbers, places, "o-", color=COLOURS["grey"], linewidth=0.7, markersize=4)
    left.plot([result.mean(name) for name in names], places, "D", color=COLOURS["blue"], label="mean")
    left.set(xlabel=quantity, yticks=places, yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, frameon=False)  # above: over no run
    right.axvline(0, color=COLOURS["black"], linewidth=1)
    for place, name in list(enumerate(names))[1:]:
        middle, low, high = result.difference(name, names[0])
        right.plot([low, high], [place, place], "-", color=COLOURS["orange"], linewidth=2)
        right.plot(middle, place, "D", color=COLOURS["orange"])
    right.set_xlabel("more than the first (95 % interval)")
    said = ", ".join(f"{name} {result.mean(name):.3f}" for name in names)
    show(f"The {quantity} of each run and its mean: {said}; beside it the differences to {names[0]}, with 95 % intervals.")
