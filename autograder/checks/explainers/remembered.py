"""A state that survives between calls: a default that is made once, a list outside the function, a memory of the first call."""

import ast
import re

from .differences import numbers
from .recorded import CONSTANT
from .repaired import own_functions

MADE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.Call)
ENOUGH = 3  # different numbers
EMPTY = re.compile(r"\b(empty|empty_like|new_empty)(?=\()")
UNSEEDED = re.compile(r"default_rng|SystemRandom|urandom|\.seed\(|\btime\b")


def remembered(attempt, unexplained):
    """One sentence for all failed cases, if the first call is right and a later one depends on it; else for those that do."""
    shown = [i for i in attempt.failed if again_otherwise(attempt, i) or an_earlier_result(attempt, i)]
    passed = [i for i in attempt.seen if i not in attempt.wrong]
    first_is_right = bool(passed) and passed[0] == attempt.seen[0]
    if shown or (attempt.failed and first_is_right and again_otherwise(attempt, passed[0])):
        return dict.fromkeys(attempt.failed if first_is_right else shown, sentence(attempt))
    return {}


def again_otherwise(attempt, i):
    """Whether the same call gives another result the second time."""
    case = attempt.trials[i].case
    again = None if case.view or case.sizes else attempt.again(i)
    return bool(again) and not attempt.trials[i].agrees(again, attempt.got[i])


def an_earlier_result(attempt, i):
    """Whether a wrong result is that of an earlier call with other inputs: few numbers may be the same by chance."""
    trial = attempt.trials[i]
    for k in attempt.seen[: attempt.seen.index(i)]:
        repeated = trial.agrees(attempt.got[k], attempt.got[i]) and not trial.agrees(attempt.right[k], attempt.right[i])
        if repeated and attempt.trials[k].case.code == trial.case.code and numbers([attempt.got[k].value]) >= ENOUGH:
            return True
    return False


def sentence(attempt):
    """What is kept, and where, as far as the source says it."""
    start = "The result depends on earlier calls: "
    own = own_functions(attempt.source, attempt.exercise.name, attempt.reference.functions)
    for function in (n for f in own.values() for n in ast.walk(ast.parse(f.text)) if isinstance(n, ast.FunctionDef)):
        arguments = function.args.posonlyargs + function.args.args
        defaults = [*zip(arguments[::-1], function.args.defaults[::-1], strict=False)]
        defaults += zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        for argument, default in defaults:
            if isinstance(default, MADE):
                return f"{start}the default of `{argument.arg}` is made once, and all calls go on with the same. Make it inside."
    text = "\n".join(f.text for f in own.values())
    if empty := EMPTY.search(text):
        return f"`{empty[0]}` holds whatever was in that memory, another time something else: fill all of it, or take zeros."
    if kept := next((name for name, _ in CONSTANT.findall(attempt.source) if _writes(text, name)), None):
        return f"{start}`{kept}` stands outside the function, and keeps what they leave there. Make it inside."
    if UNSEEDED.search(text):
        return "The same call gives another result the second time: something is kept from an earlier call, or drawn anew."
    return f"{start}your function keeps something from them."


def _writes(text, name):
    """Whether functions write into a name from outside of them."""
    name = re.escape(name)
    inside = rf"\b{name}\s*(\[[^\n]*\]\s*[-+*/@]?=(?!=)|[-+*/@]=|\.(append|extend|add|update|setdefault|insert|pop|clear|\w+_)\()"
    return re.search(rf"\bglobal\b[^\n]*\b{name}\b|{inside}", text)
