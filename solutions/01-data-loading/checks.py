"""The visible checks of notebook 01: small examples, and what the usual mistakes make of them."""

import tempfile
from pathlib import Path

import torch
from course import checks, expect
from PIL import Image
from torch import tensor


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@checks(
    "load_folder",
    hint="Go through the digits 0 to 9 yourself, and sort what you find in each folder.",
    look="section 2: three traps; `Path.glob`, `Path.is_dir` and `Image.convert` in their documentation",
)
def _(load_folder):
    # The image in folder 3 has the brightness 30, and so on. Folder 2 holds more: 10.png is in colour, as bright as 21, ._9.png is no image.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for digit in [3, 0, 9, 8, 1, 7, 2, 6, 5, 4]:
            (folder / str(digit)).mkdir()
            Image.new("L", (28, 28), 10 * digit).save(folder / str(digit) / "9.png")
        Image.new("RGB", (28, 28), (12, 25, 26)).save(folder / "2" / "10.png")
        for file, brightness in [("8.png", 24), ("100.png", 22), ("1.png", 25), ("11.png", 23)]:
            Image.new("L", (28, 28), brightness).save(folder / "2" / file)
        (folder / "2" / "._9.png").write_text("not an image")
        (folder / "2" / "9.txt").write_text("not an image")
        (folder / ".trash").mkdir()

        images, labels = load_folder(folder)
        expect(
            "the shape of the images",
            tuple(images.shape),
            (15, 28, 28),
            {
                'you kept three colour channels: use .convert("L")': (15, 28, 28, 3),
                "there is an axis too many: one grey image is (28, 28)": (15, 1, 28, 28),
            },
        )
        expect("their type", images.dtype, torch.uint8)
        expect("the type of the labels", labels.dtype, torch.int64)
        right = [0, 1, *[2] * 6, 3, 4, 5, 6, 7, 8, 9]
        expect(
            "the labels, from folder 0 to folder 9",
            labels.tolist(),
            right,
            {
                "they are a column, (N, 1); make them (N,)": [[label] for label in right],
                "a label is the name of the folder, not the number of the image": list(range(15)),
                "a label is the name of the folder, not its place; one of the folders here is hidden": [d + 1 for d in right],
            },
        )
        as_text, as_numbers = [25, 21, 22, 23, 24, 20], [25, 24, 20, 21, 23, 22]
        expect(
            "the order of the images",
            images[:, 0, 0].tolist(),
            [0, 10, *as_text, 30, 40, 50, 60, 70, 80, 90],
            {
                "sort the files by name as text: '10.png' comes before '8.png'": [0, 10, *as_numbers, 30, 40, 50, 60, 70, 80, 90],
                'you keep one channel of the image in colour: .convert("L") weighs all three': [
                    *(0, 10, *(12 if grey == 21 else grey for grey in as_text), 30, 40, 50, 60, 70, 80, 90)
                ],
            },
        )
        (folder / "7" / "9.png").unlink()
        (folder / "7").rmdir()
        try:
            load_folder(folder)
        except FileNotFoundError as error:
            said = str(error).replace(name, "")
        else:
            said = None
        assert said is not None, "the folder 7 is missing and nothing was said: raise FileNotFoundError"
        assert "7" in said, "the folder 7 is missing: say so in the message of the FileNotFoundError"
        print("ok  a missing folder is named")


@checks("megabytes", hint="Count the pixels of one image first. A byte has 8 bits.", look="section 4")
def _(megabytes_as_bytes, megabytes_as_float32):
    images = 60_000 * 28 * 28 / 1e6
    expect("as bytes", float(megabytes_as_bytes), images, {"that is one image": images / 60_000}, tolerance=0.01)
    expect(
        "as float32",
        float(megabytes_as_float32),
        4 * images,
        {"32 bits are 4 bytes": 32 * images, "that is float64": 8 * images},
        tolerance=0.01,
    )


