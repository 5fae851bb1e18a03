"""The visible checks of notebook 02: small examples, and what the usual mistakes make of them."""

import math

import torch
from course import checks, expect
from torch import tensor


@checks(
    "class_means",
    hint="Choose the images of one digit, and average over the axis that counts images. Begin with ten images of zeros.",
    look="section 1, the hint that is folded away",
)
def _(class_means):
    ramp = torch.linspace(0, 1, 784).reshape(28, 28)
    some = torch.stack([ramp, ramp.T, 1 - ramp, ramp / 2, ramp / 4])  # their digits: 3, 1, 1, 3, 0
    right = torch.zeros(10, 28, 28)
    right[0], right[1], right[3] = ramp / 4, (ramp.T + 1 - ramp) / 2, ramp * 3 / 4
    size = tensor([1, 2, 1, 2, 1, 1, 1, 1, 1, 1])[:, None, None]  # images of each digit, 1 where there are none
    absent = tensor([0, 0, 1, 0, 1, 1, 1, 1, 1, 1])[:, None, None] == 1
    expect(
        "five images of three digits",
        class_means(some, tensor([3, 1, 1, 3, 0])),
        right,
        {
            "digits without images are NaN; they must be zeros": right.masked_fill(absent, math.nan),
            "these are sums: divide by the number of images of the digit": right * size,
            "divide by the number of images of the digit, not by N / 10": right * size / (5 / 10),
            "divide by the number of images of the digit, not by all N": right * size / 5,
            "only digits that occur are there; return all ten": right[[0, 1, 3]],
            "this is one number a digit; average over the images, not over the pixels": right.mean(dim=(1, 2)),
        },
    )
    thrice = tensor([1.0, 0.0, 0.0]).double()[:, None, None].expand(3, 28, 28)
    third = torch.cat([torch.full((1, 28, 28), 1 / 3), torch.zeros(9, 28, 28)]).double()
    mistakes = {
        "each image counts the same: divide the sum by their number": third * 3 / 4,
        "the result has the type of the images": third.float(),
    }
    expect("three images of a 0, in float64", class_means(thrice, torch.zeros(3, dtype=torch.int64)), third, mistakes)


# Differences from a grey mean: half of the pixels +0.6, the other half -0.2 (image 0) or 0 (image 1).
HALVES = torch.zeros(2, 28, 28)
HALVES[:, :, :14], HALVES[0, :, 14:] = 0.6, -0.2
GREY = torch.full((28, 28), 0.3)


@checks("mae", hint="Which axes are the pixels? `mean` takes several axes at once.", look="section 2, the left formula")
def _(mae):
    expect(
        "two images and one mean",
        mae(HALVES + GREY, GREY),
        tensor([0.4, 0.3]),
        {
            "differences of opposite sign cancel: take absolute values before the mean": tensor([0.2, 0.3]),
            "you averaged over the images too: only over the last two axes": tensor(0.35),
            "this is the sum over the pixels: take the mean": tensor([0.4, 0.3]) * 784,
            "average over the last two axes, not over one of them": HALVES.abs().mean(dim=-1),
            "this is the squared error": tensor([0.2, 0.18]),
            "you add the mean: subtract it": (HALVES + 2 * GREY).mean(dim=(1, 2)),
        },
    )
    expect("two images, each with ten means", tuple(mae(HALVES[:, None], torch.zeros(10, 28, 28)).shape), (2, 10))


@checks("mse", hint="Only one thing differs from mae.", look="section 2, the right formula")
def _(mse):
    expect(
        "two images and one mean",
        mse(HALVES + GREY, GREY),
        tensor([0.2, 0.18]),
        {
            "square each difference before the mean, not the mean": tensor([0.04, 0.09]),
            "subtract first, then square": tensor([0.32, 0.36]),
            "you averaged over the images too: only over the last two axes": tensor(0.19),
            "this is the sum over the pixels: take the mean": tensor([0.2, 0.18]) * 784,
            "no root here: the mean squared error is not rooted": tensor([0.2, 0.18]).sqrt(),
            "average over the last two axes, not over one of them": (HALVES**2).mean(dim=-1),
            "there is no factor of one half in it": tensor([0.1, 0.09]),
        },
    )
    expect("two images, each with ten means", tuple(mse(HALVES[:, None], torch.zeros(10, 28, 28)).shape), (2, 10))


@checks("megabytes", hint="Multiply the lengths of the axes. A float32 takes four bytes.", look="notebook 01, section 4")
def _(megabytes):
    entries = 10_000 * 10 * 28 * 28 / 1e6
    said = {"that is the number of entries; each takes four bytes": entries, "that is float64": 8 * entries}
    expect("megabytes", float(megabytes), 4 * entries, said, tolerance=0.01)


