"""The notebooks' data: found, replaced by the stand-in, or refused with a remedy; never silently wrong."""

import os
import shutil
import subprocess
import sys

import pytest
from conftest import COURSE

LOAD = """
import course
data = course.load()
images, labels = data.train()
print(data.name, tuple(images.shape), images.dtype, tuple(labels.shape), labels.dtype)
"""
DIGITS = "digits (1297, 28, 28) torch.uint8 (1297,) torch.int64"


def load(home, choice=None, network=True):
    """Load the data in a new process with fastai's folder at `home`. Returns the finished process."""
    environment = {k: v for k, v in os.environ.items() if k != "MNIST_COURSE_DATA"} | {"FASTAI_HOME": str(home)}
    if choice:
        environment["MNIST_COURSE_DATA"] = choice
    cut_off = [] if network else ["unshare", "--user", "--map-root-user", "--net"]
    command = [*cut_off, sys.executable, "-c", LOAD]
    return subprocess.run(command, cwd=COURSE.source, env=environment, capture_output=True, text=True)


def test_without_data_and_network_the_stand_in_is_used_and_said(tmp_path):
    result = load(tmp_path, network=False)
    *said, what = result.stdout.splitlines()
    assert what == DIGITS, result.stderr
    assert "stand-in of 1,797 digits" in said[-1]


def test_mnist_can_be_insisted_upon(tmp_path):
    result = load(tmp_path, "mnist", network=False)
    assert result.returncode == 1
    assert "MNIST is neither on this machine nor can it be downloaded" in result.stderr


def test_an_unknown_choice_is_refused(tmp_path):
    assert "Set it to 'mnist' or 'digits'" in load(tmp_path, "minst").stderr


@pytest.fixture
def digits(tmp_path):
    """fastai's folder with the stand-in in it, its cache made."""
    assert load(tmp_path, "digits").stdout.splitlines()[-1] == DIGITS
    return tmp_path


def test_the_cache_gives_the_same_and_is_not_trusted_blindly(digits):
    cache = digits / "data" / "digits_png.pt"
    assert cache.exists()
    assert load(digits, "digits").stdout.splitlines()[-1] == DIGITS
    cache.write_bytes(b"not a tensor file")
    assert load(digits, "digits").stdout.splitlines()[-1] == DIGITS


@pytest.mark.parametrize("damage", ["a file is missing", "a file is added", "a file is empty", "a folder is missing", "no image"])
def test_a_damaged_folder_is_refused_with_the_remedy(digits, damage):
    folder = digits / "data" / "digits_png" / "training" / "4"
    first = sorted(folder.iterdir())[0]
    match damage:
        case "a file is missing":
            first.unlink()
        case "a file is added":
            shutil.copy(first, folder / "copy.png")
        case "a file is empty":
            first.write_bytes(b"")
        case "a folder is missing":
            shutil.rmtree(folder)
        case "no image":
            first.write_bytes(b"GIF89a")
    result = load(digits, "digits")
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert "DataError" in last and str(digits / "data" / "digits_png") in last and "Delete" in last
