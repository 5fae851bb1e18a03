"""A course of one's own in a real JupyterLab: the instructor generates, a student works in what was handed out, and hands in."""

import shutil

import nbformat
import pytest
from pictures import jupyterlab
from playwright.sync_api import expect

from autograder import build, grading
from autograder.course import Course
from autograder.handout import bundle
from autograder.lms.collect import collect
from autograder.new import new_course
from autograder.new.write import FIRST

WRONG = "def mean_square(x):\n    return (x.mean() ** 2).item()"
RIGHT = "def mean_square(x):\n    return (x**2).mean().item()"


def write(page, source):
    """Replace the text of the student's cell, the second of code, and run all cells."""
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(source)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


@pytest.mark.long
def test_from_the_generate_button_to_the_grade(tmp_path, chromium):
    root = tmp_path / "course"
    new_course(root)
    course = Course(root)
    with jupyterlab(tmp_path) as address:
        page = chromium.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(180_000)
        expect.set_options(timeout=180_000)

        # The instructor: formgrader knows the assignment, and its Generate works on the text notebook.
        page.goto(f"{address}/formgrader/manage_assignments")
        page.locator("tr", has=page.get_by_text(FIRST)).locator(".glyphicon-education").click()
        expect(page.get_by_text(f"Successfully created the student version of '{FIRST}'")).to_be_visible()
        generated = (course.release / FIRST / f"{FIRST}.ipynb").read_bytes()
        build.build(course, [FIRST])
        assert (course.release / FIRST / f"{FIRST}.ipynb").read_bytes() == generated
        bundle(course, [FIRST])

        # The student: a wrong function, the check that says so, the right one, Validate.
        page.goto(f"{address}/lab/tree/handout/{FIRST}/{FIRST}.ipynb")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        write(page, WRONG)
        expect(page.locator(".jp-OutputArea").get_by_text("AssertionError").first).to_be_visible()
        write(page, RIGHT)
        expect(page.locator(".jp-OutputArea").get_by_text("AssertionError")).to_have_count(0)
        page.keyboard.press("Control+S")
        page.get_by_role("button", name="Validate").click()
        expect(page.get_by_text("Success! Your notebook passes all the tests.")).to_be_visible()

    # What was saved is handed in and graded.
    handed_in = root / "handout" / FIRST / f"{FIRST}.ipynb"
    assert RIGHT in [c.source for c in nbformat.read(handed_in, as_version=4).cells]
    loose = tmp_path / "loose"
    loose.mkdir()
    shutil.copy(handed_in, loose / f"chen_{FIRST} (1).ipynb")
    (said,) = collect(course, loose)
    assert (said.student, said.look) == ("chen", False)
    (verdict,) = grading.grade(course, grading.submissions(course, [FIRST]))
    assert verdict.points == verdict.possible == 4 and not verdict.notes and not verdict.flags
