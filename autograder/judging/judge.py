"""Judge one submission: rebuild its notebooks, run them, decide the points, and clean what may be shown.

Everything here handles what a student wrote; it runs in a child process with limits, see worker.py.
"""

import re
import resource
import shutil
import tempfile
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import compute_checksum, determine_grade, is_solution

from autograder import checks
from autograder.judging.data import data_folder
from autograder.judging.execute import PREPARE, EditStopped, Run
from autograder.judging.rebuild import rebuild
from autograder.judging.result import Graded, Result, check_cells, collect, grade_id, unreached
from autograder.judging.task import released_notebooks
from autograder.judging.verdict import CaseResult, Verdict
from autograder.page import clean_notebook, fragments
from autograder.page.formgrader import case_outputs
from autograder.sandbox.kernel import CourseKernelManager, KernelStopped
from autograder.sandbox.limits import Limits

# A score that nbgrader would take for full marks: it reads as a number for people, but not for Python's float().
DISGUISED_SCORE = re.compile(r"(?:[\w.]+\()?\s*([-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|nan|inf))\b.*", re.DOTALL | re.IGNORECASE)

NOT_MENDED = "You have not mended it yet: the cell is as it was given to you."
START = 10  # seconds of processor time in which a kernel is ready and has loaded what a cell imports


class UnansweredError(Exception):
    """A notebook ran, and then not one of its answers could be read."""


def judge(task, course, tell):
    """Judge a Task. course: its unpacked snapshot. tell: called with what is known so far, see `result.post_mortem`.

    Returns: a Result. Raises ExerciseError if the course is at fault, UnansweredError if it should be tried once more.
    """
    notes, cases, flags, log, notebooks, answers, behaviour = list(task.notes), [], {}, [], {}, {}, {}
    reached = {}
    for name in released_notebooks(course, task.assignment):
        release = nbformat.read(course.release / task.assignment / name, as_version=4)
        rebuilt = rebuild(release, task.submitted[name])
        tell({"notebook": name, "text": nbformat.writes(rebuilt.notebook), "notes": rebuilt.notes})
        found = _Notebook(task, course, name, rebuilt.notebook, tell)
        if rebuilt.read:
            reason = found.run()
        else:
            reason = found.pass_over(*rebuilt.notes)
            flags |= dict.fromkeys([*task.notes, *rebuilt.notes])
        judged = [case for cells in found.judged.values() for case in cells if case.possible]
        if judged and all(checks.UNREADABLE in case.message for case in judged):
            raise UnansweredError
        log += found.log
        behaviour |= found.behaviour
        reached |= found.reached
        notes += [*rebuilt.notes, *([reason] if reason else [])]
        flags |= dict.fromkeys(found.flags)
        cases += [case for judged in found.cases.values() for case in judged]
        scores, unanswered, answers[name] = collect(rebuilt.notebook, found.cases)
        shown = fragments(rebuilt.notebook, [case for judged in found.cases.values() for case in judged])
        notebooks[name] = Graded(nbformat.writes(rebuilt.notebook), shown, scores, unanswered)
    notes = tuple(dict.fromkeys(notes))
    about = task.assignment, task.student, task.settings["sandboxed"]
    verdict = Verdict(*about, notes, tuple(cases), tuple(flags), task.key, answers, reached)
    cpu = round(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]), 3)
    return Result(verdict, notebooks, cpu, log="\n".join(log), behaviour=behaviour)


