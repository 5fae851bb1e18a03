"""Python source as HTML: numbered lines, some words in colour, marked lines. The cost grows with the length of the source."""

import html
import io
import keyword
import tokenize

MAX_CODE = 20_000  # characters that are shown; no function of the course has a tenth of it
MAX_LINES, MAX_LINE = (
    1_000,
    500,
)  # longer lines have no colours: on one line of quotes and backslashes Python's tokenizer takes seconds
# The names of Pygments' style sheets, so that formgrader's page, which brings one along, needs no other.
KINDS = {tokenize.COMMENT: "c1", tokenize.STRING: "s1", tokenize.NUMBER: "mi"}


def highlight(source, marked=()):
    """The lines of a cell as HTML, each a `<span>` of its own; those whose numbers are in `marked` are `<mark>`."""
    lines = source[:MAX_CODE].split("\n", MAX_LINES)[:MAX_LINES]
    rest = len(source) - sum(map(len, lines)) - len(lines) + 1
    spans = _spans(lines)
    shown = [_line(line, spans.get(number, ()), number in marked) for number, line in enumerate(lines, 1)]
    if rest > 0:
        shown.append(f"<span>... ({rest:,} more characters)</span>")
    return "\n".join(shown)


def _line(line, spans, marked):
    parts, done = [], 0
    for start, end, kind in spans:
        parts.append(html.escape(line[done:start], quote=False))
        parts.append(f'<i class="{kind}">{html.escape(line[start:end], quote=False)}</i>')
        done = end
    text = "".join(parts) + html.escape(line[done:], quote=False)
    return f"<span><mark>{text}</mark></span>" if marked else f"<span>{text}</span>"


def _spans(lines):
    """{line number: [(start, end, kind)]} of the words in colour, as far as the source can be read as Python."""
    spans, before = {}, ""
    # A magic or a shell command is no Python: its line is not read.
    plain = ["" if len(line) > MAX_LINE or line.lstrip().startswith(("%", "!")) else line for line in lines]
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(plain)).readline):
            kind = KINDS.get(token.type)
            if token.type == tokenize.NAME:
                kind = "k" if keyword.iskeyword(token.string) else "nf" if before in ("def", "class") else None
                before = token.string
            if kind:
                (first, start), (last, end) = token.start, token.end
                for number in range(first, last + 1):
                    line = lines[number - 1]
                    spans.setdefault(number, []).append(
                        (start if number == first else 0, end if number == last else len(line), kind)
                    )
    except (tokenize.TokenError, SyntaxError):
        pass
    return spans
