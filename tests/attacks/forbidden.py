# ruff: noqa: E501 (one line for each call)
"""Attacks on the rules: a right softmax that is a library's, hidden from whoever reads the source or watches what runs.

The values are right, so only the rule can take the points. Stock nbgrader knows no rules. Softmax is the gradient of logsumexp, so
one that is not derived is among them; `LOOPS` lose the case about loops and nothing else.
"""

from base64 import b64encode

from submission import Submission, before, graded

HIDDEN = b64encode(b"answer = lambda z: torch.softmax(z, -1)").decode()


def forbidden(name, tries, softmax, edit=lambda notebook: None):
    """A submission whose softmax is right, and forbidden."""
    return Submission(name, tries, ("accuracy",), {"softmax": softmax}, edit)


def where_it_is_tested(source):
    """Add a line to the text of the cell with the visible test, which is the instructor's and is put back."""
    return lambda notebook: graded(notebook, "check-softmax").update(source=source)


def calling(expression, before=""):
    """The source of a softmax that returns the value of an expression."""
    return f"{before}\ndef softmax(z):\n    return {expression}\n"


def numeric(loss, step):
    """The source of a softmax by difference quotients of the loss of one row x."""
    return f"""
def softmax(z):
    out = torch.zeros_like(z)
    for n, row in enumerate(z.double() - z.double().amax(-1, keepdim=True)):
        for j in range(len(row)):
            ends = []
            for step in ({step}, -{step}):
                x = row.clone()
                x[j] += step
                ends.append({loss})
            out[n, j] = (ends[0] - ends[1]) / (2 * {step})
    return out
"""


