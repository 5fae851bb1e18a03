"""The steps that this kit adds to nbgrader's `generate_assignment` and `generate_solution`."""

import ast
import re
from itertools import takewhile
from pathlib import Path

from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from traitlets import Unicode

from autograder.build.source import read

MEND, SOLUTION = (
    re.compile(rf"^([ \t]*)### BEGIN {name}\n(.*?)^\s*### END {name}\n?", re.MULTILINE | re.DOTALL)
    for name in ("MEND", "SOLUTION")
)
MODEL_ANSWER = re.compile(r"^A model answer.*?(?=^=== END MARK SCHEME)", re.MULTILINE | re.DOTALL)


class IncludeSetUp(NbGraderPreprocessor):
    """Put the set-up cell, one text for all notebooks, behind the title (nbgrader's own header comes before it)."""

    path = Unicode("", help="The text notebook with the set-up cell; without one nothing is included.").tag(config=True)

    def preprocess(self, notebook, resources):
        if Path(self.path).is_file():
            notebook.cells[1:1] = read(Path(self.path)).cells
        return notebook, resources


class AskStudents(ClearSolutions):
    """Put what students begin with in the place of what the authors wrote: nbgrader's stub in a solution, and beside it

    - a broken function: comments behind the solution, between BEGIN MEND and END MEND, which are the lines to be mended;
    - a guess or an entered answer: in cells of `guess(name, question, answer)`, and of assignments with the tag `answer`, `...`;
    - a plan of one's own: of a cell with the tag `design` only the comment at its beginning.
    """

    def preprocess_cell(self, cell, resources, index):
        tags = cell.metadata.get("tags", [])
        if MEND.search(cell.source):
            cell.source = MEND.sub(_broken, SOLUTION.sub("", cell.source)).rstrip("\n")
            return cell, resources
        if cell.cell_type == "code" and ("answer" in tags or cell.source.startswith("guess(")):
            cell.source = unanswered(cell.source)
        elif "design" in tags:
            cell.source = "\n".join(takewhile(lambda line: line.startswith("#"), cell.source.splitlines()))
        return super().preprocess_cell(cell, resources, index)


def _broken(mend):
    """The lines to be mended, no longer comments."""
    return "\n".join(re.sub(r"^(\s*)# ?", r"\1", line).rstrip() for line in mend[2].splitlines())


def unanswered(source):
    """The source of a cell of guesses and assignments, each answer replaced by `...`; `a, b = 1, 2` asks for two."""
    for statement in ast.parse(source).body:
        guessed = isinstance(statement, ast.Expr)
        value = statement.value.args[-1] if guessed else statement.value
        names = 1 if guessed or not isinstance(statement.targets[0], ast.Tuple) else len(statement.targets[0].elts)
        whole, answer = (ast.get_source_segment(source, node) for node in (statement, value))
        head, _, tail = whole.rpartition(answer)
        source = source.replace(whole, head + ", ".join(["..."] * names) + tail)
    return source


class Tidy(NbGraderPreprocessor):
    """Leave out what differs from machine to machine, and what only the authors' tools read."""

    def preprocess(self, notebook, resources):
        notebook.metadata.pop("celltoolbar", None)
        notebook.metadata.get("language_info", {}).pop("version", None)
        return super().preprocess(notebook, resources)

    def preprocess_cell(self, cell, resources, index):
        for key in ("execution", "lines_to_next_cell"):  # times of day; how jupytext lays out the text
            cell.metadata.pop(key, None)
        return cell, resources


class ShowModelAnswers(NbGraderPreprocessor):
    """In the solution, the model answer that a mark scheme ends with; nbgrader then takes the scheme away."""

    def preprocess_cell(self, cell, resources, index):
        if model := MODEL_ANSWER.search(cell.source):
            cell.source += f"\n\n{model[0].strip()}"
        return cell, resources


class RemoveMarkers(NbGraderPreprocessor):
    """A reader of the solution wants the code, not the comments around it, nor what was to be mended."""

    def preprocess_cell(self, cell, resources, index):
        cell.source = MEND.sub("", cell.source)
        cell.source = re.sub(r"^.*(BEGIN|END) SOLUTION.*\n?", "", cell.source, flags=re.MULTILINE).rstrip("\n")
        return cell, resources


class DropTimings(NbGraderPreprocessor):
    """A measured time differs at every run, so cells tagged `timing` keep no output: the same source gives the same bytes."""

    def preprocess_cell(self, cell, resources, index):
        if "timing" in cell.metadata.get("tags", []):
            cell.outputs = []
        return cell, resources
