"""The students' folder: filled once, never written over, a newer release beside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from autograder import cli, lab
from autograder.course import Course


@pytest.fixture
def course(tmp_path):
    """A course with two releases; their source is empty."""
    for name in ("01-one", "02-two"):
        for part, suffix in (("source", ".py"), ("notebooks", ".ipynb")):
            folder = tmp_path / part / name
            folder.mkdir(parents=True)
            (folder / (name + suffix)).write_text(f"{part} {name}")
    return Course(tmp_path)


def contents(folder):
    return {str(f.relative_to(folder)): f.read_text() for f in folder.rglob("*.ipynb")}


FIRST = {"01-one/01-one.ipynb": "notebooks 01-one", "02-two/02-two.ipynb": "notebooks 02-two"}


def test_the_folder_is_filled_once_and_then_left_alone(course):
    folder = course.root / "work"
    assert len(lab.fill(course, folder)) == 2
    assert contents(folder) == FIRST
    (folder / "01-one" / "01-one.ipynb").write_text("a student's work")
    (folder / "01-one" / "notes.ipynb").write_text("notes")
    assert lab.fill(course, folder) == []
    assert contents(folder) == FIRST | {"01-one/01-one.ipynb": "a student's work", "01-one/notes.ipynb": "notes"}


def test_a_newer_release_is_announced_and_put_beside(course):
    folder = course.root / "work"
    lab.fill(course, folder)
    (folder / "01-one" / "01-one.ipynb").write_text("a student's work")
    expected = FIRST | {"01-one/01-one.ipynb": "a student's work"}
    for name in ("01-one-new", "01-one-new-2"):
        (course.release / "01-one" / "01-one.ipynb").write_text(name)
        (said,) = lab.fill(course, folder)
        assert f"work/{name} is new" in said and "your own work in work/01-one is as it was" in said
        expected[f"{name}/01-one.ipynb"] = name
        assert contents(folder) == expected
        assert lab.fill(course, folder) == []


def test_a_folder_that_the_student_made_is_not_written_into(course):
    folder = course.root / "work"
    (folder / "01-one").mkdir(parents=True)
    (folder / "01-one" / "mine.ipynb").write_text("mine")
    assert "work/01-one-new is new" in lab.fill(course, folder)[0]
    assert list((folder / "01-one").iterdir()) == [folder / "01-one" / "mine.ipynb"]


def test_the_command_fills_the_folder_and_starts_jupyterlab_there(course, monkeypatch, capsys):
    started = []
    monkeypatch.chdir(course.source)
    monkeypatch.setattr(os, "execv", lambda program, arguments: started.append((Path.cwd(), arguments)))
    cli.lab()
    assert started == [(course.root, [sys.executable, "-m", "jupyterlab", "work", "--allow-root"])]
    assert "work/01-one is new." in capsys.readouterr().out
    assert contents(course.root / "work") == FIRST


def test_git_ignores_the_folder():
    assert subprocess.run(["git", "check-ignore", "-q", "work/01-data-loading/x.ipynb"], cwd=ROOT).returncode == 0
