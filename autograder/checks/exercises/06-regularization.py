"""The exercises of notebook 06: a penalty, its step, when to stop, and a comparison over seeds."""

import math

import torch

from autograder.checks import Drawn, case, challenge, edit, exercise


def but(source, *changes):
    """A correct solution with something changed in it: each (old, new)."""
    for old, new in changes:
        if old not in source:
            raise ValueError(f"{old!r} does not occur in {source.splitlines()[1]!r}")
        source = source.replace(old, new)
    return source


# --- l2_penalty ---------------------------------------------------------------------------------------------------------

L2_PENALTY = """
def l2_penalty(weights, weight_decay):
    total = 0
    for w in weights:
        total = total + (w * w).sum()
    return weight_decay / 2 * total
"""
PENALTY = "l2_penalty(weights, weight_decay)"


def weights(*shapes, dtype=torch.float32, scale=1.0):
    return lambda g: [(scale * torch.randn(*s, generator=g, dtype=torch.float64)).to(dtype) for s in shapes]


# --- decay_step ---------------------------------------------------------------------------------------------------------

DECAY_STEP = """
def decay_step(params, grads, lr, weight_decay):
    for i in range(len(params)):
        step = grads[i]
        if params[i].dim() == 2:
            step = step + weight_decay * params[i]
        params[i].sub_(lr * step)
"""
DECAY = "decay_step(params, grads, lr, weight_decay)"
STEP = f"before = list(params); {DECAY}; before"
LAYERS = (5, 4), (4,), (4, 3), (3,)


def layers(*shapes, dtype=torch.float32):
    return dict(params=weights(*shapes, dtype=dtype), grads=weights(*shapes, dtype=dtype))


# --- early_stopping -----------------------------------------------------------------------------------------------------

EARLY_STOPPING = """
def early_stopping(valid_losses, patience):
    best, lowest, waited = 0, float("inf"), 0
    for epoch, loss in enumerate(valid_losses):
        if loss < lowest:
            best, lowest, waited = epoch, loss, 0
        else:
            waited += 1
        if waited >= patience:
            break
    return best
"""
STOP = "early_stopping(valid_losses, patience)"


def wandering(n):
    """Losses that sink, with so much noise that patience is tried."""
    return lambda g: (torch.linspace(1, 0.3, n) + 0.3 * torch.rand(n, generator=g)).tolist()


# --- compare ------------------------------------------------------------------------------------------------------------

COMPARE = """
def compare(configs, train, valid, seeds):
    rows = []
    for config in configs:
        start = time.time()
        accuracies, losses = [], []
        for seed in seeds:
            params, history = train_network(train, valid, seed, **config)
            accuracies.append(history["valid_accuracy"][-1])
            losses.append(history["valid_loss"][-1])
        row = {**config}
        row["accuracy_mean"] = float(np.mean(accuracies))
        row["accuracy_sd"] = float(np.std(accuracies, ddof=1))
        row["loss_mean"] = float(np.mean(losses))
        row["loss_sd"] = float(np.std(losses, ddof=1))
        row["seconds"] = time.time() - start
        rows.append(row)
    return rows
"""
ROWS = "compare(configs, train, valid, seeds)"
NUMBERS = ("accuracy_mean", "accuracy_sd", "loss_mean", "loss_sd")


def config(**changes):
    return dict(hidden=4, lr=0.1, epochs=1, weight_decay=0.0) | changes


def digits(n, wrong=0):
    """n easy images (n, 784) of ten classes and their labels; each label is off by `wrong`."""

    def make(g):
        y = torch.arange(n) % 10
        strokes = torch.arange(784) // 78 == y[:, None]  # each digit has pixels of its own; as in MNIST most are dark
        return strokes * torch.rand(n, 784, generator=g) + 0.05 * torch.rand(n, 784, generator=g), (y + wrong) % 10

    return make


def comparison(title, *configs, names=NUMBERS, weight=1, seeds=(3, 7), valid=None):
    """A case of `compare` that looks at these numbers of each row."""
    code = f"[{{name: row.get(name) for name in {names}}} for row in {ROWS}]"
    inputs = dict(configs=list(configs), train=digits(20), valid=valid or digits(10, wrong=1), seeds=list(seeds))
    return case(title, code, weight=weight, **inputs)


