"""The notebooks hold on another processor with the stand-in, too; see test_processors.py.

Each has one of the three roundings, and each rounding two notebooks: on MNIST every notebook has all of them, and the other
twelve runs took a quarter of an hour of a slow machine. In November 2026 all eighteen held, as far off as those on MNIST.
"""

import os

import pytest
from conftest import COURSE
from nbclient import NotebookClient
from notebook_runs import HANGS, ROUNDINGS, compare_with_recorded, printed, solution


@pytest.mark.long
@pytest.mark.parametrize(("assignment", "rounding"), list(zip(COURSE.assignments, 2 * [*ROUNDINGS], strict=True)))
def test_the_solution_reaches_what_is_recorded_on_the_stand_in(assignment, rounding, record_property):
    notebook, folder = solution(assignment), COURSE.solutions / assignment
    client = NotebookClient(notebook, timeout=HANGS, resources={"metadata": {"path": folder}})
    client.execute(env=os.environ | ROUNDINGS[rounding] | {"MNIST_COURSE_DATA": "digits"})
    farthest = compare_with_recorded(assignment, printed(notebook), "digits")
    record_property("elsewhere", f"{assignment[:2]}, stand-in, {rounding}: {farthest:.2f} of a tolerance")
