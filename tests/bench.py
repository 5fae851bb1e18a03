"""How fast the course's own code is: CPU seconds to an accuracy, and an epoch against its matrix products alone.

Run `python tests/bench.py` (or `make bench`); it takes a few minutes and needs MNIST. All in one process and one thread, on
all 60,000 images, in CPU seconds (time.process_time), so that the ratios hold on a busy machine too. Looking at the test
accuracy stops a run but is not counted. The course's code is what notebook 05 defines; only the fast variant, which trades
clarity for speed, is written here, and it must end at the same weights.
"""

import ast
import os
import sys
import time
import warnings
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean

os.environ |= {"MNIST_COURSE_DATA": "mnist", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

SOURCE = Path(__file__).parents[1] / "source"
SEEDS = 3
MOMENTUM = 0.9  # in the course's settings; the usual ones and the posts have none
PATIENCE = 30  # CPU seconds after which a run that has not reached its accuracy is given up


@dataclass(frozen=True)
class Race:
    """A network, the test accuracy to reach, and the settings of those who run.

    course: (rate falling to 0, epochs, batch size), with MOMENTUM: velocities add gradients up, as those of torch's SGD do.
    usual: a constant rate that suits batches of 64.
    posts: (rate, whether the start is N(0, 1)), batches of 256; 784-30-10 has the posts' own rate of .001, with which it takes
    hundreds of epochs.
    """

    name: str
    sizes: tuple
    activation: str
    accuracy: float
    course: tuple
    usual: float
    posts: tuple


RACES = (
    Race("linear", (784, 10), "relu", 0.915, (0.5, 1, 256), 0.1, (1, True)),
    Race("784-30-10 ReLU", (784, 30, 10), "relu", 0.95, (0.1, 1, 64), 0.1, (0.001, False)),
    Race("784-64-10 sigmoid", (784, 64, 10), "sigmoid", 0.95, (1.2, 1, 240), 1, (1, True)),
    Race("784-64-10 ReLU", (784, 64, 10), "relu", 0.97, (0.15, 2, 96), 0.1, (0.1, False)),
)
DEEP = Race("784-300-50-10 ReLU", (784, 300, 50, 10), "relu", 0.97, (), 0.1, (0.1, False))
EPOCHS = [replace(race, course=(0.01, 1, 256)) for race in (*RACES[:3], DEEP)]


def notebook(assignment):
    """The imports, functions and classes of a source notebook, those of the set-up cell included; its experiments are not run."""
    sys.path.insert(0, str(SOURCE))
    namespace = {"__name__": assignment, "RATE": None, "EPOCHS": None}  # defaults of a function that runs its experiments
    for file in (SOURCE / "header.py", SOURCE / assignment / f"{assignment}.py"):
        tree = ast.parse(file.read_text())
        tree.body = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)]
        exec(compile(tree, file, "exec"), namespace)
    namespace["after04"].progress = lambda items, label="": items
    return namespace


def network(lesson, race, seed):
    """The course's own network, from its own start."""
    if race.activation == "relu" and len(race.sizes) < 4:
        return lesson["small"](seed, race.sizes[1]) if len(race.sizes) == 3 else lesson["after04"].one_layer(seed)
    g, layers = torch.Generator().manual_seed(seed), []
    for sizes in pairwise(race.sizes):
        activation = lesson["Sigmoid" if race.activation == "sigmoid" else "ReLU"]()
        layers += [lesson["Linear"](*lesson["init_linear"](*sizes, g)), activation]
    return lesson["after04"].chain(*layers[:-1])


