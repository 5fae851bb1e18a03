# ruff: noqa: E501 (one line for each way)
"""The rules of the course, in what runs: operations in every thread, loops in threads, derivatives that are not derived."""

import pytest
import torch

from autograder.checks import LocalEvaluator, case, exercise, gradient, judge, labels, loop_free, normal, uniform
from autograder.checks.observe import trials
from autograder.checks.rules import observed

pytestmark = pytest.mark.usefixtures("no_pools")
# Expressions of z, float (5, 4), each with the rule that it breaks. Nothing in a source text leads to them: they are executed
# beside the text that the rules read.
RAN = {
    "torch.softmax(z, -1)": "library softmax",
    "z.log_softmax(-1)": "library softmax",
    "z.logsumexp(-1)": "library softmax",
    "z.logcumsumexp(-1)": "library softmax",
    "torch._safe_softmax(z, -1)": "library softmax",
    "torch.nn.functional.gumbel_softmax(z)": "torch.nn.functional",
    "torch.distributions.Categorical(logits=z).probs": "library softmax",
    "torch.nn.functional.nll_loss(z, torch.zeros(5, dtype=torch.long))": "torch.nn.functional",
    "torch.nn.functional.cross_entropy(z, torch.zeros(5, dtype=torch.long))": "torch.nn.functional",
    "torch.nn.functional.binary_cross_entropy(z.sigmoid(), z.sigmoid())": "torch.nn.functional",
    "torch.nn.functional.binary_cross_entropy_with_logits(z, z.sigmoid())": "torch.nn.functional",
    "torch._C._nn.nll_loss_nd(z, torch.zeros(5, dtype=torch.long))": "library cross-entropy",
    "torch._C._nn.mse_loss(z, z)": "torch.nn.functional",
    "torch.nn.functional.l1_loss(z, z)": "torch.nn.functional",
    "torch._C._nn.gelu(z)": "torch.nn.functional",
    "torch.nn.functional.relu(z)": "torch.nn.functional",
    "torch.conv1d(z[None], torch.ones(1, 5, 3))": "torch.nn",
    "torch.layer_norm(z, (4,))": "torch.nn",
    "torch.nn.Linear(4, 2)(z)": "torch.nn",
    "torch.optim.SGD([z], lr=1).step()": "torch.optim",
    "(lambda w: ((w * w).sum().backward(), w.grad))(z.clone().requires_grad_())": "autograd",
    "(lambda w: torch.autograd.grad((w * w).sum(), w))(z.clone().requires_grad_())": "autograd",
    "torch.autograd.functional.jacobian(lambda w: (w * w).sum(), z)": "autograd",
    "torch.func.grad(lambda w: (w * w).sum())(z)": "autograd",
    "torch.func.jvp(lambda w: (w * w).sum(), (z,), (z,))": "autograd",
    "torch.vmap(lambda w: w.sum())(z)": "autograd",
    "special.softmax(z.numpy(), -1)": "library softmax",
    "special.logsumexp(z.numpy(), -1)": "library softmax",
    "numpy.apply_along_axis(special.softmax, 1, z.numpy())": "library softmax",
    "extmath.softmax(z.numpy())": "library softmax",
    "metrics.log_loss([0, 1, 1, 0, 1], z[:, 0].sigmoid().numpy())": "library cross-entropy",
    "linear_model.LogisticRegression().fit(z.numpy(), [0, 1, 0, 1, 1])": "Learner",
    "optimize.approx_fprime(z[0].numpy(), lambda w: (w * w).sum())": "numeric derivative",
    "numpy.gradient(z.numpy())": "numeric derivative",
    "(torch.complex(z, 1e-20 * z) ** 2).sum().imag": "numeric derivative",
}
LIBRARIES = "import numpy, torch\nfrom scipy import optimize, special\nfrom sklearn import linear_model, metrics\n"
LIBRARIES += "from sklearn.utils import extmath\n"
WAYS = {
    "here": "def f_gradient(z): return hidden(z)",
    "a thread": "import threading\ndef f_gradient(z):\n    t = threading.Thread(target=hidden, args=[z])\n    t.start()\n    t.join()",
    "a pool": "from concurrent.futures import ThreadPoolExecutor\ndef f_gradient(z):\n"
    "    with ThreadPoolExecutor(1) as pool: return pool.submit(hidden, z).result()",
    "a pool of multiprocessing": "from multiprocessing.pool import ThreadPool\ndef f_gradient(z):\n"
    "    with ThreadPool(1) as pool: return pool.apply(hidden, [z])",
}
ASKED = exercise("f_gradient", case("a batch", "f_gradient(z)", z=normal(5, 4)))
SHORT = list(RAN)[::6]  # what is tried in the threads; in all of them it is one mechanism that looks


