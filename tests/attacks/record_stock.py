"""Record what plain nbgrader makes of the corpus: `python tests/attacks/record_stock.py [name ...]`; an hour on two cores.

Each submission is graded in a copy of the course of its own, beside an honest neighbour that is graded after it. nbgrader
runs as it comes, its hidden tests in the kernel. The attacks are live here: the whole of nbgrader runs under bubblewrap, where
the machine is read-only and only the disposable copy can be written. Writes stock.json, and the table of README.md from it.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import jupytext
from attacks import ATTACKS
from broken import BROKEN
from harness import CANARIES, COURSE, HERE, browser, differences, fingerprints, leaks, listener
from submission import ASSIGNMENT, EXERCISES, NOTEBOOK, WRONG, Submission

# What an instructor of stock nbgrader would write: the reference's values, the last line of a cell as partial credit.
HIDDEN = {
    "accuracy": """
assert accuracy(tensor([728391, 2]), tensor([728391, 3])) == 0.5
2 * (1 - 2 * abs(accuracy(tensor([1, 2, 3]), tensor([1, 2, 3])) - 1))""",
    "softmax": f"""
z = tensor([[728391.0, 728391.0, 0.0], [1.0, 2.0, 3.0]])  # {CANARIES["checks"]}
expected = tensor([[0.5, 0.5, 0.0], [0.0900, 0.2447, 0.6652]])
assert torch.allclose(softmax(z), expected, atol=1e-3)""",
}
# As it comes, nbgrader's feedback shows the hidden tests to everyone; this is the remedy that its users pass on.
CONFIG = """c = get_config()
c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades", "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
                                    "nbgrader.preprocessors.ClearHiddenTests"]
