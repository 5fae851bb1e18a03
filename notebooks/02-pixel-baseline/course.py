"""What the six notebooks share: the data, one way to check, one progress bar, one scoreboard.

This file lies beside each notebook. It holds no solutions; read it if you are curious.
"""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

# Read when torch is loaded. A thread that waits in a loop keeps the core that others need: resnet18 took 43 seconds on a busy
# machine, and 12 with short loops.
os.environ["GOMP_SPINCOUNT"] = "1000"

import numpy as np
import torch
from PIL import Image

# nbgrader sets this while it validates or grades a notebook: long experiments shorten themselves then.
GRADING = "NBGRADER_EXECUTION" in os.environ

# Images per digit in MNIST (http://yann.lecun.com/exdb/mnist/): a folder with other numbers is damaged.
MNIST_COUNTS = {
    "training": (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    "testing": (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
}
DIGITS_COUNTS = {  # scikit-learn's 1,797 digits in file order: the first 1,297, then the last 500
    "training": (128, 131, 128, 132, 130, 131, 130, 129, 128, 130),
    "testing": (50, 51, 49, 51, 51, 51, 51, 50, 46, 50),
}


class DataError(Exception):
    """The image folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Data:
    """Handwritten digits on disk. `path` holds `training/` and `testing/`, each with folders `0` to `9` of PNG files."""

    name: str  # "MNIST" or "digits"
    path: Path

    def train(self):
        """The training set: images uint8 (N, 28, 28) and labels int64 (N,), digit by digit."""
        return self._read()["training"]

    def test(self):
        """The test set, in the same form. Open it once, at the end of an investigation."""
        return self._read()["testing"]

    def _read(self):
        """Both parts. Decoding the PNG files takes a while, so it is done once and kept in a file beside them."""
        cache = self.path.with_suffix(".pt")
        fingerprint = check_folder(self)
        if cache.exists():
            try:
                kept = torch.load(cache, weights_only=True)
                if kept["fingerprint"] == fingerprint:
                    return kept["parts"]
            except Exception:  # an unreadable cache is no loss: the images are still there
                pass
        parts = {part: read_part(self.path / part) for part in MNIST_COUNTS}
        try:
            half_written = cache.with_suffix(f".{os.getpid()}")
            torch.save({"fingerprint": fingerprint, "parts": parts}, half_written)
            half_written.replace(cache)
        except OSError:  # a read-only folder: decode again next time
            pass
        return parts


def load():
    """The digits: MNIST where it can be found or downloaded, else a small stand-in.

    The environment variable MNIST_COURSE_DATA=mnist or =digits forces one of the two.
    Raises DataError if the choice is unknown, the folder is damaged, or MNIST is forced and cannot be had.
    """
    choice = os.environ.get("MNIST_COURSE_DATA", "")
    if choice not in ("", "mnist", "digits"):
        raise DataError(f"MNIST_COURSE_DATA is {choice!r}. Set it to 'mnist' or 'digits', or remove it.")
    if choice != "digits":
        try:
            data = Data("MNIST", fastai_folder("mnist_png") or download())
        except Exception as error:
            if choice == "mnist":
                raise DataError(
                    f"MNIST is neither on this machine nor can it be downloaded ({type(error).__name__}). "
                    "Connect to the internet and run this cell again, or unset MNIST_COURSE_DATA."
                ) from error
            print("MNIST is neither on this machine nor can it be downloaded; a small stand-in of 1,797 digits is used.")
        else:
            check_folder(data)
            return data
    data = Data("digits", digits_folder())
    check_folder(data)
    return data


def check_folder(data):
    """A checksum of the names and sizes of all images; DataError if files are missing, added or empty."""
    expected = MNIST_COUNTS if data.name == "MNIST" else DIGITS_COUNTS
    remedy = f"Delete the folder {data.path} and run this cell again: it is then made anew."
    checksum = hashlib.sha256()
    for part, counts in expected.items():
        for digit, count in enumerate(counts):
            folder = data.path / part / str(digit)
            if not folder.is_dir():
                raise DataError(f"{folder} is missing. {remedy}")
            found = sorted((f.name, f.stat().st_size) for f in os.scandir(folder) if f.name.endswith(".png"))
            if len(found) != count:
                raise DataError(f"{folder} holds {len(found):,} images and should hold {count:,}. {remedy}")
            empty = [name for name, size in found if size == 0]
            if empty:
                raise DataError(f"{folder / empty[0]} is empty. {remedy}")
            checksum.update(repr((part, digit, found)).encode())
    return checksum.hexdigest()


def read_part(folder):
    """Decode `folder/{0..9}/*.png` to images uint8 (N, 28, 28) and labels int64 (N,)."""
    images, labels = [], []
    for digit in range(10):
        for file in sorted((folder / str(digit)).glob("*.png")):
            try:
                images.append(np.asarray(Image.open(file).convert("L")))
            except OSError as error:
                raise DataError(f"{file} is not a readable image. Delete the folder {folder.parent} and run again.") from error
            if images[-1].shape != (28, 28):
                raise DataError(f"{file} is {images[-1].shape} pixels, not (28, 28). Delete {folder.parent} and run again.")
            labels.append(digit)
    return torch.from_numpy(np.stack(images)), torch.tensor(labels)


def fastai_folder(name):
    """The path of `name` in fastai's data folder where that usually is; None if it is not there. (To import fastai to ask for
    it takes a second of every start.)"""
    folder = Path(os.environ.get("FASTAI_HOME", "~/.fastai")).expanduser() / "data" / name
    return folder if folder.is_dir() else None


def download():
    """The path of MNIST, downloaded by fastai if need be."""
    from fastai.data.external import URLs, untar_data

    return untar_data(URLs.MNIST)


def digits_folder():
    """scikit-learn's 8 x 8 digits as 28 x 28 PNG files in MNIST's folder layout; made on the first call."""
    if folder := fastai_folder("digits_png"):
        return folder
    from fastai.data.external import fastai_cfg
    from scipy.ndimage import center_of_mass
    from sklearn.datasets import load_digits

    folder = fastai_cfg().path("data") / "digits_png"
    if folder.exists():
        return folder
    digits = load_digits()
    shifts = torch.randint(-1, 2, (len(digits.target), 2), generator=torch.Generator().manual_seed(0)).tolist()
    unfinished = folder.with_name(f"digits_png.{os.getpid()}")
    for i, (small, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        box = Image.fromarray((small * (255 / 16)).astype(np.uint8)).resize((20, 20), Image.Resampling.BICUBIC)
        pixels = np.asarray(box)
        # MNIST's own recipe: a 20 x 20 box, moved so that the centre of mass is the centre of 28 x 28.
        # As they come these digits are too easy, hence a fixed random shift of at most one pixel.
        corner = [round(13.5 - centre) + shift for centre, shift in zip(center_of_mass(pixels), shifts[i], strict=True)]
        top, left = (min(max(c, 0), 8) for c in corner)
        canvas = np.zeros((28, 28), np.uint8)
        canvas[top : top + 20, left : left + 20] = pixels
        target = unfinished / ("training" if i < 1297 else "testing") / str(digit) / f"{i:04}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(canvas).save(target)
    try:
        unfinished.replace(folder)
    except OSError:  # another notebook was faster
        if not folder.exists():
            raise
    return folder


def expect(what, received, expected, mistakes=None, tolerance=1e-4):
    """Say that `received` is right, or raise an AssertionError that says what is wrong.

    what: a few words that name what is checked.
    mistakes: {sentence: the value that this mistake gives}; a match is the message.
    tolerance: the largest difference that counts as equal, relative for numbers above 1.
    """
    if _same(received, expected, tolerance):
        print(f"ok  {what}")
        return
    for sentence, value in (mistakes or {}).items():
        if _same(received, value, tolerance):
            raise AssertionError(f"{what}: {sentence}")
    raise AssertionError(
        f"{what}\n  received: {_show(received)}\n  expected: {_show(expected)}{_where(received, expected, tolerance)}"
    )


def _same(a, b, tolerance):
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.shape == b.shape and a.dtype == b.dtype and torch.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(_same(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if type(a) is float and type(b) is float:
        return a == b or abs(a - b) <= tolerance * max(1, abs(b))
    return type(a) is type(b) and a == b


def _show(value):
    if isinstance(value, torch.Tensor):
        text = f"tensor {tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
        return f"{text} {value.tolist()}" if value.numel() <= 12 else text
    return repr(value)


def _where(received, expected, tolerance):
    """The first entry that differs, of tensors that are too large to be shown."""
    tensors = isinstance(received, torch.Tensor) and isinstance(expected, torch.Tensor)
    if not tensors or received.shape != expected.shape or received.dtype != expected.dtype or expected.numel() <= 12:
        return ""
    entry = (~torch.isclose(received, expected, rtol=tolerance, atol=tolerance, equal_nan=True)).nonzero()[0].tolist()
    return f"\n  the first entry that differs is {entry}: {received[tuple(entry)]:.6g}, expected {expected[tuple(entry)]:.6g}"


def progress(items, label=""):
    """Go through `items` with a bar that vanishes at the end. It never writes to stderr (nbgrader scores that 0)."""
    items = list(items)
    in_notebook = "ipykernel" in sys.modules and not GRADING
    if in_notebook:
        from IPython.display import HTML, display

        def bar(done):
            return HTML(f"<progress value='{done}' max='{len(items)}'></progress> {label} {done}/{len(items)}")

        shown = display(HTML(""), display_id=True)  # begins as it ends: nbval compares the beginning with the stored end
    for done, item in enumerate(items, 1):
        yield item
        if in_notebook:
            shown.update(bar(done) if done < len(items) else HTML(""))
        elif sys.stdout.isatty():
            print(f"\r{label} {done}/{len(items)}", end="\n" if done == len(items) else "", flush=True)


# What the solutions reach on the test set of MNIST and of the stand-in, each with the CPU seconds that training took on two cores
# in November 2026. tests/test_notebooks.py compares the accuracies with the outputs of the notebook that is named.
RECORDED = [
    ("01", "random guessing", (0.100, 0), (0.100, 0)),
    ("02", "nearest mean, MAE", (0.6685, 0.1), (0.794, 0.0)),
    ("02", "nearest mean, MSE", (0.820, 0.1), (0.830, 0.0)),
    ("03", "one number, linear", (0.234, 0.5), (0.178, 0.3)),
    ("03", "one number, 30 hidden units", (0.435, 7.2), (0.378, 2.8)),
    ("03", "sigmoid + MSE, wild start", (0.395, 1.6), (0.226, 0.4)),
    ("03", "softmax + MSE, wild start", (0.580, 1.8), (0.420, 0.4)),
    ("03", "sigmoid + MSE, small start", (0.911, 1.6), (0.896, 0.4)),
    ("03", "softmax + MSE, small start, large rate", (0.930, 1.6), (0.890, 0.4)),
    ("04", "one layer, cross-entropy", (0.926, 4.1), (0.890, 0.1)),
    ("05", "784-30-10 ReLU", (0.965, 0.6), (0.918, 0.3)),
    ("05", "784-64-10 sigmoid", (0.969, 0.9), (0.926, 0.4)),
    ("05", "784-300-50-10 ReLU", (0.978, 3.1), (0.930, 1.6)),
    ("06", "784-30-10, few images", (0.936, 0.4), (0.897, 0.2)),
    ("06", "784-30-10, few images, decay", (0.939, 0.5), (0.899, 0.2)),
    ("06", "784-100-10, all images, shifts", (0.978, 1.5), (0.954, 0.9)),
    ("06", "resnet18 by fastai", (0.965, 28), (0.896, 10)),
]


def recorded(data):
    """{model: (accuracy, CPU seconds of training)} as they were recorded with these data."""
    return {model: mnist if data.name == "MNIST" else digits for _, model, mnist, digits in RECORDED}


def scoreboard(data, rows):
    """A bar chart of test accuracies: what earlier notebooks reached (grey), and your `rows` {model: accuracy}.

    The seconds beside the bars are recorded ones, so that the picture is the same each time.
    """
    import matplotlib.pyplot as plt

    known = recorded(data)
    here = min((notebook for notebook, name, *_ in RECORDED if name in rows), default="99")
    merged = {name: known[name][0] for notebook, name, *_ in RECORDED if notebook < here} | rows
    names = sorted(merged, key=merged.get)
    _, axes = plt.subplots(figsize=(7, 0.4 * len(names) + 0.9))
    axes.barh(names, [merged[n] for n in names], color=["tab:blue" if n in rows else "silver" for n in names])
    for y, name in enumerate(names):
        seconds = f",  {known[name][1]:g} s" if name in known and known[name][1] else ""
        axes.text(merged[name] + 0.01, y, f"{merged[name]:.1%}{seconds}", va="center")
    axes.set(xlim=(0, 1.25), xticks=[i / 5 for i in range(6)])
    axes.set_xlabel(
        f"accuracy on the test set ({data.name}); grey: earlier notebooks\nseconds: CPU time of training, as recorded"
    )
    plt.show()
