"""Starts a Jupyter kernel under bubblewrap, where it sees the system, Python, the data and nothing else.

It works for an ordinary user, in a user namespace, and for root, who drops to a user id that nobody has. The options are
explained in bwrap(1), setpriv(1) and prlimit(1).
"""

import asyncio
import contextlib
import fcntl
import functools
import itertools
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Instance, List

import autograder
from autograder.course import CourseError

from . import cgroup, seccomp, template
from .cgroup import Group
from .limits import Limits

HOME = Path("/sandbox")  # not below /home: there it could be a real person's
WORK = HOME / "work"
PREFIX = "kernel-"  # of a sandbox's folder, in the folder for temporary files
LOCK = "lock"  # a file in it
PASSED_ON = ("MNIST_COURSE_DATA", "NBGRADER_EXECUTION")  # the only variables that a kernel inherits

IN_MEMORY = {"/dev/shm": "1777", "/tmp": "1777", HOME: "0777"}  # what can be written to, and its mode
UNNEEDED = ("cmdline", "keys", "key-users", "modules", "partitions", "swaps")  # of /proc: it tells about this machine

# A user namespace of its own, no right in it, and none to make another: most ways out of a Linux sandbox begin with that.
UNPRIVILEGED = ("--unshare-user", "--disable-userns", "--cap-drop", "ALL")

_sandboxes = itertools.count()


class SandboxError(CourseError):
    """The sandbox cannot be used or does not hold; the message says why and what to do."""


