"""A submission's kernel: what it sees, what it may use, how it ends, and what is left of it. As root and as an ordinary user."""

import contextlib
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import COURSE, ROOT
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.preprocessors import Execute
from ordinary_user import pytest_as_ordinary_user

from autograder.checks import NoEvidence
from autograder.judging.data import data_folder, prepare_data
from autograder.judging.execute import PREPARE, Run
from autograder.sandbox import canary, cgroup, provisioner, template
from autograder.sandbox.canary import Canary, check_sandbox
from autograder.sandbox.kernel import CourseKernelManager, KernelStopped, SandboxedExecution
from autograder.sandbox.limits import MB, Limits
from autograder.sandbox.provisioner import SandboxError

SMALL = Limits(
    notebook_seconds=30,
    total_memory=300 * MB,
    memory=256 * MB,
    tmp_size=16 * MB,
    file_size=8 * MB,
    output=4 * MB,
    message=1 * MB,
    cell_seconds=2,
)


@pytest.fixture(scope="session", autouse=True)
def stand_in():
    """The stand-in's images; the sandbox reads them and cannot make them. An ordinary user finds those that root has made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_COURSE_DATA", "digits")
        prepare_data(COURSE, COURSE.assignments)


@pytest.fixture(scope="module", autouse=True, params=["started", pytest.param("copied", marks=pytest.mark.long)])
def beginning(request):
    """Everything holds for a kernel that is started, and for one that begins as a copy of a template."""
    if request.param == "copied":
        provisioner.get_ready()  # of no modules: the limits here are small
    yield request.param
    template.stop()


class Submission(SandboxedExecution, Execute):
    """The use that kernel.py describes."""

    def kernel_manager(self):
        return CourseKernelManager(files=[COURSE.source / "course"], data=data_folder(), limits=self.limits, sandbox=self.sandbox)


def run(*cells, limits=SMALL, sandbox=True, kernel="python3"):
    """Execute cells as one notebook. Returns the text that each cell showed, and the reason of the stop or None."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel}
    submission = Submission()
    submission.limits, submission.sandbox = limits, sandbox
    reason = None
    try:
        submission.preprocess(notebook, {})
    except KernelStopped as stopped:
        reason = stopped.reason
        assert str(stopped).startswith("Execution stopped here: ")
    shown = [
        "".join(o.get("text") or o.get("evalue") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)
        for cell in notebook.cells
    ]
    return shown, reason


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch, tmp_path):
    """After each test, no folder of a kernel is left, no group and no process. (tmp_path: pytest's own is made before.)"""
    made = []
    private_folder = provisioner.private_folder

    def noted():
        made.append(private_folder())
        return made[-1]

    monkeypatch.setattr(provisioner, "private_folder", noted)
    temporary = tempfile.mkdtemp(prefix="s", dir="/tmp")  # short: a socket's path has at most 107 characters
    monkeypatch.setattr(tempfile, "tempdir", temporary)
    yield
    assert os.listdir(temporary) == []
    os.rmdir(temporary)
    assert not any(groups(folder.name) for folder, lock in made)
    wait_until(lambda: not processes_that_name(temporary))  # a killed sandbox needs a moment to go


def processes_that_name(text):
    """The command lines of all processes of this machine that contain `text`."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


LIBC = """
import contextlib, ctypes, mmap, os, resource, socket, time
libc = ctypes.CDLL(None)
def attempt(what, action):
    try: action()
    except Exception as error: print(what, "fails:", error)
    else: print(what, "works")
"""


def test_memory_that_no_limit_counts_cannot_be_had():
    """Shared pages that nobody has mapped any more, memory of System V, millions of files without content."""
    shown, reason = run(
        LIBC,
        "attempt('memfd', lambda: os.memfd_create('x'))",
        "print(libc.shmget(0, 4096, 0o1600), libc.semget(0, 32000, 0o1600))",
        "attempt('shared', lambda: mmap.mmap(-1, 4096))",
        "attempt('zero', lambda: mmap.mmap(os.open('/dev/zero', os.O_RDWR), 4096))",
        "attempt('private', lambda: mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))",
        "attempt('on disk', lambda: mmap.mmap(os.open('/usr/bin/env', os.O_RDONLY), 4096, mmap.MAP_SHARED, mmap.PROT_READ))",
        *(
            f"attempt('files', lambda: [os.mknod(f'{folder}/{{i}}') for i in range({SMALL.files})])"
            for folder in ("/tmp", "/dev/shm", ".")
        ),
    )
    assert reason is None
    assert "memfd fails: [Errno 38] Function not implemented" in shown[1]
    assert shown[2] == "-1 -1\n"
    assert "shared fails: [Errno 38]" in shown[3]
    assert "zero fails" in shown[4]
    assert shown[5:7] == ["private works\n", "on disk works\n"]
    assert all("files fails: [Errno 28] No space left" in text for text in shown[7:])


# What no limit of a process counts, and a control group does.
UNCOUNTED = {
    "buffers of sockets": """
