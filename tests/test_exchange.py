"""The exchange: what is collected and what is not, whose turn it is, and that pages reach those who have the secret."""

import os
import shutil
import time
from pathlib import Path

import nbformat
import pytest
from conftest import SMALL
from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from nbgrader.exchange.default import ExchangeList
from traitlets.config import Config

from autograder import configuration, grading
from autograder.course import Course, CourseError
from autograder.exchange.transfer import MOST_FILES
from autograder.exchange.watch import HOUR, Watch
from autograder.grading.submission import SECRET, TIMESTAMP, read_timestamp
from autograder.judging.verdict import Verdict

NAME = "attack-target"
CLASS = "c.ExchangeCollect.check_owner = False\n"  # one user hands in for all


class Term:
    """A course with an exchange, its students, and a clock; judging is replaced by writing a page."""

    def __init__(self, root, monkeypatch):
        self.course = Course(root)
        (root / "source" / NAME).mkdir(parents=True)
        (root / "source" / NAME / f"{NAME}.ipynb").touch()
        nbformat.write(nbformat.v4.new_notebook(), self._made(root / "notebooks" / NAME) / f"{NAME}.ipynb")
        self.configure(CLASS)
        self.now, self.said, self.judged = 0.0, [], []
        monkeypatch.setattr(grading, "grade", self.grade)
        self.step("ReleaseAssignment").start()

    @staticmethod
    def _made(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def configure(self, settings):
        text = (SMALL / "nbgrader_config.py").read_text()
        (self.course.root / "nbgrader_config.py").write_text(f"{text}\nc.Exchange.root = {str(self.exchange)!r}\n{settings}")
        self.config = configuration.config(self.course.root)

    @property
    def exchange(self):
        return self.course.root / "exchange"

    @property
    def inbound(self):
        return self.exchange / self.course.root.name / "inbound"

    def step(self, name, student="*"):
        """A step of nbgrader's, for the instructor or for a student."""
        coursedir = CourseDirectory(config=self.config, student_id=student, assignment_id=NAME)
        settings = {"coursedir": coursedir, "authenticator": Authenticator(config=self.config), "config": self.config}
        return getattr(ExchangeFactory(config=self.config), name)(**settings)

    def student(self, name, student):
        """A step as a student's own nbgrader takes it, in a folder and with a cache of their own."""
        home = self._made(self.course.root / "homes" / student)
        step = self.step(name, student)
        step.assignment_dir, step.cache = str(home), str(home / "cache")
        return step

    def submit(self, student, text="", timestamp=None):
        folder = self._made(self.course.root / "homes" / student / NAME)
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text)]), folder / f"{NAME}.ipynb")
        step = self.student("Submit", student)
        if timestamp:
            step.set_timestamp = lambda: setattr(step, "timestamp", timestamp)
        step.start()
        time.sleep(0.002)  # the next one comes later

    def fetched(self, student):
        """The pages that a student can fetch."""
        self.student("FetchFeedback", student).start()
        return [page.read_text() for page in sorted((self.course.root / "homes" / student).glob("*/feedback/*/*.html"))]

    def grade(self, course, submissions, sandboxed, crew=None):
        for s in submissions:
            self.judged.append(s.student)
            text = (course.submitted / s.student / s.assignment / f"{NAME}.ipynb").read_text()
            (self._made(course.grading / "feedback" / s.student / s.assignment) / f"{NAME}.html").write_text(text)
            with Gradebook(self.config.CourseDirectory.db_url) as book:
                book.update_or_create_assignment(s.assignment)
                book.update_or_create_student(s.student)
                when = read_timestamp(course.submitted / s.student / s.assignment)
                book.update_or_create_submission(s.assignment, s.student, timestamp=when)
        return [Verdict(s.assignment, s.student, sandboxed, (), ()) for s in submissions]

    def watch(self, per_hour=6):
        return Watch(self.course, per_hour, say=self.said.append, clock=lambda: self.now)