class SandboxProvisioner(LocalProvisioner):
    """A kernel that runs in a sandbox of its own.

    Its working directory is empty but for `files`; both it and the home vanish with the kernel. `data` is fastai's data
    folder on this machine (or None) and appears, read-only, where fastai looks for it.
    """

    limits = Instance(Limits, ())
    files = List(Instance(Path), help="Files and folders that lie beside the notebook, such as course.")
    data = Instance(Path, allow_none=True)
    folder = group = None
    pids = ()  # of processes that are all of the sandbox, with their descendants

    async def pre_launch(self, **kwargs):
        """Write the connection file and put the sandbox before the kernel's command. Raises SandboxError."""
        require_bubblewrap()
        remove_leftovers()
        self.folder, self._lock = private_folder()
        self.group = Group(self.folder)
        self.sockets = self.folder / "sockets"
        self.sockets.mkdir()
        self.log_file = self.folder / "log"
        manager = self.parent
        manager.transport = "ipc"  # there is no network inside
        manager.ip = str(self.sockets / "kernel")
        manager.connection_file = str(self.folder / "connection.json")
        kwargs = await super().pre_launch(**kwargs)
        # Processes are counted per user id, hence a number that no other sandbox of this machine has at the same time.
        uid = 2**30 + os.getpid() * 64 + next(_sandboxes) % 64 if os.geteuid() == 0 else None
        if uid:
            os.chown(self.sockets, uid, uid)
            os.chown(manager.connection_file, uid, uid)
        self._options = self._view(uid)
        self._template, self._arguments = template.running(), kwargs["cmd"][3:]  # after `python -m ipykernel_launcher`
        kwargs["cmd"] = [*limited(self.limits, uid), *((*template.HOLD, self.folder.name) if self._template else kwargs["cmd"])]
        kwargs["cwd"] = "/"
        # bwrap stays as process 1 of the sandbox, where an ordinary user's kernel can read its environment and memory.
        kwargs["env"] = {name: os.environ[name] for name in ("PATH", "XDG_RUNTIME_DIR") if name in os.environ}
        kwargs["stdin"] = kwargs["stdout"] = subprocess.DEVNULL
        return kwargs

    async def launch_kernel(self, cmd, **kwargs):
        """Start the process; what it writes to stderr before Jupyter takes over goes to a log."""
        with contextlib.ExitStack() as files:
            log = files.enter_context(open(self.log_file, "wb"))
            command, inherited = files.enter_context(sandboxed(self._options, cmd))
            if self._template:
                inside, outside = map(files.enter_context, template.ends())
                kwargs["stdin"] = inside
            command = self.group.around(command, self.limits)
            connection = await super().launch_kernel(command, **kwargs, stderr=log, pass_fds=inherited)
            self.pids = [self.process.pid]
            if self._template:
                self.pids.append(await asyncio.to_thread(self._copy_template, outside, log))
        return connection

    def _copy_template(self, outside, log):
        try:
            return self._template.start(
                outside,
                log,
                arguments=self._arguments,
                environment=environment(self.limits) | {"PWD": str(WORK)},
                folder=str(WORK),
                limits=per_process(self.limits),
                filter=(seccomp.program() or b"").hex(),
                groups=[str(path / "cgroup.procs") for path in self.group.paths],
            )
        except OSError as error:
            raise SandboxError(f"The kernel did not start: {error}. {self.last_words()}") from error

    async def kill(self, restart=False):
        """End the sandbox, and wait for it: jupyter_client would look again after a tenth of a second."""
        await super().kill(restart=restart)
        await asyncio.to_thread(self.process.wait, timeout=5)

    async def cleanup(self, restart=False):
        """Remove the control group and the private folder."""
        await super().cleanup(restart=restart)
        if self.group and not restart:
            remove(self.folder)
            os.close(self._lock)
            self.group = None

    def close_door(self):
        """Delete the folder of the sockets once they are connected.

        It is the only writable place on disk inside; a deleted folder cannot be written to.
        """
        shutil.rmtree(self.sockets)

    def last_words(self):
        """The end of the log, for the message when a kernel does not start."""
        return self.log_file.read_text(errors="replace")[-2000:].strip()

    def ran_out_of_memory(self):
        """Whether the system ended a process of the sandbox for want of memory."""
        return self.group is not None and self.group.ran_out()

    def _view(self, uid):
        """Options for what the kernel sees."""
        beside = self.folder / "files"
        beside.mkdir()
        for path in self.files:  # copies: readable for the user inside, and unchanged while the kernel runs
            copy = shutil.copytree if path.is_dir() else shutil.copyfile
            copy(path, beside / path.name)
        fonts = shutil.copyfile(font_list(), self.folder / "fonts.json")
        for path in (fonts, *beside.rglob("*")):  # whatever the umask
            path.chmod(0o755 if path.is_dir() else 0o644)
        options = [*isolation(uid), *system(), *mounts(self.limits), "--perms", "0777", "--dir", WORK]
        for prefix in prefixes():
            options += visible(prefix)
        options += hidden_package()
        for path in beside.iterdir():
            options += ["--ro-bind", path, WORK / path.name]
        options += at_home(".cache/matplotlib/" + font_list().name, fonts)
        if self.data:
            options += at_home(".fastai/data", self.data)
        options += visible(self.parent.connection_file) + visible(self.sockets, "--bind")
        options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORK]
        for name, value in environment(self.limits).items():
            options += ["--setenv", name, value]
        return options


def private_folder():
    """A new folder for one sandbox, and the lock on it that says that its owner lives.

    A record lock (see fcntl(2)): a process that is being forked while its owner is killed does not inherit it.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=own_prefix()))
        with contextlib.suppress(FileNotFoundError):  # somebody who tidied up was faster than the lock
            lock = os.open(folder / LOCK, os.O_CREAT | os.O_WRONLY)
            fcntl.lockf(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def own_prefix():
    """How the folders of this process begin: it must not try their locks, since to close such a file gives its lock up."""
    return f"{PREFIX}{os.getpid()}_"


def remove_leftovers():
    """Remove what graders of this user left that were killed: the folders whose lock nobody holds, and their groups."""
    for entry in os.scandir(tempfile.gettempdir()):
        if not entry.name.startswith(PREFIX) or entry.name.startswith(own_prefix()):
            continue
        with contextlib.suppress(OSError):  # in use, or gone already
            if entry.is_dir(follow_symlinks=False) and entry.stat().st_uid == os.geteuid():
                lock = os.open(Path(entry.path, LOCK), os.O_CREAT | os.O_WRONLY)
                try:
                    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove(Path(entry.path))
                finally:
                    os.close(lock)


def remove(folder):
    """Remove a sandbox's folder, and before it, since it is named like it, its control group."""
    Group(folder).remove()
    shutil.rmtree(folder, ignore_errors=True)


