"""The feedback page: what it says, what it holds back, how large it gets, and who can read it."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import COURSE, ROOT
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.formgrader import handlers

from autograder import configuration
from autograder.judging.verdict import CaseResult, Verdict
from autograder.page import WAITS, Grade, clean_notebook, fragments, page
from autograder.page.summary import summaries

# What a student may write to make the reader's browser ask for something.
CALLS = """\
<img src="/logout"><img src="//evil.example/a.png"><img srcset="http://evil.example/b 2x"><img src="data:image/svg+xml,<svg/>">
<link rel="stylesheet" href="http://evil.example/c.css"><link rel="dns-prefetch" href="//evil.example">
<base href="//evil.example"><meta http-equiv="refresh" content="0;url=http://evil.example/d">
<p style="background:url(http://evil.example/e)">styled</p><a href="/logout" ping="http://evil.example/h">link</a>
<style>@import "http://evil.example/f"; body { background: url(/g) }</style>
<iframe src="/i"></iframe><object data="/j"></object><embed src="/k"><video poster="/l" src="/m"></video><audio src="/n"></audio>
<svg><image href="/o"/><use href="http://evil.example/p#q"/><style>@import "/r"</style></svg>
<table background="/s"><td background="/t">cell</td></table><picture><source srcset="/bb"></picture><body background="/aa">
<math href="/u"><mi href="/v" style="background:url(/w)">x</mi>
<annotation-xml encoding="text/html"><img src="/x"></annotation-xml></math>
<input type="image" src="/y"><form action="/z"><button>Go</button></form>
![a picture](/cc) [a link](/dd) <http://evil.example/ee> ![inline](data:image/png;base64,iVBORw0KGgo=)
"""
TEX = r"""$\require{mhchem}$ $\unicode{60}$ $$\href{/tex}{x}$$ \(\href{/tex}{x}\) \[\require{action}\]
\begin{equation}\href{/t}{y}\end{equation} $\class{a}{b}$ $\style{background:url(/tex)}{c}$
`$` <p>$</p> \href{/tex}{z} <p>$</p>
"""
# What was slow to show, or grew.
SLOW = {
    "blank lines": "\n" * 100_000,
    "blanks": " " * 19_000 + "x",
    "quotes": '"\\' * 9_500,
    "open elements": "".join(f"<p><b class={i}><i id={i}>x</p>" for i in range(500)),
    "open paragraphs": "<b>" * 3_000 + "<p>x" * 2_000,
    "tables": "<table><td>" * 1_800,
    "a wide table": "|" + "a|" * 1_600 + "\n|" + "-|" * 1_600 + "\n" + "|\n" * 6_000,
    "many references": "[a]: http://" + "x" * 10_000 + "\n\n" + "[a]" * 3_000,
    "brackets": "![" * 9_500,
    "quotes in quotes": "> " * 9_500 + "a",
    "lists": "- " * 9_500 + "a",
    "stars": "*_" * 9_500,
    "formulas": "$x^{" * 2_000 + "}$" * 2_000,
    "terminal codes": "\x1b[31m\x1b]8;;" * 2_000,
    "carriage returns": "x\r" * 9_000 + "x" * 200_000,
    "four bytes a letter": "\U0001f600" * 19_000,
    "to be escaped": "<&>" * 6_300,
    "deep": "<div>" * 3_900,
}


def check(exercise, *messages, titles=("a random batch", "a single row", "zeros")):
    """CaseResults of one exercise, a point each; an empty message is a passed case."""
    points = [0.0 if message else 1.0 for message in messages]
    return tuple(CaseResult(exercise, t, not m, m, p, 1.0) for t, m, p in zip(titles, messages, points, strict=False))


def notebook(*cells):
    """A notebook of these cells, as `fragments` expects it."""
    made = new_notebook(cells=list(cells))
    clean_notebook(made)
    return made


def function(name, source):
    """A cell in which a student writes a function."""
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": name, "solution": True, "grade": False}})


def outputs(text):
    """All forms in which a cell can show a text."""
    data = {
        "text/html": text,
        "text/plain": text,
        "image/png": text,
        "text/markdown": text,
        "image/svg+xml": text,
        "text/latex": text,
    }
    return [
        new_output("stream", name="stdout", text=text),
        new_output("error", ename=text, evalue=text, traceback=[text]),
        new_output("display_data", data=data),
        new_output("execute_result", data={"text/plain": text}, execution_count=1),
    ]


def everywhere(text):
    """A notebook that has a text in every place where a student can put one."""
    return notebook(
        new_markdown_cell(text),
        new_code_cell(text, outputs=outputs(text)),
        function("f", text),
        new_markdown_cell(text, metadata={"nbgrader": {"grade_id": "answer-why", "solution": True, "grade": True, "points": 2}}),
    )


def page_of(made, verdict=None, grades=None):
    verdict = verdict or Verdict("04-logistic-regression", "chen", True, (), check("f", "Wrong."))
    return page(verdict, fragments(made, verdict.cases), grades or {})


def formgrader_page(made):
    """What formgrader shows of a graded notebook; as in nbgrader/server_extensions/formgrader."""
    config = configuration.config(ROOT)
    config.HTMLExporter.template_name = "formgrade"
    names = ("assignment_id", "notebook_id", "submission_id", "base_url", "student", "last_name", "first_name", "notebook_path")
    resources = dict.fromkeys(names, "x") | {"index": 0, "total": 1, "base_url": "/x"}
    return HTMLExporter(config=config).from_notebook_node(made, resources=resources)[0]


def test_what_is_right_given_an_earlier_function_is_not_called_failed():
    right, wrong = "Right, given a right `softmax`.", "Wrong."
    given = CaseResult("f", "a random batch", False, right, 1.0, 1.0)
    (summary,) = summaries(
        [given, CaseResult("f", "zeros", False, wrong, 0.0, 1.0), CaseResult("f", "inputs", False, "x", 0.0, 0)]
    )
    assert {f.sentence: f.free for f in summary.findings} == {wrong: False, right: True, "x": False}


STATIC = "/formgrader/static/"


@pytest.fixture
def opened(chromium):
    """A function: what a page does when it is opened and unfolded: (addresses asked for, texts for MathJax, errors of scripts).

    Formgrader's own scripts are there, as on an instructor's machine; nothing else answers.
    """

    def opened(html):
        asked, errors, tab = [], [], chromium.new_page()

        def answer(route):
            address = route.request.url
            if address == "http://jupyter.example/lab":
                route.fulfill(body=html, content_type="text/html; charset=utf-8")
            elif address.startswith("http://jupyter.example/x" + STATIC):
                route.fulfill(path=Path(handlers.static_path, address.partition(STATIC)[2]))
            else:
                asked.append(address)
                route.abort()

        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.route(lambda address: not address.startswith("data:"), answer)
        tab.goto("http://jupyter.example/lab", wait_until="load")
        tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        tab.wait_for_timeout(200)
        left = tab.evaluate(FOR_MATHJAX)
        tab.close()
        return asked, left, errors

    return opened


# The texts that MathJax would look at; in formgrader it could have come along. The names are those of its configuration.
FOR_MATHJAX = r"""() => {
    const skipped = "script, noscript, style, textarea, pre, code, math, .tex2jax_ignore, .mathjax_ignore";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode())
        if (/[$]|\\[(\[]|\\begin|\\href/.test(walker.currentNode.data) && !walker.currentNode.parentElement.closest(skipped))
            found.push(walker.currentNode.data);
    return found;
}"""


@pytest.mark.parametrize("text", [CALLS, TEX, CALLS.replace("\n", "\n\n")], ids=["markup", "formulas", "paragraphs"])
def test_a_page_calls_nobody(text, opened):
    verdict = Verdict("04-logistic-regression", "chen", True, (text,), check("f", text))
    grades = {"answer-why": Grade(1, 2, comment=text, by_hand=True, scheme=text)}
    assert opened(page_of(everywhere(text), verdict, grades)) == ([], [], [])


@pytest.mark.parametrize("text", [CALLS, TEX], ids=["markup", "formulas"])
def test_formgrader_works_and_calls_nobody_for_a_student(text, opened):
    asked, left, errors = opened(formgrader_page(everywhere(text)))
    assert all(address.startswith("http://jupyter.example/x/formgrader/api/") for address in asked)  # scores, of its own server
    assert not left and not errors


def sizes():
    """{name: bytes of the page, of formgrader's, and of the stored outputs} of students who write a text of SLOW everywhere."""
    found = {}
    for name, text in SLOW.items():
        made = everywhere(text)
        found[name] = [len(page_of(made).encode()), len(formgrader_page(made).encode())]
        found[name].append(sum(len(json.dumps(cell.get("outputs", []))) for cell in made.cells))
    return found


@pytest.mark.long
def test_a_page_stays_below_a_megabyte_whatever_was_handed_in():
    """In a process with limits on CPU time and memory: some of these took minutes, others gigabytes."""

    def limits():
        resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))

    command = [sys.executable, "-c", "import json, test_page; print(json.dumps(test_page.sizes()))"]
    run = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, preexec_fn=limits)
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout)
    assert found.keys() == SLOW.keys()
    for name, (ours, formgraders, stored) in found.items():
        assert ours < 1e6 and formgraders < 2e6 and stored < 3e6, name


