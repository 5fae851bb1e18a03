"""Broken submissions: honest answers in a notebook that crashes, hangs, floods or cannot even be read.

`keeps` names the exercises whose checks had evidence before, or in spite of, the damage: they must keep their points.
"""

import json
import os
import shutil

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from submission import EXERCISES, NOTEBOOK, RIGHT, Submission, before, first, graded, last, nothing


def broken(name, what, code="", *, softmax=None, keeps=EXERCISES, edit=nothing, files=nothing):
    """`code` runs in softmax's cell after the right answer; `softmax` replaces the answer, which then need not earn anything."""
    cells = {**RIGHT, "softmax": softmax or RIGHT["softmax"] + code}
    return Submission(name, what, tuple(e for e in keeps if not (softmax and e == "softmax")), cells, edit, files)


def unreadable(name, what, files):
    """A notebook that holds nothing to grade, or nothing that can be read."""
    return broken(name, what, keeps=(), files=files)


def content(change):
    """Replace the notebook file's content: `change` gets the JSON text and returns str or bytes."""
    return lambda place: place.write(NOTEBOOK, change(place.notebook.read_text()))


def document(change):
    """Replace the notebook file's JSON document: `change` gets and returns it."""

    def edit(text):
        return json.dumps(change(json.loads(text)))

    return content(edit)


def calls(body):
    """A softmax whose body, once it is called, is this."""
    return "def softmax(z):\n    " + body.replace("\n", "\n    ") + "\n"


CRASHES = [
    broken("exit", "ends the process when it is called", softmax=calls("import os\nos._exit(0)")),
    broken("exit-at-the-end", "ends the process in the last cell", edit=last("import os\nos._exit(1)")),
    broken("system-exit", "raises SystemExit", softmax=calls("raise SystemExit")),
    broken("keyboard-interrupt", "raises KeyboardInterrupt", softmax=calls("raise KeyboardInterrupt")),
    broken("segmentation-fault", "reads memory at address 0", softmax=calls("import ctypes\nreturn ctypes.string_at(0)")),
    broken("killed", "kills itself", softmax=calls("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")),
    broken("stopped", "stops itself", softmax=calls("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)")),
    broken("recursion", "calls itself without end", softmax=calls("import sys\nsys.setrecursionlimit(10**9)\nreturn softmax(z)")),
    broken("quit", "says quit() at the top", edit=first("quit()"), keeps=()),
    broken("quit-between", "says quit() before the last exercise", edit=before("softmax", "quit()"), keeps=("accuracy",)),
    broken("quit-at-the-end", "says quit() in the last cell", edit=last("quit()")),
    broken(
        "shutdown",
        "shuts its kernel down",
        keeps=(),
        softmax=calls("get_ipython().kernel.do_shutdown(False)\nget_ipython().ask_exit()"),
    ),
    broken("syntax-error", "an answer that is not Python", softmax="def softmax(z)\n    return z\n"),
    broken("error-first", "an error in the first cell", edit=first("undefined_name")),
    broken("reset", "clears all names in the last cell", edit=last("%reset -f")),
]

HANGS = [
    broken("endless-loop", "loops without end", softmax=calls("while True: pass")),
    broken(
        "endless-stubborn",
        "loops without end and ignores interrupts",
        softmax=calls(
            "import signal\nfor s in (signal.SIGINT, signal.SIGTERM): signal.signal(s, signal.SIG_IGN)\n"
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
        ),
    ),
    broken(
        "endless-in-c",
        "spends years inside one regular expression",
        softmax=calls("import re\nre.match('(a+)+$', 'a' * 60 + 'b')"),
    ),
    broken("endless-first", "loops without end in the first cell", edit=first("while True: pass"), keeps=()),
    broken("sleeps", "sleeps for days", softmax=calls("import time\ntime.sleep(1e6)")),
    broken("awaits", "awaits what never comes, in the last cell", edit=last("import asyncio\nawait asyncio.Event().wait()")),
    broken(
        "thread-endless",
        "leaves a thread that never ends",
        "import threading\ndef run():\n    while True: pass\nthreading.Thread(target=run).start()",
    ),
    broken(
        "child-endless", "leaves a process that holds its output open", "import subprocess\nsubprocess.Popen(['sleep', '1000'])"
    ),
    broken("input", "asks for input", edit=last("name = input('Your name? ')")),
    broken("breakpoint", "stops in the debugger", edit=last("breakpoint()")),
    broken("infinite-result", "returns an iterator without end", softmax=calls("import itertools\nreturn itertools.count()")),
]