def isolation(uid):
    """Options for namespaces of its own. `uid`: the user id to drop to, when root calls."""
    options = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    options += ["--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv"]
    # An ordinary user is root in there at first: `mount` in limited() needs that, and the second right, to give it up again.
    rights = ["--uid", "0", "--gid", "0", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETFCAP"]
    return options if uid else [*options, "--unshare-user", *rights]


def system():
    """Options for the programs and libraries of this machine, read-only."""
    options = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            options += ["--symlink", os.readlink(path), path]
        else:
            options += ["--ro-bind-try", path, path]
    # Of /etc only what the dynamic linker and matplotlib read; of /sys what torch reads to count cores (else it complains on
    # stderr, and nbgrader scores a cell with stderr 0).
    for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/sys/devices/system/cpu"):
        options += visible(path, "--ro-bind-try")
    return options


def mounts(limits):
    """Options for what is not of this machine: processes, devices, and folders that live in memory."""
    # Shared pages of /dev/zero belong to nobody, see seccomp.SHARED_ANONYMOUS.
    options = ["--proc", "/proc", "--dev", "/dev", "--dev-bind", "/dev/null", "/dev/zero"]
    for place, mode in IN_MEMORY.items():
        options += ["--perms", mode, "--size", limits.tmp_size, "--tmpfs", place]
    return options


def prefixes():
    """The folders of this Python: the environment, and the installation it was made from."""
    folders = [Path(folder) for folder in (sys.prefix, sys.base_prefix)]
    folders += [folder.resolve() for folder in folders]
    return [folder for folder in dict.fromkeys(folders) if not folder.is_relative_to("/usr")]


def visible(path, bind="--ro-bind"):
    """Options that show `path` at its own place, in folders that are otherwise empty and that any user may enter."""
    options = []
    for parent in reversed(Path(path).parents[:-1]):
        options += ["--perms", "0755", "--dir", parent]
    return [*options, bind, path, path]


def at_home(name, path):
    """Options that show `path` read-only as `name` in the home, whose folders the user may write to."""
    options = []
    for parent in reversed(Path(name).parents[:-1]):
        options += ["--perms", "0777", "--dir", HOME / parent]
    return [*options, "--ro-bind", path, HOME / name]


@contextlib.contextmanager
def sandboxed(options, command):
    """The command behind bubblewrap with these options, and the file descriptors that it must inherit for that.

    The options go through a file: on the command line every program inside could read them.
    """
    with contextlib.ExitStack() as files:

        def inherited(content):
            file = files.enter_context(tempfile.TemporaryFile())
            file.write(content)
            file.seek(0)
            return file.fileno()

        descriptors = {"--args": inherited("\0".join(map(str, options)).encode())}
        if program := seccomp.program():
            descriptors["--seccomp"] = inherited(program)
        yield ["bwrap", *(str(part) for pair in descriptors.items() for part in pair), "--", *command], [*descriptors.values()]


def get_ready(modules=()):
    """Find out now what every sandbox needs to know, so that processes forked from this one need not. Raises SandboxError.

    modules: what notebooks import; kernels begin as copies of a process that has loaded them, see template.py.
    """
    require_bubblewrap()
    font_list()
    if cgroup.folders() or not cgroup.systemd():  # into a group of systemd's no other process can be put
        template.preload(modules, environment(Limits()), _template_home)


def _template_home():
    """A home that holds matplotlib's list of fonts and nothing else, and a function that removes it."""
    folder, lock = private_folder()
    kept = folder / ".cache" / "matplotlib"
    kept.mkdir(parents=True)
    shutil.copy(font_list(), kept)

    def remove_home():
        remove(folder)
        os.close(lock)

    return folder, remove_home


@functools.cache
def font_list():
    """matplotlib's list of fonts. In an empty home it is made anew: a second for each kernel, and a line on stderr."""
    from matplotlib import font_manager, get_cachedir

    return Path(get_cachedir(), f"fontlist-v{font_manager.FontManager.__version__}.json")


def hidden_package():
    """Options that hide this package where it is installed in a folder that the kernel sees."""
    package = Path(autograder.__file__).resolve().parent
    inside = any(package.is_relative_to(folder) for folder in [*prefixes(), Path("/usr")])
    return ["--tmpfs", package, "--remount-ro", package] if inside else []


def environment(limits):
    """The environment inside, whole."""
    return {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": str(HOME),
        "USER": "student",  # without it getpass.getuser() looks for /etc/passwd
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": str(limits.threads),
        "GOMP_SPINCOUNT": "1000",  # what the notebooks set too, but torch reads it once, and may be loaded before they run
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
    }


def limited(limits, uid):
    """The command, to be put before the kernel's, that sets limits and drops every right. It runs inside the sandbox."""
    command = ["choom", "-n", "1000", "--"]  # where memory runs out after all, the system ends the sandbox and not the grader
    # bubblewrap can limit the size of what lies in memory, but not the number of files, of which each takes a kilobyte more.
    remount = " && ".join(f"mount -o remount,nosuid,nodev,nr_inodes={limits.files} none {place}" for place in IN_MEMORY)
    command += ["sh", "-c", f'{remount} && exec "$@"', "sh"]
    if uid is not None:
        command += ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        command += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    # A second bubblewrap: the first has rights, root's to mount what only root may read, a user's to remount.
    command += ["bwrap", "--dev-bind", "/", "/", *UNPRIVILEGED]
    command += ["--uid", str(uid or os.getuid()), "--gid", str(uid or os.getgid())]
    for name in UNNEEDED:
        if Path("/proc", name).exists():
            command += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    command.append("--")
    return [*command, "prlimit", *(f"--{name}={soft}:{hard}" for name, (soft, hard) in per_process(limits).items()), "--"]


def per_process(limits):
    """{name of a limit as in prlimit(1): (soft, hard)}: what the operating system enforces for each process."""
    wanted = {
        "data": limits.memory,
        "nproc": limits.processes,
        "nofile": limits.open_files,
        "fsize": limits.file_size,
        "cpu": limits.cpu_seconds + 5,
        "core": 0,
    }
    found = {}
    for name, value in wanted.items():
        ceiling = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
        hard = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        soft = hard - 5 if name == "cpu" else hard  # a signal of its own (SIGXCPU), which names the reason, and then the end
        found[name] = soft, hard
    return found


@functools.cache
def require_bubblewrap():
    """Raise SandboxError, with the remedy, unless a sandbox can be made on this machine."""
    without = "Or grade without a sandbox, which lets a submission read and change your files: --no-sandbox."
    if platform.system() != "Linux":
        raise SandboxError(
            "The sandbox needs Linux. On Windows run the grader in WSL 2, on macOS in a Linux virtual machine or container, "
            f"and install bubblewrap there. {without}"
        )
    install = "Install it: `sudo apt install bubblewrap` (Fedora: `sudo dnf install bubblewrap`), version 0.8 or later."
    missing = [program for program in ("bwrap", "prlimit", "setpriv", "choom", "mount") if not shutil.which(program)]
    if missing == ["bwrap"]:
        raise SandboxError(f"bubblewrap is not installed. {install} {without}")
    if missing:
        raise SandboxError(f"{' and '.join(missing)} not found. Install bubblewrap and util-linux. {without}")
    uid = 2**30 if os.geteuid() == 0 else None
    limits = Limits()
    probe = [*isolation(uid), *system(), *mounts(limits)]
    with sandboxed(probe, [*limited(limits, uid), "true"]) as (command, inherited):
        result = subprocess.run(command, capture_output=True, text=True, pass_fds=inherited)
    if result.returncode:
        raise SandboxError(
            f"bubblewrap does not work here: {result.stderr.strip()} If an option is unknown, it is older than 0.8. {install} "
            "If a permission is missing, this machine (or container) forbids user namespaces: ask its administrator for "
            "`sysctl user.max_user_namespaces=10000`, on Ubuntu also `sysctl kernel.apparmor_restrict_unprivileged_userns=0`. "
            f"{without}"
        )
