"""From one student to all: a group's mistake is recorded, proven, and told to exactly those who made it."""

import ast
from dataclasses import dataclass, replace

from autograder import checks, grading
from autograder.checks.proof import prove
from autograder.course import CourseError
from autograder.grading.store import write
from autograder.report.facts import classes
from autograder.report.mistakes import groups


@dataclass(frozen=True)
class Learned:
    """A mistake that is recorded now. file: where. group: the Group that it was. verdicts: what its students are told now."""

    file: object
    group: object
    verdicts: list
    sentence: str

    @property
    def told(self):
        """The students who read the sentence now."""
        return [v.student for v in self.verdicts if any(self.sentence in case.message for case in v.cases)]


def find(course, assignment, name):
    """The Group of that name. Raises: CourseError if there is none, or if nothing can stand for it."""
    (group,) = classes(course, [assignment])
    found = groups(group)
    chosen = next((g for g in found if g.name == name), None)
    if chosen is None:
        there = "There are: " + ", ".join(f"{g.name} ({len(g.students)})" for g in found) + "." if found else "There is none now."
        raise CourseError(f"There is no group {name!r} in {assignment}. {there} `autograder report` shows them.")
    if not chosen.representative:
        raise CourseError(f"No function of the group {name} can be read as Python, so none can stand for it.")
    return chosen


def learn(course, assignment, chosen, sentence, **how):
    """Record the representative of a Group as a mistake, and grade its students again. how: for `grading.grade`.

    The representative, a student's text, runs in this process: let somebody read it before.
    Returns: a Learned. Raises: CourseError if the proof fails; then nothing has changed.
    """
    if not sentence.strip() or not sentence.isprintable():
        raise CourseError("The sentence is what students will read: a line of text that names the mistake and the remedy.")
    exercise = checks.load(course, assignment)[chosen.task]
    if sentence in exercise.mistakes:
        raise CourseError(f"The exercise {chosen.task} has a mistake with this very sentence already; find another one.")
    _prove(course, exercise, sentence, chosen)
    file = course.exercises / f"{assignment}.py"
    write(file, with_mistake(file.read_text("utf-8"), chosen.task, sentence, chosen.representative))
    verdicts = grading.grade(course, [grading.Submission(assignment, student) for student in chosen.students], **how)
    return Learned(file, chosen, verdicts, sentence)


def _prove(course, exercise, sentence, chosen):
    """Raise CourseError unless the exercise, with the mistake in it, stands the test of `autograder check`."""
    reference = checks.Reference(course, exercise.assignment)
    before = prove(exercise, reference)
    grown = replace(exercise, mistakes={**exercise.mistakes, sentence: f"\n{chosen.representative}\n"}, digest="")
    try:
        after = prove(grown, reference)
    except CourseError as error:
        raise CourseError(
            f"The function that stands for {chosen.name} does not run on its own ({error}). Record the mistake by hand, in "
            f"{course.exercises / exercise.assignment}.py."
        ) from None
    problems = {
        "it is not rejected: no case shows the mistake": after.accepted_mistakes,
        "the proof names a recorded mistake otherwise than before": set(after.misnamed) - set(before.misnamed),
    }
    for problem, shown in problems.items():
        if shown:
            raise CourseError(f"{chosen.name} was not recorded, as {problem}. {' '.join(sorted(shown))}")


def with_mistake(text, task, sentence, source):
    """The text of an exercise file with one more recorded mistake. Raises: CourseError if the place cannot be found."""
    calls = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "exercise")
    call = next((c for c in calls if c.args and isinstance(c.args[0], ast.Constant) and c.args[0].value == task), None)
    keyword = next((k for k in call.keywords if k.arg == "mistakes"), None) if call else None
    if call is None or (keyword and not isinstance(keyword.value, ast.Dict)):
        raise CourseError(f"The exercise {task} is not written out in its file, so the mistake has to be added by hand.")
    quoted = source.replace("\\", "\\\\").replace('"""', r"\"\"\"")
    entry = f'            {ast.unparse(ast.Constant(sentence))}: """\n{quoted}\n""",\n'
    end = keyword.value if keyword else call
    lines = text.splitlines(keepends=True)
    line, column = end.end_lineno - 1, len(lines[end.end_lineno - 1].encode()[: end.end_col_offset - 1].decode())
    before = "".join(lines[:line]) + lines[line][:column]
    comma = "" if before.rstrip().endswith((",", "{", "(")) else ","
    new = entry if keyword else f"        mistakes={{\n{entry}        }},\n"
    return f"{before.rstrip()}{comma}\n{new}{'        ' if keyword else '    '}{lines[line][column:]}{''.join(lines[line + 1 :])}"
