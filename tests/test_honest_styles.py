# ruff: noqa: E501 (one line for each style)
"""Right solutions in thirty styles that nobody recorded: all pass, no rule is found broken, nothing is flagged."""

from functools import cache

import nbformat
import pytest
from conftest import COURSE

from autograder.checks import LocalEvaluator, Reference, join, judge, load, rules
from autograder.sample_class import AT_FIRST, filled_in, twelve

# (assignment, exercise): sources, each executed on top of the solution.
STYLES = {
    ("01-data-loading", "scale"): [
        "def scale(images):\n    return torch.div(images, 255.0).to(torch.float32)",
        "GREYS = 2**8 - 1\nscale = lambda images: images.to(dtype=torch.get_default_dtype()) / GREYS",
    ],
    ("01-data-loading", "flatten"): [
        "def flatten(images):\n    n, *rest = images.shape\n    return images.reshape(n, math.prod(rest))",
        "from functools import partial\nflatten = partial(torch.flatten, start_dim=1)",
    ],
    ("01-data-loading", "train_valid_split"): [
        "def train_valid_split(n, valid_fraction, generator):\n    order = torch.randperm(n, generator=generator)\n"
        "    k = int(round(valid_fraction * n))\n    valid, train = order.split([k, n - k])\n    return train, valid"
    ],
    ("02-pixel-baseline", "mae"): [
        "def distance(power):\n    def measure(a, b):\n        return (a - b).abs().pow(power).flatten(-2).mean(-1)\n    return measure\nmae = distance(1)"
    ],
    ("02-pixel-baseline", "mse"): [
        "def squared(x: torch.Tensor) -> torch.Tensor:\n    return x * x\n\ndef mse(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:\n    '''Mean squared error, not torch.nn's MSELoss.'''\n    return squared(a - b).mean((-1, -2))"
    ],
    ("02-pixel-baseline", "confusion_matrix"): [
        "def confusion_matrix(predictions, labels):\n    table = torch.zeros(10, 10, dtype=torch.long)\n    table.index_put_((labels, predictions), torch.ones_like(labels), accumulate=True)\n    return table",
        "from collections import Counter\ndef confusion_matrix(predictions, labels):\n    seen = Counter(zip(labels.tolist(), predictions.tolist()))\n    return torch.tensor([[seen[i, j] for j in range(10)] for i in range(10)])",
    ],
    ("03-mse-regression", "linear"): [
        "def linear(x, w, b):\n    return torch.einsum('nd,dk->nk', x, w).add(b)",
        "def linear(x, w, b):\n    with torch.no_grad():\n        return torch.cat([x, x.new_ones(len(x), 1)], 1) @ torch.cat([w, b[None]])",
    ],
    ("03-mse-regression", "sigmoid"): [
        "def sigmoid(z):\n    return torch.where(z >= 0, 1 / (1 + torch.exp(-z.abs())), torch.exp(-z.abs()) / (1 + torch.exp(-z.abs())))",
        "def sigmoid(z):\n    '''By tanh, which does not overflow.'''\n    return (torch.tanh(z / 2) + 1) / 2",
    ],
    ("03-mse-regression", "one_hot"): [
        "def one_hot(labels, num_classes):\n    return (labels.unsqueeze(1) == torch.arange(num_classes)).to(torch.float32)",
        "def one_hot(labels, num_classes):\n    out = torch.zeros(labels.numel(), num_classes)\n    out[range(len(labels)), labels] = 1.0\n    return out",
    ],
    ("03-mse-regression", "sgd_step"): [
        "def sgd_step(params, grads, lr):\n    for i in range(len(params)):\n        params[i].sub_(grads[i] * lr)",
        "def sgd_step(params, grads, lr):\n    [p.add_(g, alpha=-lr) for p, g in zip(params, grads)]",
    ],
    ("03-mse-regression", "mse_gradient"): [
        "def mse_gradient(x, w, b, target):\n    residual = x @ w + b\n    residual -= target.view_as(residual)\n    scale = 2.0 / residual.numel()\n    return scale * x.t().mm(residual), scale * residual.sum(0)"
    ],
    ("04-logistic-regression", "softmax"): [
        "import numpy as np\ndef softmax(z):\n    a = z.numpy()\n    e = np.exp(a - a.max(axis=1, keepdims=True))\n    return torch.from_numpy(e / e.sum(axis=1, keepdims=True))",
        "class Softmax:\n    def __init__(self, dim): self.dim = dim\n    def __call__(self, z):\n        e = torch.exp(z - z.max(self.dim, keepdim=True).values)\n        return e / e.sum(self.dim, keepdim=True)\nsoftmax = Softmax(1)",
        "def shifted(function):\n    def wrapper(z, *args, **kwargs):\n        return function(z - z.amax(1, keepdim=True), *args, **kwargs)\n    return wrapper\n@shifted\ndef softmax(z):\n    top = z.exp()\n    return top.div(top.sum(1, True))",
    ],
    ("04-logistic-regression", "nll"): [
        "def nll(log_probs, labels):\n    return -log_probs.gather(1, labels.view(-1, 1)).mean()",
        "def nll(log_probs, labels):\n    total = sum(row[label] for row, label in zip(log_probs, labels))\n    return -total / len(labels)",
    ],
    ("04-logistic-regression", "cross_entropy_gradient"): [
        "def cross_entropy_gradient(logits, labels):\n    n, c = logits.shape\n    target = (torch.arange(c) == labels[:, None]).to(logits.dtype)\n    return (softmax(logits) - target) / n",
        "def cross_entropy_gradient(logits, labels):\n    p = log_softmax(logits).exp()\n    p.scatter_add_(1, labels[:, None], -torch.ones(len(labels), 1, dtype=p.dtype))\n    return p.div_(labels.shape[0])",
    ],
    ("05-two-layer-net", "relu"): [
        "def relu(z):\n    return (z + z.abs()) / 2",
        "def relu(z):\n    return torch.maximum(z, torch.zeros_like(z))",
    ],
    ("05-two-layer-net", "relu_backward"): ["def relu_backward(dy, z):\n    return torch.where(relu(z) > 0, dy, torch.zeros_like(dy))"],
    ("05-two-layer-net", "linear_backward"): [
        "def linear_backward(dy, x, w):\n    dx = torch.einsum('nk,dk->nd', dy, w)\n    dw = torch.einsum('nd,nk->dk', x, dy)\n    return dx, dw, torch.einsum('nk->k', dy)"
    ],
    ("05-two-layer-net", "backward"): [
        "def forward(params, x):\n    w1, b1, w2, b2 = params\n    return relu(x @ w1 + b1) @ w2 + b2, x\n\n"
        "def backward(params, cache, labels):\n    w1, b1, w2, b2 = params\n    z = cache @ w1 + b1\n"
        "    d = cross_entropy_gradient(forward(params, cache)[0], labels)\n    dz = (d @ w2.T) * (z > 0)\n"
        "    return [cache.T @ dz, dz.sum(dim=0), relu(z).T @ d, d.sum(dim=0)]"
    ],
    ("05-two-layer-net", "ReLU"): [
        "class ReLU:\n    def forward(self, x):\n        self.x = x\n        return x.clamp(min=0)\n    def backward(self, dy):\n        return dy * (self.forward(self.x) > 0)",
        "class Layer:\n    def __init__(self): self.kept = None\n    def backward(self, dy): raise NotImplementedError\nclass ReLU(Layer):\n    def forward(self, x):\n        self.kept = x > 0\n        return x * self.kept\n    def backward(self, dy):\n        return dy * self.kept"
    ],
    ("05-two-layer-net", "SoftmaxCrossEntropy"): [
        "class SoftmaxCrossEntropy:\n    def forward(self, logits, labels):\n        z = logits - logits.max(1, keepdim=True)[0]\n        self.p, self.labels = z - z.exp().sum(1, keepdim=True).log(), labels\n        return -self.p[range(len(labels)), labels].mean()\n    def backward(self):\n        d = self.p.exp()\n        d[torch.arange(len(d)), self.labels] -= 1\n        return d / d.shape[0]"
    ],
    ("06-regularization", "l2_penalty"): ["def l2_penalty(weights, weight_decay):\n    return weight_decay / 2 * torch.stack([torch.linalg.norm(w) ** 2 for w in weights]).sum()"],
    ("06-regularization", "early_stopping"): [
        "def early_stopping(valid_losses, patience):\n    best, lowest = 0, float('inf')\n    for epoch in range(len(valid_losses)):\n        if valid_losses[epoch] < lowest:\n            best, lowest = epoch, valid_losses[epoch]\n        elif epoch - best >= patience:\n            break\n    return best"
    ],
}  # fmt: skip