FLOODS = [
    broken("memory", "takes gigabytes of memory", softmax=calls("kept = [b'x' * (1 << 28) for _ in range(20)]\nreturn z")),
    broken(
        "fork-bomb",
        "forks hundreds of processes",
        softmax=calls(
            "import os, time\nfor _ in range(400):\n    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)\nreturn z"
        ),
    ),
    broken(
        "thread-bomb",
        "starts thousands of threads",
        softmax=calls(
            "import threading, time\nfor _ in range(4000): "
            "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nreturn z"
        ),
    ),
    broken("output", "prints gigabytes", softmax=calls("for _ in range(600): print('x' * 1_000_000)\nreturn z")),
    broken(
        "output-descriptor",
        "writes gigabytes to its standard output, past Python",
        softmax=calls("import os\nfor _ in range(600): os.write(1, b'x' * 1_000_000)\nreturn z"),
    ),
    broken("lines", "prints a million lines", edit=last("for i in range(1_000_000): print(i)")),
    broken("displays", "displays a hundred thousand results", edit=last("for i in range(100_000): display(i)")),
    broken(
        "disk",
        "writes gigabytes to disk",
        edit=last(
            "import tempfile\nfor folder in ('.', tempfile.gettempdir(), '/dev/shm'):\n"
            "    with open(folder + '/big', 'wb') as f:\n"
            "        for _ in range(10): f.write(bytes(100_000_000))"
        ),
    ),
    broken("open-files", "opens a hundred thousand files", edit=last("files = [open('/dev/null') for _ in range(100_000)]")),
    broken("many-cells", "a thousand cells", edit=lambda nb: nb.cells.extend(new_code_cell("pass") for _ in range(1000))),
    broken("long-cell", "a cell of five megabytes", edit=last("# " + "x" * 5_000_000)),
    broken(
        "stored-output",
        "fifty megabytes of stored output",
        keeps=(),
        edit=last("pass", outputs=[new_output("stream", name="stdout", text="x" * 50_000_000)]),
    ),
]

NOISE = [
    broken(
        "warnings",
        "warns each time it is called",
        softmax=None,
        edit=lambda nb: graded(nb, "softmax").update(
            source="import warnings\n" + RIGHT["softmax"].replace("    e =", "    warnings.warn('slow')\n    e =")
        ),
    ),
    broken(
        "stderr",
        "prints to stderr each time it is called",
        edit=lambda nb: graded(nb, "softmax").update(
            source="import sys\n" + RIGHT["softmax"].replace("    e =", "    print('here', z.shape, file=sys.stderr)\n    e =")
        ),
    ),
    broken(
        "prints",
        "prints each time it is called",
        edit=lambda nb: graded(nb, "softmax").update(
            source=RIGHT["softmax"].replace("    e =", "    print('here', z.shape)\n    e =")
        ),
    ),
    broken("pip", "installs a package", edit=first("%pip install --no-index a-package-that-is-nowhere")),
    broken("shell", "deletes files by a shell command", edit=first("!rm -rf ~/canary; ls /")),
    broken("bash-cell", "a cell in another language", edit=first("%%bash\necho hello; exit 3")),
    broken("unknown-magic", "magics that do not exist", edit=first("%no_such_magic\n%%nor_this")),
    broken(
        "widget",
        "opens a widget",
        edit=last(
            "from comm import create_comm\n"
            "create_comm('jupyter.widget', data={'state': {'_model_name': 'IntSliderModel'}}).send({'x': 1})"
        ),
    ),
    broken(
        "stdout-closed",
        "closes its standard output, which stops the kernel",
        keeps=(),
        edit=first("import os, sys\nos.close(1), os.close(2)\nsys.stdout = None"),
    ),
    broken(
        "changes-folder",
        "goes to another folder and deletes its own",
        edit=first("import os, shutil\nhere = os.getcwd()\nos.chdir('/')\nshutil.rmtree(here, ignore_errors=True)"),
    ),
    broken(
        "default-dtype",
        "changes torch's defaults",
        edit=last("torch.set_default_dtype(torch.float64)\ntorch.manual_seed(0)\ntorch.set_num_threads(8)"),
    ),
    broken(
        "builtins-gone",
        "names its own variables list, len, print and tensor",
        edit=last("list = len = print = tensor = torch = None"),
    ),
    broken("long-sum", "a sum of 1,500 terms", edit=last("x = " + " + ".join(["1"] * 1500))),
    broken("many-signs", "an expression too deep for Python to parse", edit=last("x = " + "-" * 7000 + "1")),
    broken("many-magics", "six hundred magics in one cell", edit=last("%time 1\n" * 600)),
    broken(
        "spaces", "a text with two hundred thousand spaces", edit=lambda n: n.cells.append(new_markdown_cell("a" + " " * 190_000))
    ),
    broken(
        "execution-count",
        "a forged number of a cell that is no number",
        edit=last(
            "k = get_ipython().kernel\ncontent = {'code': '', 'execution_count': '<b>'}\n"
            "k.session.send(k.iopub_socket, 'execute_input', content, parent=k.get_parent('shell'))"
        ),
    ),
    broken(
        "reply-without-answer",
        "answers the grader's questions with nothing",
        keeps=(),
        softmax="""
ip, asked = get_ipython(), []
send = ip.kernel.session.send
def softmax(z):
    asked.append(z)
    return z
def forged(stream, kind, content=None, *args, **kwargs):
    if asked and kind == "execute_reply":
        content = dict(content, user_expressions=None)
    return send(stream, kind, content, *args, **kwargs)
ip.kernel.session.send = forged
""",
    ),
    broken(
        "surrogates",
        "text that no encoding can hold, in a cell and in its output",
        edit=last("print('\\ud800')"),
        files=content(lambda text: text.replace("Room for", r"\ud83d \u0000 Room for")),
    ),
    broken(
        "unicode-Zoë-学生 №1",
        "a student's name with spaces and letters of all kinds",
        edit=last("π = 'ünïcode 学生 \u202e'; print(π)"),
    ),
]

