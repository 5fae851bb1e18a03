"""What comes from an LMS and goes back to it: whose a file is, what is refused, what Canvas and Moodle would read."""

import csv
import io
import json
import os
import re
import shutil
import stat
import tracemalloc
import zipfile
from datetime import datetime

import nbformat
import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder import cli, configuration
from autograder.course import Course, CourseError
from autograder.grading.submission import read_timestamp
from autograder.lms import archive, naming, roster
from autograder.lms import collect as collecting
from autograder.lms.collect import collect, outcome, versions
from autograder.lms.export import CanvasExport, CsvExport, MoodleExport
from autograder.lms.handback import hand_back

CANVAS_ROSTER = """\
Student,ID,SIS User ID,SIS Login ID,Section,01 One (901),Current Score
    Points Possible,,,,,10,(read only)
"Chen, Wei",4711,s1,chen,A,,
"O'Neill, Zoë",4712,s2,zoe,A,,
"Müller-Lüdenscheid, Jürgen",4713,s3,juergen,B,,
"Müller, Jörg",4714,s4,joerg,B,,
"Student, Test",4799,,,B,,
"""
MOODLE_ROSTER = """\
Vorname;Nachname;ID-Nummer;E-Mail-Adresse
Wei;Chen;s1;chen@uni.example
Zoë;O'Neill;s2;zoe@uni.example
Jürgen;Müller-Lüdenscheid;s3;juergen@uni.example
Anna;Berg;s5;anna@uni.example
Anna;Berg;s6;anna.berg@uni.example
"""


def notebook(assignment, text="x = 1"):
    """The bytes of a notebook with the marked cells of an assignment, and a student's text in them."""
    cells = []
    for name in ("set-up", f"f-{assignment}", f"check-f-{assignment}"):
        cell = nbformat.v4.new_code_cell(text, id=f"{name[:20]}", metadata={"nbgrader": {"grade_id": name}})
        cells.append(cell)
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


@pytest.fixture
def course(tmp_path):
    """A course with two released assignments."""
    root = tmp_path / "course"
    for name in ("01-one", "02-two"):
        for part in ("source", "notebooks"):
            (root / part / name).mkdir(parents=True)
            (root / part / name / f"{name}.ipynb").write_bytes(notebook(name, ""))
    (root / "grading").mkdir()
    return Course(root)


def zipped(tmp_path, files, time=(2026, 10, 3, 14, 2, 6), name="submissions.zip"):
    """A zip file of {name: bytes, or a ZipInfo: bytes}."""
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for file, content in files.items():
            made.writestr(zipfile.ZipInfo(file, time) if isinstance(file, str) else file, content)
    return path


def submitted(course, student, assignment="01-one"):
    return (course.submitted / student / assignment / f"{assignment}.ipynb").read_bytes()


def test_canvas_zip(course, tmp_path):
    roster.path(course).write_text(CANVAS_ROSTER)
    first, second, third = (notebook("01-one", f"x = {n}") for n in range(3))
    files = {
        "chenwei_4711_101_01-one.ipynb": first,
        "chenwei_4711_107_01-one-1.ipynb": second,
        "oneillzo_LATE_4712_102_my work (1).ipynb": third,
        "mllerldenscheidjrgen_4713_103_Lösung.ipynb": b"{ not JSON",
        "mllerldenscheidjrgen_4713_104_notes.pdf": b"%PDF",
        "stranger_9999_105_01-one.ipynb": first,
    }
    said = {c.name: c for c in collect(course, zipped(tmp_path, files))}
    assert [c.student for c in said.values() if c.student] and len(said) == len(files)
    assert submitted(course, "chen") == second and submitted(course, "zoe") == third
    assert "an older version; kept" in said["chenwei_4711_101_01-one.ipynb"].said
    late = said["oneillzo_LATE_4712_102_my work (1).ipynb"]
    assert late.look and "submitted/zoe/01-one/timestamp.txt" in late.said
    # What cannot be read is the same assignment's as the rest, and its grading will say what is wrong with it.
    assert submitted(course, "juergen") == b"{ not JSON"
    unread = said["mllerldenscheidjrgen_4713_103_Lösung.ipynb"]
    assert unread.look and "right file?" in unread.said and not said["chenwei_4711_107_01-one-1.ipynb"].look
    assert "passed over" in said["mllerldenscheidjrgen_4713_104_notes.pdf"].said
    stranger = said["stranger_9999_105_01-one.ipynb"]
    assert stranger.look and "nobody in grading/roster.csv" in stranger.said and "9999" in stranger.said
    # Canvas's zip is as old as the download: nothing is late by it.
    assert read_timestamp(course.submitted / "chen" / "01-one") is None


