"""A class is stopped, killed, continued, regraded, on several workers: nobody's work is lost, the grades are the same."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from conftest import SMALL
from nbgrader.api import Gradebook

from autograder import build
from autograder.course import Course
from autograder.grading import crew
from autograder.judging import worker
from autograder.sandbox.cgroup import in_force
from autograder.sandbox.provisioner import SandboxError

NAME = "attack-target"
AUTOGRADER = Path(sys.prefix, "bin", "autograder")
STUDENTS = ("ada", "ben", "chen", "dilek")


@pytest.fixture(scope="module")
def ungraded(tmp_path_factory):
    """A built course in which four students have handed in; tests that grade take a copy."""
    course = Course(shutil.copytree(SMALL, tmp_path_factory.mktemp("class") / "course"))
    build.build(course, [NAME])
    solution = nbformat.read(course.solutions / NAME / f"{NAME}.ipynb", as_version=4)
    for number, student in enumerate(STUDENTS):
        if number:  # all but ada have a mistake, and a mark by which their notebooks differ
            cell(solution, "accuracy").source = f"def accuracy(predictions, labels):\n    return 0.{number}"
        hand_in(course, student, solution)
    (course.grading / "secret").write_text("the same in all copies")
    return course


@pytest.fixture(scope="module")
def undisturbed(ungraded, tmp_path_factory):
    """What grading gives when nothing goes wrong."""
    course = copy(ungraded, tmp_path_factory.mktemp("undisturbed"))
    result = grade(course)
    assert result.stdout.startswith(in_force())
    assert result.returncode == 0, result.stdout + result.stderr
    return state(course)


def cell(notebook, grade_id):
    (found,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    return found


def hand_in(course, student, notebook):
    folder = course.submitted / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{NAME}.ipynb")


def copy(course, folder):
    return Course(Path(shutil.copytree(course.root, folder / "course", symlinks=True)))


def grade(course, *options, prefix=()):
    command = [*prefix, AUTOGRADER, "grade", *options]
    return subprocess.run(command, cwd=course.root, capture_output=True, text=True, timeout=300)


def start(course, *options):
    """A running `autograder grade` in a session of its own, as a terminal gives it one."""
    command = [AUTOGRADER, "grade", *options]
    return subprocess.Popen(
        command, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def scores(course):
    """{student: {grade_id: (automatic points, a person's points, whether it waits)}}"""
    with Gradebook(f"sqlite:///{course.grading / 'gradebook.db'}") as book:
        return {
            s.student.id: {g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for n in s.notebooks for g in n.grades}
            for s in book.assignment_submissions(NAME)
        }


def state(course):
    """All that people see of a graded class."""
    parts = [course.grading / part for part in ("verdicts", "feedback", "autograded")]
    files = {f.relative_to(course.root): f.read_bytes() for part in parts for f in part.rglob("*") if f.is_file()}
    return files, scores(course)


def assert_whole(course):
    """Verdict, page, graded notebook and gradebook of each student agree."""
    graded = scores(course) if (course.grading / "gradebook.db").exists() else {}
    for path in (course.grading / "verdicts" / NAME).glob("*.json"):
        verdict = json.loads(path.read_text())
        if not verdict["result"]:  # it only says why there is no grade
            continue
        assert sum(auto or 0 for auto, *_ in graded[path.stem].values()) == pytest.approx(verdict["points"], abs=1e-3)
        assert (course.grading / "feedback" / path.stem / NAME / f"{NAME}.html").exists()
        assert (course.grading / "autograded" / path.stem / NAME / f"{NAME}.ipynb").exists()


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def verdicts(course):
    return sorted(path.stem for path in (course.grading / "verdicts" / NAME).glob("*.json"))


def test_ctrl_c_stops_says_how_to_go_on_and_leaves_every_grade_whole(ungraded, undisturbed, tmp_path):
    course = copy(ungraded, tmp_path)
    running = start(course, "--jobs", "1")
    wait_for(lambda: verdicts(course))
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Run the same command again" in said and "Traceback" not in said
    done = verdicts(course)
    assert 0 < len(done) < len(STUDENTS)
    assert_whole(course)
    before = {path: content for path, content in state(course)[0].items() if path.stem in done}
    result = grade(course)
    assert result.returncode == 0, result.stdout + result.stderr
    assert state(course) == undisturbed
    assert {path: state(course)[0][path] for path in before} == before


def test_a_second_run_judges_nothing_and_changes_nothing(ungraded, undisturbed, tmp_path):
    course = copy(ungraded, tmp_path)
    grade(course)
    times = {f: f.stat().st_mtime_ns for f in course.grading.rglob("*") if f.is_file() and "results" in f.parts}
    assert times and grade(course).returncode == 0
    assert {f: f.stat().st_mtime_ns for f in times} == times
    assert state(course) == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_kill_at_a_random_moment_costs_nothing(ungraded, undisturbed, tmp_path, seed):
    """Of the coordinator, of what workers come from, of one, or of a judging child, in turn; the seed is the test's name."""
    course, chance = copy(ungraded, tmp_path), random.Random(seed)
    running = start(course, "--jobs", "2")
    victims = (lambda pid: [pid], nurseries, workers, children)[seed % 4]
    wait_for(lambda: running.poll() is not None or nurseries(running.pid))
    time.sleep(chance.uniform(0, 12))
    for pid in (victims(running.pid) or [running.pid])[:1]:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)
    running.communicate(timeout=200)
    assert_whole_unless_between(course)
    result = grade(course)
    assert result.returncode == 0, result.stdout + result.stderr
    assert state(course) == undisturbed


def assert_whole_unless_between(course):
    """After a kill between two renames the gradebook may be ahead of a verdict, never a verdict ahead of anything."""
    for student in verdicts(course):
        assert (course.grading / "autograded" / student / NAME / f"{NAME}.ipynb").exists()
        assert student in scores(course)


def nurseries(pid):
    """The process that a coordinator's workers are copies of."""
    try:
        return [p.pid for p in psutil.Process(pid).children() if "judging.nursery" in " ".join(p.cmdline())]
    except psutil.NoSuchProcess:
        return []


def copies(pids):
    """The processes that began as copies of these, not the programs that they run."""
    found = []
    for pid in pids:
        try:
            own = psutil.Process(pid)
            found += [p.pid for p in own.children() if p.cmdline() == own.cmdline()]
        except psutil.NoSuchProcess:
            continue
    return found


def workers(pid):
    """The worker processes of a coordinator."""
    return copies(nurseries(pid))


def children(pid):
    """The processes that judge: each leads a group. What a worker starts to look around is a copy of it, too, until it runs."""
    return [child for child in copies(workers(pid)) if leads_a_group(child)]


def leads_a_group(pid):
    """False if it has ended."""
    with contextlib.suppress(ProcessLookupError):
        return os.getpgid(pid) == pid
    return False


def test_a_submission_that_ends_its_judge_three_times_gets_a_verdict_that_says_so(ungraded, tmp_path):
    course = copy(ungraded, tmp_path)
    notebook = nbformat.read(course.submitted / "ada" / NAME / f"{NAME}.ipynb", as_version=4)
    cell(notebook, "accuracy").source += "\nimport time\ntime.sleep(100)"  # it is not done before it is killed
    hand_in(course, "ada", notebook)
    running = start(course, "--student", "ada")
    killed = set()
    for _ in range(3):
        wait_for(lambda: set(children(running.pid)) - killed or running.poll() is not None)
        for pid in set(children(running.pid)) - killed:
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
    running.communicate(timeout=100)
    verdict = json.loads((course.grading / "verdicts" / NAME / "ada.json").read_text())
    assert "ended the process that judged it, 3 times" in verdict["notes"][-1]
    assert verdict["points"] == 0 and verdict["possible"] == 4 and all(case["message"] for case in verdict["cases"])
    assert_whole(course)


def test_an_edit_that_never_ends_costs_no_point(ungraded, tmp_path):
    course = copy(ungraded, tmp_path)
    notebook = nbformat.read(course.submitted / "ada" / NAME / f"{NAME}.ipynb", as_version=4)
    # Wrong by much. Among the edits that are tried is `range(1 * 12345678900)`: in its sum no signal is heard.
    body = "    late = sum(range(0 * 12345678900))\n    return float((predictions == labels).sum()) * 3 + late"
    cell(notebook, "accuracy").source = f"def accuracy(predictions, labels):\n{body}"
    hand_in(course, "ada", notebook)
    grade(course, "--student", "ada")
    verdict = json.loads((course.grading / "verdicts" / NAME / "ada.json").read_text())
    points = {name: sum(c["points"] for c in verdict["cases"] if c["exercise"] == name) for name in ("accuracy", "softmax")}
    assert points == {"accuracy": 0, "softmax": 2} and not verdict["notes"]


def test_all_attempts_share_the_time_of_one(monkeypatch):
    def dies_late(task, course, tell):
        time.sleep(1.5)
        os._exit(1)

    monkeypatch.setattr("autograder.judging.judge.judge", dies_late)
    monkeypatch.setattr(worker, "post_mortem", lambda task, course, told, reason: reason)
    ours, its = socket.socketpair()
    with ours, its:
        said = worker._attend(SimpleNamespace(settings={"limits": {"judging_seconds": 2}}), None, its.fileno())
    assert "longer than 2 s in all" in said


@pytest.mark.long  # it waits a minute
def test_a_locked_gradebook_leaves_the_old_grade(ungraded, undisturbed, tmp_path):
    course = copy(ungraded, tmp_path)
    grade(course)
    submitted = course.submitted / "ben" / NAME / f"{NAME}.ipynb"
    submitted.write_bytes(submitted.read_bytes().replace(b"0.1", b"0.7"))
    with sqlite3.connect(course.grading / "gradebook.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        result = grade(course)
    assert result.returncode == 1 and "stand as they were" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    assert state(course) == undisturbed
    result = grade(course)
    assert result.returncode == 0 and state(course) != undisturbed
    assert_whole(course)


def test_a_full_disk_leaves_what_was_there(ungraded, undisturbed, tmp_path):
    course = copy(ungraded, tmp_path)
    grade(course, "--student", "ada")
    before = state(course)
    result = grade(course, prefix=["prlimit", "--fsize=4096:unlimited"])
    assert result.returncode != 0 and "Traceback" not in result.stdout + result.stderr
    assert {f: content for f, content in state(course)[0].items() if f in before[0]} == before[0]
    assert_whole(course)
    assert grade(course).returncode == 0
    assert state(course) == undisturbed


def test_a_folder_whose_name_is_no_text_is_named_and_the_others_are_graded(ungraded, undisturbed, tmp_path):
    course = copy(ungraded, tmp_path)
    for name in (b"\xff\xfe", b"a*", b"b\nc"):
        os.makedirs(os.path.join(os.fsencode(course.submitted), name, NAME.encode()))
    result = grade(course)
    assert result.returncode == 3, result.stdout + result.stderr
    assert (
        result.stdout.count("look at ") == 3 and "rename it" in result.stdout and "Traceback" not in result.stdout + result.stderr
    )
    files, points = state(course)
    assert {path: files[path] for path in undisturbed[0]} == undisturbed[0] and points == undisturbed[1]


def read(course, student):
    """A person reads the written answer and gives it points, as in formgrader."""
    with Gradebook(f"sqlite:///{course.grading / 'gradebook.db'}") as book:
        given = book.find_grade("answer-why", NAME, NAME, student)
        given.manual_score, given.needs_manual_grade = 1, False
        book.find_comment("answer-why", NAME, NAME, student).manual_comment = "Well said."
        book.db.commit()


def change(course, student, grade_id, source):
    path = course.submitted / student / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell(notebook, grade_id).source = source
    nbformat.write(notebook, path)


def test_a_regrade_keeps_what_a_person_gave_where_the_answer_is_the_same(ungraded, tmp_path):
    course = copy(ungraded, tmp_path)
    grade(course)
    read(course, "ben")
    read(course, "chen")
    change(
        course, "ben", "accuracy", "def accuracy(predictions, labels):\n    return (predictions == labels).float().mean().item()"
    )
    change(course, "chen", "answer-why", "Another answer.")
    result = grade(course, "--regrade", "--dry-run")
    assert "ben" in result.stdout and "accuracy" in result.stdout
    assert scores(course)["ben"]["check-accuracy"][0] == 0
    assert grade(course).returncode == 0
    found = scores(course)
    assert found["ben"]["answer-why"] == (None, 1, False) and found["ben"]["check-accuracy"][0] == 2
    assert found["chen"]["answer-why"] == (None, 1, True)  # a person looks again
    pages = {s: (course.grading / "feedback" / s / NAME / f"{NAME}.html").read_text() for s in ("ben", "chen")}
    assert "Well said." in pages["ben"] and "Well said." in pages["chen"]


def test_the_same_grades_on_a_dask_cluster(ungraded, undisturbed, tmp_path):
    course = copy(ungraded, tmp_path)
    with cluster(tmp_path) as (address, _):
        result = grade(course, "--scheduler", address)
    assert result.returncode == 0, result.stdout + result.stderr
    assert state(course) == undisturbed


@pytest.mark.long
def test_a_lost_scheduler_is_named_and_a_second_run_goes_on(ungraded, undisturbed, tmp_path):
    course = copy(ungraded, tmp_path)
    with cluster(tmp_path) as (address, processes):
        running = start(course, "--scheduler", address)
        wait_for(lambda: verdicts(course) or running.poll() is not None)
        for process in processes:
            process.kill()
        said, _ = running.communicate(timeout=200)
    assert running.returncode == 1 and address in said and "Traceback" not in said, said
    assert_whole(course)
    assert grade(course).returncode == 0
    assert state(course) == undisturbed


class cluster:
    """A Dask scheduler and a worker on this machine: (address, processes)."""

    def __init__(self, folder):
        self.file = folder / "scheduler.json"

    def __enter__(self):
        dask = [Path(sys.prefix, "bin", "dask")]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
        place = ["--scheduler-file", self.file]
        scheduler = [*dask, "scheduler", *place, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        worker = [*dask, "worker", *place, "--nworkers", "1", "--nthreads", "2", "--no-dashboard", "--death-timeout", "20"]
        self.processes = [subprocess.Popen(scheduler, **quiet)]
        wait_for(self.file.exists)
        self.processes.append(subprocess.Popen([*worker, "--local-directory", self.file.parent], **quiet))
        return json.loads(self.file.read_text())["address"], self.processes

    def __exit__(self, *error):
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_no_submission_is_handed_out_unless_the_sandbox_holds(monkeypatch):
    def leaks(course):
        raise SandboxError("The sandbox does not hold.")

    monkeypatch.setattr(crew, "check_sandbox", leaks)
    tasks = iter(["a submission"])
    with crew.Crew(1) as one:
        one.start(None, 0, modules=())
        with pytest.raises(SandboxError, match="does not hold"):
            next(one.judge(tasks))
    assert next(tasks) == "a submission"


def test_the_coordinator_does_not_wait_for_torch(ungraded):
    program = (
        "import sys; from autograder import configuration, grading; configuration.config('.'); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ungraded.root, check=True)
