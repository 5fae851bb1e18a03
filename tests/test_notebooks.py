"""The solutions run, show what they are said to show, and earn full marks; an untouched release earns nothing."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import course
import pytest
import torch
from conftest import COURSE, ROOT
from nbclient import NotebookClient
from notebook_runs import HANGS, compare_with_recorded, nbval, pictures, printed, solution
from workload import count, share

from autograder import grading, sample_class
from autograder.build.source import read
from autograder.checks import Reference
from autograder.course import Course, notebook_source

# The accuracies of the nearest mean image on MNIST's test set, digits 0 to 9 and the mean of the ten.
NEAREST_MEAN = {
    "MAE": [0.8153, 0.9982, 0.4234, 0.6089, 0.6680, 0.3262, 0.7871, 0.7646, 0.4425, 0.7760, 0.6610],
    "MSE": [0.8959, 0.9621, 0.7568, 0.8059, 0.8259, 0.6861, 0.8633, 0.8327, 0.7372, 0.8067, 0.8173],
}


def test_nbval_runs_the_solution(quick, data_here):
    """Strictly where the data is that of the stored outputs, else without comparing."""
    strict = solution(quick).metadata.course.data == data_here
    passes, report = nbval(COURSE.solutions / quick / f"{quick}.ipynb", "--nbval" if strict else "--nbval-lax")
    assert passes, report


def test_the_solution_runs_on_the_stand_in_and_reaches_what_is_recorded(quick, monkeypatch):
    monkeypatch.setenv("MNIST_COURSE_DATA", "digits")
    notebook, folder = solution(quick), COURSE.solutions / quick
    NotebookClient(notebook, timeout=HANGS, resources={"metadata": {"path": folder}}).execute()
    compare_with_recorded(quick, printed(notebook), "digits")


def test_a_solution_writes_no_error_and_nothing_to_stderr(assignment):
    for cell in solution(assignment).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert output.get("name") != "stderr"


def test_the_pixel_baseline_matches_the_reference():
    notebook = solution("02-pixel-baseline")
    if notebook.metadata.course.data != "MNIST":
        pytest.skip("the solutions were built with the stand-in, and the reference figures are MNIST's")
    rows = re.findall(r"^(?:\d|mean of the ten) +(0\.\d{4}|1\.0000) +(0\.\d{4}|1\.0000)$", printed(notebook), re.MULTILINE)
    assert [[float(row[column]) for row in rows] for column in (0, 1)] == list(NEAREST_MEAN.values())


def test_load_folder_reads_what_the_course_keeps(monkeypatch):
    monkeypatch.setenv("MNIST_COURSE_DATA", "digits")
    data = course.load()
    images, labels = Reference(COURSE, "01-data-loading").namespace()["load_folder"](data.path / "testing")
    assert torch.equal(images, data.test()[0]) and torch.equal(labels, data.test()[1])


def test_what_02_says_of_squaring_is_what_it_shows():
    text = printed(solution("02-pixel-baseline"))
    counts = re.findall(r"([\d,]+) (?:times|images show a 1)$", text, re.MULTILINE)
    mae, mse, ones = (int(count.replace(",", "")) for count in counts[:3])
    assert mae > mse > ones, "MAE calls too many digits a 1"
    with_means, with_medians = map(float, re.search(r"mae: ([\d.]+) with means, ([\d.]+) with medians", text).groups())
    assert with_medians > with_means + 0.03, "the right partner gives MAE back much of what it lost"


def test_what_03_says_of_start_and_loss_is_what_it_shows():
    """On either data set, and on the same seeds: the start matters most, and cross-entropy forgives a bad one."""
    text = printed(solution("03-mse-regression"))
    end = {name: float(mean) for name, mean in re.findall(r"^((?:wild|small) start.*?: \S.*?)  +([\d.]+)", text, re.MULTILINE)}
    wild, small = (
        {name.partition(": ")[2]: mean for name, mean in end.items() if name.startswith(f"{kind} start:")}
        for kind in ("wild", "small")
    )
    assert len(wild) == len(small) == 3
    mse = ("sigmoid + MSE", "softmax + MSE")
    assert max(wild[n] for n in mse) < wild["cross-entropy"] - 0.15, "from the wild start the MSE models crawl"
    assert min(small[n] for n in mse) > max(wild[n] for n in mse) + 0.15, "the small start lifts them"
    assert min(small[n] for n in mse) > small["cross-entropy"] - 0.05, "to about the level of cross-entropy"
    assert end["small start, large rate: softmax + MSE"] > small["softmax + MSE"], "and the rate does a little more"


def test_the_scoreboard_repeats_what_the_notebook_reaches(assignment):
    notebook = solution(assignment)
    compare_with_recorded(assignment, printed(notebook), notebook.metadata.course.data)


def test_the_readme_names_the_accuracies_that_are_recorded(assignment):
    (row,) = (line for line in (ROOT / "README.md").read_text().splitlines() if f"({COURSE.release.name}/{assignment}/" in line)
    named = [float(number) for number in re.findall(r"\.\d+", row.split("|")[-2])]
    reached = [mnist[0] for n, _, mnist, _ in course.RECORDED if n == assignment[:2]]
    assert named and all(min(abs(accuracy - number) for number in reached) < 0.0006 for accuracy in named)


def test_a_notebook_is_no_longer_than_an_evening_and_a_third_of_its_code_is_the_students(assignment):
    found = count(assignment)
    assert found["words"] <= 1500 and found["minutes"] <= 90
    assert share(found) >= 1 / 3
    (row,) = (line for line in (ROOT / "README.md").read_text().splitlines() if f"({COURSE.release.name}/{assignment}/" in line)
    assert int(re.match(r"\d+", row.split("|")[-3].strip())[0]) == found["minutes"]


def test_a_notebook_is_written_in_one_way(assignment):
    """Each kind of exercise is announced, each written one has a mark scheme, and no cell stops who changes a number."""
    text, cells = "", read(COURSE.source / "header.py").cells + read(notebook_source(COURSE.source / assignment)).cells
    for cell in cells:
        mark = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown":
            text = cell.source
            assert "BEGIN MARK SCHEME" in text or not mark.get("points"), text
            assert "\nA model answer" in text or not mark.get("task"), text  # others have their answer in the cell
            continue
        assert all(len(line) <= 100 for line in cell.source.splitlines()), cell.source
        assert not re.search(r"^ *assert ", cell.source, re.MULTILINE), cell.source
        assert "**Predict" in text or not cell.source.startswith("guess("), f"{cell.source}\nno **Predict.** above it"
        assert "**Derive" in text or "answer" not in cell.metadata.get("tags", []), f"{cell.source}\nno **Derive.** above it"
    assert "## Read on" in cells[-1].source


def test_every_picture_says_what_it_shows_and_has_type_of_eight_points_when_it_is_600_pixels_wide(assignment):
    """All type has one size; a point is 96 / 72 pixels on a screen, and a picture's own pixels are 1 / 100 inch."""
    type_size = course.STYLE["font.size"] / 72 * 100
    assert not [file for file in COURSE.source.rglob("*.py") if "fontsize=" in file.read_text()]
    for alt, width in pictures(solution(assignment)):
        assert alt
        assert type_size * min(1, 600 / width) >= 8 * 96 / 72, f"{width} pixels wide: {alt}"


