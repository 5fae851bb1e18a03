"""Pictures and plumbing of notebook 02, and what you wrote in notebook 01. Nothing here solves an exercise of notebook 02."""

import math
import time

import matplotlib.pyplot as plt
import torch
from course import COLOURS, show, show_images
from torch import tensor


def load(data, step):
    """Training and validation images, every step-th of them: x, y, x_valid, y_valid. A sixth is held back for validation."""
    x, y = everything(data.train(), step)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    held = len(x) // 6
    return x[order[held:]], y[order[held:]], x[order[:held]], y[order[:held]]


def everything(part, step):
    """All images of a part as fractions, and their labels; every step-th of them."""
    images, labels = part
    return images[::step].float() / 255, labels[::step]


def sharpest(means):
    """The digit whose mean has, on average, the least grey of the pixels with ink."""
    inked = means.amax(dim=0) > 0.1
    return (means[:, inked] - 0.5).abs().mean(dim=1).argmax().item()


def show_difference(image, mean):
    """An image, a mean, and the first minus the second."""
    _, panels = plt.subplots(1, 3, figsize=(7.5, 2.6))
    for axes, picture, title in zip(panels, (image, mean), ("one 3", "the mean 3"), strict=False):
        axes.imshow(picture, vmin=0, vmax=1)
        axes.set_title(title)
    shown = panels[2].imshow(image - mean, cmap="PuOr_r", vmin=-1, vmax=1)
    panels[2].set_title("their difference")
    plt.colorbar(shown, ax=panels[2], label="image minus mean")
    for axes in panels:
        axes.axis("off")
    show("A handwritten 3, the mean 3, and their difference: positive where strokes are, negative in the haze around them.")


def show_distances(distances, what):
    """The distances {name: ten numbers} from one image to the ten means, as bars; the nearest one is hatched."""
    _, panels = plt.subplots(1, len(distances), figsize=(7.5, 2.4))
    nearest = {name: values.argmin().item() for name, values in distances.items()}
    for axes, (name, values) in zip(panels, distances.items(), strict=True):
        bars = axes.bar(range(10), values, color=COLOURS["blue"])
        bars[nearest[name]].set(color=COLOURS["orange"], hatch="//", edgecolor="white")
        title = f"by {name} the nearest mean is {nearest[name]}"
        axes.set(title=title, xlabel="mean of digit", ylabel=f"{name} to {what}", xticks=range(10))
    said = ", ".join(f"by {name} the nearest is {digit}" for name, digit in nearest.items())
    show(f"Distances from one 3 to the ten mean images: {said}.")


def by_loops(images, means):
    """The nearest mean by the squared difference, one pixel at a time."""
    predictions = []
    for image in images.tolist():
        distances = []
        for mean in means.tolist():
            total = 0.0
            for row_a, row_b in zip(image, mean, strict=True):
                for a, b in zip(row_a, row_b, strict=True):
                    total += (a - b) ** 2
            distances.append(total / 784)
        predictions.append(distances.index(min(distances)))
    return tensor(predictions)


def race(predict_nearest, images, means, distance):
    """How many images a second are read by three loops, by two, and by yours. Returns: yours as a multiple of three loops."""

    def one_by_one(images, means):
        return [min(range(10), key=lambda digit: distance(image, means[digit]).item()) for image in images]

    def yours(images, means):
        return predict_nearest(images, means, distance)

    per_second = {}
    for name, contestant, some in (
        ("loops over images, digits, pixels", by_loops, images[:20]),
        ("loops over images, digits", one_by_one, images[:500]),
        ("predict_nearest, 500 images", yours, images[:500]),
        (f"predict_nearest, {len(images):,} images", yours, images),
    ):
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            contestant(some, means)
            seconds.append(time.perf_counter() - started)
        per_second[name] = len(some) / min(seconds)
    _, axes = plt.subplots(figsize=(7, 2.2))
    axes.plot(list(per_second.values()), list(per_second), "o")
    for position, value in enumerate(per_second.values()):
        axes.text(value * 1.3, position, f"{value:,.0f}", va="center")
    axes.set(xscale="log", xlim=(None, 8 * max(per_second.values())), ylim=(3.5, -0.5), xlabel="images per second (log scale)")
    show("Images per second: three loops are slowest by far, predict_nearest is fastest.")
    slowest, *_, fastest = sorted(per_second.values())
    return round(fastest / slowest)


