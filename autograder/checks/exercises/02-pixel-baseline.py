"""Checks of 02-pixel-baseline. Distances for predict_nearest are written out in its cases: an error in `mse` costs once."""

import torch

from autograder.checks import body, case, edit, exercise, integers, labels, loop_free, normal, uniform


def ink(*shape):
    """Images of which half the pixels are black."""
    return lambda g: (2 * torch.rand(*shape, generator=g) - 1).clamp(min=0)


def means_of(title, images, labels, weight=1):
    return case(title, "class_means(images, labels)", weight=weight, images=images, labels=labels)


class_means = exercise(
    "class_means",
    means_of("60 images of all digits", ink(60, 28, 28), labels(60), weight=2),
    means_of("uneven numbers of each digit", ink(47, 28, 28), lambda g: (torch.rand(47, generator=g) ** 2 * 10).long()),
    means_of("digits without images", uniform(20, 28, 28), integers(20, low=2, high=7), weight=2),
    means_of("a single image", uniform(1, 28, 28), integers(1)),
    means_of("300 images of one digit, more than a byte can count", uniform(300, 28, 28), torch.full((300,), 4)),
    means_of("ten images, with pixels below 0", normal(10, 28, 28), labels(10)),
    means_of("digit after digit, as load_folder gives them", uniform(30, 28, 28), torch.arange(10).repeat_interleave(3)),
    means_of("float64 stays float64", uniform(25, 28, 28, dtype=torch.float64), labels(25)),
    mistakes={
        "A digit without images gets the mean of all, not zeros.": edit("new_zeros(10, 28, 28)", "mean(dim=0).repeat(10, 1, 1)"),
        "Each new image counts as much as all before it together; divide the sum of a digit's images by their number.": body(
            "means, seen = images.new_zeros(10, *images.shape[1:]), set()",
            "for image, digit in zip(images, labels.tolist(), strict=True):",
            "    means[digit] = (means[digit] + image) / 2 if digit in seen else image",
            "    seen.add(digit)",
            "return means",
        ),
        "A digit without images gives NaN, as 0 / 0 does; it must give zeros.": edit("labels.unique()", "range(10)"),
        "You average over the pixels, too; average over the images.": edit("return means", "return means.mean(dim=(1, 2))"),
        "You divide by N / 10; divide by the number of images of that digit.": edit("mean(...)", "sum(...) * 10 / len(images)"),
        "You divide by the number of all images; divide by that of the digit.": edit("mean(dim=0)", "sum(dim=0) / len(images)"),
        "You return the sums; return them divided by the number of images of each digit.": edit(".mean", ".sum"),
        "You take the first image of each digit; average all of them.": edit("mean(dim=0)", "select(0, 0)"),
        "You return only the digits that occur; return all ten, zeros where there are no images.": edit(
            "return means", "return means[labels.unique()]"
        ),
        "Your digits stand in the order in which they first appear; entry d must be the digit d.": body(
            "order = list(dict.fromkeys(labels.tolist()))",
            "order += [digit for digit in range(10) if digit not in order]",
            "return right(images, labels)[order]",
        ),
        "The largest label says how many means come; there are ten.": edit("return means", "return means[: labels.max() + 1]"),
        "You leave out the digit 9; range(10) goes from 0 to 9.": edit("return means", "return means[:9]"),
        "You take medians; take means.": edit("mean(dim=0)", "median(dim=0).values"),
        "You divide by one more than the number of images, so the means are too dark; guard against 0 only.": edit(
            "mean(dim=0)", "sum(dim=0) / ((labels == digit).sum() + 1)"
        ),
        "Of each digit the last image alone is left; average all.": edit("[labels == digit].mean(...)", "[labels == digit][-1]"),
        "Only one image of each digit gets into the sum, as with `[labels] +=`; add all of them, say with index_add_.": body(
            "sums = images.new_zeros(10, 28, 28)",
            "sums[labels] += images",
            "return sums / labels.bincount(minlength=10).clamp(min=1)[:, None, None]",
        ),
        "The last image counts one half, the one before a quarter, as by (mean + image) / 2; divide the sum by the count.": body(
            "means = images.new_zeros(10, 28, 28)",
            "for image, digit in zip(images, labels.tolist()):",
            "    means[digit] = (means[digit] + image) / 2",
            "return means",
        ),
        "There is an axis too many: (10, 28, 28), not (10, 1, 28, 28).": edit("(10, 28, 28)", "(10, 28, 28)[:, None]"),
        "Your images are transposed: rows and columns are exchanged.": edit("mean(dim=0)", "mean(dim=0).T"),
        "Your result is float32 whatever comes in; keep the type of the images.": edit("(10, 28, 28)", "(10, 28, 28).float()"),
        "Your result is float64 whatever comes in; keep the type of the images.": edit("(10, 28, 28)", "(10, 28, 28).double()"),
        "Every digit gets the mean of all images; take only those of the digit.": body("return images.mean(0).repeat(10, 1, 1)"),
        "You return a list or a tuple; return one tensor of shape (10, 28, 28).": edit("return means", "return list(means)"),
    },
    alternatives={
        "index_add_": body(
            "sums = torch.zeros(10, 28, 28, dtype=images.dtype).index_add_(0, labels, images)",
            "return sums / torch.bincount(labels, minlength=10).clamp(min=1)[:, None, None]",
        ),
        "a matrix of zeros and ones, einsum": body(
            "member = (labels[None] == torch.arange(10)[:, None]).to(images.dtype)",
            'return torch.einsum("cn,nhw->chw", member, images) / member.sum(dim=1).clamp(min=1)[:, None, None]',
        ),
        "a loop over images": """
def class_means(images, labels):
    sums, counts = torch.zeros_like(images[:1]).repeat(10, 1, 1), [0] * 10
    for image, digit in zip(images, labels):
        sums[digit] += image
        counts[digit] += 1
    for digit in range(10):
        if counts[digit] > 0:
            sums[digit] /= counts[digit]
    return sums
""",
        "nan_to_num": body("return torch.stack([images[labels == digit].mean(0) for digit in range(10)]).nan_to_num(0)"),
        "summed in float64": """
def class_means(images, labels):
    means = []
    for digit in range(10):
        chosen = images[labels.eq(digit)].double()
        means.append(chosen.mean(0) if len(chosen) else torch.zeros(28, 28).double())
    return torch.stack(means).to(images.dtype)
""",
        "a product of matrices": body(
            "one_hot = torch.eye(10, dtype=images.dtype)[labels]",
            "sums = one_hot.T @ images.reshape(len(images), -1)",
            "return (sums / one_hot.sum(0).clamp(min=1)[:, None]).reshape(10, 28, 28)",
        ),
    },
    equivalent={
        "an axis of length 1 more or less fits into the row": [
            edit("mean(dim=0)", "mean(dim=0, keepdim=True)"),
            edit("mean(dim=0)", "mean(dim=0).squeeze()"),
        ],
        "whatever becomes of zeros is zero, and no axis has length 1": [
            "new_zeros(10, 28, 28)",
            edit("return means", "return means.squeeze()"),
        ],
        "the row is zero before": [edit("means[digit] =", "means[digit] +=")],
    },
)


