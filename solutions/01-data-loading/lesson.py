"""Pictures and plumbing of notebook 01. Nothing here is an exercise, or solves one."""

import time

import matplotlib.pyplot as plt
import torch
from course import COLOURS, show

PARTS = ("training", "testing")


def count_images(path):
    """Count the files of each digit; print them, and draw those for training. Returns: {part: ten numbers}."""
    counts = {part: [len(list((path / part / str(digit)).glob("*.png"))) for digit in range(10)] for part in PARTS}
    print("digit        " + "".join(f"{digit:7}" for digit in range(10)) + "    all")
    for part, numbers in counts.items():
        print(f"{part + '/':13}" + "".join(f"{n:7,}" for n in numbers) + f"{sum(numbers):7,}")
    _, axes = plt.subplots(figsize=(6, 2.2))
    axes.bar(range(10), counts["training"])
    axes.axhline(sum(counts["training"]) / 10, color="black", linestyle="--", label="a tenth of all")
    axes.set(xlabel="digit", ylabel="training images", xticks=range(10))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    show(f"How many training images each digit has: {counts['training']}.")
    return counts


def show_numbers(image, rows, columns):
    """An image, and beside it a part of it with its bytes written into the pixels. rows, columns: (first, behind the last)."""
    (top, bottom), (left, right) = ([min(max(end, 0), 28) for end in ends] for ends in (rows, columns))
    _, (whole, part) = plt.subplots(1, 2, figsize=(7.5, 4))
    whole.imshow(image)
    whole.add_patch(
        plt.Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, color=COLOURS["orange"], linewidth=2)
    )
    whole.set(title="one training image", xlabel="column", ylabel="row")
    part.imshow(image[top:bottom, left:right], extent=(left - 0.5, right - 0.5, bottom - 0.5, top - 0.5))
    for row in range(top, bottom):
        for column in range(left, right):
            value = image[row, column].item()
            part.text(column, row, value, ha="center", va="center", color="black" if value > 127 else "white")
    part.set(title="the frame: 0 is black, 255 is white", xlabel="column", ylabel="row")
    show("A handwritten digit, and a part of it enlarged: each pixel is a number from 0, black, to 255, white.")


def show_rows(rows, labels, each):
    """Each image as one line of a picture, `each` of every digit."""
    chosen = torch.cat([(labels == digit).nonzero()[:each, 0] for digit in range(10)])
    _, axes = plt.subplots(figsize=(7.5, 3.4))
    axes.imshow(rows[chosen], aspect="auto", interpolation="nearest", extent=(0, rows.shape[1], 10, 0))
    axes.set(xlabel="pixel, 0 to 783", ylabel=f"digit ({each} rows each)", yticks=[d + 0.5 for d in range(10)])
    axes.set_yticklabels(range(10))
    show("Images as rows of 784 pixels, digit by digit: vertical stripes, whose width and place differ between digits.")


def show_split(labels, parts):
    """How often each digit occurs in the validation part and in what is left for training. parts: {title: valid_idx}."""
    _, panels = plt.subplots(1, len(parts), figsize=(7.5, 2.5), sharey=True)
    for axes, (title, valid_idx) in zip(panels, parts.items(), strict=True):
        train = torch.ones(len(labels), dtype=torch.bool)
        train[valid_idx] = False
        for shift, name, chosen, hatch in ((-0.2, "training", labels[train], ""), (0.2, "validation", labels[valid_idx], "//")):
            share = chosen.bincount(minlength=10) / max(len(chosen), 1)
            axes.bar(torch.arange(10) + shift, share, width=0.4, label=name, hatch=hatch)
        axes.set(title=title, xlabel="digit", xticks=range(10))
    panels[0].set_ylabel("share of the part")
    panels[0].legend()
    show("Shares of the digits in training and validation: quite different for the last fifth, alike after shuffling.")


def files(path, per_digit, choose):
    """The files of a balanced subset of both parts; choose: your `balanced_subset`. Of a rare digit there may be fewer."""
    chosen = []
    for part in PARTS:
        found = [file for digit in range(10) for file in sorted((path / part / str(digit)).glob("*.png"))]
        digits = torch.tensor([int(file.parent.name) for file in found])
        most = min(per_digit, digits.bincount().min().item())
        chosen += [found[i] for i in choose(digits, most, torch.Generator().manual_seed(0))]
    return chosen


def seconds(work, repeats=3):
    """How long `work()` takes: the shortest of several runs, as everything else on the machine can only slow it down."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)