def sequential(race, params=None, seed=0):
    """The same network as nn.Sequential, from nn.Linear's own start or from `params`."""
    torch.manual_seed(seed)
    layers = []
    for sizes in pairwise(race.sizes):
        layers += [nn.Linear(*sizes), nn.Sigmoid() if race.activation == "sigmoid" else nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    for p, value in zip(model.parameters(), params or (), strict=False):
        p.data = value.T.clone() if value.ndim == 2 else value.clone()
    return model


def cpu_seconds(run):
    start = time.process_time()
    run()
    return time.process_time() - start


def accuracy(logits_of, test):
    with torch.no_grad():
        return (logits_of(test[0]).argmax(dim=1) == test[1]).float().mean().item()


def until(target, epoch, score):
    """CPU seconds of epochs until the score is reached; None after PATIENCE."""
    seconds = 0.0
    while seconds < PATIENCE:
        seconds += cpu_seconds(epoch)
        if score() >= target:
            return seconds
    return None


def clear(lesson, race, net, train, test, seed):
    """Notebook 05's own training, as a function without arguments."""
    few = test[0][:100], test[1][:100]  # train_network looks at validation data after each epoch; not the race's subject
    return lambda: lesson["train_network"](net, train, few, *race.course, MOMENTUM, seed)


def fast(lesson, race, net, train, test, seed):
    """The same training for speed: pixels uint8, weights (out, in), results in buffers, products added where they belong."""
    (lr, epochs, batch_size), (x, y) = race.course, train
    x = (x * 255).round().to(torch.uint8)
    weights, biases = [w.T.contiguous() for w in net.params[::2]], net.params[1::2]
    weight_velocities, bias_velocities = ([torch.zeros_like(p) for p in params] for params in (weights, biases))
    signals, gradients = ([torch.empty(batch_size, size) for size in race.sizes] for _ in range(2))
    pixels, minus_one = torch.empty(batch_size, race.sizes[0], dtype=torch.uint8), torch.full((batch_size, 1), -1.0)
    buffers, column = [signals, gradients, pixels, minus_one], y.unsqueeze(1)
    last = len(weights) - 1

    def run():
        g = torch.Generator().manual_seed(seed)
        batches = [batch for _ in range(epochs) for batch in torch.randperm(len(x), generator=g).split(batch_size)]
        for step, batch in enumerate(batches):
            n, rate = len(batch), lr * (len(batches) - step) / len(batches)
            h, below, taken, minus = buffers
            if n < batch_size:  # the last batch of an epoch
                h, below, taken, minus = [t[:n] for t in h], [t[:n] for t in below], taken[:n], minus[:n]
            h[0].copy_(torch.index_select(x, 0, batch, out=taken))
            for i, w in enumerate(weights):
                torch.addmm(biases[i], h[i], w.T, alpha=1 if i else 1 / 255, out=h[i + 1])
                if i < last:
                    h[i + 1].sigmoid_() if race.activation == "sigmoid" else h[i + 1].relu_()
            scores = h[-1].sub_(h[-1].amax(dim=1, keepdim=True)).exp_()  # torch.softmax is slower on rows of ten
            d = scores.div_(scores.sum(dim=1, keepdim=True)).scatter_add_(1, column.index_select(0, batch), minus)
            for i in range(last, -1, -1):
                if i:
                    torch.mm(d, weights[i], out=below[i])
                new = 1 / n
                weight_velocities[i].addmm_(d.T, h[i], beta=MOMENTUM, alpha=new / (1 if i else 255))
                weights[i].sub_(weight_velocities[i], alpha=rate)
                biases[i].sub_(bias_velocities[i].addmv_(d.T, minus.squeeze(1), beta=MOMENTUM, alpha=-new), alpha=rate)
                if i:
                    below[i].mul_(h[i] * (1 - h[i]) if race.activation == "sigmoid" else h[i].sign_())
                d = below[i]
        for p, w in zip(net.params[::2], weights, strict=True):
            p.copy_(w.T)

    return run


def by_hand(variant):
    """A contestant: the course's code in one of its two variants; the mean over SEEDS, None if their mean accuracy is too low."""

    def contestant(lesson, race, train, test):
        seconds, scores = [], []
        for seed in range(SEEDS):
            net = network(lesson, race, seed)
            seconds.append(cpu_seconds(variant(lesson, race, net, train, test, seed)))
            scores.append(lesson["accuracy"](net, test))
        return mean(seconds) if mean(scores) >= race.accuracy else None

    return contestant


def steps(model, loader, optimizer, schedule=None):
    loss = nn.CrossEntropyLoss()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss(model(xb), yb).backward()
        optimizer.step()
        if schedule:
            schedule.step()


def library_usual(lesson, race, train, test):
    """The mean over SEEDS; None if one misses the accuracy."""
    seconds = []
    for seed in range(SEEDS):
        model = sequential(race, seed=seed)
        loader = DataLoader(TensorDataset(*train), 64, shuffle=True, generator=torch.Generator().manual_seed(seed))
        run = model, loader, optim.SGD(model.parameters(), race.usual)
        seconds.append(until(race.accuracy, lambda r=run: steps(*r), lambda m=model: accuracy(m, test)))
    return mean(seconds) if all(seconds) else None


def library_our_settings(lesson, race, train, test):
    """The mean over SEEDS; None if their mean accuracy is too low. The start is ours, the order of the images is not."""
    (lr, epochs, batch_size), seconds, scores = race.course, [], []
    for seed in range(SEEDS):
        model = sequential(race, network(lesson, race, seed).params)
        loader = DataLoader(TensorDataset(*train), batch_size, shuffle=True, generator=torch.Generator().manual_seed(seed))
        optimizer = optim.SGD(model.parameters(), lr, MOMENTUM)
        schedule = optim.lr_scheduler.LinearLR(optimizer, 1, 0, total_iters=epochs * len(loader))
        seconds.append(cpu_seconds(lambda r=(model, loader, optimizer, schedule): [steps(*r) for _ in range(epochs)]))
        scores.append(accuracy(model, test))
    return mean(seconds) if mean(scores) >= race.accuracy else None


def scikit_learn(lesson, race, train, test):
    x, y = (t.numpy() for t in train)
    if len(race.sizes) == 2:
        for iterations in (5, 10, 15, 20, 30, 50):  # each from the start; the first that suffices counts
            model = LogisticRegression(max_iter=iterations)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns that it has not converged; that is the point
                seconds = cpu_seconds(lambda m=model: m.fit(x, y))
            if model.score(*test) >= race.accuracy:
                return seconds
        return None
    activation = "logistic" if race.activation == "sigmoid" else "relu"
    model = MLPClassifier(race.sizes[1:-1], activation=activation, random_state=0)
    return until(race.accuracy, lambda: model.partial_fit(x, y, classes=range(10)), lambda: model.score(*test))


def posts_way(race, train):
    """An epoch as in the posts (autograd on plain tensors, a DataLoader over pairs), and the logits of what it trains."""
    lr, normal_start = race.posts
    g = torch.Generator().manual_seed(0)
    params = [p.detach().t().clone() for p in sequential(race).parameters()]
    if normal_start:
        params = [torch.randn(p.shape, generator=g) for p in params]
    params = [p.requires_grad_() for p in params]
    loader = DataLoader(list(zip(*train, strict=True)), batch_size=256, shuffle=True, generator=g)

    def logits(x):
        for i in range(0, len(params), 2):
            if i:
                x = x.sigmoid() if race.activation == "sigmoid" else x.relu()
            x = x @ params[i] + params[i + 1]
        return x

    def epoch():
        for xb, yb in loader:
            nn.functional.cross_entropy(logits(xb), yb).backward()
            with torch.no_grad():
                for p in params:
                    p -= lr * p.grad
                    p.grad.zero_()

    return epoch, logits


def products_alone(lesson, race, train, test):
    """The matrix products of the course's settings: what no code in this precision can do without. Best of SEEDS."""
    _, epochs, batch_size = race.course
    return epochs * min(cpu_seconds(products(race, train[0], batch_size, by_columns=True)) for _ in range(SEEDS))


def posts(lesson, race, train, test):
    epoch, logits = posts_way(race, train)
    return until(race.accuracy, epoch, lambda: accuracy(logits, test))


def products(race, x, batch_size, by_columns):
    """The matrix products of one epoch and nothing else: two a layer, three where a gradient goes further down.

    by_columns: whether the weights (in, out) lie in memory column by column, as notebook 05 and nn.Linear keep them, or row by
    row, as torch.randn(in, out) makes them. On the processors tried so far rows take twice as long where there are ten columns.
    """
    weights = [torch.randn(b, a).T if by_columns else torch.randn(a, b) for a, b in pairwise(race.sizes)]
    signals = [torch.randn(batch_size, size) for size in race.sizes]

    def epoch():
        for xb in x.split(batch_size):
            h, n = xb, len(xb)
            for i, w in enumerate(weights):
                dy = signals[i + 1][:n]
                h @ w
                dy.T @ h if by_columns else h.T @ dy
                if i:
                    dy @ w.T
                h = dy

    return epoch


def check_fast(lesson, race, train, test):
    """The fast variant must train the same network as the course's code."""
    nets = [network(lesson, race, 0) for _ in range(2)]
    for net, variant in zip(nets, (clear, fast), strict=True):
        variant(lesson, race, net, train, test, 0)()
    worst = max((p - q).abs().max().item() for p, q in zip(nets[0].params, nets[1].params, strict=True))
    assert worst < 1e-3, f"{race.name}: the fast variant is wrong, its weights are off by {worst:.1e}"


CONTESTANTS = {
    "by hand, notebook 05": (by_hand(clear), ""),
    "by hand, fast variant": (by_hand(fast), ""),
    "matrix products of our settings alone": (products_alone, ""),
    "torch.nn + DataLoader, our settings": (library_our_settings, "2.5 x"),
    "torch.nn + DataLoader, usual settings": (library_usual, "8 x"),
    "scikit-learn": (scikit_learn, "3 x"),
    "the posts' way": (posts, "50 x (linear)"),
}


NOTES = f"""x: how often the seconds of notebook 05's clear code, and those of its fast variant, fit into the others'.
By hand and torch.nn: means of {SEEDS} seeds; the posts and scikit-learn: one seed. Given up after {PATIENCE} CPU s.
By hand and our settings: Kaiming start, SGD with momentum {MOMENTUM}, the rate falling to 0 at the end of the last epoch.
Usual settings: batches of 64, a constant rate of .1 (sigmoid 1).
The posts' way: batches of 256; N(0, 1) start and rate 1, but with ReLU nn.Linear's start and rate .001 (30 units) or .1 (64).
scikit-learn: LogisticRegression with the fewest iterations that do, MLPClassifier as it comes.
torch.nn's seconds over those of the products alone are the most that any code can win. Where that is little more than the goal,
the time lies in the products, and the clear code, which has activations to compute as well, cannot have it: at usual settings
1.08 to 1.19 s for the sigmoid are 7.4 to 8.2 x the products alone (.145 s), and 5.3 to 6.1 x the clear code.
Most of the gap to the posts is rate and batch size: with our settings torch.nn closes most of it, too.
An epoch: how often the seconds of the products by columns fit into the others', and the clear code's into those of the posts."""


def race_table(lesson, train, test, progress):
    table = Table("", *(f"{r.name}\nto {r.accuracy:g}" for r in RACES), "goal", title="CPU seconds to a test accuracy")
    task = progress.add_task("races", total=len(CONTESTANTS) * len(RACES))
    seconds = {}
    for name, (run, goal) in CONTESTANTS.items():
        for race in RACES:
            progress.update(task, description=f"{name}: {race.name}")
            seconds[name, race] = run(lesson, race, train, test)
            progress.advance(task)
        table.add_row(name, *(_cell(name, race, seconds) for race in RACES), goal)
    return table


def _cell(name, race, seconds):
    """Seconds, and how often those of the clear and of the fast variant fit into them."""
    by_hand = list(CONTESTANTS)[:2]
    own, ours = seconds[name, race], [seconds[hand, race] for hand in by_hand if (hand, race) in seconds]
    if name in by_hand or not all(ours):
        return f"{own:.2f} s" if own else "missed"
    if own is None and CONTESTANTS[name][0] is library_our_settings:
        return "missed"
    sign, own = ("", own) if own else ("> ", PATIENCE)
    return f"{sign}{own:.2f} s = {own / ours[0]:.1f} x, {own / ours[1]:.1f} x"


def epoch_table(lesson, train, test, progress):
    """Each the best of five, taken in turn."""
    task = progress.add_task("epochs", total=len(EPOCHS))
    columns = []
    for race in EPOCHS:
        progress.update(task, description=f"epochs: {race.name}")
        check_fast(lesson, race, train, test)
        epochs = [
            products(race, train[0], 256, by_columns=False),
            products(race, train[0], 256, by_columns=True),
            *(variant(lesson, race, network(lesson, race, 0), train, test, 0) for variant in (clear, fast)),
            posts_way(race, train)[0],
        ]
        columns.append([min(times) for times in zip(*([cpu_seconds(e) for e in epochs] for _ in range(5)), strict=True)])
        progress.advance(task)
    table = Table("", *(r.name for r in EPOCHS), "goal", title="CPU seconds an epoch at batch 256")
    table.add_row("matrix products alone, weights by rows", *(f"{c[0]:.3f} s = {c[0] / c[1]:.2f} x" for c in columns), "")
    table.add_row("matrix products alone, by columns", *(f"{c[1]:.3f} s" for c in columns), "")
    table.add_row("by hand, notebook 05", *(f"{c[2]:.3f} s = {c[2] / c[1]:.2f} x" for c in columns), "2 x")
    table.add_row("by hand, fast variant", *(f"{c[3]:.3f} s = {c[3] / c[1]:.2f} x" for c in columns), "1.4 x")
    table.add_row("the posts' way", *(f"{c[4]:.3f} s = {c[4] / c[2]:.1f} x" for c in columns), "")
    return table


def main():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as in notebook 05; without it, momentum costs every contestant about half as much again
    lesson = notebook("05-two-layer-net")
    try:
        data = lesson["course"].load()
    except lesson["course"].DataError as error:
        sys.exit(f"The benchmark needs MNIST. {error}")
    (train_images, y), (test_images, test_y) = data.train(), data.test()
    train, test = (train_images.flatten(1) / 255, y), (test_images.flatten(1) / 255, test_y)
    console = Console(width=None if sys.stdout.isatty() else 150)
    with Progress(console=console, transient=True) as progress:
        tables = race_table(lesson, train, test, progress), epoch_table(lesson, train, test, progress)
    for table in tables:
        console.print(table)
    console.print(NOTES)


if __name__ == "__main__":
    main()
