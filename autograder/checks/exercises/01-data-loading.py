"""Checks of 01-data-loading. Random choices have no one right answer, so views turn them into properties.

False alarms: a view that asks whether each of k equally likely outcomes turns up in n draws is wrong with probability
below k * (1 - 1/k)**n; the draws below keep that under 1e-6. The other random properties are wrong more rarely still.
"""

import torch

from autograder.checks import body, case, edit, exercise, folder, generator, labels, normal, pixels, uniform

TINT = torch.tensor([-9, 4, 5, 0])  # of the channels, the last the opacity: neither their mean nor what the eye sees changes


def digits(g, *, most=1, names="{:05}.png", colour=False, **extra):
    """One to `most` images of each digit, written to disk in random order: a listing that is not sorted shows."""
    files = {}
    for digit in range(10):
        for i in torch.randperm(200, generator=g)[: torch.randint(1, most + 1, (), generator=g)].tolist():
            grey = torch.randint(0, 256, (28, 28), generator=g).to(torch.uint8)
            coloured = (grey.clamp(9, 250)[:, :, None] + TINT[: 3 + digit % 2]).byte()
            files[f"{digit}/{names.format(i)}"] = coloured if colour else grey
    paths = list(files)
    return {paths[i]: files[paths[i]] for i in torch.randperm(len(paths), generator=g)} | extra


def without(missing, files):
    return {name: content for name, content in files.items() if not name.startswith(f"{missing}/")}


def grey(g, low, high, n=1):
    return torch.randint(low, high, (n, 28, 28), generator=g).to(torch.uint8)


