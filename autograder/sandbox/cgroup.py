"""A control group for each sandbox, where this machine lets us make one: then all of its memory is counted, whoever holds it.

What the limits of a process do not count: files in memory, shared pages that nobody has mapped, page tables, inodes, buffers
of sockets and pipes. See cgroups(7) and, for an ordinary user, systemd-run(1).
"""

import contextlib
import functools
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil

MOUNT = Path("/sys/fs/cgroup")
# The files of a limit, of version 1 and of version 2; each is there in one kind of group only.
LIMITS = {
    "memory.limit_in_bytes": "{memory}",
    "memory.memsw.limit_in_bytes": "{memory}",
    "memory.max": "{memory}",
    "memory.swap.max": "0",
    "pids.max": "{processes}",
}
EVENTS = ("memory.oom_control", "memory.events")  # where the system counts what it ended for want of memory
HELPERS = 8  # processes of bubblewrap, which are counted too
OURS = "autograder-"

COUNTED = "Memory: each sandbox has a control group ({how}); all that it holds is counted."
ESTIMATED = (
    "Memory: no control group can be made here, so the pages of a sandbox's programs are added up twice a second, its files have "
    "fixed sizes, and buffers of the operating system are not counted."
)


@functools.cache
def folders():
    """Where groups can be made: one folder of version 2, or two of version 1; none where this user or machine may not."""
    own = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path.strip("/")))
    for names in (("memory", "pids"), ("",)):
        if all(name in own for name in names):
            found = [next(filter(_works, _candidates(name, own[name])), None) for name in names]
            if all(found):
                return tuple(found)
    return ()


def _candidates(name, own):
    """This process's own group, so that its limits hold for the sandbox too; in version 2 only a group without processes
    can have such groups below it, so the nearest of those above. Where the own one is not to be seen: the topmost."""
    top = MOUNT / name
    group = top / own if (top / own).is_dir() else top
    return [group] if name else [folder for folder in [group, *group.parents] if folder.is_relative_to(top)]


def _works(folder):
    probe = folder / f"{OURS}{os.getpid()}"
    try:
        if (folder / "cgroup.subtree_control").exists():
            (folder / "cgroup.subtree_control").write_text("+memory +pids")
        probe.mkdir()
    except OSError:
        return False
    entered = subprocess.run(["sh", "-c", 'echo $$ > "$0/cgroup.procs"', probe], stderr=subprocess.DEVNULL).returncode == 0
    has_limits = any((probe / name).exists() for name in LIMITS)
    probe.rmdir()
    return entered and has_limits


@functools.cache
def systemd():
    """Whether this user's systemd makes groups whose limit of memory holds."""
    if not shutil.which("systemd-run"):
        return False
    script = f'cat {MOUNT}"$(cut -d: -f3 /proc/self/cgroup)"/memory.max'
    try:
        probe = subprocess.run([*_scope(2**26, 8), "sh", "-c", script], capture_output=True, text=True, timeout=10)
    except subprocess.TimeoutExpired:
        return False
    return probe.stdout.strip() == str(2**26)


def _scope(memory, processes):
    limits = (f"MemoryMax={memory}", "MemorySwapMax=0", f"TasksMax={processes}")
    return ["systemd-run", "--user", "--scope", "--quiet", "--collect", *(f"--property={limit}" for limit in limits), "--"]


def in_force():
    """One sentence for the start of grading: how the memory of a sandbox is counted on this machine."""
    if folders():
        return COUNTED.format(how=" and ".join(map(str, folders())))
    return COUNTED.format(how="made by systemd") if systemd() else ESTIMATED


class Group:
    """The control group of one sandbox, or nothing where there is none. `folder` is the sandbox's own and names it."""

    def __init__(self, folder):
        self.paths = [parent / (OURS + folder.name) for parent in folders()]
        self.events = folder / "events"
        self.name = folder.name
        self.counts = bool(self.paths) or systemd()

    def around(self, command, limits):
        """Make the group. Returns the command (a list of strings) that runs `command` in it, and ends with this process."""
        memory, processes = limits.total_memory, limits.processes + HELPERS
        steps = [f"test $PPID = {os.getpid()}"]  # else this process ended before it could be noticed
        for path in self.paths:
            path.mkdir()
            for name, value in LIMITS.items():
                if (path / name).exists():
                    (path / name).write_text(value.format(memory=memory, processes=processes))
            steps.append(f"echo $$ > {shlex.quote(str(path / 'cgroup.procs'))}")
        run, scope = 'exec "$@"', []
        if not self.paths and systemd():
            # systemd removes the group with its last process, hence one that outlives the sandbox and notes what happened;
            # `trap`, since systemd may end what has run out of memory.
            scope = _scope(memory, processes)
            events = f'{MOUNT}"$(cut -d: -f3 /proc/self/cgroup)"/memory.events'
            run = f'trap : TERM; "$@"; code=$?; cat {events} > {shlex.quote(str(self.events))}; exit $code'
        return [*scope, "setpriv", "--pdeathsig=KILL", "sh", "-c", " && ".join([*steps, f"{{ {run}; }}"]), "sh", *command]

    def ran_out(self):
        """Whether the system ended a process of the group because its memory was used up."""
        for file in [*(path / name for path in self.paths for name in EVENTS), self.events]:
            with contextlib.suppress(OSError):
                counts = dict(line.split() for line in file.read_text().splitlines())
                return int(counts.get("oom_kill", 0)) > 0
        return False

    def remove(self):
        """End what is left of the sandbox, and remove the group.

        bubblewrap is two processes. Where a killed grader takes the first along before it has told the second to go on, that one
        waits for ever. Where there is no group to find it in, the name of the sandbox's folder stands in its command.
        """
        for process in () if self.paths else psutil.process_iter(["name", "cmdline"]):
            if process.info["name"] == "bwrap" and self.name in " ".join(process.info["cmdline"] or ()):
                with contextlib.suppress(psutil.Error):  # gone already, or another user's
                    process.kill()
        for path in self.paths:
            for _ in range(100):  # a process that was killed needs a moment to leave
                try:
                    path.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    with contextlib.suppress(OSError):
                        for pid in (path / "cgroup.procs").read_text().split():
                            os.kill(int(pid), signal.SIGKILL)
                    time.sleep(0.02)
