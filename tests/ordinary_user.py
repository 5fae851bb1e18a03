"""Run tests once more as an ordinary user, when root runs them."""

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from conftest import ROOT

from autograder.judging.data import data_folder

UID = 2**30 - 1  # nobody has it


def pytest_as_ordinary_user(*arguments):
    """Run pytest with these arguments as a user id that nobody has. Returns the finished process.

    On a machine where Python lies in root's home, an ordinary user would have a Python of their own. Here they get root's,
    shown by bind mounts to this one tree of processes.
    """
    data = data_folder()
    needed = [Path(sys.base_prefix).resolve(), Path(sys.prefix), ROOT, *([data.parent] if data else [])]
    closed = {parent for path in needed for parent in path.parents if not parent.stat().st_mode & 0o001}
    outermost = [folder for folder in closed if not any(other in folder.parents for other in closed)]
    home = Path(tempfile.mkdtemp(prefix="home-", dir="/tmp"))
    steps = []
    for i, path in enumerate(needed):
        steps += [f"mkdir {home}/{i}", f"mount --bind {shlex.quote(str(path))} {home}/{i}"]
    steps += [f"mount -t tmpfs -o mode=755 none {shlex.quote(str(folder))}" for folder in outermost]
    for i, path in enumerate(needed):
        place = home / ".fastai" if data and path == data.parent else path
        steps += [f"mkdir -p {shlex.quote(str(place))}", f"mount --bind {home}/{i} {shlex.quote(str(place))}"]
    steps += [
        f"chown {UID} {home}",
        f"cd {shlex.quote(str(ROOT))}",
        f"exec setpriv --reuid={UID} --regid={UID} --clear-groups --bounding-set=-all --inh-caps=-all env -u FASTAI_HOME"
        f' HOME={home} USER=nobody "$@"',
    ]
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    try:
        return subprocess.run(
            ["unshare", "--mount", "sh", "-ec", "\n".join(steps), "sh", *command], capture_output=True, text=True
        )
    finally:
        shutil.rmtree(home)
