"""A course of one's own: the example proves itself, and the guide does what it says."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT
from setuptools import find_namespace_packages

from autograder import checks
from autograder.build.source import problems
from autograder.checks.proof import prove
from autograder.course import Course, CourseError
from autograder.new import new_assignment, new_course

GUIDE = (ROOT / "docs" / "own-course.md").read_text()


@pytest.mark.parametrize(("ipynb", "torch"), [(False, False), (True, True)])
def test_the_example_is_sound(tmp_path, ipynb, torch):
    new_course(tmp_path / "mine", ipynb, torch)
    course = Course(tmp_path / "mine")
    assert course.assignments == ["01-first"]
    (path,) = [f for f in (course.source / "01-first").iterdir() if f.is_file()]
    assert path.suffix == (".ipynb" if ipynb else ".py")
    exercises = checks.load(course, "01-first")
    assert not problems(path, exercises)
    assert ("import torch" in path.read_text()) == torch == ("torch" in (course.exercises / "01-first.py").read_text())
    proof = prove(exercises["mean_square"], checks.Reference(course, "01-first"))
    assert not (proof.accepted_mistakes or proof.misnamed or proof.rejected_alternatives)
    assert "alternatives=" in (course.exercises / "README.md").read_text()  # the checks say that it lies beside them
    assert (course.root / "nbgrader_config.py").read_text() == (ROOT / "nbgrader_config.py").read_text()


def test_nothing_that_is_there_is_touched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(CourseError, match="not empty"):
        new_course(tmp_path / "mine")
    new_course(tmp_path / "course")
    course = Course(tmp_path / "course")
    for name, why in (("01-first", "already"), ("../x", "cannot be"), ("", "cannot be")):
        with pytest.raises(CourseError, match=why):
            new_assignment(course, name)
    new_assignment(course, "02-second")
    assert "# # 02 Second" in (course.source / "02-second" / "02-second.py").read_text()


def test_the_wheel_has_the_grader_and_not_this_course():
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    where = setup["packages"]["find"]
    packages = find_namespace_packages(str(ROOT), include=where["include"], exclude=where["exclude"])
    assert {"autograder.checks.explainers", "autograder.report", "autograder.new"} <= set(packages)
    assert not [name for name in packages if "exercises" in name or "new.course" in name]
    # What is no module has to be named, or a wheel would be without it.
    named = {
        f for package, globs in setup["package-data"].items() for g in globs for f in ROOT.joinpath(*package.split(".")).glob(g)
    }
    data = [f for f in (ROOT / "autograder").rglob("*") if f.is_file() and f.suffix not in (".py", ".pyc")]
    assert data and not [f for f in data if f not in named]


@pytest.mark.long
def test_the_guide_does_what_it_says(tmp_path):
    lines = [line[4:] for line in GUIDE.splitlines() if line.startswith("    ")]
    environment = os.environ | {"PATH": f"{Path(sys.prefix, 'bin')}:{os.environ['PATH']}", "COLUMNS": "200"}
    script = "set -euo pipefail\n" + "\n".join(lines)
    result = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    course = tmp_path / "my-course"
    assert re.search(r"chen\s+4\.0", result.stdout)
    assert (course / "grading" / "feedback" / "chen" / "01-first" / "01-first.html").exists()
    assert (course / "handout" / "01-first.zip").exists()
    in_git = [line.split(maxsplit=1)[1] for line in result.stdout.splitlines() if line.startswith("A  ")]
    assert "source/02-second/02-second.py" in in_git and "source/03-third/03-third.ipynb" in in_git
    assert not [path for path in in_git if path.startswith(("grading", "handout"))]
