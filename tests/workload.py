"""What each notebook asks of a student: lines, words, exercises of each kind, and minutes by the README's rule.

`python tests/workload.py` prints the table.
"""

import ast
import re
from collections import Counter

from conftest import COURSE

from autograder.build.preprocessors import MEND, SOLUTION
from autograder.build.source import read
from autograder.checks import load_challenge
from autograder.course import notebook_source

# The README names them: how many minutes an exercise takes, beside 1 for 150 words and 1 for a line that is written.
MINUTES = {"predict": 0.75, "derive": 4, "mend": 3, "design": 10, "answer": 5}


def count(assignment):
    """{what: how many} of a notebook, without the set-up cell, which is the same in all six, and optional sections."""
    found, challenge, optional = Counter(), load_challenge(COURSE, assignment), False
    for cell in read(notebook_source(COURSE.source / assignment)).cells:
        if heading := cell.cell_type == "markdown" and re.search("^## .*", cell.source, re.MULTILINE):
            optional = "(optional" in heading[0]
        if not optional:
            found.update(_count(cell, challenge and challenge.name))
    minutes = found["words"] / 150 + found["written"] + sum(found[kind] * each for kind, each in MINUTES.items())
    found["minutes"] = round(minutes / 5) * 5
    return found


def _count(cell, challenge):
    source, tags, mark = cell.source, cell.metadata.get("tags", []), cell.metadata.get("nbgrader", {})
    if cell.cell_type == "markdown" and mark.get("solution"):
        return {"answer": 1}
    if cell.cell_type == "markdown":
        return {"words": words(source), "answer": int(mark.get("task", False))}
    if "answer" in tags:
        return {"own": lines(source), "derive": 1}
    if "design" in tags:
        return {"own": lines(source), "design": 1}
    if source.startswith("guess("):
        guesses = len(ast.parse(source).body)
        return {"own": guesses, "predict": guesses}
    if source.startswith("check("):
        return {"checks": lines(source)}
    if mark.get("solution"):
        given, own = MEND.sub("", SOLUTION.sub("", source)), "".join(region[2] for region in SOLUTION.finditer(source))
        kind = {"mend": 1} if MEND.search(source) else {"write": 1, "written": lines(own)}
        if mark.grade_id == challenge:  # as long as one likes
            kind = {}
        return {"given": lines(given), "own": lines(own), **kind}
    return {"given": lines(source)}


def lines(source):
    """Lines of code: neither blank nor a comment, nor in a docstring, which is text about it."""
    code = re.sub(r'^ *""".*?"""', "", source, flags=re.DOTALL | re.MULTILINE)
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in code.splitlines())


def words(text):
    """Words that are read: without mark schemes, addresses and tags; a formula is one."""
    text = re.sub(r"=== BEGIN MARK SCHEME ===.*?=== END MARK SCHEME ===", "", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$|\$.*?\$", "formula", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|<[^>]*>", " ", text)
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def share(found):
    """How much of the code that a student reads is their own; the checks, a line each, hold none."""
    return found["own"] / (found["own"] + found["given"])


COLUMNS = ("own", "given", "checks", "words", "minutes", "predict", "derive", "write", "mend", "design", "answer")


def main():
    print("notebook " + "".join(f"{column:>8}" for column in COLUMNS) + "  own share")
    for assignment in COURSE.assignments:
        found = count(assignment)
        print(f"{assignment[:2]:9}" + "".join(f"{found[column]:8,}" for column in COLUMNS) + f"{share(found):11.0%}")


if __name__ == "__main__":
    main()
