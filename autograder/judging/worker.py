"""A process that judges submissions one after the other, each in a child with limits: a submission costs itself and no other.

The worker has imported what judging needs (see nursery.py) and knows the reference of the assignment; a child begins as a copy of
it. A child does all that touches what a student handed in, and tells what it knows as it goes. If it ends before it is done, what
it has told is the verdict. `serve` reads tasks from a line; `Worker` is the other end.

Tasks come from the coordinator and are trusted (pickle); what a child tells comes back as JSON.
"""

import contextlib
import ctypes
import gc
import json
import os
import pickle
import resource
import select
import shutil
import signal
import socket
import struct
import time
import traceback
from pathlib import Path

from autograder.course import CourseError
from autograder.judging.imports import imported
from autograder.judging.result import Result, post_mortem
from autograder.sandbox.limits import MB, Limits
from autograder.sandbox.provisioner import get_ready, private_folder

ATTEMPTS = 3  # how often a submission may end its judge, or the whole worker, for no reason that we know
MOST_TOLD = 64 * MB  # bytes from one child; a notebook and its page have less than a tenth of it
AGAIN = ("died", "unanswered")  # keys of WHY: what may be a matter of chance on a busy machine
LENGTH = struct.Struct("<Q")
PR_SET_PDEATHSIG = 1  # prctl(2): a child does not outlive its worker
WHY = {
    "processor": "judging it used more than {limits.judging_cpu_seconds} s of processor time",
    "time": "judging it took longer than {limits.judging_seconds} s in all",
    "memory": "judging it took more than {megabytes} MB of memory",
    "unanswered": "the notebook gave no answer that can be read, {attempts} times",
    "died": "it ended the process that judged it, {attempts} times",
    "told": "judging it gave more than {told} MB of results",
}


FAULT = "Judging this submission was stopped by a fault of the grader. Your instructor is told where to look."


class WorkerDied(Exception):
    """The worker has ended without an answer."""


class Worker:
    """A worker process, seen from the coordinator (or from a process of a cluster)."""

    def __init__(self, nursery):
        self._line = nursery.worker()

    def judge(self, task):
        """The Result of a Task. Raises WorkerDied, and CourseError if the course is at fault."""
        try:
            _send(self._line.fileno(), pickle.dumps(task))
            kind, content = pickle.loads(_receive(self._line.fileno()))
        except (OSError, EOFError) as error:
            self.stop()
            raise WorkerDied from error
        if kind == "error":
            raise content
        return Result.from_json(content)

    def stop(self):
        """Let the worker end, and who waits for it go on."""
        with contextlib.suppress(OSError):  # it has ended
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()


def import_all():
    """Load now what each child would load, with one thread: a process with several cannot be copied safely."""
    import autograder.judging.judge  # noqa: F401
    from autograder.checks.messages import torch

    if torch:
        torch.set_num_threads(1)


def serve(line):
    """The worker's own program. line: the file number of its end."""
    folder, _lock = private_folder()  # if this process is killed, the next sandbox of this user removes it
    courses = {}
    with contextlib.suppress(EOFError, ConnectionError):  # the coordinator has ended
        while True:
            task = pickle.loads(_receive(line))
            _send(line, pickle.dumps(_answer(task, courses, folder, line)))
    shutil.rmtree(folder)


def _answer(task, courses, folder, line):
    try:
        return "result", _attend(task, _course(task, courses, folder), line).to_json()
    except CourseError as error:
        return "error", CourseError(str(error))
    except EOFError:
        raise
    except Exception:  # of our own making: the submission gets a verdict that says where to look
        return "error", RuntimeError(traceback.format_exc())


def _course(task, courses, folder):
    """The unpacked snapshot of a task, with its references at hand."""
    from autograder import checks
    from autograder.judging.judge import exercises, reference

    if task.snapshot.digest not in courses:
        courses[task.snapshot.digest] = course = task.snapshot.unpack(folder / task.snapshot.digest)
        if task.settings["sandboxed"]:
            get_ready(imported(course, task.assignment))
        checks.keep(task.known or folder / "known")
        for exercise in exercises(course, task.assignment).values():
            reference(course, task.assignment).namespace()
            del exercise
        if posed := checks.load_challenge(course, task.assignment):
            checks.drawn(posed, reference(course, task.assignment))
        gc.collect()
        gc.freeze()  # children do not copy these pages only to count references
    return courses[task.snapshot.digest]