@pytest.fixture
def term(tmp_path, monkeypatch):
    return Term(tmp_path / "term-2026", monkeypatch)


def test_a_page_comes_back_to_whom_it_belongs(term):
    watch = term.watch()
    assert watch.step() == 0
    term.submit("chen", "mine = 1")
    term.submit("dilek", "mine = 2")
    assert watch.step(2) == 2 and watch.step() == 0
    (page,) = term.fetched("chen")
    assert "mine = 1" in page and "mine = 2" not in page
    term.submit("chen", "mine = 3")
    assert watch.step() == 1
    assert ["mine = 1" in page for page in term.fetched("chen")] == [True, False]  # the first page stays


def test_after_a_restart_only_what_has_no_answer_is_judged(term):
    term.submit("chen")
    term.watch().step()
    term.submit("dilek")
    again = term.watch()
    while again.step():
        pass
    assert term.judged == ["chen", "dilek"]


def test_the_turn_goes_round_among_students(term):
    for round_ in range(3):
        term.submit("eager", f"{round_}")
    term.submit("chen")
    watch = term.watch()
    watch.step()
    term.submit("eager", "once more")
    term.submit("dilek")
    while watch.step():
        pass
    # Of three submissions the newest; then who has had none.
    assert term.judged == ["eager", "chen", "dilek", "eager"]


def test_a_student_has_so_many_an_hour(term):
    watch = term.watch(per_hour=2)
    for number in range(4):
        term.submit("eager", f"{number}")
        watch.step()
    assert term.judged == ["eager"] * 2
    assert any("waits 61 minutes; eager had 2 within the hour" in sentence for sentence in term.said)
    term.submit("chen")
    assert watch.step() == 1 and term.judged[-1] == "chen"
    term.now += HOUR
    assert watch.step() == 1 and watch.step() == 0
    assert "3" in term.fetched("eager")[-1]  # the newest of those that waited


def test_nobody_hands_in_for_somebody_else(term):
    term.configure("")
    term.submit("chen")  # by this process's user
    watch = term.watch()
    watch.step()
    assert not term.judged and "who is not chen" in term.said[0]
    assert watch.step() == 0


def test_one_bad_folder_in_the_exchange_stops_nobody(term):
    for name in (f"chen+{NAME}+not a time+x", f"..+{NAME}+2026-10-01 10:00:00 UTC+x", "nonsense", f"*+{NAME}+2026-10-01+x"):
        (term.inbound / name).mkdir(mode=0o777)
        (term.inbound / name / SECRET).write_text("s" * 128)
        (term.inbound / name).chmod(0o777)
    (term.inbound / f"link+{NAME}+2026-10-01 10:00:00 UTC+x").symlink_to(term.course.source)
    term.submit("chen")
    watch = term.watch()
    while watch.step():
        pass
    assert term.judged == ["chen"]
    term.step("Collect").start()  # nbgrader's own, for the whole class, ends well too
    assert sorted(path.name for path in term.course.submitted.iterdir()) == ["chen"]


def test_a_folder_that_cannot_be_collected_holds_up_nobody(term):
    for student in ("large", "deep", "many", "timeless"):
        term.submit(student)
    large, deep, many, timeless = (next(term.inbound.glob(f"{s}+*")) for s in ("large", "deep", "many", "timeless"))
    with open(large / "holes", "wb") as file:
        file.truncate(2 * 1000 * CourseDirectory().max_dir_size)  # takes no room, and would be copied as zeros
    (deep / "/".join("d" * 600)).mkdir(parents=True)
    for number in range(MOST_FILES):
        (many / str(number)).touch()
    (timeless / TIMESTAMP).write_text("next summer")
    strange = term.inbound / f"\x1b[2J\udcff+{NAME}+2026-10-01 10:00:00 UTC+x"
    shutil.copytree(timeless, strange)
    strange.chmod(0o777)
    watch = term.watch()
    while watch.step(at_once=8):
        pass
    term.submit("timeless")  # nbgrader reads the time of the one before
    term.submit("chen")
    while watch.step(at_once=8):
        pass
    assert sorted(term.judged) == ["chen", "timeless", "timeless"]
    assert "".join(term.said).isprintable()
    for student, why in {"large": "larger than", "deep": "deep", "many": "files"}.items():
        assert any(said.startswith(f"'{student}+") and why in said for said in term.said), (student, term.said)
    term.step("Collect").start()  # nbgrader's own, for the whole class, ends well too
    shutil.rmtree(deep / "d" / "d")  # pytest's own clearing up walks through it


