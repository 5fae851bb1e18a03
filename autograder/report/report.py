"""The report: one page without a request to anywhere, and the same figures as tables."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder import grading
from autograder.grading.store import write
from autograder.page.code import highlight
from autograder.page.page import title, with_code
from autograder.page.summary import number
from autograder.report import attention, mistakes, pictures, similar, statistics
from autograder.report.facts import classes
from autograder.report.tables import write_tables

# A notebook's part of the page stays below 150 kB, however large the class; the tables have all of it.
SHOWN = 12  # of each kind
MAX_NAMES = 40  # in a row
MAX_LOOKS = 100
MAX_SHOWN = 1_200  # characters of a function


@dataclass(frozen=True)
class Findings:
    """All that the report says about one assignment."""

    assignment: str
    spread: statistics.Spread
    items: list
    mistakes: list
    unwritten: dict
    groups: list
    pairs: list
    looks: list
    board: list
    cost: dict


def find(group):
    """The Findings about a Class."""
    pairs = similar.pairs(group)
    return Findings(
        group.assignment,
        statistics.spread(group),
        statistics.items(group),
        mistakes.mistakes(group),
        mistakes.unwritten(group),
        mistakes.groups(group),
        pairs,
        attention.looks(group, pairs),
        grading.places(work.verdict for work in group.works),
        attention.cost(group),
    )


def write_report(course, assignments):
    """Write `grading/report/report.html` and the tables beside it. Returns: the paths, the page first. Raises: CourseError."""
    findings = [find(group) for group in classes(course, assignments)]
    folder = course.grading / "report"
    write(folder / "report.html", page(course.root.name, findings))
    return [folder / "report.html", *write_tables(folder, findings)]


def page(name, findings):
    """The report as HTML. name: of the course."""
    css = [files("autograder.page").joinpath("page.css"), files(__package__).joinpath("report.css")]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            name=name,
            findings=findings,
            shown=SHOWN,
            names=MAX_NAMES,
            looks=MAX_LOOKS,
            css=Markup("".join(file.read_text() for file in css)),
        )
    )


def _code(source):
    return Markup(f'<pre class="code" tabindex="0"><code>{highlight(source.strip()[:MAX_SHOWN])}</code></pre>')


@lru_cache
def _environment():
    environment = Environment(
        loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": number, "sentence": with_code, "title_of": title, "code": _code}
    environment.globals |= {
        "histogram": lambda spread: Markup(pictures.histogram(spread)),
        "bars": lambda items: Markup(pictures.bars([item for item in items if not item.case])),
    }
    return environment
