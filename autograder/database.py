"""nbgrader's gradebook as a database: SQLite or PostgreSQL, opened often, by several processes, with the course's late work.

nbgrader opens the gradebook anew for each step. `attach` puts what is here into its place; everything else goes on using
`nbgrader.api.Gradebook`.
"""

import contextlib
import functools
import os
import time

import nbgrader.api
from nbgrader.api import InvalidEntry
from sqlalchemy import event, make_url
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, ProgrammingError

from autograder import late
from autograder.course import CourseError

WAIT = 60  # seconds for another program to finish its writing; a class's grades are written in far less
_ATTEMPTS = 20  # at opening a gradebook that another program is creating, .25 s apart
_configurations = {}  # {a course's root: its configuration}

_create_engine = nbgrader.api.create_engine
_init = nbgrader.api.Gradebook.__init__
# nbgrader would ask `alembic`, in a process of its own (0.7 s), for the same version each time.
_alembic_version = functools.cache(nbgrader.api.get_alembic_version)


def attach(c, root):
    """Let nbgrader open its gradebooks through this module, with the configuration `c` for the course in the folder `root`."""
    for old in [known for known in _configurations if known == root or not known.exists()]:  # temporary folders go
        del _configurations[old]
    _configurations[root] = c  # the object: what an instructor adds to it later counts
    nbgrader.api.get_alembic_version, nbgrader.api.create_engine = _alembic_version, _engine
    nbgrader.api.Gradebook.__init__ = _open


@functools.cache
def _engine(db_url, **options):
    """One engine for each database: a new one would compile the same statements again and is never given back."""
    url = make_url(db_url)
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": WAIT}
    elif url.get_backend_name() == "postgresql":
        options |= {"connect_args": {"connect_timeout": WAIT, "options": f"-c lock_timeout={WAIT}s"}, "pool_pre_ping": True}
    try:
        engine = _create_engine(url, **options)
    except ModuleNotFoundError as error:
        raise CourseError(
            f"The gradebook {url.render_as_string()} needs {error.name}, which is not installed. For PostgreSQL run "
            "`pip install 'mnist-course-kit[postgresql]'`; else correct c.CourseDirectory.db_url in nbgrader_config.py."
        ) from error
    event.listen(engine, "handle_error", _say_what_to_do)
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))  # a connection belongs to the process that made it
    return engine


def _say_what_to_do(context):
    """Raise CourseError for what a person can mend: the gradebook is locked, full, old, none, or not to be reached."""
    if not isinstance(context.sqlalchemy_exception, DatabaseError):
        return
    said, url = str(context.original_exception).strip(), context.engine.url
    name = url.database if url.get_backend_name() == "sqlite" else url.render_as_string()
    if "locked" in said or "lock timeout" in said:
        raise CourseError(
            f"The gradebook {name} has been locked by another program for {WAIT} s, so nothing was written; the grades in it "
            "stand as they were. When that program is done (another `autograder grade`? formgrader?), run this once more."
        ) from context.original_exception
    if "no such column" in said or ("column" in said and "does not exist" in said):  # SQLite's words, PostgreSQL's
        raise CourseError(
            f"The gradebook {name} was made by an older nbgrader ({said.splitlines()[0]}). Keep a copy of it, then run "
            "`nbgrader db upgrade`, and this once more."
        ) from context.original_exception
    if any(word in said for word in ("disk", "connection", "unable to open", "readonly", "not a database")):
        raise CourseError(
            f"The gradebook {name} cannot be used: {said.splitlines()[0]}. The grades in it stand as they were. "
            "When that is mended, run this once more."
        ) from context.original_exception


@functools.wraps(_init)
def _open(gradebook, db_url, *args, **kwargs):
    """Open a gradebook, also while another program creates the same one."""
    for attempt in range(_ATTEMPTS):
        try:
            _init(gradebook, db_url, *args, **kwargs)
            break
        except (OperationalError, ProgrammingError, IntegrityError, InvalidEntry):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.25)
    if c := next((c for c in reversed(_configurations.values()) if c.CourseDirectory.db_url == db_url), None):
        late.follow(gradebook.db, c)


def add_student(gradebook, student):
    """Make sure that the gradebook knows a student, also if another program adds the same one now."""
    with contextlib.suppress(InvalidEntry):
        gradebook.update_or_create_student(student)
