"""Training, seen epoch by epoch: what two weights, or hidden units, have become."""

import base64
import io

from ..plots import show
from .live import show_widget


def regions(classifiers, x, y):
    """Which class each place of a plane gets, epoch by epoch, for models beside each other.

    classifiers: {name: one function an epoch, of points (M, 2) to classes (M,)}. x: float (N, 2). y: int64 (N,), their classes.
    """
    import torch

    low, high = x.min().item() - 0.5, x.max().item() + 0.5
    line = torch.linspace(low, high, 120)
    plane = torch.cartesian_prod(line, line)

    def draw(panels, epoch):
        for axes, (name, epochs) in zip(panels, classifiers.items(), strict=True):
            axes.contourf(line, line, epochs[epoch](plane).reshape(120, 120).T, cmap="cividis", alpha=0.4)
            for label, marker in zip(y.unique().tolist(), "os^Dv", strict=False):
                axes.plot(*x[y == label].T.tolist(), marker, markersize=4, linestyle="", color="black", markerfacecolor="none")
            axes.set(title=f"{name}, epoch {epoch + 1}", xticks=[], yticks=[])

    _film(draw, min(map(len, classifiers.values())), len(classifiers), 2.6, f"The regions of {' and '.join(classifiers)}")


def units(weights, most=10):
    """What each of the first hidden units looks for, epoch by epoch: its weights as an image, blue for less and red for more.

    weights: one tensor (784, units) an epoch.
    """
    shown = min(most, weights[0].shape[1])
    reach = weights[-1].abs().max().item()

    def draw(panels, epoch):
        for unit, axes in enumerate(panels):
            axes.imshow(weights[epoch][:, unit].reshape(28, 28), cmap="RdBu_r", vmin=-reach, vmax=reach)
            axes.set(title=f"unit {unit}", xticks=[], yticks=[])
        panels[0].set_ylabel(f"epoch {epoch + 1}")

    _film(draw, len(weights), shown, 1, "The weights of hidden units as images")


def _film(draw, epochs, columns, size, alt):
    """Show the first, a middle and the last epoch in one picture; then, to a person, every epoch under a slider.

    draw: (a row of axes, the number of an epoch).
    """
    import matplotlib.pyplot as plt

    chosen = sorted({0, epochs // 4, epochs - 1})
    _, rows = plt.subplots(len(chosen), columns, figsize=(size * columns, (size + 0.25) * len(chosen)), squeeze=False)
    for row, epoch in zip(rows, chosen, strict=True):
        draw(row, epoch)
    show(f"{alt} after epoch {', '.join(str(epoch + 1) for epoch in chosen)}.")

    def frames():
        for epoch in range(epochs):
            figure, rows = plt.subplots(1, columns, figsize=(size * columns, size + 0.3), squeeze=False)
            draw(rows[0], epoch)
            picture = io.BytesIO()
            figure.savefig(picture, format="png")
            plt.close(figure)
            yield base64.b64encode(picture.getvalue()).decode()

    show_widget("film.js", lambda: {"frames": list(frames()), "alt": alt})
