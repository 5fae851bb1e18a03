"""The references of the checks against oracles that are not ours: torch's functions, autograd in float64, scikit-learn, SciPy.

What is tested are the functions of the solution notebooks, the same that every student's function is compared with.
"""

import math
import statistics
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import COURSE
from PIL import Image
from scipy.spatial.distance import cdist
from scipy.special import expit
from sklearn.datasets import load_files
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.neighbors import NearestCentroid

from autograder.checks import Reference, load

SEEDS = range(20)
close = torch.testing.assert_close


@cache
def functions(number):
    """The solutions of a notebook, by name."""
    assignment = next(a for a in COURSE.assignments if a.startswith(number))
    return SimpleNamespace(**Reference(COURSE, assignment).namespace())


def randn(g, *shape):
    return torch.randn(*shape, generator=g, dtype=torch.float64)


def random_labels(g, n, classes=10):
    return torch.randint(classes, (n,), generator=g)


def slopes(loss, *inputs):
    """The gradients of a scalar by autograd."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    return torch.autograd.grad(loss(*inputs), inputs)


def load_folder(f, g, tmp_path):
    for i in range(20):
        (tmp_path / str(i % 10)).mkdir(exist_ok=True)
        image = torch.randint(256, (28, 28), dtype=torch.uint8, generator=g).numpy()
        Image.fromarray(image).save(tmp_path / str(i % 10) / f"{(7 * i) % 20}.png")
    images, labels = f.load_folder(tmp_path)
    found = load_files(tmp_path, shuffle=False, load_content=False)
    assert labels.tolist() == sorted(found.target.tolist())
    assert sorted(images.flatten(1).tolist()) == sorted(np.asarray(Image.open(p)).flatten().tolist() for p in found.filenames)


def scale(f, g, _):
    images = torch.randint(256, (3, 28, 28), dtype=torch.uint8, generator=g)
    close(f.scale(images), torch.from_numpy(np.interp(images, (0, 255), (0, 1))).float())


def flatten(f, g, _):
    images = randn(g, 3, 28, 28)
    close(f.flatten(images), torch.nn.Flatten()(images))


def balanced_subset(f, g, _):
    labels = torch.arange(80) % 10
    chosen = f.balanced_subset(labels, 3, g)
    assert np.bincount(labels[chosen]).tolist() == [3] * 10 and len(np.unique(chosen)) == 30


def train_valid_split(f, g, _):
    train, valid = f.train_valid_split(50, 0.3, g)
    assert np.array_equal(np.sort(np.concatenate([train, valid])), np.arange(50)) and len(valid) == 15


def batches(f, g, _):
    x = torch.arange(23)
    ours = list(f.batches(x, 10 * x, 5, g))
    theirs = list(torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, 10 * x), 5, shuffle=True, generator=g))
    assert [len(xb) for xb, _ in ours] == [len(xb) for xb, _ in theirs]
    assert torch.cat([xb for xb, _ in ours]).sort().values.tolist() == x.tolist()
    assert all(torch.equal(10 * xb, yb) for xb, yb in ours)


def class_means(f, g, _):
    images, labels = randn(g, 60, 28, 28), torch.arange(60) % 10
    centroids = NearestCentroid().fit(images.flatten(1), labels).centroids_
    close(f.class_means(images, labels).flatten(1), torch.from_numpy(centroids))


def mae(f, g, _):
    a, b = randn(g, 28, 28), randn(g, 28, 28)
    close(f.mae(a, b), F.l1_loss(a, b))


def mse(f, g, _):
    a, b = randn(g, 28, 28), randn(g, 28, 28)
    close(f.mse(a, b), F.mse_loss(a, b))


def predict_nearest(f, g, _):
    images, means = randn(g, 30, 28, 28), randn(g, 10, 28, 28)
    for distance, metric in ((f.mae, "cityblock"), (f.mse, "sqeuclidean")):
        nearest = cdist(images.flatten(1), means.flatten(1), metric).argmin(1)
        assert f.predict_nearest(images, means, distance).tolist() == nearest.tolist()


def accuracy(f, g, _):
    labels = random_labels(g, 50, 3)
    if hasattr(f, "predict"):  # notebook 04: logits
        logits = randn(g, 50, 3)
        assert f.accuracy(logits, labels) == pytest.approx(accuracy_score(labels, logits.argmax(1)))
    else:
        predictions = random_labels(g, 50, 3)
        assert f.accuracy(predictions, labels) == pytest.approx(accuracy_score(labels, predictions))


def confusion(f, g, _):
    labels, predictions = random_labels(g, 50), random_labels(g, 50)
    assert f.confusion_matrix(predictions, labels).tolist() == confusion_matrix(labels, predictions, labels=range(10)).tolist()


def linear(f, g, _):
    x, w, b = randn(g, 5, 3), randn(g, 3, 2), randn(g, 2)
    close(f.linear(x, w, b), F.linear(x, w.T, b))


def mse_loss(f, g, _):
    prediction, target = randn(g, 5, 2), randn(g, 5, 2)
    close(f.mse_loss(prediction, target), F.mse_loss(prediction, target))


def mse_gradient(f, g, _):
    x, w, b, target = randn(g, 5, 3), randn(g, 3, 2), randn(g, 2), randn(g, 5, 2)
    close(tuple(f.mse_gradient(x, w, b, target)), slopes(lambda w, b: F.mse_loss(x @ w + b, target), w, b))


def numeric_gradient(f, g, _):
    w = randn(g, 3, 2)

    def loss(w):
        return (w**3).sum() + w.prod()

    close(f.numeric_gradient(loss, w, 1e-5), slopes(loss, w)[0], rtol=1e-7, atol=1e-7)


def sgd_step(f, g, _):
    params, grads = [randn(g, 3, 2), randn(g, 2)], [randn(g, 3, 2), randn(g, 2)]
    theirs = [torch.nn.Parameter(p.clone()) for p in params]
    for p, gradient in zip(theirs, grads, strict=True):
        p.grad = gradient.clone()
    torch.optim.SGD(theirs, lr=0.3).step()
    assert f.sgd_step(params, grads, 0.3) is None
    close(params, [p.detach() for p in theirs])


def to_digit(f, g, _):
    prediction = 6 * randn(g, 40, 1) + 4
    assert f.to_digit(prediction).tolist() == np.clip(np.rint(prediction[:, 0].numpy()), 0, 9).astype(int).tolist()


def sigmoid(f, g, _):
    z = torch.cat([randn(g, 20), torch.tensor([-1e4, 0.0, 1e4])])
    close(f.sigmoid(z), torch.from_numpy(expit(z.numpy())))


def one_hot(f, g, _):
    labels = random_labels(g, 9)
    close(f.one_hot(labels, 10), F.one_hot(labels, 10).float())


def stable(ours, theirs):
    """Compare two functions of logits (N, C) on ordinary and on extreme ones."""

    def oracle(f, g, _):
        for size in (1, 1e4):
            z = size * randn(g, 6, 10)
            close(getattr(f, ours)(z), theirs(z))

    return oracle


def with_labels(ours, theirs, prepare=lambda z: z):
    def oracle(f, g, _):
        for size in (1, 1e4):
            z, labels = prepare(size * randn(g, 6, 10)), random_labels(g, 6)
            close(getattr(f, ours)(z, labels), theirs(z, labels))

    return oracle


def cross_entropy_slopes(logits, labels):
    return slopes(lambda z: F.cross_entropy(z, labels), logits)[0]


def theirs_of_fit(params, train, valid, lr, epochs, batch_size, generator):
    """`fit` with autograd, torch.optim and torch's loss; its batches are those of a permutation from the generator."""
    w, b = params = [torch.nn.Parameter(p.clone()) for p in params]
    optimizer = torch.optim.SGD(params, lr=lr)
    history = {"train_loss": [], "valid_loss": [], "valid_accuracy": []}
    for _ in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0]), generator=generator).split(batch_size):
            loss = F.cross_entropy(train[0][rows] @ w + b, train[1][rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        logits = (valid[0] @ w + b).detach()
        history["train_loss"].append(statistics.fmean(losses))
        history["valid_loss"].append(F.cross_entropy(logits, valid[1]).item())
        history["valid_accuracy"].append(float(accuracy_score(valid[1], logits.argmax(1))))
    return history


def start(g):
    """Parameters and data for a small `fit`."""
    params = [randn(g, 4, 10), randn(g, 10)]
    return params, (randn(g, 23, 4), random_labels(g, 23)), (randn(g, 11, 4), random_labels(g, 11))


def fit(f, g, _):
    params, train, valid = start(g)
    theirs = theirs_of_fit(params, train, valid, 0.3, 3, 5, torch.Generator().manual_seed(1))
    ours = f.fit(params, train, valid, 0.3, 3, 5, torch.Generator().manual_seed(1))
    for name in theirs:
        assert ours[name] == pytest.approx(theirs[name], rel=1e-9)


def lr_sweep(f, g, _):
    params, train, valid = start(g)
    lrs = [0.01, 0.3, 1.0]
    ours = f.lr_sweep(lrs, lambda: [p.clone() for p in params], train, valid, 3, 5, 7)
    for lr in lrs:
        theirs = theirs_of_fit(params, train, valid, lr, 3, 5, torch.Generator().manual_seed(7))
        assert ours[lr] == pytest.approx(min(theirs["valid_loss"]), rel=1e-9)


def relu(f, g, _):
    z = randn(g, 5, 3)
    close(f.relu(z), F.relu(z))


def relu_backward(f, g, _):
    dy, z = randn(g, 5, 3), randn(g, 5, 3)
    close(f.relu_backward(dy, z), slopes(lambda z: (F.relu(z) * dy).sum(), z)[0])


def init_linear(f, g, _):
    w, b = f.init_linear(300, 200, g)
    theirs = torch.nn.init.kaiming_normal_(torch.empty(200, 300), nonlinearity="relu", generator=g)
    assert w.shape == (300, 200) and not b.any() and b.shape == (200,)
    assert w.std().item() == pytest.approx(theirs.std().item(), rel=0.03)
    assert abs(w.mean().item()) < 6 * math.sqrt(2 / 300 / w.numel())


def linear_backward(f, g, _):
    dy, x, w, b = randn(g, 5, 2), randn(g, 5, 3), randn(g, 3, 2), randn(g, 2)
    close(tuple(f.linear_backward(dy, x, w)), slopes(lambda x, w, b: (F.linear(x, w.T, b) * dy).sum(), x, w, b))


def network(params, x):
    w1, b1, w2, b2 = params
    return F.linear(F.relu(F.linear(x, w1.T, b1)), w2.T, b2)


def layers(g):
    return [randn(g, 6, 5), randn(g, 5), randn(g, 5, 10), randn(g, 10)], randn(g, 7, 6), random_labels(g, 7)


def forward(f, g, _):
    params, x, _ = layers(g)
    close(f.forward(params, x)[0], network(params, x))


def backward(f, g, _):
    params, x, labels = layers(g)
    theirs = slopes(lambda *p: F.cross_entropy(network(p, x), labels), *params)
    close(tuple(f.backward(params, f.forward(params, x)[1], labels)), theirs)


def linear_layer(f, g, _):
    x, w, b, dy = randn(g, 5, 3), randn(g, 3, 2), randn(g, 2), randn(g, 5, 2)
    layer = f.Linear(w, b)
    close(layer.forward(x), F.linear(x, w.T, b))
    dx = layer.backward(dy)
    close((dx, layer.dw, layer.db), slopes(lambda x, w, b: (F.linear(x, w.T, b) * dy).sum(), x, w, b))


def relu_layer(f, g, _):
    x, dy = randn(g, 5, 3), randn(g, 5, 3)
    layer = f.ReLU()
    close(layer.forward(x), F.relu(x))
    close(layer.backward(dy), slopes(lambda x: (F.relu(x) * dy).sum(), x)[0])


def loss_layer(f, g, _):
    logits, labels = randn(g, 5, 10), random_labels(g, 5)
    layer = f.SoftmaxCrossEntropy()
    close(layer.forward(logits, labels), F.cross_entropy(logits, labels))
    close(layer.backward(), cross_entropy_slopes(logits, labels))


def l2_penalty(f, g, _):
    weights = [randn(g, 5, 3), randn(g, 3, 2)]
    squares = sum(np.linalg.norm(w.numpy(), "fro") ** 2 for w in weights)
    close(f.l2_penalty(weights, 0.3), torch.tensor(0.15 * squares, dtype=torch.float64))


def decay_step(f, g, _):
    params, grads = [randn(g, 4, 3), randn(g, 3)], [randn(g, 4, 3), randn(g, 3)]
    theirs = [torch.nn.Parameter(p.clone()) for p in params]
    for p, gradient in zip(theirs, grads, strict=True):
        p.grad = gradient.clone()
    torch.optim.SGD([{"params": theirs[:1], "weight_decay": 0.2}, {"params": theirs[1:]}], lr=0.3).step()
    assert f.decay_step(params, grads, 0.3, 0.2) is None
    close(params, [p.detach() for p in theirs])


def early_stopping(f, g, _):
    losses = torch.randn(12, generator=g).tolist()
    for patience in (1, 2, 5, 20):
        scores = np.minimum.accumulate(losses)
        better = np.flatnonzero(np.r_[True, scores[1:] < scores[:-1]])  # epochs with a strictly lower loss than all before
        gaps = np.diff(np.r_[better, len(losses)])
        last = next((i for i, gap in enumerate(gaps) if gap > patience), len(better) - 1)
        assert f.early_stopping(losses, patience) == better[last]


def compare(f, g, _):
    train, valid = [(torch.rand(30, 784, generator=g), random_labels(g, 30)) for _ in range(2)]
    config = {"hidden": 4, "lr": 0.1, "epochs": 1, "weight_decay": 0.0}
    (row,) = f.compare([config], train, valid, [1, 2, 3])
    last = [f.train_network(train, valid, seed, **config)[1] for seed in (1, 2, 3)]
    for name in ("accuracy", "loss"):
        values = [history[f"valid_{name}"][-1] for history in last]
        assert row[f"{name}_mean"] == pytest.approx(statistics.fmean(values))
        assert row[f"{name}_sd"] == pytest.approx(statistics.stdev(values))


ORACLES = {
    "01": [load_folder, scale, flatten, balanced_subset, train_valid_split, batches],
    "02": [class_means, mae, mse, predict_nearest, accuracy, {"confusion_matrix": confusion}],
    "03": [linear, mse_loss, mse_gradient, numeric_gradient, sgd_step, to_digit, sigmoid, one_hot],
    "04": [
        {
            "softmax": stable("softmax", lambda z: F.softmax(z, 1)),
            "logsumexp": stable("logsumexp", lambda z: torch.logsumexp(z, 1, keepdim=True)),
            "log_softmax": stable("log_softmax", lambda z: F.log_softmax(z, 1)),
            "nll": with_labels("nll", F.nll_loss, lambda z: F.log_softmax(z, 1)),
            "cross_entropy": with_labels("cross_entropy", F.cross_entropy),
            "cross_entropy_gradient": with_labels("cross_entropy_gradient", cross_entropy_slopes),
            "predict": stable("predict", lambda z: torch.from_numpy(np.argmax(z.numpy(), axis=1))),
        },
        accuracy,
        fit,
        lr_sweep,
    ],
    "05": [
        relu, relu_backward, init_linear, linear_backward, forward, backward,
        {"Linear": linear_layer, "ReLU": relu_layer, "SoftmaxCrossEntropy": loss_layer},
    ],
    "06": [l2_penalty, decay_step, early_stopping, compare],
}  # fmt: skip
NAMED = [
    (number, name, oracle)
    for number, listed in ORACLES.items()
    for each in listed
    for name, oracle in (each.items() if isinstance(each, dict) else [(each.__name__, each)])
]


@pytest.mark.parametrize(("number", "name", "oracle"), NAMED, ids=[f"{number}-{name}" for number, name, _ in NAMED])
def test_the_reference_agrees_with_an_oracle_that_is_not_ours(number, name, oracle, tmp_path):
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        oracle(functions(number), torch.Generator().manual_seed(seed), folder)


def test_every_exercise_has_an_oracle():
    judged = {(a[:2], name) for a in COURSE.assignments for name in load(COURSE, a)}
    assert judged == {(number, name) for number, name, _ in NAMED}
