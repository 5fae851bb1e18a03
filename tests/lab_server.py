"""A real JupyterLab, for the tests that work in one."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTEBOOK = "02-pixel-baseline"
HEADING = "2. How far is an image from a mean?"  # the screen begins here: a question, a picture, what to write
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # else cells below the screen are not in the page
    "docmanager-extension/plugin": {"autosave": False},  # else two savings at once may meet, and a question covers the page
    "apputils-extension/notification": {"fetchNews": "false"},  # else a question covers a corner
}


@contextlib.contextmanager
def jupyterlab(folder):
    """A JupyterLab with the course kit's defaults, whatever its user has set; gives its address.

    folder: a private place for its files; `folder/course` is what it shows.
    """
    for plugin, settings in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    private = {
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder / 'course'}"]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            command,
            cwd=folder / "course",  # where nbgrader's Assignment List puts what it fetches
            env=os.environ | {name: str(path) for name, path in private.items()},
            stdout=log,
            stderr=log,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{address}/api").close()
                    break
                time.sleep(0.5)
            else:
                sys.exit(f"JupyterLab did not start within five minutes:\n{(folder / 'log').read_text()}")
            yield address
        finally:
            server.terminate()
            server.wait()


@contextlib.contextmanager
def solution(chromium):
    """A solution's page in JupyterLab, from a heading on. It is a copy, so that opening it changes nothing in the course."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "solutions" / NOTEBOOK, folder / "course")
        with jupyterlab(folder) as address:
            page = chromium.new_page(viewport={"width": 1400, "height": 900}, color_scheme="light")
            page.goto(f"{address}/lab/tree/{NOTEBOOK}.ipynb")
            heading = page.locator(".jp-Notebook").get_by_role("heading", name=HEADING)
            heading.wait_for(timeout=90_000)
            page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
            page.keyboard.press("Control+B")  # without the file browser there is room for the lines
            page.wait_for_timeout(2_000)  # pictures and formulas move what is below them
            heading.evaluate("element => element.scrollIntoView()")
            page.wait_for_timeout(1_000)
            yield page
            page.close()
