"""A process that has loaded what notebooks import. A kernel begins as a copy of it, which enters a sandbox that stands already.

To start Python, IPython, torch and matplotlib takes more processor time than most notebooks; a copy takes a hundredth of it.

`preload` starts the process, `Template.start` asks it for a kernel. Its own program is this file as well, which therefore imports
nothing of ours: its environment is a kernel's, it holds no file and no secret of the grader, and reads no submission. The
copy takes over all that bubblewrap, setpriv and prlimit have given to a program that holds the sandbox open (`HOLD`): its
namespaces, limits and user; it gives up every right, and only then becomes a kernel.
"""

import array
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

# Holds a sandbox open until it is told the kernel's exit status. What it says first tells who it is: see SO_PASSCRED in unix(7).
HOLD = ("sh", "-c", "echo here >&0; read -r status; exit ${status:-1}")
NEEDED = ("ipykernel.kernelapp", "ipykernel.ipkernel", "matplotlib_inline.backend_inline")  # whatever the course: a kernel's own
MOST = 64 * 1024  # bytes of a request
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")

# linux/prctl.h, linux/nsfs.h, linux/capability.h
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 4, 22, 24, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER = 4, 2
NS_GET_USERNS, NS_GET_PARENT = 0xB701, 0xB702
CAPABILITIES_VERSION = 0x20080522

_running = None


def preload(modules, environment, make_home):
    """Start the template, unless there is one with these modules already; kernels of this process and its forks come from it.

    modules: names; what cannot be imported is left out. environment: that of a kernel. make_home: gives a folder, in which
    libraries find what they keep, and a function that removes it.
    """
    global _running
    wanted = tuple(dict.fromkeys(modules))
    if not running() or _running.modules != wanted:
        stop()
        _running = OwnTemplate(wanted, environment, *make_home())


def share(modules, requests):
    """Let kernels of this process come from a template of another one. requests: a copy of its Template's socket."""
    global _running
    _running = Template(tuple(modules), requests)


def stop():
    """End the template, if there is one of this process's own; kernels that it has started go on."""
    global _running
    if _running:
        _running.stop()
        _running = None


def running():
    """The Template that `preload` started, or None if there is none, or none any more."""
    return _running if _running and _running.lives() else None


