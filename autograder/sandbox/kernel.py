"""The kernel of a submission: started in the sandbox, watched, and ended with a named reason.

nbclient bounds the time of a cell and nothing else. Here a manager bounds the notebook, its memory and its output, and
`SandboxedExecution` makes nbclient report why a kernel ended:

    class Execute(SandboxedExecution, nbgrader.preprocessors.Execute):
        def kernel_manager(self):
            return CourseKernelManager(files=[release / "course"], data=fastai_data, sandbox=not self.no_sandbox)

    try:
        execute.preprocess(notebook, resources)
    except KernelStopped as stopped:
        stopped.reason    # "time", "memory", "output", ...
        str(stopped)      # a sentence for the student; cells that ran before keep their outputs
"""

import asyncio
import contextlib
import math
import os
import queue
import re
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import zmq
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbformat.v4 import new_output
from traitlets import Bool, Instance, List, Unicode
from traitlets import Type as ClassTrait

from .limits import MB, Limits
from .provisioner import SandboxError, SandboxProvisioner

INTERRUPT_SECONDS = 2  # that a kernel has to say that it was interrupted
QUEUED = 32  # messages that wait for the grader: with the cap on a message's size, a cap on the grader's memory

WHY = {
    "died": "the kernel ended: the program closed itself or crashed",
    "processor": "the notebook used more than {limits.cpu_seconds} s of processor time",
    "interrupt": "a cell ran longer than {limits.cell_seconds} s and ignored the interrupt",
    "time": "the notebook ran longer than {limits.notebook_seconds} s in all",
    "memory": "the notebook used more than {total_memory} MB of memory",
    "output": "the notebook's output was more than {output} MB",
    "message": "the connection broke, most likely because one output was larger than {message} MB",
    "protocol": "the kernel sent something that is not a Jupyter message",
}

OUTPUT_LOST = "This cell sent its output in so many pieces that some were lost. Print less, or less often."


