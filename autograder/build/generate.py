"""Build the release and the solutions with nbgrader's own converters, in a temporary folder, then put them in place."""

import contextlib
import hashlib
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateSolution
from nbgrader.coursedir import CourseDirectory

from autograder import configuration
from autograder.build import source
from autograder.build.source import Problem
from autograder.checks.format import load
from autograder.course import Course, CourseError, notebook_source


class BuildError(CourseError):
    """The source cannot be built. `problems` says what an instructor has to mend, and where."""

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


def build(course: Course, assignments, advance=lambda assignment: None):
    """Make the release and the solution of each assignment; a solution is executed only if it is not current.

    advance: called with each assignment once it is done.
    Returns: the generated files that changed, relative to the course's root.
    Raises: BuildError. Nothing of an assignment is changed unless all of it could be built.
    """
    _check_sources(course, assignments)
    changed = []
    for assignment in assignments:
        with _workshop(course, course.root / "grading" / "gradebook.db") as workshop:
            _generate(workshop, assignment, execute=not _solution_is_current(course, assignment))
            for part in ("notebooks", "solutions"):
                if (workshop.root / part / assignment).exists():
                    changed += _put(workshop.root / part / assignment, course.root / part / assignment, course.root)
        advance(assignment)
    return changed


def stale(course: Course, assignments):
    """The generated files that are not what `build` would make, relative to the course's root. Changes nothing.

    The release is made again and compared byte by byte. A solution says in its metadata what it was built from; its
    outputs are compared with a fresh run by nbval, in the tests.
    Raises: BuildError.
    """
    _check_sources(course, assignments)
    found = []
    with _workshop(course) as workshop:
        for assignment in assignments:
            _generate(workshop, assignment, execute=False)
            found += _differences(workshop.release / assignment, course.release / assignment, course.root)
            if not _solution_is_current(course, assignment):
                found.append(_solution_path(course, assignment).relative_to(course.root))
    return found


def register(course: Course, assignments):
    """Tell the gradebook about assignments that it does not know as they are now, so that they can be graded."""
    _check_sources(course, assignments)
    with _workshop(course, course.root / "grading" / "gradebook.db") as workshop:
        for assignment in assignments:
            _generate(workshop, assignment, execute=False)


def built_from(course: Course, assignment):
    """A digest of all that decides how the solution of an assignment comes out."""
    digest = hashlib.sha256()
    folder = course.source / assignment
    files = [notebook_source(folder), course.source / "header.py", *sorted(f for f in folder.iterdir() if _is_support(f))]
    for file in files:
        if file.exists():
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _is_support(file):
    return file.is_file() and file.suffix != ".ipynb" and file.stem != file.parent.name


def _check_sources(course, assignments):
    found = []
    for assignment in assignments:
        path = notebook_source(course.source / assignment)
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
        shutil.copytree(course.source, Path(folder) / "source", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        workshop = Course(Path(folder))
        source.write_notebooks(workshop)
        if gradebook is None:
            (Path(folder) / "grading").mkdir()
        else:
            gradebook.parent.mkdir(exist_ok=True)
            (Path(folder) / "grading").symlink_to(gradebook.parent)
        yield workshop


def _generate(workshop, assignment, execute):
    config = configuration.config(workshop.root)
    config.CourseDirectory.assignment_id = assignment
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    result = api.generate_assignment(assignment)
    if not result["success"]:
        details = result.get("log") or result["error"]
        raise BuildError([Problem(f"source/{assignment}", "nbgrader could not make the release.", details)])
    if execute:
        converter = GenerateSolution(coursedir=api.coursedir, parent=api)
        converter.force = True
        with configuration.quiet(converter):
            converter.start()
        _stamp_solution(workshop, assignment)


def _stamp_solution(workshop, assignment):
    """Write into an executed solution what it was built from; BuildError if a cell failed."""
    path = _solution_path(workshop, assignment)
    notebook = nbformat.read(path, as_version=4)
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
        "built_from": built_from(workshop, assignment),
        "data": data.removeprefix("Data: ").partition(",")[0],
    }
    path.write_text(nbformat.writes(notebook) + "\n")


def _solution_path(course, assignment):
    return course.solutions / assignment / f"{assignment}.ipynb"


def _solution_is_current(course, assignment):
    path = _solution_path(course, assignment)
    if not path.exists():
        return False
    return nbformat.read(path, as_version=4).metadata.get("course", {}).get("built_from") == built_from(course, assignment)


def _differences(new, old, root):
    """The files in which two folders differ, named as those of `old`."""
    made_by_tools = {".ipynb_checkpoints", "__pycache__"}
    files = [(folder, f) for folder in (new, old) for f in folder.rglob("*") if f.is_file()]
    names = {f.relative_to(folder) for folder, f in files if not made_by_tools & set(f.parts)}
    return sorted((old / n).relative_to(root) for n in names if _bytes(new / n) != _bytes(old / n))


def _bytes(path):
    return path.read_bytes() if path.exists() else None


def _put(new, old, root):
    """Make the folder `old` equal to `new`; return the files that changed."""
    changed = _differences(new, old, root)
    for name in changed:
        made, target = new / (root / name).relative_to(old), root / name
        if made.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, target)
        else:
            target.unlink()
    return changed
