"""Exploring is welcome: whatever number or list a student changes in a given cell, the notebook runs on, without a warning."""

import os

import pytest
from conftest import COURSE
from nbclient import NotebookClient
from notebook_runs import HANGS

from autograder.build.source import read
from autograder.course import notebook_source

# What is changed at once in one run, {what stands there: what is tried}. The functions are those of the solution.
CHANGES = {
    "01-data-loading": [
        {
            "PER_DIGIT = 40": "PER_DIGIT = 60",  # the test folder of the stand-in has only 46 of a digit
            "rows=(8, 18)": "rows=(-5, 40)",
            "each=30": "each=0",
            "len(labels), 0.2": "len(labels), 1.0",
            "batches(x, y, 16": "batches(x, y, 1",
        },
        {"PER_DIGIT = 40": "PER_DIGIT = 2", "each=30": "each=10**6", "len(labels), 0.2": "len(labels), 0.0"},
    ],
    "02-pixel-baseline": [{"STEP = 10": "STEP = 100"}],  # two images to validate with
    "03-mse-regression": [
        {
            "SCORES, FINAL = lesson.epochs(data.name)": "SCORES, FINAL = 0, 0, 0, 0",
            "SEEDS = [0]": "SEEDS = [5]",
            "[0.01, 0.3, 0.6]": "[-1, 1e9]",
            "sizes=(1, 16, 256)": "sizes=(2,)",
            "    return scores[loss]": "    return math.nan * scores[loss]",
        },
        {
            "SEEDS = [0]": "SEEDS = []",
            "[0.01, 0.3, 0.6]": "[]",
            "sizes=(1, 16, 256)": "sizes=()",
            "few, valid, 0.003": "few, valid, 1e9",
            "few, valid, 0.01": "few, valid, -1",
            'f"wild start: {loss}"': 'f"my start: {loss}"',
            "128, generator": "10**6, generator",
        },
    ],
    "04-logistic-regression": [
        {
            "EPOCHS = 2": "EPOCHS = 1",
            "SEEDS = [0, 1]": "SEEDS = [9]",
            "[1.0, 88.0, 90.0]": "[2.0]",
            "arange(0.0, 151)": "arange(0.0, 9)",
            "0.03, 0.1, 0.3, 1.0, 3.0, 10.0]": "]",
            "BATCH_SIZE = 64": "BATCH_SIZE = 1",
        },
        {"[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]": "[1e39, -1e39]", "SEEDS = [0, 1]": "SEEDS = []"},
        {"[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]": "[]", "few, valid, 0.1,": "few, valid, 1e39,"},
    ],
    "05-two-layer-net": [
        {
            "EPOCHS, RATE = 1": "EPOCHS, RATE = 0",
            "SEEDS = [0, 1]": "SEEDS = [3]",
            '"nn.Linear": 6**-0.5': '"nothing": 0',
            '{"one layer": after04.one_layer, "784-30-10": small}': "{}",
        },
        {
            "0.3 if MNIST else 0.1": "1e9",
            "SEEDS = [0, 1]": "SEEDS = []",
            '{"yours": 1, "twice as large": 2, "nn.Linear": 6**-0.5}': "{}",
            "hidden=30, init": "hidden=1, init",
            "lr=3,": "lr=-3,",
            ', "rate .01, momentum .9": (0.01, 0.9), "rate .1": (0.1, 0)}': "}",
        },
    ],
    "06-regularization": [
        {"EPOCHS = 2": "EPOCHS = 0", "SEEDS = [0, 1]": "SEEDS = [5, 6]", "in (0.0, 0.002)": "in ()"},
        {
            "dict(hidden=30, lr=0.1": "dict(hidden=1, lr=-1e9",
            "in (0.0, 0.002)": "in (1e9, -1)",
            "else 90": "else 40",
            "patience=3": "patience=10**6",
        },
    ],
}


@pytest.mark.long
@pytest.mark.parametrize(("assignment", "run"), [(name, run) for name, runs in CHANGES.items() for run in range(len(runs))])
def test_any_number_may_be_changed(assignment, run, monkeypatch):
    monkeypatch.setenv("MNIST_COURSE_DATA", "digits")
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")  # short runs
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(COURSE.source), os.environ.get("PYTHONPATH", "")]))
    notebook = read(notebook_source(COURSE.source / assignment))
    notebook.cells[1:1] = read(COURSE.source / "header.py").cells
    for before, after in CHANGES[assignment][run].items():
        cells = [cell for cell in notebook.cells if cell.cell_type == "code" and before in cell.source]
        assert cells, before
        for cell in cells:
            cell.source = cell.source.replace(before, after)
    resources = {"metadata": {"path": COURSE.source / assignment}}
    NotebookClient(notebook, timeout=HANGS, allow_errors=True, resources=resources).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", f"{output.ename}: {output.evalue}\n{cell.source}"
            assert output.get("name") != "stderr", f"{output.text}\n{cell.source}"
