"""The page for a student: the answers first, then the details, the notebook last. One file, no script, no request to anywhere."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.page import markdown
from autograder.page.fragments import NOTEBOOK, answer_key, function_key
from autograder.page.grades import Grade
from autograder.page.summary import Summary, number, summaries

WAITS = "Not graded yet."
MAX_SENTENCE = 1_000  # characters


@dataclass(frozen=True)
class Row:
    """One line of the table, and what its detail shows."""

    name: str
    points: float
    possible: float
    state: str  # "right", "partly", "wrong" or "waiting"
    sentence: str = ""
    same_as: str = ""  # the name of the row that has said the same sentence before
    comment: str = ""
    summary: Summary | None = None
    code: Markup = field(default=Markup(), repr=False)
    answer: Markup = field(default=Markup(), repr=False)
    scheme: Markup = field(default=Markup(), repr=False)

    @property
    def has_detail(self):
        """Whether there is more to say than the sentence."""
        if self.summary is None:
            return True
        more = self.code or self.points or len(self.summary.findings) > 1
        return bool(self.comment or (self.summary.findings and more))


def page(verdict, fragments, grades, penalty=0.0):
    """The page of one submission, as HTML. It reads nothing of the submission but what is given.

    verdict: the Verdict. fragments: what `fragments` made of the notebook; {} if it did not get that far.
    grades: {grade_id: Grade} of the gradebook, {} if it has none; where it has points, they count, not the verdict's.
    penalty: points that are taken off because it came late.
    """
    functions = [_function(summary, fragments, grades) for summary in summaries(verdict.cases)]
    own = {row.name for row in functions} | {f"check-{row.name}" for row in functions}
    order = {key: i for i, key in enumerate(fragments)}
    by_hand = sorted(grades.keys() - own, key=lambda name: (order.get(answer_key(name), len(order)), name))
    answers = [_answer(name, fragments, grades[name]) for name in by_hand if grades[name].possible]
    functions = _said_once(functions)
    rows = [*functions, *answers]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            verdict=verdict,
            title=title(verdict.assignment),
            rows=rows,
            functions=functions,
            answers=answers,
            points=sum(row.points for row in rows) - penalty,
            possible=sum(row.possible for row in rows),
            waiting=[row for row in rows if row.state == "waiting"],
            penalty=penalty,
            notebook=Markup(fragments.get(NOTEBOOK, "")),
            css=Markup(files(__package__).joinpath("page.css").read_text()),
        )
    )


def title(name):
    """The name of an assignment or of an answer for people: `answer-label-shape` is "Label shape"."""
    words = re.sub(r"[-_]", " ", name.removeprefix("answer-"))
    return re.sub(r"[a-z]", lambda match: match[0].upper(), words, count=1)


def _function(summary, fragments, grades):
    grade = grades.get(f"check-{summary.name}") or grades.get(summary.name) or Grade(summary.points, summary.possible)
    if not grade.possible:  # only a comment
        grade = Grade(summary.points, summary.possible, grade.comment)
    comment = "\n".join(grades[name].comment for name in (summary.name, f"check-{summary.name}") if name in grades).strip()
    state = "right" if grade.points >= grade.possible else "partly" if grade.points else "wrong"
    if summary.findings:
        sentence = summary.sentence[:MAX_SENTENCE] or "Not every case passed."
    else:
        sentence = "Right." if state == "right" else "Every case passed; your grader has decided on the points."
    code = Markup(fragments.get(function_key(summary.name), ""))
    return Row(summary.name, grade.points, grade.possible, state, sentence, comment=comment, summary=summary, code=code)


def _answer(name, fragments, grade):
    state = "waiting" if grade.waiting else "right" if grade.points >= grade.possible else "partly" if grade.points else "wrong"
    if state == "waiting":
        sentence = WAITS
    elif not grade.by_hand and not grade.points:
        sentence = "Not answered."
    else:
        sentence = grade.comment.partition("\n")[0] or "Graded."
    return Row(
        name,
        grade.points,
        grade.possible,
        state,
        sentence[:MAX_SENTENCE],
        comment=grade.comment,
        answer=Markup(fragments.get(answer_key(name), "")),
        scheme=Markup(markdown.render(grade.scheme, 3)) if grade.scheme else Markup(),
    )


def _said_once(rows):
    """The rows; a sentence that an earlier one has said already is said by its name."""
    said, once = {}, []
    for row in rows:
        first = said.setdefault(row.sentence, row.name)
        again = first != row.name and len(row.sentence) > 30
        once.append(Row(**row.__dict__ | {"same_as": first}) if again else row)
    return once


def with_code(text):
    """A sentence of ours as HTML: what stands between backticks is code."""
    parts = re.split(r"`([^`]*)`", text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts))


def _breakable(name):
    """A name that may be broken behind its underscores: a phone is narrow."""
    return Markup("_<wbr>").join(name.split("_"))


@lru_cache
def _environment():
    environment = Environment(
        loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": number, "sentence": with_code, "breakable": _breakable, "title_of": title}
    return environment
