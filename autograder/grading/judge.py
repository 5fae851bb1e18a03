"""Run a rebuilt notebook in its sandbox, then judge each function as it was at its check cell.

The hidden inputs reach the notebook's process only when all of its cells have been run, so that nothing it prints can show them.
"""

import asyncio
import contextlib
import gc
import queue
import re
from functools import lru_cache
from pathlib import Path

from nbclient import NotebookClient
from nbclient.util import run_sync
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade, is_grade, is_solution
from traitlets import Bool, Dict

from autograder import checks
from autograder.course import Course
from autograder.grading.data import data_folder
from autograder.grading.secret import course_secret
from autograder.grading.verdict import CaseResult, Verdict
from autograder.page import clean_notebook
from autograder.page.formgrader import case_outputs
from autograder.sandbox.kernel import CourseKernelManager, KernelStopped, SandboxedExecution
from autograder.sandbox.limits import Limits

# Keeps the functions of a notebook as they are at a check cell, and brings them back; both run in the student's namespace, but
# what is kept lies beside it, where `%reset` does not reach.
KEPT = "__import__('IPython').get_ipython().__dict__.setdefault('at_checks', {{}})"
KEEP = KEPT + ".__setitem__({name!r}, dict(globals()))"
BRING_BACK = "globals().update(" + KEPT + "[{name!r}])"
# A score that nbgrader would take for full marks: it reads as a number for people, but not for Python's float().
DISGUISED_SCORE = re.compile(r"(?:[\w.]+\()?\s*([-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|nan|inf))\b.*", re.DOTALL | re.IGNORECASE)


