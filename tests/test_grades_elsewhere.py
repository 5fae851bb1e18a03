"""Grades do not depend on the processor: the checks hold where torch rounds otherwise, and so do verdicts in a sandbox."""

import ast
import os
import subprocess
import sys
from itertools import islice

import pytest
from conftest import COURSE
from nbformat.v4 import new_code_cell, new_notebook
from notebook_runs import ROUNDINGS

from autograder.checks import KernelEvaluator, LocalEvaluator, Reference, judge, load
from autograder.judging.execute import Run
from autograder.sandbox import provisioner
from autograder.sandbox.kernel import CourseKernelManager
from autograder.sandbox.limits import Limits

# As `autograder check`, without the mutants, which make runs once.
PROVE = """
import sys
from pathlib import Path
from autograder.checks import Reference, load
from autograder.checks.proof import prove
from autograder.course import Course
course = Course(Path.cwd())
for assignment in course.assignments:
    reference = Reference(course, assignment)
    for exercise in load(course, assignment).values():
        found = {what: which for what, which in prove(exercise, reference).problems.items() if which}
        if found:
            sys.exit(f"{exercise.name}: {found}")
"""


@pytest.mark.long
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_checks_prove_themselves(rounding):
    environment = os.environ | ROUNDINGS[rounding]
    result = subprocess.run([sys.executable, "-c", PROVE], cwd=COURSE.root, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


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
