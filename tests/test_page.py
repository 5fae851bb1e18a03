"""The feedback page: what it says, what it holds back, how large it gets, and who can read it."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, require_chromium
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.formgrader import handlers
from playwright.sync_api import sync_playwright

from autograder import configuration
from autograder.judging.verdict import CaseResult, Verdict
from autograder.page import Grade, clean_notebook, fragments, page

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


@pytest.fixture(scope="module")
def chromium():
    require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


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
    """{name: bytes of the page, of formgrader's, and of the stored notebook} of students who write a text of SLOW everywhere."""
    made = {name: everywhere(text) for name, text in SLOW.items()}
    return {name: [len(page_of(m).encode()), len(formgrader_page(m)), len(nbformat.writes(m))] for name, m in made.items()}


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
        assert ours < 1e6 and formgraders < 8e6 and stored < 3e6, name