def test_it_says_first_what_was_odd_and_each_sentence_once():
    cases = check("f", "Use `dim=1`.", "Use `dim=1`.", "") + check("g", "Not judged: there was no time left.")
    cases += check("h", "Not judged: there was no time left.")
    html = page_of(notebook(function("f", "def f(x):\n    return x")), Verdict("x", "chen", True, ("The file is empty.",), cases))
    main = html.index("<main")
    assert html.index("The file is empty.") < main and html.index("<strong>1</strong> of 5 points") < main
    overview, details = html[main:].split("</table>", 1)
    assert overview.count("Use <code>dim=1</code>.") == details.count("Use <code>dim=1</code>.") == 1
    assert overview.count("Not judged") == 1 and "The same as for <code>g</code>" in overview
    assert re.search(r"Seen in these cases.*a random batch.*a single row.*1 case passed.*zeros", details, re.DOTALL)


def test_the_line_that_a_message_names_is_marked():
    source = "def f(x):\n    y = x - 1\n    return y"
    for message, marked in (
        ("Line 2: look at the sign.", ["    y = x - 1"]),
        ("Your code stops at line 3 of its cell, `return y`: ValueError", ["    return y"]),
        ("Your code stops at line 3 of its cell, `another()`: ValueError", []),  # of another cell
        ("Look at line 7.", []),
    ):
        made = fragments(notebook(function("f", source)), check("f", message))["function f"]
        assert [re.sub("<.*?>", "", line) for line in re.findall("<mark>(.*?)</mark>", made)] == marked


