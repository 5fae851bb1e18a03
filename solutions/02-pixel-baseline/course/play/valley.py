"""The valley of a loss over two weights, to walk down at a rate of one's own."""

from ..plots import COLOURS, show
from .live import show_widget

START, STEPS, REACH = (-1.5, 2.5), 20, 3
START_RATES = (0.01, 0.3, 0.6)


def loss_valley(x, y, rates=START_RATES):
    """Walk down the mean squared error of x @ w against y: a picture for each of the rates, then a slider for any rate.

    x: float (N, 2). y: (N,).
    """
    rates = rates or START_RATES  # of an emptied list, too, there is something to see
    # The loss is half w·Cw - p·w and a constant; its slope is Cw - p.
    curvature, pull, constant = 2 * x.T @ x / len(x), 2 * x.T @ y / len(x), (y**2).mean().item()
    _draw(curvature, pull, constant, rates)
    valley = {"curvature": curvature.tolist(), "pull": pull.tolist(), "constant": constant}
    show_widget("valley.js", lambda: valley | {"start": list(START), "steps": STEPS, "reach": REACH, "rate": rates[0]})


def _draw(curvature, pull, constant, rates):
    import matplotlib.pyplot as plt
    import torch

    line = torch.linspace(-REACH, REACH, 61)
    grid = torch.cartesian_prod(line, line)
    loss = (((grid @ curvature) * grid).sum(dim=1) / 2 - grid @ pull + constant).reshape(61, 61)
    _, panels = plt.subplots(1, len(rates), figsize=(2.5 * len(rates), 2.7), sharey=True, squeeze=False)
    ends = []
    for axes, rate in zip(panels[0], rates, strict=True):
        path = [torch.tensor(START)]
        for _ in range(STEPS):
            path.append(path[-1] - rate * (curvature @ path[-1] - pull))
        axes.contour(line, line, loss.T, levels=[1, 1.3, 2, 3, 5, 8, 12, 18], colors=COLOURS["grey"], linewidths=0.7)
        axes.plot(*torch.stack(path).T.tolist(), "o-", markersize=3, linewidth=1)
        axes.set(title=f"rate {rate:g}", xlabel="first weight", xlim=(-REACH, REACH), ylim=(-REACH, REACH))
        ends.append(f"rate {rate:g} ends at ({path[-1][0]:.2g}, {path[-1][1]:.2g})")
    panels[0, 0].set_ylabel("second weight")
    show(f"Contours of a loss over two weights, and {STEPS} steps from {START}: {'; '.join(ends)}.")