@pytest.fixture(scope="module")
def perfect_and_untouched(tmp_path_factory):
    """Verdicts of the solutions and of the untouched release, for all assignments: {(student, assignment): Verdict}."""
    root = tmp_path_factory.mktemp("class")
    for name in ("source", "notebooks", "solutions", "autograder", "nbgrader_config.py"):
        (root / name).symlink_to(ROOT / name)
    sample = sample_class.make(Course(root), COURSE.assignments)
    chosen = [s for s in sample.submissions if s.student in (sample_class.PERFECT, sample_class.UNTOUCHED)]
    return {(v.student, v.assignment): v for v in grading.grade(sample.course, chosen)}


def test_the_solution_earns_full_marks(perfect_and_untouched, assignment):
    verdict = perfect_and_untouched[sample_class.PERFECT, assignment]
    assert [case for case in verdict.cases if not case.passed] == []
    assert verdict.points == pytest.approx(verdict.possible, abs=1e-3) and verdict.possible > 0
    assert verdict.notes == () and verdict.sandboxed


def test_the_untouched_release_earns_nothing(perfect_and_untouched, assignment):
    verdict = perfect_and_untouched[sample_class.UNTOUCHED, assignment]
    assert verdict.points == 0
    assert verdict.possible == pytest.approx(perfect_and_untouched[sample_class.PERFECT, assignment].possible)


@pytest.mark.parametrize(("folder", "said"), [(COURSE.solutions, "Success!"), (COURSE.release, "VALIDATION FAILED ON 8 CELL(S)")])
def test_validate_tells_a_student_whether_the_checks_pass(folder, said, tmp_path):
    """What the button in JupyterLab runs, in a folder that knows nothing of the course."""
    name = "02-pixel-baseline"
    copy = shutil.copytree(folder / name, tmp_path / name)
    command = [Path(sys.prefix, "bin", "nbgrader"), "validate", f"{name}.ipynb"]
    result = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert said in result.stdout, result.stdout + result.stderr
