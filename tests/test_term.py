"""A course of one's own in a real JupyterLab: the instructor generates, a student works in what was handed out, and hands in;
the instructor marks a written answer, gives the page back, and reads the report.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ROOT
from lab_server import jupyterlab, solution
from playwright.sync_api import expect

from autograder import build, grading
from autograder.course import Course
from autograder.handout import bundle
from autograder.lms.collect import collect
from autograder.new import new_course
from autograder.new.write import FIRST
from autograder.report import write_report

# What the example lacks and a course has: a bar, a plot, a question that a person reads, with its scheme.
PLOT = """
# %%
import time

import matplotlib.pyplot as plt
from course import GRADING, progress

for step in progress(range(4), "steps"):
    time.sleep(0 if GRADING else 1)
plt.plot([1, 0.5, 0.25])
plt.show()
"""
# What a notebook can make of itself: its texts and outputs. JupyterLab's own are the list of cells, the buttons that fold, the
# editors, which it gives no name, and pictures, whose text it drops.
OURS = {"include": [[".jp-RenderedMarkdown"], [".jp-OutputArea-output"]], "exclude": [[".jp-RenderedImage img"]]}
MARK = '"grade": false, "locked": true, "schema_version": 3, "solution": false, "task": true'
QUESTION = f"""
# %% [markdown] nbgrader={{"grade_id": "answer-why", "points": 3, {MARK}}}
# **Why** is the square there?
#
# === BEGIN MARK SCHEME ===
# - 3 points: without it, plus and minus cancel.
# === END MARK SCHEME ===

# %% [markdown]
# *Double-click and write here.*
"""
WRONG = "def mean_square(x):\n    return (x.mean() ** 2).item()"
RIGHT = "def mean_square(x):\n    return (x**2).mean().item()"


def write(page, source):
    """Replace the text of the student's cell, the third of code, and run all cells."""
    page.locator(".jp-Notebook .jp-CodeCell").nth(2).locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(source)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def saved(what):
    """Whether a response says that formgrader has saved this."""
    return lambda response: response.request.method == "PUT" and f"/api/{what}/" in response.url and response.ok


@pytest.mark.long
def test_from_the_generate_button_to_the_grade(tmp_path, chromium):
    root = tmp_path / "course"
    new_course(root)
    course = Course(root)
    shutil.copytree(ROOT / "source" / "course", course.helper, ignore=shutil.ignore_patterns("__pycache__", "after*", "play"))
    source = course.source / FIRST / f"{FIRST}.py"
    before, text, after = source.read_text().partition("\n# %% [markdown]\n# How large")
    source.write_text(before + PLOT + text + after + QUESTION)
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

        # The student: a bar and a plot, a wrong function, the check that says so, the right one, Validate.
        page.goto(f"{address}/lab/tree/handout/{FIRST}/{FIRST}.ipynb")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        write(page, WRONG)
        page.wait_for_selector(".jp-OutputArea progress")
        expect(page.locator(".jp-OutputArea img")).to_be_visible()
        expect(page.locator(".jp-OutputArea progress")).to_have_count(0)
        expect(page.locator(".jp-OutputArea").get_by_text("AssertionError").first).to_be_visible()
        write(page, RIGHT)
        expect(page.locator(".jp-OutputArea").get_by_text("AssertionError")).to_have_count(0)
        page.get_by_role("button", name="Validate").click()  # which saves
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

        # The instructor: marks the written answer by its scheme; the student's page and the report have it.
        page.goto(f"{address}/formgrader/gradebook/{FIRST}/{FIRST}")
        page.get_by_role("link", name="Submission #1").click()
        expect(page.get_by_text("without it, plus and minus cancel")).to_be_visible()
        for field in ("input.score", "textarea.comment"):  # formgrader listens to a field once it has given it a hint
            page.locator(f"{field}[placeholder]").first.wait_for()
        with page.expect_response(saved("grade")), page.expect_response(saved("comment")):
            page.locator("input.score").last.fill("2")
            page.locator("textarea.comment").last.fill("Say what cancels.")
            page.locator("textarea.comment").last.blur()
    subprocess.run([Path(sys.prefix, "bin", "nbgrader"), "generate_feedback", FIRST, "--force"], cwd=root, check=True)
    page.goto((course.grading / "feedback" / "chen" / FIRST / f"{FIRST}.html").as_uri())
    expect(page.get_by_text("Say what cancels.").first).to_be_visible()
    expect(page.get_by_text("6 of 7").first).to_be_visible()
    page.goto(write_report(course, [FIRST])[0].as_uri())
    expect(page.get_by_role("heading", name="What to explain tomorrow")).to_be_visible()
    page.close()


@pytest.mark.long
def test_everybody_can_read_a_notebook(chromium):
    """Nothing serious in what is ours on JupyterLab's page: the text and the outputs."""
    with solution(chromium) as page:
        found = Axe().run(page, context=OURS).response["violations"]
        assert not [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
