"""Debian's Chromium, for what opens pages."""

from contextlib import contextmanager

from playwright.sync_api import sync_playwright


@contextmanager
def browser():
    """Yields a Browser. One at a time in a process: Playwright's loop runs until the end of the block, and bears no second."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()