kept = []
while True:
    if not os.fork(): time.sleep(60) if kept else None
    for _ in range(200):
        kept.append(socket.socketpair())
        for one in kept[-1]:
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True: one.send(bytes(65536))
    if os.fork(): time.sleep(60)
    kept = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
""",
    "page tables": """
for i in range(20):
    sparse = mmap.mmap(-1, 2**40, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)
    sparse.madvise(mmap.MADV_NOHUGEPAGE)
    for at in range(0, 2**40, 2**21): sparse[at]
""",
}


@pytest.mark.parametrize("what", UNCOUNTED)
def test_memory_of_the_operating_system_is_counted(what):
    if not cgroup.in_force().startswith("Memory: each sandbox has a control group") and what != "page tables":
        assert "not counted" in cgroup.in_force()  # and the instructor is told so
        return
    _, reason = run(LIBC, UNCOUNTED[what], limits=replace(SMALL, cell_seconds=20))
    assert reason == "memory"


GRADER = """
import time
from nbformat.v4 import new_notebook
from autograder.sandbox.canary import Canary
from autograder.sandbox.limits import Limits

grader = Canary(new_notebook())
grader.limits = Limits()
with grader.setup_kernel():
    print("ready", flush=True)
    time.sleep(600)
"""


def test_a_killed_grader_leaves_nothing_that_the_next_run_does_not_remove(tmp_path):
    """`kill -9`: its processes go at once, its folder and its group in the next run, and what others use stays."""
    temporary = Path(tempfile.gettempdir())
    environment = {**os.environ, "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", GRADER]
    graders = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [grader.stdout.readline() for grader in graders] == ["ready\n"] * 2  # each kernel is told by now to die with it
    wait_until(lambda: len(kernels_that_run(temporary)) == 2)
    temporary.joinpath("kernel-link").symlink_to(tmp_path)
    tmp_path.joinpath("mine").touch()
    folders = kernels_that_run(temporary)
    assert len([name for name in folders if groups(name)]) == (2 if cgroup.folders() else 0)
    for number, grader in enumerate(graders, start=1):
        grader.kill()
        grader.wait()
        wait_until(lambda number=number: len(kernels_that_run(temporary)) == 2 - number)
        assert all(temporary.joinpath(name).exists() for name in kernels_that_run(temporary))
        provisioner.remove_leftovers()
        left = {name for name in folders if temporary.joinpath(name).exists() or groups(name)}
        assert left == kernels_that_run(temporary)
    assert tmp_path.joinpath("mine").exists()
    temporary.joinpath("kernel-link").unlink()


def test_a_lock_is_its_owner_s_alone():
    """It is kept while he lives, whoever tidies up; no process that he was just forking holds it when he is killed."""
    hears, tells = os.pipe()
    grader = os.fork()
    if not grader:
        provisioner.private_folder()
        provisioner.remove_leftovers()
        os.write(tells, f"{os.fork()} ".encode())  # the child writes a 0
        time.sleep(600)
    told = b""
    while told.count(b" ") < 2:
        told += os.read(hears, 32)
    (folder,) = Path(tempfile.gettempdir()).glob("kernel-*")
    provisioner.remove_leftovers()
    assert folder.exists()
    os.kill(grader, signal.SIGKILL)
    os.waitpid(grader, 0)
    provisioner.remove_leftovers()
    os.kill(max(map(int, told.split())), signal.SIGKILL)
    assert not folder.exists()


@pytest.mark.parametrize("grouped", [True, False])
def test_a_grader_that_is_killed_at_any_moment_leaves_nothing_after_the_next_run(grouped, beginning, monkeypatch):
    """Also in the milliseconds in which bubblewrap does not know yet whom to die with, with a control group and without."""
    if not grouped:
        monkeypatch.setattr(cgroup, "folders", tuple)
    temporary = Path(tempfile.gettempdir())
    for moment in range(8):
        grader = os.fork()
        if not grader:
            kernel = Canary(new_notebook())
            kernel.limits = SMALL
            with contextlib.suppress(BaseException), kernel.setup_kernel():
                time.sleep(600)
            os._exit(1)
        wait_until(lambda: list(temporary.glob("kernel-*/log")))
        time.sleep(moment * 0.004)
        os.kill(grader, signal.SIGKILL)
        os.waitpid(grader, 0)
        (left,) = temporary.glob("kernel-*")
        provisioner.remove_leftovers()
        wait_until(lambda left=left: not processes_that_name(left.name))
        assert not left.exists() and not groups(left.name)


def kernels_that_run(temporary):
    """The names of the folders of all running kernels that have one below `temporary`."""
    found = (re.search(r"ipykernel_launcher.*(kernel-\w+)", line) for line in processes_that_name(str(temporary)))
    return {match[1] for match in found if match}


def groups(name):
    """The control groups that are there for the sandbox with this folder."""
    return [folder for parent in cgroup.folders() if (folder := parent / f"autograder-{name}").exists()]


def wait_until(condition):
    """Wait for something that takes a moment."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_a_submission_learns_about_this_machine():
    """Neither the command of process 1 nor the environment names a path of the grader but this Python and its own folder.

    The table of mounts cannot be hidden: it names what is shown in the sandbox, this Python, the images, and nothing else.
    """
    shown, _ = run(
        "print(open('/proc/1/cmdline').read())",
        "print(open('/proc/1/environ').read())",
        "print(open('/proc/cmdline').read())",
        "import socket; socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)",
        "print(ctypes.CDLL(None).klogctl(3, ctypes.create_string_buffer(99), 99)) if (ctypes := __import__('ctypes')) else 0",
        "print(open('/proc/self/mountinfo').read())",
    )
    told = shown[0].replace(sys.executable, "")
    assert "bwrap" in told and str(ROOT) not in told and str(Path.home()) not in told and str(data_folder()) not in told
    assert "Permission denied" in shown[1] and "Permission denied" in shown[2]
    assert "Function not implemented" in shown[3]
    assert shown[4] == "-1\n"
    mounts = shown[5].replace(r"\040", " ")  # so a space stands there
    for place in (sys.prefix, sys.base_prefix, data_folder()):
        mounts = mounts.replace(str(place), "")
    assert str(ROOT) not in mounts and str(Path.home()) not in mounts


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; this run is an ordinary user's already")
@pytest.mark.parametrize("beginning", ["started"], indirect=True)  # that run has both
def test_all_of_this_as_an_ordinary_user(beginning, capsys, request):
    """This file once more. It comes first because it takes longest."""
    result = pytest_as_ordinary_user("-n2", __file__)
    with capsys.disabled():
        print("\n  as an ordinary user:", *result.stdout.strip().splitlines()[-2:], sep="\n    ")
    assert result.returncode == 0, result.stdout + result.stderr
    assert int(re.search(r"(\d+) passed", result.stdout)[1]) > 15, result.stdout


