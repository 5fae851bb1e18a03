"""Honest-looking submissions of a few kilobytes that cost the grader's own process minutes or gigabytes, or confuse it.

All of it is handled in a child with limits (autograder/judging/worker.py): whatever a submission costs, it costs itself alone.
"""

from broken import DAMAGED, broken, calls, content, unreadable
from nbformat.v4 import new_code_cell
from submission import last, text

DOUBLED = "def never_called():\n    s0 = 'softmax'\n" + "".join(f"    s{i + 1} = s{i} + s{i}\n" for i in range(60))
PATHS = "def never_called(z):\n    n0 = torch if z else math\n" + "".join(
    f"    n{i + 1} = n{i}.a if z else n{i}.b\n" for i in range(60)
)
NESTED = "never = " + "(" * 90 + "1" + ")" * 90 + "\n" + "chain = torch" + ".x" * 20_000 + " if False else 0\n"
MANY_NAMES = "".join(f"a{i} = a{i - 1} = [a{i}, a{i - 1}] if False else 0\n" for i in range(1, 5_000))


def bytes_of(unit, size):
    """A notebook file with a list of so many bytes that nobody asked for."""
    return content(lambda notebook: '{"extra": [' + ",".join([unit] * (size // (len(unit) + 1))) + "]," + notebook[1:])


COSTLY = [
    broken("blank-lines", "nineteen thousand blank lines behind an answer", code="\n" * 19_000),
    broken("blank-lines-between", "blank lines of spaces and tabs", code="\n" + "    \t\n" * 5_000 + "x = 1\n"),
    broken("unclosed-bold", "four kilobytes of Markdown that grow when they are closed", edit=text("<b>x\n\n" * 700)),
    broken("unclosed-nested", "unclosed tags inside unclosed tags", edit=text("<i><b><u>x\n\n" * 600)),
    broken("unclosed-in-output", "the same as HTML output", edit=last("from IPython.display import HTML\nHTML('<b><p>' * 4000)")),
    broken("table-cells", "HTML that becomes tables", edit=last("from IPython.display import HTML\nHTML('<td>' * 5000)")),
    broken("constants-doubled", "text constants that double in each of sixty lines", code=DOUBLED),
    broken("names-of-many-paths", "a name that may stand for 2 ** 60 things", code=PATHS),
    broken("deep-expressions", "brackets in brackets and an attribute of an attribute", edit=last(NESTED)),
    broken("many-names", "five thousand names that stand for each other", edit=last(MANY_NAMES)),
    broken(
        "escape-lines",
        "fifty kilobytes of lines that IPython reads in its own way",
        edit=last(",f a b\n;g c d\n/h 1 2\n" * 2_200),
    ),
    broken("escape-one-line", "one long line that IPython reads in its own way", edit=last("," + "f " * 25_000)),
    broken("emphasis", "asterisks that could be emphasis", edit=text("*a **b " * 2_500)),
    broken("brackets", "brackets that could be links", edit=text("[a](" * 4_500)),
    broken("quotes", "quotes in quotes", edit=text("> " * 9_000 + "x")),
    broken("terminal-codes", "an error message full of terminal codes", edit=last("raise ValueError('\\x1b[31m' * 300_000)")),
    broken("many-cells", "two thousand cells", edit=lambda nb: nb.cells.extend(new_code_cell(f"x = {i}") for i in range(2_000))),
    unreadable("dictionaries", "sixty megabytes of empty JSON dicts", bytes_of("{}", 60 * 2**20)),
    unreadable("lists", "sixty megabytes of empty JSON lists", bytes_of("[[]]", 60 * 2**20)),
    broken(
        "line-far-away",
        "an error at line -1,000,000",
        softmax=calls("1 / 0")
        + ("import types\nsoftmax = types.FunctionType(softmax.__code__.replace(co_firstlineno=-10**6), globals())\n"),
    ),
    broken("float8", "a result whose numbers have eight bits", softmax=calls("return z.to(torch.float8_e4m3fn)")),
    broken(
        "garbled-reply",
        "answers that are not what was agreed upon",
        keeps=(),
        edit=last(
            "get_ipython().user_expressions = lambda wanted: {'answer': {'status': 'ok', 'data': {'text/plain': \"'AAAA'\"}}}"
        ),
    ),
    broken(
        "reply-without-end",
        "a dict in place of an answer",
        keeps=(),
        edit=last(
            "get_ipython().user_expressions = lambda wanted: {'answer': {'status': 'ok', 'data': {'text/plain': {'a': 1}}}}"
        ),
    ),
]

BROKEN = [*DAMAGED, *COSTLY]
