"""What formgrader shows of a submission, in the instructor's own Jupyter session: nbgrader's templates with filters of ours."""

from functools import lru_cache
from pathlib import Path

import nbgrader
from jinja2 import Environment, PackageLoader
from nbformat.v4 import new_output

from autograder.page import markdown
from autograder.page.code import highlight
from autograder.page.summary import number, summaries

# Folders with a folder `formgrade`: ours has the one template that differs, without a MathJax from the internet.
TEMPLATES = [str(Path(__file__).parent), str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates")]


def markdown2html(source):
    """nbconvert's filter of this name: a student's Markdown, clean, with its formulas as MathML."""
    return markdown.render(source)


def highlight_code(source, metadata=None):
    """nbconvert's filter of this name: Pygments' takes minutes for some thousand blank lines."""
    return f'<div class="highlight"><pre>{highlight(source)}</pre></div>'


def case_outputs(cases, score, possible, sandboxed):
    """The outputs of a graded check cell: a table of its cases, and the score in the form that nbgrader reads.

    nbgrader takes the first `execute_result` that reads as a float for partial credit; it is a plain float here, because
    anything else (a tensor, a NaN) would count as full marks.
    """
    text = "\n".join(f"{'passed' if c.passed else 'FAILED'}  {c.case}{': ' + c.message if c.message else ''}" for c in cases)
    (summary,) = summaries(cases)
    html = _template().render(summary=summary, score=score, possible=possible, sandboxed=sandboxed)
    return [
        new_output("display_data", data={"text/html": html, "text/plain": text}),
        new_output("execute_result", data={"text/plain": repr(float(score))}),
    ]


@lru_cache
def _template():
    environment = Environment(loader=PackageLoader(__package__, "."), autoescape=True, trim_blocks=True)
    environment.filters["number"] = number
    return environment.get_template("cases.html.j2")