class Judge(SandboxedExecution, Execute):
    """nbgrader's Execute, with hidden checks that are decided outside the student's process.

    The score of a cell `check-f` comes from the exercise `f`; what the student's code prints or returns there has no say in
    it. A check cell without an exercise is scored as nbgrader does it, on what the cell showed.
    """

    sandboxed = Bool(True, help="Run the kernel in a sandbox. Without it a submission can do all that you can do.").tag(
        config=True
    )
    limits = Dict(help="Limits that differ from autograder/sandbox/limits.py, such as {'cell_seconds': 60}.").tag(config=True)

    def preprocess(self, notebook, resources):
        """Execute and judge one rebuilt notebook; write its verdict."""
        about = resources["nbgrader"]
        self.course, self.assignment = Course(Path(self.parent.parent.coursedir.root)), about["assignment"]
        self.exercises = {f"check-{name}": exercise for name, exercise in checks.load(self.course, self.assignment).items()}
        self.files = _support_files(self.course, self.assignment)
        came_with = notebook.metadata.get("autograder", {})
        secret = checks.input_set(course_secret(self.course), came_with.get("submission", ""))

        found, reason = self._execute(notebook, resources, secret)
        clean_notebook(notebook)
        cases = []
        for cell in notebook.cells:
            if is_grade(cell) and not is_solution(cell) and cell.cell_type == "code":
                cases += self._score(cell, found.get(cell.metadata["nbgrader"]["grade_id"]), reason)
        notes = [*came_with.get("notes", []), *([reason] if reason else [])]
        flags = dict.fromkeys(flag for verdict in found.values() for flag in verdict.flags)
        verdict = Verdict(self.assignment, about["student"], self.sandboxed, tuple(notes), tuple(cases), tuple(flags))
        verdict.write(self.course)
        gc.collect()  # nbclient's objects hang in circles; Python would let many submissions' worth of them pile up
        return notebook, resources

    def kernel_manager(self):
        """The kernel for one run of the notebook."""
        return CourseKernelManager(limits=Limits(**self.limits), files=self.files, data=data_folder(), sandbox=self.sandboxed)

    def _execute(self, notebook, resources, secret):
        """Run all cells, then judge. Returns ({check id: checks' verdict}, why the notebook was stopped or None).

        If a cell ends the kernel, the cells before it are run once more, and what they define is judged.
        """
        found, reason, cells = {}, None, notebook.cells
        for attempt in (1, 2):
            reached = 0
            self.executed = None  # the outputs of the second run are those of the first
            try:
                NotebookClient.__init__(self, notebook, None)
                self.reset_execution_trackers()
                self._check_assign_resources(resources)
                with self.setup_kernel():
                    notebook.metadata["language_info"] = self.wait_for_reply(self.kc.kernel_info())["content"]["language_info"]
                    for reached, cell in enumerate(cells):
                        shown = cell.copy() if attempt == 2 else cell
                        self.execute_cell(shown, reached, store_history=True)
                        if self._exercise(cell):
                            self._ask(KEEP.format(name=_grade_id(cell)), silent_failure=True)
                    reached = len(cells)
                    self._judge(cells, secret, found)
                return found, reason
            except KernelStopped as stopped:
                if reached == len(cells):  # a function ended the kernel while it was judged
                    return found, reason or str(stopped)
                reason = reason or f"{stopped} It was in cell {reached + 1}: {_first_line(cells[reached])}"
                cells = cells[:reached]
        return found, reason

    def _judge(self, cells, secret, found):
        """Judge every exercise whose check cell was reached; fill `found`."""
        source = "\n\n".join(cell.source for cell in self.nb.cells if cell.cell_type == "code" and not is_grade(cell))
        evaluator, failing = checks.KernelEvaluator(self._ask), []
        for cell in cells:
            if exercise := self._exercise(cell):
                self._ask(BRING_BACK.format(name=_grade_id(cell)), silent_failure=True)
                verdict = checks.judge(exercise, evaluator, _reference(self.course, self.assignment), secret, source, failing)
                found[_grade_id(cell)] = verdict
                if not verdict.passed:
                    failing.append(exercise.name)

    def _exercise(self, cell):
        return self.exercises.get(_grade_id(cell)) if is_grade(cell) else None

    def _ask(self, expression, silent_failure=False):
        """The text of the value of an expression in the student's namespace. Raises NoEvidence, and KernelStopped."""
        try:
            return run_sync(self._async_ask)(expression)
        except checks.NoEvidence:
            if silent_failure:
                return None
            raise

    async def _async_ask(self, expression):
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
                    raise self.km.why() or checks.NoEvidence("It took too long.")
                raise checks.NoEvidence(f"It takes more than {self.km.limits.case_seconds} s. Is there a loop that does not end?")
        finally:
            listening.cancel()
        with contextlib.suppress(AttributeError, KeyError, TypeError):  # a reply of any form
            if isinstance(text := reply["content"]["user_expressions"]["answer"]["data"]["text/plain"], str):
                return text
        raise checks.NoEvidence("The answer of your notebook cannot be read.")

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

    def _score(self, cell, verdict, reason):
        """Put the score of a check cell into its outputs, and return its cases."""
        points = float(cell.metadata["nbgrader"]["points"])
        exercise = self.exercises.get(_grade_id(cell))
        if exercise is None:
            return [_score_as_nbgrader_does(cell, points, reason)]
        name = exercise.name
        if verdict is None:
            message = f"Not judged, because the notebook did not get here. {reason}"
            cases = [CaseResult(name, "the notebook runs as far as this check", False, message, 0.0, points)]
        else:
            judged = zip(verdict.cases, verdict.points(points), strict=True)
            cases = [CaseResult(name, case.title, case.passed, case.message, *part) for case, part in judged]
        score = points if all(case.passed for case in cases) else min(points, round(sum(case.points for case in cases), 4))
        cell.outputs = [*_plain(cell.outputs), *case_outputs(cases, score, points, self.sandboxed)]
        return cases


def _score_as_nbgrader_does(cell, points, reason):
    """The one case of a check cell that has no exercise."""
    if cell.execution_count is None and reason:
        cell.outputs = [new_output("error", ename="NotRun", evalue=reason, traceback=[reason])]
    for output in cell.outputs:
        text = output.get("data", {}).get("text/plain", "") if output.output_type == "execute_result" else ""
        if match := DISGUISED_SCORE.fullmatch(text):
            number = float(match[1])
            output.data["text/plain"] = repr(number if 0 <= number <= points else 0.0)
    score = determine_grade(cell)[0]
    passed = score == points
    message = "" if passed else "The visible or hidden tests of this cell do not pass."
    return CaseResult(_grade_id(cell), "the cell runs without an error", passed, message, float(score), points)


def _plain(outputs):
    """What the visible part of a check cell said, in a form that does not count for the score."""
    texts = []
    for output in outputs:
        if output.output_type == "stream":
            texts.append(output.text)
        elif output.output_type == "error":
            texts.append(f"{output.ename}: {output.evalue}\n")
    return [new_output("stream", name="stdout", text="".join(texts))] if texts else []


def _grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _first_line(cell):
    return next((line.strip() for line in cell.source.splitlines() if line.strip()), "")[:80]


def _support_files(course, assignment):
    """What lies beside the released notebook, such as course.py."""
    folder = course.release / assignment
    return sorted(f for f in folder.iterdir() if f.suffix != ".ipynb" and not f.name.startswith("."))


@lru_cache
def _reference(course, assignment):
    return checks.Reference(course, assignment)
