"""Pictures of notebooks 04 to 06 whose drawing teaches nothing: what they show is in the notebooks' text."""

import math

import matplotlib.pyplot as plt
import torch

from .plots import COLOURS, show


def reach(gap, ways):
    """How far the loss -log p keeps growing when the right score falls behind. ways: {name: log-probabilities (N, 2)}."""
    plt.figure(figsize=(6, 2.8))
    ends = []
    for (name, log_probs), width in zip(ways.items(), (6, 2), strict=False):
        loss = -log_probs[:, 0]
        finite = loss.isfinite()
        plt.plot(gap[finite], loss[finite], linewidth=width, label=name)
        if not finite.all():
            plt.plot(gap[finite][-1], loss[finite][-1], "X", color=COLOURS["black"], markersize=9)
            ends.append(f"; by {name} it ends at {loss[finite][-1]:.0f}, a cross")
    plt.xlabel("how far the right score lies behind")
    plt.ylabel("loss, -log p (nats)")
    plt.legend()
    show(f"The loss by the gap, for {' and '.join(ways)}{''.join(ends)}.")


def prices():
    """The sigmoid, and what its answer costs by two losses where the truth is 1."""
    z = torch.linspace(-8, 8, 200)
    p = 1 / (1 + (-z).exp())
    _, (left, right) = plt.subplots(1, 2, figsize=(7.5, 2.8))
    left.plot(z, p)
    left.set(xlabel="score z of the right answer, against 0", ylabel="p, the sigmoid of z")
    right.plot(z, -p.log(), label="-log p")
    right.plot(z, (1 - p).square(), label="squared error, (1 - p)²")
    right.set(xlabel="score z of the right answer, against 0", ylabel="loss")
    right.legend()
    show("Left the sigmoid. Right two losses by score: -log p rises steadily to the left, the squared error flattens at 1.")


def sweep(lowest):
    """The lowest validation loss by learning rate, {rate: loss}, of the runs that did not fail."""
    if not lowest:
        print("No run came to an end: each loss became NaN.")
        return
    best = min(lowest, key=lowest.get)
    plt.figure(figsize=(6, 2.8))
    plt.loglog(list(lowest), list(lowest.values()), "o-", label="lowest of the run")
    plt.plot(best, lowest[best], "o", markersize=14, fillstyle="none", color=COLOURS["orange"], label=f"best: {best:g}")
    plt.yticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    plt.minorticks_off()
    plt.xlabel("learning rate")
    plt.ylabel("validation loss (nats)")
    plt.legend()
    show(f"Validation loss by learning rate: {', '.join(f'{loss:.2f} at {rate:g}' for rate, loss in lowest.items())}.")


def weights(w, columns=5):
    """The columns of w (784, K) as images: orange speaks for, purple against."""
    rows = math.ceil(w.shape[1] / columns)
    figure, panels = plt.subplots(rows, columns, figsize=(1.38 * columns + 0.6, 1.6 * rows), squeeze=False)
    limit = w.abs().quantile(0.99).item()  # a few pixels at the rim would make the rest pale
    for number, axes in enumerate(panels.flat):
        axes.axis("off")
        if number < w.shape[1]:
            drawn = axes.imshow(w[:, number].reshape(28, 28), cmap="PuOr_r", vmin=-limit, vmax=limit)
            axes.set_title(number)
    figure.colorbar(drawn, ax=panels, label="weight: against (-), for (+)", extend="both")
    show("One picture of weights for each number; orange pixels speak for it, purple ones against it.")


