"""An example to try where nothing is sure: that of the function's docstring, if the student's function fails it."""

import ast
import doctest

from ..evaluate import Failure, LocalEvaluator, NoEvidence, request
from ..tolerance import same

MOST = 200  # characters of a call and of what it gives: who reads it should see it at a glance


def example(attempt):
    """What to run and what it should give, as a sentence; None where the example is right, too long or of several lines.

    What the student's function gives there is not said: the student sees it, and a process that has seen hidden inputs could
    choose those numbers.
    """
    name = attempt.exercise.name
    code, want = written(attempt.reference.solutions.get(name, ""), name)
    if not code or len(code) + len(want) > MOST:
        return None
    try:
        asked = request(code, {}, 0)
        right = LocalEvaluator(attempt.reference.namespace()).evaluate(asked).value
        value = attempt.evaluator.evaluate(asked).value
    except NoEvidence:
        return None
    if isinstance(right, Failure) or isinstance(value, Failure) or same(value, right, "float32"):
        return None
    return f"The docstring's example goes wrong, too: `{code}` should give `{want}`."


def written(solution, name):
    """The statements of the first example in a function's docstring, on one line, and what the last gives; empty without."""
    function = next((n for n in ast.parse(solution).body if getattr(n, "name", None) == name), None)
    examples = doctest.DocTestParser().get_examples((function and ast.get_docstring(function)) or "")
    number = next((n for n, e in enumerate(examples) if e.want.strip()), -1)
    lines = [e.source.partition("  #")[0].strip() for e in examples[: number + 1]]
    if not lines or any("\n" in line for line in lines):
        return "", ""
    return "; ".join(lines), " ".join(examples[number].want.split())
