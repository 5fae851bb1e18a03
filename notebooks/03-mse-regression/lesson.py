"""Pictures and plumbing of notebook 03, what you wrote in notebook 01, and models that you write later."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import torch
from course import COLOURS, ENOUGH, GRADING, curves, show


def epochs(name):
    """How long one number, its hidden units, and ten scores are trained, these also for the test; one epoch each while grading.

    The stand-in has fewer images than MNIST, so an epoch has fewer steps.
    """
    return (1, 1, 1, 1) if GRADING else (20, 100, 5, 15) if name == "MNIST" else (60, 200, 50, 200)


def load(data):
    """(images, labels) for quick experiments, for training, and a sixth held back for validation."""
    x, y = rows(data.train())
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(3))[:ENOUGH]
    x, y, held = x[order], y[order], len(order) // 6
    return (x[held:][:5000], y[held:][:5000]), (x[held:], y[held:]), (x[:held], y[:held])


def rows(part):
    """Images as rows of 784 fractions, and their labels."""
    images, labels = part
    return images.flatten(1) / 255, labels


def batches(x, y, batch_size, generator):
    """One epoch: all rows once, in random order."""
    for chosen in torch.randperm(len(x), generator=generator).split(batch_size):
        yield x.index_select(0, chosen), y.index_select(0, chosen)  # x[chosen], y[chosen], but faster


def share(right):
    """How many of a tensor of truth values are true, from 0 to 1."""
    return right.float().mean().item()


@dataclass(frozen=True)
class Model:
    """What `fit` needs to know. predict: (params, x) -> prediction. slopes: (params, x, target) -> gradients, like params.

    cost: (prediction, target) -> loss. decode: prediction -> labels. encode: labels -> target.
    """

    predict: Callable
    slopes: Callable
    cost: Callable
    decode: Callable
    encode: Callable = lambda labels: labels

    def gradient(self, params, x, y):
        return self.slopes(params, x, self.encode(y))

    def loss(self, params, x, y):
        return self.cost(self.predict(params, x), self.encode(y))

    def accuracy(self, params, x, y):
        return share(self.decode(self.predict(params, x)) == y)


def borrowed(predict, cost):
    """Gradients made by PyTorch's automatic differentiation."""

    def slopes(params, x, target):
        params = [p.clone().requires_grad_() for p in params]
        return torch.autograd.grad(cost(predict(params, x), target), params)

    return slopes


def hidden_units(linear, mse_loss, to_digit, units=30):
    """A network that predicts one number through a layer of hidden units: its first parameters, and the Model."""

    def predict(params, x):
        w1, b1, w2, b2 = params
        return linear(torch.relu(linear(x, w1, b1)), w2, b2)

    generator = torch.Generator().manual_seed(1)
    w1, w2 = torch.randn(784, units, generator=generator) / 20, torch.randn(units, 1, generator=generator) / 4
    params = [w1, torch.zeros(units), w2, torch.zeros(1)]
    return params, Model(predict, borrowed(predict, mse_loss), mse_loss, to_digit)


def scores(linear, sigmoid, one_hot, mse_loss):
    """Models with a score for each digit, {loss: Model}."""

    def ten(labels):
        return one_hot(labels, 10)

    def largest(prediction):
        return prediction.argmax(dim=1)

    def model(activation, cost):
        def predict(params, x):
            return activation(linear(x, *params))

        return Model(predict, borrowed(predict, cost), cost, largest, ten)

    return {
        "sigmoid + MSE": model(sigmoid, mse_loss),
        "softmax + MSE": model(lambda z: torch.softmax(z, dim=1), mse_loss),
        "cross-entropy": model(lambda z: z, torch.nn.functional.cross_entropy),
    }


# What the scoreboard calls the ways of section 8.
REPORTED = {
    "sigmoid + MSE, wild start": "wild start: sigmoid + MSE",
    "softmax + MSE, wild start": "wild start: softmax + MSE",
    "sigmoid + MSE, small start": "small start: sigmoid + MSE",
    "softmax + MSE, small start, large rate": "small start, large rate: softmax + MSE",
}


def show_steps(numeric_gradient):
    """The error of three kinds of slopes of the sum of sines, for many eps. Returns: the best of 1e-2, 1e-5 and 1e-12."""
    point = torch.linspace(-2, 2, 9, dtype=torch.float64)

    def error(slope):
        return (slope - point.cos()).abs().max().item()

    def central(dtype, eps):
        return error(numeric_gradient(lambda w: w.sin().sum(), point.to(dtype), eps))

    steps = [10 ** (k / 2) for k in range(-24, 1)]
    _, axes = plt.subplots()
    one_sided = [error(((point + eps).sin() - point.sin()) / eps) for eps in steps]
    axes.loglog(steps, one_sided, ":", label="one-sided, float64")
    for dtype, style in ((torch.float64, "o-"), (torch.float32, "^--")):
        name = str(dtype).removeprefix("torch.")
        axes.loglog(steps, [central(dtype, eps) for eps in steps], style, label=f"central, {name}", markersize=4)
    axes.set(xlabel="eps", ylabel="largest error of the slope", ylim=(1e-17, 100))
    axes.legend(loc="lower left")
    show("Errors of slopes against eps: in float64 central differences are best near 1e-5; float32 is a thousandfold worse.")
    return min((1e-2, 1e-5, 1e-12), key=lambda eps: central(torch.float64, eps))


