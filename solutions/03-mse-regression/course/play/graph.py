"""The computation graph of a tiny network: numbers flow forward, gradients flow back, one step at a time."""

from ..plots import COLOURS, show
from .live import show_widget

# (column, row) of each node of loss = (p - t)², p = w2 h + b2, h = max(0, z), z = w1 x + b1; which numbers go into which.
PLACES = {"x": (0, 1), "w1": (0, 0), "b1": (0, 2), "z": (1, 1), "h": (2, 1), "w2": (2, 0), "b2": (2, 2), "p": (3, 1)}
PLACES |= {"t": (3, 2), "loss": (4, 1)}
EDGES = [("x", "z"), ("w1", "z"), ("b1", "z"), ("z", "h"), ("h", "p"), ("w2", "p"), ("b2", "p"), ("p", "loss"), ("t", "loss")]


def graph(x=2.0, t=1.0, w1=0.5, b1=0.2, w2=-1.0, b2=0.5):
    """Draw one input, one hidden unit (ReLU) and one output, with the squared error from the target t, and all its numbers."""
    z = w1 * x + b1
    h = max(0.0, z)
    p = w2 * h + b2
    loss = (p - t) ** 2
    values = {"x": x, "w1": w1, "b1": b1, "w2": w2, "b2": b2, "t": t, "z": z, "h": h, "p": p, "loss": loss}
    dp = 2 * (p - t)
    dh = dp * w2
    dz = dh if z > 0 else 0.0
    slopes = {"loss": 1.0, "p": dp, "b2": dp, "w2": dp * h, "h": dh, "z": dz, "b1": dz, "w1": dz * x}
    steps = [
        ("z", f"z = w1 x + b1 = {w1:g} · {x:g} + {b1:g}"),
        ("h", f"h is z where z is above 0, else 0: here {h:g}"),
        ("p", f"p = w2 h + b2 = {w2:g} · {h:g} + {b2:g}"),
        ("loss", f"loss = (p - t)² = ({p:g} - {t:g})²"),
        ("d loss", "A change of the loss changes the loss by as much: 1."),
        ("d p", f"by p: 2 (p - t) = 2 · ({p:g} - {t:g})"),
        ("d b2", "by b2: p changes by as much as b2, so the gradient arrives as it is"),
        ("d w2", f"by w2: what arrives at p, {dp:g}, times what w2 was multiplied by, h = {h:g}"),
        ("d h", f"by h: what arrives at p, {dp:g}, times what h was multiplied by, w2 = {w2:g}"),
        ("d z", f"by z: {'z is above 0: the gradient passes' if z > 0 else 'z is not above 0: the gradient stops here'}"),
        ("d b1", "by b1: as it is"),
        ("d w1", f"by w1: what arrives at z, {dz:g}, times x = {x:g}"),
    ]
    _draw(values, slopes)
    nodes = {name: [*PLACES[name], f"{values[name]:.3g}", f"{slopes[name]:.3g}" if name in slopes else ""] for name in PLACES}
    show_widget("graph.js", lambda: {"nodes": nodes, "edges": EDGES, "steps": steps})


def _draw(values, slopes):
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(7.5, 3.4))
    for start, end in EDGES:
        arrow = {"arrowstyle": "->", "color": COLOURS["grey"], "shrinkA": 24, "shrinkB": 24}
        axes.annotate("", PLACES[end], PLACES[start], arrowprops=arrow)
    for name, place in PLACES.items():
        axes.text(*place, name, ha="center", va="center", bbox={"boxstyle": "circle,pad=.5", "fc": "white", "ec": "black"})
        axes.annotate(f"{values[name]:.3g}", place, (0, 25), textcoords="offset points", ha="center", color=COLOURS["blue"])
        if name in slopes:
            below = f"slope {slopes[name]:.3g}"
            axes.annotate(below, place, (0, -33), textcoords="offset points", ha="center", color=COLOURS["orange"])
    axes.set(xlim=(-0.5, 4.5), ylim=(2.6, -0.6))
    axes.axis("off")
    said = ", ".join(f"{name} {value:.3g}" for name, value in slopes.items())
    show(f"A network of one hidden unit as a graph, its numbers above the nodes; the slopes of the loss below them: {said}.")