def distance_cases(name):
    """The same cases for both distances."""
    call = f"{name}(a, b)"
    return (
        case("two images", call, a=normal(28, 28), b=normal(28, 28)),
        case("several images and one mean", call, weight=2, a=normal(6, 28, 28), b=normal(28, 28)),
        case("as many images as means", call, a=normal(7, 28, 28), b=normal(7, 28, 28)),
        case("several images, each with ten means", call, a=ink(5, 1, 28, 28), b=ink(10, 28, 28)),
        case("one image as a batch of one", call, a=uniform(1, 28, 28), b=uniform(28, 28)),
        case("differences of one sign", call, a=uniform(3, 28, 28, low=1, high=2), b=uniform(28, 28)),
        case("equal images", call, a=torch.ones(2, 28, 28), b=torch.ones(28, 28)),
        case("float64 stays float64", call, a=normal(4, 28, 28, dtype=torch.float64), b=normal(28, 28, dtype=torch.float64)),
    )


# What goes wrong in either distance.
FOR_BOTH = {
    "You average over all axes, the images too: average over the last two only.": edit("dim=(-2, -1)", ""),
    "You return the sum over the pixels; take the mean.": edit("mean", "sum"),
    "You average over the last axis only; average over the last two.": edit("mean(dim=(-2, -1))", "mean(dim=-1)"),
    "You average over the first two axes; average over the last two, dim=(-2, -1).": edit("-2, -1", "0, 1"),
    "You average over axes 1 and 2, which are the last two only for (N, 28, 28): count from the end, dim=(-2, -1).": edit(
        "-2, -1", "1, 2"
    ),
    "You add the images; subtract them.": edit("- b", "+ b"),
    "You divide by 28; there are 28 * 28 pixels.": edit("mean(dim=(-2, -1))", "sum(dim=(-2, -1)) / 28"),
    "You divide by the length of axis 0; there are 28 * 28 pixels.": edit("mean(...)", "sum(...) / len(a)"),
    "Your result has two axes of length 1 too many: no keepdim.": edit("dim=(-2, -1)", "dim=(-2, -1), keepdim=True"),
    "You return a Python number or a list; return a tensor.": edit("mean(...)", "mean(...).tolist()"),
}


