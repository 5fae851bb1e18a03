"""Running the solution notebooks, and comparing what they print with what is recorded."""

import base64
import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import course
import nbformat
from conftest import COURSE
from nbval_numbers import template
from PIL import Image

# What makes one machine round as others do; see test_processors.py.
ROUNDINGS = {
    "no vectors, one thread": {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "1"},
    "avx2, one thread": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OMP_NUM_THREADS": "1"},
    "compatible, two threads": {
        "MKL_CBWR": "COMPATIBLE",
        "OMP_NUM_THREADS": "2",
        "GOMP_SPINCOUNT": "1000",  # as in a notebook, and of no effect on a sum: the other worker needs the core
    },
}

# Seconds after which a cell hangs; a slow one does not: "compatible", three tests on two cores, resnet18 took more than 300.
HANGS = 1500

# How far a run on the stand-in may lie from what is RECORDED. No accuracy but resnet18's moved by an image of the 500
# under `ATEN_CPU_CAPABILITY=default`, `MKL_CBWR=COMPATIBLE`, `=AVX2`, nor with products perturbed by half a unit in their last
# place: three images are allowed. The many steps and weights of resnet18 make another network of another rounding. Fifteen of
# them (ten seeds, two roundings, two makes of processor) have mean .896 and standard deviation .017, of which the band is four.
STAND_IN = {"resnet18 by fastai": 0.068}
THREE_IMAGES = 3 / 500


def solution(assignment):
    return nbformat.read(COURSE.solutions / assignment / f"{assignment}.ipynb", as_version=4)


def printed(notebook):
    """All that a notebook's cells print, as one text."""
    return "\n".join(o.text for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "stream")


def pictures(notebook):
    """(what it is said to show, its width in pixels) for each picture of an executed notebook."""
    for output in (o for cell in notebook.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})):
        width, _ = Image.open(BytesIO(base64.b64decode(output.data["image/png"]))).size
        yield output.metadata.get("image/png", {}).get("alt", ""), width


def nbval(path, *options, **environment):
    """What nbval, with the plugin beside this file, says of a notebook: whether all cells pass, and its report."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "nbval_numbers"]
    command += ["--nbval-current-env", f"--nbval-cell-timeout={HANGS}", *options, path]
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ["PYTHONPATH"]])
    result = subprocess.run(command, cwd=path.parent, env=os.environ | environment, capture_output=True, text=True)
    return result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


def compare_with_recorded(assignment, text, data):
    """The accuracies that a notebook prints must be those of `RECORDED` in source/course/scoreboard.py.

    Returns: the largest of their distances, 1 being what is tolerated.
    """
    farthest = 0.0
    models = [
        (model, (mnist if data == "MNIST" else digits)[0]) for n, model, mnist, digits in course.RECORDED if n == assignment[:2]
    ]
    assert models
    for model, accuracy in models:
        shown = re.search(rf"^{re.escape(model)}:? +(\d\.\d+)$", text, re.MULTILINE)
        assert shown, f"{assignment} does not print the accuracy of {model!r}"
        trained = template(assignment[:2], shown[0])
        tolerance = STAND_IN.get(model, THREE_IMAGES) if data == "digits" else max(trained.tolerances) if trained else 0.0
        distance = abs(float(shown[1]) - accuracy) / (tolerance + 0.0005)  # half of the last digit recorded
        assert distance <= 1, f"{model}: recorded {accuracy}, now {shown[1]}"
        farthest = max(farthest, distance)
    return farthest
