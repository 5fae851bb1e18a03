"""Grades do not depend on the processor: the checks hold where torch rounds otherwise, and so do verdicts in a sandbox.

Whether two settings of one machine round a given sum otherwise is luck, so every sum is also added up backwards.
"""

import ast
import os
import subprocess
import sys
from functools import cache
from itertools import islice

import pytest
import torch
from conftest import COURSE
from nbformat.v4 import new_code_cell, new_notebook
from notebook_runs import ROUNDINGS
from torch.utils._python_dispatch import TorchDispatchMode

from autograder.checks import KernelEvaluator, LocalEvaluator, Reference, judge, load
from autograder.judging.execute import Run
from autograder.sandbox import provisioner
from autograder.sandbox.kernel import CourseKernelManager
from autograder.sandbox.limits import Limits

pytestmark = pytest.mark.usefixtures("no_pools")

# As `autograder check`, without the mutants, which make runs once; of three roundings each assignment has two.
PROVE = """
import sys
from pathlib import Path
from autograder.checks import Reference, load
from autograder.checks.proof import prove
from autograder.course import Course
course = Course(Path.cwd())
for assignment in sys.argv[1:]:
    reference = Reference(course, assignment)
    for exercise in load(course, assignment).values():
        found = {what: which for what, which in prove(exercise, reference).problems.items() if which}
        if found:
            sys.exit(f"{exercise.name}: {found}")
"""


@pytest.mark.long
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_checks_prove_themselves(rounding):
    others = [a for i, a in enumerate(COURSE.assignments) if i % 3 != [*ROUNDINGS].index(rounding)]
    command, environment = [sys.executable, "-c", PROVE, *others], os.environ | ROUNDINGS[rounding]
    result = subprocess.run(command, cwd=COURSE.root, env=environment, capture_output=True, text=True)
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


reference = cache(Reference)
exercises = cache(load)


@cache
def verdict_here(assignment, name, code):
    """The verdict about the solution with an exercise's function replaced by `code`, in this process."""
    exercise, solutions = exercises(COURSE, assignment)[name], reference(COURSE, assignment)
    return judge(exercise, LocalEvaluator(solutions.namespace(code)), solutions, "elsewhere", f"{solutions.source}\n\n{code}")


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
    solutions = reference(COURSE, assignment)

    def compare(_):
        assert kernel.ask("torch.backends.cpu.get_cpu_capability()") == repr("DEFAULT")
        for exercise in exercises(COURSE, assignment).values():
            for code in ("", *islice(exercise.mistakes.values(), most), *islice(exercise.alternatives.values(), most)):
                source = f"{solutions.source}\n\n{code}"
                kernel.ask(run(source))
                there = judge(exercise, KernelEvaluator(kernel.ask), solutions, "elsewhere", source)
                assert there == verdict_here(assignment, exercise.name, code), f"{exercise.name}: {code}"

    def manager():  # one kernel for hundreds of cases
        limits = Limits(notebook_seconds=900, cpu_seconds=900, cell_seconds=60)
        beside = [f for f in (COURSE.source / assignment).glob("*.py") if f.stem != assignment]
        return CourseKernelManager(limits=limits, files=[COURSE.source / "course", *beside], data=None)

    kernel = Run(new_notebook(cells=[new_code_cell(imports(assignment))]), (), manager)
    assert kernel.execute_and(compare) is None


class Backwards(TorchDispatchMode):
    """Floating-point numbers are added up from the last to the first."""

    PRODUCTS = frozenset({"mm", "bmm", "mv", "dot", "vdot", "addmm", "addmv", "baddbmm", "_cdist_forward", "_euclidean_dist"})
    SUMS = frozenset({"sum", "mean", "var", "std", "linalg_vector_norm", "norm", "logsumexp"})

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name, args, kwargs = function.__name__.partition(".")[0], list(args), kwargs or {}
        if name in self.PRODUCTS:
            first = name.startswith(("add", "badd"))  # what is added to the product comes before its factors
            left, right = args[first : first + 2]
            args[first : first + 2] = left.flip(-1), right.flip(-1 if "dist" in name or right.ndim < 2 else -2)
        elif name in self.SUMS and args[0].is_floating_point():
            given = (v for v in (*args[1:], *kwargs.values()) if isinstance(v, list) and v and isinstance(v[0], int))
            args[0] = args[0].flip(next(given, list(range(args[0].ndim))))
        return function(*args, **kwargs)


class BackwardsEvaluator(LocalEvaluator):
    def evaluate(self, request):
        with Backwards():
            return super().evaluate(request)

    def attempts(self, request, sources, *limits):
        with Backwards():
            return super().attempts(request, sources, *limits)


def test_backwards_rounds_otherwise():
    x = torch.rand(64, 512, generator=torch.Generator().manual_seed(0))

    def results():
        lengths = x.norm(dim=1), torch.cdist(x[3:], x[:3])  # of a row to itself: the root of what rounding leaves of 0
        return x.sum(0), x.mean(1), x @ x.T, x @ x[0], torch.nn.functional.linear(x, x, x[0, :64]), x.logsumexp(1), *lengths

    forwards = results()
    with Backwards():
        for one, other in zip(forwards, results(), strict=True):
            assert not torch.equal(one, other)
            assert torch.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize(
    "assignment", [a if a[:2] == "02" else pytest.param(a, marks=pytest.mark.long) for a in COURSE.assignments]
)
def test_verdicts_are_the_same_where_sums_are_added_up_backwards(assignment):
    solutions = reference(COURSE, assignment)
    for exercise in exercises(COURSE, assignment).values():
        for code in ("", *exercise.mistakes.values(), *exercise.alternatives.values()):
            source = f"{solutions.source}\n\n{code}"
            backwards = judge(exercise, BackwardsEvaluator(solutions.namespace(code)), solutions, "elsewhere", source)
            assert backwards == verdict_here(assignment, exercise.name, code), f"{exercise.name}: {code}"