mae = exercise(
    "mae",
    *distance_cases("mae"),
    mistakes={
        "You subtract absolute values, and take another one at the end; take that of each pixel's difference, a - b.": edit(
            "(a - b).abs().mean(dim=(-2, -1))", "(a.abs() - b.abs()).mean(dim=(-2, -1)).abs()"
        ),
        "Differences of opposite sign cancel: average their absolute values.": edit("abs().mean", "mean"),
        "You take the absolute value after the mean, in which differences cancel; take that of each difference first.": edit(
            "abs().mean(...)", "mean(...).abs()"
        ),
        **FOR_BOTH,
        "This is the squared error; average the absolute values of the differences without squaring them.": edit("abs", "square"),
        "That is the root of the mean square; average |a - b|.": edit("abs()", "square()", "mean(...)", "mean(...).sqrt()"),
        "You subtract absolute values; take that of each difference, a - b.": edit("(a - b).abs()", "(a.abs() - b.abs())"),
        "Your result is halved; there is no factor of one half in the mean absolute error.": edit("mean(...)", "mean(...) / 2"),
        "You take the largest difference; take the mean.": edit("mean", "amax"),
        "You take the median of the differences; take the mean.": edit("mean(dim=(-2, -1))", "flatten(-2).median(dim=-1).values"),
        "Your result has an axis too many for (N, 28, 28), as with a[:, None]; leave the axes in front to broadcasting.": body(
            "return (a[:, None] - b).abs().mean(dim=(-2, -1)) if a.ndim == 3 else right(a, b)"
        ),
        "You return the negative error; a distance is not negative.": edit("(a - b)", "-(a - b)"),
        "You change the input `a`; let the difference be a new tensor.": edit("return (a - b)", "a -= b\n    return a"),
    },
    alternatives={
        "torch.abs, one axis after the other": body("return torch.abs(b - a).mean(-1).mean(-1)"),
        "flattened pixels": body("return (a - b).abs().flatten(start_dim=-2).mean(dim=-1)"),
        "a sum, divided by the number": body("return (a - b).abs().sum((-1, -2)) / (a.shape[-1] * a.shape[-2])"),
        "the larger minus the smaller": body("return (torch.maximum(a, b) - torch.minimum(a, b)).mean([-2, -1])"),
        "the root of the square": body("return ((a - b) ** 2).sqrt().mean((-2, -1))"),
        "einsum": body("return torch.einsum('...hw->...', (a - b).abs()) / 784"),
        "in place on a copy": body("d = (a - b).clone()", "d.abs_()", "return d.mean(dim=-1).mean(dim=-1)"),
    },
    equivalent={
        "the sign is lost in abs": [edit("a - b", "b - a")],
        "the order of averaged axes is free": [edit("(-2, -1)", "(-1, -2)")],
    },
)

