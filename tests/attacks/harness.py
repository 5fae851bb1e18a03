"""What the tests and the recording of the stock baseline share: secrets to find, a listener to call, pages to look at."""

import base64
import hashlib
import os
import re
import socket
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
COURSE = HERE / "course"

# What no student may receive, by where it lies. An attack prints whatever looks like `canary-...`; the numbers are hidden inputs.
CANARIES = {
    "solution": "canary-source-5e1c",
    "checks": "canary-checks-90ab",
    "gradebook": "canary-gradebook-77d2",
    "neighbour": "canary-neighbour-c03f",
    "environment": "canary-environment-1b8e",
    "home": "canary-home-e6a4",
    "hidden label": "728391456",
    "hidden score": "7283.90625",
}


def leaks(text):
    """The names of the canaries in `text`, also reversed, in hexadecimal, in base64, or as digits with something between."""
    found = []
    digits = re.sub(r"\D", "", text)
    for name, canary in CANARIES.items():
        plain = canary.encode()
        # A text's base64 depends on its offset modulo 3; the first and last characters depend on the neighbours.
        encoded = [base64.b64encode(b" " * shift + plain).decode()[4 if shift else 0 : -4] for shift in range(3)]
        number = canary.replace(".", "")
        if any(form in text for form in (canary, canary[::-1], plain.hex(), *encoded)) or (number.isdigit() and number in digits):
            found.append(name)
    return found


def fingerprints(folder, skip=()):
    """{path: digest} of all files and links below `folder`, save those in folders named in `skip` (relative to it)."""
    found = {}
    for here, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if os.path.relpath(os.path.join(here, f), folder) not in skip and f != "__pycache__"]
        for name in files:
            path = Path(here, name)
            if path.is_symlink():
                digest = os.readlink(path)
            elif not os.access(path, os.R_OK):
                digest = "not readable"
            elif path.is_file():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                digest = "special"
            found[os.path.relpath(path, folder)] = digest
    return found


def differences(before, after):
    """The paths whose fingerprints differ."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


@contextmanager
def listener():
    """A TCP and an abstract Unix socket that note what they receive. Yields (port, list of bytes)."""
    received = []

    def serve(server):
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    received.append(connection.recv(1 << 16))
                except OSError:
                    received.append(b"")

    servers = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
    port = servers[0].getsockname()[1]
    servers[1].bind(f"\0attack-listener-{port}")
    servers[1].listen()
    for server in servers:
        threading.Thread(target=serve, args=[server], daemon=True).start()
    try:
        yield port, received
    finally:
        for server in servers:
            server.shutdown(socket.SHUT_RDWR)  # ends the thread's accept
            server.close()


SUSPICIOUS = """() => {
    const found = document.documentElement.dataset.pwned ? ["a script ran"] : [];
    for (const element of document.querySelectorAll("*")) {
        const tag = element.tagName.toLowerCase();
        if (tag == "script") found.push("script " + element.src + element.textContent.slice(0, 200));
        if (tag == "style") found.push("style " + element.textContent.slice(0, 200));
        if (["iframe", "object", "embed", "base", "form", "applet", "frame"].includes(tag)) found.push(tag);
        if (tag == "meta" && element.httpEquiv) found.push("meta " + element.content);
        if (tag == "link") found.push("link " + element.href);
        for (const {name, value} of element.attributes) {
            const url = value.replace(/[\\s\\u0000-\\u0020]/g, "").toLowerCase();
            if (name.startsWith("on")) found.push(tag + " " + name + "=" + value);
            const script = /^(javascript|vbscript|data:(text|application|image.svg))/.test(url);
            if (script) found.push(tag + " " + name + "=" + url.slice(0, 60));
        }
    }
    return found;
}"""


def active_parts(chromium):
    """A function: the scripts and active parts of an HTML file, as Chromium sees it without a network."""
    page = chromium.new_page()
    page.route(re.compile("^https?:"), lambda route: route.abort())

    @cache  # every page is held against that of one honest student
    def active(path):
        page.goto(path.resolve().as_uri(), wait_until="load")
        page.wait_for_timeout(100)  # time for an image to fail and an animation to begin
        return page.evaluate(SUSPICIOUS)

    return active