class _Notebook:
    """One rebuilt notebook on its way to a grade. `cases`: {grade_id of a check: its CaseResults}, in the notebook's order."""

    def __init__(self, task, course, name, notebook, tell):
        self.task, self.course, self.name, self.notebook, self.tell = task, course, name, notebook, tell
        self.exercises = {f"check-{e.name}": e for e in exercises(course, task.assignment).values()}
        self.challenge = checks.load_challenge(course, task.assignment)
        solutions = (cell for cell in notebook.cells if is_solution(cell))
        self.untouched = {grade_id(c) for c in solutions if c.metadata["nbgrader"].get("checksum") == compute_checksum(c)}
        self.judged, self.cases, self.flags, self.log, self.behaviour, self.reached = {}, {}, [], [], {}, {}
        self.say = task.settings["say"]

    def run(self):
        """Execute, judge, score and clean. Returns why the notebook was stopped, or None."""
        limits = Limits(**self.task.settings["limits"])
        files = _support_files(self.course, self.task.assignment)
        sandboxed = self.task.settings["sandboxed"]
        with tempfile.TemporaryDirectory() as folder:
            if not sandboxed:  # the sandbox shows the files itself
                for file in files:
                    copy = shutil.copytree if file.is_dir() else shutil.copyfile
                    copy(file, Path(folder, file.name))

            def manager():
                prepare = PREPARE if self.exercises else ""
                return CourseKernelManager(limits=limits, files=files, data=data_folder(), sandbox=sandboxed, prepare=prepare)

            self.kernel = Run(self.notebook, self.exercises, manager, folder)
            reason = self.kernel.execute_and(self._judge)
            if self.challenge:
                self._judge_challenge(limits, files, folder)
        cells = check_cells(self.notebook)
        # Cells without an exercise are scored on what they showed, before anything is shortened.
        own = {*self.exercises, *self.judged}
        stock = {grade_id(c): [_score_as_nbgrader_does(c, reason)] for c in cells if grade_id(c) not in own}
        clean_notebook(self.notebook)
        for cell in cells:
            self.cases[grade_id(cell)] = stock.get(grade_id(cell)) or self._score(cell, reason)
        return reason

    def pass_over(self, why):
        """Give every check 0 points: nothing here is the student's. Returns why."""
        self.cases = {grade_id(cell): self._score(cell, why) for cell in check_cells(self.notebook)}
        return why

    def _judge(self, cells):
        """Judge every exercise whose check cell was reached."""
        source = checks.join(
            c.source for c in self.notebook.cells if c.cell_type == "code" and not c.metadata.get("nbgrader", {}).get("grade")
        )
        evaluator, failing, failed = checks.KernelEvaluator(self.kernel.ask, self._edited), [], []
        self.flags, self.log = [], []  # this may be the second time
        solved, inputs = reference(self.course, self.task.assignment), checks.input_set(self.task.secret, self.task.digest)
        for cell in check_cells(self.notebook):
            exercise = self.exercises.get(grade_id(cell))
            if exercise is None or not any(cell is reached for reached in cells):
                continue
            self.kernel.bring_back(grade_id(cell))
            attempt = checks.Attempt(exercise, evaluator, solved, inputs, source, failing, self.say)
            verdict = attempt.verdict({} if attempt.blamed else checks.explain(attempt))
            if untouched := exercise.name in self.untouched:  # what was given to be mended may be right in places
                verdict = replace(verdict, cases=tuple(_lost(c) if c.weight else c for c in verdict.cases))
            self.flags += verdict.flags
            self.log += verdict.log
            self.tell({"notebook": self.name, "flags": verdict.flags, "log": verdict.log})
            self._keep(cell, verdict)
            if not verdict.passed:
                if not untouched:
                    failed.append((cell, verdict, attempt))
                failing.append(exercise.name)
        # Only now, and in this order: the notebook's process sees references now, of earlier functions than the one judged.
        for cell, verdict, attempt in failed:
            self.kernel.bring_back(grade_id(cell))
            if attempt.blamed:
                verdict = checks.follow_through(attempt)
                self._keep(cell, verdict)
            if checks.unnamed(attempt.exercise, verdict):
                self.behaviour[attempt.exercise.name] = checks.behaviour(attempt.exercise, evaluator, self.task.secret)

    def _edited(self, expression):
        """The answer of an edited function. Some go on for ever where nothing can interrupt them; then no more are tried."""
        try:
            return self.kernel.ask(expression)
        except KernelStopped as stopped:
            if self.say == "nothing":
                raise
            self.say = "nothing"
            raise EditStopped from stopped

    def _judge_challenge(self, limits, files, folder):
        """Run the challenge's cell alone, in a sandbox without the images: what it is asked about lies among them."""
        cells = {grade_id(cell): cell for cell in self.notebook.cells}
        if not (check := cells.get(f"check-{self.challenge.name}")):
            return
        cell = cells[self.challenge.name]
        asked = checks.drawn(self.challenge, reference(self.course, self.task.assignment))
        verdict = checks.nothing(self.challenge, asked, "The page is still blank.")
        if self.challenge.name not in self.untouched:
            seconds = self.challenge.seconds
            given = replace(limits, cpu_seconds=seconds + START, case_seconds=4 * seconds, notebook_seconds=6 * seconds)
            sandboxed = self.task.settings["sandboxed"]

            def manager():
                return CourseKernelManager(limits=given, files=files, data=None, sandbox=sandboxed, prepare=PREPARE)

            alone = Run(new_notebook(cells=[new_code_cell(cell.source)]), (), manager, folder)
            found = []
            evaluator = checks.KernelEvaluator(alone.ask)
            reason = alone.execute_and(
                lambda _: found.append(checks.judge_challenge(self.challenge, asked, evaluator, cell.source))
            )
            verdict = checks.nothing(self.challenge, asked, reason or "It could not be run.")
            if found:
                verdict, self.reached = found[0]
        self._keep(check, verdict)

    def _keep(self, cell, verdict):
        """Hold a verdict about a check cell in its points, and tell it: what has been told is not lost."""
        judged = zip(verdict.cases, verdict.points(float(cell.metadata["nbgrader"]["points"])), strict=True)
        cases = [CaseResult(verdict.exercise, c.title, c.passed, c.message, *part) for c, part in judged]
        self.judged[grade_id(cell)] = cases
        self.tell({"notebook": self.name, "check": grade_id(cell), "cases": [asdict(c) for c in cases]})

    def _score(self, cell, reason):
        """Put the score of a check cell into its outputs, and return its cases."""
        cases = self.judged.get(grade_id(cell)) or [unreached(cell, reason)]
        points = float(cell.metadata["nbgrader"]["points"])
        score = round(sum(case.points for case in cases), 3)
        cell.outputs = [*_plain(cell.outputs), *case_outputs(cases, score, points, self.task.settings["sandboxed"])]
        return cases