def test_points_comments_and_the_scheme_come_from_the_gradebook():
    task = new_markdown_cell("Why?", metadata={"nbgrader": {"grade_id": "answer-why", "task": True, "points": 3}})
    task.source += "\n=== BEGIN MARK SCHEME ===\n- 1 point: secret\n=== END MARK SCHEME ==="
    made = notebook(task, new_markdown_cell("Because."), function("f", "def f(x): ..."))
    verdict = Verdict("x", "chen", True, (), check("f", "Wrong.", ""))
    grades = {"check-f": Grade(1, 2), "answer-why": Grade(0, 3, waiting=True, by_hand=True)}
    waiting = page_of(made, verdict, grades)
    assert WAITS in waiting and "<strong>1</strong> of 5" in waiting and "Because." in waiting and "secret" not in waiting
    grades = {"check-f": Grade(2, 2), "f": Grade(0, 0, "A slip."), "answer-why": Grade(2.5, 3, "Nearly.", False, True, "- one")}
    graded = page_of(made, verdict, grades)
    assert "<strong>4.5</strong> of 5" in graded and WAITS not in graded
    assert all(text in graded for text in ("A slip.", "Nearly.", "<li>one</li>"))
    assert "<strong>3.5</strong> of 5" in page(verdict, {}, grades, penalty=1.0)


def test_the_command_line_and_the_page_say_the_same():
    verdict = Verdict("x", "chen", True, (), check("e", "", "") + check("f", "Small.", "Large.", "Large.") + check("g", "Last."))
    assert verdict.worst == "f: Large."
    assert re.search(r"<code>f</code>.*?0 of 3.*?<td role=\"cell\">Large.</td>", page(verdict, {}, {}), re.DOTALL)


@pytest.fixture(scope="module")
def page_of_solution():
    """The largest page of an honest submission: what the course's own solutions show, with a mistake said of each function."""
    sizes = {}
    for assignment in COURSE.assignments:
        made = nbformat.read(COURSE.solutions / assignment / f"{assignment}.ipynb", as_version=4)
        clean_notebook(made)
        marks = [cell.metadata.get("nbgrader", {}) for cell in made.cells]
        names = [mark["grade_id"].removeprefix("check-") for mark in marks if mark.get("grade_id", "").startswith("check-")]
        cases = tuple(case for name in names for case in check(name, "Line 2: use `dim=1`.", "Use `dim=1`.", ""))
        grades = {m["grade_id"]: Grade(0, 2, "A comment.", by_hand=True) for m in marks if m.get("grade_id", "")[:7] == "answer-"}
        sizes[assignment] = page_of(made, Verdict(assignment, "chen", True, ("A note.",), cases), grades)
    assert all(len(html.encode()) < 150_000 for html in sizes.values()), {name: len(html) for name, html in sizes.items()}
    return max(sizes.values(), key=len)


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1000, "light")])
def test_everybody_can_read_a_page(page_of_solution, chromium, width, scheme):
    """No finding of axe-core, folded and unfolded; nothing is wider than the screen."""
    tab = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab.set_content(page_of_solution)
    for unfolded in (False, True):
        tab.evaluate(f"document.querySelectorAll('details').forEach(details => details.open = {str(unfolded).lower()})")
        found = Axe().run(tab).response["violations"]
        assert not [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found]
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


def test_printing_unfolds(page_of_solution, chromium):
    tab = chromium.new_page()
    tab.set_content(page_of_solution)
    passed = tab.locator("details.passed .cases").first
    assert not passed.is_visible()
    tab.emulate_media(media="print")
    assert passed.is_visible()
    tab.close()
