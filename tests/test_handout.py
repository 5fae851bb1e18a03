"""What students get: complete, without a secret, and of use where a notebook is opened alone."""

import functools
import http.server
import json
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import nbformat
import pytest
from conftest import COURSE, SMALL
from nbgrader.utils import compute_checksum

from autograder import build
from autograder.course import Course, CourseError
from autograder.handout import bundle
from autograder.handout.requirements import requirements
from autograder.judging.rebuild import rebuild

NAME = "attack-target"
CANARY = re.compile(rb"canary-[a-z]+-[0-9a-f]{4}|BEGIN SOLUTION|BEGIN HIDDEN")
MARK = {"grade": False, "grade_id": "set-up", "locked": True, "schema_version": 3, "solution": False, "task": False}
HELPER = "import numpy\n\n\ndef load():\n    import PIL\n\n    return 'the helper answers'\n"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The small course, released, with a helper beside its notebook and a note that is hidden; tests take a copy."""
    ignore = shutil.ignore_patterns("grading", "*.ipynb", "__pycache__")
    made = Course(shutil.copytree(SMALL, tmp_path_factory.mktemp("handout") / "course", ignore=ignore))
    build.build(made, [NAME])
    helper = made.release / NAME / "course"
    helper.mkdir()
    (helper / "__init__.py").write_text(HELPER)
    (helper.parent / ".release").write_text("canary-hidden-0000")
    return made


@pytest.fixture
def course(released, tmp_path):
    return Course(shutil.copytree(released.root, tmp_path / "copy"))


def set_address(course, address):
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(f"\nc.Handout.address = {address!r}\n")


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def first_cell(content):
    cells = nbformat.reads(content.decode(), as_version=4).cells
    return next(cell.source for cell in cells if cell.cell_type == "code")


def run_alone(folder, source):
    """Run a notebook's first cell in a folder in which nothing lies but the notebook."""
    command = [sys.executable, "-c", f"{source}\nimport course\nprint(course.load())"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def served():
    """A function: serve a folder, as the web would, and give its address."""
    servers = []

    def serve(folder):
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_package_is_complete_and_holds_no_secret(course):
    archives = {path.name: path for path in bundle(course, [NAME])}
    assert sorted(archives) == ["all.zip", f"{NAME}.zip"]
    for path in archives.values():
        found = contents(path)
        names = ("README.txt", f"{NAME}.ipynb", "course/__init__.py", "requirements.txt")
        assert sorted(found) == [f"{NAME}/{name}" for name in names]
        assert not [name for name, content in found.items() if CANARY.search(content)]
    # The sources of what was packed do hold such words, so their absence means something.
    assert CANARY.search((course.source / NAME / f"{NAME}.py").read_bytes())
    again = {path.name: path.read_bytes() for path in bundle(course, [NAME])}
    assert again == {name: path.read_bytes() for name, path in archives.items()}


def test_what_was_handed_out_before_stays_in_the_overview(course):
    second = "attack-second"
    shutil.copytree(course.source / NAME, course.source / second)
    (course.source / second / f"{NAME}.py").rename(course.source / second / f"{second}.py")
    shutil.copytree(course.release / NAME, course.release / second)
    (course.release / second / f"{NAME}.ipynb").rename(course.release / second / f"{second}.ipynb")
    course = Course(course.root)
    bundle(course, [NAME])
    bundle(course, [second])
    overview = (course.root / "handout" / "README.md").read_text()
    assert f"({NAME}.zip)" in overview and f"({second}.zip)" in overview
    assert {name.partition("/")[0] for name in contents(course.root / "handout" / "all.zip")} == {NAME, second}


def test_validate_finds_no_cell_changed_in_what_was_packed(course):
    source = course.release / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.metadata["nbgrader"] = MARK | {"checksum": compute_checksum(first)}
    nbformat.write(notebook, source)
    bundle(course, [NAME])
    packed = nbformat.read(course.root / "handout" / NAME / f"{NAME}.ipynb", as_version=4)
    marked = [cell for cell in packed.cells if "checksum" in cell.metadata.get("nbgrader", {})]
    assert len(marked) > 1 and all(cell.metadata["nbgrader"]["checksum"] == compute_checksum(cell) for cell in marked)
    assert next(c.source for c in packed.cells if c.cell_type == "code") != first.source


def test_opened_alone_a_notebook_fetches_what_belongs_to_it(course, served, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    (course.root / "handout").mkdir()
    set_address(course, served(course.root / "handout"))
    bundle(course, [NAME])
    source = first_cell(contents(course.root / "handout" / f"{NAME}.zip")[f"{NAME}/{NAME}.ipynb"])
    result = run_alone(alone, source)
    assert result.stdout.strip() == "the helper answers", result.stderr
    assert [path.name for path in alone.iterdir()] == ["course"]
    # With its files beside it, it asks nobody.
    shutil.rmtree(course.root / "handout")
    assert run_alone(alone, source).returncode == 0
    shutil.rmtree(alone / "course")
    assert "cannot be fetched" in run_alone(alone, source).stderr.splitlines()[-1]


def test_without_an_address_it_says_where_to_put_the_files(course, tmp_path):
    bundle(course, [NAME])
    content = contents(course.root / "handout" / f"{NAME}.zip")[f"{NAME}/{NAME}.ipynb"]
    said = run_alone(tmp_path, first_cell(content)).stderr.splitlines()[-1]
    assert (
        said
        == f"FileNotFoundError: course must lie beside this notebook: unpack the whole {NAME}.zip and open the notebook there."
    )
    assert b"colab" not in content


def test_what_the_package_adds_never_reaches_the_grader(course):
    set_address(course, "https://raw.githubusercontent.com/you/deep-learning/main/week-1")
    bundle(course, [NAME])
    handed_out = contents(course.root / "handout" / f"{NAME}.zip")[f"{NAME}/{NAME}.ipynb"]
    release = nbformat.read(course.release / NAME / f"{NAME}.ipynb", as_version=4)
    graded = rebuild(release, handed_out).notebook
    assert [c.source for c in graded.cells if c.cell_type == "code"] == [c.source for c in release.cells if c.cell_type == "code"]
    assert len(graded.cells) == len(release.cells)


def test_badges_where_somebody_can_open_them(course):
    set_address(course, "https://raw.githubusercontent.com/you/deep-learning/main/week-1")
    bundle(course, [NAME])
    title = json.loads((course.root / "handout" / NAME / f"{NAME}.ipynb").read_text())["cells"][0]["source"]
    page = (course.root / "handout" / "README.md").read_text()
    path = f"week-1/{NAME}/{NAME}.ipynb"
    for text in ("".join(title), page):
        assert f"(https://colab.research.google.com/github/you/deep-learning/blob/main/{path})" in text
        assert f"(https://mybinder.org/v2/gh/you/deep-learning/main?urlpath=lab/tree/{path})" in text
    set_address(course, "https://uni.example/course/")
    bundle(course, [NAME])
    assert "colab" not in (course.root / "handout" / "README.md").read_text()


def test_what_was_not_released_is_named(tmp_path):
    (tmp_path / "source" / "01-one").mkdir(parents=True)
    (tmp_path / "source" / "01-one" / "01-one.ipynb").touch()
    with pytest.raises(CourseError, match="autograder build 01-one"):
        bundle(Course(tmp_path), ["01-one"])


def test_the_packages_are_those_that_are_imported(course):
    names = [line.partition("~=")[0] for line in requirements(course, [NAME]).splitlines()]
    assert names == ["jupyterlab", "numpy", "pillow", "torch"]


@pytest.mark.long
@pytest.mark.parametrize("system", ["x86_64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"])
def test_the_packages_can_be_installed_on_three_systems(system, tmp_path, monkeypatch):
    monkeypatch.setenv("MACOSX_DEPLOYMENT_TARGET", "14.0")
    wanted = tmp_path / "requirements.txt"
    wanted.write_text(requirements(COURSE, COURSE.assignments))
    for version in ("3.11", "3.12", "3.13"):
        options = ["--only-binary", ":all:", "--python-version", version, "--python-platform", system]
        command = [Path(sys.prefix, "bin", "uv"), "pip", "compile", "--quiet", *options, wanted]
        found = subprocess.run(command, capture_output=True, text=True)
        assert found.returncode == 0 and "torch==" in found.stdout, found.stderr
