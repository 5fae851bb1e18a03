"""Notebook 06 ends with fastai's resnet18. It trains here; where torchvision is broken, the notebook says so and goes on."""

import os
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient
from notebook_runs import HANGS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "source"
BROKEN = 'raise RuntimeError("operator torchvision::nms does not exist")\n'


def run(first_on_path):
    """The printed text of notebook 06, executed as while grading, on the stand-in."""
    notebook = jupytext.read(SOURCE / "06-regularization" / "06-regularization.py")
    folder = SOURCE / "06-regularization"
    client = NotebookClient(notebook, timeout=HANGS, kernel_name="python3", resources={"metadata": {"path": folder}})
    settings = {"NBGRADER_EXECUTION": "autograde", "MNIST_COURSE_DATA": "digits", "OMP_NUM_THREADS": "1"}
    client.execute(env=os.environ | settings | {"PYTHONPATH": f"{first_on_path}{os.pathsep}{SOURCE}"})
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.mark.parametrize("torchvision", [pytest.param("works", marks=pytest.mark.long), "is broken"])
def test_resnet18_trains_or_its_recorded_result_is_used(torchvision, tmp_path):
    if torchvision == "works":
        printed = run(ROOT / "tests" / "environment")
        assert "resnet18 by fastai" in printed and "recorded" not in printed
    else:
        (tmp_path / "torchvision.py").write_text(BROKEN)
        printed = run(tmp_path)
        assert "resnet18 cannot be trained here, so a recorded result is used below (RuntimeError: operator" in printed
        assert "(recorded)" in printed