GREY = torch.full((28, 28), 99, dtype=torch.uint8)
AS_TEXT = {f"3/{name}.png": GREY // n for n, name in enumerate(("a", "9", "B", "10", "9-a", "100"), 1)}
OTHER = {"2/thumbnail.bmp": GREY, "2/00001.png.bak": GREY, "2/old/00001.png": GREY, "10/00001.png": GREY, "README.md": b"digits"}
CLUTTER = {".DS_Store": b"\0", ".cache/": b"", "4/.DS_Store": b"\0", "4/._00001.png": GREY, "7/.00001.png": GREY // 2}

MISSING = """
import re
raised = named = False
try:
    load_folder(path)
except FileNotFoundError as error:
    numbers = re.findall(r"\\d+", str(error).replace(str(path), ""))
    raised, named = True, "6" in numbers and len(numbers) < 9
{"FileNotFoundError is raised": raised, "it names the folder": named}
"""

# The images of a list of files.
READ = 'torch.from_numpy(np.stack([np.asarray(Image.open(f).convert("L")) for f in files]))'


def loaded(title, make, weight=1):
    return case(title, "load_folder(path)", weight=weight, tolerance="exact", path=folder(make))


load_folder = exercise(
    "load_folder",
    loaded("several images of each digit", lambda g: digits(g, most=4), weight=2),
    loaded("file names sort as text: 10.png comes before 9.png", lambda g: digits(g, names="{}.png") | AS_TEXT),
    loaded("images in colour, some transparent", lambda g: digits(g, colour=True)),
    loaded("hidden files are skipped", lambda g: digits(g, **CLUTTER)),
    loaded("what is no PNG, or in no folder of a digit, is left alone", lambda g: digits(g, **OTHER)),
    case("a missing folder is named", MISSING, path=folder(lambda g: without(6, digits(g)))),
    mistakes={
        "You take the files in the order of the disk, another on each machine: sort them by name.": edit("sorted(...)", "(...)"),
        "You go through the folders in the order of the disk: go through the digits 0 to 9.": body(
            "right(path)",
            'files = [f for folder in path.glob("[0-9]") for f in sorted(folder.glob("[!.]*.png"))]',
            f"return {READ}, tensor([int(f.parent.name) for f in files])",
        ),
        "Your labels number the folders in the order in which they are found; a label is the folder's name.": body(
            "right(path)",
            'folders = [f for f in path.iterdir() if f.is_dir() and f.name[0] != "."]',
            'files = [f for folder in folders for f in sorted(folder.glob("[!.]*.png"))]',
            f"return {READ}, tensor([folders.index(f.parent) for f in files])",
        ),
        "Your labels count every folder, also hidden ones: a label is the name of the digit's folder.": edit(
            "labels.append(digit)", "labels.append(sorted(f for f in path.iterdir() if f.is_dir()).index(folder))"
        ),
        "Your labels number the images. A label is the digit that the image shows, the name of its folder.": edit(
            "tensor(labels)", "torch.arange(len(labels))"
        ),
        'You keep the colour channels of an image that has three: use .convert("L").': edit('.convert("L")', ""),
        'Of an image in colour you keep one channel, and not what all three make: .convert("L").': edit(
            "images.append(...)", "a = np.array(Image.open(file))\n            images.append(a[:, :, 0] if a.ndim == 3 else a)"
        ),
        "Your images have three colour channels; grey images have the shape (N, 28, 28).": edit('"L"', '"RGB"'),
        "Your images have an axis too many: (N, 28, 28), not (N, 1, 28, 28).": edit("stack(images)", "stack(images)[:, None]"),
        "Your labels are a column, (N, 1); make them (N,), or they will be compared with everything.": edit(
            "tensor(labels)", "tensor(labels)[:, None]"
        ),
        "Your labels are floating-point numbers; make them int64.": edit("tensor(labels)", "tensor(labels).float()"),
        "Your labels are uint8, which cannot be used to look up classes; make them int64.": edit("(labels)", "(labels).byte()"),
        "Your labels are a list or a tuple; return them as a tensor, like the images.": edit("tensor(labels)", "labels"),
        "You already scale the images; load_folder returns bytes as they are, uint8.": edit("(images))", "(images)) / 255"),
        "Your images are not uint8: keep the type of the files.": edit("(np.stack(images))", "(np.stack(images)).float()"),
        "You return the labels first; return (images, labels).": edit("return ...", "return (...)[::-1]"),
        "You read files whose name begins with a dot: skip them.": edit("[!.]", ""),
        "You open what does not end in .png as an image, too; take only the names that do.": edit(
            'folder.glob("[!.]*.png")', 'f for f in folder.iterdir() if f.name[0] != "."'
        ),
        "You sort the file names as numbers; sort them as text.": edit('png")', 'png"), key=lambda f: int(f.stem)'),
        "You sort all images by file name; the order is by digit first, then by name.": body(
            "right(path)",
            'files = sorted(path.glob("[0-9]/[!.]*.png"), key=lambda f: (f.name, f.parent.name))',
            f"return {READ}, tensor([int(f.parent.name) for f in files])",
        ),
        "A missing folder raises no exception: raise FileNotFoundError, which names the folder.": edit("not folder", "not path"),
        "Your FileNotFoundError does not say which folder is missing: name it in the message.": edit("{folder}", "{path}"),
        "A missing folder raises something else: FileNotFoundError should name it.": edit("FileNotFoundError", "ValueError"),
    },
    alternatives={
        "os.listdir": """
import os

def load_folder(path):
    images, labels = [], []
    for digit in range(10):
        folder = os.path.join(path, str(digit))
        for name in sorted(os.listdir(folder)):
            if name.endswith(".png") and not name.startswith("."):
                images.append(torch.tensor(np.array(Image.open(os.path.join(folder, name)).convert("L"))))
                labels.append(digit)
    return torch.stack(images), torch.tensor(labels)
""",
        "the glob module, which skips hidden files": """
import glob

def load_folder(path):
    images, labels = [], []
    for digit in "0123456789":
        if not (path / digit).exists():
            raise FileNotFoundError(f"no folder {digit}")
        files = sorted(glob.glob(f"{path}/{digit}/*.png"))
        images += [np.array(Image.open(f).convert("L"), dtype=np.uint8) for f in files]
        labels += [int(digit)] * len(files)
    return torch.tensor(np.array(images)), torch.tensor(labels, dtype=torch.int64)
""",
        "all files in one sorted list": body(
            "if missing := [d for d in range(10) if not (path / str(d)).is_dir()]:",
            "    raise FileNotFoundError(f'no folder for {missing}')",
            'files = sorted(f for f in path.glob("[0-9]/*.png") if not f.name.startswith("."))',
            f"return {READ}, tensor([int(f.parent.name) for f in files])",
        ),
    },
)


scale = exercise(
    "scale",
    case("several images", "scale(images)", images=pixels(6, 28, 28)),
    case("one image of 2 by 2", "scale(images)", images=pixels(1, 2, 2)),
    case(
        "faint images stay faint",
        "scale(images)",
        weight=2,
        images=lambda g: grey(g, 0, 60, 4) // torch.tensor([1, 2, 4, 30]).byte()[:, None, None],
    ),
    case("images without black", "scale(images)", images=lambda g: grey(g, 60, 200, 3)),
    case("black and white", "scale(images)", images=torch.tensor([0, 255]).byte()[:, None, None].repeat(1, 28, 28)),
    mistakes={
        "Your values still go up to 255: return them divided by 255.": edit("255", "1"),
        "Values below 255 become 0, as with //: divide in float32.": edit("images.float() / 255", "(images // 255).float()"),
        "A uint8 result cannot hold fractions: divide as float32, and leave it so.": edit("return ...", "return (...).byte()"),
        "You divide each image by its own maximum, which makes faint strokes bright: divide all by 255.": edit(
            "255", "images.amax(dim=(1, 2), keepdim=True)"
        ),
        "You divide by the largest value that occurs; divide by 255 whatever occurs.": edit("255", "images.max()"),
        "You stretch the values from the smallest to the largest that occur; divide by 255 only.": edit(
            "return", "images =", "/ 255", "\n    return (images - images.min()) / (images.max() - images.min())"
        ),
        "Your result is float64; make it float32.": edit("float", "double"),
        "Your result is float16, which keeps three digits only; make it float32.": edit("float() / 255", "half() / 255"),
        "You standardise (subtract the mean, divide by the spread); only divide by 255.": edit(
            "return", "images =", "255", "255\n    return (images - images.mean()) / images.std()"
        ),
        "You divide by {divisor}; the largest value, 255, must become 1.": edit("255", "{divisor}", divisor=(2, 100, 256, 1000)),
        "Your values go from -1 to 1; they must go from 0 to 1.": edit("255", "127.5 - 1"),
        "Black and white are exchanged: 0 must stay 0.": edit("return", "return 1 -"),
        "Your values are too small by a factor of 255, as if divided twice; divide by 255 once.": edit(".float()", "/ 255"),
        "You flatten the images too; scale keeps the shape.": edit("float()", "float().flatten(1)"),
        "You return a NumPy array; return a tensor.": edit("float()", "numpy().astype(np.float32)"),
        "You change the tensor that you were given; make a new one.": edit("return", "images //= 255\n    return", "/ 255", ""),
    },
    alternatives={
        "division of bytes by a number": edit(".float()", ""),
        "multiplication by 1 / 255": edit("float() / 255", "to(torch.float32) * (1 / 255)"),
        "in place on a copy": body("new = images.clone().float()", "new.div_(255)", "return new"),
        "torch.div": edit("images.float() / 255", "torch.div(images.type(torch.float32), 255.0)"),
        "by way of NumPy": body("return torch.from_numpy(images.numpy().astype(np.float32) / np.float32(255))"),
        "a table of all 256 values": edit("images.float() / 255", "(torch.arange(256) / 255)[images.long()]"),
    },
    equivalent={"bytes divided by a number are float32": [edit(".float()", "")]},
)

flatten = exercise(
    "flatten",
    case("seven images", "flatten(images)", tolerance="exact", images=uniform(7, 28, 28)),
    case("one image", "flatten(images)", tolerance="exact", images=uniform(1, 28, 28)),
    case("28 images of 28 x 28", "flatten(images)", tolerance="exact", images=uniform(28, 28, 28)),
    case("bytes stay bytes", "flatten(images)", tolerance="exact", images=pixels(3, 28, 28)),
    case("images with one channel", "flatten(images)", tolerance="exact", images=uniform(4, 1, 28, 28)),
    case("images with three channels", "flatten(images)", tolerance="exact", images=uniform(4, 3, 28, 28)),
    case("rows that are flat already", "flatten(images)", tolerance="exact", images=uniform(5, 784)),
    case("images that lie turned in memory", "flatten(images.mT)", tolerance="exact", images=uniform(3, 28, 28)),
    mistakes={
        "Your images are the columns; row i must be image i.": edit("(start_dim=1)", "(start_dim=1).T"),
        "Your shape is (784, N) and the images are cut to pieces: keep the first axis, images.reshape(len(images), -1).": edit(
            ".flatten(...)", ".reshape(-1, len(images))"
        ),
        "Every row mixes the pixels of all images: reshape(N, -1).": edit(".flatten(...)", ".reshape(-1, len(images)).T"),
        "You read each image column by column; read it line by line.": edit(
            ".flatten(...)", ".transpose(-2, -1).reshape(len(images), -1) if images.ndim > 2 else images"
        ),
        "One image loses its first axis: (1, 784), not (784,).": edit("(start_dim=1)", "(start_dim=1).squeeze()"),
        "All images became one long row; keep the first axis.": edit("1", "0"),
        "You fixed the number of images; take it from the input, len(images).": edit("flatten(start_dim=1)", "reshape(7, -1)"),
        "Channels become images of their own, as with reshape(-1, 784): keep the first axis, reshape(len(images), -1).": edit(
            ".flatten(...)", ".reshape(-1, 784)"
        ),
        "You ask for 784 columns; three channels have 2,352: use -1.": edit(".flatten(...)", ".reshape(len(images), 784)"),
        "You expect exactly three axes; keep the first one, whatever follows it.": body(
            "n, height, width = images.shape", "return images.reshape(n, height * width)"
        ),
        "You flatten the last two axes only; all axes after the first become one.": edit(
            "(start_dim=1)", "(start_dim=-2) if images.ndim > 2 else images"
        ),
        "view refuses images that do not lie in order in memory; reshape copies them where it must.": edit(
            "flatten(start_dim=1)", "view(images.shape[0], -1)"
        ),
        "You change the type; flatten keeps it.": edit("(start_dim=1)", "(start_dim=1).float()"),
        "You scale the values; flatten only changes the shape.": edit("flatten(start_dim=1)", "reshape(len(images), -1) / 255"),
        "You return a list or a tuple; return one tensor.": edit("return ...", "return [image.reshape(-1) for image in images]"),
        "You average over an axis; flatten keeps every pixel.": edit("flatten(start_dim=1)", "float().mean(dim=1)"),
    },
    alternatives={
        "reshape": edit("flatten(start_dim=1)", "reshape(len(images), -1)"),
        "torch.flatten": body("return torch.flatten(images, 1)"),
        "a stack of rows": edit("images.flatten(start_dim=1", "torch.stack([image.reshape(-1) for image in images]"),
        "by way of NumPy": edit("images.flatten(start_dim=1", "torch.from_numpy(images.numpy().reshape(len(images), -1).copy()"),
        "the size spelled out": body("n, *rest = images.shape", "return images.contiguous().view(n, math.prod(rest))"),
        "a loop that fills a table": body(
            "rows = torch.empty(len(images), images[0].numel(), dtype=images.dtype)",
            "for i in range(len(images)):",
            "    rows[i] = images[i].flatten()",
            "return rows",
        ),
    },
)


def same_tensors(a, b):
    return len(a) == len(b) and all(x.shape == y.shape and bool((x == y).all()) for x, y in zip(a, b, strict=True))


def kind(indices):
    return f"{indices.dtype}, {indices.ndim} axis"


def subset(chosen, inputs):
    digit = inputs["labels"][chosen]
    members = [(inputs["labels"] == d).nonzero()[:, 0].tolist() for d in range(10)]
    per_digit = [sorted(chosen[digit == d].tolist()) for d in range(10)]
    size = inputs["per_class"]
    return {
        "type": kind(chosen),
        "images of each digit": digit.bincount(minlength=10).tolist(),
        "indices that come twice": len(chosen) - len(chosen.unique()),
        "always the first of a digit": per_digit == [m[:size] for m in members],
        "always the last of a digit": per_digit == [m[-size:] for m in members],
        "rising indices": bool((chosen.diff() > 0).all()),
        "digit after digit": int((digit.diff() != 0).sum()) < 4 * 10,
        "digits in turns": bool((digit[:10] == digit[10:20]).all()),
    }


def repeatable(results, inputs):
    """(a result, the same seed again, the same generator used on, another seed)."""
    first, again, following, other = results
    return {
        "the same seed gives the same": same_tensors(first, again),
        "the same seed gives the same, in some order": same_tensors(*([x.sort().values for x in xs] for xs in (first, again))),
        "the next call gives another": not same_tensors(first, following),
        "another seed gives another": not same_tensors(first, other),
    }


def all_pairs(draws, inputs):
    """Six equally likely pairs out of four rows; in 90 draws all turn up but for a chance of 6 * (5/6)**90 < 5e-7."""
    return {"different pairs in 90 draws": len({tuple(sorted(pair.tolist())) for pair in draws})}


def repeated(call):
    return f"""
draw = lambda generator: {call}
first, again, other = (torch.Generator().manual_seed(s) for s in (seed, seed, seed + 1))
[draw(first), draw(again), draw(first), draw(other)]
"""


def some_seed(g):
    return torch.randint(1, 2**31, (), generator=g).item()


def uneven(g):
    return torch.arange(10).repeat_interleave(torch.randint(40, 60, (10,), generator=g))


def short(g):
    counts = torch.full((10,), 9)
    counts[torch.randint(10, (), generator=g)] = 5
    return torch.arange(10).repeat_interleave(counts)


SUBSET = "balanced_subset(labels, per_class, generator)"


def subset_of(title, given, per_class, code=SUBSET, **how):
    return case(title, code, labels=given, per_class=per_class, generator=generator(), **how)


def in_order(chosen, _):
    return sorted(chosen.tolist())


TOO_FEW = f"""
import re
try:
    {SUBSET}
    numbers = []
except ValueError as error:
    numbers = re.findall(r"\\d+", str(error))
"7" in numbers and len(numbers) < 9
"""

balanced_subset = exercise(
    "balanced_subset",
    subset_of("twenty of each digit, labels sorted", uneven, 20, weight=2, view=subset),
    subset_of("twenty of each digit, labels mixed", labels(450), 20, view=subset),
    subset_of("all images of each digit", labels(200), 20, view=in_order),
    subset_of("one image of each digit, and no more", labels(10), 1, view=in_order),
    case("the seed decides", repeated(f"[{SUBSET}]"), view=repeatable, labels=labels(400), per_class=20, seed=some_seed),
    subset_of(
        "every choice is possible, also where a digit has more images than others",
        torch.cat([torch.arange(10).repeat(2), torch.tensor([3, 3])]),
        2,
        f"[indices[labels[indices] == 3] for indices in ({SUBSET} for _ in range(90))]",
        view=all_pairs,
    ),
    subset_of("a digit with too few images", short, 6, raises=ValueError),
    subset_of("the message names the digit that is too rare", torch.arange(10).repeat(9)[torch.arange(90) != 7], 9, TOO_FEW),
    subset_of("a digit without images", torch.arange(9).repeat(8), 6, raises=ValueError),
    mistakes={
        "You look for each digit in a shuffled order, so its places are no indices into labels: look them up, order[...].": edit(
            ("chosen = []", "order = torch.randperm(len(labels), generator=generator)\n    chosen = []"),
            ("(labels == digit)", "(labels[order] == digit)"),
            ("members[...]", "members[:per_class]"),
        ),
        "You take the first images of each digit; draw them at random.": edit("members[...]", "members[:per_class]"),
        "You draw with replacement, so images repeat: use torch.randperm, not torch.randint.": edit(
            "perm(len(members), ...)[:per_class]", "int(len(members), (per_class,), ...)"
        ),
        "You draw from all images at once, so some digits come more often: draw from each digit by itself.": edit(
            *("members[...]", "members[:per_class]"),  # no draw but this
            *("return ...", "return torch.randperm(len(labels), generator=generator)[: 10 * per_class]"),
        ),
        "The indices come digit by digit: shuffle all of them at the end.": edit("return chosen[...]", "return chosen"),
        "Your indices rise: shuffle them at the end.": body("return right(labels, per_class, generator).sort().values"),
        "The digits come in turns: shuffle all the indices.": edit("return ...", "return chosen.reshape(10, -1).T.flatten()"),
        "The same seed gives other images: give each random function generator=generator.": edit("(members), ...)", "(members))"),
        "The order differs with the same seed: the last shuffle needs generator=generator.": edit("(chosen), ...)", "(chosen))"),
        "Every seed and every call gives the same indices: draw from the given generator, without seeding it.": body(
            "return right(labels, per_class, torch.Generator().manual_seed(0))"
        ),
        "The same generator gives the same subset in every call, as if set back or copied: draw from it as it comes.": body(
            "return right(labels, per_class, generator.manual_seed(generator.initial_seed()))"
        ),
        "A digit with too few images raises nothing: a ValueError should name it.": edit("len(members) <", "len(labels) <"),
        "A digit without any image raises nothing, as with labels.unique(): look at each digit from 0 to 9.": edit(
            "range(10)", "labels.unique()"
        ),
        "You refuse a digit that has exactly per_class images; that is enough.": edit("<", "<="),
        "For too few images you raise another exception; raise ValueError.": edit("ValueError", "AssertionError"),
        "Your ValueError does not say which digit has too few images: name the digit.": edit("images of {digit}", "images"),
        "You return the labels of the chosen images; return their indices.": edit("return chosen", "return labels[chosen]"),
        "Your indices count within each digit; look them up in the positions of that digit.": edit("members[...]", "..."),
        "You return per_class images in all; return per_class of each digit.": edit("return ...", "return (...)[:per_class]"),
        "That is a mask; return indices.": edit("return ...", "return torch.zeros(len(labels)).bool().index_fill(0, ..., True)"),
        "What you return is no tensor (a list? None?); return one of type int64.": edit("return ...", "return (...).tolist()"),
        "Some images of a frequent digit never come, as with one order for all digits: draw from all images of each digit.": edit(
            ("chosen = []", "order = torch.randperm(labels.bincount(minlength=10).min(), generator=generator)\n    chosen = []"),
            ("members[...]", "members[order[:per_class]]"),
        ),
        "You take a run of neighbours from a random start; draw each image by itself.": edit(
            "members[...]",
            "members[torch.randint(len(members) - per_class + 1, (), generator=generator) + torch.arange(per_class)]",
        ),
    },
    alternatives={
        "shuffle first, then take the first of each digit": """
def balanced_subset(labels, per_class, generator):
    if labels.bincount(minlength=10).min() < per_class:
        raise ValueError("too few images of digit " + str(labels.bincount(minlength=10).argmin().item()))
    order = torch.randperm(len(labels), generator=generator)
    taken, chosen = [0] * 10, []
    for i in order.tolist():
        if taken[labels[i]] < per_class:
            taken[labels[i]] += 1
            chosen.append(i)
    return torch.tensor(chosen, dtype=torch.int64)
""",
        "torch.multinomial without replacement": """
def balanced_subset(labels, per_class, generator):
    rows = []
    for digit in range(10):
        is_digit = (labels == digit).float()
        if is_digit.sum() < per_class:
            raise ValueError(f"digit {digit}")
        rows.append(torch.multinomial(is_digit, per_class, replacement=False, generator=generator))
    chosen = torch.cat(rows)
    return chosen[torch.randperm(10 * per_class, generator=generator)]
""",
        "random keys, sorted": edit("randperm(...)", "rand(...).argsort()"),
        "lists of positions": """
def balanced_subset(labels, per_class, generator):
    chosen = []
    for digit in range(10):
        positions = [i for i, label in enumerate(labels.tolist()) if label == digit]
        if len(positions) < per_class:
            raise ValueError(f"only {len(positions)} of digit {digit}")
        chosen += [positions[j] for j in torch.randperm(len(positions), generator=generator).tolist()][:per_class]
    return torch.tensor([chosen[j] for j in torch.randperm(len(chosen), generator=generator).tolist()], dtype=torch.int64)
""",
        "the last of a shuffle": edit("[:per_class]", "[-per_class:]"),
    },
    equivalent={
        "ten digits are never a single number": [
            edit("torch.cat(...)", "torch.cat(...).squeeze()"),
            edit("return ...", "return (...).squeeze()"),
        ],
        "the places of a vector have one column": [edit("[:, 0]", "[:, -1]")],
    },
)


def split(parts, inputs):
    train, valid = parts
    together, gaps = torch.cat([train, valid]), valid.sort().values.diff()
    return {
        "training indices": kind(train),
        "validation indices": kind(valid),
        "sizes": [len(train), len(valid)],
        "indices that come twice": len(together) - len(together.unique()),
        "indices out of range": int(((together < 0) | (together >= inputs["n"])).sum()),
        "one run of neighbours": len(valid) > 9 and int(gaps.max()) == 1,
        "evenly spaced": len(valid) > 9 and int(gaps.max() - gaps.min()) <= 1,
        "always the first": len(valid) > 9 and int(valid.max()) == len(valid) - 1,
    }


SPLIT = "train_valid_split(n, valid_fraction, generator)"


def parts_of(title, n, valid_fraction, weight=1):
    return case(title, SPLIT, weight=weight, view=split, n=n, valid_fraction=valid_fraction, generator=generator())


train_valid_split = exercise(
    "train_valid_split",
    parts_of("a fifth of 100", 100, 0.2, weight=2),
    parts_of("a tenth of 1,234", 1234, 0.1),
    parts_of("2.7 is rounded up", 9, 0.3),
    parts_of("3.3 is rounded down", 11, 0.3),
    parts_of("2.5 is rounded to the even number, as Python's round does", 5, 0.5),
    parts_of("nothing held back", 30, 0.0),
    parts_of("everything held back", 30, 1.0),
    parts_of("a single image", 1, 0.2),
    case("the seed decides", repeated(f"list({SPLIT})"), view=repeatable, n=60, valid_fraction=0.25, seed=some_seed),
    case(
        "every choice is possible",
        f"[{SPLIT}[1] for _ in range(90)]",
        view=all_pairs,
        n=4,
        valid_fraction=0.5,
        generator=generator(),
    ),
    mistakes={
        "You hold back the first indices, however you shuffle them: shuffle all of them, then cut.": body(
            "n_valid = round(n * valid_fraction)", "return torch.arange(n_valid, n), torch.randperm(n_valid, generator=generator)"
        ),
        "A half goes the wrong way: the validation part gets round(n * valid_fraction), and round(2.5) is 2.": edit(
            "round(n * valid_fraction)", "int(n * valid_fraction + 0.5)"
        ),
        "The validation part is always the end of the set, digits that training never saw: shuffle all indices, then cut.": edit(
            "randperm(...)", "arange(n).flip(0)"
        ),
        "The validation part is the beginning of the set: shuffle all indices, then cut.": edit("randperm(...)", "arange(n)"),
        "You hold back every k-th image; shuffle the indices, then cut.": body(
            "is_valid = torch.zeros(n).bool()",
            "is_valid[torch.linspace(0, n - 1, round(n * valid_fraction)).long()] = True",
            "return (~is_valid).nonzero()[:, 0], is_valid.nonzero()[:, 0]",
        ),
        "You hold back one run of neighbours from a random start; shuffle the indices, then cut.": body(
            "n_valid = round(n * valid_fraction)",
            "start = torch.randint(n - n_valid + 1, (), generator=generator)",
            "indices = torch.arange(n)",
            "return torch.cat([indices[:start], indices[start + n_valid :]]), indices[start : start + n_valid]",
        ),
        "You shuffle twice, so indices are in both parts or in none: shuffle once, then cut.": edit(
            "shuffled[:", "torch.randperm(n, generator=generator)[:"
        ),
        "Your training part holds all indices, also those of validation: cut it.": edit("[n_valid:]", ""),
        "You draw with replacement: use torch.randperm.": edit("randperm(n, ", "randint(n, (n,), "),
        "The parts are exchanged: return (train_idx, valid_idx), in this order.": edit("return ...", "return (...)[::-1]"),
        "The validation part's size is cut off, not rounded: it is round(n * valid_fraction).": edit("round", "int"),
        "Validation's size is rounded up, or training's is cut off: round(n * valid_fraction).": edit("round", "math.ceil"),
        "You hold back one index too many: round(n * valid_fraction) are asked for.": edit("round(...)", "round(...) + 1"),
        "One index is in neither part: take shuffled[:n_valid] and shuffled[n_valid:].": edit("[n_valid:]", "[n_valid + 1:]"),
        "With nothing to hold back training gets nothing, as a slice [:-0] is empty: cut from the front.": edit(
            "[n_valid:]", "[:-n_valid]", "[:n_valid]", "[-n_valid:]"
        ),
        "You insist on at least one validation index; there may be none.": edit("round(...)", "max(1, round(...))"),
        "Your indices are off by one; they run from 0 to n - 1.": edit("torch", "1 + torch"),
        "The same seed gives another split: use torch.randperm(n, generator=generator).": edit("n, generator=generator", "n"),
        "Every seed and every call gives the same indices: draw from the given generator, without seeding it.": body(
            "return right(n, valid_fraction, torch.Generator().manual_seed(42))"
        ),
        "You toss a coin for each index, so the sizes vary: shuffle, then cut.": body(
            "is_valid = torch.rand(n, generator=generator) < valid_fraction",
            "return (~is_valid).nonzero()[:, 0], is_valid.nonzero()[:, 0]",
        ),
        "You return no tensors; make both int64.": body("return [part.tolist() for part in right(n, valid_fraction, generator)]"),
    },
    alternatives={
        "the validation part from the end": edit("[n_valid:]", "[: n - n_valid]", "[:n_valid]", "[n - n_valid :]"),
        "torch.split": edit("shuffled[n_valid:], shuffled[:n_valid]", "shuffled.split([n_valid, n - n_valid])[::-1]"),
        "a mask, both parts in rising order": body(
            "held_back = torch.zeros(n, dtype=torch.bool)",
            "held_back[torch.randperm(n, generator=generator)[: round(n * valid_fraction)]] = True",
            "return torch.where(~held_back)[0], torch.where(held_back)[0]",
        ),
        "random keys, sorted": edit("randperm(n, ...)", "rand(n, ..., dtype=torch.float64).argsort()"),
        "a list of two, by way of Python": body(
            "order = torch.randperm(n, generator=generator).tolist()",
            "k = int(round(n * valid_fraction))",
            "return [torch.tensor(order[k:], dtype=torch.int64), torch.tensor(order[:k], dtype=torch.int64)]",
        ),
    },
)


def numbered(n):
    """Labels that identify their row, so that a view can tell which rows came together."""
    return lambda g: 3 * torch.randperm(n, generator=g) + 1


def epoch(batches, inputs):
    position = {label: i for i, label in enumerate(inputs["y"].tolist())}
    xs, ys = [x for x, _ in batches], [y for _, y in batches]
    rows = torch.tensor([position.get(label, 0) for label in torch.cat(ys).flatten().tolist()])
    return {
        "sizes": [[len(x) for x in xs], [len(y) for y in ys]],
        "shapes": [list(torch.cat(xs).shape), list(torch.cat(ys).shape)],
        "xb": str(torch.cat(xs).dtype),
        "yb": str(torch.cat(ys).dtype),
        "rows that no batch holds": len(position) - len(rows.unique()),
        "x and y belong together": bool((torch.cat(xs) == inputs["x"][rows]).all()),
        "in the old order": len(rows) > 9 and bool((rows.diff() > 0).all()),
    }


EPOCH = "list(batches(x, y, batch_size, generator))"


def rows(title, n, batch_size, weight=1, x=None):
    inputs = dict(x=x or normal(n, 5), y=numbered(n), batch_size=batch_size, generator=generator())
    return case(title, EPOCH, weight=weight, view=epoch, **inputs)


batches = exercise(
    "batches",
    rows("23 rows in batches of 8", 23, 8, weight=2),
    rows("25 rows in batches of 8: a last one with a single row", 25, 8),
    rows("24 rows in batches of 8", 24, 8),
    rows("fewer rows than a batch holds", 10, 64),
    rows("a single row", 1, 4),
    rows("batches of one", 11, 1),
    rows("images", 18, 4, x=pixels(18, 28, 28)),
    rows("numbers, as in the docstring's example", 14, 4, x=normal(14)),
    case(
        "the seed decides, and a second epoch has a new order",
        repeated("[torch.cat([b for _, b in batches(x, y, batch_size, generator)])]"),
        view=repeatable,
        x=normal(40, 5),
        y=numbered(40),
        batch_size=8,
        seed=some_seed,
    ),
    case(
        "any rows can meet in a batch",
        "[list(batches(x, y, 2, generator))[0][1] for _ in range(90)]",
        view=all_pairs,
        x=normal(4, 5),
        y=torch.arange(4),
        generator=generator(),
    ),
    case(
        "the batches come one at a time",
        "not isinstance(batches(x, y, 8, generator), list | tuple)",
        weight=0.5,
        x=normal(20, 5),
        y=numbered(20),
        generator=generator(),
    ),
    mistakes={
        "You make all batches at once and return a list or a tuple of them; hand them out one at a time: yield.": body(
            "return list(right(x, y, batch_size, generator))"
        ),
        "You cut the order into even chunks, as torch.chunk does: all but the last must have batch_size rows.": edit(
            ("start in range(...)", "rows in order.chunk(math.ceil(len(x) / batch_size))"), ("rows = order[...]", "pass")
        ),
        "You shuffle the batches, also the short one, and the same rows always meet: shuffle the rows.": body(
            "groups = torch.arange(len(x)).split(batch_size)",
            "for i in torch.randperm(len(groups), generator=generator).tolist():",
            "    yield x[groups[i]], y[groups[i]]",
        ),
        "You draw batch_size rows anew for every batch, so some come twice and some never: shuffle once an epoch.": edit(
            "order[...]", "torch.randperm(len(x), generator=generator)[:batch_size]"
        ),
        "You yield one row at a time; yield batch_size of them.": edit("batch_size)", "1)", "+ batch_size", "+ 1"),
        "Rows of x get the labels of others, as when x and y are shuffled apart: use the same indices for both, once.": edit(
            "order =", "y = y[torch.randperm(len(y), generator=generator)]\n    order ="
        ),
        "You shuffle x and leave y as it is: use the same indices for both.": edit("y[rows]", "y[start : start + batch_size]"),
        "You drop a smaller last batch: every row must come once.": edit("len(x), b", "len(x) - batch_size + 1, b"),
        "There is an empty batch at the end when the rows divide evenly: step through range(0, len(x), batch_size).": edit(
            "len(x), batch_size", "len(x) + 1, batch_size"
        ),
        "A last batch with a single row is lost: every row must come once.": edit("0, len(x)", "0, len(x) - 1"),
        "One row is lost, the first or the last of the order: go from its start, 0, to its end, len(x).": edit("0", "1"),
        "You even the batches out; all but the last must be full.": edit(
            ("start in range(...)", "rows in order.tensor_split(math.ceil(len(x) / batch_size))"), ("rows = order[...]", "pass")
        ),
        "You fill the last batch up with rows that came already; it may be smaller.": edit("order[", "order.repeat(99)["),
        "You take batch_size for the number of batches; it is the number of rows in one.": edit(
            "batch_size):", "math.ceil(len(x) / batch_size)):", "start + batch_size", "start + math.ceil(len(x) / batch_size)"
        ),
        "The rows come in the old order: shuffle them, x and y alike.": edit("randperm(...)", "arange(len(x))"),
        "You shuffle the batches, but the same rows always meet: shuffle the rows.": body(
            "groups = torch.arange(len(x)).split(batch_size)",
            "full = len(x) // batch_size",
            "for i in [*torch.randperm(full, generator=generator).tolist(), *range(full, len(groups))]:",
            "    yield x[groups[i]], y[groups[i]]",
        ),
        "You shuffle within each batch only: shuffle all rows before you cut.": edit(
            ("order = ...", "order = torch.arange(len(x))"),
            ("yield", "rows = rows[torch.randperm(len(rows), generator=generator)]\n        yield"),
        ),
        "You draw each batch from all rows, so some come twice and some never: cut one shuffled order.": edit(
            "order[...]", "torch.randint(len(x), (min(batch_size, len(x) - start),), generator=generator)"
        ),
        "You shuffle anew for every batch, so some rows come twice and some never: shuffle once an epoch.": edit(
            "= order[", "= torch.randperm(len(x), generator=generator)["
        ),
        "Every epoch has the same order, whatever the seed: in each call draw from the given generator, and seed nothing.": body(
            "yield from right(x, y, batch_size, torch.Generator().manual_seed(0))"
        ),
        "The same generator gives the same order in every epoch, as if set back or copied: draw from it as it comes.": body(
            "yield from right(x, y, batch_size, generator.manual_seed(generator.initial_seed()))"
        ),
        "The same seed gives another order: torch.randperm(len(x), generator=generator).": edit(", generator=generator", ""),
        "You hand out (yb, xb); hand out (xb, yb).": edit("x[rows], y[rows]", "y[rows], x[rows]"),
        "Your labels have become a column; keep the shape of y.": edit("y[rows]", "y[rows][:, None]"),
        "Only the first batch comes: yield all of them, in a loop that goes on.": edit("y[rows]", "y[rows]\n        return"),
    },
    alternatives={
        "torch.split": edit(("start in range(...)", "rows in order.split(batch_size)"), ("rows = order[...]", "pass")),
        "shuffled copies, zipped": body(
            "order = torch.randperm(len(y), generator=generator)",
            "return zip(x[order].split(batch_size), y[order].split(batch_size))",
        ),
        "a while loop over random keys": body(
            "left = torch.rand(len(x), generator=generator, dtype=torch.float64).argsort()",
            "while len(left):",
            "    rows, left = left[:batch_size], left[batch_size:]",
            "    yield x[rows], y[rows]",
        ),
        "row by row": """
def batches(x, y, batch_size, generator):
    xb, yb = [], []
    for i in torch.randperm(len(x), generator=generator).tolist():
        xb.append(x[i])
        yb.append(y[i])
        if len(xb) == batch_size:
            yield torch.stack(xb), torch.stack(yb)
            xb, yb = [], []
    if xb:
        yield torch.stack(xb), torch.stack(yb)
""",
        "a counted number of batches": body(
            "order = torch.randperm(x.shape[0], generator=generator)",
            "for i in range(math.ceil(x.shape[0] / batch_size)):",
            "    rows = order[i * batch_size : (i + 1) * batch_size]",
            "    yield torch.index_select(x, 0, rows), torch.index_select(y, 0, rows)",
        ),
    },
    equivalent={"a permutation counted from the end is one too": [edit("= torch", "= -torch"), edit("= order", "= -order")]},
)

EXERCISES = [load_folder, scale, flatten, balanced_subset, train_valid_split, batches]