mse = exercise(
    "mse",
    *distance_cases("mse"),
    mistakes={
        "You square the mean of the absolute differences; square each difference.": edit(
            "((a - b) ** 2).mean(dim=(-2, -1))", "(a - b).abs().mean(dim=(-2, -1)) ** 2"
        ),
        "Differences of opposite sign cancel: average their squares.": edit("** 2", ""),
        "You square after the mean, in which differences cancel; square each pixel's difference first.": edit(
            "(a - b) ** 2", "a - b", "mean(dim=(-2, -1))", "mean(dim=(-2, -1)) ** 2"
        ),
        **FOR_BOTH,
        "This is the root of the mean squared error; leave it out.": edit("mean(dim=(-2, -1))", "mean(dim=(-2, -1)).sqrt()"),
        "Your result is halved; there is no factor of one half in the mean squared error.": edit("mean(...)", "mean(...) / 2"),
        "This is the mean absolute error; average the squares of the differences.": edit("((a - b) ** 2)", "(a - b).abs()"),
        "You subtract the squares; square each pixel's difference, a - b.": edit("(a - b)", "a**2 - b"),
        "This is the variance of the differences, which forgets their mean; average the squares of the differences.": edit(
            "((a - b) ** 2).mean(dim=(-2, -1))", "(a - b).var(dim=(-2, -1), correction=0)"
        ),
        "You double the differences; square them, with ** 2.": edit("** 2", "* 2"),
        "You multiply the differences as matrices, as @ does; square pixel by pixel.": edit("** 2", "@ (a - b)"),
        "You change the input `a`; let the difference be a new tensor.": edit("return ((a - b)", "a -= b\n    return (a"),
    },
    alternatives={
        "a product with itself": body("d = b - a", "return (d * d).mean(dim=(-1, -2))"),
        "flattened pixels": body("return (a - b).pow(2).flatten(-2).mean(-1)"),
        "one axis after the other": body("return torch.square(a - b).mean(dim=-2).mean(dim=-1)"),
        "a norm, squared": body("return torch.linalg.vector_norm(a - b, dim=(-2, -1)) ** 2 / 784"),
        "einsum": body("d = a - b", "return torch.einsum('...hw,...hw->...', d, d) / 784"),
        "in place on a copy": body("d = a - b", "d.mul_(d)", "return d.sum((-2, -1)).div(784)"),
    },
    equivalent={
        "the sign is lost in the square": [edit("a - b", "b - a")],
        "the order of averaged axes is free": [edit("(-2, -1)", "(-1, -2)")],
    },
)


ABSOLUTE = "predict_nearest(images, means, lambda a, b: (a - b).abs().mean(dim=(-2, -1)))"
SQUARED = "predict_nearest(images, means, lambda a, b: ((a - b) ** 2).mean(dim=(-2, -1)))"
LARGEST = "predict_nearest(images, means, lambda a, b: (a - b).abs().amax(dim=(-2, -1)))"


def nearest(title, distance, n, high=1.0, weight=1):
    images, means = (uniform(size, 28, 28, high=high) for size in (n, 10))
    return case(title, distance, weight=weight, tolerance="exact", images=images, means=means)


