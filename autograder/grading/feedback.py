"""What a student and a grader see. Students' HTML and Markdown can carry scripts; here they are made harmless.

nbgrader renders both as they come, in feedback and in formgrader, so the outputs are cleaned before they are stored, and the
Markdown where it is turned into HTML.
"""

import html
import re

import nh3
from jinja2 import Environment, pass_context
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.markdown_mistune import InvalidNotebook
from nbformat.v4 import new_output
from nbgrader.preprocessors import GetGrades

NOT_GRADED = "Not graded yet: a person will read this answer. Until then it counts 0."
# Pictures and plain text are shown as they are, HTML after cleaning; JavaScript, SVG, LaTeX and widgets are left out.
PICTURES = ("image/png", "image/jpeg")
MAX_TEXT = 20_000  # characters of one output; nobody reads more of it
# TeX commands that make MathJax load code or write HTML attributes (https://docs.mathjax.org/en/v2.7-latest/tex.html).
UNSAFE_TEX = re.compile(r"\\(href|class|cssId|style|data|require|html\w*)(?![A-Za-z])")


def clean_html(text):
    """HTML without scripts, event handlers, forms, styles or unsafe links."""
    # In this order: cleaning turns entities into letters and drops comments, which could hide a command.
    return UNSAFE_TEX.sub(r"\\text", nh3.clean(text, link_rel="noopener noreferrer"))


@pass_context
def safe_markdown(context, source):
    """The filter `markdown2html` of nbconvert, with its result cleaned."""
    # Attachments are not taken over; nbconvert refuses a page that refers to a missing one.
    source = source.replace("attachment:", "#not-taken-over-")
    source = re.sub(r"[^\S\n]{100,}", " ", source)  # mistune takes a second for twenty thousand spaces
    try:
        return clean_html(HTMLExporter(exclude_anchor_links=True).markdown2html(context, source))
    except InvalidNotebook:
        return f"<pre>{html.escape(source)}</pre>"


def clean_outputs(outputs):
    """Outputs of a student's cell in which nothing runs when they are shown."""
    return [clean for output in outputs if (clean := _clean_output(output))]


def _clean_output(output):
    if output.output_type == "stream":
        output.text = _shorten(output.text)
        return output
    if output.output_type == "error":
        output.traceback = [_shorten(line) for line in output.traceback[:50]]
        output.evalue = _shorten(output.evalue)
        return output
    data = {kind: output.data[kind] for kind in PICTURES if re.fullmatch(r"[A-Za-z0-9+/=\s]+", str(output.data.get(kind, "")))}
    if "text/html" in output.data:
        data["text/html"] = clean_html(_shorten(str(output.data["text/html"])))
    if "text/plain" in output.data:
        data["text/plain"] = _shorten(str(output.data["text/plain"]))
    count = {"execution_count": output.get("execution_count")} if output.output_type == "execute_result" else {}
    return new_output(output.output_type, data=data, **count) if data else None


def _shorten(text):
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + f"\n... ({len(text) - MAX_TEXT:,} more characters)"


class GetGradesSoFar(GetGrades):
    """The grades and comments of the gradebook; an answer that still waits for its grader says so."""

    def _get_score(self, cell, resources):
        super()._get_score(cell, resources)
        about = cell.metadata.nbgrader
        grade = self.gradebook.find_grade(about.grade_id, self.notebook_id, self.assignment_id, self.student_id)
        if grade.needs_manual_grade:
            about.comment = about.get("comment") or NOT_GRADED


# A feedback page has no style sheet of ours, hence the styles; the failed cases come first, as they are what one looks for.
TABLE = Environment(autoescape=True, trim_blocks=True).from_string("""\
{% set cell = "text-align: left; vertical-align: top; padding: 0.3em 1em 0.3em 0;" %}
{% set narrow = cell ~ " white-space: nowrap;" %}
<table>
<caption>{{ score }} of {{ possible }} points{% if not sandboxed %} (graded without a sandbox){% endif %}</caption>
<thead><tr><th style="{{ cell }}"></th><th style="{{ cell }}">points</th><th style="{{ cell }}">case</th>
<th style="{{ cell }}">what we saw</th></tr></thead>
<tbody>
{% for case in cases|sort(attribute="passed") %}
<tr><td style="{{ narrow }}">{{ "\u2713 passed" if case.passed else "\u2717 failed" }}</td>
<td style="{{ narrow }}">{{ "%.2f"|format(case.points) }} / {{ "%.2f"|format(case.possible) }}</td>
<td style="{{ cell }}">{{ case.case }}</td><td style="{{ cell }}">
{% if case.passed and case.points < case.possible %}Counts as much as the other cases are passed.
{% elif not case.passed %}<strong>{{ case.message }}</strong>{% endif %}</td></tr>
{% endfor %}
</tbody>
</table>
""")


def case_outputs(cases, score, possible, sandboxed):
    """The outputs of a graded check cell: a table of its cases, and the score in the form that nbgrader reads.

    nbgrader takes the first `execute_result` that reads as a float for partial credit; it is a plain float here, because
    anything else (a tensor, a NaN) would count as full marks.
    """
    text = "\n".join(f"{'passed' if c.passed else 'FAILED'}  {c.case}{': ' + c.message if c.message else ''}" for c in cases)
    html = TABLE.render(cases=cases, score=f"{round(score, 2):g}", possible=f"{possible:g}", sandboxed=sandboxed)
    return [
        new_output("display_data", data={"text/html": html, "text/plain": text}),
        new_output("execute_result", data={"text/plain": repr(float(score))}),
    ]
