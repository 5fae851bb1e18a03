"""The documentation: its commands are there as it writes them, its pages are one site, nothing it links to is missing."""

import csv
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbgrader.apps.nbgraderapp import NbGraderApp
from typer.main import get_command
from typer.testing import CliRunner

from autograder import cli
from autograder.course import Course
from autograder.new import new_assignment, new_course

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "autograder" / "new" / "course" / "README.md"]
LINE = re.compile(r"^    (?:\.venv/bin/)?(autograder .*)$", re.MULTILINE)
LINES = sorted({line.partition("  #")[0].strip() for page in PAGES for line in LINE.findall(page.read_text())})
IN_SENTENCES = sorted({m[1] for page in PAGES for m in re.finditer(r"`autograder ([a-z]+)", page.read_text())})


@pytest.mark.parametrize("line", LINES)
def test_the_command_line_takes_what_the_documentation_writes(line):
    command, words = get_command(cli.app), shlex.split(line)[1:]
    while hasattr(command, "resolve_command"):
        _, command, words = command.resolve_command(command.make_context("autograder", [], resilient_parsing=True), words)
    command.make_context(command.name, words)  # raises what a user would read


def test_the_commands_in_sentences_are_there():
    assert IN_SENTENCES and set(IN_SENTENCES) <= get_command(cli.app).commands.keys()


def test_nbgraders_commands_are_nbgraders():
    found = {m[1] for page in PAGES for m in re.finditer(r"(?:^    |`)nbgrader ([a-z_]+)", page.read_text(), re.MULTILINE)}
    assert found and found <= NbGraderApp.subcommands.keys()


def test_every_command_is_documented():
    names = {name for name in get_command(cli.app).commands if name != "new"} | {"new course", "new assignment"}
    text = "\n".join(page.read_text() for page in PAGES)
    assert [name for name in sorted(names) if f"autograder {name}" not in text] == []


def test_the_pages_are_one_site(tmp_path):
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"]
    result = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    made = {f.stem: f.read_text() for f in (tmp_path / "site").glob("*.html")}
    assert made.keys() >= {f.stem for f in (ROOT / "docs").glob("*.md")} | {"exercises", "attacks"}
    linked = {Path(target).stem for text in made.values() for target in re.findall(r'href="([^":#]+\.html)', text)}
    assert linked <= made.keys()
    assert not [name for name, text in made.items() if re.search(r'(?:src|<link[^>]*href)="https?:', text)]  # asks nobody


def test_nothing_that_a_page_links_to_is_missing():
    for page in (*PAGES, ROOT / "autograder" / "checks" / "README.md", ROOT / "tests" / "attacks" / "README.md"):
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text()):
            assert Path(page.parent, target).exists(), target


def test_the_version_is_the_one_whose_changes_are_told():
    (newest, *_) = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert CliRunner().invoke(cli.app, ["--version"]).output.split() == ["mnist-course-kit", newest]


# Run by other tests, on courses of their own: it goes on until somebody stops it, or needs a cluster.
ELSEWHERE = {"autograder watch": "watch", "autograder grade --scheduler": "coordinator"}
BY_HAND = "autograder demo"  # minutes of a class in two notebooks: `make demo`
ABSOLUTE = "def mean_square(x):\n    return abs(x).mean()"


@pytest.mark.long
def test_every_command_runs_as_it_is_written(tmp_path, monkeypatch):
    """On the example course, whose assignments stand for those that the pages name; the term first, in its order."""
    course = Course(tmp_path / "course")
    new_course(course.root)
    for name in ("01-data-loading", "02-pixel-baseline", "04-logistic-regression"):
        new_assignment(course, name)
    monkeypatch.chdir(course.root)
    course.grading.mkdir()
    roster = "student,name,email,canvas,moodle\nchen,Chen Li,chen@example.org,11,21\ndilek,Dilek Ay,dilek@example.org,12,22\n"
    (course.grading / "roster.csv").write_text(roster)

    def handed_in(name):
        notebook = nbformat.read(course.release / name / f"{name}.ipynb", as_version=4)
        next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "mean_square").source = ABSOLUTE
        return nbformat.writes(notebook)

    def hand_in():
        """The LMS's file for the assignment that the term is about; what lies there already, for another."""
        with zipfile.ZipFile("submissions.zip", "w") as file:
            for student in ("chen", "dilek"):
                file.writestr(f"{student}_01-data-loading.ipynb", handed_in("01-data-loading"))
                folder = course.submitted / student / "04-logistic-regression"
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "04-logistic-regression.ipynb").write_text(handed_in("04-logistic-regression"))
        shutil.copy("submissions.zip", "FILE")

    def run(line):
        program, *words = shlex.split(line)
        if words[0] == "learn":  # the group that the report names
            with open(course.grading / "report" / "groups.csv") as file:
                words[2] = next(row["name"] for row in csv.DictReader(file) if row["assignment"] == words[1])
        if words[0] == "collect":
            hand_in()
        if program == "autograder":
            result = CliRunner().invoke(cli.app, words, input="y\n")
            assert result.exit_code in (0, 3), f"{line}: {result.output} {result.exception!r}"  # 3: something to look at
        else:
            subprocess.run([Path(sys.prefix, "bin", program), *words], check=True, capture_output=True)

    term = re.findall(r"^    ((?:autograder|nbgrader) .*)$", (ROOT / "docs" / "term.md").read_text(), re.MULTILINE)
    for line in term:
        run(line.partition("  #")[0].strip())
    assert "largest value of a byte" in (course.grading / "feedback/chen/01-data-loading/01-data-loading.html").read_text()
    left = [line for line in LINES if line not in term and not line.startswith((*ELSEWHERE, BY_HAND))]
    for line in sorted(left, key=lambda line: ("learn" in line, "--no-sandbox" in line)):
        run(line)
    for line, suite in ELSEWHERE.items():
        assert line.partition("autograder ")[2].split()[-1] in (ROOT / "tests" / f"test_{suite}.py").read_text()
