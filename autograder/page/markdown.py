"""Markdown to HTML, formulas to MathML: here, so that no page needs MathJax, which would be loaded from somewhere else."""

import html
from functools import lru_cache
from xml.etree import ElementTree

from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from autograder.page.clean import INLINE, MAX_TEXT, REOPENED, as_text, clean_markup

MAX_FORMULA = 1_000  # characters; the longest of the course has a tenth


def render(source, shift=0):
    """A student's Markdown as clean HTML.

    shift: by how much headings are lowered, so that they fit below the headings of the page around them.
    """
    if len(source) > MAX_TEXT:
        return as_text(source)
    return clean_markup(_parser().render(source, {"shift": shift}), len(source))


@lru_cache
def _parser():
    """CommonMark, which is parsed in nearly linear time, with tables and formulas between dollars."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    no = dict.fromkeys(("allow_labels", "allow_blank_lines", "allow_space"), False)
    parser.use(dollarmath_plugin, double_inline=True, renderer=_formula, **no)
    for kind in ("html_inline", "html_block"):
        parser.add_render_rule(kind, lambda _self, tokens, i, _options, _env: REOPENED.sub(r"\1span", tokens[i].content))
    for kind in ("heading_open", "heading_close"):
        parser.add_render_rule(kind, _heading)
    parser.add_render_rule("link_open", lambda *_: "")
    parser.add_render_rule("link_close", _address)
    parser.add_render_rule("image", _picture)
    return parser


def _heading(_self, tokens, i, _options, env):
    slash = "/" if tokens[i].nesting < 0 else ""
    return f"<{slash}h{min(6, int(tokens[i].tag[1]) + env['shift'])}>"


def _address(_self, tokens, i, _options, _env):
    """A link is shown as its text and its address: following it, and looking up its host, is left to the reader."""
    start = next(j for j in range(i - 1, -1, -1) if tokens[j].type == "link_open")  # links do not nest
    address, shown = tokens[start].attrGet("href"), "".join(token.content for token in tokens[start:i])
    return "" if address == shown or len(address) > 200 else f" ({html.escape(address)})"


def _picture(_self, tokens, i, _options, _env):
    source, said = tokens[i].attrGet("src"), html.escape(tokens[i].content)
    return f'<img src="{source}" alt="{said}">' if INLINE.fullmatch(source) else f"[picture: {said}]"


def _formula(tex, options):
    """TeX as MathML, or as text if it is not understood."""
    try:
        # A macro can double its text again and again, and the course needs none.
        if len(tex) > MAX_FORMULA or "\\newcommand" in tex:
            raise ValueError("too long")
        element = convert_to_element(tex, display="block" if options["display_mode"] else "inline")
    except Exception:  # the library names nine errors of its own and lets Python's through
        return f"<code>{html.escape(tex)}</code>"
    del element.attrib["xmlns"]
    for part in element.iter():
        part.text = html.unescape(part.text or "")
        if part.tag == "mi" and len(part.text) > 1 and part.text.isalpha():
            part.text += "\u2009"  # "log p", not "logp"
    return ElementTree.tostring(element, encoding="unicode")
