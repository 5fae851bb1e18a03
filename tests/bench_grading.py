"""What grading costs, beside what else there is: `make bench-grading`, or `python tests/bench_grading.py 02 --submissions 6`.

The same submissions of an assignment, every second one with recorded mistakes, are graded by nbgrader as it comes (one process,
and two with gradebooks of their own), by otter-grader without containers, and by this kit with one job and with two. Nobody but
this kit runs hidden checks or a sandbox, which favours the others. Everything else is the same for all: the cells, the data, one
thread a process. The limit is what the cells themselves cost in a kernel that is warm, and what starting a kernel adds to that:
with all cores busy, no grader that runs them can do more a minute.

A control group counts the processor time of a run, also that of sandboxes that were killed: run this as root. otter-grader is
installed into a temporary environment of its own, beside this one; the package index must be within reach.
"""

import argparse
import contextlib
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import venv
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import nbformat
import psutil
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbgrader.coursedir import CourseDirectory
from rich.console import Console
from rich.table import Column, Table

from autograder import configuration, sample_class
from autograder.course import Course
from autograder.grading.gradebook import Book
from autograder.grading.registration import register
from autograder.judging.data import prepare_data
from autograder.judging.result import check_cells, grade_id
from autograder.judging.task import snapshot

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
OTTER = "otter-grader==7.0.0"
SECONDS = 0.1  # between two looks at the processes of a run
MEMORY = 50  # every so many looks memory is added up, which takes time from those who are compared
TURNS = 3  # of this kit with one job and with two: a machine is slower in one minute than in the next, by a tenth or more
STOCK = """c = get_config()
c.CourseDirectory.release_directory = "notebooks"
for step in ("submitted", "autograded", "feedback"):
    setattr(c.CourseDirectory, f"{{step}}_directory", f"grading/{{step}}")
c.CourseDirectory.db_url = "sqlite:///{root}/grading/gradebook.db"
c.ExecutePreprocessor.iopub_timeout = c.ExecutePreprocessor.timeout = 300  # else it gives up on a busy machine, after 4 s
"""
# One check cell as a test of otter's, which is executed in the student's namespace.
OTTER_TEST = """from otter.test_files import test_case
OK_FORMAT = False
name = {name!r}
points = {points}
@test_case()
def test(env):
    exec({source!r}, env)
"""
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "NBGRADER_EXECUTION": "autograde", "PYTHONUTF8": "1"}


@dataclass
class Cost:
    """Of one run: seconds by the clock, CPU seconds in all, in kernels and in the process that was started; peak memory."""

    seconds: float = 0
    cpu: float = 0
    kernel: float = 0
    own: float = 0
    megabytes: float = 0


@dataclass
class Processes:
    """All processes of a control group, seen again and again until none is left."""

    group: Path
    started: list = field(default_factory=list)
    seen: dict = field(default_factory=dict)  # pid: psutil.Process
    used: dict = field(default_factory=dict)  # pid: CPU seconds when it was last seen
    kernels: set = field(default_factory=set)
    megabytes: float = 0

    def watch(self, ended):
        """Look until the event `ended` is set."""
        for look in range(10**9):
            pids = [int(pid) for file in self.group.rglob("cgroup.procs") for pid in file.read_text().split()]
            total = 0
            for pid in pids:
                with contextlib.suppress(OSError, psutil.Error):  # it has just ended
                    if new := pid not in self.seen:
                        self.seen[pid] = psutil.Process(pid)
                    self.used[pid] = sum(self.seen[pid].cpu_times()[:2])
                    if new and self._is_kernel(self.seen[pid]):
                        self.kernels.add(pid)
                    if look % MEMORY == 0:
                        total += int(re.search(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())[1]) / 1024
            self.megabytes = max(self.megabytes, total)
            if ended.wait(SECONDS):
                return

    def _is_kernel(self, process):
        sandboxed = os.readlink(f"/proc/{process.pid}/ns/pid") != os.readlink("/proc/self/ns/pid")
        return sandboxed or "ipykernel_launcher" in process.cmdline()