class Solution:
    """A reference of one source text, for exercises that no assignment has."""

    digest = ""

    def __init__(self, source):
        self.source, self.solutions, self.functions = source, {}, set()

    def namespace(self, source=""):
        return namespace(self.source + "\n" + source)


def namespace(source):
    """A notebook's namespace after `source`."""
    made = {"__name__": "__main__", "torch": torch}
    exec(source, made)
    return made


def ran(source, asked=ASKED):
    """(the outcomes of all cases, the rules that are broken)"""
    student = LocalEvaluator(namespace(source))
    right = LocalEvaluator(namespace("def f_gradient(z): return z"))
    runs = [(t, t.run(student), t.run(right)) for t in trials(asked, "secret")]
    return [outcome for _, outcome, _ in runs], set(observed(asked, runs))


@pytest.mark.parametrize(
    ("expression", "way"), [*((e, "here") for e in RAN), *((e, w) for e in SHORT for w in WAYS if w != "here")]
)
def test_what_runs_in_any_thread_is_held_against_the_rules(expression, way):
    (outcome,), broken = ran(f"{LIBRARIES}def hidden(z): return {expression}\n{WAYS[way]}")
    assert broken == {RAN[expression]}
    assert ("threads" in outcome.used) == (way != "here")


HONEST = [
    "with torch.no_grad():\n        e = (z - z.amax(-1, keepdim=True)).exp()\n    return e / e.sum(-1, keepdim=True)",
    "with torch.inference_mode(): return z - torch.logaddexp(z, z)",
    "import numpy\n    return torch.from_numpy(numpy.exp(z.numpy() - z.numpy().max(1, keepdims=True)))",
    "return torch.einsum('nc,nd->cd', z, z) / torch.linalg.norm(z)",
    "w = torch.zeros(4, 2)\n    w.requires_grad_(False)\n    w[:] = z.T @ torch.randn(5, 2)\n    return torch.stack([r / 2 for r in w])",
    "from scipy.spatial.distance import cdist\n    return torch.from_numpy(cdist(z.numpy(), z.numpy()))",
    "from sklearn.metrics import confusion_matrix\n    return confusion_matrix(z.argmax(1), z.argmax(1)).tolist()",
    "from tqdm.auto import tqdm\n    return torch.stack([row.sigmoid() for row in tqdm(z)])",
    "import matplotlib.pyplot as plt\n    plt.figure()\n    plt.plot(z)\n    plt.close()\n    return z.clamp(min=0)",
]


@pytest.mark.parametrize("body", HONEST)
def test_what_honest_code_runs_breaks_nothing(body):
    (outcome,), broken = ran(f"def f_gradient(z):\n    {body}\n")
    assert not broken and not getattr(outcome.value, "message", "")


ROWS = exercise("f", loop_free("no loop over the rows", "f(z)", z=lambda n: normal(n, 3)))
IN_THREADS = {
    "executor": "from concurrent.futures import ThreadPoolExecutor\n"
    "def f(z):\n    with ThreadPoolExecutor(2) as pool: return torch.stack(list(pool.map(torch.exp, z)))",
    "executor, own function": "from concurrent.futures import ThreadPoolExecutor\ndef one(row): return row.exp()\n"
    "def f(z):\n    with ThreadPoolExecutor(2) as pool: return torch.stack(list(pool.map(one, z)))",
    "pool": "from multiprocessing.pool import ThreadPool\n"
    "def f(z):\n    with ThreadPool(2) as pool: return torch.stack(pool.map(torch.exp, z))",
    "one thread": "import threading\ndef f(z):\n    out = []\n    def work(): out.append(torch.stack([row.exp() for row in z]))\n"
    "    t = threading.Thread(target=work)\n    t.start()\n    t.join()\n    return out[0]",
    "a pool made before": "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\n"
    "pool.submit(len, []).result()\ndef f(z): return torch.stack(list(pool.map(torch.exp, z)))",
    "a thread made before": "import queue, threading\ntodo, done = queue.Queue(), queue.Queue()\n"
    "def work():\n    while (z := todo.get()) is not None: done.put(torch.stack([row.exp() for row in z]))\n"
    "threading.Thread(target=work, daemon=True).start()\ndef f(z):\n    todo.put(z)\n    return done.get()",
    "processes": "import multiprocessing\ndef f(z):\n"
    "    with multiprocessing.get_context('fork').Pool(1) as pool: pool.map(len, z.tolist())\n    return z.exp()",
}


