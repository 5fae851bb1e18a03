"""Another processor adds up in another order: the notebooks hold there too (and the grades: test_grades_elsewhere.py).

Torch and its libraries choose their loops by the processor. These variables, read when torch is loaded, make them choose as
they would elsewhere; so one machine stands for several. Torch trains on one thread wherever a notebook runs, as its set-up cell
says, but for resnet18 on two; OMP_NUM_THREADS decides for what is not torch's, and until that cell.
"""

import os

import pytest
from conftest import COURSE
from nbclient import NotebookClient
from notebook_runs import ROUNDINGS, compare_with_recorded, nbval, printed, solution

elsewhere = pytest.mark.parametrize("rounding", ROUNDINGS)


@pytest.mark.long
@elsewhere
def test_the_solution_shows_the_same_on_mnist(assignment, rounding, data_here):
    if (stored := solution(assignment).metadata.course.data) != data_here:
        pytest.skip(f"the stored outputs are those of {stored}, which is not on this machine")
    passes, report = nbval(COURSE.solutions / assignment / f"{assignment}.ipynb", "--nbval", **ROUNDINGS[rounding])
    assert passes, report


@pytest.mark.long
@elsewhere
def test_the_solution_reaches_what_is_recorded_on_the_stand_in(assignment, rounding):
    notebook, folder = solution(assignment), COURSE.solutions / assignment
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}})
    client.execute(env=os.environ | ROUNDINGS[rounding] | {"MNIST_COURSE_DATA": "digits"})
    compare_with_recorded(assignment, printed(notebook), "digits")
