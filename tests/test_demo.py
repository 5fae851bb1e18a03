"""A newcomer's first command, as it is; and the README's pictures, of the class that it makes and of a notebook.

`pytest tests/test_demo.py --pictures .github/pictures` makes the pictures anew.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COURSE, ROOT
from lab_server import HEADING, solution
from PIL import Image
from playwright.sync_api import expect

PICTURES = ROOT / ".github" / "pictures"
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What `autograder demo` says, {what it is: where it lies}, and the course that it leaves."""
    root = tmp_path_factory.mktemp("newcomer")
    for name in ("source", "notebooks", "solutions", "autograder"):
        (root / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    run = subprocess.run([Path(sys.prefix, "bin", "autograder"), "demo"], cwd=root, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    lines = run.stdout.partition("Look at:\n")[2].splitlines()
    return {label: Path(path) for label, path in (line.strip().split(": ") for line in lines)}, root / "grading" / "demo"


@pytest.fixture
def picture(request, tmp_path):
    """Takes the picture of a page that the README shows under a name."""

    def take(page, name):
        folder = Path(request.config.getoption("--pictures") or tmp_path)
        page.screenshot(path=folder / name)
        assert Image.open(folder / name).size == Image.open(PICTURES / name).size

    return take


def opened(chromium, path, height):
    page = chromium.new_page(viewport={"width": 1000, "height": height}, color_scheme="light")
    page.goto(path.as_uri())
    return page


def test_the_demo_grades_a_class_of_twelve_and_says_where_to_look(demo):
    places, root = demo
    assert len(places) == 5 and all(path.exists() for path in places.values())
    for assignment in COURSE.assignments[:2]:
        verdicts = {f.stem: json.loads(f.read_text()) for f in (root / "grading" / "verdicts" / assignment).glob("*.json")}
        assert len(verdicts) == 12
        earned = {student: verdict["points"] / verdict["possible"] for student, verdict in verdicts.items()}
        assert earned.pop("ada-perfect") == 1 and earned.pop("ben-untouched") == 0
        assert all(0 < share < 1 for share in earned.values())


def test_what_a_student_sees_first(demo, chromium, picture):
    """The points, a sentence for each function, and the first function to look at."""
    _, root = demo
    page = opened(chromium, root / "grading/feedback/dilek/01-data-loading/01-data-loading.html", 1250)
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    picture(page, "feedback.png")
    page.close()


def test_what_an_instructor_sees_first(demo, chromium, picture):
    """The points, then what to explain tomorrow."""
    places, _ = demo
    page = opened(chromium, places["what the class did"], 1000)
    expect(page.get_by_role("heading", name="What to explain tomorrow").first).to_be_in_viewport()
    picture(page, "report.png")
    page.close()


def test_what_a_student_works_in(chromium, picture):
    """A question, a picture, what to write."""
    with solution(chromium) as page:
        expect(page.get_by_role("heading", name=HEADING)).to_be_in_viewport()
        plots = [plot.bounding_box() for plot in page.locator(".jp-OutputArea img").all()]
        assert any(0 < plot["y"] < 900 - plot["height"] for plot in plots)
        picture(page, "notebook.png")
