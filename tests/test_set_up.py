"""What make does on a machine that nobody prepared; with stubs, so that nothing is installed.

A real set-up, with all its packages, is what CI begins with.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

from autograder.course import CourseError
from autograder.judging.data import require_readable

# Every program that make may call, but bubblewrap, chromium, sudo, and the packages' own.
SYSTEM = ("cat", "chmod", "dirname", "env", "id", "ls", "make", "mkdir", "rm", "sh", "sort", "touch")
LOG = """#!/bin/sh
echo "$(umask) $LC_ALL ${0##*/} $*" >> "$LOG"
"""
PYTHON = """#!/bin/sh
case "$1" in -c) exit {code};; esac
mkdir -p .venv/bin
for name in python autograder ruff; do cat "$STUB" > .venv/bin/$name; chmod +x .venv/bin/$name; done
echo "$(umask) venv by ${{0##*/}}" >> "$LOG"
"""


class Machine:
    """A clone in a folder with a space and an umlaut, and a path with nothing but what a test puts there."""

    def __init__(self, folder):
        self.clone, self.bin, self.log = folder / "Käse und Brot", folder / "bin", folder / "log"
        (self.clone / "tests").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(ROOT / name, self.clone)
        shutil.copytree(ROOT / ".ci", self.clone / ".ci")
        for name in SYSTEM:
            (self.bin / name).symlink_to(shutil.which(name))
        for name in ("sudo", "apt-get", "stub"):
            self.program(name, LOG)
        self.program("python3.11", PYTHON.format(code=0))
        self.program("id", "#!/bin/sh\necho 1000\n")

    def program(self, name, text="#!/bin/sh\n"):
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def make(self, *arguments, umask=0o022, **environment):
        """Run make. Returns what it printed, its exit code, and what the stubs wrote down."""
        environment |= {"PATH": str(self.bin), "LOG": str(self.log), "STUB": str(self.bin / "stub"), "HOME": str(self.bin)}
        command = [self.bin / "make", *arguments]
        result = subprocess.run(
            command, cwd=self.clone, env=environment, stdout=-1, stderr=subprocess.STDOUT, text=True, umask=umask
        )
        return result.stdout, result.returncode, self.log.read_text() if self.log.exists() else ""


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_an_ordinary_user_reads_what_is_missing_and_goes_on(machine):
    said, code, log = machine.make("demo")
    assert "Not installed: bubblewrap." in said and "\n    sudo apt install bubblewrap\n" in said
    assert code == 0, said
    assert "autograder build\n" in log and "autograder demo\n" in log
    assert "sudo" not in log and "apt-get" not in log


def test_root_gets_what_is_missing(machine):
    machine.program("id", "#!/bin/sh\necho 0\n")
    _, code, log = machine.make("demo")
    assert code == 0
    assert "apt-get install -yq bubblewrap\n" in log and "sudo" not in log


def test_nothing_is_said_where_nothing_is_missing(machine):
    machine.program("bwrap")
    machine.program("chromium")
    said, code, log = machine.make("test")
    assert code == 0, said
    assert "Not installed" not in said
    assert log.endswith("python -m pytest -n 3 --no-loadscope-reorder -m not long\n")
    assert machine.make("test-all")[2].endswith("python -m pytest -n 3 --no-loadscope-reorder\n")


def test_without_bubblewrap_the_tests_that_do_not_grade_run(machine):
    said, code, log = machine.make("test")
    assert code != 0
    assert "sudo apt install bubblewrap chromium" in said and "need bubblewrap" in said
    assert "autograder check --all" in log and "pytest" not in log


@pytest.mark.parametrize("name", ["python3", "python"])
def test_any_python_of_the_right_version_will_do(machine, name):
    (machine.bin / "python3.11").unlink()
    machine.program(name, PYTHON.format(code=0))
    said, code, log = machine.make("build")
    assert code == 0, said
    assert f"venv by {name}" in log


def test_a_python_can_be_named(machine):
    (machine.bin / "python3.11").rename(machine.bin / "mine")
    assert "venv by mine" in machine.make("build", "PYTHON=mine")[2]


def test_where_no_python_will_do_it_is_said_which_would(machine):
    machine.program("python3.11", PYTHON.format(code=1))
    said, code, log = machine.make("build")
    assert code != 0 and not log
    for remedy in ("needs Python 3.11", "apt install python3.11", "conda create", "uv python install", "make PYTHON="):
        assert remedy in said


def test_a_strict_umask_does_not_hide_the_environment_from_the_sandbox(machine):
    said, code, log = machine.make("build", umask=0o077, LC_ALL="tr_TR.ISO-8859-9")
    assert code == 0, said
    assert "0022 venv by python3.11" in log
    assert "0077 C.UTF-8 autograder build" in log  # what people hand in stays private; texts are UTF-8
    assert (machine.clone / ".venv" / "bin").stat().st_mode & 0o777 == 0o755


def test_the_python_that_is_looked_for_is_the_one_that_the_package_requires():
    from test_environment import PROJECT

    wanted = PROJECT["requires-python"].removeprefix(">=").partition(",")[0]  # the oldest
    text = Path(ROOT, ".ci", "python").read_text()
    assert f"!= ({wanted.replace('.', ', ')})" in text and f"needs Python {wanted}," in text
    assert os.access(ROOT / ".ci" / "python", os.X_OK) and os.access(ROOT / ".ci" / "programs", os.X_OK)


def test_images_that_roots_sandbox_cannot_read_are_named_with_the_remedy(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)  # whatever the umask is
    (folder / "digits_png.pt").touch(mode=0o600)
    with pytest.raises(CourseError, match=r"cannot read .*digits_png\.pt\. Run: chmod -R go\+rX"):
        require_readable(folder)
    (folder / "digits_png.pt").chmod(0o644)
    require_readable(folder)