def test_links_are_not_followed_when_a_submission_is_collected(term):
    term.submit("chen")
    (folder,) = term.inbound.iterdir()
    secret = term.course.root / "solution.txt"
    secret.write_text("the solution")
    (folder / "link.txt").symlink_to(secret)
    (folder / "folder").symlink_to(term.course.source)
    os.link(secret, folder / "hard.txt")
    os.mkfifo(folder / "pipe")
    term.watch().step()
    collected = [path for path in term.course.submitted.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sorted(path.name for path in collected) == [f"{NAME}.ipynb", SECRET, TIMESTAMP]
    assert (term.course.submitted / "chen" / NAME).stat().st_mode & 0o777 == 0o755


def test_a_folder_that_is_still_being_written_is_left_until_it_is_whole(term):
    term.submit("chen")
    (folder,) = term.inbound.iterdir()
    folder.chmod(0o755)
    watch = term.watch()
    assert watch.step() == 0
    folder.chmod(0o777)
    assert watch.step() == 1


def test_what_cannot_be_judged_now_waits(term, monkeypatch):
    term.submit("chen")
    watch = term.watch()
    monkeypatch.setattr(grading, "grade", lambda *a, **k: (_ for _ in ()).throw(CourseError("locked")))
    with pytest.raises(CourseError, match="locked"):
        watch.step()
    monkeypatch.setattr(grading, "grade", term.grade)
    assert watch.step() == 1 and len(term.fetched("chen")) == 1


def test_release_feedback_passes_over_what_was_put_there_by_hand(term):
    term.submit("chen")
    term.step("Collect").start()
    by_hand = term.course.submitted / "dilek" / NAME
    shutil.copytree(term.course.submitted / "chen" / NAME, by_hand, ignore=shutil.ignore_patterns("*.txt"))
    term.grade(term.course, [grading.Submission(NAME, s) for s in ("chen", "dilek")], True)
    step = term.step("ReleaseFeedback")
    step.start()
    assert list(step.kept_back) == ["dilek"] and "hand over" in step.kept_back["dilek"]
    assert len(term.fetched("chen")) == 1


def test_an_old_page_is_not_released_for_a_newer_submission(term):
    term.submit("chen", "old")
    term.watch().step()
    term.submit("chen", "new")
    collect = term.step("Collect")
    collect.update = True
    collect.start()
    step = term.step("ReleaseFeedback")
    step.start()
    assert "A newer submission" in step.kept_back["chen"]
    (page,) = term.fetched("chen")
    assert "old" in page


def test_an_exchange_that_cannot_be_used_says_what_to_do(term):
    term.configure("c.Exchange.root = '/proc/exchange'\n")
    with pytest.raises(CourseError, match="sudo mkdir -p /proc/exchange"):
        term.watch()


def test_the_kit_sets_course_and_exchange_up(tmp_path):
    root = tmp_path / "deep learning (2026)"
    root.mkdir()
    config = Config()
    configuration.configure(config, root) if (root / "source").mkdir() is None else None
    assert config.CourseDirectory.course_id == "deep-learning-2026-"
    assert Path(config.Exchange.root).name == "exchange"
    assert ExchangeList(config=config).root == config.Exchange.root
