"""The documentation: its commands are there as it writes them, its pages are one site, nothing it links to is missing."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from nbgrader.apps.nbgraderapp import NbGraderApp
from typer.main import get_command

from autograder import cli

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
    assert {f.stem for f in (tmp_path / "site").glob("*.html")} >= {f.stem for f in (ROOT / "docs").glob("*.md")}


def test_nothing_that_the_readme_links_to_is_missing():
    for page in PAGES[:1]:
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text()):
            assert Path(page.parent, target).exists(), target