def class_medians(images, labels):
    """The median image of each digit; zeros where there is none."""
    groups = [images[labels == digit] for digit in range(10)]
    return torch.stack([group.median(dim=0).values if len(group) else torch.zeros(28, 28) for group in groups])


def show_confusion(table):
    """A confusion matrix with its counts. Returns: the most frequent error, (true, predicted)."""
    share = table / table.sum(dim=1, keepdim=True).clamp(min=1)
    _, axes = plt.subplots(figsize=(5.6, 4.6))
    shown = axes.imshow(share, cmap="cividis", vmin=0, vmax=0.15)  # 15 % is enough to see the mistakes
    for t in range(10):
        for p in range(10):
            colour = "black" if share[t, p] > 0.07 else "white"
            axes.text(p, t, table[t, p].item(), ha="center", va="center", color=colour)
    axes.set(xlabel="predicted digit", ylabel="true digit", xticks=range(10), yticks=range(10))
    plt.colorbar(shown, label="share of the true digit", extend="max")
    wrong = table - torch.diag(table.diag())
    pairs = [divmod(i, 10) for i in wrong.flatten().argsort(descending=True, stable=True)[:4].tolist()]
    show(f"How often each true digit is predicted as which: most often a {pairs[0][0]} is taken for a {pairs[0][1]}.")
    for t, p in pairs:
        print(f"true {t}, predicted {p}: {wrong[t, p]:3} times")
    return pairs[0]


def show_worst(images, labels, predictions, means, distance):
    """The twelve images that are so much nearer to a wrong mean than to their own."""
    margin = distance(images, means[labels]) - distance(images, means[predictions])
    worst = margin.argsort(descending=True, stable=True)[:12]
    titles = [f"{labels[i]}, taken for {predictions[i]}" for i in worst]
    show_images(images[worst], titles, columns=6, size=1.25)


def show_by_digit(answers, labels, accuracy):
    """The accuracy of {"MAE": predictions, "MSE": ...} digit by digit, as a table with two averages, and as bars.

    Returns: {name: accuracy over all images}.
    """
    rows = [labels == digit for digit in range(10)]
    by_digit = {
        name: [accuracy(predicted[own], labels[own]) if own.any() else math.nan for own in rows]
        for name, predicted in answers.items()
    }
    overall = {name: accuracy(predicted, labels) for name, predicted in answers.items()}
    print("digit               MAE     MSE")
    for digit in range(10):
        print(f"{digit:<15}{by_digit['MAE'][digit]:8.4f}{by_digit['MSE'][digit]:8.4f}")
    print(f"mean of the ten{sum(by_digit['MAE']) / 10:8.4f}{sum(by_digit['MSE']) / 10:8.4f}")
    print(f"all images     {overall['MAE']:8.4f}{overall['MSE']:8.4f}")
    _, axes = plt.subplots(figsize=(7.5, 2.6))
    axes.bar(torch.arange(10) - 0.2, by_digit["MAE"], width=0.4, label="MAE")
    axes.bar(torch.arange(10) + 0.2, by_digit["MSE"], width=0.4, label="MSE", hatch="//")
    axes.axhline(0.1, color="black", linestyle="--", label="guessing")
    axes.set(xlabel="digit", ylabel="accuracy on the test set", xticks=range(10), ylim=(0, 1.05))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    show(f"Test accuracy digit by digit; over all images {overall['MAE']:.3f} by MAE and {overall['MSE']:.3f} by MSE.")
    return overall
