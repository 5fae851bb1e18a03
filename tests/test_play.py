"""What can be played with: pictures for everybody, and moving parts for a person, driven here with mouse and keyboard."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import nbformat
import numpy as np
import pytest
import torch
from conftest import COURSE
from course import play
from course.play import digits, live
from lab_server import jupyterlab
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from autograder.build.source import read

matplotlib.use("Agg")

CELLS = (
    """
import course, torch, matplotlib.pyplot as plt
from course import play
plt.rcParams.update(course.STYLE)
images = torch.zeros(2, 28, 28)  # a 0 is an upright bar, a 1 lies on its side
images[0, 4:24, 12:16], images[1, 12:16, 4:24] = 1, 1
far = torch.ones(8, 28, 28)
play.pad({"nearest": lambda x: -((x - torch.cat([images, far])) ** 2).mean((1, 2))}, images[0])
""",
    "play.loss_valley(torch.eye(2), torch.tensor([1.0, -1.0]))",
    "play.graph()",
    """
x, y = torch.tensor([[0.0, 0], [1, 1], [0, 1], [1, 0]]), torch.tensor([0, 0, 1, 1])
lines = {e: lambda p, e=e: (p[:, 0] > e / 30).long() for e in (0, 10, 20)}
play.regions({"one layer": lines, "two layers": lines}, x, y)
""",
    "play.units({e: torch.linspace(-e, e, 784 * 3).reshape(784, 3) for e in (0, 1, 5)})",
)


def drawing(rows, columns):
    """A rectangle on the pad."""
    ink = np.zeros((digits.SIDE, digits.SIDE), np.uint8)
    ink[slice(*rows), slice(*columns)] = 255
    return ink


@pytest.mark.parametrize(("rows", "columns"), [((10, 70), (80, 92)), ((0, 112), (50, 60)), ((100, 104), (3, 5))])
def test_a_drawing_is_centred_as_mnist_is(rows, columns):
    image = np.asarray(digits.centred(drawing(rows, columns)), dtype=float)
    inked = [np.nonzero(image.max(axis=axis))[0] for axis in (1, 0)]
    assert image.shape == (28, 28) and max(i[-1] - i[0] + 1 for i in inked) == 20
    for axis in (0, 1):
        weight = image.sum(axis=1 - axis)
        assert abs((weight * np.arange(28)).sum() / weight.sum() - 13.5) <= 0.5


def test_an_empty_pad_is_no_digit():
    assert digits.centred(drawing((0, 0), (0, 0))) is None


def test_scores_of_any_kind_become_bars_from_0_to_1():
    models = {"distances": lambda x: -torch.arange(10.0)[None], "probabilities": lambda x: torch.full((1, 10), 0.1)}
    answers = digits._answers(models, torch.zeros(28, 28))
    assert answers["distances"][0] == 1 and answers["distances"][9] == 0
    assert answers["probabilities"] == [0.1] * 10


def test_without_a_person_there_are_pictures_alone(capsys):
    """In this process nobody sits at a notebook, as while nbval, nbconvert and nbgrader run one."""
    assert not live.person_here()
    assert live.show_widget("graph.js", lambda: pytest.fail("computed for nobody")) is None
    exec(compile("\n".join(CELLS), "<cells>", "exec"), {})
    assert capsys.readouterr().out.count("Figure(") == len(CELLS)


def test_the_graphs_slopes_are_those_of_autograd(monkeypatch):
    shown = {}
    monkeypatch.setattr(sys.modules["course.play.graph"], "show_widget", lambda script, values: shown.update(values()))
    numbers = {"x": 1.5, "t": -1.0, "w1": 0.8, "b1": 0.1, "w2": -2.0, "b2": 0.3}
    play.graph(**numbers)
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in numbers.items()}
    p = leaves["w2"] * torch.relu(leaves["w1"] * leaves["x"] + leaves["b1"]) + leaves["b2"]
    ((p - leaves["t"]) ** 2).backward()
    for name in ("w1", "b1", "w2", "b2"):
        assert float(shown["nodes"][name][3]) == pytest.approx(leaves[name].grad.item(), rel=0.005)


def test_colab_is_asked_to_show_the_widgets(monkeypatch):
    """Colab cannot be had here: what stands for it is the module by which anywidget knows it."""
    asked = []
    widgets = SimpleNamespace(_installed_url="https://colab.example")
    colab = SimpleNamespace(enable_custom_widget_manager=lambda: asked.append("manager"), _widgets=widgets)
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    monkeypatch.setattr(live, "person_here", lambda: True)
    assert live.show_widget("film.js", lambda: {"epochs": [0], "frames": [""], "alt": ""})
    assert asked == ["manager"]


def test_where_anywidget_is_missing_it_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.setattr(live, "person_here", lambda: True)
    assert live.show_widget("film.js", lambda: pytest.fail("computed for nothing")) is None
    assert "pip install anywidget" in capsys.readouterr().out


MAE = """
def mae(a, b):
    return (a - b).abs().mean(dim=(-2, -1))
