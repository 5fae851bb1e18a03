"""What notebook 04 taught, ready to use, and its training loop for networks of any shape.

It lies beside the later notebooks only.
"""

import math
from dataclasses import dataclass

import torch

from .after03 import numeric_gradient, seeded
from .running import progress


def softmax(z):
    """Scores (N, C) -> probabilities (N, C)."""
    e = (z - z.amax(dim=-1, keepdim=True)).exp()
    return e / e.sum(dim=-1, keepdim=True)


def cross_entropy(logits, labels):
    """The mean negative log-likelihood in nats of labels (N,) under logits (N, C), of any size."""
    shifted = logits - logits.amax(dim=-1, keepdim=True)
    log_sums = shifted.exp().sum(dim=-1).log()
    return (log_sums - shifted[torch.arange(len(labels)), labels]).mean()


def cross_entropy_gradient(logits, labels):
    """The gradient of cross_entropy with respect to the logits, (N, C)."""
    one_hot = torch.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return (softmax(logits) - one_hot) / len(labels)


@dataclass
class Network:
    """A list of tensors and two functions: forward(params, x) -> (logits, cache), backward(params, cache, labels) -> grads."""

    params: list
    forward: object
    backward: object

    def logits(self, x):
        """The scores (N, C) of images (N, D)."""
        return self.forward(self.params, x)[0]


def accuracy(network, part):
    """The fraction of the images in part = (x, y) that the network classifies correctly."""
    return share_right(network.logits(part[0]), part[1])


def share_right(logits, labels):
    """The fraction of the rows of logits (N, C) whose largest entry is at their label (N,)."""
    return (logits.argmax(dim=1) == labels).float().mean().item()


def one_layer(seed, inputs=784, outputs=10):
    """The model of notebook 04."""

    def forward(params, x):
        logits = x @ params[0] + params[1]
        return logits, (x, logits)

    def backward(params, cache, labels):
        x, logits = cache
        d = cross_entropy_gradient(logits, labels)
        return [(d.T @ x).T, d.sum(dim=0)]

    w = torch.randn(inputs, outputs, generator=seeded(seed)) * math.sqrt(2 / inputs)
    return Network([by_columns(w), torch.zeros(outputs)], forward, backward)


def two_layers(hidden, init, forward, backward, seed):
    """784-hidden-10: layers started by init(fan_in, fan_out, generator); forward and backward as in notebook 05."""
    g = seeded(seed)
    layers = init(784, hidden, g), init(hidden, 10, g)
    return Network([p for w, b in layers for p in (by_columns(w), b)], forward, backward)


def constant(value):
    """A start in which all weights of a layer are equal."""
    return lambda fan_in, fan_out, generator: (torch.full((fan_in, fan_out), value), torch.zeros(fan_out))


def chain(*layers):
    """A Network of layers with `forward` and `backward`; those with weights have w, b, and after backward dw, db.

    The first one is linear. The weights are laid out anew, column by column.
    """
    weighted = [layer for layer in layers if hasattr(layer, "w")]
    for layer in weighted:
        layer.w = by_columns(layer.w)

    def forward(params, x):
        logits = x
        for layer in layers:
            logits = layer.forward(logits)
        return logits, (x, logits)

    def backward(params, cache, labels):
        x, logits = cache
        d = cross_entropy_gradient(logits, labels)
        for layer in reversed(layers[1:]):
            d = layer.backward(d)
        # The first layer's own backward would also compute dx, as much work as dw, and nobody asks for the images' gradient.
        return [(d.T @ x).T, d.sum(dim=0)] + [grad for layer in weighted[1:] for grad in (layer.dw, layer.db)]

    return Network([p for layer in weighted for p in (layer.w, layer.b)], forward, backward)


def by_columns(w):
    """The same matrix, column by column in memory: products with it are faster (notebook 05, Speed)."""
    return w.T.contiguous().T