def confusion(predictions, labels):
    """How often each digit was taken for each; colour shows errors only."""
    from sklearn.metrics import confusion_matrix

    counts = torch.from_numpy(confusion_matrix(labels, predictions, labels=range(10)))
    errors = counts.clone().fill_diagonal_(0)
    plt.figure(figsize=(5, 4.2))
    plt.imshow(errors, cmap="cividis")
    for true in range(10):
        for said in range(10):
            color = "black" if errors[true, said] > errors.max() / 2 else "white"
            plt.text(said, true, counts[true, said].item(), ha="center", va="center", color=color)
    plt.xticks(range(10))
    plt.yticks(range(10))
    plt.xlabel("predicted digit")
    plt.ylabel("true digit")
    true, said = divmod(errors.argmax().item(), 10)
    worst = f"The most frequent error: a {true} taken for a {said}, {errors.max().item()} times."
    show(f"A table of true and predicted digits. {worst}")
    print(worst)


def two_layers():
    """The stations of a network of two layers: forward along the top, gradients back along the bottom."""
    stations = ["x\n(N, 784)", "z\n(N, 30)", "h\n(N, 30)", "logits\n(N, 10)", "loss\n()"]
    ways = ["x @ w1 + b1", "relu", "h @ w2 + b2", "cross-entropy"]
    back = ["dw1, db1", "dz", "dw2, db2\ndh", "dlogits"]
    _, axes = plt.subplots(figsize=(7.5, 2.2))
    axes.axis("off")
    axes.set(xlim=(-0.5, 4.5), ylim=(-0.9, 0.9))
    for place, station in enumerate(stations):
        axes.text(place, 0, station, ha="center", va="center", bbox={"boxstyle": "round,pad=0.4", "fc": "white", "ec": "black"})
    for place, (way, gradient) in enumerate(zip(ways, back, strict=True)):
        for height, start, end, colour, text in ((0.35, 0, 1, "blue", way), (-0.35, 1, 0, "orange", gradient)):
            arrow = {"arrowstyle": "->", "color": COLOURS[colour], "linestyle": "-" if start == 0 else "--"}
            axes.annotate("", (place + end, height), (place + start, height), arrowprops=arrow)
            axes.text(place + 0.5, height * 1.2, text, color=COLOURS[colour], ha="center", va="bottom" if height > 0 else "top")
    show("Five boxes: x, z, h, logits, loss. Arrows forward name the operations; dashed arrows back name the gradients.")


def signals(starts, init, relu, x, layers=20):
    """The root mean square of z in layers of 100 units. starts: {name: a factor for init's weights}.

    Returns: {name: that of the last layer, divided by that of the first}.
    """
    plt.figure(figsize=(6, 2.8))
    found = {}
    for name, factor in starts.items():
        h, found[name] = x, []
        for layer in range(layers):
            w, b = init(h.shape[1], 100, torch.Generator().manual_seed(layer))
            z = h @ (factor * w) + b
            found[name].append(z.square().mean().sqrt().item())
            h = relu(z)
        plt.semilogy(range(1, layers + 1), found[name], label=name)
    plt.xticks(range(2, layers + 1, 2))
    plt.xlabel("layer")
    plt.ylabel("root mean square of z")
    if found:
        plt.legend()
    left = {name: sizes[-1] / sizes[0] if sizes[0] else math.nan for name, sizes in found.items()}
    said = "".join(f", {name} {share:.2g}" for name, share in left.items())
    show(f"The size of the signal by layer, on a logarithmic axis. What is left of it in the last layer{said}.")
    return left


def valley(step, rate=0.018, momentum=0.9, steps=40):
    """Descent in a valley a hundred times as steep across as along, without and with momentum.

    step: function (p, velocity, grad, rate, momentum) that changes p and velocity in place.
    """
    curvature = torch.tensor([1.0, 100.0])
    x, y = torch.meshgrid(torch.linspace(-11, 4, 100), torch.linspace(-1.6, 1.6, 80), indexing="xy")
    plt.figure(figsize=(7.5, 2.6))
    plt.contour(x, y, (x**2 + 100 * y**2) / 2, levels=12, colors=COLOURS["grey"], linewidths=0.6)
    ends = []
    for m, name in ((0.0, "without momentum"), (momentum, f"momentum {momentum:g}")):
        place, velocity, path = torch.tensor([-10.0, 1.0]), torch.zeros(2), []
        for _ in range(steps):
            path.append(place.clone())
            step(place, velocity, curvature * place, rate, m)
        path = torch.stack(path)
        plt.plot(path[:, 0], path[:, 1], marker=".", linewidth=1.2, label=name)
        ends.append(f"{name} {place.norm():.1f}")
    plt.plot(0, 0, "*", markersize=12, color=COLOURS["black"])
    plt.xlabel("along the valley")
    plt.ylabel("across")
    plt.legend()
    show(f"Contours of a narrow valley and two paths of {steps} steps towards a star; distance left: {', '.join(ends)}.")


