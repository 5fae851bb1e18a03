"""Another processor adds up in another order: the notebooks hold there too, and so do the grades.

Torch and its libraries choose their loops by the processor. These variables, read when torch is loaded, make them choose as
they would elsewhere; so one machine stands for several. Torch trains on one thread wherever a notebook runs, as its set-up cell
says, but for resnet18 on two; OMP_NUM_THREADS decides for what is not torch's, and until that cell.
"""

import ast
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from conftest import COURSE
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from notebook_runs import compare_with_recorded, nbval, printed, solution

from autograder.checks import KernelEvaluator, LocalEvaluator, Reference, judge, load
from autograder.judging.execute import Run
from autograder.sandbox import provisioner
from autograder.sandbox.kernel import CourseKernelManager
from autograder.sandbox.limits import Limits

ROUNDINGS = {
    "no vectors, one thread": {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "1"},
    "avx2, one thread": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OMP_NUM_THREADS": "1"},
    "compatible, two threads": {"MKL_CBWR": "COMPATIBLE", "ONEDNN_MAX_CPU_ISA": "SSE41", "OMP_NUM_THREADS": "2"},
}
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


@pytest.mark.long
@elsewhere
def test_the_checks_prove_themselves(rounding):
    command = [Path(sys.prefix, "bin", "autograder"), "check", "--all"]
    result = subprocess.run(command, cwd=COURSE.root, env=os.environ | ROUNDINGS[rounding], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def imports(assignment):
    """The import statements of a notebook, as one source."""
    files = COURSE.source / "header.py", COURSE.source / assignment / f"{assignment}.py"
    found = [n for f in files for n in ast.parse(f.read_text()).body if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, found)) + "\ncourse.running.GRADING = True"


def run(source):
    """An expression that runs source, known to `linecache` as a cell is, so that messages may quote it."""
    return (
        "(lambda cache, source: (cache.update({'<cell>': (len(source), None, source.splitlines(True), '<cell>')}), "
        f"exec(compile(source, '<cell>', 'exec'), globals())))(__import__('linecache').cache, {source!r})"
    )


@pytest.mark.parametrize(
    ("assignment", "most"),
    [
        pytest.param("05-two-layer-net", 1, id="a few"),
        *(pytest.param(a, None, id=a, marks=pytest.mark.long) for a in COURSE.assignments),
    ],
)
def test_verdicts_are_the_same_where_the_kernel_rounds_otherwise(assignment, most, monkeypatch):
    """Recorded mistakes, alternatives and the solution, in the sandbox: the points and sentences of a kernel like the grader."""
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")  # torch is loaded in this process: it keeps the loops that it has
    monkeypatch.setattr(provisioner, "PASSED_ON", (*provisioner.PASSED_ON, "ATEN_CPU_CAPABILITY"))
    reference = Reference(COURSE, assignment)

    def compare(_):
        assert kernel.ask("torch.backends.cpu.get_cpu_capability()") == repr("DEFAULT")
        for exercise in load(COURSE, assignment).values():
            for code in ("", *islice(exercise.mistakes.values(), most), *islice(exercise.alternatives.values(), most)):
                source = f"{reference.source}\n\n{code}"
                here = judge(exercise, LocalEvaluator(reference.namespace(code)), reference, "elsewhere", source)
                kernel.ask(run(source))
                there = judge(exercise, KernelEvaluator(kernel.ask), reference, "elsewhere", source)
                assert there == here, f"{exercise.name}: {code}"

    def manager():  # one kernel for hundreds of cases
        limits = Limits(notebook_seconds=900, cpu_seconds=900, cell_seconds=60)
        beside = [f for f in (COURSE.source / assignment).glob("*.py") if f.stem != assignment]
        return CourseKernelManager(limits=limits, files=[COURSE.source / "course", *beside], data=None)

    kernel = Run(new_notebook(cells=[new_code_cell(imports(assignment))]), (), manager)
    assert kernel.execute_and(compare) is None