check("mae")
"""


@pytest.mark.long
def test_everything_moves_in_jupyterlab_and_notebook_7(tmp_path, chromium):
    """One server for both; Notebook 7 is what `jupyter notebook` opens."""
    folder = Path(shutil.copytree(COURSE.source / "course", tmp_path / "course" / "course")).parent
    shutil.copy(COURSE.source / "02-pixel-baseline" / "checks.py", folder)
    set_up = read(COURSE.source / "header.py").cells[0].source
    notebook = new_notebook(cells=[new_code_cell(source.strip()) for source in (set_up, MAE, *CELLS)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(notebook, folder / "play.ipynb")
    with jupyterlab(tmp_path) as address:
        for path, ready in (("lab/tree", "Python 3 (ipykernel) | Idle"), ("notebooks", "Idle")):
            page = chromium.new_page(viewport={"width": 1300, "height": 4800})
            page.goto(f"{address}/{path}/play.ipynb")
            page.get_by_text(ready).wait_for(state="attached", timeout=120_000)
            page.wait_for_timeout(1_000)  # the menus come later than the kernel
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_text("Run All Cells", exact=True).click()
            page.locator("img[src^=data]").nth(6).wait_for(timeout=120_000)  # five pictures, and two films
            expect(page.locator("pre", has_text="Data: ")).to_be_visible()
            expect(page.locator("pre", has_text="two images and one mean")).to_be_visible()
            play_with_everything(page)
            page.close()


def play_with_everything(page):
    pad = page.locator("canvas.pad")
    for start, end, digit in (((140, 40), (140, 240), 0), ((40, 140), (240, 140), 1)):
        page.get_by_role("button", name="Wipe").click()
        box = pad.bounding_box()
        page.mouse.move(box["x"] + start[0], box["y"] + start[1])
        page.mouse.down()
        page.mouse.move(box["x"] + end[0], box["y"] + end[1], steps=8)
        page.mouse.up()
        expect(page.locator(".answers")).to_contain_text(f"nearest reads {digit}")

    sliders = page.locator("input[type=range]")
    said = page.get_by_text("steps the loss is")
    for value, verdict in (("-3", "Still on its way"), ("-0.3", "Arrived")):
        sliders.nth(0).fill(value)
        expect(said).to_contain_text(verdict)

    for step in range(12):
        assert page.locator("[data-step='d w1']").is_hidden(), step
        page.get_by_role("button", name="Next step").click()
    expect(page.locator("[data-step='d w1']")).to_be_visible()
    expect(page.get_by_role("button", name="Next step")).to_be_disabled()

    for film, last in ((1, 20), (2, 5)):
        before = page.locator("img[alt$='after epoch 0.']").first.get_attribute("src")
        sliders.nth(film).fill("2")
        assert page.locator(f"img[alt$='after epoch {last}.'][src^=data]").first.get_attribute("src") != before