RESULTS = [
    broken(
        "result-nested",
        "returns a list nested a hundred thousand deep",
        softmax=calls("deep = []\nfor _ in range(100_000): deep = [deep]\nreturn deep"),
    ),
    broken("result-cyclic", "returns a list that holds itself", softmax=calls("ring = []\nring.append(ring)\nreturn ring")),
    broken(
        "result-expanded",
        "returns a tensor of 10^12 entries that occupies four bytes",
        softmax=calls("return torch.zeros(1).expand(10**6, 10**6)"),
    ),
    broken("result-many", "returns a million small tensors", softmax=calls("return [torch.zeros(1)] * 1_000_000")),
    broken("result-integer", "returns a whole number of a million digits", softmax=calls("return 1 << 4_000_000")),
    broken("result-long-text", "returns a text of gigabytes", softmax=calls("return 'x' * 1_000_000_000")),
    broken(
        "result-meta",
        "returns tensors without data: meta, sparse, complex, half, empty",
        softmax=calls(
            "return [torch.zeros(2, 2, device='meta'), torch.eye(2).to_sparse(), torch.zeros(2, dtype=torch.complex64),\n"
            "        torch.zeros(2, dtype=torch.bfloat16), torch.zeros(0, 3), torch.zeros(2).conj(), torch.quantize_per_tensor(\n"
            "            torch.zeros(2), 0.1, 0, torch.qint8)]"
        ),
    ),
    broken(
        "result-other",
        "returns a function, a module, a set and bytes",
        softmax=calls("return softmax, torch, {1}, b'x', Ellipsis"),
    ),
]

