"""The coordinator: which submissions are there, which are graded already, and what comes of the others."""

import contextlib
import fcntl
import hashlib
import os
import re
import signal
import threading
import traceback
from dataclasses import dataclass, field, replace
from itertools import chain

from nbgrader.coursedir import CourseDirectory

from autograder import configuration
from autograder.course import CourseError, StoppedError
from autograder.grading.crew import Crew, ended_its_worker
from autograder.grading.gradebook import Book
from autograder.grading.publish import is_published, publish, refresh, shows
from autograder.grading.registration import register
from autograder.grading.secret import course_secret
from autograder.grading.store import Store, write
from autograder.grading.submission import read_submission
from autograder.judging.data import prepare_data
from autograder.judging.imports import imported
from autograder.judging.result import post_mortem
from autograder.judging.settings import Judge
from autograder.judging.task import Task, snapshot
from autograder.judging.verdict import Verdict, read_verdict, verdict_path
from autograder.sandbox.cgroup import in_force


@dataclass(frozen=True, order=True)
class Submission:
    """What one student handed in for one assignment."""

    assignment: str
    student: str


@dataclass
class Watcher:
    """Sees a run of `grade`: sub-classes show it. `done`, `running`, `failed`: numbers of submissions, of `total`."""

    total: int = 0
    done: int = 0
    failed: int = 0
    running: list = field(default_factory=list)

    def begin(self, total):
        """Grading begins."""
        self.total = total

    def tick(self):
        """Something may have changed. Called several times a second."""

    def say(self, sentence):
        """Something that whoever grades should know."""


def submissions(course, assignments, students=None):
    """The submissions of these assignments in `grading/submitted/`, of these students or of all, in order."""
    found = [
        Submission(folder.name, folder.parent.name)
        for folder in course.submitted.glob("*/*")
        if folder.name in assignments and (not students or folder.parent.name in students)
    ]
    return sorted(found)


def strays(course):
    """What lies in `grading/submitted/` and is not graded, as it is no folder `<student>/<assignment>/`."""
    loose = [f for f in course.submitted.glob("[!.]*") if not f.is_dir()]
    return sorted([*loose, *(f for f in course.submitted.glob("[!.]*/[!.]*") if f.name not in course.assignments)])


def grade(
    course,
    submissions,
    sandboxed=True,
    jobs=None,
    scheduler=None,
    anew=False,
    published=True,
    config=None,
    watcher=None,
    crew=None,
):
    """Grade submissions: judge those whose verdict is not that of these bytes and these checks, and publish what comes of it.

    jobs: how many at a time (None: one a core). scheduler: the address of a Dask scheduler. anew: judge even what was judged
    before. published: whether grades, pages and verdicts are written (else only results are kept). config: nbgrader's.
    crew: one that goes on afterwards, instead of `jobs` or `scheduler`.
    Returns: a list of Verdict, one for each submission, in their order; one without `result` says why there is no grade.
    Raises: CourseError if nothing can be graded, StoppedError after Ctrl-C.
    """
    watcher = watcher or Watcher()
    config = config or configuration.config(course.root)
    config.Judge.sandboxed = sandboxed and config.Judge.get("sandboxed", True)
    with _interruptible() as stop, _locked(course, {s.assignment for s in submissions}):
        run = _Run(course, config, stop, watcher, anew, published, scheduler)
        own = contextlib.nullcontext(crew) if crew else Crew(jobs or os.cpu_count(), scheduler)
        with Book(CourseDirectory(config=config)) as run.book, own as crew:
            try:
                run.prepare(submissions, crew)
                watcher.begin(len(submissions))
                run.grade(submissions, crew)
            except CourseError:
                run.check_stop()  # the terminal's Ctrl-C reaches the programs that are started on the way, too
                raise
            except OSError as error:
                raise CourseError(f"{error}. What is graded stays so; mend this, and run the same command again.") from error
    return [run.verdicts[s] for s in submissions]