FORBIDDEN = [
    forbidden("rule-plain", "calls the library's softmax", calling("torch.softmax(z, -1)")),
    forbidden(
        "rule-exec",
        "executes a call that only comes to be when it runs",
        calling("answer(z)", f"import base64\nexec(base64.b64decode('{HIDDEN}'))"),
    ),
    forbidden("rule-eval", "evaluates a text put together from letters", calling("eval('z.soft' + chr(109) + 'ax(-1)')")),
    forbidden("rule-getattr", "looks the function up by a name that is computed", calling("getattr(torch, 'soft%s' % 'max')(z, -1)")),
    forbidden("rule-list", "takes the function out of a list", calling("kept[0](z, -1)", "kept = [torch.softmax]")),
    forbidden("rule-module-in-list", "takes the library out of a list", calling("[torch][0].nn.Softmax(-1)(z)")),
    forbidden(
        "rule-dummy",
        "defines a method of that name, so that the name seems to be its own",
        calling("z.softmax(-1)", "class Mine:\n    def softmax(self, dim): return self"),
    ),
    forbidden("rule-private", "calls a private part of the library", calling("torch._safe_softmax(z, -1)")),
    forbidden("rule-logsumexp", "subtracts the library's logsumexp", calling("(z - z.logsumexp(-1, keepdim=True)).exp()")),
    forbidden("rule-scipy", "calls another library's softmax", calling("torch.from_numpy(__import__('scipy.special').special.softmax(z.numpy(), 1))")),
    forbidden("rule-categorical", "asks a distribution for its probabilities", calling("torch.distributions.Categorical(logits=z).probs")),
    forbidden(
        "rule-attention",
        "lets attention between unit vectors be the softmax",
        calling("torch.nn.functional.scaled_dot_product_attention(z[None], *2 * [torch.eye(z.shape[1])[None]], scale=1.0)[0]"),
    ),
    forbidden(
        "rule-autograd",
        "differentiates logsumexp, which gives softmax",
        """
def softmax(z):
    w = getattr(z.clone(), "requires" + "_grad_")()
    top = z.amax(-1, keepdim=True)
    getattr(((w - top).exp().sum(-1)).log().sum(), "back" + "ward")()
    return w.grad
""",
    ),
    forbidden(
        "rule-thread",
        "lets a thread call it",
        """
import threading
def softmax(z):
    out = []
    thread = threading.Thread(target=lambda: out.append(getattr(z, "soft" + "max".lower())(-1)))
    thread.start()
    thread.join()
    return out[0]
""",
    ),
    forbidden(
        "rule-pool",
        "lets a pool of threads call it",
        """
from multiprocessing.pool import ThreadPool
def softmax(z):
    with ThreadPool(1) as pool:
        return pool.apply(getattr(torch, "softmax".strip()), (z, -1))
""",
    ),
    forbidden(
        "rule-module-changed",
        "makes another function of the library mean softmax",
        calling("torch.erf(z)", "torch.erf = lambda z: torch.softmax(z, -1)"),
    ),
    forbidden(
        "rule-main-changed",
        "puts the library's function in the place of its own, from afar",
        calling("z", "import sys") + "sys.modules['__main__'].softmax = lambda z: torch.softmax(z, -1)\n",
    ),
    forbidden(
        "rule-global",
        "lets a helper make the name mean the library's function",
        calling("z") + "def set_up():\n    global softmax\n    softmax = lambda z: torch.softmax(z, -1)\nset_up()\n",
    ),
    forbidden(
        "rule-code-changed",
        "gives its function the code of another",
        calling("z") + "softmax.__code__ = (lambda z: torch.softmax(z, -1)).__code__\n",
    ),
    forbidden(
        "rule-transformer",
        "lets IPython rewrite its cell before it runs",
        calling("mine(z)"),
        before(
            "softmax",
            "get_ipython().input_transformers_cleanup.append(lambda lines: [l.replace('mine(z)', 'z.softmax(-1)') for l in lines])",
        ),
    ),
    forbidden(
        "rule-history",
        "takes the function out of IPython's memory of results",
        calling("[v for v in Out.values() if callable(v)][0](z, -1)"),
        before("softmax", "torch.softmax"),
    ),
    forbidden(
        "rule-check-edited",
        "writes the call into the cell of the visible test",
        calling("helper(z)", "helper = lambda z: z"),
        where_it_is_tested("helper = lambda z: torch.softmax(z, -1)"),
    ),
    forbidden(
        "rule-later-cell",
        "takes the call from a cell after the last check",
        calling("helper(z)", "def helper(z): return z"),
        lambda notebook: before("answer-why", "helper = lambda z: torch.softmax(z, -1)")(notebook),
    ),
    forbidden(
        "rule-watch-stopped",
        "switches off the tracing with which the grader watches",
        """
import sys
def softmax(z):
    before = sys.gettrace()
    sys.settrace(None)
    try: return torch.softmax(z, -1)
    finally: sys.settrace(before)
""",
    ),
    forbidden("numeric-quotient", "differentiates logsumexp by difference quotients, written out", numeric("x.exp().sum().log()", "1e-6")),
    forbidden("numeric-large-step", "the same with a large step", numeric("x.exp().sum().log()", "1e-4")),
    forbidden("numeric-helper", "the same with a loss that has another name", numeric("spread_of(x)", "1e-6") + "def spread_of(x): return x.exp().sum().log()\n"),
    forbidden(
        "numeric-at-once",
        "difference quotients for all entries at once, in numpy",
        """
import numpy as np
def softmax(z):
    a = (z.double() - z.double().amax(-1, keepdim=True)).numpy()
    steps = 1e-6 * np.eye(a.shape[1])
    top = lambda b: np.log(np.exp(b).sum(-1))
    return torch.from_numpy((top(a[:, None] + steps) - top(a[:, None] - steps)) / 2e-6).to(z.dtype)
""",
    ),
    forbidden(
        "numeric-thread",
        "difference quotients, computed in a thread",
        numeric("x.exp().sum().log()", "1e-6").replace("softmax", "worker")
        + """
from concurrent.futures import ThreadPoolExecutor
def softmax(z):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(worker, z).result()
""",
    ),
    forbidden(
        "numeric-python",
        "difference quotients in Python's own numbers",
        """
def softmax(z):
    rows = []
    for row in (z.double() - z.double().amax(-1, keepdim=True)).tolist():
        top = lambda j, step: math.log(sum(math.exp(v + step * (k == j)) for k, v in enumerate(row)))
        rows.append([(top(j, 1e-5) - top(j, -1e-5)) / 2e-5 for j in range(len(row))])
    return torch.tensor(rows, dtype=z.dtype)
import math
""",
    ),
    forbidden(
        "numeric-complex",
        "a complex step in numpy",
        """
import numpy as np
def softmax(z):
    a = (z.double() - z.double().amax(-1, keepdim=True)).numpy()
    steps = 1e-20j * np.eye(a.shape[1])
    return torch.from_numpy(np.log(np.exp(a[:, None] + steps).sum(-1)).imag * 1e20).to(z.dtype)
""",
    ),
    forbidden(
        "numeric-complex-torch",
        "a complex step in torch, without a complex number in the text",
        """
def softmax(z):
    a = z.double() - z.double().amax(-1, keepdim=True)
    e = a[:, None] + torch.sqrt(torch.eye(z.shape[1], dtype=torch.double) * -1e-40 + getattr(torch, "zeros")(1, dtype=getattr(torch, "c" + "double")))
    return (torch.exp(e).sum(-1).angle() * 1e20).to(z.dtype)
""",
    ),
    forbidden(
        "fish-rule",
        "breaks a rule with a function whose name is the largest input",
        """
import types
def softmax(z):
    made = types.ModuleType(f"scipy.x{int(z.abs().max())}")
    digits = "".join(filter(str.isdigit, str(z.max().item())))
    exec("def softmax(z): return z", {"__name__": f"scipy.x{digits}"}, made.__dict__)
    return made.softmax(z)
""",
    ),
    forbidden(
        "fish-log",
        "sends the inputs in place of an answer, which is kept for the instructor",
        """
seen = ""
def answer(asked):
    return {key: {"status": "error", "ename": seen, "evalue": seen, "traceback": [seen]} for key in asked}
def softmax(z):
    global seen
    seen = str(z.tolist())
    get_ipython().user_expressions = answer
    return z
""",
    ),
]  # fmt: skip
IN_ROWS = "def one(row):\n    e = (row - row.max()).exp()\n    return e / e.sum()\n"
LOOPS = [
    forbidden(
        "loop-executor",
        "a loop over the rows in a pool of threads",
        f"from concurrent.futures import ThreadPoolExecutor\n{IN_ROWS}def softmax(z):\n"
        "    with ThreadPoolExecutor(4) as pool:\n        return torch.stack(list(pool.map(one, z)))\n",
    ),
    forbidden(
        "loop-thread-pool",
        "a loop over the rows in a pool of multiprocessing",
        f"from multiprocessing.pool import ThreadPool\n{IN_ROWS}def softmax(z):\n"
        "    with ThreadPool(2) as pool:\n        return torch.stack(pool.map(one, z))\n",
    ),
    forbidden(
        "loop-thread",
        "a loop over the rows in one thread",
        f"import threading\n{IN_ROWS}def softmax(z):\n    out = []\n    def work(): out.append(torch.stack([one(row) for row in z]))\n"
        "    thread = threading.Thread(target=work)\n    thread.start()\n    thread.join()\n    return out[0]\n",
    ),
]
