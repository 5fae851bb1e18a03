"""How nbgrader is set up for a course: the only place where the kit hangs itself on nbgrader's configuration points.

`nbgrader_config.py` calls `configure`, so that `nbgrader ...`, formgrader and `autograder ...` behave alike.
"""

import contextlib
import difflib
import importlib
import logging
import os
import sys
import warnings
from pathlib import Path

import nbgrader.apps.api
import nbgrader.apps.autogradeapp
import nbgrader.apps.generateassignmentapp
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbgrader import preprocessors as nbg
from sqlalchemy.exc import SAWarning
from traitlets import TraitError
from traitlets.config import Config, PyFileConfigLoader

from autograder import database
from autograder.authored import described
from autograder.course import Course, CourseError
from autograder.late import LateWork

# The sections of nbgrader_config.py that are the kit's own, each with the module of its class.
OWN = {"Judge": "judging.settings", "LateWork": "late", "Handout": "handout.bundle", "CanvasExport": "lms.export"}


def config(root):
    """The configuration of the course in the folder `root`, as an object of traitlets; what an instructor adds to it counts.

    Raises: CourseError for what an instructor has to mend in it.
    """
    file = Path(root, "nbgrader_config.py")
    if file.exists():
        try:
            c = PyFileConfigLoader(file.name, path=str(root)).load_config()
        except CourseError:
            raise
        except Exception as error:  # an instructor's file: whatever it raises
            raise CourseError(described(file, error)) from None
        _check_own(c, file)
        return c
    c = Config()
    configure(c, root)
    return c


def _check_own(c, file):
    """Raise CourseError for a setting of the kit's with a wrong name, which traitlets would pass over, or a wrong value."""
    for section, settings in c.items():
        if section not in OWN:
            if meant := difflib.get_close_matches(section, OWN, 1, cutoff=0.75):
                raise CourseError(f"{file}: there are no settings c.{section}. Write c.{meant[0]}.")
            continue
        own = getattr(importlib.import_module(f"autograder.{OWN[section]}"), section)
        there_are = own.class_trait_names(config=True)
        for name in settings.keys() - set(there_are):
            meant = difflib.get_close_matches(name, there_are, 1) or [", ".join(sorted(there_are))]
            raise CourseError(f"{file}: there is no setting c.{section}.{name}. There is: {meant[0]}.")
        try:
            own(config=c)
        except TraitError as error:
            raise CourseError(f"{file}, c.{section}: {error}") from None


def lend(course, root, db_url):
    """Give the folder `root` the settings of a course, also what an instructor added, but with the gradebook `db_url`."""
    file = course.root / "nbgrader_config.py"
    own = {"db_url": db_url, "course_id": config(course.root).CourseDirectory.course_id}
    if file.exists():
        lines = [f"c.CourseDirectory.{name} = {value!r}\n" for name, value in own.items()]
        Path(root, file.name).write_text("\n".join([file.read_text(), *lines]))


def configure(c, root):
    """Write the kit's settings into nbgrader's configuration `c`."""
    from autograder.exchange.transfer import configure_exchange

    course = Course(Path(root).resolve())
    # nbgrader adds rows in an order that newer versions of SQLAlchemy remark upon; the rows are right.
    warnings.filterwarnings("ignore", category=SAWarning, message="Object of type <Submitted")
    database.attach(c, course.root)
    # nbgrader calls `alembic` by name, and the virtual environment need not be active.
    os.environ["PATH"] = os.pathsep.join(dict.fromkeys([str(Path(sys.prefix, "bin")), *os.environ["PATH"].split(os.pathsep)]))
    _configure_folders(c, course)
    configure_exchange(c, course)
    _configure_build(c, course)
    _configure_grading(c, course)


def _configure_folders(c, course):
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.source_directory = "source"
    c.CourseDirectory.release_directory = "notebooks"
    c.CourseDirectory.solution_directory = "solutions"
    for step in ("submitted", "autograded", "feedback"):
        setattr(c.CourseDirectory, f"{step}_directory", f"grading/{step}")
    course.grading.mkdir(exist_ok=True)  # nbgrader makes the gradebook on first use, but not its folder
    c.CourseDirectory.db_url = f"sqlite:///{course.grading / 'gradebook.db'}"
    # nbgrader copies what lies beside a notebook into the release; there the text sources would show the solutions.
    texts = [f"{assignment}.py" for assignment in course.assignments]
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", *texts]


def _configure_build(c, course):
    from autograder.build.nbgrader import CourseGenerateAssignment, source_assignments
    from autograder.build.preprocessors import AskStudents, DropTimings, IncludeSetUp, RemoveMarkers, ShowModelAnswers, Tidy

    # nbgrader has no setting for these. Ours read text sources, and put the shared helper beside each notebook.
    nbgrader.apps.api.GenerateAssignment = nbgrader.apps.generateassignmentapp.GenerateAssignment = CourseGenerateAssignment
    nbgrader.apps.api.NbGraderAPI.get_source_assignments = source_assignments
    c.IncludeSetUp.path = str(course.source / "header.py")
    c.GenerateAssignment.preprocessors = [
        nbg.IncludeHeaderFooter,
        IncludeSetUp,
        Tidy,
        nbg.InstantiateTests,
        nbg.LockCells,
        AskStudents,
        nbg.ClearOutput,
        nbg.CheckCellMetadata,
        nbg.ComputeChecksums,
        nbg.SaveCells,
        nbg.ClearHiddenTests,
        nbg.ClearMarkScheme,
        nbg.ComputeChecksums,
        nbg.CheckCellMetadata,
    ]
    c.GenerateSolution.preprocessors = [
        nbg.IncludeHeaderFooter,
        IncludeSetUp,
        nbg.LockCells,
        nbg.ClearOutput,
        nbg.ClearHiddenTests,  # nbgrader itself would publish them with the solution
        ShowModelAnswers,
        nbg.ClearMarkScheme,
        RemoveMarkers,
        nbg.Execute,
        CoalesceStreamsPreprocessor,  # how often a kernel flushes its output is a matter of chance
        DropTimings,
        Tidy,
    ]
    c.ClearMarkScheme.enforce_metadata = False  # beside a model answer, too; build/source.py says where else it is wrong
    c.CoalesceStreamsPreprocessor.enabled = True
    c.Execute.extra_arguments = ["--IPKernelApp.log_level=ERROR"]  # the kernel warns on the terminal about transports
    c.ExecutePreprocessor.record_timing = False
    c.ExecutePreprocessor.timeout = 300


@contextlib.contextmanager
def quiet(converter):
    """nbgrader logs each step as a warning; an instructor sees our progress bar and our errors instead."""
    level, converter.log.level = converter.log.level, logging.CRITICAL
    try:
        yield
    finally:
        converter.log.level = level


def _configure_grading(c, course):
    from autograder.grading.nbgrader import CourseAutograde
    from autograder.page import formgrader
    from autograder.page.exporter import FeedbackExporter

    # nbgrader has no setting for the class of its converter. Ours differs in what it reads, not in what it does.
    nbgrader.apps.api.Autograde = nbgrader.apps.autogradeapp.Autograde = CourseAutograde
    c.AssignLatePenalties.plugin_class = LateWork
    c.GenerateFeedback.exporter_class, c.GenerateFeedback.preprocessors = FeedbackExporter, []
    # Formgrader shows a submission in the instructor's own session: nothing in it may run, call anybody or take long.
    c.HTMLExporter.filters = {"markdown2html": formgrader.markdown2html, "highlight_code": formgrader.highlight_code}
    c.HTMLExporter.extra_template_basedirs = formgrader.TEMPLATES