@checks(
    "predict_nearest",
    hint="`distance(images, means[3])` has the shape (N,). Put ten of these side by side; along which axis is the smallest?",
    look="torch.stack and torch.argmin, and what their argument dim does",
)
def _(predict_nearest):
    steps = (torch.arange(10) / 10)[:, None, None].expand(10, 28, 28)  # mean d has the brightness d / 10 everywhere
    greys = tensor([0.31, 0.88, 0.0, 0.52])[:, None, None].expand(4, 28, 28).clone()
    greys[2, 14, 14] = 0.8  # one light pixel: by its largest gap that image is nearest to 4, by the mean of its gaps to 0

    def largest_gap(a, b):
        return (a - b).abs().amax(dim=(-2, -1))

    expect(
        "four grey images",
        predict_nearest(greys, steps, largest_gap),
        tensor([3, 9, 4, 5]),
        {
            "you measure with a distance of your own: use the one that is handed over": tensor([3, 9, 0, 5]),
            "you chose the farthest mean: use argmin": tensor([9, 0, 9, 0]),
            "these are the distances: return the index of the smallest": tensor([0.01, 0.02, 0.4, 0.02]),
            "this is the nearest image of each mean; find the nearest mean of each image": tensor([0, 0, 0, 0, 0, 3, 3, 1, 1, 1]),
        },
    )
    single = {"keep the axis (N,), also for N = 1": tensor(3)}
    expect("a single image", predict_nearest(greys[:1], steps, largest_gap), tensor([3]), single)


@checks(
    "accuracy",
    hint="Read the docstring again: what does it return, and what does it raise? Look at the shapes before you compare.",
    look="notebook 01, section 3",
)
def _(accuracy):
    said, true = tensor([3, 3, 5, 9, 0, 1, 0]), tensor([3, 8, 5, 4, 0, 8, 8])
    expect(
        "three of seven",
        accuracy(said, true),
        3 / 7,
        {
            "this is a percentage: return a fraction of 1": 300 / 7,
            "this is the number of correct predictions: divide by N": 3,
            "this is a tensor, and a Python float was promised": tensor(3 / 7),
            "this is the share of wrong predictions: count the right ones": 4 / 7,
            "you average over the digits: count all images alike": 3 / 5,
        },
    )
    columns = said[:, None], true[:, None]
    for name, pair in {"(N, 1) and (N,)": (columns[0], true), "(1,) and (N,)": (said[:1], true), "two (N, 1)": columns}.items():
        try:
            accuracy(*pair)
        except ValueError:
            print(f"ok  {name} are refused")
        else:
            raise AssertionError(f"{name} were compared without a word: raise ValueError unless both are (N,)")
    mistakes = {"that is a mean over batches: count what is right in all of them, and divide once": 0.5}
    expect("16 of 17", accuracy(torch.arange(17), tensor([*range(16), 0])), 16 / 17, mistakes)


@checks(
    "best_values",
    hint="Squares: for which m do all the m - v add up to 0? Absolute values: from m = 0, how does the sum change if m goes up "
    "by a little? Three differences grow, and two shrink.",
    look="section 5; the words mean and median",
)
def _(best_for_squares, best_for_absolute):
    pixel = tensor([0, 0, 0, 0.9, 1])
    grid = torch.linspace(0, 1, 1001)[:, None]
    squares, absolute = (grid[cost.sum(dim=1).argmin()].item() for cost in ((pixel - grid) ** 2, (pixel - grid).abs()))
    expect("the sum of squares", float(best_for_squares), squares, {"that is for the other sum": absolute}, tolerance=0.006)
    expect("the sum of absolute differences", float(best_for_absolute), absolute, {"that is for the other sum": squares}, 0.006)


@checks(
    "confusion_matrix",
    hint="With a loop: begin with a table of zeros, and go through both tensors together.",
    look="section 6, the hint that is folded away",
)
def _(confusion_matrix):
    right = torch.zeros(10, 10, dtype=torch.int64)
    right[0, 0], right[0, 1], right[1, 1], right[2, 0] = 1, 3, 1, 1
    expect(
        "six predictions",
        confusion_matrix(tensor([0, 1, 1, 1, 1, 0]), tensor([0, 0, 0, 0, 1, 2])),
        right,
        {
            "rows and columns are exchanged: the row is the true digit": right.T,
            "a pair that occurs several times was counted once": right.clamp(max=1),
            "these are shares: return counts": right / right.sum(dim=1, keepdim=True).clamp(min=1),
            "the table has ten rows and columns, also for digits that do not occur": right[:3, :3],
            "the counts are floats: make them int64": right.float(),
        },
    )
