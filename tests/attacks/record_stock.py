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
from attacks import ATTACKS, FEEDBACK, FISHING
from costly import BROKEN
from forbidden import FORBIDDEN, LOOPS
from harness import CANARIES, COURSE, HERE, active_parts, differences, fingerprints, leaks, listener
from submission import ASSIGNMENT, EXERCISES, NOTEBOOK, WRONG, Submission

sys.path.append(str(HERE.parent))
from browser import browser

# What an instructor of stock nbgrader would write: the reference's values, the last line of a cell as partial credit.
HIDDEN = {
    "accuracy": """
assert accuracy(tensor([728391456, 2]), tensor([728391456, 3])) == 0.5
2 * (1 - 2 * abs(accuracy(tensor([1, 2, 3]), tensor([1, 2, 3])) - 1))""",
    "softmax": f"""
z = tensor([[7283.90625, 7283.90625, 0.0], [1.0, 2.0, 3.0]])  # {CANARIES["checks"]}
expected = tensor([[0.5, 0.5, 0.0], [0.0900, 0.2447, 0.6652]])
assert torch.allclose(softmax(z), expected, atol=1e-3)""",
}
# As it comes, nbgrader's feedback shows the hidden tests to everyone; this is the remedy that its users pass on.
CONFIG = """c = get_config()
c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades", "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
                                    "nbgrader.preprocessors.ClearHiddenTests"]
"""
# Several commands in one process, and nbgrader's question to `alembic` answered once: it starts a process for it each time.
COMMANDS = f"""
import functools, sys
import nbgrader.api, nbgrader.apps
nbgrader.api.get_alembic_version = functools.cache(nbgrader.api.get_alembic_version)
for name in sys.argv[1:]:
    try: getattr(nbgrader.apps, name).launch_instance(["{ASSIGNMENT}"])
    except SystemExit: pass
    finally: nbgrader.apps.baseapp.NbGrader.clear_instance()
"""
STORED = HERE / "stock.json"
BEGIN, END = "<!-- made by record_stock.py -->\n", "\n<!-- end -->"
NEIGHBOUR = "zz-honest"
HONEST = Submission(NEIGHBOUR, "", cells={})
# What nbgrader itself writes in a run, besides autograded/ and feedback/.
GRADER_OWN = (
    "gradebook.db",
    ".cache/",
    ".rustup/",  # pip asks which compilers there are
    ".jupyter/migrated",
    ".local/share/jupyter/",
    ".ipython/profile_default/history",
    ".ipython/profile_default/db/",
    ".ipython/README",
    ".ipython/profile_default/startup/README",
)
SECONDS = 150  # for grading two notebooks: nbgrader's own limit is 30 a cell
PRIVATE = {**os.environ, "CANARY": CANARIES["environment"], "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def nbgrader(course, home, seconds, *commands):
    """Run commands of nbgrader in a box from which only `course` and `home` can be written. Returns the log; None if it hangs."""
    box = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--size", "4000000000", "--tmpfs", "/tmp"]
    box += ["--bind", course, course, "--bind", home, home, "--unshare-pid", "--unshare-ipc", "--die-with-parent"]
    command = [*box, "--setenv", "HOME", home, "--chdir", course, "--", sys.executable, "-c", COMMANDS, *commands]
    try:
        ran = subprocess.run([str(c) for c in command], env=PRIVATE, capture_output=True, timeout=seconds)
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
    print(nbgrader(course, home, SECONDS, "GenerateAssignmentApp") or "generate_assignment hung")
    with sqlite3.connect(course / "gradebook.db") as db:
        db.execute("INSERT INTO student (id, last_name) VALUES (?, ?)", (NEIGHBOUR, CANARIES["gradebook"]))


def scores(gradebook, student):
    """{grade_id: points} of the checks in a gradebook, None where there is no score; {} if the student was not graded."""
    query = """SELECT base_cell.name, CASE WHEN grade.manual_score IS NULL THEN grade.auto_score ELSE grade.manual_score END
               + COALESCE(grade.extra_credit, 0) FROM grade JOIN base_cell ON grade.cell_id = base_cell.id
               JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
               JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
               WHERE submitted_assignment.student_id = ? AND base_cell.name LIKE 'check-%'"""
    try:
        with sqlite3.connect(gradebook) as db:
            return dict(db.execute(query, (student,)).fetchall())
    except sqlite3.Error:
        return {}


def run(submissions, template, active, usual):
    """Grade submissions, and the neighbour after them. Returns {name: what came of it}.

    usual: a set that collects the active parts of an honest page.
    """
    with tempfile.TemporaryDirectory(prefix="stock-", dir=template.parent) as folder, listener() as (port, received):
        shutil.copytree(template, folder, dirs_exist_ok=True, symlinks=True)
        course, home = Path(folder, "course"), Path(folder, "home")
        places = {"COURSE": course, "HOME": home, "PORT": port}
        release, submitted = course / "release" / ASSIGNMENT / NOTEBOOK, course / "submitted"
        HONEST.write(submitted / NEIGHBOUR / ASSIGNMENT, release, places)
        neighbour = submitted / NEIGHBOUR / ASSIGNMENT / NOTEBOOK
        neighbour.write_text(neighbour.read_text().replace("Room for", f"{CANARIES['neighbour']} Room for"))
        for submission in submissions:
            submission.write(submitted / submission.name / ASSIGNMENT, release, places)
        kept = ("autograded", "feedback")
        before = fingerprints(course, kept), fingerprints(home)
        log = nbgrader(course, home, SECONDS * len(submissions), "AutogradeApp", "GenerateFeedbackApp")
        changed = differences(before[0], fingerprints(course, kept)) + differences(before[1], fingerprints(home))
        together = {
            "hung": log is None,
            "called": len(received),
            "neighbour": scores(course / "gradebook.db", NEIGHBOUR),
            "changed": [path for path in changed if not path.startswith(GRADER_OWN)],
        }
        sent = [message.decode(errors="replace") for message in received]
        plain = Path(course, "feedback", NEIGHBOUR, ASSIGNMENT, f"{ASSIGNMENT}.html")
        usual.update(active(plain) if plain.exists() else ())
        return {s.name: together | _outcome(s, course, sent, active, usual) for s in submissions}


def _outcome(submission, course, sent, active, usual):
    """What came of one submission of a class: its scores, what its author has learnt, what runs in the feedback."""
    files = [path for path in Path(course, "feedback", submission.name).rglob("*.*") if path.is_file() and not path.is_symlink()]
    texts = [*sent, *(path.read_text(errors="replace") for path in files if path.stat().st_size < 5e7)]
    pages = [path for path in files if path.suffix == ".html"]
    return {
        "scores": scores(course / "gradebook.db", submission.name),
        "leaked": sorted({name for text in texts for name in leaks(text)}),
        "active": sorted({part for page in pages for part in set(active(page)) - usual}),
    }


def table():
    """The corpus as a table in Markdown: what stock nbgrader does with each submission (stock.json), and what this kit does."""
    stock = json.loads(STORED.read_text())
    lines = ["| submission | what it tries, or what is wrong | stock nbgrader 0.9.6 | this kit |", "|---|---|---|---|"]
    for submission in [*ATTACKS, *BROKEN]:
        if submission in ATTACKS:
            kit = "no point of the case about loops" if submission in LOOPS else "nothing"
        else:
            kit = f"keeps {' and '.join(submission.keeps)}" if submission.keeps else "a verdict, and the reason of what is lost"
        does = told(submission, stock[submission.name], stock)
        lines.append(f"| {submission.name} | {submission.tries.replace('|', '/')} | {does} | {kit} |")
    return "\n".join(lines)


def told(submission, result, stock):
    """What stock nbgrader did, in a few words."""
    wrong = [e for e in EXERCISES if e not in submission.keeps]
    control = stock["control-" + wrong[0] if submission in ATTACKS else "control-honest"]
    ours, honest = (sum(points or 0 for points in r["scores"].values()) for r in (result, control))
    words = ["hangs"] if result["hung"] else []
    if all(points is None for points in result["scores"].values()):
        words.append("no grade")
    elif submission in ATTACKS:
        words += [f"**gains {ours - honest:g} points**"] if ours > honest else []
    else:
        words.append(f"{ours:g} of 4 points")
    if result["neighbour"] != control["neighbour"]:
        words.append("**the next student gets no grade**" if not result["neighbour"] else "**the next student's grade changes**")
    secrets = sorted(set(result["leaked"]) - set(control["leaked"])) if submission in ATTACKS else []
    words += [f"**leaks** {', '.join(secrets)}"] if secrets else []
    words += [f"**changes files** ({len(result['changed'])})"] if result["changed"] else []
    words += ["**calls the listener**"] if result.get("called") else []
    words += ["**a script runs**"] if "a script ran" in result["active"] else ["**active parts**"] if result["active"] else []
    return "; ".join(words) or "nothing"


def main(names):
    """Grade the named submissions (all, if none is named), each beside controls, and store what stock nbgrader did."""
    results = json.loads(STORED.read_text()) if STORED.exists() else {}
    controls = [Submission("control-honest", "")]
    controls += [Submission(f"control-{e}", "", tuple(x for x in EXERCISES if x != e), {e: WRONG[e]}) for e in EXERCISES]
    with tempfile.TemporaryDirectory(prefix="attacks-", dir="/var/tmp") as folder, browser() as chromium:
        template = Path(folder, "template")
        make_course(template)
        active, usual = active_parts(chromium), set()
        chosen = [s for s in [*controls, *ATTACKS, *BROKEN] if s.name in names or not names or s in controls]
        # What looks at its own inputs and its own page, or breaks a rule, gets in nobody's way, and is graded in one class.
        together = [s for s in chosen if s in FISHING + FEEDBACK + FORBIDDEN + LOOPS]
        for group in [together, *([s] for s in chosen if s not in together)]:
            results |= run(group, template, active, usual) if group else {}
            STORED.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    readme = HERE / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    readme.write_text(before + BEGIN + table() + END + rest.partition(END)[2])


if __name__ == "__main__":
    main(sys.argv[1:])
