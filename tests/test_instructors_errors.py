"""What an instructor gets wrong outside of the exercises: one line that says what, where and what to do, and no traceback."""

import os
import sqlite3
import zipfile

import pytest
from nbgrader.api import Gradebook

from autograder import cli, configuration
from autograder.course import Course
from autograder.grading import strays
from autograder.new import new_course


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A course of one's own with a released notebook (nobody reads it), and two that are none, beside it."""
    folder = tmp_path_factory.mktemp("mistakes")
    new_course(folder / "course")
    (folder / "course" / "grading").mkdir()
    (folder / "course" / "notebooks" / "01-first").mkdir(parents=True)
    (folder / "course" / "notebooks" / "01-first" / "01-first.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    (folder / "nothing").mkdir()
    (folder / "quickstart" / "source" / "ps1").mkdir(parents=True)
    (folder / "quickstart" / "source" / "ps1" / "problem1.ipynb").write_text("{}")
    return folder


def said(monkeypatch, capsys, where, *words):
    """What a command says on its way to exit code 1."""
    monkeypatch.chdir(where)
    monkeypatch.setattr("sys.argv", ["autograder", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("where", "words", "expected"),
    [
        ("nothing", "grade", "There is no course here: neither"),
        ("nothing", "grade", "Go into your course's folder, or begin one with `autograder new course DIR`."),
        ("quickstart", "build", "with a notebook of the same name: 01-first/01-first.py or 01-first/01-first.ipynb"),
        ("quickstart", "grade ps1", "There is no assignment"),
        ("course", "grade 01-frist", "There is no assignment '01-frist' in"),
        ("course", "grade --student chne", "There is nothing of 'chne' in"),
        ("course", "collect away.zip", "There is no away.zip."),
        ("course", "collect README.md", "README.md is neither a folder nor a zip file."),
        ("course", "export blackboard", "There are: canvas, moodle, csv."),
        ("course", "new course /proc/mine", "/proc/mine: No such file or directory. Mend this"),
    ],
)
def test_a_slip_on_the_command_line(folder, monkeypatch, capsys, where, words, expected):
    assert expected in said(monkeypatch, capsys, folder / where, *words.split())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("c.Judge.limits = {", "nbgrader_config.py, line 8: SyntaxError: '{' was never closed. Mend that line."),
        ("d.Judge.say = 'kind'", "nbgrader_config.py, line 8: NameError: name 'd' is not defined. Mend that line."),
        ("c.Judge.limts = {}", "there is no setting c.Judge.limts. There is: limits."),
        ("c.Jugde.limits = {}", "there are no settings c.Jugde. Write c.Judge."),
        ("c.Judge.limits = {'cell_second': 60}", "there is no limit 'cell_second'. There are:"),
        ("c.Judge.say = 'knd'", "c.Judge: The 'say' trait of a Judge instance expected any of"),
        ("c.LateWork.per_day = 10", "c.LateWork: The value of the 'per_day' trait of a LateWork instance should"),
    ],
)
def test_a_slip_in_the_settings(folder, monkeypatch, capsys, line, expected):
    file = folder / "course" / "nbgrader_config.py"
    as_it_was = file.read_text()
    file.write_text(f"{as_it_was.rstrip()}\n{line}\n")
    try:
        assert expected in said(monkeypatch, capsys, folder / "course", "export", "csv")
    finally:
        file.write_text(as_it_was)


def test_a_zip_file_that_is_damaged(folder, monkeypatch, capsys):
    path = folder / "course" / "half.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("chen.ipynb", "{}")
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"PK\x00\x00"))
    assert "half.zip is a damaged zip file" in said(monkeypatch, capsys, folder / "course", "collect", "half.zip")


@pytest.mark.parametrize("what", ["old", "none"])
def test_a_gradebook_that_is_old_or_none(tmp_path, monkeypatch, capsys, what):
    new_course(tmp_path / "course")
    config = configuration.config(tmp_path / "course")
    file = tmp_path / "course" / "grading" / "gradebook.db"
    if what == "none":
        file.write_text("student,points\nchen,4\n" * 100)
    else:
        with Gradebook(config.CourseDirectory.db_url):
            pass
        with sqlite3.connect(file) as database:
            database.execute("ALTER TABLE assignment DROP COLUMN duedate")
    expected = {"old": "by an older nbgrader (no such column: assignment.duedate). Keep", "none": "file is not a database"}[what]
    assert expected in said(monkeypatch, capsys, tmp_path / "course", "export", "csv")


def test_what_lies_in_the_wrong_place_is_named(folder):
    course = Course(folder / "course")
    for name in ("chen/01-first", "chen/01-frist", ".git/x"):
        os.makedirs(course.submitted / name)
    (course.submitted / "dilek.ipynb").write_text("{}")
    assert [f.name for f in strays(course)] == ["01-frist", "dilek.ipynb"]
