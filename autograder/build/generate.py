"""Build the release and the solutions with nbgrader's own converters, in a temporary folder; place.py puts them in place."""

import contextlib
import hashlib
import platform
import re
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateSolution
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute

from autograder import configuration
from autograder.build import source
from autograder.build.place import MADE_BY_TOOLS, Change, Place, read
from autograder.build.release import check_release
from autograder.build.source import Problem
from autograder.course import Course, CourseError, notebook_source
from autograder.versions import installed

# What computes and draws the outputs: with another version they must be made anew.
COMPUTED_WITH = ("fastai", "matplotlib", "numpy", "pillow", "scikit-learn", "torch", "torchvision")


class BuildError(CourseError):
    """The source cannot be built. `problems` says what an instructor has to mend, and where."""

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


def build(course: Course, assignments, *, rerun=False, force=False, advance=lambda assignment: None):
    """Make the release and the solution of each assignment; a solution is executed only if it is not current.

    rerun: execute it anyway. force: move aside what people have put or edited there; without it that is left, and an assignment
    is not built where it would be overwritten. advance: called with each assignment once it is done.
    Returns: a list of `Change`, one for each file that is not as it was, or that was left.
    Raises: BuildError. Nothing of an assignment is changed unless all of it could be built.
    """
    _check_sources(course, assignments)
    changes = []
    for assignment in assignments:
        changes += _build(course, assignment, rerun, force)
        advance(assignment)
    return changes


def stale(course: Course, assignments):
    """What `build` would do, as a list of `Change`. Changes nothing and runs no notebook.

    The release is made again and compared byte by byte. A solution says in its metadata what it was built from; its
    outputs are compared with a fresh run by nbval, in the tests.
    Raises: BuildError.
    """
    _check_sources(course, assignments)
    changes = []
    with _workshop(course) as workshop:
        for assignment in assignments:
            place = Place(course, assignment)
            made, built_from = _made(workshop, assignment, place)
            changes += place.strangers(made)
            if place.facts.get("built_from") == built_from:
                made = place.sealed(made | {place.solution: place.files[place.solution]})
            changes += place.changes(made)
    return changes


def register(course: Course, assignments):
    """Tell the gradebook about assignments that it does not know as they are now, so that they can be graded.

    Returns: a sentence for each release that is older than its source in its text alone.
    Raises: BuildError; CourseError where cells or points differ, as nothing should be graded by others than students were given.
    """
    _check_sources(course, assignments)
    for assignment in assignments:
        check_release(course, assignment)
    with _workshop(course, course.root / "grading" / "gradebook.db") as workshop:
        for assignment in assignments:
            _release(workshop, assignment)
        old = [a for a in assignments if any(Place(course, a).files.get(p) != made for p, made in read(workshop, a).items())]
    return [
        f"notebooks/{a} is older than source/{a}: its text, not its points. `autograder build {a}` makes it anew." for a in old
    ]


def _build(course, assignment, rerun, force):
    """Build one assignment; return its changes."""
    place = Place(course, assignment)
    with _workshop(course, course.root / "grading" / "gradebook.db") as workshop:
        made, built_from = _made(workshop, assignment, place)
        strangers = place.strangers(made)
        if not force and any(stranger.what == "edited" for stranger in strangers):
            return strangers
        if rerun or place.facts.get("built_from") != built_from or Change("edited", place.solution) in strangers:
            made |= {place.solution: _executed(workshop, assignment, built_from)}
        else:
            made |= {place.solution: place.files[place.solution]}
    if force:
        strangers = place.set_aside(strangers)
    return [*strangers, *place.put(place.sealed(made))]


def _check_sources(course, assignments):
    found = []
    for assignment in assignments:
        path = notebook_source(course.source / assignment)
        from autograder.checks.loading import load  # brings torch: a second and more, that setting up nbgrader need not take

        exercises = list(load(course, assignment))
        found += source.problems(path, exercises)
    if (course.source / "header.py").exists():
        found += source.problems(course.source / "header.py")
    if found:
        raise BuildError(found)