def test_the_canary_fails_to_get_out():
    check_sandbox(COURSE)


def test_the_canary_names_what_leaks(monkeypatch, tmp_path):
    """Four holes are made: the network, the source, a folder that can be written to, more processes."""
    tmp_path.chmod(0o777)
    isolation = provisioner.isolation
    monkeypatch.setattr(provisioner, "isolation", lambda uid: [o for o in isolation(uid) if o != "--unshare-net"])
    holes = provisioner.visible(COURSE.source) + provisioner.visible(tmp_path, "--bind")
    monkeypatch.setattr(provisioner, "hidden_package", lambda: holes)  # these come last, after the sandbox's own /tmp
    monkeypatch.setattr(canary, "PLACES", (*canary.PLACES, str(tmp_path)))
    per_process = provisioner.per_process
    monkeypatch.setattr(provisioner, "per_process", lambda limits: per_process(replace(limits, processes=200)))
    monkeypatch.setattr(cgroup, "HELPERS", 200)
    with pytest.raises(SandboxError) as error:
        check_sandbox(COURSE)
    expected = ["reaches this machine's network", f"sees {COURSE.source}", f"writes to {tmp_path}", "more than 64 processes"]
    for leak in expected:
        assert leak in str(error.value)
    assert "nothing was graded" in str(error.value)


