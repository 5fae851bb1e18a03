"""Late work: what it costs, and that the gradebook's penalty is true whatever happens in which order."""

import contextlib
import csv
import datetime
import io
import re
import shutil

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.exportapp import ExportApp
from rich.console import Console
from traitlets.config import Config

from autograder import build, configuration, grading
from autograder.course import CourseError
from autograder.grading import CaseResult, Verdict, summary
from autograder.late import LateWork, moment, shares

DUE = datetime.datetime(2026, 10, 1, 21, 59)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
SETTINGS = """
c.LateWork.due = {"one": "2026-10-01 23:59 Europe/Berlin"}
c.LateWork.extensions = {"one": {"extended": "2026-10-03", "punished": "2026-09-01"}}
c.LateWork.per_day, c.LateWork.floor, c.LateWork.grace_minutes = 0.1, 0.25, 15
"""
TEXT = (
    "from pathlib import Path\nfrom autograder.configuration import configure\nconfigure(get_config(), Path(__file__).parent)\n"
)


class Class:
    """A course with one assignment of 8 points by a check and 4 by a person, and what the gradebook says about it."""

    def __init__(self, root, settings):
        (root / "source").mkdir()
        self.root = root
        self.configure(settings)
        with self.open() as book:
            book.add_assignment("one")
            book.add_notebook("one", "one")
            for name, points, kind in (("check", 8, "code"), ("answer", 4, "markdown")):
                book.add_grade_cell(name, "one", "one", max_score=points, cell_type=kind)

    def configure(self, settings):
        (self.root / "nbgrader_config.py").write_text(TEXT + settings)

    def open(self):
        return Gradebook(configuration.config(self.root).CourseDirectory.db_url)

    def hand_in(self, student, timestamp):
        with self.open() as book:
            book.update_or_create_student(student)
            book.update_or_create_submission("one", student, timestamp=timestamp)
        self.score(student, "check", auto_score=8.0)

    def score(self, student, cell, **scores):
        with self.open() as book:
            grade = book.find_grade(cell, "one", "one", student)
            for name, value in scores.items():
                setattr(grade, name, value)
            book.db.commit()

    def penalty(self, student):
        """The penalty as a program sees it that knows nothing of the kit."""
        with self.open() as book:
            return book.find_submission("one", student).late_submission_penalty

    def exported(self):
        """{student: (points before, penalty, points after)} of `nbgrader export`."""
        app = ExportApp()
        with contextlib.chdir(self.root):
            app.initialize(["--log-level=ERROR"])
            app.start()
        with open(self.root / "grades.csv") as file:
            rows = list(csv.DictReader(file))
        return {r["student_id"]: tuple(float(r[k]) for k in ("raw_score", "late_submission_penalty", "score")) for r in rows}


@pytest.fixture
def lateness(tmp_path):
    return Class(tmp_path, SETTINGS)


@pytest.mark.parametrize(
    "when, penalty",
    [
        (None, 0),  # no timestamp.txt
        (DUE - DAY, 0),
        (DUE, 0),
        (DUE + HOUR / 4, 0),  # the grace
        (DUE + HOUR / 3, 0.8),  # a begun day
        (DUE + DAY, 0.8),
        (DUE + DAY + HOUR, 1.6),
        (DUE + 30 * DAY, 6),  # the floor
        (datetime.datetime(2099, 1, 1), 6),  # a time in the future
    ],
)
def test_what_a_day_costs(lateness, when, penalty):
    lateness.hand_in("chen", when)
    assert lateness.penalty("chen") == pytest.approx(penalty)


def test_points_given_by_hand_later_cost_as_much(lateness):
    lateness.hand_in("chen", DUE + 2 * DAY)
    assert lateness.penalty("chen") == pytest.approx(1.6)
    lateness.score("chen", "answer", manual_score=3)
    assert lateness.exported()["chen"] == pytest.approx((11, 2.2, 8.8))
    lateness.score("chen", "answer", manual_score=1, extra_credit=1)
    lateness.score("chen", "check", manual_score=0)
    assert lateness.exported()["chen"] == pytest.approx((2, 0.4, 1.6))


def test_an_extension_gives_time_and_never_takes_any(lateness):
    # "2026-10-03" ends at midnight, and the zone is UTC where none is named.
    end = datetime.datetime(2026, 10, 4)
    lateness.hand_in("extended", end)
    lateness.hand_in("punished", DUE)
    assert lateness.penalty("extended") == lateness.penalty("punished") == 0
    lateness.hand_in("extended", end + HOUR)
    assert lateness.penalty("extended") == pytest.approx(0.8)


def test_nbgraders_own_extension_and_due_date_count_where_the_settings_name_none(lateness):
    lateness.configure("c.LateWork.per_day = 0.5")
    lateness.hand_in("chen", DUE + HOUR)
    assert lateness.penalty("chen") == 4  # the due date that the gradebook has stays
    with lateness.open() as book:
        book.grant_extension("one", "chen", days=1)
    assert lateness.penalty("chen") == 0
    with lateness.open() as book:
        book.grant_extension("one", "chen")
        book.update_or_create_assignment("one", duedate="2026-10-01 20:59 UTC")  # as `nbgrader db assignment add --duedate`
    assert lateness.penalty("chen") == 4
    with lateness.open() as book:
        book.update_or_create_assignment("one", duedate=None)
    assert lateness.penalty("chen") == 0


