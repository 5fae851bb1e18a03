"""Small trainings to be watched epoch by epoch in notebook 05: what `regions` and `units` of course.play take."""

import torch

from .after03 import seeded
from .after04 import Network, one_layer, train_network


def ring(init, forward, backward, hidden=8, epochs=(0, 10, 20, 40, 80, 160, 320, 640)):
    """Points inside a ring of others, and one layer and two that learn to tell them apart.

    init, forward, backward: those of notebook 05. epochs: when to look.
    Returns: {name: {epoch: function of points (M, 2) to classes (M,)}}, points (150, 2) and their classes (150,).
    """
    x = 2 * torch.rand(150, 2, generator=seeded(1)) - 1
    y = (x.norm(dim=1) < 0.65).long()
    g = seeded(0)
    two = Network([*init(2, hidden, g), *init(hidden, 2, g)], forward, backward)
    networks = {"one layer": one_layer(0, inputs=2, outputs=2), f"2-{hidden}-2": two}
    return {name: _watched(network, x, y, epochs) for name, network in networks.items()}, x, y


def _watched(network, x, y, epochs, rate=0.5):
    """All points in one batch, so that an epoch is a step; {epoch: what the network then says of points}."""
    seen = {}
    for epoch in range(max(epochs) + 1):
        if epoch in epochs:
            params = [p.clone() for p in network.params]
            seen[epoch] = lambda points, params=params: network.forward(params, points)[0].argmax(dim=1)
        grads = network.backward(network.params, network.forward(network.params, x)[1], y)
        for p, grad in zip(network.params, grads, strict=True):
            p -= rate * grad
    return seen


def first_layer(network, train, valid, lr, epochs, stops=6):
    """The weights of the first layer before training and after some of the epochs, {epoch: tensor (784, units)}."""
    seen = {0: network.params[0].clone()}
    for stop in range(1, min(stops, epochs) + 1):
        done, until = max(seen), epochs * stop // min(stops, epochs)
        train_network(network, train, valid, lr * (1 - done / epochs), until - done, seed=stop)
        seen[until] = network.params[0].clone()
    return seen
