"""Make the notebook that is graded: the release, with nothing of the student's but the text of their own cells.

Tags, metadata, duplicated, deleted, retyped or reordered cells, edits of locked cells, attachments and outputs of a submission
never reach the grader, because nothing but source text is read from it.
"""

import copy
import json
from dataclasses import dataclass

import nbformat

# A notebook of text and code is far below this; what is above would only slow the grader down. In characters:
MAX_CODE = 200_000  # of one cell
MAX_TEXT = 20_000  # of one cell: turning Markdown into HTML can take time that grows with the square
MAX_ALL = 500_000
MAX_EXTRA_CELLS = 200


@dataclass(frozen=True)
class Rebuilt:
    """The notebook to grade, and what an instructor and the student should know about how it came to be.

    read: whether anything of the student's is in it; if not, the only note says why.
    """

    notebook: nbformat.NotebookNode
    notes: tuple[str, ...]
    read: bool = True


def rebuild(release, submitted):
    """Put a student's own source text into the release.

    release: the released notebook (nbformat 4 with cell ids).
    submitted: the bytes of the submitted file, or None if there is none. Anything may be in them.
    Returns: Rebuilt. A submission that cannot be read counts as an untouched release, with a note that says why.
    """
    notebook, notes = copy.deepcopy(release), []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if submitted is None:
        return Rebuilt(notebook, ("No notebook was submitted.",), read=False)
    try:
        cells = list(_submitted_cells(submitted))
    except _UnreadableError as error:
        return Rebuilt(notebook, (str(error),), read=False)

    own = {cell.metadata["nbgrader"]["grade_id"]: cell for cell in notebook.cells if _mark(cell).get("solution")}
    locked = {_mark(cell)["grade_id"] for cell in notebook.cells if _mark(cell).get("grade_id")} - own.keys()
    free = {cell.id: cell for cell in notebook.cells if not _mark(cell)}
    originals = {cell.source for cell in notebook.cells}

    behind, anchor, extra = {}, None, 0  # cells that the student added, by the id of the release's cell before them
    answers = {}  # grade_id -> the texts of its cells; Jupyter copies the id when a cell is split
    left, too_long = MAX_ALL, 0
    for grade_id, cell_id, cell_type, source in cells:
        if grade_id in locked:
            anchor = next(cell for cell in notebook.cells if _mark(cell).get("grade_id") == grade_id)
            continue
        place = own.get(grade_id) or free.get(cell_id)
        most = MAX_CODE if (place.cell_type if place else cell_type) == "code" else MAX_TEXT
        if len(source) > min(most, left):
            too_long += 1
            continue
        left -= len(source)
        if grade_id in own:
            anchor = own[grade_id]
            answers.setdefault(grade_id, []).append(source)
        elif cell_id in free:
            anchor = free[cell_id]
            anchor.source = source
        elif source.strip() and source not in originals and cell_type in ("code", "markdown"):
            extra += 1
            if extra <= MAX_EXTRA_CELLS:
                make = nbformat.v4.new_code_cell if cell_type == "code" else nbformat.v4.new_markdown_cell
                behind.setdefault(anchor.id if anchor else None, []).append(make(source, id=f"added-{extra}"))
    for grade_id, texts in answers.items():
        if len(texts) > 1:
            notes.append(f"The cell {grade_id!r} is there {len(texts):,} times; what differs from the release counts, in order.")
        if written := "\n\n".join(text for text in texts if text.strip() and text != own[grade_id].source):
            own[grade_id].source = written
    if too_long:
        limits = f"{MAX_CODE:,} characters of code, {MAX_TEXT:,} of text, {MAX_ALL:,} in all"
        notes.append(f"Cells that are too long were left out: {too_long:,}. What is read: {limits}.")
    if extra > MAX_EXTRA_CELLS:
        notes.append(f"{extra:,} cells were added; the first {MAX_EXTRA_CELLS} are read.")
    missing = sorted(own.keys() - answers.keys())
    if missing:
        notes.append(f"Cells of the release are missing in the submission and count as untouched: {', '.join(missing)}.")
    notebook.cells = behind.get(None, []) + [c for cell in notebook.cells for c in (cell, *behind.get(cell.id, []))]
    return Rebuilt(notebook, tuple(notes))


class _UnreadableError(Exception):
    """Why a submitted file is not a notebook, in a sentence for its author."""


def _submitted_cells(submitted):
    """(grade_id or None, cell id or None, cell type, source) of each cell of a submitted file."""
    if not submitted.strip():
        raise _UnreadableError("The submitted file is empty. Save the notebook in Jupyter and hand it in again.")
    try:
        content = json.loads(submitted)
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(
            "The submitted file is not a notebook (not valid JSON). Save it in Jupyter and hand it in again."
        ) from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise _UnreadableError("The submitted file holds no cells. Save the notebook in Jupyter and hand it in again.")
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        metadata = cell.get("metadata")
        mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = mark.get("grade_id") if isinstance(mark, dict) else None
        if isinstance(source, str):
            # Lone surrogates are valid JSON and no valid text: they would break every file written later.
            source = source.encode("utf-8", "replace").decode()
            yield _text(grade_id), _text(cell.get("id")), _text(cell.get("cell_type")), source


def _text(value):
    return value if isinstance(value, str) else None


def _mark(cell):
    return cell.metadata.get("nbgrader", {})
