"""The report on a class, and the way from one student's mistake to all who make it."""

import ast
import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import class_of_thirty
import pytest
from axe_playwright_python.sync_playwright import Axe
from class_of_thirty import NAME
from conftest import SMALL
from typer.testing import CliRunner

from autograder import checks, cli, grading
from autograder.course import Course, CourseError
from autograder.report import find, learn
from autograder.report import report as reports
from autograder.report.code import bare
from autograder.report.facts import classes
from autograder.report.learn import with_mistake
from autograder.report.mistakes import groups, mistakes, unwritten
from autograder.report.similar import pairs
from autograder.report.statistics import items, spread
from autograder.report.tables import write_tables

OTHER_CHALLENGE = [SimpleNamespace(student="amy", reached={"rhymes": 0.25})]
FIVE = tuple(f"batch-{n}" for n in range(5))
SENTENCE = "You divide by the sum of the whole batch; every row has a sum of its own: say dim=1 and keepdim=True."


def new_course(folder):
    ignore = shutil.ignore_patterns("grading", "*.ipynb", "__pycache__")
    return Course(shutil.copytree(SMALL, folder / "course", ignore=ignore))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The class of thirty, judged in this process; a test that changes something takes a copy."""
    made = new_course(tmp_path_factory.mktemp("thirty"))
    class_of_thirty.judge_here(made)
    (made.grading / "roster.csv").write_text("student\n" + "\n".join([*class_of_thirty.works(), "absent"]) + "\n")
    return made


@pytest.fixture(scope="module")
def group(course):
    return classes(course, [NAME])[0]


@pytest.fixture(scope="module")
def findings(group):
    return reports.find(group)


def test_the_same_mistake_in_five_hands_is_one_group(group):
    first, *others = groups(group)
    assert first.students == FIVE and first.task == "softmax"
    assert [set(g.students) for g in others] == [{"copy-1", "copy-2"}, {"errors"}]
    assert re.fullmatch(r"softmax-[0-9a-f]{4}", first.name)


def test_what_stands_for_a_group_tells_nothing_of_a_person(group):
    for g in groups(group):
        assert not re.search("fatou|gina|hiro|my own|all by", g.representative, re.IGNORECASE)
        assert "#" not in g.representative and f"def {g.task}(" in g.representative


def test_mistakes_by_name_with_how_many_made_them(group):
    (made,) = mistakes(group)
    assert made.sentence.startswith("Your softmax normalises down the columns") and len(made.students) == 4
    assert made.example == class_of_thirty.RECORDED
    assert unwritten(group) == {"accuracy": 1, "softmax": 1}


def test_copied_code_is_found_and_short_answers_are_not(group):
    (pair,) = pairs(group)
    assert pair.students == ("copy-1", "copy-2") and pair.share == 1.0


def test_the_figures_are_those_of_the_verdicts(group):
    points = [grading.read_verdict(group.course, NAME, s).points for s in class_of_thirty.works()]
    assert sorted(spread(group).points) == sorted(points)
    found = {(item.task, item.case): item for item in items(group)}
    softmax = found["softmax", ""]
    assert (softmax.right, softmax.right + softmax.partly + softmax.wrong) == (18, 30)
    assert softmax.share == pytest.approx(sum(c.points for w in group.works for c in w.cases("softmax")) / 60)
    assert -1 <= softmax.discrimination <= 1
    assert found["softmax", "a random batch"].right == 18


def test_who_needs_a_look(findings):
    said = {(look.student, look.what) for look in findings.looks}
    assert ("absent", "Nothing handed in.") in said and ("copy-1", "Code like copy-2's in softmax.") in said


def test_the_page_is_small_still_and_complete(course, findings):
    html = reports.page("small course", [findings])
    assert len(html.encode()) < 150_000
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|src=|@import|url\((?!#)", html.replace("http://www.w3.org", ""))
    assert html == reports.page("small course", [findings])
    for text in ("Your softmax normalises", groups(classes(course, [NAME])[0])[0].name, "absent", "Similar code"):
        assert text in html


def test_a_class_of_hundreds_with_long_functions_stays_small(findings):
    long = "def softmax(z):\n" + "    z = z + 1  # " + "x" * 100 + "\n" * 1
    many = [replace(findings.groups[0], name=f"g-{n}", example=long * 300) for n in range(80)]
    crowd = tuple(f"student-{n:03}" for n in range(300))
    made = [replace(findings.mistakes[0], sentence=f"Mistake {n}.", students=crowd[n:], example=long * 300) for n in range(60)]
    looks = [replace(findings.looks[0], student=student, what="Something odd, and long to say. " * 9) for student in crowd]
    html = reports.page("large", [replace(findings, groups=many, mistakes=made, pairs=findings.pairs * 40, looks=looks)])
    assert len(html.encode()) < 150_000 and "48 more are in mistakes.csv" in html


def test_a_notebook_of_written_answers_alone_has_a_report_too(findings):
    none = reports.statistics.Spread((0.0, 0.0), 0.0)
    html = reports.page("essays", [replace(findings, spread=none, items=[], mistakes=[], groups=[], pairs=[])])
    assert "Nobody made a mistake" in html and "<svg" not in html


def test_what_was_reached_in_a_challenge_is_a_table_the_best_first(findings, tmp_path):
    reached = {"zoe": {"plain": 0.6, "turned": 0.5}, "chen": {"plain": 0.95}, "idle": {}}  # chen's answer for one kind was none
    board = grading.places(SimpleNamespace(student=name, reached=kinds) for name, kinds in reached.items())
    assert [(place.student, round(place.mean, 3)) for place in board] == [("zoe", 0.55), ("chen", 0.475)]
    html = reports.page("small course", [replace(findings, board=board)])
    assert html.index("1. zoe") < html.index("2. chen") and "55.0 %" in html and "The challenge" in html
    tables = write_tables(tmp_path, [replace(findings, board=board), replace(findings, board=grading.places(OTHER_CHALLENGE))])
    (table,) = (file for file in tables if file.stem == "challenge")
    found = [(row["student"], row["turned"], row["rhymes"]) for row in csv.DictReader(table.read_text().splitlines())]
    assert found == [("zoe", "0.5", ""), ("chen", "0.0", ""), ("amy", "", "0.25")]
    assert "The challenge" not in reports.page("small course", [findings])


def test_the_command_writes_page_and_tables(course, monkeypatch):
    monkeypatch.chdir(course.root)
    result = CliRunner().invoke(cli.app, ["report"])
    assert result.exit_code == 0 and "report.html" in result.output
    with open(course.grading / "report" / "groups.csv") as file:
        first = next(csv.DictReader(file))
    assert first["number"] == "5" and first["students"].split() == list(FIVE)


def test_nothing_serious_for_those_who_do_not_see_it(findings, chromium):
    for width in (1280, 390):
        tab = chromium.new_page(viewport={"width": width, "height": 900})
        asked = []
        tab.on("request", lambda request, asked=asked: asked.append(request.url))
        tab.set_content(reports.page("small course", [findings]))
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        serious = [v for v in Axe().run(tab).response["violations"] if v["impact"] in ("serious", "critical")]
        assert not serious, [(v["id"], v["nodes"][0]["html"][:200]) for v in serious]
        assert not asked
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x):\n    '''Mine.'''\n    total = x  # here\n    return total", "def f(x):\n    v1 = x\n    return v1"),
        (
            "def helper(a):\n    return a\ndef f(x):\n    return helper(x)",
            "def v1(a):\n    return a\n\ndef f(x):\n    return v1(x)",
        ),
        ("def f(x):\n    print('Chen')\n    raise ValueError('by Chen')", "def f(x):\n    raise ValueError"),
        ("def f(x):\n    'only this'", "def f(x):\n    pass"),
        ("def f(", None),
        ("-" * 50_000 + "1", None),
        ("x = " + "-" * 15_000 + "1", None),
    ],
)
def test_names_comments_and_messages_are_removed(source, expected):
    assert bare(source, keep={"f"}) == expected


@pytest.mark.parametrize(
    "mistakes", ["", '        mistakes={"One.": "pass", "Two.": "pass"},\n', '        mistakes={"One.": "pass"}\n']
)
def test_a_mistake_is_written_where_an_author_would(mistakes):
    first = f'    exercise(\n        "f",\n        case("ümlaut", "f(1)"),\n{mistakes}    ),\n'
    text = f'EXERCISES = [\n{first}    exercise("g", case("x", "g()")),\n]\n'
    made = with_mistake(text, "f", 'Say "ß" rightly.', 'def f(x):\n    return "\\n" + """a"""')
    call = ast.parse(made).body[0].value.elts[0]
    written = ast.literal_eval(next(k.value for k in call.keywords if k.arg == "mistakes"))
    assert written.pop('Say "ß" rightly.').strip() == 'def f(x):\n    return "\\n" + """a"""'
    assert len(written) == mistakes.count("pass")
    assert ast.dump(ast.parse(made).body[0].value.elts[1]) == ast.dump(ast.parse(text).body[0].value.elts[1])


def copy_of(course, folder):
    return Course(shutil.copytree(course.root, folder / "copy"))


def test_a_group_becomes_a_recorded_mistake_for_exactly_its_students(course, tmp_path, monkeypatch):
    own = copy_of(course, tmp_path)
    graded = []
    monkeypatch.setattr(grading, "grade", lambda course, submissions, **how: graded.extend(submissions) or [])
    name = groups(classes(own, [NAME])[0])[0].name
    learn(own, NAME, find(own, NAME, name), SENTENCE)
    assert tuple(s.student for s in graded) == FIVE
    exercise = checks.load(own, NAME)["softmax"]
    assert list(exercise.mistakes)[-1] == SENTENCE
    class_of_thirty_again = [
        checks.judge(
            exercise,
            checks.LocalEvaluator(checks.Reference(own, NAME).namespace(source)),
            checks.Reference(own, NAME),
            f"{class_of_thirty.SECRET}/{n}",
        )
        for n, source in enumerate(class_of_thirty.UNRECORDED)
    ]
    for source, verdict in zip(class_of_thirty.UNRECORDED, class_of_thirty_again, strict=True):
        told = {c.title: c.message for c in verdict.cases if not c.passed}
        if "for i, row" in source:  # it loops, too, and there it does not do what the recorded mistake does
            assert told.pop("no loop over the rows") == "Your result is off by a factor of its own in each row."
        assert set(told.values()) == {SENTENCE}


def test_what_cannot_be_proven_changes_nothing(course, tmp_path, monkeypatch):
    own = copy_of(course, tmp_path)
    monkeypatch.setattr(grading, "grade", lambda *a, **k: pytest.fail("nobody is graded again"))
    file = own.exercises / f"{NAME}.py"
    before = file.read_bytes()
    copied = next(g.name for g in groups(classes(own, [NAME])[0]) if "copy-1" in g.students)
    for name, sentence, why in (
        ("softmax-none", SENTENCE, "There is no group 'softmax-none'.*There are: softmax-"),
        (copied, " ", "a line of text"),
        (copied, "Your softmax normalises down the columns; use the last axis, dim=-1.", "already"),
    ):
        with pytest.raises(CourseError, match=why):
            learn(own, NAME, find(own, NAME, name), sentence)
    # A function that lives on another cell cannot stand for the group.
    rewrite(own, "math.exp", "elsewhere.exp")
    changed = next(g.name for g in groups(classes(own, [NAME])[0]) if "copy-1" in g.students)
    learned = None
    try:
        learned = learn(own, NAME, find(own, NAME, changed), SENTENCE)
    except CourseError as error:
        assert "was not recorded" in str(error) or "does not run on its own" in str(error)
    assert learned is None and file.read_bytes() == before


def rewrite(course, old, new):
    """Change the text of all notebooks that were judged."""
    for result in (course.grading / "results").rglob("*.json"):
        content = json.loads(result.read_text())
        notebook = content["notebooks"][f"{NAME}.ipynb"]
        notebook["text"] = notebook["text"].replace(old, new)
        result.write_text(json.dumps(content))


def test_a_students_function_runs_here_only_after_the_instructor_has_seen_it(course, tmp_path, monkeypatch):
    own = copy_of(course, tmp_path)
    monkeypatch.chdir(own.root)
    monkeypatch.setattr(grading, "grade", lambda *a, **k: [])
    rewrite(own, "math.exp", "(open('ran', 'w') and math).exp")
    name = next(g.name for g in groups(classes(own, [NAME])[0]) if "copy-1" in g.students)
    file, words = own.exercises / f"{NAME}.py", ["learn", NAME, name, SENTENCE]
    before = file.read_bytes()
    for answer in ("n\n", ""):  # nobody is there to answer a pipe
        result = CliRunner().invoke(cli.app, words, input=answer)
        assert result.exit_code == 1 and "(open('ran', 'w') and math).exp" in result.output
        assert not Path("ran").exists() and file.read_bytes() == before
    CliRunner().invoke(cli.app, words, input="y\n")
    assert Path("ran").exists()  # else nothing is shown here


@pytest.mark.long
def test_end_to_end_a_mistake_that_nobody_recorded_is_named_for_all_five(tmp_path, monkeypatch):
    course = new_course(tmp_path)
    class_of_thirty.hand_in(course)
    monkeypatch.chdir(course.root)
    run = CliRunner().invoke
    assert run(cli.app, ["grade"]).exit_code == 0
    assert run(cli.app, ["report"]).exit_code == 0
    with open(course.grading / "report" / "groups.csv") as file:
        first = next(csv.DictReader(file))
    assert first["students"].split() == list(FIVE)
    before = {f: f.read_bytes() for f in (course.grading / "feedback").rglob("*.html")}
    result = run(cli.app, ["learn", NAME, first["name"], SENTENCE], input="y\n")
    assert result.exit_code == 0 and "5 of 5 students" in result.output, result.output
    changed = {f.parents[1].name for f, page in before.items() if f.read_bytes() != page}
    assert changed == set(FIVE)
    for student in FIVE:
        assert "sum of the whole batch" in (course.grading / "feedback" / student / NAME / f"{NAME}.html").read_text()
