"""The digits: MNIST where it can be found or downloaded, else a small stand-in; checked whenever they are found, decoded once."""

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

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
    fingerprint: str = field(default="", repr=False)  # from `check_folder`, when they were found: it looks at 70,000 files

    def train(self):
        """The training set: images uint8 (N, 28, 28) and labels int64 (N,), digit by digit."""
        return self._read()["training"]

    def test(self):
        """The test set, in the same form. Open it once, at the end of an investigation."""
        return self._read()["testing"]

    def _read(self):
        """Both parts. Decoding the PNG files takes a while, so it is done once and kept in a file beside them."""
        cache = self.path.with_suffix(".pt")
        if cache.exists():
            try:
                kept = torch.load(cache, weights_only=True)
                if kept["fingerprint"] == self.fingerprint:
                    return kept["parts"]
            except Exception:  # an unreadable cache is no loss: the images are still there
                pass
        parts = {part: read_part(self.path / part) for part in MNIST_COUNTS}
        try:
            half_written = cache.with_suffix(f".{os.getpid()}")
            torch.save({"fingerprint": self.fingerprint, "parts": parts}, half_written)
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
            return replace(data, fingerprint=check_folder(data))
    data = Data("digits", digits_folder())
    return replace(data, fingerprint=check_folder(data))


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