@pytest.mark.parametrize("beginning", ["started"], indirect=True)  # this test has templates of its own
def test_a_kernel_begins_as_a_copy(beginning):
    """It has loaded what was asked for; where the template has ended, kernels are started as without one."""
    code = "import os, sys; print('html.parser' in sys.modules, os.getppid())"
    try:
        provisioner.get_ready(["html.parser", "no_such_module"])
        assert run(code)[0] == ["True 0\n"]
        template.running().process.kill()
        wait_until(lambda: template.running() is None)
        assert run(code)[0] == ["False 2\n"]
    finally:
        template.stop()


def test_what_a_submission_sees(monkeypatch):
    """Its own empty folder with the support files, the data, this Python; whatever kernel the notebook names."""
    monkeypatch.setenv("MNIST_COURSE_DATA", "digits")
    monkeypatch.setenv("AN_API_KEY", "secret")
    shown, reason = run(
        "import os, pathlib; print(*os.listdir())",
        "print(*sorted(os.environ))",
        f"print(*os.listdir({str(ROOT)!r}))" if ROOT in Path(sys.prefix).parents else "print('.venv')",
        "import autograder",
        "import course; data = course.load(); print(data.name, len(data.train()[0]))",
        "open('course/data.py', 'w')",
        "open('mine.txt', 'w').write('x'); pathlib.Path.home().joinpath('mine.txt').write_text('x'); print('written')",
        "import matplotlib.pyplot as plt; plt.plot([0, 1]); plt.show()",
        "import getpass; print(getpass.getuser(), os.getuid() != 0)",
        limits=replace(SMALL, cell_seconds=30, memory=2048 * MB, total_memory=2048 * MB),
        kernel="julia",
    )
    assert reason is None
    listing, variables, root, grader, digits, support, own, picture, user = shown
    assert listing == "course\n"
    assert "MNIST_COURSE_DATA" in variables and "AN_API_KEY" not in variables
    assert root == ".venv\n"
    assert "No module named 'autograder'" in grader
    assert digits == "digits 1297\n"
    assert "Read-only file system" in support
    assert own == "written\n"
    assert picture.startswith("<Figure")
    assert user == "student True\n"


def test_limits_that_a_notebook_survives():
    """Past such a limit the cell gets an error that says so, and the next cell runs."""
    shown, reason = run(
        f"x = bytearray({SMALL.memory})",
        "import os, time",
        "children = []\nwhile len(children) < 200:\n  pid = os.fork()\n  if not pid: time.sleep(60)\n  children.append(pid)",
        "[os.kill(pid, 9) for pid in children]; [os.waitpid(pid, 0) for pid in children]; print(20 < len(children) < 64)",
        "open('/tmp/large', 'wb').write(bytes(9 * 2**20))",
        "for i in range(9): open(f'/tmp/{i}', 'wb').write(bytes(7 * 2**20))",
        "for i in range(9): open(f'/dev/shm/{i}', 'wb').write(bytes(7 * 2**20))",
        "files = [open('/proc/self/status') for _ in range(600)]",
        "files = []; input()",
        "import socket; socket.create_connection(('1.1.1.1', 53), 1)",
        "while True: pass",
        "for i in range(20_000): print(i)",
        "print('still here')",
    )
    assert reason is None
    errors = [
        "",
        "",
        "Resource temporarily unavailable",
        "True",
        "File too large",
        "No space left",
        "No space left",
        "Too many open files",
        "does not support input",
        "Network is unreachable",
        "",
        "19999\n",
        "still here",
    ]
    for text, error in zip(shown, errors, strict=True):
        assert error in text
    assert shown[-1] == "still here\n"


END = {
    "died": (["import os; os._exit(0)"], {}),
    "processor": (["while True: pass"], {"cpu_seconds": 1, "cell_seconds": 20}),
    "interrupt": (["import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"], {"cell_seconds": 1}),
    "time": (["import time"] + ["time.sleep(.9)"] * 9, {"notebook_seconds": 3}),
    "memory": (
        ["import os, time\nwhile True:\n  if not os.fork(): x = b'x' * 2**27; time.sleep(60)\n  time.sleep(.3)"],
        {"cell_seconds": 20},
    ),
    "output": (["for i in range(40_000): print('x' * 10_000, flush=True)"], {"cell_seconds": 20}),
    "message": (["display({'text/plain': 'x' * 2_000_000}, raw=True)"], {}),
    "protocol": (["get_ipython().kernel.session.key = b'forged'; print(1)"], {}),
}


