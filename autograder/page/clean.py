"""What a student's notebook shows, made harmless and bounded: HTML, printed text, pictures, and a notebook's outputs as a whole.

Nothing that is left runs, calls anybody or sends a reader anywhere. The cost grows with the length of what is read, and what is
left is never more than a few times as long.
"""

import html
import re

import nh3
from nbformat.v4 import new_output

MAX_TEXT = 20_000  # characters of one output; nobody reads more of it
MAX_LINES = 1_000  # of one output
MAX_PICTURE = 700_000  # characters of base64: half a megabyte
MAX_OUTPUTS = 100  # of one cell
MAX_NOTEBOOK = 2_000_000  # characters of all outputs of a notebook; an honest one has a quarter of it
GROWTH = 6  # how much longer clean HTML may be than what it was made from: `<td>` alone becomes a table
# Pictures and plain text are shown as they are, HTML after cleaning; JavaScript, SVG, LaTeX and widgets are left out.
PICTURES = ("image/png", "image/jpeg")
INLINE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=]+")
# Terminal codes: colours and movements, titles and links, and what is left of broken ones.
TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?", re.DOTALL)
OVERWRITTEN = re.compile(r"^[^\n]*\r", re.MULTILINE)
# Control characters, lone halves of characters, and what turns the direction of a line.
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

MATH = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose",
}  # fmt: skip
TAGS = MATH | {
    "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "img", "ins", "kbd", "li", "ol", "p", "pre", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}} | {
    tag: {"display", "mathvariant", "stretchy", "fence", "separator", "displaystyle", "scriptlevel", "width", "accent"}
    for tag in MATH
}
SAFE_VALUE = re.compile(r"[a-z0-9.-]{1,30}")
# An element of these that is left open is opened again in each paragraph that follows, with all its attributes: a page of a few
# kilobytes grows a thousandfold. What a student writes is read without them.
REOPENED = re.compile(r"(</?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE)


def clean_html(text):
    """A student's HTML without scripts, styles, links, forms and remote pictures; as text if there is too much of it."""
    return clean_markup(REOPENED.sub(r"\1span", text), len(text)) if len(text) <= MAX_TEXT else as_text(text)


def clean_markup(markup, length):
    """HTML that was rendered from a student's text of this length, with nothing in it but what TAGS and ATTRIBUTES name.

    Formulas in it are not for MathJax, which formgrader's page may bring along: it could be told to load code.
    """
    clean = nh3.clean(markup, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=_attribute, url_schemes={"data"}, link_rel=None)
    if len(clean) > GROWTH * length + 1000:
        return as_text(markup)
    return f'<div class="tex2jax_ignore mathjax_ignore">{clean}</div>'


def _attribute(tag, name, value):
    """The value of an attribute, or None to drop it."""
    if name == "alt":
        return value[:200]
    allowed = INLINE if name == "src" else SAFE_VALUE
    return value if allowed.fullmatch(value) else None


def as_text(markup):
    """HTML that shows a text as it stands."""
    return f"<pre>{html.escape(clean_text(markup), quote=False)}</pre>"


def clean_text(text, most=MAX_TEXT):
    """Printed text without a terminal's codes, shortened; of a line that was written over, such as a progress bar, its end."""
    most = min(most, _end_of_line(text, MAX_LINES))
    rest = len(text) - most
    text = INVISIBLE.sub("", OVERWRITTEN.sub("", TERMINAL.sub("", text[:most]).replace("\r\n", "\n")))
    return text if rest <= 0 else f"{text}\n... ({rest:,} more characters)"


def _end_of_line(text, number):
    """Where a line ends, the first having the number 1; the end of the text if it has fewer."""
    place = -1
    for _ in range(number):
        place = text.find("\n", place + 1)
        if place < 0:
            return len(text)
    return place


def clean_notebook(notebook):
    """Clean all outputs of an executed notebook, in place."""
    left = MAX_NOTEBOOK
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        kept = []
        for output in clean_outputs(cell.outputs):
            left -= _length(output)
            if left < 0:
                kept.append(new_output("stream", name="stderr", text="(What follows is not shown: there is too much of it.)\n"))
                break
            kept.append(output)
        cell.outputs = kept
        if type(cell.execution_count) is not int:  # the kernel says what it likes
            cell.execution_count = None


def clean_outputs(outputs):
    """Outputs of a cell in which nothing runs when they are shown; at most MAX_OUTPUTS."""
    clean = [kept for output in outputs[:MAX_OUTPUTS] if (kept := _clean_output(output))]
    if len(outputs) > MAX_OUTPUTS:
        clean.append(new_output("stream", name="stderr", text=f"({len(outputs) - MAX_OUTPUTS:,} more outputs are not shown.)\n"))
    return clean


def _clean_output(output):
    if output.output_type == "stream":
        return new_output("stream", name="stderr" if output.name == "stderr" else "stdout", text=clean_text(str(output.text)))
    if output.output_type == "error":
        name, said = clean_text(str(output.ename), 100), clean_text(str(output.evalue), 2_000)
        trace = clean_text("\n".join(map(str, output.traceback[:200])))
        return new_output("error", ename=name, evalue=said, traceback=trace.split("\n"))
    data = {kind: str(output.data[kind]) for kind in PICTURES if _is_picture(kind, output.data.get(kind))}
    if "text/html" in output.data:
        data["text/html"] = clean_html(str(output.data["text/html"]))
    if "text/plain" in output.data:
        data["text/plain"] = clean_text(str(output.data["text/plain"]))
    count = {"execution_count": output.get("execution_count")} if output.output_type == "execute_result" else {}
    return new_output(output.output_type, data=data, **count) if data else None


def _is_picture(kind, data):
    data = str(data or "")
    starts = {"image/png": "iVBORw0KGgo", "image/jpeg": "/9j/"}  # the first bytes of every such file, in base64
    return len(data) <= MAX_PICTURE and data.startswith(starts[kind]) and bool(re.fullmatch(r"[A-Za-z0-9+/=\s]+", data))


def _length(output):
    texts = [*output.get("data", {}).values(), output.get("text", ""), *output.get("traceback", ())]
    return sum(map(len, texts))
