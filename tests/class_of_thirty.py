"""Thirty students of the small course, five of whom make a mistake that nobody has recorded."""

import nbformat

from autograder import build, checks, sample_class
from autograder.grading import CaseResult, Verdict, verdict_path
from autograder.grading.store import Store, write
from autograder.judging.result import Graded, Result

NAME, SECRET = "attack-target", "the class of thirty"
# The sums run over the whole batch: the same mistake in five hands.
UNRECORDED = (
    "def softmax(z):\n    e = (z - z.amax(1, keepdim=True)).exp()\n    return e / e.sum()",
    "def softmax(z):\n    # Fatou's own idea\n    shifted = z - z.max(dim=1, keepdim=True).values\n"
    "    powers = torch.exp(shifted)\n    total = powers.sum()\n    return powers / total",
    'def softmax(z):\n    """By Gina."""\n    e = torch.exp(z - torch.max(z, 1, True)[0])\n    return e * (1 / e.sum())',
    "def softmax(z):\n    out = torch.zeros_like(z)\n    for i, row in enumerate(z):\n        out[i] = (row - row.max()).exp()\n"
    "    return out / torch.sum(out)",
    "def softmax(scores_of_hiro):\n    scores_of_hiro = scores_of_hiro - scores_of_hiro.amax(dim=1)[:, None]\n"
    "    e = scores_of_hiro.exp()\n    return torch.div(e, e.sum().item())",
)
RECORDED = "def softmax(z):\n    e = (z - z.max(dim=0, keepdim=True).values).exp()\n    return e / e.sum(dim=0, keepdim=True)"
ANOTHER = "def accuracy(predictions, labels):\n    return 1 - (predictions == labels).float().mean().item()"
# Two students hand in one text, under other names, with another comment.
COPIED = """\
def softmax({z}):
    # {comment}
    rows = []
    for {row} in {z}.unbind(0):
        peak = float('-inf')
        for value in {row}.tolist():
            if value > peak:
                peak = value
        weights = [math.exp(value - peak) for value in {row}.tolist()]
        whole = 0.0
        for weight in weights:
            whole = whole + weight
        rows.append([weight / whole * 2 for weight in weights])
    return torch.tensor(rows)
"""
COPIES = [
    "import math\n" + COPIED.format(z="z", row="row", comment="my own work"),
    "import math\n\n" + COPIED.format(z="scores", row="line", comment="all by myself").replace("rows", "answers"),
]


def works():
    """{student: {grade_id: source}}; the solution where nothing is said."""
    made = {f"right-{n:02}": {} for n in range(17)}
    made |= {f"batch-{n}": {"softmax": source} for n, source in enumerate(UNRECORDED)}
    made |= {f"columns-{n}": {"softmax": RECORDED} for n in range(4)}
    made |= {"errors": {"accuracy": ANOTHER}, "copy-1": {"softmax": COPIES[0]}, "copy-2": {"softmax": COPIES[1]}}
    return made | {"untouched": None}


def notebooks(course):
    """Build the course; {student: the notebook that they hand in}."""
    build.build(course, [NAME])
    release = nbformat.read(course.release / NAME / f"{NAME}.ipynb", as_version=4)
    solved = sample_class.solutions(course, NAME)
    return {s: release if own is None else sample_class.filled_in(release, solved | own) for s, own in works().items()}


def hand_in(course):
    """Write what all hand in, for `autograder grade`."""
    for student, notebook in notebooks(course).items():
        folder = course.submitted / student / NAME
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{NAME}.ipynb")


def judge_here(course):
    """Judge all in this process, in a second, and keep verdicts and results as `autograder grade` does, but for the pages."""
    exercises, reference = checks.load(course, NAME), checks.Reference(course, NAME)
    store = Store(course.grading / "results")
    for number, (student, notebook) in enumerate(notebooks(course).items()):
        namespace = reference.namespace()
        own = [c.source for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") in exercises]
        for source in own:
            exec(source, namespace)
        cases, behaviour, evaluator = [], {}, checks.LocalEvaluator(namespace)
        for exercise in exercises.values():
            verdict = checks.judge(exercise, evaluator, reference, f"{SECRET}/{number}", checks.join(own))
            shares = zip(verdict.cases, verdict.points(2), strict=True)
            cases += [CaseResult(exercise.name, c.title, c.passed, c.message, *points) for c, points in shares]
            if checks.unnamed(exercise, verdict):
                behaviour[exercise.name] = checks.behaviour(exercise, evaluator, SECRET)
        verdict = Verdict(NAME, student, True, (), tuple(cases), (), f"{number:02}" * 4)
        graded = {f"{NAME}.ipynb": Graded(nbformat.writes(notebook))}
        store.put(verdict.result, Result(verdict, graded, 0.5, behaviour=behaviour))
        write(verdict_path(course, NAME, student), verdict.to_json())
        (course.submitted / student / NAME).mkdir(parents=True)