predict_nearest = exercise(
    "predict_nearest",
    nearest("40 images, squared error", SQUARED, 40, weight=2),
    nearest("250 images of large numbers, absolute error", ABSOLUTE, 250, high=500),
    nearest("another distance: the largest gap", LARGEST, 40),
    nearest("a single image", SQUARED, 1),
    nearest("as many images as means", SQUARED, 10),
    nearest("a digit without images", SQUARED.replace("means", "means * (torch.arange(10) != 3)[:, None, None]"), 40),
    case("the means themselves", ABSOLUTE.replace("images", "means.flip(0)"), tolerance="exact", means=uniform(10, 28, 28)),
    loop_free(
        "no Python loop over images",
        SQUARED,
        weight=2,
        tolerance="exact",
        images=lambda n: uniform(n, 28, 28),
        means=uniform(10, 28, 28),
    ),
    mistakes={
        "Each mean is compared with the first alone; compare it with the nearest so far, and update that.": body(
            "first, nearest = distance(images, means[0]), torch.zeros(len(images), dtype=torch.int64)",
            "for digit in range(1, 10):",
            "    nearest[distance(images, means[digit]) < first] = digit",
            "return nearest",
        ),
        "You choose the farthest mean; choose the one with the smallest distance.": edit("torch", "-torch"),
        "You find each mean's nearest image; find each image's nearest mean (the other axis).": edit(", dim=1", ", dim=0"),
        "You return the smallest distance; return which mean has it, as argmin does.": edit("argmin", "amin"),
        "You return all distances; return which of them is the smallest.": edit(".argmin(dim=1)", ""),
        "You go through the images in a Python loop; treat all of them at once, from the distances to the digits.": body(
            "return torch.stack([distance(image, means).argmin() for image in images])"
        ),
        "A single image loses its axis; the result must be (1,), not ().": edit("(dim=1)", "(dim=1).squeeze()"),
        "You always choose as the squared error does; use the distance that you are given.": body(
            "return right(images, means, lambda a, b: ((a - b) ** 2).mean(dim=(-2, -1)))"
        ),
        "You always choose as the absolute error does; use the distance that you are given.": body(
            "return right(images, means, lambda a, b: (a - b).abs().mean(dim=(-2, -1)))"
        ),
        "One number comes back: the whole table is searched, as by argmin without an axis; use dim=1.": edit("(dim=1)", "()"),
        "You return the first image's prediction alone; return all.": body("return right(images[:1], means, distance)"),
        "All images get the digit of the average image; predict each by itself.": body(
            "return right(images.mean(dim=0, keepdim=True), means, distance).repeat(len(images))"
        ),
        "Your predictions are floating-point numbers; make them int64.": edit("(dim=1)", "(dim=1).float()"),
        "Your predictions are a column, (N, 1), as with keepdim=True; make them (N,).": edit("(dim=1)", "(dim=1)[:, None]"),
        "Your predictions are one-hot; return the digit itself.": edit("return ...", "return torch.eye(10).long()[...]"),
        "Your digits are one too high: the first mean belongs to digit 0.": edit("(dim=1)", "(dim=1) + 1"),
        "You return a list; return a tensor.": edit("(dim=1)", "(dim=1).tolist()"),
        "Images meet means one to one: give them an axis each, images[:, None], or go through the means.": body(
            "return distance(images, means[torch.arange(len(images)) % 10]).long()"
        ),
        "You leave out the last mean; there are ten.": edit("in means", "in means[:9]"),
        "You return distances, too; return the digits alone.": edit("return ...", "return tuple(distances.min(dim=1))"),
    },
    alternatives={
        "all at once by broadcasting": body("return distance(images[:, None], means).argmin(dim=1)"),
        "the means in front": body("return distance(means.unsqueeze(1), images.unsqueeze(0)).argmin(0)"),
        "min with indices": body(
            "table = torch.stack([distance(images, means[digit]) for digit in range(len(means))])",
            "return table.min(dim=0).indices",
        ),
        "the largest negative distance": body(
            "table = torch.zeros(images.shape[0], means.shape[0])",
            "for digit, mean in enumerate(means):",
            "    table[:, digit] = -distance(images, mean)",
            "return table.argmax(-1)",
        ),
        "the best so far": """
def predict_nearest(images, means, distance):
    best = distance(images, means[0])
    digits = torch.zeros(len(images), dtype=torch.int64)
    for digit in range(1, 10):
        d = distance(images, means[digit])
        digits = torch.where(d < best, digit, digits)
        best = torch.minimum(best, d)
    return digits
""",
        "sorted distances": body("return distance(images.unsqueeze(-3), means).argsort(dim=-1)[..., 0]"),
    },
    equivalent={
        "the nearest stays the nearest": [
            edit("], dim=1)", f"], dim=1){how}") for how in (" * 2", " / 2", " ** 2", ".sqrt()", ".log()")
        ],
        "a distance is the same both ways": [edit("(images, mean)", "(mean, images)")],
    },
)