@pytest.mark.parametrize("name", IN_THREADS)
def test_a_loop_in_threads_is_counted_or_flagged(name):
    student = namespace(IN_THREADS[name])
    verdict = judge(ROWS, LocalEvaluator(student), Solution("def f(z): return z.exp()"), "secret")
    assert any("threads or processes" in flag for flag in verdict.flags)
    unseen = name in ("a pool made before", "a thread made before", "processes")
    assert "grows with the number of rows" in verdict.cases[0].message or (unseen and verdict.passed)
    if "todo" in student:
        student["todo"].put(None)
    if "pool" in student:
        student["pool"].shutdown()


SOLUTION = """
def loss(z, y):
    z = z - z.amax(-1, keepdim=True)
    return (z.exp().sum(-1).log() - z[torch.arange(len(z)), y]).mean()
def loss_gradient(z, y):
    e = (z - z.amax(-1, keepdim=True)).exp()
    p = e / e.sum(-1, keepdim=True)
    p[torch.arange(len(z)), y] -= 1
    return p / len(z)
"""
SLOPE = exercise(
    "loss_gradient",
    case("a batch", "loss_gradient(z, y)", tolerance="float64", z=normal(7, 5, dtype=torch.float64), y=labels(7, 5)),
    gradient(
        "with its loss",
        loss="loss(z, y)",
        grad="[loss_gradient(z, y)]",
        wrt="z",
        z=normal(6, 4, dtype=torch.float64),
        y=labels(6, 4),
    ),
    case(
        "slopes of all sizes",
        "loss_gradient(z, y)",
        tolerance="float64",
        z=uniform(1, 200, low=-60, high=0, dtype=torch.float64),
        y=labels(1, 200),
    ),
)
QUOTIENT = """
def loss_gradient(z, y):
    g = torch.zeros_like(z)
    for i in range(z.numel()):
        ends = []
        for step in (1e-6, -1e-6):
            moved = z.clone()
            moved.view(-1)[i] += step
            ends.append(LOSS)
        g.view(-1)[i] = (ends[0] - ends[1]) / 2e-6
    return g
"""
INLINE = "(moved.exp().sum(-1).log() - moved[torch.arange(len(z)), y]).mean()"
COMPLEX = """
def loss_gradient(z, y):
    g = torch.zeros_like(z)
    for i in range(z.numel()):
        step = torch.zeros_like(z)
        step.view(-1)[i] = 1e-20
        e = torch.view_as_complex(torch.stack([z, step], -1)) if TORCH else z.numpy() + 1j * step.numpy()
        g.view(-1)[i] = float(LOSS)
    return g
"""
NOT_DERIVED = {
    "its own loss": (QUOTIENT.replace("LOSS", "loss(moved, y)"), "again and again"),
    "its own loss in threads": (
        QUOTIENT.replace("LOSS", "pool.submit(loss, moved, y)").replace("(ends[0] - ends[1])", "(ends[0].result() - ends[1].result())")
        + "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n",
        "again and again",
    ),
    "a loss of its own": (QUOTIENT.replace("LOSS", INLINE), "small slopes"),
    "a helper": (f"def other(moved, z, y): return {INLINE}\n" + QUOTIENT.replace("LOSS", "other(moved, z, y)"), "small slopes"),
    "a small step": (QUOTIENT.replace("LOSS", INLINE).replace("e-6", "e-8"), "small slopes"),
    "a large step": (QUOTIENT.replace("LOSS", INLINE).replace("e-6", "e-4"), "small slopes"),
    "five points": (
        QUOTIENT.replace("LOSS", INLINE)
        .replace("(1e-6, -1e-6)", "(1e-3, -1e-3, 2e-3, -2e-3)")
        .replace("(ends[0] - ends[1]) / 2e-6", "(8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / 12e-3"),
        "small slopes",
    ),
    "a loss of each row": (QUOTIENT.replace("LOSS", "(moved.exp().sum(-1).log() - moved[torch.arange(len(z)), y])[i // z.shape[1]] / len(z)"), "small slopes"),
    "all entries at once": (
        """
def loss_gradient(z, y):
    eye = 1e-6 * torch.eye(z.numel(), dtype=z.dtype).reshape(-1, *z.shape)
    def many(z): return (z.exp().sum(-1).log() - z[:, torch.arange(z.shape[1]), y]).mean(-1)
    return ((many(z + eye) - many(z - eye)) / 2e-6).reshape(z.shape)
""",
        "small slopes",
    ),
    "numpy": (
        """
import numpy as np
def loss_gradient(z, y):
    eye = 1e-6 * np.eye(z.numel()).reshape(-1, *z.shape)
    def many(z): return (np.log(np.exp(z).sum(-1)) - z[:, np.arange(z.shape[1]), y.numpy()]).mean(-1)
    a = z.numpy()
    return torch.from_numpy(((many(a + eye) - many(a - eye)) / 2e-6).reshape(a.shape))
""",
        "small slopes",
    ),
    "Python's own numbers": (
        """
import math
def loss_gradient(z, y):
    rows = z.tolist()
    for row, label in zip(z.tolist(), y.tolist()):
        at = lambda j, step: math.log(sum(math.exp(v + step * (k == j)) for k, v in enumerate(row))) - row[label] - step * (label == j)
        rows.append([(at(j, 1e-5) - at(j, -1e-5)) / 2e-5 / len(z) for j in range(len(row))])
    return torch.tensor(rows[len(z):], dtype=z.dtype)
""",
        "small slopes",
    ),
    "half of it derived": (QUOTIENT.replace("LOSS", "moved.exp().sum(-1).log().mean()").replace("return g", "return g - torch.eye(z.shape[1], dtype=z.dtype)[y] / len(z)"), "small slopes"),
    "a complex step": (
        COMPLEX.replace("TORCH", "True").replace("LOSS", "(e.exp().sum(-1).log() - e[torch.arange(len(z)), y]).mean().imag * 1e20"),
        "numeric derivative",
    ),
    "a complex step in numpy": (
        "import numpy\n"
        + COMPLEX.replace("TORCH", "False").replace(
            "LOSS", "(numpy.log(numpy.exp(e).sum(-1)) - e[numpy.arange(len(z)), y]).mean().imag * 1e20"
        ),
        "numeric derivative",
    ),
    "a complex step whose text does not say so": (
        "import numpy\n"
        + COMPLEX.replace("torch.view_as_complex(torch.stack([z, step], -1)) if TORCH else z.numpy() + 1j", "z.numpy() + (-1.0) ** 0.5").replace(
            "LOSS", "numpy.array([(numpy.log(numpy.exp(e).sum(-1)) - e[numpy.arange(len(z)), y]).mean()]).view(float)[1] * 1e20"
        ),
        "complex numbers came up",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_DERIVED)
def test_a_gradient_that_is_not_derived_breaks_a_rule(name):
    source, said = NOT_DERIVED[name]
    student = namespace(SOLUTION + source)
    verdict = judge(SLOPE, LocalEvaluator(student), Solution(SOLUTION), "secret", SOLUTION + source)
    assert all(case.passed for case in verdict.cases[:3])  # it is right; what remains is how
    assert said in verdict.cases[-1].message and verdict.score == 0
    if "pool" in student:
        student["pool"].shutdown()


DERIVED = {
    "the solution": "",
    "the whole Jacobian": """
def loss_gradient(z, y):
    p = (z - z.amax(-1, keepdim=True)).exp()
    p = p / p.sum(-1, keepdim=True)
    slopes = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    up = -torch.eye(z.shape[1], dtype=z.dtype)[y] / p / len(z)
    return (slopes @ up[:, :, None])[:, :, 0]
""",
    "row by row": """
def loss_gradient(z, y):
    rows = []
    for row, label in zip(z, y):
        p = (row - row.max()).exp()
        p = p / p.sum()
        p[label] -= 1
        rows.append(p / len(z))
    return torch.stack(rows)
""",
    "with a look at the loss": """
def loss_gradient(z, y):
    assert loss(z, y) >= 0
    p = (z - z.amax(-1, keepdim=True)).exp()
    return (p / p.sum(-1, keepdim=True) - torch.eye(z.shape[1], dtype=z.dtype)[y]) / len(z)
""",
}
PROBABILITIES = """
def loss_gradient(z, y):
    p = (z - z.amax(-1, keepdim=True)).exp()
    p = p / p.sum(-1, keepdim=True)
    return (P - torch.eye(z.shape[1], dtype=z.dtype)[y]) / len(z)
"""
# What is cut off, added or rounded is not noise.
INEXACT = ["p.clamp(1e-7, 1 - 1e-7)", "(p + 1e-9)", "p.where(p > 1e-6, 0 * p)", "p.float().to(z.dtype)", "1.01 * p"]


@pytest.mark.parametrize("name", DERIVED)
def test_a_derived_gradient_breaks_nothing_and_is_not_flagged(name):
    source = SOLUTION + DERIVED[name]
    verdict = judge(SLOPE, LocalEvaluator(namespace(source)), Solution(SOLUTION), "secret", source)
    assert verdict.passed and not verdict.flags


@pytest.mark.parametrize("p", INEXACT)
def test_small_slopes_that_are_wrong_in_another_way_break_no_rule(p):
    source = SOLUTION + PROBABILITIES.replace("P", p)
    verdict = judge(SLOPE, LocalEvaluator(namespace(source)), Solution(SOLUTION), "secret", source)
    assert verdict.cases[-1].passed