"""
NEIGHBOUR = "zz-honest"
HONEST = Submission(NEIGHBOUR, "", cells={})
# What nbgrader itself writes in a run, besides autograded/ and feedback/.
GRADER_OWN = (
    "gradebook.db",
    ".cache/",
    ".jupyter/migrated",
    ".local/share/jupyter/",
    ".ipython/profile_default/history",
    ".ipython/profile_default/db/",
    ".ipython/README",
    ".ipython/profile_default/startup/README",
)
SECONDS = 150  # for grading two notebooks: nbgrader's own limit is 30 a cell
PRIVATE = {**os.environ, "CANARY": CANARIES["environment"], "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def nbgrader(course, home, *arguments):
    """Run nbgrader in a box from which only `course` and `home` can be written. Returns its log; None if it had to be ended."""
    box = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--size", "4000000000", "--tmpfs", "/tmp"]
    box += ["--bind", course, course, "--bind", home, home, "--unshare-pid", "--unshare-ipc", "--die-with-parent"]
    command = [*box, "--setenv", "HOME", home, "--chdir", course, "--", "nbgrader", *arguments]
    try:
        ran = subprocess.run([str(c) for c in command], env=PRIVATE, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return ran.stdout.decode(errors="replace") + ran.stderr.decode(errors="replace")


def make_course(folder):
    """A stock course with the same two exercises, hidden tests in the check cells, and a home, both with canaries."""
    course, home = folder / "course", folder / "home"
    notebook = jupytext.read(COURSE / "source" / ASSIGNMENT / f"{ASSIGNMENT}.py")
    for cell in notebook.cells:
        exercise = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("check-")
        if cell.metadata.get("nbgrader", {}).get("grade") and exercise in HIDDEN:
            cell.source += f"\n### BEGIN HIDDEN TESTS{HIDDEN[exercise]}\n### END HIDDEN TESTS"
    source = course / "source" / ASSIGNMENT / NOTEBOOK
    source.parent.mkdir(parents=True)
    jupytext.write(notebook, source, fmt="ipynb")
    (course / "nbgrader_config.py").write_text(CONFIG)
    (home / "canary").mkdir(parents=True)
    (home / "canary" / "secret").write_text(CANARIES["home"])
    print(nbgrader(course, home, "generate_assignment", ASSIGNMENT, "--create") or "generate_assignment hung")
    with sqlite3.connect(course / "gradebook.db") as db:
        db.execute("INSERT INTO student (id, last_name) VALUES (?, ?)", (NEIGHBOUR, CANARIES["gradebook"]))


def scores(course, student):
    """{grade_id: points} in the gradebook, None where there is no score; {} if the student was not graded."""
    query = """SELECT base_cell.name, CASE WHEN grade.manual_score IS NULL THEN grade.auto_score ELSE grade.manual_score END
               + COALESCE(grade.extra_credit, 0) FROM grade JOIN base_cell ON grade.cell_id = base_cell.id
               JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
               JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
               WHERE submitted_assignment.student_id = ? AND base_cell.name LIKE 'check-%'"""
    try:
        with sqlite3.connect(course / "gradebook.db") as db:
            return dict(db.execute(query, (student,)).fetchall())
    except sqlite3.Error:
        return {}


def run(submission, template, active):
    """Grade one submission and the neighbour after it. Returns what came of it."""
    with tempfile.TemporaryDirectory(prefix="stock-", dir=template.parent) as folder, listener() as (port, received):
        shutil.copytree(template, folder, dirs_exist_ok=True, symlinks=True)
        course, home = Path(folder, "course"), Path(folder, "home")
        places = {"COURSE": course, "HOME": home, "PORT": port}
        release, submitted = course / "release" / ASSIGNMENT / NOTEBOOK, course / "submitted"
        HONEST.write(submitted / NEIGHBOUR / ASSIGNMENT, release, places)
        neighbour = submitted / NEIGHBOUR / ASSIGNMENT / NOTEBOOK
        neighbour.write_text(neighbour.read_text().replace("Room for", f"{CANARIES['neighbour']} Room for"))
        submission.write(submitted / submission.name / ASSIGNMENT, release, places)
        kept = ("autograded", "feedback")
        before = fingerprints(course, kept), fingerprints(home)
        log = nbgrader(course, home, "autograde", ASSIGNMENT)
        if log is not None:
            nbgrader(course, home, "generate_feedback", ASSIGNMENT)
        changed = differences(before[0], fingerprints(course, kept)) + differences(before[1], fingerprints(home))
        ours, theirs = scores(course, submission.name), scores(course, NEIGHBOUR)
        texts, pages = [], []
        for path in Path(course, "feedback", submission.name).rglob("*.*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 5e7:
                texts.append(path.read_text(errors="replace"))
                pages += [path] if path.suffix == ".html" else []
        plain = active(Path(course, "feedback", NEIGHBOUR, ASSIGNMENT, f"{ASSIGNMENT}.html"))
        return {
            "hung": log is None,
            "scores": ours,
            "neighbour": theirs,
            "leaked": sorted(
                {name for text in [*texts, *(r.decode(errors="replace") for r in received)] for name in leaks(text)}
            ),
            "changed": [path for path in changed if not path.startswith(GRADER_OWN)],
            "active": sorted({part for page in pages for part in set(active(page)) - set(plain)}),
        }


def main(names):
    """Grade the named submissions (all, if none is named), each beside controls, and store what stock nbgrader did."""
    stored = HERE / "stock.json"
    results = json.loads(stored.read_text()) if stored.exists() else {}
    controls = [Submission(f"control-{e}", "", tuple(x for x in EXERCISES if x != e), {e: WRONG[e]}) for e in EXERCISES]
    with tempfile.TemporaryDirectory(prefix="attacks-", dir="/var/tmp") as folder, browser() as active:
        template = Path(folder, "template")
        make_course(template)
        for submission in [Submission("control-honest", ""), *controls, *ATTACKS, *BROKEN]:
            if submission.name in names or not names:
                results[submission.name] = run(submission, template, active)
                print(submission.name, json.dumps(results[submission.name], ensure_ascii=False), flush=True)
                stored.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
