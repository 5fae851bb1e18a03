"""Late work: what it costs, and keeping the gradebook's penalties true when points, dates or settings change.

nbgrader computes a penalty once, from the points at that moment, and keeps it. Points that a person gives later would cost
nothing. Here the penalty follows each change of what it depends on, in the same transaction, whoever makes it: `autograder`,
`nbgrader` or formgrader. So nbgrader's own exports and pages are right, and so is whatever else reads the gradebook.
"""

import datetime
import functools
import math

from dateutil.tz import gettz
from nbgrader.api import Assignment, Grade, SubmittedAssignment, SubmittedNotebook
from nbgrader.exchange.default import Exchange
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import event, or_, select
from sqlalchemy.orm import contains_eager
from traitlets import Dict, Float

from autograder.course import CourseError

DAY = 24 * 60 * 60


class LateWork(LateSubmissionPlugin):
    """A fraction of the points for each day; settings of `c.LateWork` in nbgrader_config.py.

    A time is written "2026-10-01 23:59", with a zone behind it ("2026-10-01 23:59 Europe/Berlin") or in that of
    `c.Exchange.timezone`, nbgrader's setting (UTC unless it is set). A day alone, "2026-10-01", ends at midnight.
    What was handed in at the due date is in time. Without timestamp.txt nothing is late, and a time in it that lies in the
    future is taken as it stands.
    """

    due = Dict(help="Due dates: {'01-data-loading': '2026-10-01 23:59'}. Others stay as the gradebook has them.").tag(config=True)
    extensions = Dict(
        help="Later due dates for some students: {'01-data-loading': {'chen': '2026-10-08'}}. The later date counts, so an "
        "extension never takes time away; to take one back, set it to the due date."
    ).tag(config=True)
    grace_minutes = Float(0, min=0, help="What is no later than this costs nothing; the rest is counted from the due date.").tag(
        config=True
    )
    per_day = Float(0, min=0, max=1, help="The fraction of the points that each day costs, begun days included.").tag(config=True)
    floor = Float(0, min=0, max=1, help="The fraction of the points that remains, however late.").tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """The points lost, of `score`; without a fraction per day, what nbgrader's own penalty_method says."""
        if not self.per_day:
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        if total_seconds_late <= 60 * self.grace_minutes:
            return None
        return score * min(1 - self.floor, self.per_day * math.ceil(total_seconds_late / DAY))


def moment(value, zone):
    """A time that an instructor wrote (see LateWork), as nbgrader keeps it: in UTC, without a zone.

    zone: the name of the time zone if `value` has none. Raises: CourseError.
    """
    words = str(value).split()
    try:
        if words[-1][0].isalpha():
            zone = words.pop()
        time = datetime.datetime.fromisoformat(" ".join(words))
        if (tz := gettz(zone)) is None:
            raise ValueError
    except (ValueError, IndexError) as error:
        raise CourseError(
            f"{value!r} in nbgrader_config.py is no time. Write '2026-10-01 23:59' or '2026-10-01 23:59 Europe/Berlin'; "
            "the zone is one of https://en.wikipedia.org/wiki/List_of_tz_database_time_zones."
        ) from error
    if ":" not in " ".join(words):
        time += datetime.timedelta(days=1)
    return (time if time.tzinfo else time.replace(tzinfo=tz)).astimezone(datetime.UTC).replace(tzinfo=None)


def follow(sessions, config):
    """Keep the late work of a gradebook true: now, and in each transaction that changes what it depends on.

    sessions: SQLAlchemy's session or scoped_session of an open gradebook; config: the course's configuration.
    Raises: CourseError if a setting cannot be read.
    """
    settings = repr((config.LateWork, config.AssignLatePenalties, config.LateSubmissionPlugin, config.Exchange.get("timezone")))
    event.listen(sessions, "after_flush", _remember)
    event.listen(sessions, "after_flush_postexec", functools.partial(_settle_changed, config))
    if (sessions.bind, settings) not in _settled:
        settle(sessions, config)
        sessions.commit()
        _settled.add((sessions.bind, settings))


_settled = set()  # databases, with the settings that this process has written into them


def _remember(session, context):
    changed = [*session.new, *session.dirty]
    submissions, assignments = session.info.setdefault("late", (set(), set()))
    assignments.update(o.id for o in changed if isinstance(o, Assignment))
    submissions.update(o.id for o in changed if isinstance(o, SubmittedAssignment))
    submissions.update(o.assignment_id for o in changed if isinstance(o, SubmittedNotebook))
    submissions.update(o.notebook.assignment_id for o in changed if isinstance(o, Grade))


def _settle_changed(config, session, context):
    submissions, assignments = session.info.pop("late", ((), ()))
    if submissions or assignments:
        settle(session, config, SubmittedAssignment.id.in_(submissions) | SubmittedAssignment.assignment_id.in_(assignments))


def settle(session, config, which=True):
    """Write due dates, extensions and penalties into the gradebook where they are not what they should be; does not commit.

    What changes here is followed up in its turn, when the session writes it.
    which: a condition on SubmittedAssignment, of SQLAlchemy; without it, all.
    """
    step = AssignLatePenalties(config=config)
    step.init_plugin()
    plugin, zone = step.plugin_inst, Exchange(config=config).timezone
    due, extensions = getattr(plugin, "due", {}), getattr(plugin, "extensions", {})
    with session.no_autoflush:
        if due:
            for assignment in session.scalars(select(Assignment).where(Assignment.name.in_(due))):
                _set(assignment, "duedate", moment(due[assignment.name], zone))
        for assignment, students in extensions.items():
            of_students = (
                select(SubmittedAssignment)
                .join(Assignment)
                .where(which, Assignment.name == assignment, SubmittedAssignment.student_id.in_(students))
            )
            for submission in session.scalars(of_students):
                if usual := submission.assignment.duedate:
                    longer = moment(students[submission.student_id], zone) - usual
                    _set(submission, "extension", longer if longer > datetime.timedelta() else None)
        late = or_(SubmittedAssignment.timestamp > Assignment.duedate, SubmittedNotebook.late_submission_penalty.is_not(None))
        whole = contains_eager(SubmittedNotebook.assignment).contains_eager(SubmittedAssignment.assignment)
        query = select(SubmittedNotebook, SubmittedNotebook.score).join(SubmittedAssignment).join(Assignment).options(whole)
        for notebook, score in session.execute(query.where(which, late)):
            _set(notebook, "late_submission_penalty", _penalty(plugin, notebook.assignment, score))


def _penalty(plugin, submission, score):
    """What lateness costs of `score` points, or None; at most all of them."""
    if submission.timestamp is None or submission.assignment.duedate is None:
        return None
    extension = max(submission.extension or datetime.timedelta(), datetime.timedelta())
    seconds = (submission.timestamp - submission.assignment.duedate - extension).total_seconds()
    penalty = plugin.late_submission_penalty(submission.student_id, score, seconds) if seconds > 0 else None
    return None if penalty is None else min(max(penalty, 0.0), score)


def _set(row, name, value):
    if getattr(row, name) != value:
        setattr(row, name, value)


def shares(gradebook, assignment):
    """What lateness leaves of the points: {student: fraction of 1}, of those who lost some."""
    query = (
        select(SubmittedAssignment.student_id, SubmittedAssignment.score, SubmittedAssignment.late_submission_penalty)
        .join(Assignment)
        .where(Assignment.name == assignment)
    )
    return {student: 1 - penalty / score for student, score, penalty in gradebook.db.execute(query) if penalty}
