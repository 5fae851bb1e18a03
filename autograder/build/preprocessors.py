"""The steps that this kit adds to nbgrader's `generate_assignment` and `generate_solution`."""

import re
from pathlib import Path

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder.build.source import read


class IncludeSetUp(NbGraderPreprocessor):
    """Put the set-up cell, one text for all notebooks, behind the title (nbgrader's own header comes before it)."""

    path = Unicode("", help="The text notebook with the set-up cell; without one nothing is included.").tag(config=True)

    def preprocess(self, notebook, resources):
        if Path(self.path).is_file():
            notebook.cells[1:1] = read(Path(self.path)).cells
        return notebook, resources


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


class RemoveMarkers(NbGraderPreprocessor):
    """A reader of the solution wants the code, not nbgrader's comments around it."""

    def preprocess_cell(self, cell, resources, index):
        cell.source = re.sub(r"^.*(BEGIN|END) SOLUTION.*\n?", "", cell.source, flags=re.MULTILINE).rstrip("\n")
        return cell, resources


class DropTimings(NbGraderPreprocessor):
    """A measured time differs at every run, so cells tagged `timing` keep no output: the same source gives the same bytes."""

    def preprocess_cell(self, cell, resources, index):
        if "timing" in cell.metadata.get("tags", []):
            cell.outputs = []
        return cell, resources