def test_without_a_roster_the_remedy_is_said_once(course, tmp_path):
    files = {f"{who}_47{n}_1_x.ipynb": notebook("01-one") for n, who in enumerate(["chenwei", "oneillzo"])}
    found = collect(course, zipped(tmp_path, files))
    assert [(c.look, c.student) for c in found] == [(True, "")] * 2 and all(c.name[:5] in c.said for c in found)
    said = outcome(course, found)
    assert "2 files, 2 of them" in said and "Grades, Export" in said and "autograder grade" not in said
    assert (
        outcome(course, collect(course, zipped(tmp_path, {"chen.ipynb": notebook("01-one")}))) == "1 file. Next: autograder grade"
    )


def test_the_test_student_of_canvas_is_nobody(course):
    roster.path(course).write_text(CANVAS_ROSTER)
    assert [person.student for person in roster.read(course).people] == ["chen", "zoe", "juergen", "joerg"]


def test_moodle_zip_in_all_its_forms(course, tmp_path):
    roster.path(course).write_text(MOODLE_ROSTER)
    work = notebook("02-two")
    files = {
        "Wei Chen_201_assignsubmission_file_/02-two (1).ipynb": work,
        "Zoë O'Neill_202_assignsubmission_file/sub/02-two.ipynb": work,
        "Jürgen Müller-Lüdenscheid_203_assignsubmission_file_Untitled.ipynb": work,
        "Anna Berg_204_assignsubmission_file_/02-two.ipynb": work,
    }
    said = {c.student or c.name: c for c in collect(course, zipped(tmp_path, files))}
    for student in ("chen", "zoe", "juergen"):
        assert submitted(course, student, "02-two") == work
        assert str(read_timestamp(course.submitted / student / "02-two")) == "2026-10-03 14:02:06"
    two = said["Anna Berg_204_assignsubmission_file_/02-two.ipynb"]
    assert two.look and "anna and anna.berg" in two.said and "`moodle`" in two.said
    # A grading worksheet tells the two apart.
    roster.path(course).write_text("Identifier,Full name,Email address\nParticipant 204,Anna Berg,anna@uni.example\n")
    assert next(c.student for c in collect(course, zipped(tmp_path, files)) if "204" in c.name) == "anna"


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("chen/01-one.ipynb", "chen"),
        ("01-one/chen/whatever.ipynb", "chen"),
        ("chen_01-one.ipynb", "chen"),
        ("01-one-chen (2).ipynb", "chen"),
        ("zoe - Kopie.ipynb", "zoe"),
        ("O'Neill, Zoë.ipynb", "zoe"),
        ("Jürgen Müller-Lüdenscheid.ipynb", "juergen"),
    ],
)
def test_loose_files(course, tmp_path, file, student):
    roster.path(course).write_text(CANVAS_ROSTER)
    (said,) = collect(course, zipped(tmp_path, {file: notebook("01-one")}))
    assert (said.student, said.assignment, said.look) == (student, "01-one", False)
    folder = tmp_path / "loose"
    (folder / file).parent.mkdir(parents=True)
    (folder / file).write_bytes(notebook("01-one", "y = 2"))
    (said,) = collect(course, folder)
    assert said.student == student and len(versions(course, "01-one", student)) == 2


def test_a_number_at_the_end_may_belong_to_an_id(course, tmp_path):
    files = {"group-1_01-one.ipynb": notebook("01-one"), "chen-2.ipynb": notebook("01-one", "y = 1")}
    roster.path(course).write_text("student\nchen\ngroup-1\ngroup-2\n")
    assert {c.name: c.student for c in collect(course, zipped(tmp_path, files))} == {
        "group-1_01-one.ipynb": "group-1",
        "chen-2.ipynb": "chen",
    }
    roster.path(course).unlink()
    assert [c.student for c in collect(course, zipped(tmp_path, {"group-2 (1).ipynb": notebook("01-one")}))] == ["group-2"]