def times_faster(linear, mse_loss, mse_gradient, numeric_gradient, pair):
    """How many times as fast the formula is as nudging, on 100 images."""
    x, y = pair[0][:100].double(), pair[1][:100].double()
    w, b = torch.zeros(784, 1).double(), torch.zeros(1).double()
    seconds = []
    for work in (
        lambda: numeric_gradient(lambda w: mse_loss(linear(x, w, b), y), w, 1e-5),
        lambda: [mse_gradient(x, w, b, y) for _ in range(100)],
    ):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return round(seconds[0] / seconds[1] * 100)


def halves(pair):
    """The brightness of the upper and of the lower half of each image, and the digit; each with mean 0, and variance 1."""
    x, y = pair
    table = torch.stack([x[:, :392].mean(dim=1), x[:, 392:].mean(dim=1), y.float()], dim=1)
    table = (table - table.mean(dim=0)) / table.std(dim=0)
    return table[:, :2], table[:, 2]


def show_noise(mse_gradient, pair, sizes, draws=50):
    """How far the gradient of random batches lies from that of all images, on average, in lengths of the latter: {size: it}.

    As long as all weights are 0.
    """
    x, y = pair
    w, b = torch.zeros(784, 1), torch.zeros(1)
    full, _ = mse_gradient(x, w, b, y)
    generator, noise = torch.Generator().manual_seed(0), {}
    for size in sizes:
        off = 0.0
        for _ in range(draws):
            chosen = torch.randint(len(x), (size,), generator=generator)
            dw, _ = mse_gradient(x[chosen], w, b, y[chosen])
            off += ((dw - full) ** 2).sum().item()
        noise[size] = math.sqrt(off / draws) / full.norm().item()
        print(f"{size:3} images: noise {noise[size]:4.2f}, the length of the full gradient being 1")
    return noise


def show_number(history, pair, to_digit):
    """The loss over the epochs, beside always saying the average and the lowest loss that any weights reach."""
    x, y = pair
    with_one = torch.cat([x, torch.ones(len(x), 1)], dim=1).double()
    best = torch.linalg.pinv(with_one.T @ with_one, rtol=1e-9) @ (with_one.T @ y.double())
    fitted = with_one @ best
    floor, variance = ((fitted - y) ** 2).mean().item(), y.float().var().item()
    _, axes = plt.subplots()
    curves(history, axes=axes)
    axes.axhline(variance, color=COLOURS["grey"], linestyle=":", label="always the average")
    axes.axhline(floor, color="black", linestyle="-.", label="lowest possible, training")
    axes.set(ylim=(0, None), ylabel="mean squared error")
    axes.legend()
    losses, accuracies = (history[name] or [math.nan] for name in ("train_loss", "valid_accuracy"))
    show(f"The training loss goes from {losses[0]:.1f} to {losses[-1]:.1f}; the lowest possible is {floor:.1f}.")
    print(f"training loss {losses[-1]:.2f}; always the average {variance:.2f}, lowest possible {floor:.2f}")
    print(f"validation accuracy {accuracies[-1]:.3f}")
    accuracy = share(to_digit(fitted[:, None]) == y)
    print(f"accuracy of the best weights on the images they were fitted to {accuracy:.3f}")


def show_predictions(prediction, to_digit, labels):
    """Predicted numbers by true digit, and how many answers are in the middle."""
    _, axes = plt.subplots(figsize=(6, 3.6))
    axes.boxplot([prediction[labels == d, 0].numpy() for d in range(10)], positions=range(10), showfliers=False)
    axes.plot(range(10), range(10), "--", label="a perfect model")
    axes.axhline(4.5, color=COLOURS["grey"], linestyle=":", label="the middle, 4.5")
    axes.set(xlabel="true digit (validation images)", ylabel="predicted number")
    axes.legend()
    nine, zero = prediction[labels == 9].mean(), prediction[labels == 0].mean()
    show(f"Predicted numbers by true digit: a flat band, from about {zero:.1f} for a 0 to about {nine:.1f} for a 9.")
    print(f"a true 9 is predicted as {nine:.1f} on average, a true 0 as {zero:.1f}")
    for name, digits in {"answers": to_digit(prediction), "labels": labels}.items():
        print(f"{share((digits >= 3) & (digits <= 6)):.0%} of the {name} are 3, 4, 5 or 6")


def show_saturation(sigmoid, linear, x):
    """The slope of the loss by one score, and the scores before the first step for two starts."""
    z = torch.linspace(-30, 30, 301)
    a = sigmoid(z)
    _, (upper, lower) = plt.subplots(2, 1, figsize=(6, 4.4), sharex=True)
    upper.plot(z, 2 * (a - 1) * a * (1 - a))
    upper.set_ylabel("slope of the loss")
    weights = torch.randn(784, 10, generator=torch.Generator().manual_seed(0))
    for scale, style, name in (1, "-", "wild: N(0, 1)"), (1 / 28, "--", "small: the same / 28"):
        score = linear(x, weights * scale, torch.zeros(10))
        heights, edges = torch.histogram(score, bins=60, range=(-30, 30), density=True)
        lower.step(edges[:-1], heights, style, where="post", label=name)
        sure = (sigmoid(score) - 0.5).abs() > 0.49
        print(f"{name}: standard deviation of the scores {score.std():.1f}, saturated {share(sure):.0%}")
    flank = math.log(99)
    for axes in upper, lower:
        axes.axvspan(-flank, flank, color=COLOURS["grey"], alpha=0.2, linewidth=0, label="sigmoid from .01 to .99")
    lower.set(xlabel="score z", ylabel="density of scores")
    lower.legend(loc="upper right")
    show(
        "Above: the slope of the loss is 0 outside a band from -4.6 to 4.6. Below: most scores of the wild start lie outside it."
    )