class KernelStopped(Exception):
    """A submission's kernel has ended before its notebook did. `reason` is a key of WHY; str() is a sentence for the student."""

    def __init__(self, reason, limits):
        super().__init__(reason, limits)  # all arguments, so that it can be pickled
        self.reason = reason
        self.limits = limits

    def __str__(self):
        sizes = {name: getattr(self.limits, name) // MB for name in ("total_memory", "output", "message")}
        return f"Execution stopped here: {WHY[self.reason].format(limits=self.limits, **sizes)}."


class MeteredChannel(AsyncZMQSocketChannel):
    """Counts the bytes that arrive, and leaves the event loop time for its clocks between two messages."""

    async def _recv(self, **kwargs):
        frames = await self.socket.recv_multipart(**kwargs)
        await asyncio.sleep(0)
        self.count(sum(map(len, frames)))
        return self.session.deserialize(self.session.feed_identities(frames)[1])


class CourseKernelClient(AsyncKernelClient):
    """Talks to a kernel that is not trusted: sizes are capped, a broken connection is noticed."""

    shell_channel_class = ClassTrait(MeteredChannel)
    iopub_channel_class = ClassTrait(MeteredChannel)

    def _context_default(self):
        self._created_context = True
        return capped(zmq.asyncio.Context(), self.parent.limits.message)

    def start_channels(self):
        """Shell and iopub only: nobody answers `input()`, and whether the kernel lives is known without a heartbeat."""
        super().start_channels(stdin=False, hb=False, control=False)
        for channel in (self.shell_channel, self.iopub_channel):
            channel.count = self.parent.count

    async def wait_for_ready(self, timeout):
        """Wait until all connections stand, then close the door behind them. Raises SandboxError if the kernel does not start.

        jupyter_client's own listens at the end whether more comes: a fifth of a second, in which both sides are idle.
        """
        end = time.monotonic() + timeout
        while not await self._answers(self.kernel_info()):
            if time.monotonic() > end or not await self.parent.is_alive():
                raise SandboxError(f"The kernel did not start. {self.parent.last_words()}")
        await self.parent.connected()
        self._watching = [asyncio.ensure_future(self._disconnected(c.socket)) for c in (self.shell_channel, self.iopub_channel)]

    def stop_channels(self):
        """Close the channels."""
        for task in getattr(self, "_watching", []):
            task.cancel()
        super().stop_channels()

    async def _answers(self, request):
        """Whether the reply to a request has come, and on iopub, which is connected a moment later, that nothing more follows."""
        with contextlib.suppress(queue.Empty):
            while (await self.shell_channel.get_msg(timeout=1))["parent_header"].get("msg_id") != request:
                pass
            while True:
                message = await self.iopub_channel.get_msg(timeout=0.2)
                if message["parent_header"].get("msg_id") == request and message["content"].get("execution_state") == "idle":
                    return True
        return False

    async def _disconnected(self, socket):
        # ZeroMQ drops the connection when a message is larger than MAXMSGSIZE, and says nothing else.
        await socket.get_monitor_socket(zmq.EVENT_DISCONNECTED).recv_multipart()
        # A kernel that has died disconnects too, and after `quit()` Python takes a moment to go: then this is not the reason.
        for _ in range(30):
            await asyncio.sleep(0.1)
            if self.parent.why():
                return
        self.parent.stop("message")


class CourseKernelManager(AsyncKernelManager):
    """One Python kernel for one notebook, whatever kernel the notebook names.

    files, data: see SandboxProvisioner. sandbox: False starts a plain process in the folder that nbclient names; time, memory and
    output are bounded all the same.
    """

    limits = Instance(Limits, ())
    files = List()
    data = Instance(os.PathLike, allow_none=True)
    sandbox = Bool(True)
    prepare = Unicode(help="A line of Python that runs before the kernel is ready, when no clock and no interrupt cuts it short.")
    client_class = f"{__name__}.CourseKernelClient"
    client_factory = ClassTrait(CourseKernelClient)
    ipykernel = True
    reason = None  # why the kernel was stopped: a key of WHY
    _received = 0  # bytes

    def _context_default(self):
        self._created_context = True
        return capped(zmq.asyncio.Context(), MB)

    @property
    def kernel_spec(self):
        """This Python; interrupted by a message, since a signal does not reach into the sandbox."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        if self.prepare:
            command.append(f"--IPKernelApp.exec_lines={self.prepare}")
        return KernelSpec(argv=command, language="python", display_name="Python 3", interrupt_mode="message")

    async def start_kernel(self, **kwargs):
        """Start the kernel and its watch. Raises SandboxError."""
        if self.sandbox:
            self.provisioner = SandboxProvisioner(
                parent=self, kernel_spec=self.kernel_spec, limits=self.limits, files=self.files, data=self.data
            )
        await super().start_kernel(**kwargs)
        self._ended, self._end = threading.Event(), math.inf
        # A thread: nbclient's event loop runs only while a cell does, and a flood of messages can starve it.
        pids = self.provisioner.pids if self.sandbox else [self.provisioner.process.pid]
        threading.Thread(target=self._watch, args=[pids], daemon=True).start()

    async def connected(self):
        """Called once the client is connected: the clock starts, and the sockets are deleted, so nobody else can connect."""
        self._end = time.monotonic() + self.limits.notebook_seconds
        if self.sandbox:
            self.session.send(self._control_socket, self.session.msg("kernel_info_request"))
            if not await self._control_socket.poll(10_000):
                raise SandboxError(f"The kernel cannot be interrupted. {self.last_words()}")
            await self._control_socket.recv_multipart()
            self.provisioner.close_door()

    async def interrupt_kernel(self):
        """Interrupt it, and wait until it has happened: a late interrupt would hit the next cell or question."""
        await super().interrupt_kernel()
        if await self._control_socket.poll(INTERRUPT_SECONDS * 1000):
            await self._control_socket.recv_multipart()

    def last_words(self):
        """What a kernel that did not start had to say."""
        return self.provisioner.last_words() if self.sandbox else ""

    async def cleanup_resources(self, restart=False):
        """Remove what the kernel leaves behind."""
        if hasattr(self, "_ended"):
            self._ended.set()
        await super().cleanup_resources(restart=restart)

    def count(self, size):
        """Note that `size` bytes were received."""
        self._received += size
        if self._received > self.limits.output:
            self.stop("output")

    def stop(self, reason):
        """Kill the kernel and every process it started, and remember the first reason. Does nothing if it has ended."""
        process = self.provisioner.process if self.provisioner else None
        if process and process.poll() is None:
            self.reason = self.reason or reason
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    async def stopped(self, error):
        """The KernelStopped that `error`, raised while talking to the kernel, stands for. The kernel has ended then."""
        if self.reason is None:
            if isinstance(error, CellTimeoutError):
                self.stop("interrupt")
            else:
                await asyncio.sleep(0.2)  # a kernel that dies may send half a message first
                self.stop("protocol")
        if self.provisioner.process:
            self.provisioner.process.wait(timeout=10)  # it has been killed
        return self.why()

    def why(self):
        """KernelStopped if the kernel has ended, else None."""
        code = self.provisioner.process.poll() if self.provisioner.process else 0
        if code is None:
            return None
        if self.reason is None and self._ran_out_of_memory():
            self.reason = "memory"
        died = "processor" if code in (-signal.SIGXCPU, 128 + signal.SIGXCPU) else "died"
        return KernelStopped(self.reason or died, self.limits)

    def _watch(self, pids):
        grader = psutil.Process()
        at_start = grader.memory_info().rss
        while not self._ended.wait(0.5):
            if time.monotonic() > self._end:
                self.stop("time")
            elif self._ran_out_of_memory() or self._holds_too_much(pids):
                self.stop("memory")
            elif grader.memory_info().rss - at_start > self.limits.memory:
                self.stop("message")  # of endlessly many parts, each small enough for ZeroMQ's own limit

    def _ran_out_of_memory(self):
        return self.sandbox and self.provisioner.ran_out_of_memory()

    def _holds_too_much(self, pids):
        group = self.provisioner.group if self.sandbox else None  # None when the kernel has just been cleaned up
        if self.sandbox and (group is None or group.counts):
            return False
        return all(sum(memory(pid, exact) for pid in pids) > self.limits.total_memory for exact in (False, True))


class SandboxedExecution:
    """Mix this into a NotebookClient (before it), and give it `kernel_manager()`: its kernels are then watched.

    Executing raises KernelStopped when the kernel ended before the notebook, and SandboxError when it could not be started.
    """

    def create_kernel_manager(self):
        """nbclient's own extension point."""
        self.km = self.kernel_manager()
        self.timeout = self.km.limits.cell_seconds
        self.startup_timeout = self.km.limits.start_seconds
        self.interrupt_on_timeout = self.raise_on_iopub_timeout = True
        self.shutdown_kernel = "immediate"  # what a submission does after its last cell is of no interest
        return self.km

    async def async_execute_cell(self, cell, cell_index, **kwargs):
        """Execute one cell. An exception of the student's is an output of the cell; KernelStopped is raised, see above."""
        if stopped := self.km.why():
            raise stopped
        try:
            return await super().async_execute_cell(cell, cell_index, **kwargs)
        except (CellExecutionError, KernelStopped):
            raise
        except Exception as error:
            if isinstance(error, CellTimeoutError) and await self._is_idle():
                # The cell has ended, but word of it was lost in a flood of small outputs, perhaps with an error of its own.
                cell.outputs.append(new_output("error", ename="OutputLost", evalue=OUTPUT_LOST, traceback=[OUTPUT_LOST]))
                return cell
            raise await self.km.stopped(error) from error

    execute_cell = run_sync(async_execute_cell)

    async def _check_raise_for_error(self, cell, cell_index, exec_reply):
        await super()._check_raise_for_error(cell, cell_index, exec_reply)
        # After `quit()` a kernel replies, and ends a moment later: in the next cell, or while the notebook is judged.
        if exec_reply and any(part.get("source") == "ask_exit" for part in exec_reply["content"].get("payload", [])):
            self.km.stop("died")
            raise await self.km.stopped(None)

    async def _is_idle(self):
        try:
            await self.kc.kernel_info(reply=True, timeout=1)
        except TimeoutError:
            return False
        return True

    async def _async_check_alive(self):
        if self.kc is None:  # nbclient's watch of a cell outlives the notebook when the cell raises
            raise DeadKernelError
        await super()._async_check_alive()


def capped(context, size):
    """The ZeroMQ context, whose sockets refuse messages of more than `size` bytes and queue few."""
    context.setsockopt(zmq.RECONNECT_IVL, 10)  # ms until it is tried again whether a new kernel's socket is there
    context.setsockopt(zmq.MAXMSGSIZE, size)
    context.setsockopt(zmq.RCVHWM, QUEUED)
    return context


def memory(pid, exact):
    """Bytes in use by a process and all its descendants and for their page tables, mapped files left out; 0 when it has ended.

    exact: False is quick, but counts pages that processes share once for each; True counts them once.
    """
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for member in [process, *process.children(recursive=True)]:
            with contextlib.suppress(OSError):  # it has just ended
                pages = status = Path(f"/proc/{member.pid}/status").read_text()
                if exact:
                    with contextlib.suppress(PermissionError):  # a process can hide this from an ordinary user
                        pages = Path(f"/proc/{member.pid}/smaps_rollup").read_text()
                found = re.findall(r"[PR]ss_?(?:Anon|Shmem):\s+(\d+)", pages) + re.findall(r"VmPTE:\s+(\d+)", status)
                total += sum(map(int, found)) * 1024
    return total