FORMAT = [
    unreadable("missing", "a folder without a notebook", lambda p: (p.notebook.unlink(), p.write("read me.txt", "sorry"))),
    unreadable("renamed", "a notebook of another name", lambda p: p.notebook.rename(p.folder / "Attack Target FINAL (2).ipynb")),
    unreadable("no-files", "an empty folder", lambda p: p.notebook.unlink()),
    unreadable("empty", "an empty file", content(lambda text: "")),
    unreadable("cut-off", "a file whose second half is missing", content(lambda text: text[: len(text) // 2])),
    unreadable(
        "conflict",
        "a file with the marks of a merge conflict",
        content(lambda text: "<<<<<<< HEAD\n" + text + "=======\n>>>>>>>\n"),
    ),
    unreadable("binary", "a file that is not text", content(lambda text: os.urandom(10_000))),
    unreadable("utf-16", "a file in another encoding", content(lambda text: text.encode("utf-16"))),
    unreadable("byte-order-mark", "a file that begins with a byte order mark", content(lambda text: "\ufeff" + text)),
    unreadable("latin-1", "a file in an old encoding", content(lambda text: text.replace("Room", "Größe").encode("latin-1"))),
    unreadable("json-list", "JSON that is a list", content(lambda text: "[1, 2]")),
    unreadable("json-null", "JSON that is null", content(lambda text: "null")),
    unreadable(
        "json-nan",
        "JSON with NaN and numbers of any size",
        document(lambda d: {**d, "metadata": {"x": float("nan"), "y": 10**400}}),
    ),
    unreadable(
        "json-deep",
        "JSON nested ten thousand deep",
        content(lambda text: text.replace('"nbformat"', '"x": ' + '{"x":' * 10_000 + "1" + "}" * 10_000 + ', "nbformat"')),
    ),
    unreadable("no-cells", "a notebook without a list of cells", document(lambda d: {**d, "cells": None})),
    unreadable(
        "cells-odd",
        "cells that are null, numbers, of no type, without text",
        document(
            lambda d: {
                **d,
                "cells": [*d["cells"], None, 1, {}, {"cell_type": "code"}, {"cell_type": "x", "source": 3, "metadata": None}],
            }
        ),
    ),
    unreadable(
        "format-3",
        "a notebook of nbformat 3",
        document(
            lambda d: {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": d["cells"], "metadata": {}}]}
        ),
    ),
    unreadable("format-99", "a notebook of nbformat 99", document(lambda d: {**d, "nbformat": 99})),
    broken(
        "format-4.0",
        "a notebook of nbformat 4.0, without cell ids",
        files=document(lambda d: {**d, "nbformat_minor": 0, "cells": [{k: c[k] for k in c.keys() - {"id"}} for c in d["cells"]]}),
    ),
    broken(
        "ids-equal",
        "a notebook whose cells have one id",
        files=document(lambda d: {**d, "cells": [{**c, "id": "same"} for c in d["cells"]]}),
    ),
    broken(
        "line-ends",
        "a notebook with the line ends of Windows",
        files=document(lambda d: {**d, "cells": [{**c, "source": c["source"].replace("\n", "\r\n")} for c in d["cells"]]}),
    ),
    broken(
        "wrong-kernel",
        "a notebook made for another language",
        edit=lambda nb: nb.metadata.update(
            kernelspec={"name": "ir", "display_name": "R", "language": "R"}, language_info={"name": "R"}
        ),
    ),
    broken("no-metadata", "a notebook without metadata", edit=lambda nb: nb.metadata.clear()),
    broken(
        "cell-duplicated",
        "a check copied by accident",
        edit=lambda nb: nb.cells.append(
            new_code_cell(graded(nb, "check-softmax").source, metadata=graded(nb, "check-softmax").metadata)
        ),
    ),
    broken(
        "answer-copied",
        "an answer copied by accident",
        edit=lambda nb: nb.cells.append(new_code_cell(RIGHT["softmax"], metadata=graded(nb, "softmax").metadata)),
    ),
    broken("set-up-deleted", "the cell with the imports deleted", edit=lambda nb: nb.cells.remove(graded(nb, "set-up"))),
    broken(
        "answer-deleted",
        "the cell with the answer deleted",
        keeps=("accuracy",),
        edit=lambda nb: nb.cells.remove(graded(nb, "softmax")),
    ),
    unreadable("folder-as-notebook", "a folder of the notebook's name", lambda p: (p.notebook.unlink(), p.notebook.mkdir())),
    unreadable("pipe-as-notebook", "a named pipe of the notebook's name", lambda p: (p.notebook.unlink(), os.mkfifo(p.notebook))),
    unreadable(
        "link-to-nowhere", "a link whose target is gone", lambda p: (p.notebook.unlink(), p.notebook.symlink_to("nowhere"))
    ),
    unreadable(
        "link-to-itself", "a folder that is a link to itself", lambda p: (shutil.rmtree(p.folder), p.folder.symlink_to(p.folder))
    ),
    unreadable(
        "file-as-folder", "a file in the place of the folder", lambda p: (shutil.rmtree(p.folder), p.folder.write_text("x"))
    ),
    broken(
        "names-not-utf-8",
        "files beside the notebook whose names are not text",
        files=lambda p: open(os.fsencode(p.folder) + b"/\xff\xfe.txt", "w").close(),
    ),
    broken(
        "split-cell",
        "an answer that Jupyter has split in two cells with the same id",
        edit=lambda notebook: notebook.cells.insert(
            notebook.cells.index(graded(notebook, "softmax")) + 1,
            new_code_cell("print(softmax(torch.zeros(1, 2)))", metadata=graded(notebook, "softmax").metadata),
        ),
    ),
    broken(
        "many-copies",
        "two hundred thousand empty copies of an answer cell",
        files=document(
            lambda d: d | {"cells": d["cells"] + [{"source": "", "metadata": {"nbgrader": {"grade_id": "softmax"}}}] * 200_000}
        ),
    ),
    unreadable("not-readable", "a notebook without permission to read it", lambda p: p.notebook.chmod(0)),
]

DAMAGED = [*CRASHES, *HANGS, *FLOODS, *NOISE, *RESULTS, *FORMAT]