@cache
def solved(assignment):
    """The exercises of an assignment, and its solution."""
    return load(COURSE, assignment), Reference(COURSE, assignment)


@pytest.mark.parametrize(("where", "source"), [(where, source) for where in STYLES for source in STYLES[where]])
def test_an_honest_style_passes_and_is_not_flagged(where, source):
    exercises, reference = solved(where[0])
    namespace = reference.namespace(source)
    verdict = judge(exercises[where[1]], LocalEvaluator(namespace), reference, "styles", join([reference.source, source]))
    assert verdict.passed, [case for case in verdict.cases if not case.passed]
    assert not verdict.flags


def test_there_are_thirty():
    assert sum(map(len, STYLES.values())) >= 30


@pytest.mark.parametrize("assignment", COURSE.assignments[:AT_FIRST])
def test_the_twelve_of_the_demo_break_no_rule_and_are_not_flagged(assignment):
    release = nbformat.read(COURSE.release / assignment / f"{assignment}.ipynb", as_version=4)
    written = twelve(COURSE, assignment)
    assert len(written) == 12
    for student, sources in written.items():
        cells = (c for c in filled_in(release, sources).cells if c.cell_type == "code")
        source = join(c.source for c in cells if not c.metadata.get("nbgrader", {}).get("grade"))
        for each in load(COURSE, assignment).values():
            findings = rules.inspect(source, each.name, each.rules)
            assert not findings.violations and not findings.flags, (student, each.name)