class Template:
    """The process, seen from the grader. modules: their names. requests: a socket to it."""

    def __init__(self, modules, requests):
        self.modules, self._requests = modules, requests

    def fileno(self):
        """The number of the socket, see `share`."""
        return self._requests.fileno()

    def lives(self):
        """Whether it can be asked for a kernel."""
        looking = select.poll()
        looking.register(self._requests, 0)
        return not looking.poll(0)  # it would say that the other end is closed

    def stop(self):
        """Ask it for nothing more."""
        self._requests.close()

    def start(self, holder, log, **kernel):
        """Start a kernel in the sandbox that HOLD holds open; returns its process id.

        holder: the other end of HOLD's standard input, see `ends`. log: a file, for stderr. kernel: `arguments` of ipykernel,
        `environment`, `folder` to work in, `limits` {name: (soft, hard)}, `filter` (of seccomp, as hex) and `groups`, files that
        its process id is to be written to.
        Raises OSError.
        """
        hears, tells = socket.socketpair()
        with hears:
            with tells:
                files = array.array("i", [holder.fileno(), log.fileno(), tells.fileno()])
                self._requests.sendmsg([json.dumps(kernel).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
            hears.settimeout(300)  # on a busy machine torch may still be on its way into memory
            if not (pid := hears.recv(32)):
                raise OSError("it could not enter its sandbox")
            return int(pid)


class OwnTemplate(Template):
    """One that this process has started, and ends."""

    def __init__(self, modules, environment, home, remove_home):
        requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(modules, requests)
        self._remove_home = remove_home
        with open(__file__, "rb") as program, theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-", str(theirs.fileno()), *modules],
                stdin=program,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment | {"HOME": str(home)},
                cwd="/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def stop(self):
        """End it."""
        super().stop()
        self.process.kill()
        self.process.wait()
        self._remove_home()


def ends():
    """Two connected sockets: HOLD's standard input, and the other end, for Template.start."""
    inside, outside = socket.socketpair()
    outside.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return inside, outside


# ---- the template's own side -------------------------------------------------------------------------------------------------


def main():
    """Load, and answer requests until the grader has ended. Returns in each copy, which is a kernel then."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # it was this program
    sys.path.remove("")  # IPython puts it back
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as ipykernel does; matplotlib reads it once
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait for kernels
    for module in (*NEEDED, *sys.argv[2:]):
        with contextlib.suppress(Exception):  # the notebook's own import will say why
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # copies need no page of their own only to count references
    while True:
        message, files, _, _ = socket.recv_fds(requests, MOST, 3)
        if not message:
            os._exit(0)
        if not os.fork():
            return _become_kernel(json.loads(message), *files)
        for file in files:
            os.close(file)


def _become_kernel(kernel, holder, log, tells):
    """Enter the sandbox. One process stays outside, to wait for the kernel and tell its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(log, 2)
    pid = _peer(socket.socket(fileno=os.dup(holder)))
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name, *arguments):
        if getattr(libc, name)(*arguments) < 0:
            raise OSError(ctypes.get_errno(), f"{name}{arguments}")

    user = int(Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split()[0])
    Path("/proc/self/oom_score_adj").write_text(Path(f"/proc/{pid}/oom_score_adj").read_text())
    for file in kernel["groups"]:
        Path(file).write_text(str(os.getpid()))
    if os.geteuid() == 0:
        os.setgroups([])
    _enter(pid, call)
    if child := os.fork():  # only a child is in the namespace of processes
        os.write(tells, str(child).encode())
        os.closerange(3, holder)
        os.closerange(holder + 1, 1024)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(OSError):  # the sandbox has ended, and the kernel with it
            os.write(holder, b"%d\n" % (os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)))
        os._exit(0)
    os.closerange(3, 1024)
    os.setsid()
    if os.getuid() != user or os.geteuid() != user:
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _give_up_rights(kernel, call)
    os.chdir(kernel["folder"])
    os.environ.clear()
    os.environ.update(kernel["environment"])
    sys.argv = ["ipykernel_launcher", *kernel["arguments"]]


def _peer(holder):
    """The process id of HOLD, from the credentials that the system puts to what it says."""
    message, ancillary, _, _ = holder.recvmsg(16, socket.CMSG_SPACE(12))
    if not message:
        raise OSError("the sandbox ended before its kernel began")
    return struct.unpack("3i", ancillary[0][2])[0]


def _enter(pid, call):
    """Enter all namespaces of a process; each from within the user namespace that owns it (see namespaces(7))."""

    def identity(pid, name):
        return os.stat(f"/proc/{pid}/ns/{name}").st_ino

    other = [name for name in NAMESPACES if identity(pid, name) != identity("self", name)]
    files = {name: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in other}
    users = [os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)]
    own = identity("self", "user")
    while os.fstat(users[0]).st_ino != own:
        users.insert(0, fcntl.ioctl(users[0], NS_GET_PARENT))
    owners = {name: os.fstat(fcntl.ioctl(file, NS_GET_USERNS)).st_ino for name, file in files.items()}
    for user in users:
        if os.fstat(user).st_ino != own:
            call("setns", user, 0)
        for name in [name for name, owner in owners.items() if owner == os.fstat(user).st_ino]:
            call("setns", files[name], 0)


def _give_up_rights(kernel, call):
    """All that setpriv, prlimit and bubblewrap do last: no rights and no way to get any, limits, and a filter of system calls."""
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for right in range(64):
        with contextlib.suppress(OSError):  # there are about 40
            call("prctl", PR_CAPBSET_DROP, right, 0, 0, 0)
    call("capset", struct.pack("Ii", CAPABILITIES_VERSION, 0), bytes(24))
    for name, values in kernel["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), values)
    call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after exec: else /proc/self belongs to root
    if kernel["filter"]:
        program = ctypes.create_string_buffer(bytes.fromhex(kernel["filter"]))
        call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(program)))


if __name__ == "__main__":
    main()
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