def scored(title, predictions, labels, weight=1, raises=None):
    return case(title, "accuracy(predictions, labels)", weight=weight, raises=raises, predictions=predictions, labels=labels)


accuracy = exercise(
    "accuracy",
    scored("40 predictions", integers(40, high=3), integers(40, high=3), weight=2),
    scored("41 predictions: a short last batch must not count more", integers(41, high=2), integers(41, high=2)),
    scored(
        "a digit that occurs more often",
        lambda g: torch.cat([torch.zeros(26), torch.ones(5)]).long(),
        lambda g: torch.cat([torch.zeros(25), torch.tensor([1, 0, 0, 2, 1, 2])]).long(),
    ),
    scored("a single prediction", torch.tensor([4]), torch.tensor([4])),
    scored("none is right", torch.arange(10), torch.arange(1, 11) % 10),
    scored("all 600 are right", torch.arange(600) % 10, torch.arange(600) % 10),
    scored("a column of predictions is refused", integers(12, 1), integers(12), weight=2, raises=ValueError),
    scored("a column of labels is refused", integers(12), integers(12, 1), raises=ValueError),
    scored("two columns are refused", integers(12, 1), integers(12, 1), raises=ValueError),
    scored("one prediction for many labels is refused", integers(1), integers(12), raises=ValueError),
    scored("fewer predictions than labels are refused", integers(11), integers(12), raises=ValueError),
    scored("scores instead of predictions are refused", normal(10, 10), labels(10), raises=ValueError),
    mistakes={
        "You compare (N, 1) with (N,), N x N pairs: raise ValueError unless both are (N,).": edit("if ...:", "if False:"),
        "You compare lengths; (N, 1) has that of (N,). Compare shapes.": edit("if ...:", "if len(predictions) != len(labels):"),
        "You accept two columns (N, 1); both must be (N,).": edit("predictions.ndim != 1 or", ""),
        "You take a column as if it were (N,); raise ValueError, or its author never learns of it.": body(
            "return (predictions.flatten()[: labels.numel()] == labels.flatten()).float().mean().item()"
        ),
        "For wrong shapes you raise another exception; raise ValueError (assert does not).": edit("ValueError", "AssertionError"),
        "You return a percentage; return a fraction of 1.": edit("return", "return 100 *"),
        "You return the number of correct predictions; divide by N.": edit("/ len(labels)", ""),
        "You return a tensor; make it a Python float with .item().": edit(".item()", ""),
        "You return the share of errors; return the share of correct predictions.": edit("==", "!="),
        "You average the accuracies of batches; a short last one counts too much. Average over all images.": body(
            "parts = zip(predictions.split(16), labels.split(16))", "return float(np.mean([right(p, t) for p, t in parts]))"
        ),
        "You average the accuracies of the digits, which weighs rare digits more: average over all images.": body(
            "right(predictions, labels)",
            "return sum((predictions[labels == d] == d).float().mean().item() for d in labels.unique()) / len(labels.unique())",
        ),
        "You round the result; return it as it is.": edit("return ...", "return round(..., 1)"),
        "It is 1 only if all are right, else 0; return the share.": edit(".item() / len(labels)", ".item() // len(labels) / 1"),
        "The number of right predictions is divided by {number}; divide it by the number of labels that you are given.": edit(
            "/ len(labels)", "/ {number}", number=(10, 1000, 10000, 60000)
        ),
        "You count right predictions of digits other than 0 only; a 0 that is read as a 0 is right, too.": edit(
            "(predictions == labels).sum()", "((predictions == labels) * labels).count_nonzero()"
        ),
        "You measure how far apart the digits are; count those that are equal.": edit(
            "return ...", "return 1 - (predictions - labels).abs().float().mean().item() / 9"
        ),
        "You return a bool for each image; return the share of True.": edit("return ...", "return predictions == labels"),
    },
    alternatives={
        "the mean of zeros and ones": body(
            "if predictions.dim() != 1 or labels.dim() != 1 or len(predictions) != len(labels):",
            '    raise ValueError("shapes differ")',
            "return (predictions == labels).float().mean().item()",
        ),
        "a loop": """
def accuracy(predictions, labels):
    if predictions.ndim != 1 or labels.ndim != 1 or len(predictions) != len(labels):
        raise ValueError(f"{predictions.shape} and {labels.shape}")
    hits = 0
    for p, t in zip(predictions.tolist(), labels.tolist()):
        hits += p == t
    return hits / len(labels)
""",
        "by way of NumPy": body(
            "p, t = predictions.numpy(), labels.numpy()",
            "if p.ndim != 1 or p.shape != t.shape:",
            '    raise ValueError("both must be (N,)")',
            "return float(np.mean(p == t))",
        ),
        "one minus the errors": body(
            "if tuple(predictions.shape) != tuple(labels.shape) or predictions.dim() > 1:",
            "    raise ValueError",
            "return 1.0 - torch.ne(predictions, labels).double().mean().item()",
        ),
        "counted differences": body(
            "if not (predictions.ndim == labels.ndim == 1 and predictions.numel() == labels.numel()):",
            '    raise ValueError("(N,) and (N,)")',
            "return float(((predictions - labels) == 0).sum()) / labels.numel()",
        ),
    },
    equivalent={
        "a vector has one axis": ["sum()"],
        "the next condition compares the shapes": [edit("predictions.ndim", "labels.ndim")],
    },
)