@checks("scale", hint="Which dtype has the result of a division by a float? And of one by a tensor of bytes?", look="section 4")
def _(scale):
    two = tensor([[[0, 51], [102, 255]], [[0, 51], [51, 102]]], dtype=torch.uint8)
    fractions = tensor([[[0.0, 0.2], [0.4, 1.0]], [[0.0, 0.2], [0.2, 0.4]]])
    expect(
        "two tiny images",
        scale(two),
        fractions,
        {
            "the values still go up to 255: divide": two.float(),
            "whole-number division (//) makes nearly everything 0: use /": (two // 255).float(),
            "you divide each image by its own maximum; the divisor is 255 for all": tensor(
                [[[0, 0.2], [0.4, 1]], [[0, 0.5], [0.5, 1]]]
            ),
            "the result is float64: make it float32": fractions.double(),
            "this is a uint8 result, which cannot hold fractions: change the type first": two // 255,
        },
    )
    mistakes = {"the divisor is 255, also where nothing is white": two[1:] / 102}
    expect("an image without white", scale(two[1:]), fractions[1:], mistakes)
    expect("the input is left alone", two[0, 1, 1].item(), 255)


@checks(
    "flatten",
    hint="Call flatten on torch.arange(6).reshape(1, 2, 3) and read what comes. What does .mT do to an image?",
    look="the documentation of torch.Tensor.mT and torch.Tensor.reshape",
)
def _(flatten):
    tiny = torch.arange(12).reshape(3, 2, 2)
    rows = tensor([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]])
    expect(
        "three images of 2 x 2",
        flatten(tiny),
        rows,
        {
            "the images are the columns; row i must be image i": rows.T,
            "each image is read column by column; read it line by line": tiny.mT.reshape(3, 4),
            "the images are mixed up: keep the first axis as it is": tiny.reshape(4, 3).T,
            "all images became one long row; keep the first axis": torch.arange(12),
        },
    )
    lost = {"the first axis got lost: (1, 4), not (4,)": rows[0]}
    expect("one image is still a row of a table", flatten(tiny[:1]), rows[:1], lost)
    expect("images with an axis for colour", flatten(tiny[:, None]), rows)
    expect("images that were turned, as .mT does: they do not lie in order in memory", flatten(tiny.mT), tiny.mT.reshape(3, 4))


@checks(
    "balanced_subset",
    hint="One digit at a time: find its positions, draw some of them, collect; shuffle what you have collected.",
    look="section 5, the hint that is folded away",
)
def _(balanced_subset):
    uneven = torch.arange(10).repeat_interleave(torch.arange(30, 50, 2))  # 30 zeros, 32 ones, ... 48 nines
    chosen = balanced_subset(uneven, 20, seeded(0))
    expect("indices of type int64", (chosen.dtype, tuple(chosen.shape)), (torch.int64, (200,)))
    expect(
        "twenty of each digit",
        uneven[chosen].bincount(minlength=10).tolist(),
        [20] * 10,
        {"these are the labels, not their positions: return indices": uneven[uneven[chosen]].bincount(minlength=10).tolist()},
    )
    assert len(chosen.unique()) == 200, "some images were chosen twice: draw without replacement"
    positions = [sorted((chosen[uneven[chosen] == digit] - (uneven < digit).sum()).tolist()) for digit in range(10)]
    assert positions != [list(range(20))] * 10, "you took the first twenty of each digit: draw them at random"
    runs = all(p[-1] - p[0] == 19 for p in positions)
    assert not runs, "you took twenty neighbours of each digit: draw each image by itself"
    digits = uneven[chosen]
    assert (digits.diff() < 0).any(), "the result is still sorted by digit: shuffle it at the end"
    assert not torch.equal(digits, torch.arange(10).repeat(20)), "the digits come in turns: shuffle the result at the end"
    again, other = (balanced_subset(uneven, 20, seeded(seed)) for seed in (0, 1))
    assert torch.equal(chosen, again), "the same seed gave another subset: pass the generator to every random function"
    assert not torch.equal(chosen, other), "another seed gave the same subset: draw from the generator that you are given"
    generator = seeded(0)
    drawn = [balanced_subset(uneven, 20, generator) for _ in range(2)]
    assert not torch.equal(*drawn), "the second draw repeats the first: use the generator as it comes, and do not seed it"
    print("ok  no repeats, random, shuffled, repeatable")
    expect("all thirty zeros", (uneven[balanced_subset(uneven, 30, seeded(0))] == 0).sum().item(), 30)
    try:
        balanced_subset(uneven, 31, seeded(0))
    except ValueError as error:
        said = str(error).replace("31", "").replace("30", "")
    else:
        said = None
    assert said is not None, "there are only 30 zeros, and 31 were wanted: raise ValueError"
    assert "0" in said, "only the digit 0 is too rare here: name it in the message"
    try:
        balanced_subset(torch.arange(9).repeat(5), 2, seeded(0))
    except ValueError:
        print("ok  too few images are reported, and none")
    else:
        raise AssertionError("there is no 9, and nothing was said: go through all ten digits")