def test_every_version_is_kept_and_the_newest_counts(course, tmp_path):
    works = [notebook("01-one", f"x = {n}") for n in range(4)]
    by_hand = course.submitted / "chen" / "01-one" / "01-one.ipynb"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(works[0])
    os.utime(by_hand, (1, 1))
    times = {1: (2026, 10, 1, 8, 0, 0), 3: (2026, 10, 9, 8, 0, 0), 2: (2026, 10, 5, 8, 0, 0)}
    for number, time in times.items():
        collect(course, zipped(tmp_path, {"chen_01-one.ipynb": works[number]}, time, f"{number}.zip"))
    assert submitted(course, "chen") == works[3]
    assert str(read_timestamp(by_hand.parent)) == "2026-10-09 08:00:00"
    kept = versions(course, "01-one", "chen")
    folder = course.grading / "collected" / "01-one" / "chen"
    assert [(folder / v.file).read_bytes() for v in kept] == works and [v.time[:10] for v in kept][1:] == [
        "2026-10-01",
        "2026-10-05",
        "2026-10-09",
    ]
    (again,) = collect(course, tmp_path / "3.zip")
    assert again.said == "as collected before" and len(versions(course, "01-one", "chen")) == 4


def test_what_strangers_put_into_a_zip_is_refused_by_name(course, tmp_path, monkeypatch):
    link = zipfile.ZipInfo("chen_link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    monkeypatch.setattr(archive, "MAX_FILE", 2**20)
    files = {
        link: b"/etc/passwd",
        "../../evil.ipynb": b"{}",
        "/tmp/evil.ipynb": b"{}",
        "C:\\evil.ipynb": b"{}",
        "bomb.ipynb": b"0" * (2**20 + 1),
        "__MACOSX/._chen.ipynb": b"",
        "inner.zip": b"PK",
        "chen_01-one.ipynb": notebook("01-one"),
    }
    said = {c.name: c.said for c in collect(course, zipped(tmp_path, files))}
    assert said.pop("chen_01-one.ipynb").startswith("of 2026")
    assert "collect it by itself" in said.pop("inner.zip")
    refused = ("link", "climbs out", "absolute", "absolute", "MB")
    assert len(said) == len(refused) and all(word in text for word, text in zip(refused, said.values(), strict=True))
    assert sorted(f.name for f in tmp_path.rglob("*evil*")) == []
    monkeypatch.setattr(archive, "MAX_BYTES", 100)
    with pytest.raises(CourseError, match="no class handed that in"):
        collect(course, zipped(tmp_path, files))
    with pytest.raises(CourseError, match="neither a folder nor a zip"):
        collect(course, _text(tmp_path))


def test_one_students_files_do_not_fill_the_memory_for_all(course, tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "MAX_STUDENT", 2**20)
    monkeypatch.setattr(archive, "MAX_BYTES", 2 * 2**20)
    files = {f"mallory ({n}).ipynb": notebook("01-one", str(n) * 2**17) for n in range(1, 9)} | {"film.mp4": b"0" * 2**22}
    said = {c.name: c for c in collect(course, zipped(tmp_path, files | {"zoe_01-one.ipynb": notebook("01-one")}))}
    assert said["zoe_01-one.ipynb"].assignment == "01-one" and not said["film.mp4"].look
    refused = [c for c in said.values() if c.student == "mallory" and "too much of one student's" in c.said]
    assert len(refused) == 6 and all(c.look for c in refused)  # each has its text in three cells


def test_what_a_notebook_is_for_is_found_without_its_json_becoming_objects(course, tmp_path):
    said = nbformat.v4.new_output("stream", text=json.dumps({"grade_id": "f-02-two"}) * 3)
    other = nbformat.reads(notebook("01-one"), as_version=4)
    other.cells[0].outputs = [said, said]
    large = b'{"cells":[' + b'{"":0},' * 2**20 + notebook("02-two") + b"]}"
    files = {"chen.ipynb": nbformat.writes(other).encode(), "zoe.ipynb": large}
    entries = {entry.name: entry for entry in archive.read(zipped(tmp_path, files))}
    tracemalloc.start()
    found = {c.student: c.assignment for c in collect(course, zipped(tmp_path, files))}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == {"chen": "01-one", "zoe": "02-two"}
    assert peak < 8 * sum(len(entry.content) for entry in entries.values())  # as objects they have 25 times the length


def _text(tmp_path):
    path = tmp_path / "submissions.rar"
    path.write_text("Rar!")
    return path


def test_links_and_pipes_in_a_folder_are_not_followed(course, tmp_path):
    folder = tmp_path / "loose"
    folder.mkdir()
    (folder / "chen.ipynb").symlink_to(course.release / "01-one" / "01-one.ipynb")
    (folder / "zoe").symlink_to(course.release)
    os.mkfifo(folder / "dilek.ipynb")
    said = collect(course, folder)
    assert len(said) == 3 and all(c.said.startswith("refused") and c.look for c in said)
    assert not course.submitted.exists()


def test_a_damaged_zip_costs_its_own_files_only(course, tmp_path):
    path = zipped(tmp_path, {"chen_01-one.ipynb": notebook("01-one"), "zoe_01-one.ipynb": notebook("01-one", "y = 1")})
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    said = {c.student: c.said for c in collect(course, path)}
    assert "cannot be unpacked" in said["chen"] and said["zoe"].startswith("of 2026")


def test_a_roster_that_does_not_do_says_why(course):
    for text, why in {
        "colour\nred\n": "no column that tells students apart",
        "student\n../x\n": "line 2",
        "student\nchen\nzoe\nchen\n": "lines 2 and 4",
    }.items():
        roster.path(course).write_text(text)
        with pytest.raises(CourseError, match=why):
            roster.read(course)


def test_the_command_says_whose_each_file_is(course, tmp_path, monkeypatch):
    monkeypatch.chdir(course.root)
    roster.path(course).write_text(CANVAS_ROSTER)
    path = zipped(tmp_path, {"chenwei_4711_1_x.ipynb": notebook("01-one"), "nobody_1_1_x.ipynb": notebook("01-one")})
    result = CliRunner().invoke(cli.app, ["collect", str(path)])
    assert result.exit_code == cli.LOOK
    assert "chen  01-one: of 2026-10-03 14:02 UTC" in result.output and "2 files, 1 of them to be looked at" in result.output


@pytest.fixture
def graded(course):
    """The gradebook of a class of three with grades, one of them late, one with an answer to be read."""
    config = configuration.config(course.root)
    config.LateWork.due, config.LateWork.per_day = {"01-one": "2026-10-01"}, 0.2
    with Gradebook(config.CourseDirectory.db_url) as book:
        for name in course.assignments:
            book.add_assignment(name)
            book.add_notebook(name, name)
            book.add_grade_cell("check-f", name, name, max_score=10, cell_type="code")
        for student, points in {"chen": 10, "zoe": 7.25, "juergen": 3}.items():
            book.add_student(student)
            book.add_submission("01-one", student, timestamp=datetime(2026, 10, 2 if student == "zoe" else 1, 12))
            grade = book.find_grade("check-f", "01-one", "01-one", student)
            grade.auto_score, grade.needs_manual_grade = points, student == "juergen"
        book.db.commit()
    return config


def exported(plugin, config, path):
    """What a plugin writes, as rows of cells."""
    made = plugin(config=config, to=str(path))
    with Gradebook(config.CourseDirectory.db_url) as book:
        made.export(book)
    return list(csv.reader(io.StringIO(path.read_text("utf-8")))), made.said


def canvas_reads(rows):
    """{(Canvas's number of the student, of the assignment): points}, by the rules of Canvas's import.

    https://community.canvaslms.com: the first columns are Student, ID, SIS User ID, SIS Login ID, Section; an assignment that is
    there is known by the number behind its name; a line Points Possible may follow; an empty cell changes nothing.
    """
    heading, possible, *lines = rows
    assert heading[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert possible[0].strip() == "Points Possible"
    numbers = [int(re.search(r"\((\d+)\)$", title)[1]) if title.endswith(")") else title for title in heading[5:]]
    return {(int(line[1]), n): float(p) for line in lines for n, p in zip(numbers, line[5:], strict=True) if p}


def test_canvas_reads_the_grades(course, graded, tmp_path):
    roster.path(course).write_text(CANVAS_ROSTER)
    rows, said = exported(CanvasExport, graded, tmp_path / "grades.csv")
    assert canvas_reads(rows) == {(4711, 901): 10, (4712, 901): 5.8, (4713, 901): 3}
    assert rows[2][0] == "Chen, Wei" and any("nobody has read" in sentence for sentence in said)
    assert any("02-two has no column" in sentence for sentence in said)
    graded.CanvasExport.headings = {"02-two": "Second (902)"}
    assert exported(CanvasExport, graded, tmp_path / "grades.csv")[0][0][-1] == "Second (902)"


def test_moodle_reads_the_grades(course, graded, tmp_path):
    roster.path(course).write_text(MOODLE_ROSTER)
    rows, _ = exported(MoodleExport, graded, tmp_path / "grades.csv")
    heading, *lines = rows
    # Moodle maps a column that identifies, each value once, and one column to each grade item.
    address, item = heading.index("Email address"), heading.index("01-one")
    assert {line[address]: float(line[item]) for line in lines} == {
        "chen@uni.example": 10,
        "zoe@uni.example": 5.8,
        "juergen@uni.example": 3,
    }


def test_a_table_of_everything_needs_no_roster(course, graded, tmp_path):
    rows, _ = exported(CsvExport, graded, tmp_path / "grades.csv")
    assert rows[0] == ["student", "name", "email", "01-one", "02-two", "total"] and ["zoe", "", "", "5.8", "", "5.8"] in rows
    with pytest.raises(CourseError, match=r"no .*roster.csv"):
        exported(CanvasExport, graded, tmp_path / "grades.csv")


def test_pages_find_their_way_back(course, tmp_path):
    roster.path(course).write_text(CANVAS_ROSTER)
    collect(course, zipped(tmp_path, {"chenwei_LATE_4711_101_x.ipynb": notebook("01-one")}))
    collect(course, zipped(tmp_path, {"Wei Chen_201_assignsubmission_file_/y.ipynb": notebook("02-two")}))
    collect(course, zipped(tmp_path, {"zoe/01-one.ipynb": notebook("01-one"), "joerg/01-one.ipynb": notebook("01-one")}))
    for student, assignment in (("chen", "01-one"), ("chen", "02-two"), ("zoe", "01-one")):
        page = course.grading / "feedback" / student / assignment / f"{assignment}.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"page of {student}")
    one, two = hand_back(course, "01-one"), hand_back(course, "02-two")
    names = {path.name: zipfile.ZipFile(path).namelist() for path in [*one.archives, *two.archives]}
    assert names == {
        # Canvas: the numbers of the student and of a file that they handed in; Moodle: the participant's folder.
        "01-one-canvas.zip": ["chenwei_LATE_4711_101_01-one.html"],
        "01-one-folders.zip": ["zoe/01-one.html"],
        "02-two-moodle.zip": ["Wei Chen_201_assignsubmission_file_/02-two.html"],
    }
    assert naming.CANVAS.fullmatch(names["01-one-canvas.zip"][0])["user"] == "4711"
    (left_out,) = one.left_out
    assert "joerg" in left_out and "autograder grade 01-one" in left_out
    # What was collected since has no page yet.
    newer = zipped(tmp_path, {"chenwei_4711_109_x.ipynb": notebook("01-one", "z = 3")}, (2026, 11, 1, 0, 0, 0))
    collect(course, newer)
    os.utime(course.submitted / "chen" / "01-one" / "01-one.ipynb", (2e9, 2e9))
    assert any("chen has no page" in sentence for sentence in hand_back(course, "01-one").left_out)
    shutil.rmtree(course.grading / "feedback")
    with pytest.raises(CourseError, match="Nobody has a page"):
        hand_back(course, "01-one")