def form(rows, _):
    """What was tried, and whether all is there."""
    return [
        {
            "the configuration": {key: row.get(key) for key in ("hidden", "lr", "epochs", "weight_decay", "batch_size")},
            "missing": [key for key in (*NUMBERS, "seconds") if key not in row],
            "floats": all(isinstance(row[key], float) for key in (*NUMBERS, "seconds") if key in row),
            "seconds": {"above 0": row.get("seconds", 1) > 0, "below an hour": row.get("seconds", 1) < 3600},
        }
        for row in rows
    ]


EXERCISES = [
    exercise(
        "l2_penalty",
        case("two matrices", PENALTY, weights=weights((5, 4), (4, 3)), weight_decay=0.1),
        case("one matrix", PENALTY, weights=weights((6, 2)), weight_decay=0.3),
        case("three layers", PENALTY, weights=weights((7, 5), (5, 4), (4, 2)), weight_decay=0.01),
        case("float64 stays float64", PENALTY, weights=weights((5, 4), (4, 3), dtype=torch.float64), weight_decay=0.1),
        case("large weights", PENALTY, weights=weights((5, 4), (4, 3), scale=100.0), weight_decay=1e-3),
        case("no decay", PENALTY, weights=weights((5, 4), (4, 3)), weight_decay=0.0),
        mistakes={
            "The half is missing: the penalty is 1/2 * weight_decay * sum of squares.": but(L2_PENALTY, (" / 2", "")),
            "You take the root of the sum of squares; the penalty is the sum itself.": but(
                L2_PENALTY, ("* total", "* total**0.5")
            ),
            "You add up the norms of the matrices; square them (no root).": but(L2_PENALTY, ("(w * w).sum()", "w.norm()")),
            "You take the mean of each matrix' squares; add all of them up.": but(L2_PENALTY, (".sum()", ".mean()")),
            "You divide by the number of weights; the penalty is a sum, not a mean.": but(
                L2_PENALTY, ("* total", "* total / sum(w.numel() for w in weights)")
            ),
            "You divide by the number of matrices; the penalty is a sum over all of them.": but(
                L2_PENALTY, ("* total", "* total / len(weights)")
            ),
            "You square the sum of the weights; square each weight, then add.": but(
                L2_PENALTY, ("(w * w).sum()", "w.sum() ** 2")
            ),
            "You add the weights without squaring them; positive and negative ones cancel.": but(
                L2_PENALTY, ("(w * w).sum()", "w.sum()")
            ),
            "You add absolute values: that is the L1 penalty. Square the weights.": but(
                L2_PENALTY, ("(w * w).sum()", "w.abs().sum()")
            ),
            "Only the first matrix is counted; go through all of them.": but(L2_PENALTY, ("in weights", "in weights[:1]")),
            "Only the last matrix is counted; add to the total in the loop.": but(L2_PENALTY, ("total + ", "")),
            "weight_decay is missing from your penalty.": but(L2_PENALTY, ("weight_decay / 2", "1 / 2")),
            "You square weight_decay as well; only the weights are squared.": but(
                L2_PENALTY, ("weight_decay / 2", "weight_decay**2 / 2")
            ),
            "The penalty has the wrong sign: it makes the loss larger.": but(L2_PENALTY, ("return ", "return -")),
            "You return a Python float; return a 0-d tensor (no .item()).": but(L2_PENALTY, ("* total", "* total.item()")),
            "Your penalty has one axis; return a 0-d tensor.": but(L2_PENALTY, ("* total", "* total.reshape(1)")),
            "You convert to float32; keep the dtype of the weights.": but(L2_PENALTY, ("(w * w)", "(w * w).float()")),
            "You return one penalty for each matrix; add them up.": (
                "def l2_penalty(weights, weight_decay):\n    return [weight_decay / 2 * (w * w).sum() for w in weights]\n"
            ),
        },
        alternatives={
            "a generator expression": but(
                L2_PENALTY,
                ("    total = 0\n", ""),
                (
                    "    for w in weights:\n        total = total + (w * w).sum()\n",
                    "    total = sum(w.pow(2).sum() for w in weights)\n",
                ),
            ),
            "all weights in one vector": (
                "def l2_penalty(weights, weight_decay):\n"
                "    flat = torch.cat([w.reshape(-1) for w in weights])\n    return 0.5 * weight_decay * (flat @ flat)\n"
            ),
            "einsum": but(L2_PENALTY, ("(w * w).sum()", "torch.einsum('ij,ij->', w, w)")),
            "squared norms": but(L2_PENALTY, ("(w * w).sum()", "torch.linalg.norm(w) ** 2")),
            "stacked sums": (
                "def l2_penalty(weights, weight_decay):\n"
                "    return torch.stack([w.square().sum() for w in weights]).sum().mul(weight_decay / 2)\n"
            ),
            "a trace": but(L2_PENALTY, ("(w * w).sum()", "torch.trace(w.T @ w)")),
        },
        equivalent={
            "a number has no axis to lose": [
                edit(
                    "0.5 * weight_decay * sum((w**2).sum() for w in weights)",
                    "(0.5 * weight_decay * sum((w**2).sum() for w in weights)).squeeze()",
                )
            ]
        },
    ),
    exercise(
        "decay_step",
        case("two layers", STEP, weight=2, lr=0.1, weight_decay=0.3, **layers(*LAYERS)),
        case("one layer", STEP, lr=0.2, weight_decay=0.05, **layers((6, 3), (3,))),
        case("a bias that comes before its weights", STEP, lr=0.1, weight_decay=0.5, **layers((3,), (6, 3))),
        case("as many rows as columns", STEP, lr=0.3, weight_decay=0.4, **layers((3, 3), (3,))),
        case("float64 stays float64", STEP, lr=0.1, weight_decay=0.3, **layers(*LAYERS, dtype=torch.float64)),
        case("one score for each row", STEP, lr=0.1, weight_decay=0.5, **layers((6, 1), (1,))),
        case("no decay", STEP, lr=0.1, weight_decay=0.0, **layers(*LAYERS)),
        case(
            "no gradient: the weights shrink, the biases stay",
            STEP,
            lr=0.5,
            weight_decay=0.5,
            params=weights(*LAYERS),
            grads=[torch.zeros(s) for s in LAYERS],
        ),
        case("a rate of 0 changes nothing", STEP, lr=0.0, weight_decay=0.3, **layers(*LAYERS)),
        case("the gradients are left as they are", f"{DECAY}; grads", lr=0.1, weight_decay=0.3, **layers(*LAYERS)),
        case("two steps", f"before = list(params); {DECAY}; {DECAY}; before", lr=0.2, weight_decay=0.6, **layers(*LAYERS)),
        case("it returns None", DECAY, lr=0.1, weight_decay=0.3, **layers(*LAYERS)),
        in_place=True,
        mistakes={
            "The decay has the wrong sign: your weights grow. Add weight_decay * w to the gradient.": but(
                DECAY_STEP, ("step + weight_decay", "step - weight_decay")
            ),
            "You step uphill: subtract lr times the gradient and the decay.": but(DECAY_STEP, ("sub_", "add_")),
            "The gradient is followed uphill, only the decay goes down: subtract both.": but(
                DECAY_STEP,
                ("step + weight_decay", "-step + weight_decay"),
                ("step = grads[i]", "step = -grads[i]"),
                ("-step +", "step +"),
            ),
            "The decay is not multiplied with lr: it is a part of the gradient.": but(
                DECAY_STEP, ("weight_decay * params[i]", "weight_decay * params[i] / lr if lr else step")
            ),
            "lr is missing: multiply the gradient and the decay with it.": but(DECAY_STEP, ("lr * step", "step")),
            "lr is multiplied in twice on the decay; once is enough.": but(DECAY_STEP, ("+ weight_decay", "+ lr * weight_decay")),
            "The biases decay too; only entries with two axes do.": but(DECAY_STEP, ("if params[i].dim() == 2", "if True")),
            "Only the biases decay; it is the weights (two axes) that should.": but(DECAY_STEP, ("== 2", "== 1")),
            "Nothing decays: add weight_decay * w to the gradient of the weights.": but(DECAY_STEP, ("== 2", "== 9")),
            "Only the first weights decay; every entry with two axes does.": but(DECAY_STEP, ("== 2", "== 2 and i == 0")),
            "You decay every second entry; ask for two axes, whatever their place in the list.": but(
                DECAY_STEP, ("params[i].dim() == 2", "i % 2 == 0")
            ),
            "The biases are never moved; they do not decay, but they do follow their gradient.": but(
                DECAY_STEP, ("        params[i].sub_", "            params[i].sub_")
            ),
            "You make new tensors; change the entries of params in place (p -= ...).": but(
                DECAY_STEP, ("params[i].sub_(lr * step)", "p = params[i] - lr * step")
            ),
            "You put new tensors into the list; change the old ones in place, others hold them too.": but(
                DECAY_STEP,
                ("params[i].sub_(lr * step)", "p = params[i] - lr * step; new.append(p)"),
                ("    for i", "    new = []\n    for i"),
            )
            + "    return new\n",
            "It returns the parameters; it changes them in place and returns None.": DECAY_STEP + "    return params\n",
            "You add the decay into grads; leave the gradients as they are.": but(
                DECAY_STEP, ("step = step + weight_decay * params[i]", "step += weight_decay * params[i]")
            ),
            "The decay uses the weights after the step; take them from before it.": but(
                DECAY_STEP,
                ("            step = step + weight_decay * params[i]\n", "            pass\n"),
                (
                    "params[i].sub_(lr * step)",
                    "params[i].sub_(lr * step)\n        if params[i].dim() == 2:\n"
                    "            params[i].mul_(1 - lr * weight_decay)",
                ),
            ),
            "The decay is twice too large: the gradient of 1/2 * wd * w**2 is wd * w.": but(
                DECAY_STEP, ("+ weight_decay", "+ 2 * weight_decay")
            ),
            "The decay is half of what it should be: the gradient of 1/2 * wd * w**2 is wd * w.": but(
                DECAY_STEP, ("+ weight_decay", "+ 0.5 * weight_decay")
            ),
            "You decay by the sign of the weights (L1); subtract a share of the weights themselves.": but(
                DECAY_STEP, ("weight_decay * params[i]", "weight_decay * params[i].sign()")
            ),
            "You only shrink the gradient; it is the weights that decay.": but(
                DECAY_STEP, ("step + weight_decay * params[i]", "step * (1 - weight_decay)")
            ),
        },
        alternatives={
            "shrink, then step": (
                "def decay_step(params, grads, lr, weight_decay):\n    for p, g in zip(params, grads):\n"
                "        if len(p.shape) > 1:\n            p *= 1 - lr * weight_decay\n        p -= lr * g\n"
            ),
            "copy_": (
                "def decay_step(params, grads, lr, weight_decay):\n    for p, g in zip(params, grads):\n"
                "        decay = weight_decay if p.ndim == 2 else 0\n        p.copy_(p - lr * g - lr * decay * p)\n"
            ),
            "slices": (
                "def decay_step(params, grads, lr, weight_decay):\n    for i, (p, g) in enumerate(zip(params, grads)):\n"
                "        old = p.clone()\n        p[...] = old - lr * g\n"
                "        if p.dim() == 2:\n            p[...] = p - lr * weight_decay * old\n"
            ),
            "a factor for each entry": (
                "def decay_step(params, grads, lr, weight_decay):\n    factors = [weight_decay * (p.ndim == 2) for p in params]\n"
                "    for p, g, f in zip(params, grads, factors):\n        p.add_(g + f * p, alpha=-lr)\n"
            ),
            "with no_grad": (
                "def decay_step(params, grads, lr, weight_decay):\n    with torch.no_grad():\n"
                "        for p, g in zip(params, grads):\n"
                "            p -= lr * g + (lr * weight_decay * p if p.ndim == 2 else 0)\n"
            ),
        },
        equivalent={
            "the lists are equally long": [edit("strict=True", "strict=False"), edit(", strict=True", "")],
            "a gradient has the shape of its parameter": [edit("p.ndim", "g.ndim")],
        },
    ),
    exercise(
        "early_stopping",
        case("it stops before a lower loss comes", STOP, valid_losses=[0.9, 0.5, 0.6, 0.55, 0.4, 0.3], patience=2),
        case("one epoch more of patience", STOP, valid_losses=[0.9, 0.5, 0.6, 0.55, 0.4, 0.3], patience=3),
        case("the loss sinks to the end", STOP, valid_losses=[0.9, 0.8, 0.7, 0.6], patience=2),
        case("the loss rises from the start", STOP, valid_losses=[0.5, 0.6, 0.7, 0.8, 0.9, 0.1], patience=3),
        case("equal losses", STOP, valid_losses=[0.5, 0.4, 0.4, 0.45, 0.4], patience=4),
        case("an equal loss is none that is lower", STOP, valid_losses=[0.5, 0.4, 0.4, 0.4, 0.3], patience=2),
        case("NaN in the middle", STOP, valid_losses=[0.5, math.nan, 0.4, math.nan, 0.45], patience=3),
        case("NaN at first", STOP, valid_losses=[math.nan, 0.5, 0.4, 0.6], patience=3),
        case("NaN twice at first", STOP, valid_losses=[math.nan, math.nan, 0.5, 0.6, 0.4], patience=3),
        case("NaN until patience ends", STOP, valid_losses=[0.5, 0.4, math.nan, math.nan, 0.3], patience=2),
        case("patience counts epochs in a row", STOP, valid_losses=[0.9, 1.0, 0.8, 0.9, 0.7, 0.75, 0.6], patience=2),
        case("a loss lower than the last, not than the best", STOP, valid_losses=[0.5, 0.9, 0.8, 0.7, 0.4], patience=3),
        case("patience 1", STOP, valid_losses=[0.9, 0.8, 0.85, 0.1], patience=1),
        case("one epoch", STOP, valid_losses=[0.7], patience=5),
        case("losses above 1", STOP, valid_losses=[9.0, 7.5, 8.0, 7.0, 7.2, 7.3], patience=2),
        case("twenty noisy losses", STOP, valid_losses=wandering(20), patience=3),
        case("thirty noisy losses", STOP, valid_losses=wandering(30), patience=4),
        mistakes={
            "You look at epochs after the stop: the lowest of all losses may come too late.": but(
                EARLY_STOPPING, ("            break", "            pass")
            ),
            "You return the epoch at which training stops; return the best one.": but(
                EARLY_STOPPING, ("return best", "return epoch")
            ),
            "You return the last epoch of the list; return the best one before the stop.": (
                "def early_stopping(valid_losses, patience):\n    return len(valid_losses) - 1\n"
            ),
            "You count epochs from 1; the first one is 0.": but(EARLY_STOPPING, ("return best", "return best + 1")),
            "Of equal losses the earliest is best: compare with < and not with <=.": but(
                EARLY_STOPPING, ("loss < lowest", "loss <= lowest")
            ),
            "You stop one epoch too late: patience epochs without a lower loss are enough.": but(
                EARLY_STOPPING, (">= patience", "> patience")
            ),
            "You stop one epoch too early: wait for the full patience.": but(
                EARLY_STOPPING, (">= patience", ">= max(1, patience - 1)")
            ),
            "You do not count anew after a better epoch: patience means epochs in a row.": but(
                EARLY_STOPPING, ("best, lowest, waited = epoch, loss, 0\n", "best, lowest = epoch, loss\n")
            ),
            "You compare with the loss of the epoch before; compare with the lowest so far.": but(
                EARLY_STOPPING, ("        if waited >= patience", "        lowest = loss\n        if waited >= patience")
            ),
            "A NaN wins: write the comparison so that it is false for NaN (loss < lowest).": but(
                EARLY_STOPPING, ("loss < lowest", "not loss >= lowest")
            ),
            "A NaN in the first epoch stays the lowest for good; start from infinity.": but(
                EARLY_STOPPING, ('float("inf")', "valid_losses[0]")
            ),
            "A NaN does not count as an epoch without a lower loss; it should.": but(
                EARLY_STOPPING, ("        else:", "        elif loss == loss:")
            ),
            "An equal loss does not count as an epoch without a lower loss; it should.": but(
                EARLY_STOPPING, ("        else:", "        elif loss != lowest:")
            ),
            "You return the loss; return the epoch that it belongs to.": but(EARLY_STOPPING, ("return best", "return lowest")),
            "You return the highest loss' epoch; lower is better.": but(
                EARLY_STOPPING, ("loss < lowest", "loss > lowest"), ('float("inf")', 'float("-inf")')
            ),
            "You start from a lowest loss of 1: losses above it are never seen. Start from infinity.": but(
                EARLY_STOPPING, ('float("inf")', "1.0")
            ),
            "You return how many epochs were run; return the best one's number.": but(
                EARLY_STOPPING, ("return best", "return epoch + 1")
            ),
            "You return the epoch and the loss; return the epoch alone.": but(
                EARLY_STOPPING, ("return best", "return best, lowest")
            ),
        },
        alternatives={
            "the distance from the best epoch": but(
                EARLY_STOPPING,
                ("        else:\n            waited += 1\n", ""),
                ("waited >= patience", "epoch - best >= patience"),
            ),
            "a while loop": """
def early_stopping(valid_losses, patience):
    epoch = best = 0
    while epoch < len(valid_losses) and epoch - best <= patience:
        better = valid_losses[epoch] < valid_losses[best] or valid_losses[best] != valid_losses[best]
        if better and valid_losses[epoch] == valid_losses[epoch]:
            best = epoch
        epoch += 1
    return best
""",
            "infinity for NaN, and slices": """
def early_stopping(valid_losses, patience):
    losses = [math.inf if math.isnan(loss) else loss for loss in valid_losses]
    for epoch in range(patience, len(losses)):
        if min(losses[epoch - patience + 1 : epoch + 1]) >= min(losses[: epoch - patience + 1]):
            losses = losses[: epoch + 1]
            break
    return losses.index(min(losses))
""",
            "recursion": """
def early_stopping(valid_losses, patience):
    def go(epoch, best, lowest, left):
        if left == 0 or epoch == len(valid_losses):
            return best
        loss = valid_losses[epoch]
        return go(epoch + 1, epoch, loss, patience) if loss < lowest else go(epoch + 1, best, lowest, left - 1)
    return go(0, 0, math.inf, patience)
""",
            "numpy": """
def early_stopping(valid_losses, patience):
    losses = np.array(valid_losses, dtype=float)
    losses[np.isnan(losses)] = np.inf
    best = 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return int(best)
""",
        },
        equivalent={
            "which epoch is best where all losses are NaN, nobody says": [
                *(edit("waited = 0, math", f"waited = {n}, math") for n in (1, -1, 2, 0.5)),
                edit("math.inf, 0", "math.inf, -1"),
                edit("math.inf, 0", "math.inf, 0.5"),
            ],
            "a number is not changed in place": [edit("waited += 1", "waited = waited + 1")],
        },
    ),
    exercise(
        "compare",
        case(
            "a row says what was tried and what came of it",
            ROWS,
            weight=2,
            view=form,
            configs=[config(epochs=2), config(hidden=5, lr=0.05, epochs=1, weight_decay=0.01), config(epochs=1, batch_size=8)],
            train=digits(20),
            valid=digits(10),
            seeds=[3, 7],
        ),
        comparison("the means over two seeds", config(), names=("accuracy_mean", "loss_mean"), weight=2),
        comparison("the means over three seeds", config(), names=("accuracy_mean", "loss_mean"), seeds=(1, 5, 9), weight=2),
        comparison("the spreads over three seeds", config(), names=("accuracy_sd", "loss_sd"), seeds=(1, 5, 9), weight=2),
        comparison(
            "a row with settings of its own beside one with others", config(), config(hidden=5, lr=0.3, epochs=2), weight=2
        ),
        comparison("the same configuration twice", config(), config()),
        comparison("weight_decay is obeyed", config(), config(weight_decay=2.0)),
        comparison("batch_size is obeyed, and is 16 where none is given", config(batch_size=20), config(), config(batch_size=5)),
        comparison("falling and momentum are obeyed", config(falling=True), config(momentum=0.9)),
        comparison("after many epochs the loss rises: what counts is the last", config(lr=0.5, epochs=4)),
        mistakes={
            "You train with one seed only; train each configuration with all of them.": but(
                COMPARE, ("in seeds:", "in seeds[:1] * 2:")
            ),
            "You report the last seed only; take mean and spread over all seeds.": but(
                COMPARE, ("np.mean(accuracies)", "accuracies[-1]"), ("np.mean(losses)", "losses[-1]")
            ),
            "You report the best seed; take the mean over all of them.": but(
                COMPARE, ("np.mean(accuracies)", "max(accuracies)"), ("np.mean(losses)", "min(losses)")
            ),
            "Your spread divides by n; for a sample of seeds divide by n - 1.": but(COMPARE, (", ddof=1", "")),
            "You report the variance; the spread is its root.": but(COMPARE, ("np.std", "np.var")),
            "You report the standard error; the spread is not divided by the root of n.": but(
                COMPARE, ("ddof=1)", "ddof=1) / math.sqrt(len(seeds))")
            ),
            "Each row gets other seeds; a fair comparison uses the same ones.": but(
                COMPARE, ("valid, seed,", "valid, seed + 100 * len(rows),")
            ),
            "You ignore the seeds: the same call gives other numbers each time.": but(
                COMPARE, ("valid, seed,", "valid, int(torch.randint(10**6, ())),")
            ),
            "You report the training images' results; judge on the validation images.": but(
                COMPARE, ("train_network(train, valid,", "train_network(train, train,")
            ),
            "You train on the validation images; they are for judging only.": but(
                COMPARE, ("train_network(train, valid,", "train_network(valid, valid,")
            ),
            "Training and validation images are swapped.": but(
                COMPARE, ("train_network(train, valid,", "train_network(valid, train,")
            ),
            "You report the training loss; report the validation loss.": but(
                COMPARE, ('history["valid_loss"]', 'history["train_loss"]')
            ),
            "You report the first epoch; report the last.": but(COMPARE, ("[-1]", "[0]")),
            "You report the best epoch, which flatters; report the last.": but(
                COMPARE,
                ('history["valid_accuracy"][-1]', 'max(history["valid_accuracy"])'),
                ('history["valid_loss"][-1]', 'min(history["valid_loss"])'),
            ),
            "Every row is trained with the first configuration; use each one's own.": but(
                COMPARE, ("**config)\n", "**configs[0])\n")
            ),
            "Every row is trained for as long as the first; use each configuration's epochs.": but(
                COMPARE, ("**config)\n", "**{**config, 'epochs': configs[0]['epochs']})\n")
            ),
            "weight_decay is not passed on to the training.": but(
                COMPARE, ("**config)\n", "**{**config, 'weight_decay': 0.0})\n")
            ),
            "batch_size is not passed on to the training.": but(
                COMPARE, ("**config)\n", "**{k: v for k, v in config.items() if k != 'batch_size'})\n")
            ),
            "Your rows lack the configuration; begin each with a copy of it.": but(COMPARE, ("row = {**config}", "row = {}")),
            "Your rows lack the seconds.": but(COMPARE, ('        row["seconds"] = time.time() - start\n', "")),
            "Your seconds are not above 0: take the time before the first run and after the last.": but(
                COMPARE, ("time.time() - start", "start - time.time()")
            ),
            "seconds is the time of day; subtract the time at which the row began.": but(COMPARE, (" - start", "")),
            "Only one row comes back; append each row inside the loop.": but(
                COMPARE, ("        rows.append(row)", "        rows = [row]")
            ),
            "Accuracies are percentages; give fractions of 1.": but(
                COMPARE, ('history["valid_accuracy"][-1]', '100 * history["valid_accuracy"][-1]')
            ),
            "Your means are tensors or arrays; give Python floats.": but(
                COMPARE,
                ("float(np.mean(accuracies))", "torch.tensor(accuracies).mean()"),
                ("float(np.mean(losses))", "torch.tensor(losses).mean()"),
            ),
            "The penalty is counted in the loss; report the loss without it.": but(
                COMPARE,
                (
                    'history["valid_loss"][-1])',
                    'history["valid_loss"][-1] + config["weight_decay"] / 2 * sum((p**2).sum().item() for p in params[::2]))',
                ),
            ),
            "The configurations are changed: put the results into a copy of each.": but(
                COMPARE, ("row = {**config}", "row = config")
            ),
        },
        alternatives={
            "lists and numpy": COMPARE,
            "the statistics module": but(
                COMPARE,
                ("    rows = []", "    from statistics import mean, stdev\n    rows = []"),
                ("np.mean", "mean"),
                ("np.std(accuracies, ddof=1)", "stdev(accuracies)"),
                ("np.std(losses, ddof=1)", "stdev(losses)"),
            ),
            "by hand": but(
                COMPARE,
                (
                    "    rows = []",
                    "    def sd(v):\n        m = sum(v) / len(v)\n"
                    "        return math.sqrt(sum((a - m) ** 2 for a in v) / (len(v) - 1))\n    rows = []",
                ),
                ("np.mean(accuracies)", "sum(accuracies) / len(seeds)"),
                ("np.mean(losses)", "sum(losses) / len(seeds)"),
                ("np.std(accuracies, ddof=1)", "sd(accuracies)"),
                ("np.std(losses, ddof=1)", "sd(losses)"),
            ),
            "judged with its own forward pass": but(
                COMPARE,
                ('history["valid_loss"][-1]', "evaluate(params, *valid)[0]"),
                ('history["valid_accuracy"][-1]', "evaluate(params, *valid)[1]"),
            ),
        },
        equivalent={
            "of two the second is the last": [edit(")[1]", ")[-1]")],
            "the order of a dict's keys is free": [edit('("accuracy", "loss")', '("loss", "accuracy")')],
            "the row is a dict of its own": [edit("row |= {", "row = row | {")],
            "float32 has digits enough for them": [edit(", dtype=torch.float64", "")],
            "there is one axis, or two with one of length 1": [
                "mean()",
                "std()",
                edit("torch.float64)", "torch.float64).squeeze()"),
                edit("torch.float64)", "torch.float64)[:, None]"),
            ],
        },
    ),
]