@checks(
    "train_valid_split",
    hint="Shuffle all indices once, then cut the result in two. Where do you cut if nothing is held back?",
    look="section 6",
)
def _(train_valid_split):
    train_idx, valid_idx = train_valid_split(100, 0.2, seeded(0))
    swapped = {"the two parts are swapped: training first": (20, 80)}
    expect("80 and 20 of 100", (len(train_idx), len(valid_idx)), (80, 20), swapped)
    up = {"19.25 is nearer to 19: round, not always up": (57, 20)}
    expect("58 and 19 of 77", tuple(len(part) for part in train_valid_split(77, 0.25, seeded(0))), (58, 19), up)
    cut = {"19.75 is nearer to 20: round, do not cut off": (60, 19)}
    expect("59 and 20 of 79", tuple(len(part) for part in train_valid_split(79, 0.25, seeded(0))), (59, 20), cut)
    expect(
        "nothing held back",
        tuple(len(part) for part in train_valid_split(10, 0.0, seeded(0))),
        (10, 0),
        {"with 0 validation indices a slice like [:-0] is empty; cut from the front": (0, 10)},
    )
    assert not set(train_idx.tolist()) & set(valid_idx.tolist()), "some indices are in both parts: shuffle once, then cut"
    expect("every index is in one part", sorted(torch.cat([train_idx, valid_idx]).tolist()), list(range(100)))
    assert valid_idx.max() - valid_idx.min() > 20, "the validation indices are neighbours: shuffle before you cut"
    (again, _), (other, _) = (train_valid_split(100, 0.2, seeded(seed)) for seed in (0, 1))
    assert torch.equal(train_idx, again), "the same seed gave another split: pass the generator to torch.randperm"
    assert not torch.equal(train_idx, other), "another seed gave the same split: draw from the generator that you are given"
    print("ok  no overlap, random, repeatable")


@checks("last_batch", hint="How many rows are in 312 full batches?", look="section 7")
def _(number_of_batches, rows_in_the_last):
    full = 5000 // 16
    expect("batches", float(number_of_batches), full + 1.0, {"the last one, which is not full, counts too": float(full)})
    expect("rows in the last", float(rows_in_the_last), 5000.0 - 16 * full, {"that would be a full one": 16.0})


@checks(
    "batches",
    hint="Shuffle the row numbers once, then go through them in steps. Which rows of y belong to x[rows]?",
    look="section 7; the Python tutorial on generators",
)
def _(batches):
    x, y = torch.arange(50).reshape(25, 2), torch.arange(25)
    generator = seeded(0)
    epoch = list(batches(x, y, 8, generator))
    expect(
        "25 rows in batches of 8",
        [len(yb) for _, yb in epoch],
        [8, 8, 8, 1],
        {
            "the last batch is missing: it may be smaller than the others": [8, 8, 8],
            "only the last batch may be smaller: fill the others": [7, 6, 6, 6],
            "there is an empty batch at the end": [8, 8, 8, 1, 0],
        },
    )
    expect("24 rows in batches of 8", [len(yb) for _, yb in batches(x[:24], y[:24], 8, generator)], [8, 8, 8])
    order = torch.cat([yb for _, yb in epoch])
    together = torch.equal(torch.cat([xb for xb, _ in epoch]), x[order])
    assert together, "x and y do not belong together: use the same indices for both"
    expect("every row comes once", sorted(order.tolist()), list(range(25)))
    assert order.tolist() != list(range(25)), "the rows come in their old order: shuffle them"
    runs = all(yb.max() - yb.min() < len(yb) for _, yb in epoch)
    assert not runs, "neighbours stay in one batch: shuffle all rows, then cut"
    second = torch.cat([yb for _, yb in batches(x, y, 8, generator)])
    assert not torch.equal(order, second), "the second epoch has the order of the first: draw a new one each time"
    again = torch.cat([yb for _, yb in batches(x, y, 8, seeded(0))])
    assert torch.equal(order, again), "the same seed gave another order: pass the generator to torch.randperm"
    pairs = batches(x, y, 8, generator)
    assert iter(pairs) is pairs, "all batches are made at once, in a list: hand them out one at a time, with yield"
    print("ok  together, shuffled anew, repeatable, one at a time")
