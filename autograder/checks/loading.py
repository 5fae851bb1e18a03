"""Read the exercises of an assignment, with the edits of its solutions written out."""

import hashlib
import runpy
from dataclasses import replace

from autograder.authored import described, place

from .format import Body, Edit, ExerciseError, Family
from .reference import Reference


def load(course, assignment):
    """The exercises of one assignment, {name: Exercise}, in the order of its file; empty if there is no such file."""
    file = course.exercises / f"{assignment}.py"
    if not file.exists():
        return {}
    listed, reference = _listed(file), Reference(course, assignment)
    digest = hashlib.blake2b(file.read_bytes()).hexdigest()
    try:
        return {e.name: replace(_written_out(e, reference), assignment=assignment, digest=digest) for e in listed}
    except ExerciseError as error:
        raise ExerciseError(f"{file}: {error}") from None


def _listed(file):
    try:
        return runpy.run_path(str(file))["EXERCISES"]
    except KeyError as error:
        if error.args != ("EXERCISES",):
            raise ExerciseError(described(file, error)) from None
        raise ExerciseError(f"{file} has no list EXERCISES.") from None
    except ExerciseError as error:
        raise ExerciseError(f"{place(file, error)}: {error}") from None
    except Exception as error:  # an author's file: whatever it raises
        raise ExerciseError(described(file, error)) from None


def _written_out(exercise, reference):
    """The exercise with sources in the place of edits, and what is on the grids of its families among the mistakes."""

    def source(recorded):
        return recorded.of(reference.code(exercise.name)) if isinstance(recorded, Edit | Body) else recorded

    try:
        holes = {s: m for s, m in exercise.mistakes.items() if isinstance(m, Edit) and m.holes}
        families = tuple(Family(s, m, reference.code(exercise.name)) for s, m in holes.items())
        mistakes = {s: source(m) for s, m in exercise.mistakes.items() if s not in holes}
        mistakes |= dict(member for family in families for member in family.members())
        alternatives = {what: source(a) for what, a in exercise.alternatives.items()}
    except ExerciseError as error:
        raise ExerciseError(f"exercise {exercise.name}: {error}") from None
    return replace(exercise, mistakes=mistakes, alternatives=alternatives, families=families)