def descend(network, train, valid, update, epochs, batch_size, generator, change=None):
    """Train a network on shuffled batches, in place. The one training loop of notebooks 05 and 06.

    train, valid: pairs (x, y). generator: shuffles the images.
    update(grads, left): changes network.params by gradients in their order; left: the part of all steps still to come, 1 to 0.
    change: None, or a function (images (n, 28, 28), generator) -> such images, for each batch.
    Returns: a dict of lists, one float an epoch: train_loss, valid_loss, valid_accuracy.
    """
    x, y = train
    history = {"train_loss": [], "valid_loss": [], "valid_accuracy": []}
    steps_left = total_steps = epochs * math.ceil(len(x) / batch_size)
    for _ in progress(range(epochs), "epoch") if total_steps > 10_000 else range(epochs):
        order, seen = torch.randperm(len(x), generator=generator), []
        for batch in order.split(batch_size):
            xb, yb = x.index_select(0, batch), y.index_select(0, batch)  # x[batch], y[batch], but faster
            if change:
                xb = change(xb.view(-1, 28, 28), generator).flatten(1)
            logits, cache = network.forward(network.params, xb)
            update(network.backward(network.params, cache, yb), steps_left / total_steps)
            seen.append(logits)
            steps_left -= 1
        history["train_loss"].append(cross_entropy(torch.cat(seen), y[order]).item())  # each row's before its step
        logits = network.logits(valid[0])  # once for both
        history["valid_loss"].append(cross_entropy(logits, valid[1]).item())
        history["valid_accuracy"].append(share_right(logits, valid[1]))
    return history


def train_network(network, train, valid, lr, epochs, batch_size=64, momentum=0, seed=0):
    """`descend` by steps with momentum, the rate falling in a straight line from lr to 0.

    momentum: how much of the last step's velocity stays.
    """
    velocities = [torch.zeros_like(p) for p in network.params]

    def update(grads, left):
        for p, velocity, grad in zip(network.params, velocities, grads, strict=True):
            # velocity = momentum * velocity + grad and p -= lr * left * velocity, without tensors in between
            torch.add(grad, velocity, alpha=momentum, out=velocity)
            p.sub_(velocity, alpha=lr * left)

    return descend(network, train, valid, update, epochs, batch_size, seeded(seed))


def units_alive(network, x):
    """How many hidden units of a network of two layers fire for at least one image of x."""
    w, b = network.params[:2]
    return (x @ w + b > 0).any(dim=0).sum().item()


def compare_gradients(network, x, labels):
    """Say whether all gradients of a network agree with central differences, in float64."""
    params, x = [p.double().contiguous() for p in network.params], x.double()
    grads = network.backward(params, network.forward(params, x)[1], labels)
    worst = 0.0
    for p, grad in zip(params, grads, strict=True):
        numeric = numeric_gradient(lambda _: cross_entropy(network.forward(params, x)[0], labels), p)
        worst = max(worst, (grad - numeric).abs().max().item())
    how_well = "to better than 1e-7" if worst < 1e-7 else f"only to {worst:.1e}: look at your backward"
    print(f"{sum(p.numel() for p in params):,} gradients agree with central differences {how_well}")


def different_units(network):
    """How many hidden units there are when those like the first, to .001, count as one."""
    first, *others = network.params[0].T
    return 1 + sum(not torch.allclose(unit, first, atol=1e-3) for unit in others)


def copy_weights(network, model):
    """Start a model of torch.nn from a network's numbers; nn.Linear keeps its weight as (fan_out, fan_in)."""
    for p, value in zip(model.parameters(), network.params, strict=True):
        p.data = value.T.clone() if value.ndim == 2 else value.clone()


def compare_with_autograd(model, grads):
    """Say of each parameter of a model of torch.nn whether its gradient is the one in `grads`."""
    for p, grad in zip(model.parameters(), grads, strict=True):
        apart = (p.grad - (grad.T if grad.ndim == 2 else grad)).abs().max().item()
        print("autograd and yours", "agree to 1e-6" if apart < 1e-6 else f"differ by {apart:g}")


def walks(models, train, valid, lr, epochs):
    """Train each model from two seeds; {name: losses on `train` on the straight way from one solution to the other}."""
    return {name: _walk(make, train, valid, lr, epochs) for name, make in models.items()}


def _walk(make, train, valid, lr, epochs, steps=21):
    ends = make(0), make(1)
    for seed, network in enumerate(ends):
        train_network(network, train, valid, lr, epochs, seed=seed)
    losses = []
    for t in torch.linspace(0, 1, steps):
        between = [(1 - t) * p + t * q for p, q in zip(*(network.params for network in ends), strict=True)]
        losses.append(cross_entropy(ends[0].forward(between, train[0])[0], train[1]).item())
    return losses