@contextlib.contextmanager
def _workshop(course, gradebook=None):
    """A copy of the course's source to build in, so that a failure leaves the course as it was."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(course.source, Path(folder) / "source", ignore=shutil.ignore_patterns(*MADE_BY_TOOLS))
        workshop = Course(Path(folder))
        for assignment in workshop.assignments:  # what lies there goes out with the notebook
            source.lend_helper(workshop, assignment, workshop.source / assignment)
        source.write_notebooks(workshop)
        if gradebook is None:
            (Path(folder) / "grading").mkdir()
            configuration.lend(course, folder, f"sqlite:///{folder}/grading/gradebook.db")
        else:
            configuration.lend(course, folder, configuration.config(course.root).CourseDirectory.db_url)
            gradebook.parent.mkdir(exist_ok=True)
            (Path(folder) / "grading").symlink_to(gradebook.parent)
        yield workshop


def _made(workshop, assignment, place):
    """All that is generated of an assignment, {path: content}; empty for the solution, which is not executed yet.

    Returns: this, and a digest of all that decides how the solution comes out.
    """
    _release(workshop, assignment)
    _solution(workshop, assignment, execute=False)
    made = read(workshop, assignment)
    inputs = [(str(path), made[path]) for path in sorted(made) if path.parts[0] == place.solution.parts[0]]
    digest = hashlib.sha256(repr((inputs, installed(COMPUTED_WITH))).encode()).hexdigest()
    return made | {place.solution: b""}, digest


def _release(workshop, assignment):
    """Make the release of an assignment, and tell the gradebook."""
    api = _api(workshop, assignment)
    result = api.generate_assignment(assignment)
    if not result["success"]:
        details = result.get("log") or result["error"]
        raise BuildError([Problem(f"source/{assignment}", "nbgrader could not make the release.", details)])


def _solution(workshop, assignment, execute):
    """Make the solution of an assignment that the gradebook knows."""
    api = _api(workshop, assignment)
    converter = GenerateSolution(coursedir=api.coursedir, parent=api)
    converter.preprocessors = [step for step in converter.preprocessors if execute or step is not Execute]
    converter.force = True
    with configuration.quiet(converter):
        converter.start()


def _api(workshop, assignment):
    config = configuration.config(workshop.root)
    config.CourseDirectory.assignment_id = assignment
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def _executed(workshop, assignment, built_from):
    """The content of the executed solution, with what it was made from and with; BuildError if a cell failed."""
    _solution(workshop, assignment, execute=True)
    notebook = nbformat.read(workshop.solutions / assignment / f"{assignment}.ipynb", as_version=4)
    for i, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            name = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.source.strip().splitlines()[0][:40]
            where = f"source/{assignment}, cell {i + 1} of the built notebook ({name!r})"
            if output.output_type == "error":
                failure = f"the cell fails: {output.ename}: {output.evalue}."
                raise BuildError([Problem(where, failure, "Mend the cell or its solution.")])
            if output.output_type == "stream" and output.name == "stderr":
                text = output.text.strip().splitlines()[-1][:200]
                failure = f"the cell writes to stderr: {text}"
                raise BuildError([Problem(where, failure, "nbgrader scores such a cell 0: silence it.")])
    data = next((o.text for c in notebook.cells for o in c.get("outputs", []) if o.get("text", "").startswith("Data: ")), "")
    notebook.metadata["course"] = {
        "built_from": built_from,
        "data": data.removeprefix("Data: ").partition(",")[0],
        "made_with": {"processor": _processor(), "python": platform.python_version(), **installed(COMPUTED_WITH)},
    }
    return (nbformat.writes(notebook) + "\n").encode()


def _processor():
    """The processor and the instructions that torch uses of it: they decide how floating-point numbers are rounded."""
    from autograder.checks.messages import torch

    try:
        name = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)[1]
    except (OSError, TypeError):  # not Linux, or a processor whose kernel gives it no name
        name = platform.machine()
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}" if torch else name