def test_changed_settings_count_for_what_is_already_graded(lateness):
    lateness.hand_in("chen", DUE + HOUR)
    lateness.configure(SETTINGS.replace("0.1", "0.5"))
    assert lateness.exported()["chen"] == pytest.approx((8, 4, 4))
    lateness.configure(SETTINGS.replace("2026-10-01", "2026-10-02"))
    assert lateness.exported()["chen"] == pytest.approx((8, 0, 8))


def test_without_a_fraction_nbgraders_own_method_counts(lateness):
    lateness.configure('c.LateWork.due = {"one": "2026-10-01"}')
    lateness.hand_in("chen", DUE + 9 * DAY)
    assert lateness.penalty("chen") == 0
    lateness.configure('c.LateWork.due = {"one": "2026-10-01"}\nc.LateSubmissionPlugin.penalty_method = "zero"')
    assert lateness.penalty("chen") == 8


def test_a_plugin_of_the_instructor_covers_points_given_by_hand_too(lateness):
    lateness.configure(
        SETTINGS + "from nbgrader.plugins import LateSubmissionPlugin\n"
        "class Mine(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score / 2 if student_id == 'chen' else 99\n"
        "c.AssignLatePenalties.plugin_class = Mine\n"
    )
    lateness.hand_in("chen", DUE + HOUR)
    lateness.hand_in("dilek", DUE + HOUR)
    lateness.score("chen", "answer", manual_score=4)
    assert lateness.penalty("chen") == 6
    assert lateness.penalty("dilek") == 8  # never more than there is


def test_what_is_left_of_the_points(lateness):
    lateness.hand_in("chen", DUE + HOUR)
    lateness.hand_in("dilek", DUE)
    with lateness.open() as book:
        assert shares(book, "one") == pytest.approx({"chen": 0.9})


@pytest.mark.parametrize(
    "written, utc",
    [
        ("2026-10-01 23:59", "2026-10-01 21:59"),
        ("2026-12-01 23:59", "2026-12-01 22:59"),  # winter
        ("2026-10-01 23:59+00:00", "2026-10-01 23:59"),
        ("2026-10-01 23:59 America/New_York", "2026-10-02 03:59"),
        ("2026-10-01", "2026-10-01 22:00"),
        (datetime.date(2026, 10, 1), "2026-10-01 22:00"),
        (datetime.datetime(2026, 10, 1, 12), "2026-10-01 10:00"),
    ],
)
def test_times_are_read_as_a_person_means_them(written, utc):
    assert moment(written, "Europe/Berlin") == datetime.datetime.fromisoformat(utc)


@pytest.mark.parametrize("written", ["", "tomorrow", "1.10.2026", "2026-10-01 25:00", "2026-10-01 12:00 CEST", "12:00"])
def test_what_is_no_time_is_named(written):
    with pytest.raises(CourseError, match=r"nbgrader_config.py is no time. Write '2026-10-01 23:59'"):
        moment(written, "UTC")


def test_the_settings_have_sensible_limits():
    with pytest.raises(Exception, match="per_day"):
        LateWork(config=Config({"LateWork": {"per_day": 10}}))


def test_the_summary_shows_what_remains():
    case = CaseResult("softmax", "a random batch", True, "", 8.0, 8.0)
    verdicts = [Verdict("one", student, True, (), (case,)) for student in ("chen", "dilek")]
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(summary(verdicts, {("one", "chen"): 0.9}))
    text = console.export_text()
    assert "7.2*" in text and "8.0 " in text and "came late" in text


def test_the_summary_says_that_a_file_could_not_be_read():
    case = CaseResult("softmax", "a random batch", False, "You have not written `softmax` yet.", 0.0, 8.0)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(summary([Verdict("one", "chen", True, ("The file is not a notebook.",), (case,))], {}))
    text = console.export_text()
    assert "not a notebook" in text and "not written" not in text


@pytest.mark.long
def test_pages_follow_a_due_date_that_is_moved(small_course):
    name = "attack-target"
    build.build(small_course, [name])
    folder = small_course.submitted / "chen" / name
    shutil.copytree(small_course.solutions / name, folder)
    (folder / "timestamp.txt").write_text("2026-10-02 12:00:00 UTC")

    def graded(due):
        (small_course.root / "nbgrader_config.py").write_text(
            TEXT + f"c.LateWork.due, c.LateWork.per_day = {{{name!r}: {due!r}}}, 0.25\n"
        )
        grading.grade(small_course, grading.submissions(small_course, [name]))
        page = (small_course.grading / "feedback" / "chen" / name / f"{name}.html").read_text()
        return re.search("<title>.*: (.*) of 5 points", page)[1], "because it came late" in page

    assert graded("2026-10-01") == ("3", True)
    assert grading.late_shares(small_course, [name]) == {(name, "chen"): 0.75}
    assert graded("2026-10-02") == ("4", False)  # judged before: only the page is made anew
    assert graded("2026-09-01") == ("0", True)
