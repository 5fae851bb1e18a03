"""`autograder watch` with a real JupyterLab: a student fetches, submits, and reads the feedback, all in the Assignment List."""

import contextlib
import getpass
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lab_server import jupyterlab
from playwright.sync_api import expect

from autograder import build

NAME = "attack-target"


@contextlib.contextmanager
def watching(course):
    """`autograder watch` beside what happens here; gives the process, with what it says as `stdout`."""
    command = [Path(sys.prefix, "bin", "autograder"), "watch"]
    process = subprocess.Popen(
        command, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"COLUMNS": "200"}
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.long
def test_a_student_submits_and_reads_the_feedback_in_jupyterlab(small_course, tmp_path, chromium):
    course, desk = small_course, tmp_path / "student"
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(f"\nc.Exchange.root = {str(tmp_path / 'exchange')!r}\n")
    build.build(course, [NAME])
    release = [Path(sys.prefix, "bin", "nbgrader"), "release_assignment", NAME]
    subprocess.run(release, cwd=course.root, check=True, capture_output=True)
    for folder in ("course", "config"):
        (desk / folder).mkdir(parents=True)

    with watching(course) as watch:
        # The student's nbgrader is set up with the very lines that the watch prints for students.
        lines = [watch.stdout.readline() for _ in range(5)]
        settings = "".join(line.strip() + "\n" for line in lines if line.strip().startswith("c."))
        (desk / "config" / "nbgrader_config.py").write_text(f"{settings}c.Exchange.cache = {str(desk / 'cache')!r}\n")
        with jupyterlab(desk) as address:
            page = chromium.new_page()
            page.set_default_timeout(120_000)
            page.goto(f"{address}/lab")
            page.get_by_role("menuitem", name="Nbgrader").click()
            page.get_by_text("Assignment List").first.click()
            page.get_by_role("button", name="Fetch", exact=True).click()
            submit = page.get_by_role("button", name="Submit", exact=True)
            submit.wait_for()
            notebook = f"{NAME}/{NAME}.ipynb"
            shutil.copy(course.solutions / notebook, desk / "course" / notebook)
            submit.click()
            assert f"{NAME}: 4 of 4 points" in watch.stdout.readline()
            page.get_by_text("Fetch Feedback").click()
            expect(page.get_by_text("(view feedback)")).to_be_visible(timeout=120_000)
        (feedback,) = (desk / "course" / NAME / "feedback").glob(f"*/{NAME}.html")
        assert feedback.read_text() == (course.grading / "feedback" / getpass.getuser() / NAME / f"{NAME}.html").read_text()
        watch.send_signal(signal.SIGINT)
        assert "Stopped" in watch.stdout.read()
        assert watch.wait() == 130
