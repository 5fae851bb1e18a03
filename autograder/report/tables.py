"""The same figures as tables: one CSV file for each kind, for a spreadsheet or another program."""

import csv
import io
from dataclasses import asdict

from autograder.grading.store import Staged


def write_tables(folder, findings):
    """Write `<kind>.csv` for each kind of row. findings: see report.py. Returns: the paths."""
    kinds = {
        "spread": [{"assignment": f.assignment, **f.spread.figures} for f in findings],
        "items": [{"assignment": f.assignment, **asdict(item)} for f in findings for item in f.items],
        "mistakes": [_with(f, m) for f in findings for m in f.mistakes],
        "groups": [_with(f, g) for f in findings for g in f.groups],
        "similar": [_with(f, p) for f in findings for p in f.pairs],
        "look": [{"assignment": f.assignment, **asdict(look)} for f in findings for look in f.looks],
        "challenge": [
            {"assignment": f.assignment, "student": p.student, "mean": p.mean, **p.reached} for f in findings for p in f.board
        ],
        "cost": [{"assignment": f.assignment, **f.cost} for f in findings],
    }
    with Staged() as staged:
        for kind, rows in kinds.items():
            staged.add(folder / f"{kind}.csv", _csv(rows))
        staged.put()
    return [folder / f"{kind}.csv" for kind in kinds]


def _with(finding, row):
    fields = asdict(row)
    students = fields.pop("students")
    code = ("example", "representative", "sources")
    plain = {name: value for name, value in fields.items() if name not in code}
    return {"assignment": finding.assignment, **plain, "number": len(students), "students": " ".join(students)}


def _csv(rows):
    text = io.StringIO()
    if rows:
        columns = dict.fromkeys(name for row in rows for name in row)  # challenges differ in their kinds
        writer = csv.DictWriter(text, list(columns))
        writer.writeheader()
        writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _harmless(value):
    """A spreadsheet takes a text that begins so for a formula, and students choose some of the texts."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