class _Run:
    """One run of `grade`. `verdicts`: {Submission: Verdict} of those that are done."""

    def __init__(self, course, config, stop, watcher, anew, published, scheduler):
        self.course, self.stop, self.watcher, self.anew, self.published = course, stop, watcher, anew, published
        self.settings = Judge(config=config).values()
        self.store = Store(course.grading / "results")
        self.known = "" if scheduler else str(course.grading / "known")
        self.secret = course_secret(course)
        self.verdicts, self.recorded = {}, {}

    def prepare(self, submissions, crew):
        """What must be in order before the first submission is touched."""
        assignments = sorted({s.assignment for s in submissions})
        self.book.check()
        self.snapshots = {assignment: snapshot(self.course, assignment) for assignment in assignments}

        def start():  # of new files or images nothing is judged yet: workers get ready while these are looked at
            self._start(crew, assignments[0], submissions)

        for assignment in assignments:
            for sentence in register(self.course, self.snapshots[assignment], self.book, meanwhile=start):
                self.watcher.say(sentence)
            self.check_stop()
        self.data = prepare_data(self.course, assignments, meanwhile=start)
        self.check_stop()

    def _start(self, crew, assignment, submissions):
        crew.start(self.course, len(submissions), imported(self.course, assignment) if self.settings["sandboxed"] else None)

    def grade(self, submissions, crew):
        """Grade all, in the order of the queue."""
        tasks = (task for s in submissions if (task := self._try(s, lambda s=s: self._open(s))))
        if first := next(tasks, None):  # else all of it was judged before
            self._start(crew, first.assignment, submissions)
            if self.settings["sandboxed"]:
                self.watcher.say(in_force())
            self._judge(chain([first], tasks), crew)

    def _judge(self, tasks, crew):
        for task, outcome in crew.judge(tasks, self._tick):
            submission = Submission(task.assignment, task.student)
            if outcome is None:
                outcome = self._ended_its_worker(task)
            if isinstance(outcome, CourseError):  # the course's own fault, or the cluster's: no other will fare better
                raise outcome
            if isinstance(outcome, Exception):
                self._refuse(submission, f"For the instructor: {self._log(submission, outcome)}.")
            elif outcome.failure:
                self._failed(submission, outcome)
            else:
                if outcome.log:
                    unread = f"Some of its answers could not be read: {self._log(submission, outcome.log)}."
                    outcome.verdict = replace(outcome.verdict, flags=(*outcome.verdict.flags, unread))
                self._try(submission, lambda o=outcome, k=task.key: self.store.put(k, o))
                self._publish(submission, outcome)

    def _open(self, submission):
        """The Task for a submission, or None if there is nothing left to judge."""
        if re.search(r"[*?\[\]/]|^[\s.]|\s$", submission.student) or not submission.student.isprintable():
            return self._refuse(submission, "The name of its folder is no student's id; rename it.")
        try:
            submitted, notes = read_submission(self.course, submission)
        except OSError as error:
            return self._refuse(submission, f"Its folder cannot be read ({error.strerror}).")
        shot = self.snapshots[submission.assignment]
        about = submission.assignment, submission.student, shot, submitted, notes
        task = Task(*about, self.secret, self.settings, self.data, self.known)
        if self.anew:
            return task
        points, by_hand, totals = self._recorded(submission.assignment)
        if self.published and is_published(self.course, submission, task.key, points.get(submission.student)):
            stale = submission.student in by_hand or not shows(self.course, submission, totals.get(submission.student, {}))
            if stale and (result := self.store.get(task.key)):
                self._try(submission, lambda: refresh(self.course, self.book, submission, result))
            self._done(submission, read_verdict(self.course, submission.assignment, submission.student))
        elif result := self.store.get(task.key):
            self._publish(submission, result)
        else:
            return task
        return None

    def _recorded(self, assignment):
        """What the gradebook had at the start: points of the checks, students whom a person has graded, points in the end."""
        if assignment not in self.recorded:
            book = self.book
            self.recorded[assignment] = (
                book.points(assignment),
                book.touched_by_hand(assignment),
                book.after_penalties(assignment),
            )
        return self.recorded[assignment]

    def _publish(self, submission, result):
        if self.published:
            self._try(submission, lambda: publish(self.course, self.book, submission, result))
        self._done(submission, result.verdict)

    def _try(self, submission, action):
        """What the action returns; where it fails, the submission is refused and None returned: the others go on."""
        try:
            return action()
        except (CourseError, OSError) as error:
            return self._refuse(submission, str(error))
        except Exception:
            return self._refuse(submission, f"For the instructor: {self._log(submission, traceback.format_exc())}.")

    def _done(self, submission, verdict):
        if submission not in self.verdicts:
            self.verdicts[submission] = verdict
            self.watcher.done += 1
            self.watcher.tick()

    def _refuse(self, submission, why):
        """No new grade: what was there before stays; where nothing was, a verdict says why."""
        if submission in self.verdicts:
            return
        note = f"This submission could not be graded. {why}"
        verdict = Verdict(submission.assignment, submission.student, self.settings["sandboxed"], (note,), ())
        if self.published and not read_verdict(self.course, submission.assignment, submission.student):
            with contextlib.suppress(OSError, ValueError):
                write(verdict_path(self.course, submission.assignment, submission.student), verdict.to_json())
        self.watcher.failed += 1
        self._done(submission, verdict)

    def _failed(self, submission, result):
        """A fault of ours: what was judged before it counts until the next run, unless there is a whole grade already."""
        where = f"For the instructor: {self._log(submission, result.failure)}."
        before = read_verdict(self.course, submission.assignment, submission.student)
        if before and before.result:
            self._refuse(submission, where)
        else:
            result.verdict = replace(result.verdict, result="", notes=(*result.verdict.notes, where))
            self._publish(submission, result)

    def _log(self, submission, error):
        """Keep the details of a fault of ours; returns where, relative to the course."""
        digest = hashlib.sha256(os.fsencode(submission.student)).hexdigest()[:12]  # the id itself may be no name for a file
        log = self.course.grading / "logs" / f"{submission.assignment}-{digest}.log"
        with contextlib.suppress(OSError):
            write(log, f"{submission.student!r}\n{error}")
        return log.relative_to(self.course.root)

    def _ended_its_worker(self, task):
        return post_mortem(task, self.course, [], ended_its_worker())

    def _tick(self, running):
        self.watcher.running = [f"{task.assignment} {task.student}" for task in running]
        self.watcher.tick()
        self.check_stop()

    def check_stop(self):
        """Raise StoppedError if somebody wants to stop."""
        if self.stop.is_set():
            raise StoppedError(self.watcher.done - self.watcher.failed, self.watcher.total)


@contextlib.contextmanager
def _interruptible():
    """Ctrl-C (or SIGTERM) sets the event that this gives, so that nothing is left half done; a second one ends the program."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # formgrader has its own way to stop
        yield stop
        return

    def handle(number, frame):
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _locked(course, assignments):
    """One grader at a time for an assignment. Raises CourseError if there is another."""
    folder = course.grading / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        for assignment in sorted(assignments):
            file = stack.enter_context(open(folder / assignment, "w"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CourseError(f"{assignment} is being graded already. Wait until that is done, or stop it.") from None
        yield
