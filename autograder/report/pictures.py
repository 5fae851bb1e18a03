"""The report's pictures, as SVG with text that can be read and selected. Two colours, which no eye mixes up, and a pattern."""

import io
import re

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

BLUE, ORANGE, GREY = "#0072b2", "#e69f00", "#bbbbbb"  # Okabe and Ito's, for the colour-blind
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "report", "font.size": 9, "font.family": "sans-serif", "hatch.linewidth": 0.6}
NO_DATE = {"Date": None, "Creator": None, "Format": None, "Type": None}


def histogram(spread):
    """How the points of one notebook are spread."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes(1.9)
        bins = min(20, max(5, round(spread.possible)))
        axes.hist(spread.points, bins=bins, range=(0, spread.possible), color=BLUE, edgecolor="white")
        axes.axvline(spread.figures["median"], color=ORANGE, linewidth=2, linestyle="--", label="median")
        axes.set(xlabel=f"points, of {spread.possible:g}", ylabel="students", xlim=(0, spread.possible))
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1))  # above: a bar may be anywhere
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        return _svg(figure)


def bars(items):
    """How many students had each task right, partly right and wrong."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes(0.26 * len(items) + 0.9)
        left = [0] * len(items)
        kinds = {"right": (BLUE, ""), "partly": (ORANGE, "////"), "wrong": (GREY, "")}
        for kind, (colour, hatch) in kinds.items():
            numbers = [getattr(item, kind) for item in items]
            axes.barh(range(len(items)), numbers, left=left, color=colour, hatch=hatch, edgecolor="white", label=kind)
            left = [a + b for a, b in zip(left, numbers, strict=True)]
        axes.set_yticks(range(len(items)), [item.task for item in items])
        axes.invert_yaxis()
        axes.set_xlabel("students")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
        return _svg(figure)


def _axes(height):
    figure = Figure(figsize=(6.2, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure):
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata=NO_DATE)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    # The words beside a picture say what it shows; and two pictures in one page must not share ids.
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|\s*\n\s*", lambda m: "" if m[0].strip() else "\n", svg, flags=re.DOTALL)
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
