"""A submission that must fail: before a batch is graded, a program in a fresh sandbox tries what a cheat would try."""

import inspect
import json
import os
import socket
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import autograder

from . import template
from .kernel import CourseKernelManager, KernelStopped, SandboxedExecution
from .limits import Limits
from .provisioner import SandboxError, environment, get_ready, prefixes

NAMESPACES = ("ipc", "mnt", "net", "pid", "user", "uts")
PLACES = ("/", "/etc", "/usr", "/dev", "/dev/shm", "/tmp", "/var/tmp")


class Canary(SandboxedExecution, NotebookClient):
    """Runs one cell in a sandbox like that of a submission."""

    def kernel_manager(self):
        """As SandboxedExecution asks."""
        return CourseKernelManager(limits=self.limits)


def check_sandbox(course, limits=None):
    """Start one sandbox and try to get out of it. Raises SandboxError, which names what leaked, or that it does not start."""
    limits = limits or Limits()
    own = template.running() is None
    if own:
        get_ready()  # a kernel that begins as a submission's will
    with tempfile.NamedTemporaryFile(prefix="canary-") as secret, socket.create_server(("127.0.0.1", 0)) as server:
        secrets = [*private(course), Path(secret.name), Path("/etc/shadow")]
        mark = Path(secret.name).name + ".mark"
        marks = {folder / mark for folder in [*prefixes(), *map(Path, PLACES), *(path.parent for path in secrets)]}
        arguments = {
            "secrets": [str(path) for path in secrets],
            "marks": sorted(map(str, marks)),
            "namespaces": {name: os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES},
            "port": server.getsockname()[1],
            "variables": [*environment(limits), "PWD", "JPY_PARENT_PID"],
            "limits": {"processes": limits.processes, "memory": limits.memory, "file_size": limits.file_size},
        }
        cell = new_code_cell(f"{inspect.getsource(leaks)}\nimport json\nprint(json.dumps(leaks(**{arguments!r})))")
        canary = Canary(new_notebook(cells=[cell]), allow_errors=True)
        canary.limits = limits
        try:
            with canary.setup_kernel():
                canary.execute_cell(cell, 0)
            said = "".join(o.text for o in cell.outputs if o.get("name") == "stdout")  # beside what Python thinks of a fork
            leaked = json.loads(said)
        except (KernelStopped, ValueError) as error:
            raise SandboxError(f"The sandbox could not be tried out, so nothing was graded: {error} {cell.outputs}") from error
        finally:
            if own:
                template.stop()
    for path in marks:  # the canary may write to its own /tmp, but nothing of that may be found here
        if path.exists():
            path.unlink()
            leaked.append(f"writes to {path.parent}")
    if leaked:
        raise SandboxError(
            f"The sandbox does not hold, so nothing was graded. A program in it {', '.join(leaked)}. "
            "Update bubblewrap, or grade on another machine."
        )


def private(course):
    """Paths that no submission may see: what lies in the course's folder and in the home, but for this Python."""
    homes = [course.root.resolve(), Path.home().resolve(), Path(autograder.__file__).resolve().parent]
    inside = [path for home in homes if home != Path("/") for path in home.iterdir()]  # "/": a container without a home
    return [path for path in inside if not any(prefix.is_relative_to(path) for prefix in prefixes())]


def leaks(secrets, marks, namespaces, port, variables, limits):
    """Runs inside the sandbox, alone: what succeeded that must not, as a list of ends of the sentence "A program ..."."""
    import contextlib
    import importlib
    import os
    import socket
    import subprocess
    from pathlib import Path

    found = []

    def attempt(what, action):
        try:
            action()
        except (OSError, MemoryError, ImportError, subprocess.CalledProcessError):
            return
        found.append(what)

    for path in secrets:
        attempt(f"sees {path}", lambda path=path: os.stat(path))
    for path in marks:
        with contextlib.suppress(OSError):
            os.mknod(path)
    for name, identity in namespaces.items():
        if os.readlink(f"/proc/self/ns/{name}") == identity:
            found.append(f"shares the {name} namespace of this machine")
    attempt("reaches this machine's network", lambda: socket.create_connection(("127.0.0.1", port), 1))
    found += [f"sees the network interface {name}" for _, name in socket.if_nameindex() if name != "lo"]
    attempt("imports the grader", lambda: importlib.import_module("autograder.checks"))
    if "CapEff:\t0000000000000000" not in Path("/proc/self/status").read_text():
        found.append("has privileges")
    namespace = ["unshare", "--user", "true"]  # in which it would have every right, over parts of the kernel of the system
    attempt("makes namespaces", lambda: subprocess.run(namespace, stderr=subprocess.DEVNULL).check_returncode())
    attempt("reaches the machine that this one runs on", lambda: socket.socket(socket.AF_VSOCK))
    inherited = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            inherited |= {entry.split("=")[0] for entry in (process / "environ").read_text().split("\0") if entry}
    if not inherited <= set(variables):
        found.append("reads this machine's environment variables")

    attempt(f"takes more than {limits['memory']} bytes of memory", lambda: bytearray(limits["memory"]))
    with open("large", "wb") as large:
        attempt(f"writes more than {limits['file_size']} bytes", lambda: large.truncate(limits["file_size"] + 1))

    def fork():
        children = []
        reading, writing = os.pipe()
        try:
            for _ in range(limits["processes"]):
                child = os.fork()
                if not child:
                    os.close(writing)
                    os.read(reading, 1)
                    os._exit(0)
                children.append(child)
        finally:
            os.close(writing)
            for child in children:
                os.waitpid(child, 0)

    attempt(f"starts more than {limits['processes']} processes", fork)
    return found
