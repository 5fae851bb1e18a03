"""What several tests need: a small course of their own, so that no test touches the real one."""

import concurrent.futures.thread
import multiprocessing.process
import os
import re
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch
from browser import browser
from xdist.scheduler import LoadScopeScheduling

from autograder.course import Course

ROOT = Path(__file__).parents[1]
torch.set_num_threads(1)  # the tensors are tiny: a second thread only waits, and the other worker needs the core
# The kernels that tests start inherit this; see tests/environment/sitecustomize.py.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "tests" / "environment"), os.environ.get("PYTHONPATH")]))
COURSE = Course(ROOT)
QUICK = COURSE.assignments[:2]  # `make test` runs these as this machine rounds, `make test-all` all as others would
SMALL = ROOT / "tests" / "attacks" / "course"
ALONE = ("test_processors.py", "test_processors_stand_in.py")  # minutes for each test, and nothing that they share
LONGEST = re.compile(r"test_processors\.py::.*\[0([56])")  # up to ten minutes each


def pytest_addoption(parser):
    parser.addoption("--pictures", metavar="DIR", help="put the README's pictures there (tests/test_demo.py)")


class OneWorkerForAFile(LoadScopeScheduling):
    """A file's tests go to one worker, because they share what is slow to make, in the order in which they stand.

    xdist's own `loadgroup` has no effect with pytest 9.2: it writes the group where pytest no longer looks.
    """

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return nodeid if file.endswith(ALONE) and not LONGEST.search(nodeid) else file


def pytest_xdist_make_scheduler(config, log):
    return OneWorkerForAFile(config, log)


def pytest_collection_modifyitems(items):
    """One worker begins with the longest runs, the longest first: at the end the others would wait for the last of them."""
    items.sort(key=lambda item: -int(found[1]) if (found := LONGEST.search(item.nodeid)) else 0)


@pytest.fixture(scope="module")  # a worker's next file may need another
def chromium():
    """A browser. Skips where there is none: make has said how to install one, and goes on."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed, so no page is opened")
    with browser() as chromium:
        yield chromium


@pytest.fixture
def no_pools(monkeypatch):
    """Pools of threads and processes that tests before these left in this worker are no student's."""
    monkeypatch.setattr(concurrent.futures.thread, "_threads_queues", weakref.WeakKeyDictionary())
    monkeypatch.setattr(multiprocessing.process, "_children", set())


@pytest.fixture
def small_course(tmp_path):
    """A copy of the course in tests/attacks: two functions, no images, built in a second."""
    ignore = shutil.ignore_patterns("grading", "*.ipynb", "__pycache__")
    return Course(shutil.copytree(SMALL, tmp_path / "course", ignore=ignore))


@pytest.fixture(params=COURSE.assignments)
def assignment(request):
    """Each assignment of the course in turn."""
    return request.param


@pytest.fixture(params=QUICK)
def quick(request):
    """The assignments whose notebooks take seconds, each in turn."""
    return request.param


@pytest.fixture(scope="session")
def data_here():
    """The data that a notebook finds on this machine, as the set-up cell names it."""
    command = "import course; print('\\n' + course.load().name)"
    found = subprocess.run([sys.executable, "-c", command], cwd=COURSE.source, capture_output=True, text=True, check=True)
    return found.stdout.splitlines()[-1]


def pytest_terminal_summary(terminalreporter):
    """Where the notebooks ran as other machines round, and how far from what is stored their trained numbers came."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    if lines := sorted(value for r in reports for name, value in r.user_properties if name == "elsewhere"):
        terminalreporter.section("the notebooks on other processors")
        terminalreporter.write_line("\n".join(lines))
