"""A plugin for nbval: what training printed is compared as numbers, everything else letter by letter.

`pytest -p nbval_numbers --nbval solutions/...` (with tests/ on the path). Two processors add up in different orders; training
carries the last bit of a sum into the third digit of an accuracy. So each line that shows something trained has one of the
TEMPLATES: `<.02>` stands for a number that may differ by .02, in the unit that is printed, and `*` for any text. What a template
leaves, and each line without one, must be equal.
"""

import math
import re
from itertools import zip_longest

from nbval.plugin import IPyNbCell

NUMBER = r"( *[-+]?\d+(?:\.\d+)?)"


class Line:
    """A template of a printed line. `tolerances`: those of its numbers, in their order."""

    def __init__(self, template):
        self.template = template.strip()
        parts = re.split(r"(<[\d.]+>|\*)", self.template)
        self.tolerances = [float(part[1:-1]) for part in parts if part.startswith("<")]
        pattern = "".join(NUMBER if p.startswith("<") else ".*?" if p == "*" else re.escape(p) for p in parts)
        self.pattern = re.compile(r"\s*" + pattern)

    def split(self, line):
        """The numbers of a line and the texts around them; None if it is another line."""
        if not (match := self.pattern.fullmatch(line)):
            return None
        numbers = [(match.start(i), match.end(i)) for i in range(1, len(self.tolerances) + 1)]
        starts, ends = [0, *(end for _, end in numbers)], [*(start for start, _ in numbers), len(line)]
        return [float(n) for n in match.groups()], [line[a:b] for a, b in zip(starts, ends, strict=True)]

    def distance(self, line, other):
        """How far two lines are apart that differ in these numbers only, 1 being a tolerance; infinite for others."""
        (numbers, texts), (others, around) = self.split(line), self.split(other) or ([], [])
        if texts != around:
            return math.inf
        return max(abs(a - b) / t for a, b, t in zip(numbers, others, self.tolerances, strict=True))


# Measured in November 2026 on MNIST: two makes of processor (AMD, Intel), and on the first `ATEN_CPU_CAPABILITY=default` and
# products perturbed by half a unit in their last place. Most trained numbers did not move a printed digit. The tolerance of one
# that moved is at least four times its largest difference, that of another at least two units of its last digit.
# Moved: 03's network of 30 hidden units (.002, or .01 of two digits), 05's 784-300-50-10 (.001), 06's table (.001, .1 points).
# In 02, one image is equally far from two medians.
TEMPLATES = {
    "02": """
        mae: * with means, <.0002> with medians
        You said *. It is about <.002>.
        *   about <.002>   *
    """,
    "03": """
        * images: noise <.02>, the length of the full gradient being 1
        You said *. It is about <.02>.
        *   about <.02>   *
        validation accuracy <.004>
        training loss <.02>; always the average *, lowest possible *
        a true 9 is predicted as <.2> on average, a true 0 as <.2>
        <2>% of the answers are 3, 4, 5 or 6
        accuracy on its own training images: <.03>
        wild start: sigmoid + MSE <.004>
        * start*: * <.004>   <.004> (<.02> to <.02>) against wild start: sigmoid + MSE
        one number, linear: <.004>
        one number, 30 hidden units: <.02>
        * + MSE, wild start: <.004>
        * + MSE, small start*: <.004>
    """,
    "04": """
        accuracy, validation: <.004>
        You said 0.95. It is <.004>.
        0.95 <.004>*accuracy on the images it was trained on
        The most frequent error: a * taken for a *, <3> times.
        one-vs-* accuracy <.02>
        ten separate answers sum to <.2> ... <.2>
        the friend's <.02>
        * <.02> <.02> (<.02> to <.02>) against the friend's
        one layer, cross-entropy: <.004>
    """,
    "05": """
        one layer <.004>
        * <.004> <.004> (<.004> to <.004>) against one layer
        yours <.004>
        zeros <.004> <.004> (<.01> to <.01>) against yours
        rate .01 <.004>
        rate .* <.004> <.004> (<.01> to <.01>) against rate .01
        30 units <.004>
        3 units <.1> <.1> (<.4> to <.4>) against 30 units
        * units <.004> <.004> (<.01> to <.01>) against 30 units
        784-* validation accuracy <.004>
        You said 0.04. It is <.004>.
        0.04 <.004>*how much more accurate is 784-30-10 than one layer, as a fraction
        784-*: <.004>
    """,
    "06": """
        seed *: keep epoch * of *: loss <.004>, not <.004>; accuracy <.004>, not <.004>
        * <.004> +- <.004>   <.01> +- <.01>
        decay 0.0 <.004>
        decay 0.002 <.004> <.004> (<.02> to <.02>) against decay 0.0
        784-*, few images* <.004>
        784-300-10, all images, bent <.004>
        You said 0.99. It is <.004>.
        0.99 <.004>*784-300-10 on all images, bent anew in each batch: test accuracy
        resnet18 by fastai <.03>
        * digits: <.015> right
    """,
}
TRAINED = {notebook: [Line(line) for line in text.split("\n") if line.strip()] for notebook, text in TEMPLATES.items()}


FARTHEST = [(0.0, "no printed digit of a trained number moved")]  # all distances of lines that differ, with the lines


def template(notebook, line):
    """The `Line` of a notebook (its number, "03") that fits a printed line; None if each letter counts."""
    return next((t for t in TRAINED.get(notebook, ()) if t.split(line)), None)


class Printed(str):
    """What a cell printed. It equals another text if line by line each letter does, but for the numbers of templates."""

    def __new__(cls, text, notebook):
        self = super().__new__(cls, text)
        self.notebook = notebook
        return self

    def differences(self, other):
        """The pairs of lines that differ."""
        pairs = zip_longest(str(self).split("\n"), str(other).split("\n"))  # an empty Printed would split into itself
        return [(a, b) for a, b in pairs if a != b and not self._same(a, b)]

    def _same(self, a, b):
        if None in (a, b) or not (line := template(self.notebook, a)):
            return False
        distance = line.distance(a, b)
        FARTHEST.append((distance, f"stored {a!r}, now {b!r}"))
        return distance < 1 + 1e-6  # what is printed has few digits

    def __eq__(self, other):
        return not self.differences(other)

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__


def pytest_itemcollected(item):
    """nbval compares what `sanitize` makes of the two outputs."""
    if isinstance(item, IPyNbCell):
        item.sanitize = lambda text: Printed(text, item.path.name[:2]) if isinstance(text, str) else text


def pytest_assertrepr_compare(op, left, right):
    """The lines that differ, and what they may differ by."""
    if op == "==" and isinstance(left, Printed):
        lines = []
        for stored, now in left.differences(right):
            line = stored is not None and template(left.notebook, stored)
            lines += [f"stored: {stored!r}", f"now:    {now!r}"] + ([f"may differ by {line.tolerances}"] if line else [])
        return lines
    return None


def pytest_terminal_summary(terminalreporter):
    distance, lines = max(FARTHEST)
    terminalreporter.write_line(f"Farthest: {distance:.2f} of a tolerance; {lines}")
