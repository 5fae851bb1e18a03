"""Many tasks at once: on this machine, or on a Dask cluster that exists. The same function judges either way.

Workers get all they need with the task; they touch neither the gradebook nor a shared disk.
"""

import contextlib
import logging
import queue
from concurrent.futures import FIRST_COMPLETED, CancelledError, ThreadPoolExecutor, wait
from itertools import islice

from autograder.course import CourseError
from autograder.judging import nursery
from autograder.judging.worker import ATTEMPTS, WHY, Worker, WorkerDied
from autograder.sandbox import template
from autograder.sandbox.canary import check_sandbox
from autograder.sandbox.provisioner import get_ready

_idle = queue.SimpleQueue()  # workers of this process that wait for a task
_all = []


def judge(task):
    """The Result of a Task, found by a worker of this process; None if it has ended its worker ATTEMPTS times."""
    for _ in range(ATTEMPTS):
        try:
            worker = _idle.get_nowait()
        except queue.Empty:
            worker = _hire()
        try:
            result = worker.judge(task)
        except WorkerDied:
            if worker not in _all:  # it was dismissed
                raise
            _all.remove(worker)
            continue
        except BaseException:
            _idle.put(worker)
            raise
        _idle.put(worker)
        return result
    return None


def _hire():
    _all.append(Worker(nursery.preload()))
    return _all[-1]


def dismiss():
    """End all workers of this process, and what they come from."""
    template.stop()
    nursery.stop()
    while _all:
        _all.pop().stop()
    with contextlib.suppress(queue.Empty):
        while True:
            _idle.get_nowait()


class Crew:
    """Judges tasks, `jobs` at a time. scheduler: the address of a Dask scheduler, or None for this machine."""

    def __init__(self, jobs, scheduler=None):
        self.jobs, self.scheduler, self.client = jobs, scheduler, None
        self.trying = None  # the sandbox, once in the time of this crew

    def __enter__(self):
        self.aside = ThreadPoolExecutor(1)
        if self.scheduler:
            logging.disable(logging.ERROR)  # Dask tells a lost connection as a traceback; we tell it in a sentence
            self.client = _connect(self.scheduler)
            self.jobs = max(1, sum(self.client.nthreads().values()))
            self.executor = self.client.get_executor(pure=False)
        else:
            self.executor = ThreadPoolExecutor(self.jobs)
        return self

    def __exit__(self, *error):
        if self.client is not None:
            self.client.close()
            logging.disable(logging.NOTSET)
        else:
            dismiss()  # first: a thread that waits for a worker or for a kernel ends with it
            self.executor.shutdown(cancel_futures=True)
        self.aside.shutdown()

    def start(self, course, tasks, modules):
        """Let workers of this machine get ready for so many tasks, and begin to try the sandbox out; this returns at once.

        modules: what the first notebook imports, if it runs in a sandbox, else None. Raises SandboxError.
        """
        if self.client is None:
            if modules is not None and not _all:
                nursery.preload()  # first: it imports while we look around and another process imports what kernels do
                get_ready(modules)
            for _ in range(min(self.jobs, tasks) - len(_all)):
                _idle.put(_hire())
        if modules is not None and not self.trying:
            self.trying = self.aside.submit(check_sandbox, course)

    def judge(self, tasks, tick=lambda running: None):
        """Yield (task, Result, or the exception that it raised) as they come, in any order.

        tick: called several times a second with the tasks that run, so that a waiting caller can show progress or stop.
        Raises SandboxError, before the first task is handed out, unless the sandbox holds.
        """
        while self.trying and not self.trying.done():
            wait([self.trying], timeout=0.2)
            tick([])
        if self.trying:
            self.trying.result()
        waiting, running = iter(tasks), {}
        while True:
            # Few are handed out at a time: they are read when their turn comes, and a stop has little to call back.
            for task in islice(waiting, 2 * self.jobs - len(running)):
                running[self.executor.submit(judge, task)] = task
            if not running:
                return
            done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            tick([task for future, task in running.items() if future.running()])
            for future in done:
                task = running.pop(future)
                try:
                    yield task, future.result()
                except Exception as error:
                    yield task, self._explained(error)

    def _explained(self, error):
        """The error in terms of ours: a worker of the cluster that died again and again is an unanswered task."""
        if self.client is None:
            return error
        if type(error).__name__ == "KilledWorker":  # of distributed, whose modules need not load once it is gone
            return None
        if self.client.status != "running" or isinstance(error, CancelledError):
            return CourseError(
                f"The scheduler {self.scheduler} is gone. What was judged is kept; start it again and run this command again."
            )
        return error


def ended_its_worker():
    """The sentence for a submission that has ended every worker it was given to."""
    return f"Judging this submission was stopped: {WHY['died'].format(attempts=ATTEMPTS)}."


def _connect(address):
    try:
        from distributed import Client
    except ImportError:
        raise CourseError("Dask is not installed here. Install it with `pip install mnist-course-kit[cluster]`.") from None
    try:
        client = Client(address, timeout=10, set_as_default=False)
        client.wait_for_workers(1, timeout=60)
    except (OSError, TimeoutError) as error:
        raise CourseError(
            f"No Dask cluster answers at {address}: {error}. Start one with `dask scheduler` and `dask worker`."
        ) from None
    return client