# --- the blank page -----------------------------------------------------------------------------------------------------

# The accuracy that earns nothing, and the one that earns all. The solution reaches one or two points more (November 2026).
NOTHING = {"new": 0.80, "moved": 0.30, "turned": 0.50, "thinner": 0.60, "thicker": 0.50}
ALL = {"MNIST": 0.95, "digits": 0.90}


def draw(notebook):
    """Images to learn from and images that nobody has seen, always the same ones."""
    data = notebook["course"].load()
    per_digit = 500 if data.name == "MNIST" else 90
    (x, y), _ = notebook["balanced"](data, per_digit, seed=2003)
    images = (255 * x).round().to(torch.uint8).view(-1, 28, 28)
    held_back, truth = data.test()
    g = torch.Generator().manual_seed(2003)
    chosen = torch.randperm(len(truth), generator=g)[:1000]
    unseen = list(notebook["warps"].variants(held_back[chosen], g).values())
    return Drawn(
        dict(images=images, labels=y, unseen=unseen),
        truth[chosen],
        {kind: (low, ALL[data.name]) for kind, low in NOTHING.items()},
    )


# `train` may change what it is given; the images that it is asked about are other tensors.
CHALLENGE = challenge(
    "train",
    "(lambda classify: [classify(part) for part in unseen])(train(images, labels))",
    draw,
    seconds=40,
)