def cost(*runs):
    """The Cost of commands that run at the same time. runs: (list of commands, one after the other, and their folder)."""
    first = Path("/sys/fs/cgroup/cpuacct")  # version 1 of control groups has a folder for each resource
    group = (first if first.exists() else first.parent) / f"bench-grading-{os.getpid()}"
    inside = group / "inside"  # version 2 lets a sandbox have a group beside this one, but not below it
    inside.mkdir(parents=True)
    environment = {**os.environ, **ENVIRONMENT, "PATH": f"{BIN}:{os.environ['PATH']}"}
    processes, ended, started = Processes(group), threading.Event(), time.monotonic()
    watching = threading.Thread(target=processes.watch, args=[ended])

    def go(commands, folder):
        for command in commands:
            entered = ["sh", "-c", f'echo $$ > {inside}/cgroup.procs; exec "$@"', "sh", *map(str, command)]
            process = subprocess.Popen(
                entered, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            processes.started.append(process.pid)
            said = process.communicate()[0]
            if process.returncode not in (0, 3):  # 3: graded, and there is something to look at
                failures.append(f"{' '.join(command)}: {said[-2000:]}")
                return

    failures, threads = [], [threading.Thread(target=go, args=run) for run in runs]
    try:
        for thread in [watching, *threads]:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - started
        while "".join(file.read_text() for file in group.rglob("cgroup.procs")):
            time.sleep(SECONDS)
        ended.set()
        watching.join()
        if failures:
            sys.exit("\n".join(failures))
        if first.exists():
            cpu = int((group / "cpuacct.usage").read_text()) / 1e9
        else:
            cpu = int(re.search(r"usage_usec (\d+)", (group / "cpu.stat").read_text())[1]) / 1e6
    finally:
        inside.rmdir()
        group.rmdir()
    own = sum(processes.used[pid] for pid in processes.started)
    return Cost(seconds, cpu, sum(processes.used[kernel] for kernel in processes.kernels), own, processes.megabytes)


def submissions(assignment, number):
    """{student: notebook}: the solution, and in every second one a recorded mistake or two."""
    course = Course(ROOT)
    release = nbformat.read(course.release / assignment / f"{assignment}.ipynb", as_version=4)
    solutions = sample_class.solutions(course, assignment)
    made = {}
    for i in range(number):
        mistakes = sample_class.mistakes(course, assignment, i // 2) if i % 2 else {}
        made[f"student-{i:02}"] = sample_class.filled_in(release, solutions | mistakes)
    return made


def hand_in(folder, assignment, notebooks):
    """A course with one assignment in a folder of its own, for which these notebooks were handed in."""
    course = Course(folder)
    for part in ("source", "notebooks"):
        shutil.copytree(ROOT / part / assignment, folder / part / assignment)
    for file in ("nbgrader_config.py", "source/header.py"):
        shutil.copy(ROOT / file, folder / file)
    shutil.copytree(ROOT / "source" / "course", folder / "source" / "course")
    course.exercises.mkdir()
    shutil.copy(Course(ROOT).exercises / f"{assignment}.py", course.exercises)
    for student, notebook in notebooks.items():
        submitted = course.submitted / student / assignment
        submitted.mkdir(parents=True)
        nbformat.write(notebook, submitted / f"{assignment}.ipynb")
    # Once for a release, and once for a machine's images, whoever is in the class.
    with Book(CourseDirectory(config=configuration.config(folder))) as book:
        register(course, snapshot(course, assignment), book)
    prepare_data(course, [assignment])
    return course


def beside(assignment, folder):
    """Copy what lies beside a released notebook, which it imports, into a folder."""
    release = ROOT / "notebooks" / assignment
    shutil.copytree(release, folder, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"), dirs_exist_ok=True)


def assert_runs(notebook):
    """The solution must come through without an error, whoever runs it: else the figures are those of notebooks that fail."""
    errors = [output.evalue for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "error"]
    assert not errors, errors


def graded(folder, student):
    """What nbgrader, or this kit, made of a student's notebook."""
    (file,) = folder.glob(f"**/grading/autograded/{student}/*/*.ipynb")
    return nbformat.read(file, as_version=4)


def stock(folder, assignment, notebooks, processes):
    """nbgrader as it comes: each process with a part of the class and a gradebook of its own."""
    runs, students = [], list(notebooks)
    for part in range(processes):
        own = {student: notebooks[student] for student in students[part::processes]}
        root = hand_in(folder / f"part-{part}", assignment, own).root
        beside(assignment, root / "source" / assignment)  # from here nbgrader takes what a notebook imports
        (root / "nbgrader_config.py").write_text(STOCK.format(root=root))
        runs.append(([["nbgrader", step, assignment] for step in ("autograde", "generate_feedback")], root))
    spent = cost(*runs)
    pages = list(folder.glob(f"*/grading/feedback/*/{assignment}/*.html"))
    assert len(pages) == len(notebooks), "nbgrader did not grade all"
    assert_runs(graded(folder, students[0]))
    return spent


def kit(folder, assignment, notebooks, jobs):
    """This kit."""
    course = hand_in(folder, assignment, notebooks)
    spent = cost(([["autograder", "grade", "--jobs", str(jobs)]], course.root))
    verdicts = [json.loads(file.read_text()) for file in (course.grading / "verdicts").glob("*/*.json")]
    assert len(verdicts) == len(notebooks) and all(verdict["result"] for verdict in verdicts), "not all were graded"
    assert_runs(graded(folder, next(iter(notebooks))))
    return spent


def install_otter(folder):
    """An environment with otter-grader, which takes from this one all that it has already; returns its `otter`."""
    venv.create(folder, with_pip=True)
    library = next(folder.glob("lib/python*/site-packages"))
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (library / "ours.pth").write_text(ours)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", OTTER], check=True)
    return folder / "bin" / "otter"


def otter(folder, assignment, notebooks, program):
    """otter-grader, whose `otter run` grades one submission without a container: the check cells are its tests."""
    release = nbformat.read(ROOT / "notebooks" / assignment / f"{assignment}.ipynb", as_version=4)
    (folder / "tests").mkdir(parents=True)
    for cell in check_cells(release):
        about = {"name": grade_id(cell), "points": cell.metadata["nbgrader"]["points"], "source": cell.source}
        (folder / "tests" / f"{grade_id(cell)}.py").write_text(OTTER_TEST.format(**about))
    beside(assignment, folder / "files")
    (folder / "otter_config.json").write_text(json.dumps({"lang": "python"}))
    archive = shutil.make_archive(str(folder.parent / "autograder"), "zip", folder)
    commands = []
    for student, notebook in notebooks.items():
        own = copy.deepcopy(notebook)
        checks = {cell.id for cell in check_cells(own)}
        own.cells = [cell for cell in own.cells if cell.id not in checks]
        results = folder / "results" / student
        results.mkdir(parents=True)
        nbformat.write(own, folder / f"{student}.ipynb")
        commands.append([program, "run", f"{student}.ipynb", "-a", archive, "-o", results, "--no-logo"])
    spent = cost((commands, folder))
    tests = json.loads((folder / "results" / next(iter(notebooks)) / "results.json").read_text())["tests"]
    scored = [test for test in tests if "score" in test]  # its first is a summary
    assert scored and all(test["score"] == test["max_score"] for test in scored), "otter finds the solution wrong"
    return spent


def cells(folder, assignment, notebooks):
    """(CPU seconds of a notebook's cells in a kernel that is warm, what starting a kernel adds): both of bare kernels.

    A kernel's start is Python, IPython, and the imports and data of the first cells: a first notebook less the same, warm.
    """
    beside(assignment, folder)
    manager = AsyncKernelManager()
    used, first = [], next(iter(notebooks.values()))
    client = NotebookClient(first, manager, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel(env={**os.environ, **ENVIRONMENT}):
        kernel = psutil.Process(manager.provisioner.pid)
        for notebook in [first, *notebooks.values()]:
            before = sum(kernel.cpu_times()[:2]) if used else 0
            client.nb = copy.deepcopy(notebook)
            client.nb.cells.append(nbformat.v4.new_code_cell("%reset -f"))
            client.reset_execution_trackers()
            for index, cell in enumerate(client.nb.cells):
                client.execute_cell(cell, index)
            used.append(sum(kernel.cpu_times()[:2]) - before)
            if notebook is first:
                assert_runs(client.nb)
    return mean(used[1:]), used[0] - used[1]


def main():
    """Print a table for each assignment."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*", default=["02", "04"], help="ids, or how they begin; 02 and 04 if none")
    parser.add_argument("--submissions", type=int, default=24, help="two or more; 24 if not given")
    chosen = parser.parse_args()
    console = Console(width=120)
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary).resolve()
        program = install_otter(folder / "environment")
        for begin in chosen.assignments:
            assignment = next(name for name in Course(ROOT).assignments if name.startswith(begin))
            made = submissions(assignment, chosen.submissions)
            console.print(_table(folder / assignment, assignment, made, program, say=console.print))


def _table(folder, assignment, notebooks, program, say):
    say(f"{assignment}: the cells")
    warm, start = cells(folder / "cells", assignment, notebooks)
    runs = {
        "nbgrader": lambda place: stock(place, assignment, notebooks, 1),
        "nbgrader, two processes": lambda place: stock(place, assignment, notebooks, 2),
        "otter-grader": lambda place: otter(place, assignment, notebooks, program),
    }
    n, costs = len(notebooks), {}
    load = os.getloadavg()[0]
    for name, run in runs.items():
        say(f"{assignment}: {name}")
        costs[name] = run(folder / name.replace(" ", "-"))
    turns = []
    for turn in range(TURNS):
        say(f"{assignment}: this kit, with 1 job and with 2, {turn + 1} of {TURNS}")
        turns.append([kit(folder / f"kit-{turn}-{jobs}", assignment, notebooks, jobs) for jobs in (1, 2)])
    for name, same in zip(("this kit, 1 job", "this kit, 2 jobs"), zip(*turns, strict=True), strict=True):
        costs[name] = sorted(same, key=lambda cost: cost.seconds)[TURNS // 2]
    first = costs["nbgrader"]
    table = Table(
        Column(no_wrap=True), *("a minute", "times nbgrader", "CPU s each", "kernel", "first process", "others", "peak MB")
    )
    for name, spent in costs.items():
        rest = spent.cpu - spent.kernel - spent.own
        figures = (spent.cpu, spent.kernel, spent.own, rest)
        table.add_row(
            name,
            f"{60 * n / spent.seconds:.1f}",
            f"{first.seconds / spent.seconds:.2f}",
            *(f"{figure / n:.2f}" for figure in figures),
            f"{spent.megabytes:,.0f}",
        )
    for name, each in {"the cells, warm": warm, "the cells and a kernel's start": warm + start}.items():
        most = 60 * os.cpu_count() / each  # a minute, if nothing else took time and all cores were busy
        table.add_row(name, f"{most:.1f}", f"{most * first.seconds / n / 60:.2f}", f"{each:.2f}", f"{each:.2f}")
    gains = " and ".join(f"{one.seconds / two.seconds:.2f}" for one, two in turns)
    table.caption = f"This kit: of {TURNS} runs the one of median length. Two jobs were {gains} times as fast as one just before."
    table.title = f"{assignment}, {n} submissions; {os.cpu_count()} cores, {load:.1f} processes waiting at the start"
    return table


if __name__ == "__main__":
    main()