# Without a sandbox too: the limits that the grader, and not the operating system, enforces.
@pytest.mark.parametrize(("reason", "sandbox"), [*((reason, True) for reason in END), ("output", False), ("time", False)])
def test_why_a_kernel_is_stopped(reason, sandbox):
    """Each end has its name; the cells before keep what they showed."""
    cells, limits = END[reason]
    shown, found = run("print('before')", *cells, "print('after')", limits=replace(SMALL, **limits), sandbox=sandbox)
    assert found == reason
    assert shown[0] == "before\n"
    assert shown[-1] == ""


def test_a_flood_of_small_outputs_is_an_error_of_its_cell():
    """Messages are lost then, here as in stock nbclient; the cell must not look as if it had run without an error."""
    shown, reason = run(
        "for i in range(16_000): print(i, flush=True)\nraise ValueError('wrong')",
        "print('next')",
        limits=replace(SMALL, cell_seconds=30, output=64 * MB),
    )
    assert "some were lost" in shown[0] or "wrong" in shown[0]
    assert shown[1:] == ["next\n"]
    assert reason is None


def test_what_a_clock_cuts_short_spoils_no_later_answer():
    """What answers need is loaded before the first cell; an interrupt hits what it is meant for; what was said is for the log."""
    cells = [new_code_cell("import sys; print('safetensors.torch' in sys.modules)"), new_code_cell("while True: pass")]
    answers = []

    def ask(cells):
        for expression in ("1 / 0", "[1 for _ in iter(int, 1)]", "2 + 2"):
            try:
                answers.append(kernel.ask(expression))
            except NoEvidence as reason:
                answers.append(reason)

    limits = replace(Limits(), cell_seconds=1, case_seconds=1)
    kernel = Run(new_notebook(cells=cells), (), lambda: CourseKernelManager(limits=limits, prepare=PREPARE))
    assert kernel.execute_and(ask) is None
    assert cells[0].outputs[0].text == "True\n" and cells[1].outputs[0].ename == "KeyboardInterrupt"
    assert "division by zero" in answers[0].detail and "division" not in str(answers[0])
    assert "more than 1 s" in str(answers[1]) and answers[2] == "4"


def test_no_process_survives():
    """Neither a daemon in a session of its own, nor a child that ignores signals."""
    mark = str(31_000_000 + os.getpid())
    run(
        f"import subprocess, time; subprocess.Popen(['setsid', 'sleep', '{mark}'], start_new_session=True)",
        f"subprocess.Popen(['sh', '-c', 'trap \"\" INT TERM HUP; sleep {mark}']); time.sleep(.2)",
    )
    wait_until(lambda: not processes_that_name(mark))


def test_nothing_can_be_written_where_the_sockets_were():
    """The folder through which the kernel was reached is gone when the first cell runs."""
    shown, _ = run("import glob; folder = glob.glob('/tmp/**/sockets', recursive=True)[0]", "open(folder + '/x', 'w')")
    assert "No such file" in shown[1]


def test_a_strict_umask_hides_nothing_that_a_notebook_reads():
    """The user inside is another one where root grades."""
    before = os.umask(0o077)
    try:
        shown, _ = run(
            "import glob", "[open(f).close() for f in ('course/data.py', *glob.glob('/sandbox/.cache/matplotlib/*.json'))]"
        )
    finally:
        os.umask(before)
    assert shown[1] == "[None, None]"


def test_without_bubblewrap_the_remedy_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for program in ("prlimit", "setpriv", "choom", "mount"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    assert "sudo apt install bubblewrap" in why_not()
    assert "--no-sandbox" in why_not()

    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    assert "setting up uid map" in why_not() and "user namespaces" in why_not()

    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert "WSL 2" in why_not()


def why_not():
    """The message of require_bubblewrap."""
    provisioner.require_bubblewrap.cache_clear()
    with pytest.raises(SandboxError) as error:
        provisioner.require_bubblewrap()
    return str(error.value)
