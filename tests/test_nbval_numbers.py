"""nbval with our plugin: a copy of a solution that is broken fails, and the digits of another processor pass."""

import re

import nbformat
import pytest
from conftest import COURSE
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval_numbers import TRAINED, Printed, template
from notebook_runs import nbval, solution


def lines():
    """(number of the notebook, line, its template) of all that the solutions printed after training."""
    for assignment in COURSE.assignments:
        number = assignment[:2]
        outputs = [o for cell in solution(assignment).cells for o in cell.get("outputs", []) if o.output_type == "stream"]
        found = [line for output in outputs for line in output.text.splitlines()]
        yield from ((number, line, fits) for line in found if (fits := template(number, line)))


def shifted(line, fits, which, by):
    """The line with one of its numbers shifted, to as many digits."""
    (numbers, texts), shown = fits.split(line), fits.pattern.fullmatch(line).groups()
    numbers[which] += by
    form = [f"{n:{len(s)}.{len(s.strip().partition('.')[2])}f}" for n, s in zip(numbers, shown, strict=True)]
    return "".join(text + number for text, number in zip(texts, [*form, ""], strict=True))


def test_each_template_is_that_of_a_line():
    used = {id(fits) for _, _, fits in lines()}
    unused = [t.template for templates in TRAINED.values() for t in templates if id(t) not in used]
    assert not unused


@pytest.mark.parametrize(
    ("number", "line", "fits"), [pytest.param(*found, id=f"{found[0]} {found[1].strip()}") for found in lines()]
)
def test_a_number_may_differ_by_its_tolerance_and_not_by_more(number, line, fits):
    stored = Printed(f"before\n{line}\nafter", number)
    for which, tolerance in enumerate(fits.tolerances):
        for sign in (-1, 1):
            assert stored == Printed(f"before\n{shifted(line, fits, which, sign * tolerance)}\nafter", number)
            assert stored != Printed(f"before\n{shifted(line, fits, which, sign * 2.1 * tolerance)}\nafter", number)


def validation(text, by):
    """What a cell printed, its validation accuracy shifted by so many tolerances."""
    (line,) = (line for line in text.splitlines() if line.startswith("validation accuracy"))
    fits = template("03", line)
    return text.replace(line, shifted(line, fits, 0, by * fits.tolerances[0]))


def test_an_empty_output_is_compared_too():
    """A bar that has vanished leaves one."""
    assert Printed("", "03") == Printed("", "03")
    assert Printed("", "03") != Printed("word", "03")


# What happens to the stored output of 03's `training loss ...` cell, and whether nbval lets it pass.
BREAKS = {
    "nothing": (lambda text: text, True),
    "a number within its tolerance": (lambda text: validation(text, 1), True),
    "a number off by more": (lambda text: validation(text, 2.1), False),
    "a number that is not trained": (lambda text: re.sub(r"(lowest possible )\d", r"\g<1>0", text), False),
    "another word": (lambda text: text.replace("validation", "training"), False),
    "a line is missing": (lambda text: text.split("\n", 1)[1], False),
    "a line too many": (lambda text: text + text, False),
    "no number": (lambda text: re.sub(r"accuracy 0\.\d+", "accuracy nan", text), False),
}


def test_a_broken_copy_of_a_solution_fails(tmp_path):
    """The output of one cell, broken in several ways: nbval runs each copy of the cell and compares."""
    texts = [o.text for cell in solution("03-mse-regression").cells for o in cell.get("outputs", []) if "text" in o]
    (text,) = (text for text in texts if text.startswith("training loss"))
    notebook = new_notebook()
    for broken, _ in BREAKS.values():
        cell = new_code_cell(f"print({text!r}, end='')", execution_count=1)
        cell.outputs = [new_output("stream", name="stdout", text=broken(text))]
        notebook.cells.append(cell)
    path = tmp_path / "03-broken.ipynb"
    nbformat.write(notebook, path)
    _, report = nbval(path, "--nbval", "-rA", "--color=no")
    for i, (what, (_, passes)) in enumerate(BREAKS.items()):
        outcome = re.search(rf"^(PASSED|FAILED) \S*::Cell {i}\b", report, re.MULTILINE)
        assert outcome and outcome[1] == ("PASSED" if passes else "FAILED"), f"{what}\n{report}"
