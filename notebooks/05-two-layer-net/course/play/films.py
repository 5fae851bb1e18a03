"""Training, seen epoch by epoch: what two weights, or hidden units, have become."""

import base64
import io

from ..plots import show
from .live import show_widget


def regions(classifiers, x, y):
    """Which class each place of a plane gets, epoch by epoch, for models beside each other.

    classifiers: {name: {epoch: function of points (M, 2) to classes (M,)}}, the same epochs for each; 0 is the start.
    x: float (N, 2). y: int64 (N,), their classes.
    """
    import torch

    low, high = x.min().item() - 0.1, x.max().item() + 0.1
    line = torch.linspace(low, high, 120)
    plane = torch.cartesian_prod(line, line)
    levels = [label - 0.5 for label in range(y.max().item() + 2)]

    def draw(panels, epoch):
        for axes, (name, epochs) in zip(panels, classifiers.items(), strict=True):
            axes.contourf(
                line,
                line,
                epochs[epoch](plane).reshape(120, 120).T,
                levels=levels,
                vmin=0,
                vmax=y.max(),
                cmap="cividis",
                alpha=0.4,
            )
            for label, marker in zip(y.unique().tolist(), "os^Dv", strict=False):
                axes.plot(*x[y == label].T.tolist(), marker, markersize=4, linestyle="", color="black", markerfacecolor="none")
            axes.set(title=f"{name}, epoch {epoch}", xticks=[], yticks=[])

    epochs = list(next(iter(classifiers.values())))
    _film(draw, epochs, len(classifiers), 2.2, f"The regions of {' and '.join(classifiers)}")


def units(weights, most=8):
    """What each of the first hidden units looks for, epoch by epoch: its weights as an image, purple for less, orange for more.

    weights: {epoch: tensor (784, units)}; 0 is the start.
    """
    import torch

    epochs = list(weights)
    shown = min(most, weights[epochs[0]].shape[1])
    reach = torch.stack(list(weights.values())).abs().flatten()[::7].quantile(0.995).item()  # one pixel would make the rest pale

    def draw(panels, epoch):
        for unit, axes in enumerate(panels):
            axes.imshow(weights[epoch][:, unit].reshape(28, 28), cmap="PuOr_r", vmin=-reach, vmax=reach)
            axes.set(title=f"unit {unit}", xticks=[], yticks=[])
        panels[0].set_ylabel(f"epoch {epoch}")

    _film(draw, epochs, shown, 0.9, "The weights of hidden units as images")


def _film(draw, epochs, columns, size, alt):
    """Show the first, a middle and the last epoch in one picture; then, to a person, every epoch under a slider.

    draw: (a row of axes, the number of an epoch).
    """
    import matplotlib.pyplot as plt

    chosen = [epochs[i] for i in sorted({0, len(epochs) // 2, len(epochs) - 1})]
    down, across = sorted((len(chosen), columns))  # the longer side lies, so that the picture is wide rather than high
    _, panels = plt.subplots(down, across, figsize=(size * across, (size + 0.25) * down), squeeze=False)
    for row, epoch in zip(panels if columns == across else panels.T, chosen, strict=True):
        draw(row, epoch)
    show(f"{alt} after epoch {', '.join(map(str, chosen))}.")

    def frame(epoch):
        figure, rows = plt.subplots(1, columns, figsize=(size * columns, size + 0.3), squeeze=False)
        draw(rows[0], epoch)
        picture = io.BytesIO()
        figure.savefig(picture, format="png")
        plt.close(figure)
        return base64.b64encode(picture.getvalue()).decode()

    show_widget("film.js", lambda: {"epochs": epochs, "frames": [frame(epoch) for epoch in epochs], "alt": alt})
