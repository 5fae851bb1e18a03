"""The gradebook in SQLite and in a real PostgreSQL: two instructors at once, and what is said when it cannot be used."""

import os
import pwd
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from conftest import SMALL
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from sqlalchemy.exc import IntegrityError

from autograder import build, configuration, database
from autograder.course import Course, CourseError

ASSIGNMENTS = ("attack-target", "attack-target-2")
STUDENTS = ("chen", "dilek")


@pytest.fixture(scope="module")
def server():
    """The URL of a PostgreSQL server of our own, in a temporary folder, reached through a socket there."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    folder = tempfile.mkdtemp(prefix="postgresql-", dir="/tmp")  # the path of a socket must be short
    user, prefix = pwd.getpwuid(os.getuid()).pw_name, []
    if os.getuid() == 0:  # PostgreSQL refuses root
        user, about = "nobody", pwd.getpwnam("nobody")
        os.chown(folder, about.pw_uid, about.pw_gid)
        prefix = ["setpriv", f"--reuid={about.pw_uid}", f"--regid={about.pw_gid}", "--clear-groups"]

    def call(program, *arguments):
        subprocess.run([*prefix, programs / program, "-D", f"{folder}/data", *arguments], check=True, capture_output=True)

    call("initdb", "--auth=trust", "--no-sync")
    call("pg_ctl", "start", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -h '' -F")
    yield f"postgresql://{user}@/postgres?host={folder}"
    call("pg_ctl", "stop", "-w", "-m", "immediate")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def db_url(request, tmp_path):
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/gradebook.db"
    url = request.getfixturevalue("server")
    engine = database._create_engine(url, isolation_level="AUTOCOMMIT")
    name = "grades_" + re.sub(r"\W", "_", tmp_path.name)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture
def course(db_url, tmp_path):
    """A course with two assignments alike, whose gradebook is that database."""
    course = Course(shutil.copytree(SMALL, tmp_path / "course", ignore=shutil.ignore_patterns("grading", "*.ipynb")))
    one, two = ASSIGNMENTS
    shutil.copytree(course.source / one, course.source / two)
    (course.source / two / f"{one}.py").rename(course.source / two / f"{two}.py")
    shutil.copy(course.exercises / f"{one}.py", course.exercises / f"{two}.py")
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(f"\nc.CourseDirectory.db_url = {db_url!r}\n")
    return course


def grade(course, *arguments):
    command = [Path(sys.prefix, "bin", "autograder"), "grade", *arguments]
    return subprocess.Popen(command, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def scores(db_url):
    """{(assignment, student): points} in the gradebook."""
    with Gradebook(db_url) as book:
        return {(s.assignment.name, s.student.id): s.score for s in book.db.query(SubmittedAssignment)}


def open_and_add(db_url):
    """What a process does that begins to grade; run by several at once."""
    with Gradebook(db_url, "the-course") as book:
        for number in range(30):
            database.add_student(book, f"student-{number}")


@pytest.mark.long
def test_two_instructors_who_grade_two_assignments_at_once_lose_nothing(course, db_url):
    build.build(course, ASSIGNMENTS)
    for student in STUDENTS:
        for assignment in ASSIGNMENTS:
            folder = course.submitted / student / assignment
            folder.mkdir(parents=True)
            notebook = nbformat.read(course.solutions / assignment / f"{assignment}.ipynb", as_version=4)
            if student == "dilek":
                next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "softmax").source = ""
            nbformat.write(notebook, folder / f"{assignment}.ipynb")
    instructors = [grade(course, assignment) for assignment in ASSIGNMENTS]
    for instructor in instructors:
        said, _ = instructor.communicate()
        assert instructor.returncode == 0, said
    assert scores(db_url) == {(a, s): 4 if s == "chen" else 2 for a in ASSIGNMENTS for s in STUDENTS}
    assert not (course.grading / "gradebook.db").exists()  # the setting below the last line won, in building too


@pytest.mark.long
def test_many_processes_may_open_an_empty_gradebook_at_once(course, db_url):
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from autograder import configuration as c; "
    code += f"c.config({str(course.root)!r}); import test_database as t; t.open_and_add({db_url!r})"
    processes = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in processes:
        _, said = process.communicate()
        assert process.returncode == 0, said
    with Gradebook(db_url) as book:
        assert len(book.students) == 30


@pytest.mark.long
def test_a_forked_process_has_connections_of_its_own(course, db_url):
    configuration.config(course.root)
    with Gradebook(db_url) as book:
        book.add_student("before")
        if (child := os.fork()) == 0:
            with Gradebook(db_url) as own:
                own.add_student("child")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert sorted(student.id for student in book.students) == ["before", "child"]


def test_a_locked_gradebook_waits_and_then_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "WAIT", 0.2)
    url = f"sqlite:///{tmp_path}/gradebook.db"
    root = tmp_path / "course"
    (root / "source").mkdir(parents=True)
    configuration.config(root)
    with Gradebook(url) as book:
        book.add_student("chen")
        other = sqlite3.connect(tmp_path / "gradebook.db")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CourseError, match=r"gradebook.db has been locked by another program for 0.2 s.*run this once more"):
            book.add_student("dilek")
        book.db.rollback()
        other.rollback()
        book.add_student("dilek")
        assert [student.id for student in book.students] == ["chen", "dilek"]


def test_somebody_elses_new_student_is_no_error(tmp_path, monkeypatch):
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as book:
        book.add_student("chen")
        find = Gradebook.find_student
        monkeypatch.setattr(Gradebook, "find_student", lambda *_: (_ for _ in ()).throw(MissingEntry()))  # before the other wrote
        database.add_student(book, "chen")
        monkeypatch.setattr(Gradebook, "find_student", find)
        database.add_student(book, "dilek")
        assert [student.id for student in book.students] == ["chen", "dilek"]


@pytest.mark.parametrize(
    "url, said",
    [
        ("postgresql://nobody@/none?host=/nowhere", r"The gradebook postgresql://nobody@/none.* cannot be used: connection"),
        ("sqlite:////nowhere/gradebook.db", r"The gradebook /nowhere/gradebook.db cannot be used: unable to open"),
        ("mysql://nobody@localhost/none", r"needs MySQLdb, which is not installed.*pip install"),
    ],
)
def test_a_gradebook_that_cannot_be_reached_says_what_to_do(tmp_path, url, said):
    (tmp_path / "source").mkdir()
    configuration.config(tmp_path)
    with pytest.raises(CourseError, match=said):
        Gradebook(url)


def test_a_password_is_not_shown(tmp_path):
    (tmp_path / "source").mkdir()
    configuration.config(tmp_path)
    with pytest.raises(CourseError) as caught:
        Gradebook("postgresql://me:hidden@/none?host=/nowhere")
    assert "hidden" not in str(caught.value)


def test_other_errors_of_the_database_stay_what_they_are(tmp_path):
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as book, pytest.raises(IntegrityError):
        book.db.connection().exec_driver_sql("INSERT INTO student (id) VALUES (NULL)")
