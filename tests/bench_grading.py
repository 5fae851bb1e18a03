"""What safe grading costs: CPU seconds of `nbgrader autograde` as it comes and with this kit, and the memory of a long run.

Run `python tests/bench_grading.py [assignment ...]` as root; it takes some minutes. Both grade the same notebooks, in turns, in
copies of the same course; stock nbgrader has no hidden tests to run, which favours it. The course of tests/attacks, whose
notebook does next to nothing, shows the cost that does not depend on the notebook.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table

from autograder import build, grading
from autograder.course import Course

ROOT = Path(__file__).parents[1]
SMALL = ROOT / "tests" / "attacks" / "course"
ROUNDS = 3
STUDENTS = 3  # in each run: nbgrader's own start is paid once
SUBMISSIONS = 20  # for the memory
STOCK = """c = get_config()
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.db_url = "sqlite:///{root}/grading/gradebook.db"
"""


def cpu_seconds(command, folder):
    """CPU seconds of a command and of all processes that it starts, however they end.

    A control group counts them all; what a killed sandbox used is in nobody's getrusage(2).
    """
    first = Path("/sys/fs/cgroup/cpuacct")  # version 1 of control groups has a folder for each resource
    group = (first if first.exists() else first.parent) / f"bench-grading-{os.getpid()}"
    group.mkdir()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    try:
        inside = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh", *command]
        ran = subprocess.run(inside, cwd=folder, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr[-3000:]
        while (group / "cgroup.procs").read_text():
            time.sleep(0.1)
        if first.exists():
            return int((group / "cpuacct.usage").read_text()) / 1e9
        return int(re.search(r"usage_usec (\d+)", (group / "cpu.stat").read_text())[1]) / 1e6
    finally:
        group.rmdir()


def copy_course(origin, folder, assignment, students):
    """A copy of a built course with one assignment, whose solution these many students have handed in."""
    course = Course(folder)
    for part in ("source", "notebooks", "solutions"):
        shutil.copytree(origin / part / assignment, folder / part / assignment)
    for file in ("nbgrader_config.py", "source/header.py", "source/course.py"):
        if (origin / file).exists():
            shutil.copy(origin / file, folder / file)
    course.exercises.mkdir()
    shutil.copy(Course(origin).exercises / f"{assignment}.py", course.exercises)
    for student in range(students):
        submitted = course.submitted / f"student-{student:02}" / assignment
        submitted.mkdir(parents=True)
        shutil.copy(course.solutions / assignment / f"{assignment}.ipynb", submitted)
    build.register(course, [assignment])
    return course


def cost(origin, assignment, folder):
    """Median CPU seconds for one notebook: (stock nbgrader, this kit)."""
    courses = {kind: copy_course(origin, folder / assignment / kind, assignment, STUDENTS) for kind in ("stock", "kit")}
    root = courses["stock"].root
    (root / "nbgrader_config.py").write_text(STOCK.format(root=root))
    command = ["nbgrader", "autograde", assignment, "--force"]
    rounds = [{kind: cpu_seconds(command, course.root) / STUDENTS for kind, course in courses.items()} for _ in range(ROUNDS)]
    return median(r["stock"] for r in rounds), median(r["kit"] for r in rounds)


def memory(origin, folder):
    """Megabytes that this process uses after each of many submissions that it has graded."""
    course = copy_course(origin, folder / "memory", "attack-target", SUBMISSIONS)
    used = []
    grading.grade(
        course,
        grading.submissions(course, ["attack-target"]),
        advance=lambda submission: used.append(psutil.Process().memory_info().rss / 2**20),
    )
    return used


def main(assignments):
    """Print both."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary).resolve()
        small = folder / "small"
        shutil.copytree(SMALL, small)
        build.build(Course(small), ["attack-target"])
        table = Table("notebook", "stock nbgrader, CPU s", "this kit, CPU s", "ratio", title="Grading one notebook")
        for origin, assignment in [(small, "attack-target"), *((ROOT, assignment) for assignment in assignments)]:
            stock, kit = cost(origin, assignment, folder)
            table.add_row(assignment, f"{stock:.2f}", f"{kit:.2f}", f"{kit / stock:.2f}")
        console.print(table)
        used = memory(small, folder)
        shown = ", ".join(f"{n}: {used[n - 1]:.0f}" for n in (1, 5, 10, 15, SUBMISSIONS))
        console.print(f"Memory of the grader in MB after so many submissions: {shown}.")


if __name__ == "__main__":
    main(sys.argv[1:] or ["01-data-loading", "02-pixel-baseline"])
