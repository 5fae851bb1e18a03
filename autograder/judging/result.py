"""What judging one submission gives, and what is given when judging itself had to be stopped."""

import hashlib
import json
from dataclasses import asdict, dataclass, field

import nbformat
from nbgrader.utils import compute_checksum, is_grade, is_solution, is_task

from autograder.judging.task import released_notebooks
from autograder.judging.verdict import CaseResult, Verdict

UNREACHED = "the notebook runs as far as this check"


@dataclass
class Graded:
    """One executed notebook.

    text: the notebook as JSON. fragments: {cell id: cleaned HTML} for the page. scores: {grade_id: points of the automatic
    check, or None where a person must grade}. unanswered: grade_ids of the cells that are as they were released.
    """

    text: str
    fragments: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)
    unanswered: list = field(default_factory=list)


@dataclass
class Result:
    """A verdict and what it was found on: {name of the released notebook: Graded}, CPU seconds outside the sandbox.

    behaviour: {exercise: see checks.behaviour} of functions whose mistake nobody has recorded; for the report alone.
    Only for the instructor's log: failure, the traceback of a fault of the grader's own, which ended the judging; log, what the
    notebook said in place of answers.
    """

    verdict: Verdict
    notebooks: dict
    cpu: float = 0.0
    failure: str = ""
    log: str = ""
    behaviour: dict = field(default_factory=dict)

    def to_json(self):
        """As text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text):
        """The result in a text made by `to_json`. Raises ValueError, KeyError or TypeError if it is not one."""
        content = json.loads(text)
        notebooks = {name: Graded(**graded) for name, graded in content["notebooks"].items()}
        rest = [content[name] for name in ("cpu", "failure", "log", "behaviour")]
        return cls(Verdict.from_dict(content["verdict"]), notebooks, *rest)


def check_cells(notebook):
    """The cells with automatic checks."""
    return [cell for cell in notebook.cells if is_grade(cell) and not is_solution(cell) and cell.cell_type == "code"]


def grade_id(cell):
    """nbgrader's name of a cell, or None."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def unreached(cell, reason):
    """The one case of a check that was never judged, with the reason."""
    name = grade_id(cell).removeprefix("check-")
    points = float(cell.metadata["nbgrader"]["points"])
    return CaseResult(name, UNREACHED, False, f"Not judged, because the notebook did not get here. {reason}", 0.0, points)


def collect(notebook, cases):
    """What the gradebook needs to know of a notebook. cases: {grade_id of a check: its CaseResults}.

    Returns: ({grade_id: points, or None where a person must grade}, grade_ids of untouched cells, {grade_id: hash of the text
    that is graded there}).
    """
    scores = {name: round(sum(case.points for case in found), 3) for name, found in cases.items()}
    marked = {name: cell for cell in notebook.cells if (name := grade_id(cell))}
    solutions = {name: cell for name, cell in marked.items() if is_solution(cell)}
    unanswered = [name for name, c in solutions.items() if c.metadata["nbgrader"].get("checksum") == compute_checksum(c)]
    code = "\n\n".join(cell.source for cell in solutions.values())
    answers = {}
    for name, cell in marked.items():
        if is_grade(cell) or is_task(cell):
            answers[name] = hashlib.sha256((code if name in cases else cell.source).encode()).hexdigest()[:16]
            scores.setdefault(name, 0.0 if name in unanswered else None)
    return scores, unanswered, answers


def post_mortem(task, course, events, reason):
    """The Result of a submission whose judging was stopped: what was judged before keeps its points.

    course: the unpacked snapshot. events: what the child told before its end: {"notebook", "text", "notes"} for a rebuilt
    notebook, {"notebook", "flags", "log"} and {"notebook", "check", "cases"} for each judged check. reason: a sentence for the
    student.
    """
    notes, cases, notebooks, answers = list(task.notes), [], {}, {}
    for name in released_notebooks(course, task.assignment):
        told = [event for event in events if event.get("notebook") == name]
        release = nbformat.read(course.release / task.assignment / name, as_version=4)
        text = next((event["text"] for event in told if "text" in event), None)
        notebook = nbformat.reads(text, as_version=4) if text else release
        judged = {event["check"]: [CaseResult(**case) for case in event["cases"]] for event in told if "check" in event}
        for cell in check_cells(release):
            if grade_id(cell) not in judged:
                judged[grade_id(cell)] = [unreached(cell, reason)]
            cases += judged[grade_id(cell)]
        scores, unanswered, answers[name] = collect(notebook, judged)
        notebooks[name] = Graded(nbformat.writes(notebook), {}, scores, unanswered)
        notes += [note for event in told for note in event.get("notes", ())]
    notes = tuple(dict.fromkeys([*notes, reason]))
    about = task.assignment, task.student, task.settings["sandboxed"]
    flags, log = ([line for event in events for line in event.get(key, ())] for key in ("flags", "log"))
    verdict = Verdict(*about, notes, tuple(cases), tuple(dict.fromkeys(flags)), task.key, answers)
    return Result(verdict, notebooks, log="\n".join(log))
