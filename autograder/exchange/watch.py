"""Feedback within seconds: what arrives in the exchange is collected, judged, and answered there.

All that a watch must know after a restart lies in the exchange itself: what has an answer is done.
"""

import contextlib
import logging
import os
import stat
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from nbgrader.exchange.default import Exchange
from nbgrader.utils import notebook_hash, parse_utc

from autograder import configuration, grading
from autograder.course import CourseError
from autograder.exchange.transfer import ODD_NAME, read_secret

HOUR = 60 * 60
logging.getLogger(__name__).addHandler(logging.NullHandler())
logging.getLogger(__name__).propagate = False


@dataclass(frozen=True)
class Arrival:
    """A submission in the exchange: the folder `path`, there since `since` (seconds since the epoch)."""

    assignment: str
    student: str
    timestamp: datetime
    since: float
    path: Path


class Watch:
    """Answers what students hand in through the exchange.

    per_hour: how many submissions of one student are judged within an hour; what is more waits its turn, and only the newest
    of each assignment is judged. say: called with a sentence for each thing that happens. clock: seconds, for that hour.
    Raises: CourseError if the exchange cannot be used.
    """

    def __init__(self, course, per_hour, sandboxed=True, say=print, clock=time.monotonic):
        self.course, self.per_hour, self.sandboxed, self.say, self.clock = course, per_hour, sandboxed, say, clock
        self.config = configuration.config(course.root)
        self.coursedir = CourseDirectory(config=self.config)
        self.factory = ExchangeFactory(config=self.config)
        self.exchange = Path(Exchange(config=self.config).root)
        self.folder = self.exchange / self.coursedir.course_id
        self.judged = defaultdict(list)  # {student: when, by the clock}
        self.known = {}  # {name of a folder in the exchange: Arrival, or None}
        self.settled, self.said = set(), set()  # arrivals that need nothing more; what needs no repeating
        self.put_off = {}  # {arrival: (how often, until when)}
        self._check_exchange()

    def _check_exchange(self):
        with contextlib.suppress(OSError):
            self.exchange.mkdir(parents=True, exist_ok=True)
        if not os.access(self.exchange, os.R_OK | os.W_OK | os.X_OK):
            raise CourseError(
                f"You cannot write into the exchange {self.exchange}. Make it, once: `sudo mkdir -p {self.exchange}` "
                f"and `sudo chmod a+rwx {self.exchange}`. Or set another folder in nbgrader_config.py: c.Exchange.root."
            )

    def greeting(self):
        """What is watched, what students need, and what is still to be done."""
        course, root = self.coursedir.course_id, str(self.exchange)
        outbound = self.folder / "outbound"
        handed_out = sorted(path.name for path in outbound.iterdir()) if outbound.is_dir() else []
        missing = [assignment for assignment in self.course.assignments if assignment not in handed_out]
        return "\n".join(
            [
                f"Watching {self.folder}. Ctrl-C stops.",
                "Students need two lines in the nbgrader_config.py of their Jupyter, or of the folder in which they start it:",
                f"    c.CourseDirectory.course_id = {course!r}",
                f"    c.Exchange.root = {root!r}",
                f"They can fetch {', '.join(handed_out) or 'nothing yet'}."
                + (f" To hand out more: `nbgrader release_assignment {missing[0]}`." if missing else ""),
            ]
        )

    def run(self, at_once):
        """Step after step, until somebody stops it. What cannot be done now is said, and tried again."""
        with grading.Crew(at_once) as crew:  # its workers stay ready from one submission to the next
            while True:
                try:
                    pause = 0 if self.step(at_once, crew) else 1
                except CourseError as error:
                    self._say_once(str(error))
                    pause = 30
                time.sleep(pause)

    def step(self, at_once=1, crew=None):
        """Judge and answer up to so many submissions. Returns how many there were.

        Raises: CourseError if nothing can be judged now; what waits goes on waiting.
        """
        chosen = self.next(self.waiting(), at_once)
        collected = {grading.Submission(a.assignment, a.student): a for a in chosen if self._collect(a)}
        if collected:
            verdicts = grading.grade(self.course, list(collected), sandboxed=self.sandboxed, crew=crew)
            for arrival, verdict in zip(collected.values(), verdicts, strict=True):
                self.judged[arrival.student].append(self.clock())
                self._answer(arrival, verdict)
        return len(chosen)

    def waiting(self):
        """The newest submission of each student and assignment, where it has no answer yet; the longest waiting first."""
        with contextlib.suppress(FileNotFoundError):  # nothing is handed out yet
            for entry in os.scandir(self.folder / "inbound"):
                if entry.name not in self.known:
                    self._meet(entry)
        newest = {}
        for arrival in filter(None, self.known.values()):
            key = arrival.student, arrival.assignment
            if key not in newest or arrival.timestamp > newest[key].timestamp:
                newest[key] = arrival
        return sorted((a for a in newest.values() if not self._is_settled(a)), key=lambda arrival: arrival.since)

    def next(self, waiting, number):
        """Those whose turn it is: whoever had the fewest judged within the hour, then who waits longest; one of each student."""
        chosen = {}
        for arrival in sorted(waiting, key=lambda arrival: (len(self._recent(arrival.student)), arrival.since)):
            if len(times := self._recent(arrival.student)) >= self.per_hour:
                minutes = 1 + int(times[0] + HOUR - self.clock()) // 60
                self._say_once(
                    f"{arrival.path.name}: it waits {minutes} minutes; {arrival.student} had {self.per_hour} within the hour.",
                    arrival,
                )
            elif self.put_off.get(arrival, (0, 0))[1] <= self.clock():
                chosen.setdefault(arrival.student, arrival)
        return list(chosen.values())[:number]

    def _recent(self, student):
        """When submissions of a student were judged within the last hour."""
        self.judged[student] = [when for when in self.judged[student] if when > self.clock() - HOUR]
        return self.judged[student]

    def _meet(self, entry):
        """Remember a folder in the exchange: as an Arrival, or as None if it is none."""
        try:
            about = entry.stat(follow_symlinks=False)
            student, assignment, timestamp, _ = entry.name.rsplit("+", 3)
            # To open the folder for everybody is the last thing that nbgrader does when somebody submits.
            if about.st_mode & 0o777 != 0o777 and time.time() < about.st_ctime + 10:
                return
            known = stat.S_ISDIR(about.st_mode) and assignment in self.course.assignments
            known = known and entry.name.isprintable() and not ODD_NAME.search(student)
            path = Path(entry.path)
            self.known[entry.name] = (
                Arrival(assignment, student, parse_utc(timestamp), about.st_ctime, path) if known and read_secret(path) else None
            )
        except (ValueError, OverflowError, OSError):
            self.known[entry.name] = None

    def _is_settled(self, arrival):
        if arrival not in self.settled and all(page.exists() for page in self._pages(arrival)):
            self.settled.add(arrival)
        return arrival in self.settled

    def _pages(self, arrival):
        """Where nbgrader puts the pages for a submission: whoever has its secret finds them."""
        secret = read_secret(arrival.path)
        notebooks = (path.stem for path in (self.course.release / arrival.assignment).glob("*.ipynb"))
        return [self.folder / "feedback" / f"{notebook_hash(secret=secret, notebook_id=name)}.html" for name in notebooks]

    def _collect(self, arrival):
        """Bring a submission into the course. Returns whether it is there."""
        step = self._nbgraders(self.factory.Collect, arrival)
        step.update = True
        try:
            step.start()
        except (ExchangeError, OSError) as error:
            self._put_off(arrival, f"cannot be collected: {error}.")
            return False
        for sentence in step.passed_over:
            self._say_once(sentence)
        folder = self.course.submitted / arrival.student / arrival.assignment
        if read_secret(folder) == read_secret(arrival.path):
            return True
        if step.passed_over:
            self._put_off(arrival, "was not collected.")
        else:
            self.settled.add(arrival)
            self.say(f"{arrival.path.name}: it was not collected; {folder} is newer.")
        return False

    def _answer(self, arrival, verdict):
        step = self._nbgraders(self.factory.ReleaseFeedback, arrival)
        try:
            step.start()
        except ExchangeError as error:
            raise CourseError(f"The feedback cannot be released: {error}") from error
        if self._is_settled(arrival):
            after = f"{time.time() - arrival.since:.0f} s after it came"
            self.say(f"{arrival.student}, {arrival.assignment}: {verdict.points:g} of {verdict.possible:g} points, {after}.")
        else:
            self._put_off(arrival, " ".join(["has no page.", *verdict.notes, *step.kept_back.values()]))

    def _nbgraders(self, make, arrival):
        """One of nbgrader's steps for one submission. What matters of its log is said by the watch."""
        self.coursedir.assignment_id, self.coursedir.student_id = arrival.assignment, arrival.student
        step = make(coursedir=self.coursedir, authenticator=Authenticator(config=self.config), config=self.config)
        step.log = logging.getLogger(__name__)
        return step

    def _put_off(self, arrival, why):
        """Try again in a minute; after the third time, when the watch is started anew."""
        times, _ = self.put_off.get(arrival, (0, 0))
        self.put_off[arrival] = times + 1, self.clock() + 60
        if times == 2:
            self.settled.add(arrival)
        self._say_once(f"{arrival.path.name}: it {why}")

    def _say_once(self, sentence, about=None):
        """Say a sentence, unless it was said (about the same thing) before."""
        if (about or sentence) not in self.said:
            self.said.add(about or sentence)
            self.say(sentence)