CONFUSION = "confusion_matrix(predictions, labels)"

confusion_matrix = exercise(
    "confusion_matrix",
    case("200 predictions", CONFUSION, weight=2, predictions=integers(200), labels=integers(200)),
    case("digits that never occur", CONFUSION, weight=2, predictions=integers(60, high=4), labels=integers(60, low=1, high=6)),
    # More than a byte can count.
    case("one pair again and again", CONFUSION, predictions=torch.full((300,), 7), labels=torch.full((300,), 2)),
    case("a single prediction", CONFUSION, predictions=integers(1), labels=integers(1)),
    case("all are right", CONFUSION, predictions=torch.arange(10).repeat(3), labels=torch.arange(10).repeat(3)),
    case("as many predictions as digits", CONFUSION, predictions=integers(10), labels=labels(10)),
    mistakes={
        "Large counts wrap around, as above 255 in uint8; use int64.": edit("return ...", "return (...).byte().long()"),
        "Rows and columns are exchanged: the row is the true digit.": edit("(10, 10)", "(10, 10).T"),
        "You return shares of each true digit; return counts.": body(
            "m = right(predictions, labels)", "return m / m.sum(dim=1, keepdim=True).clamp(min=1)"
        ),
        "You return shares of all images; return counts.": edit("(10, 10)", "(10, 10) / len(labels)"),
        "A pair is counted once however often it comes, as by `matrix[labels, predictions] += 1`; use bincount.": body(
            "m = torch.zeros(10, 10, dtype=torch.int64)", "m[labels, predictions] += 1", "return m"
        ),
        "The size of your table depends on the digits that occur; it must always be 10 x 10.": body(
            "n = int(max(predictions.max(), labels.max())) + 1", "return right(predictions, labels)[:n, :n]"
        ),
        "You leave out digits that do not occur; the table is always 10 x 10.": body(
            "return right(predictions, labels)[labels.unique()][:, predictions.unique()]"
        ),
        "Your counts are floating-point numbers; make them int64.": edit("(10, 10)", "(10, 10).float()"),
        "Your counts are int32; make them int64.": edit("(10, 10)", "(10, 10).int()"),
        "You count the mistakes only; what is right belongs on the diagonal.": edit("(10, 10)", "(10, 10).fill_diagonal_(0)"),
        "You count only what is right; mistakes belong in the table, too.": edit("return ...", "return (...).diag().diag()"),
        "Your table counts each pair in both directions: row true, column predicted, once.": body(
            "m = right(predictions, labels)", "return m + m.T"
        ),
        "Every count is one too high; start from 0.": edit("(10, 10)", "(10, 10) + 1"),
        "You leave out the digit 9: there are ten, 0 to 9.": edit("(10, 10)", "(10, 10)[:9, :9]"),
        "You leave out the digit 0: there are ten digits.": edit("return ...", "m = ...\n    m[0], m[:, 0] = 0, 0\n    return m"),
        "All rows are equal, as in [[0] * 10] * 10; make each row anew.": edit("(10, 10)", "(10, 10).sum(0).repeat(10, 1)"),
        "Your rows number the digits that occur; row d belongs to the digit d, also where others are missing.": body(
            "i, j = (v.unique(return_inverse=True)[1] for v in (predictions, labels))", "return right(i, j)"
        ),
        "Your rows and columns are one off: digit 0 belongs to row 0.": edit("return ...", "return (...).roll((1, 1), (0, 1))"),
        "You lay the 100 counts out in one row; reshape them to (10, 10).": edit(".reshape(10, 10)", ""),
        "You number pairs by label + prediction, which many share; use 10 * label + prediction.": edit("10 * labels", "labels"),
        "You give every pair the number 9 * label + prediction, which some pairs share; use 10 * label + prediction.": edit(
            "10 * labels", "9 * labels"
        ),
        "You return a list of lists; return a tensor.": edit("(10, 10)", "(10, 10).tolist()"),
        "You only mark which pairs occur; count how often.": edit("(10, 10)", "(10, 10) > 0"),
    },
    alternatives={
        "a loop": body(
            "matrix = torch.zeros(10, 10, dtype=torch.int64)",
            "for p, t in zip(predictions, labels):",
            "    matrix[t, p] += 1",
            "return matrix",
        ),
        "index_put_ that accumulates": body(
            "matrix = torch.zeros(10, 10, dtype=torch.int64)",
            "return matrix.index_put_((labels, predictions), torch.ones_like(labels), accumulate=True)",
        ),
        "a product of one-hot tables": body(
            "one_hot = torch.eye(10, dtype=torch.int64)", "return one_hot[labels].T @ one_hot[predictions]"
        ),
        "a count for each entry": body(
            "digits = range(10)",
            "return torch.tensor([[int(((labels == t) & (predictions == p)).sum()) for p in digits] for t in digits])",
        ),
        "row by row": body("return torch.stack([torch.bincount(predictions[labels == t], minlength=10) for t in range(10)])"),
        "by way of NumPy": body(
            "matrix = np.zeros((10, 10), dtype=np.int64)",
            "np.add.at(matrix, (labels.numpy(), predictions.numpy()), 1)",
            "return torch.from_numpy(matrix)",
        ),
    },
    equivalent={
        "100 counts fill ten rows of ten": [edit("(10, 10)", shape) for shape in ("(-1, 10)", "(10, -1)", "(10, 10).squeeze()")]
    },
)

EXERCISES = [class_means, mae, mse, predict_nearest, accuracy, confusion_matrix]
