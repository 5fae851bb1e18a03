"""What notebook 05 taught, ready to use, and its training loop with what notebook 06 adds. It lies beside notebook 06 only."""

import math
from dataclasses import dataclass

import torch

from .after03 import seeded
from .after04 import Network, by_columns, cross_entropy, cross_entropy_gradient, descend


@dataclass(frozen=True)
class Settings:
    """What a training run is made of.

    lr: the rate; falling: whether it sinks in a straight line to 0.
    momentum: how much of the last velocity stays.
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
    """Train 784-hidden-10 for at least one epoch; `step(params, velocities, rate, weight_decay)` changes the params in place.

    Returns: the params, and a history: train_loss, valid_loss, valid_accuracy, each a list with one float an epoch.
    """
    generator = seeded(seed)
    network = Network(start(settings.hidden, generator), forward, backward)
    velocities = [torch.zeros_like(p) for p in network.params]

    def update(grads, left):
        for velocity, grad in zip(velocities, grads, strict=True):
            torch.add(grad, velocity, alpha=settings.momentum, out=velocity)
        step(network.params, velocities, settings.lr * left if settings.falling else settings.lr, settings.weight_decay)

    epochs = max(1, settings.epochs)  # a history has a last entry
    history = descend(network, train, valid, update, epochs, settings.batch_size, generator, settings.change)
    return network.params, history
