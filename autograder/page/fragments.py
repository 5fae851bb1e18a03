"""The parts of a page that touch a student's text: rendered, cleaned and bounded, in the process that judges the submission.

The page is put together from them later, outside and cheaply, whenever a score or a comment changes.
"""

import base64
import html
import io
import re

from nbgrader.utils import is_grade, is_solution, is_task
from PIL import Image

from autograder.page import markdown
from autograder.page.clean import GROWTH, PICTURES, clean_text
from autograder.page.code import highlight
from autograder.page.grades import SCHEME

# The limits of a page, in bytes, together below 1 MB. An honest notebook of the course has a tenth of them.
MAX_ANSWERS, MAX_NOTEBOOK = 300_000, 500_000
MAX_MARKDOWN = 100_000  # characters of a notebook that are rendered; what is behind them is shown as it stands
MAX_OUTPUT = 4_000  # characters of printed text
MAX_PICTURES = 40_000  # bytes of all pictures: readers have them in their own notebook, larger and sharper
MAX_PIXELS = 10_000_000  # of all pictures, before they are made smaller: a few bytes can hold millions
WIDTH, COLOURS = 440, 12
QUOTED_LINE = re.compile(r"\b[Ll]ine (\d{1,4})\b(?: of its cell)?(?:, `([^`]*)`)?")
UNTOUCHED = ("# YOUR CODE HERE", "raise NotImplementedError()")  # the release's: there is nothing to look at
NOTEBOOK = "notebook"  # the key of the whole notebook


def function_key(name):
    """The key of the code of a function."""
    return f"function {name}"


def answer_key(grade_id):
    """The key of what a person grades: the question, if it is a cell of its own, and the answer."""
    return f"answer {grade_id}"


def fragments(notebook, cases):
    """What a page shows of a notebook.

    notebook: rebuilt, executed, and cleaned by `clean_notebook`.
    cases: the CaseResults about it; a line that a message names is marked in the function's code.
    Returns: {key: HTML}, in the order of the notebook; the keys are those of `function_key`, `answer_key` and NOTEBOOK.
    """
    exercises = {case.exercise for case in cases}
    made, left = {}, MAX_ANSWERS
    renderer = _Renderer()
    for i, cell in enumerate(notebook.cells):
        name = _grade_id(cell)
        if name in exercises and cell.cell_type == "code" and is_solution(cell):
            if all(text in cell.source for text in UNTOUCHED):
                continue
            key, shown = function_key(name), renderer.code(cell.source, _marked(cell.source, name, cases))
        elif is_task(cell) or (is_grade(cell) and is_solution(cell)):
            own = [cell, *_behind(notebook.cells[i + 1 :])] if is_task(cell) else [cell]
            key, shown = answer_key(name), "".join(renderer.cell(part) for part in own)
        else:
            continue
        left -= len(shown.encode())
        made[key] = shown if left > 0 else "<p>This is too long to be shown here.</p>"
    made[NOTEBOOK] = _notebook(notebook, renderer, exercises)
    return made


def _behind(cells):
    """The answer to a question: the cells behind it, up to the next that belongs to the course's text."""
    for cell in cells:
        if _grade_id(cell) or (cell.source.lstrip().startswith("#") and cell.cell_type == "markdown"):
            return
        yield cell


def _notebook(notebook, renderer, exercises):
    parts, left = [], MAX_NOTEBOOK
    for cell in notebook.cells:
        # The table of cases, and the score that nbgrader reads, stand further up on the page.
        outputs = cell.get("outputs", ())
        if (_grade_id(cell) or "").removeprefix("check-") in exercises and is_grade(cell):
            outputs = [output for output in outputs if output.output_type in ("stream", "error")]
        shown = renderer.cell(cell, outputs)
        left -= len(shown.encode())
        if left < 0:
            parts.append("<p>The rest of the notebook is not shown: it is too long.</p>")
            break
        anchor = f' id="cell-{html.escape(_grade_id(cell))}"' if _grade_id(cell) else ""
        parts.append(f'<div class="cell"{anchor}>{shown}</div>')
    return "\n".join(parts)


def _marked(source, name, cases):
    """The lines of a function's cell that a message names, if what it quotes stands there."""
    lines = source.split("\n")
    found = [QUOTED_LINE.finditer(case.message) for case in cases if case.exercise == name and not case.passed]
    named = {(int(match[1]), match[2]) for matches in found for match in matches}
    return {number for number, text in named if 0 < number <= len(lines) and text in (None, lines[number - 1].strip())}


def _grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


class _Renderer:
    """Renders the cells of one notebook, within limits for all of them together."""

    def __init__(self):
        self.markdown, self.pictures, self.pixels, self.known = MAX_MARKDOWN, MAX_PICTURES, MAX_PIXELS, {}

    def cell(self, cell, outputs=None):
        """The HTML of a cell. outputs: those to show, if not all."""
        if cell.cell_type != "code":
            # Students see the scheme once they are graded, and not here.
            return self.text(SCHEME.sub("", cell.source) if is_task(cell) else cell.source)
        outputs = cell.outputs if outputs is None else outputs
        return self.code(cell.source) + "".join(map(self.output, outputs))

    def code(self, source, marked=()):
        return f'<pre class="code"><code>{highlight(source, marked)}</code></pre>'

    def text(self, source):
        if source not in self.known:
            self.markdown -= len(source)
            shown = markdown.render(source, 2) if self.markdown > 0 else self.plain(source)
            # A formula has no place to break: on a phone it is scrolled by itself, with the keyboard too.
            self.known[source] = f'<div class="wide" tabindex="0">{shown}</div>' if "<math" in shown else shown
        return self.known[source]

    def plain(self, text, kind="text"):
        return f'<pre class="{kind}">{html.escape(clean_text(text.rstrip(), MAX_OUTPUT), quote=False)}</pre>'

    def output(self, output):
        """The HTML of a clean output."""
        if output.output_type == "stream":
            return self.plain(output.text, "out" if output.name == "stdout" else "out wrong")
        if output.output_type == "error":
            return self.plain("\n".join(output.traceback), "out wrong")
        for kind in PICTURES:
            if kind in output.data:
                return self.picture(output.data[kind])
        if "text/html" in output.data and len(output.data["text/html"]) < MAX_OUTPUT * GROWTH:
            return f'<div class="out wide" tabindex="0">{output.data["text/html"]}</div>'
        return self.plain(output.data.get("text/plain", ""), "out")

    def picture(self, data):
        small = self.shrink(data) if self.pictures > 0 else ""
        self.pictures -= len(small)
        if not small or self.pictures < 0:
            return '<p class="out">A picture, which is in your own notebook.</p>'
        return f'<img class="out" alt="a picture that this cell made" src="data:image/png;base64,{small}">'

    def shrink(self, data):
        """A picture (base64) at the size of a page and in few colours, as PNG in base64; empty if it cannot be read."""
        try:
            with Image.open(io.BytesIO(base64.b64decode(data)), formats=("PNG", "JPEG")) as picture:
                self.pixels -= picture.width * picture.height
                if self.pixels < 0:
                    return ""
                picture = picture.convert("RGBA")
        except Exception:  # Pillow has no list of what a broken file raises
            return ""
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        paper.thumbnail((WIDTH, WIDTH * 2), Image.Resampling.LANCZOS)
        small = io.BytesIO()
        paper.quantize(COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        return base64.b64encode(small.getvalue()).decode()