def _attend(task, course, line):
    """Let a child judge, up to ATTEMPTS times if it ends for no known reason. Raises EOFError when the coordinator ends.

    All attempts share the time: else what ends its judge on purpose, at the last moment, takes three times what it may.
    """
    limits = Limits(**task.settings["limits"])
    end = time.monotonic() + limits.judging_seconds
    for _ in range(ATTEMPTS):
        told, reason = _one_child(task, course, line, limits, end)
        if reason not in AGAIN:
            break
    if reason is None:
        done = told.pop()
        if "course" in done:
            raise CourseError(done["course"])
        if "result" in done:
            return Result.from_json(done["result"])
        result = post_mortem(task, course, told, FAULT)
        result.failure = done["failure"]
        return result
    why = WHY[reason].format(limits=limits, megabytes=limits.judging_memory // MB, attempts=ATTEMPTS, told=MOST_TOLD // MB)
    return post_mortem(task, course, told, f"Judging this submission was stopped: {why}.")


def _one_child(task, course, line, limits, end):
    """Fork a child and listen until `end`. Returns (what it told, why it ended early: a key of WHY or None)."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.close(reading)
        _be_child(task, course, writing, limits)
    os.close(writing)
    parts, size, reason = [], 0, None
    try:
        while True:
            ready, _, _ = select.select([reading, line], [], [], max(0, end - time.monotonic()))
            if line in ready:  # tasks come one by one, so this is its end
                raise EOFError
            if not ready or size > MOST_TOLD:
                reason = "told" if ready else "time"
                break
            if not (part := os.read(reading, MB)):
                break
            parts.append(part)
            size += len(part)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.close(reading)
        _, status = os.waitpid(child, 0)
    told = []
    for line in b"".join(parts).split(b"\n"):
        with contextlib.suppress(ValueError):  # the last line may be half of one
            told.append(json.loads(line))
    if told and told[-1].keys() & {"result", "course", "failure"}:
        return told, None
    if told and "stopped" in told[-1]:
        return told[:-1], told[-1]["stopped"]
    if reason is None:
        ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        reason = "processor" if ended_by == signal.SIGXCPU else "died"
    return told, reason


def _be_child(task, course, writing, limits):
    """Judge one task, tell what comes of it, and end."""
    from autograder.judging.judge import UnansweredError, judge

    def tell(event):
        with open(writing, "wb", closefd=False) as pipe:
            pipe.write(json.dumps(event, ensure_ascii=True).encode() + b"\n")

    try:
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.environ["NBGRADER_EXECUTION"] = "autograde"  # long experiments shorten themselves
        _limit(limits)
        try:
            tell({"result": judge(task, course, tell).to_json()})
        except MemoryError:
            tell({"stopped": "memory"})
        except UnansweredError:
            tell({"stopped": "unanswered"})
        except CourseError as error:
            tell({"course": str(error)})
        except BaseException:
            failure = traceback.format_exc()
            tell({"stopped": "memory"} if "can't allocate memory" in failure else {"failure": failure})  # torch's own words
    finally:
        os._exit(0)


def _limit(limits):
    """Soft limits: the kernel below has limits of its own, which may be higher. What is there at the start does not count."""
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    values = {
        resource.RLIMIT_CPU: limits.judging_cpu_seconds,
        resource.RLIMIT_DATA: used + limits.judging_memory,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_CORE: 0,
    }
    for name, value in values.items():
        hard = resource.getrlimit(name)[1]
        resource.setrlimit(name, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _send(file, message):
    for part in (LENGTH.pack(len(message)), message):
        view = memoryview(part)
        while view:
            view = view[os.write(file, view) :]


def _receive(file):
    (length,) = LENGTH.unpack(_read(file, LENGTH.size))
    return _read(file, length)


def _read(file, length):
    parts = []
    while length:
        if not (part := os.read(file, min(length, MB))):
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
