"""What notebook 05 taught, ready to use, and its training loop with what notebook 06 adds. It lies beside notebook 06 only."""

import math
from dataclasses import dataclass

import torch

from .after03 import seeded
from .after04 import by_columns, cross_entropy, cross_entropy_gradient
from .running import progress


@dataclass(frozen=True)
class Settings:
    """What a training run is made of.

    lr: the rate; falling: whether it sinks in a straight line to 0. momentum: how much of the last velocity stays.
    change: None, or a function (images (n, 28, 28), generator) -> such images, for each batch.
    """

    hidden: int
    lr: float
    epochs: int
    weight_decay: float = 0.0
    batch_size: int = 16
    falling: bool = False
    momentum: float = 0.0
    change: object = None


def start(hidden, generator):
    """The start values [w1, b1, w2, b2] of 784-hidden-10."""
    params = []
    for fan_in, fan_out in ((784, hidden), (hidden, 10)):
        w = torch.randn(fan_in, fan_out, generator=generator) * math.sqrt(2 / fan_in)
        params += [by_columns(w), torch.zeros(fan_out)]
    return params


def forward(params, x):
    """(logits, cache) of a network of one hidden layer."""
    w1, b1, w2, b2 = params
    h = (x @ w1 + b1).clamp(min=0)
    logits = h @ w2 + b2
    return logits, (x, h, logits)


def backward(params, cache, labels):
    """The gradients [dw1, db1, dw2, db2] of the mean cross-entropy."""
    x, h, logits = cache
    d = cross_entropy_gradient(logits, labels)
    dz = d @ params[2].T * (h > 0)
    return [(dz.T @ x).T, dz.sum(dim=0), (d.T @ h).T, d.sum(dim=0)]


def evaluate(params, x, y):
    """The mean loss in nats (without any penalty) and the accuracy, two floats."""
    logits, _ = forward(params, x)
    return cross_entropy(logits, y).item(), (logits.argmax(dim=1) == y).double().mean().item()


def train(train, valid, seed, step, settings):
    """Train 784-hidden-10; `step(params, velocities, rate, weight_decay)` changes the params in place.

    Returns: the params, and a history: train_loss, valid_loss, valid_accuracy, each a list with one float an epoch.
    """
    x, y = train
    generator = seeded(seed)
    params = start(settings.hidden, generator)
    velocities = [torch.zeros_like(p) for p in params]
    history = {"train_loss": [], "valid_loss": [], "valid_accuracy": []}
    steps_left = total_steps = settings.epochs * math.ceil(len(x) / settings.batch_size)
    for _ in progress(range(settings.epochs), "epoch") if total_steps > 10_000 else range(settings.epochs):
        total = 0.0
        for rows in torch.randperm(len(x), generator=generator).split(settings.batch_size):
            xb, yb = x.index_select(0, rows), y[rows]
            if settings.change:
                xb = settings.change(xb.view(-1, 28, 28), generator).flatten(1)
            logits, cache = forward(params, xb)
            total += cross_entropy(logits, yb).item() * len(yb)
            for velocity, grad in zip(velocities, backward(params, cache, yb), strict=True):
                velocity *= settings.momentum
                velocity += grad
            rate = settings.lr * (steps_left / total_steps if settings.falling else 1)
            step(params, velocities, rate, settings.weight_decay)
            steps_left -= 1
        loss, accuracy = evaluate(params, *valid)
        for name, value in zip(history, (total / len(x), loss, accuracy), strict=True):
            history[name].append(value)
    return params, history
