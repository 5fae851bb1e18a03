"""Run a rebuilt notebook in its sandbox, and ask for what its functions return.

Hidden inputs reach the notebook's process only when all of its cells have been run, so that nothing it prints can show them.
"""

import asyncio
import contextlib
import queue
import reprlib

from nbclient import NotebookClient
from nbclient.util import run_sync
from nbgrader.preprocessors import Execute

from autograder import checks
from autograder.checks.messages import torch
from autograder.judging.result import grade_id
from autograder.sandbox.kernel import KernelStopped, SandboxedExecution

# Keeps the functions of a notebook as they are at a check cell, and brings them back; both run in the student's namespace, but
# what is kept lies beside it, where `%reset` does not reach.
KEPT = "__import__('IPython').get_ipython().__dict__.setdefault('at_checks', {{}})"
KEEP = KEPT + ".__setitem__({name!r}, dict(globals()))"
BRING_BACK = "globals().update(" + KEPT + "[{name!r}])"

# What both sides need to exchange a question and an answer. It is loaded before a notebook's first cell: an `import torch` that
# a clock cuts short in a cell leaves a torch that cannot be imported any more, and then no answer could be read.
# And a notebook's own folder comes last where modules are looked for: a file in it does not pass for a library.
LAST = "__import__('sys').path.sort(key=lambda folder: not folder)"
PREPARE = f"{LAST} or __import__('safetensors.{'torch' if torch else 'numpy'}') and None"
SHORT = reprlib.Repr()
SHORT.maxdict, SHORT.maxstring, SHORT.maxother = 10, 500, 500  # of a reply of any form or size, in a log


class EditStopped(Exception):
    """An edit of a student's function, tried to find out what is wrong with it, has ended the kernel: the student did not."""


class Run(SandboxedExecution, NotebookClient):
    """A notebook and its kernel.

    judged: the grade_ids of check cells at which functions are kept. make_manager: gives a CourseKernelManager.
    """

    # A traceback that a program keeps from being shown is an error all the same.
    on_cell_executed = Execute.on_cell_executed

    def __init__(self, notebook, judged, make_manager, folder=None):
        about = {"metadata": {"path": folder}} if folder else {}
        super().__init__(notebook, None, allow_errors=True, record_timing=False, resources=about)
        self.judged, self.kernel_manager = judged, make_manager

    def execute_and(self, judge):
        """Run all cells, then call `judge(the cells that were run)` while the kernel lives.

        If a cell ends the kernel, the cells before it are run once more, and what they define is judged. All of it is run and
        judged once more if `judge` raises EditStopped; then it should try no edits.
        Returns why the notebook was stopped, a sentence, or None.
        """
        reason, cells = None, self.nb.cells
        for attempt in (1, 2, 3):
            reached = 0
            try:
                self.km = self.kc = None  # a kernel of its own for each attempt
                self.reset_execution_trackers()
                with self.setup_kernel():
                    self.nb.metadata["language_info"] = {"name": "python"}
                    for reached, cell in enumerate(cells):
                        shown = cell.copy() if attempt > 1 else cell  # the outputs of another run are those of the first
                        self.execute_cell(shown, reached, store_history=True)
                        self.nb.cells[reached] = cell  # nbclient has put in what it was given
                        if grade_id(cell) in self.judged:
                            self.ask(KEEP.format(name=grade_id(cell)), silent_failure=True)
                    reached = len(cells)
                    judge(cells)
                return reason
            except EditStopped:
                continue
            except KernelStopped as stopped:
                if reached == len(cells):  # a function ended the kernel while it was judged
                    return reason or str(stopped)
                reason = reason or f"{stopped} It was in cell {reached + 1}: {_first_line(cells[reached])}"
                cells = cells[:reached]
        return reason

    def bring_back(self, name):
        """Make the functions in the notebook's namespace those that were there at the check cell `name`."""
        self.ask(BRING_BACK.format(name=name), silent_failure=True)

    def ask(self, expression, silent_failure=False):
        """The text of the value of an expression in the student's namespace. Raises NoEvidence, and KernelStopped."""
        try:
            return run_sync(self._ask)(expression)
        except checks.NoEvidence:
            if silent_failure:
                return None
            raise

    async def _ask(self, expression):
        if stopped := self.km.why():
            raise stopped
        request = self.kc.execute("", silent=True, store_history=False, user_expressions={"answer": expression})
        listening = asyncio.ensure_future(self._drop_output())
        try:
            reply = await self._reply(request, self.km.limits.case_seconds)
            if reply is None:
                await self.km.interrupt_kernel()
                if await self._reply(request, 2) is None:
                    self.km.stop("interrupt")
                    raise await self.km.stopped(None)
                raise checks.NoEvidence(f"It takes more than {self.km.limits.case_seconds} s. Is there a loop that does not end?")
        finally:
            listening.cancel()
        with contextlib.suppress(AttributeError, KeyError, TypeError):  # a reply of any form
            if isinstance(text := reply["content"]["user_expressions"]["answer"]["data"]["text/plain"], str):
                return text
        raise checks.NoEvidence(checks.UNREADABLE, SHORT.repr(reply.get("content")))

    async def _reply(self, request, seconds):
        """The reply to a request, or None if there is none in time. Raises KernelStopped."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            try:
                message = await self.kc.get_shell_msg(timeout=0.2)
            except queue.Empty:
                if stopped := self.km.why():
                    raise stopped from None
                continue
            except Exception as error:
                raise await self.km.stopped(error) from error
            if message["parent_header"].get("msg_id") == request:
                return message
        return None

    async def _drop_output(self):
        """Take what the notebook prints while it is judged, so that it does not pile up; nobody sees it."""
        while True:
            try:
                await self.kc.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue


def _first_line(cell):
    return next((line.strip() for line in cell.source.splitlines() if line.strip()), "")[:80]