def approximation(forward):
    """Networks of one input whose weights are set by hand: each ReLU adds a change of slope."""
    x = torch.linspace(-0.5, 1.6, 400).unsqueeze(1)
    plt.figure(figsize=(6, 2.8))
    plt.plot(x, torch.sin(2 * math.pi * x), color=COLOURS["grey"], linestyle="-", linewidth=5, alpha=0.5, label="sin(2 pi x)")
    for hidden in (4, 16):
        knots = torch.linspace(0, 1, hidden + 1)
        slopes = torch.sin(2 * math.pi * knots).diff() * hidden
        changes = torch.cat([slopes[:1], slopes.diff()])
        params = [torch.ones(1, hidden), -knots[:-1], changes.unsqueeze(1), torch.zeros(1)]
        plt.plot(x, forward(params, x)[0], label=f"{hidden} hidden units")
    plt.axvspan(0, 1, color=COLOURS["grey"], alpha=0.15)
    plt.xlabel("x (the region is shaded)")
    plt.ylabel("output")
    plt.ylim(-3, 3)
    plt.legend()
    show("Broken lines follow a sine within the shaded region, 16 pieces closely, and leave it outside.")


def walk(losses):
    """The loss on straight walks between two solutions. losses: {model: list of losses}.

    Returns: {model: what the loss is half way, against both ends: "higher", "equal" (to .02) or "lower"}.
    """
    plt.figure(figsize=(6, 2.8))
    for name, values in losses.items():
        plt.plot(torch.linspace(0, 1, len(values)), values, marker=".", label=name)
    plt.xlabel("from the first solution (0) to the second (1)")
    plt.ylabel("training loss (nats)")
    plt.ylim(bottom=0)
    half_way = {}
    for name, (first, *between, last) in losses.items():
        hump = between[len(between) // 2] - max(first, last)
        half_way[name] = "higher" if hump > 0.02 else "lower" if hump < -0.02 else "equal" if abs(hump) <= 0.02 else "unknown"
    if losses:
        plt.legend()
    said = ", ".join(f"{how} for {name}" for name, how in half_way.items())
    show(f"The loss between two solutions of each model; half way, against the ends: {said or 'no model'}.")
    return half_way


def overfitting(histories):
    """Training and validation loss of several seeds, and their validation accuracy beside it."""
    _, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3))
    for history in histories:
        epochs = range(1, len(history["valid_loss"]) + 1)
        left.plot(epochs, history["train_loss"], "-", color=COLOURS["blue"])
        left.plot(epochs, history["valid_loss"], "--", color=COLOURS["orange"])
        right.plot(epochs, history["valid_accuracy"], "--", color=COLOURS["orange"])
    left.set(xlabel="epoch", ylabel="cross-entropy (nats)", ylim=(0, None))
    right.set(xlabel="epoch", ylabel="validation accuracy")
    if histories:
        left.legend(left.lines[:2], ["training", "validation"])
    lasts = [f"{h['train_loss'][-1]:.2f} and {h['valid_loss'][-1]:.2f} (lowest {min(h['valid_loss']):.2f})" for h in histories]
    show(f"Loss and validation accuracy by epoch, one line a seed. Training and validation loss in the end: {'; '.join(lasts)}.")
