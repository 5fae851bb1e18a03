"""Another processor adds up in another order: the notebooks hold there too (on the stand-in: test_processors_stand_in.py; the
grades: test_grades_elsewhere.py).

Torch and its libraries choose their loops by the processor. These variables, read when torch is loaded, make them choose as
they would elsewhere; so one machine stands for several. Torch trains on one thread wherever a notebook runs, as its set-up cell
says, but for resnet18 on two; OMP_NUM_THREADS decides for what is not torch's, and until that cell.
"""

import pytest
from conftest import COURSE
from notebook_runs import ROUNDINGS, nbval, solution


@pytest.mark.long
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_solution_shows_the_same_on_mnist(assignment, rounding, data_here, record_property):
    if (stored := solution(assignment).metadata.course.data) != data_here:
        pytest.skip(f"the stored outputs are those of {stored}, which is not on this machine")
    passes, report = nbval(COURSE.solutions / assignment / f"{assignment}.ipynb", "--nbval", **ROUNDINGS[rounding])
    assert passes, report
    record_property("elsewhere", f"{assignment[:2]}, MNIST, {rounding}: {report.rpartition('Farthest: ')[2].splitlines()[0]}")
