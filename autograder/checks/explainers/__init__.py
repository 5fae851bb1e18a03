"""What a student is told about what is wrong: a row of explainers, each asked for what those before it could not explain.

An explainer is a function of an attempt (see judge.py) and of what is still unexplained: a set of indices of failed cases and of
titles of broken conditions. It returns {index or title: sentence} for as many of them as it is sure of.
"""

from .by_kind import by_kind
from .combined import combined
from .described import described
from .recorded import recorded
from .remembered import remembered
from .repaired import repaired

ROW = (recorded, remembered, repaired, combined, by_kind, described)


def explain(attempt):
    """{index of a case that is not passed, or title of a broken condition: sentence}"""
    found = {i: str(attempt.got[i]) for i in attempt.wrong if i not in attempt.seen} | attempt.faults
    unexplained = {*attempt.failed, *attempt.faults}
    for explainer in ROW:
        if unexplained:
            sentences = explainer(attempt, unexplained)
            found |= sentences
            unexplained -= sentences.keys()
    return found
