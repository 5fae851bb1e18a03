"""`autograder bundle`: the release as zip files, with what a student's machine needs, and notebooks that can be opened alone."""

import io
import re
import zipfile
from importlib.resources import files
from pathlib import PurePosixPath

import nbformat
from nbgrader.utils import compute_checksum
from traitlets import Unicode
from traitlets.config import Configurable

from autograder import configuration
from autograder.course import CourseError
from autograder.grading.store import Staged
from autograder.handout.requirements import requirements
from autograder.judging.task import released_files
from autograder.page.page import title

FOLDER = "handout"
# Where raw files of a public GitHub repository are: from there Colab and Binder can open a notebook.
GITHUB = re.compile(r"https://raw\.githubusercontent\.com/(?P<repository>[^/]+/[^/]+)/(?P<branch>[^/]+)(?P<folder>(?:/[^/]+)*)/?")
MISSING = "{names} must lie beside this notebook: unpack the whole {assignment}.zip and open the notebook there."
# In front of the set-up cell, which the grader takes from the release: nothing of this reaches it.
BESIDE = """\
# Opened alone, a notebook lacks the files that belong to it.
import os

if not all(map(os.path.exists, {names})):
    raise FileNotFoundError({missing!r})

"""
FETCH = """\
# Opened alone, for example on Colab, a notebook fetches the files that belong to it.
import os

if not all(map(os.path.exists, {names})):
    import io
    import urllib.request
    import zipfile

    try:
        fetched = urllib.request.urlopen({url!r}).read()
    except OSError as error:
        raise FileNotFoundError({missing!r} + f" ({url} cannot be fetched: {{error}})") from None
    zipfile.ZipFile(io.BytesIO(fetched)).extractall()

"""


class Handout(Configurable):
    """Settings of `c.Handout` in nbgrader_config.py."""

    address = Unicode(
        "",
        help="Where the contents of handout/ can be fetched by everybody, for example "
        "'https://raw.githubusercontent.com/you/your-course/main'. Notebooks that are opened alone get their files from there; "
        "for such an address of GitHub, there are badges that open a notebook on Colab and Binder.",
    ).tag(config=True)


def bundle(course, assignments):
    """Write `handout/`: `<assignment>/` and `<assignment>.zip` for each, `all.zip`, a README and requirements.txt.

    What was handed out before is packed anew: the last three are about all of it, not only about this week's.
    Returns: {path of a zip file: its size in bytes}. Raises: CourseError if an assignment was not released.
    """
    address = Handout(config=configuration.config(course.root)).address.rstrip("/")
    folder, archives, everything = course.root / FOLDER, {}, {}
    assignments = sorted({*assignments, *(name for name in course.assignments if (folder / name).is_dir())})
    needed = requirements(course, assignments)
    with Staged() as staged:
        for assignment in assignments:
            own = _files(course, assignment, address)
            beside = {name: content for name, content in own.items() if not name.endswith(".ipynb")}
            own |= {"requirements.txt": needed.encode(), "README.txt": _readme(assignment).encode()}
            for name, content in own.items():
                staged.add(folder / assignment / name, content)
            archives[f"{assignment}.zip"] = _zip({f"{assignment}/{name}": content for name, content in own.items()})
            if beside and address:
                staged.add(folder / f"{assignment}-files.zip", _zip(beside))
            everything |= {f"{assignment}/{name}": content for name, content in own.items()}
        archives["all.zip"] = _zip(everything)
        for name, content in archives.items():
            staged.add(folder / name, content)
        staged.add(folder / "requirements.txt", needed)
        staged.add(folder / "README.md", _overview(course, assignments, address))
        staged.put()
    return {folder / name: len(content) for name, content in archives.items()}


def _files(course, assignment, address):
    """{path in the folder: bytes} of what was released, the notebooks able to be opened alone."""
    released = course.release / assignment
    paths = released_files(course, assignment) if released.is_dir() else []
    if not any(path.suffix == ".ipynb" for path in paths):
        raise CourseError(f"There is no notebook in {released}. Run `autograder build {assignment}` first.")
    contents = {path.relative_to(released).as_posix(): path.read_bytes() for path in sorted(paths)}
    beside = sorted({PurePosixPath(name).parts[0] for name in contents if not name.endswith(".ipynb")})
    return {
        name: _alone(content, name, assignment, beside, address) if name.endswith(".ipynb") else content
        for name, content in contents.items()
    }


def _alone(content, name, assignment, beside, address):
    """The bytes of a notebook that, opened alone, fetches what lies beside it, or says what to do."""
    notebook = nbformat.reads(content.decode(), as_version=4)
    first = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    if beside and first:
        missing = MISSING.format(names=" and ".join(beside), assignment=assignment)
        start = FETCH if address else BESIDE
        first.source = start.format(names=beside, missing=missing, url=f"{address}/{assignment}-files.zip") + first.source
        if "checksum" in (mark := first.metadata.get("nbgrader", {})):
            mark["checksum"] = compute_checksum(first)  # else Validate says that somebody has changed the cell
    badges = _badges(f"{assignment}/{name}", address)
    if badges and notebook.cells[0].cell_type == "markdown":
        notebook.cells[0].source += f"\n\n{badges}"
    return (nbformat.writes(notebook) + "\n").encode()


def _badges(path, address):
    """Links that open a notebook of `handout/` elsewhere, as Markdown; empty where nobody could."""
    if not (at := GITHUB.fullmatch(address)):
        return ""
    inside = f"{at['folder']}/{path}".lstrip("/")
    colab = f"https://colab.research.google.com/github/{at['repository']}/blob/{at['branch']}/{inside}"
    binder = f"https://mybinder.org/v2/gh/{at['repository']}/{at['branch']}?urlpath=lab/tree/{inside}"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}) "
        f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    )


def _readme(assignment):
    return files(__package__).joinpath("README.txt").read_text().format(title=title(assignment), assignment=assignment)


def _overview(course, assignments, address):
    lines = [f"# {title(course.root.name)}", "", "| notebook | everything | in the browser |", "|---|---|---|"]
    for assignment in assignments:
        names = sorted(path.name for path in (course.release / assignment).glob("*.ipynb"))
        badges = " ".join(filter(None, (_badges(f"{assignment}/{name}", address) for name in names)))
        lines.append(f"| {title(assignment)} | [{assignment}.zip]({assignment}.zip) | {badges} |")
    return "\n".join([*lines, "", "How to begin is in the README.txt of each; all of them are in [all.zip](all.zip).", ""])


def _zip(contents):
    """A zip file whose bytes depend on the contents alone."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