def _lost(case):
    """A case of a function that is as it was given. Its fault is for the student to find."""
    said = case.message if case.message.startswith(checks.NOT_WRITTEN) else NOT_MENDED
    return replace(case, passed=False, earned=0.0, message=said)


def _score_as_nbgrader_does(cell, reason):
    """The one case of a check cell that has no exercise."""
    points = float(cell.metadata["nbgrader"]["points"])
    if cell.execution_count is None and reason:
        cell.outputs = [new_output("error", ename="NotRun", evalue=reason, traceback=[reason])]
    for output in cell.outputs:
        text = output.get("data", {}).get("text/plain", "") if output.output_type == "execute_result" else ""
        if match := DISGUISED_SCORE.fullmatch(text):
            number = float(match[1])
            output.data["text/plain"] = repr(number if 0 <= number <= points else 0.0)
    score = determine_grade(cell)[0]
    message = "" if score == points else "The visible or hidden tests of this cell do not pass."
    return CaseResult(grade_id(cell), "the cell runs without an error", score == points, message, float(score), points)


def _plain(outputs):
    """What the visible part of a check cell said, in a form that does not count for the score."""
    texts = []
    for output in outputs:
        if output.output_type == "stream":
            texts.append(output.text)
        elif output.output_type == "error":
            texts.append(f"{output.ename}: {output.evalue}\n")
    return [new_output("stream", name="stdout", text="".join(texts))] if texts else []


def _support_files(course, assignment):
    """What lies beside the released notebook, such as the folder course."""
    folder = course.release / assignment
    return sorted(f for f in folder.iterdir() if f.suffix != ".ipynb" and not f.name.startswith((".", "__")))


# Known once in the process from which the children are forked.
@lru_cache
def exercises(course, assignment):
    """The exercises of an assignment, {name: Exercise}."""
    return checks.load(course, assignment)


@lru_cache
def reference(course, assignment):
    """The solutions of an assignment as namespaces."""
    return checks.Reference(course, assignment)
