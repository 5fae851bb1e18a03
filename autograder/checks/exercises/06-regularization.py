"""The exercises of notebook 06: a penalty, its step, when to stop, and a comparison over seeds."""

import math

import torch

from autograder.checks import Drawn, body, case, challenge, edit, exercise

PENALTY = "l2_penalty(weights, weight_decay)"


def weights(*shapes, dtype=torch.float32, scale=1.0):
    return lambda g: [(scale * torch.randn(*s, generator=g, dtype=torch.float64)).to(dtype) for s in shapes]


DECAY = "decay_step(params, grads, lr, weight_decay)"
STEP = f"before = list(params); {DECAY}; before"
LAYERS = (5, 4), (4,), (4, 3), (3,)


def layers(*shapes, dtype=torch.float32):
    return dict(params=weights(*shapes, dtype=dtype), grads=weights(*shapes, dtype=dtype))


STOP = "early_stopping(valid_losses, patience)"


def wandering(n):
    """Losses that sink, with so much noise that patience is tried."""
    return lambda g: (torch.linspace(1, 0.3, n) + 0.3 * torch.rand(n, generator=g)).tolist()


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
RUN = 1000.0  # seconds of a training by a clock of the case's own: no busy machine decides
CLOCKS = ("time", "perf_counter", "monotonic", "process_time", "thread_time")
TIMED = f"""
import time, types
runs, scope, trained = [], getattr(compare, "__globals__", {{}}), after05.train
clocks = types.SimpleNamespace(**vars(time) | dict.fromkeys({CLOCKS}, lambda: 1e6 + {RUN} * len(runs)))
mine = {{name: module for name, module in scope.items() if module is time}}
try:
    after05.train = lambda *given, **named: runs.append(1) or trained(*given, **named)
    scope.update(dict.fromkeys(mine, clocks))
    rows = {ROWS}
finally:
    after05.train = trained
    scope.update(mine)
rows
"""
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


def form(rows, inputs):
    """What was tried, and whether all is there. Seconds are those of the row's runs, or few: of a clock that goes on as ever."""
    return [
        {
            "the configuration": {key: row.get(key) for key in ("hidden", "lr", "epochs", "weight_decay", "batch_size")},
            "missing": [key for key in (*NUMBERS, "seconds") if key not in row],
            "all numbers are floats": all(isinstance(row[key], float) for key in (*NUMBERS, "seconds") if key in row),
            "seconds above 0": (s := row.get("seconds", 1)) > 0,
            "trainings in the seconds": len(inputs["seeds"]) if s < RUN / 2 else round(s / RUN),
        }
        for row in rows
    ]


l2_penalty = exercise(
    "l2_penalty",
    case("two matrices", PENALTY, weights=weights((5, 4), (4, 3)), weight_decay=0.1),
    case("one matrix", PENALTY, weights=weights((6, 2)), weight_decay=0.3),
    case("three layers", PENALTY, weights=weights((7, 1), (1, 4), (4, 2)), weight_decay=0.01),
    case("float64 stays float64", PENALTY, weights=weights((5, 4), (4, 3), dtype=torch.float64), weight_decay=0.1),
    case("large weights", PENALTY, weights=weights((5, 4), (4, 3), scale=100.0), weight_decay=1e-3),
    case("no decay of float16", PENALTY, weights=weights((5, 4), (4, 3), dtype=torch.float16), weight_decay=0.0),
    mistakes={
        "You square the sum; add the squares.": edit("(w**2).sum() for w in weights)", "w.sum() for w in weights) ** 2"),
        "That squares each column's sum, as (w @ w.T).sum() does; square each weight (w * w).": edit("(w**2)", "(w @ w.T)"),
        "The half is missing: the penalty is 1/2 * weight_decay * sum of squares.": edit("0.5 * ", ""),
        "You take the root of the sum of squares; the penalty is the sum itself.": edit("in weights)", "in weights) ** 0.5"),
        "You add up the norms of the matrices; square them (no root).": edit("(w**2).sum()", "w.norm()"),
        "You add the norms and square their sum; square each weight, then add.": edit(
            "(w**2).sum() for w in weights)", "w.norm() for w in weights) ** 2"
        ),
        "You take the mean of each matrix' squares; add all of them up.": edit(".sum()", ".mean()"),
        "You divide by the number of weights; the penalty is a sum, not a mean.": edit(
            "in weights)", "in weights) / sum(w.numel() for w in weights)"
        ),
        "You divide by the number of matrices; the penalty is a sum over all.": edit("in weights)", "in weights) / len(weights)"),
        "That is the square of each matrix' sum; square each weight, then add.": edit("(w**2).sum()", "w.sum() ** 2"),
        "You add the weights, not their squares; positive and negative ones cancel.": edit("**2", ""),
        "You add absolute values: that is the L1 penalty. Add the squares.": edit("w**2", "w.abs()"),
        "Only the first matrix is counted; go through all of them.": edit("in weights", "in weights[:1]"),
        "Only the last matrix is counted; make the total once, and add to it.": edit("in weights", "in weights[-1:]"),
        "weight_decay is missing from your penalty; it multiplies the sum.": edit("weight_decay * ", ""),
        "weight_decay is in it twice, as when squared; multiply by it once.": edit("weight_decay *", "weight_decay**2 *"),
        "The penalty has the wrong sign: it must be positive, so that large weights make the loss larger.": edit("0.5", "-0.5"),
        "You return a Python float; return a 0-d tensor (no .item(), no float()).": edit("(w**2).sum()", "(w**2).sum().item()"),
        "Your penalty has one axis; return a 0-d tensor.": edit("(w**2).sum()", "(w**2).sum().reshape(1)"),
        "Your penalty is always float32; keep the dtype of the weights.": edit("w**2", "w.float() ** 2"),
        "You return one penalty for each matrix; add them up.": edit("return ... * sum(...)", "return [... * x for x in (...)]"),
    },
    alternatives={
        "a generator expression": edit("(w**2).sum()", "w.pow(2).sum()"),
        "all weights in one vector": body(
            "flat = torch.cat([w.reshape(-1) for w in weights])", "return 0.5 * weight_decay * (flat @ flat)"
        ),
        "einsum": edit("(w**2).sum()", "torch.einsum('ij,ij->', w, w)"),
        "squared norms": edit("(w**2).sum()", "torch.linalg.norm(w) ** 2"),
        "stacked sums": body("return torch.stack([w.square().sum() for w in weights]).sum().mul(weight_decay / 2)"),
        "a trace": edit("(w**2).sum()", "torch.trace(w.T @ w)"),
    },
    equivalent={"a number has no axis to lose": [edit("return ...", "return (...).squeeze()")]},
)

decay_step = exercise(
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
    case("a layer for images", STEP, lr=0.1, weight_decay=0.3, **layers((784, 3), (3,))),
    case("two steps", f"before = list(params); {DECAY}; {DECAY}; before", lr=0.2, weight_decay=0.6, **layers(*LAYERS)),
    case("the list still holds the parameters", f"{DECAY}; params", lr=0.1, weight_decay=0.3, **layers(*LAYERS)),
    case("it returns None", DECAY, lr=0.1, weight_decay=0.3, **layers(*LAYERS)),
    in_place=True,
    mistakes={
        "You add the penalty; add its gradient, weight_decay * w.": edit("weight_decay * p", "weight_decay / 2 * (p**2).sum()"),
        "The weights come out multiplied by weight_decay; subtract lr * weight_decay * w from them.": edit(
            "p -= ...", "p *= weight_decay ** (p.ndim == 2)\n        p -= lr * g"
        ),
        "The decay has the wrong sign: your weights grow. Add weight_decay * w to the gradient.": edit("+ weight", "- weight"),
        "You step uphill: subtract lr times the gradient and the decay.": edit("-=", "+="),
        "The gradient is followed uphill, only the decay goes down: subtract both.": edit("g +", "-g +", "else g", "else -g"),
        "The decay is not multiplied with lr; it is part of the slope.": edit("lr * (g + ... else g)", "lr * g + (... else 0)"),
        "lr is missing: multiply the gradient and the decay with it.": edit("lr * (g", "(g"),
        "lr is multiplied in twice on the decay; once is enough.": edit("+ weight", "+ lr * weight"),
        "The biases decay too; only entries with two axes do.": edit(" if p.ndim == 2 else g", ""),
        "Only the biases decay; it is the weights (two axes) that should.": edit("== 2", "== 1"),
        "Nothing decays: subtract lr * weight_decay * w from the weights, too.": edit("+ weight_decay * p", ""),
        "Only the first entry of params decays; every entry with two axes should.": edit("p.ndim == 2", "p is params[0]"),
        "Biases of more than one entry decay, too; ask for two axes (p.ndim == 2).": edit("p.ndim == 2", "len(p) > 1"),
        "You add the penalty of all weights to their slopes; a step needs its gradient, weight_decay * w.": edit(
            "weight_decay * p", "l2_penalty([q for q in params if q.ndim == 2], weight_decay)"
        ),
        "You decay every second entry; ask for two axes, whatever their place in the list.": edit(
            "p.ndim == 2", "any(p is q for q in params[::2])"
        ),
        "The biases are never moved; they do not decay, but they do follow their gradient.": edit("else g", "else 0"),
        "The entries of params stay as they were; change them in place, as p -= does.": edit("p -= lr", "p = p - lr"),
        "You put new tensors into the list; change the old ones in place, others hold them too.": edit(
            ("p, g in zip(...)", "i, (p, g) in enumerate(zip(...))"), ("p -=", "params[i] = p -")
        ),
        "You return a list of new tensors; change the entries of params in place, others hold them too.": body(
            "return [p - lr * (g + weight_decay * p if p.ndim == 2 else g) for p, g in zip(params, grads)]"
        ),
        "You return the parameters; change them in place, and return None.": edit("p -= ...", "p -= ...\n    return params"),
        "You add the decay into grads; leave the gradients as they are.": edit(
            "p -= lr * (...)", "g += weight_decay * p if p.ndim == 2 else 0\n        p -= lr * g"
        ),
        "The decay uses the weights after the step; take them from before it.": edit(
            "* (...)", "* g\n        p *= 1 - lr * weight_decay * (p.ndim == 2)"
        ),
        "The decay is twice too large: the gradient of 1/2 * wd * w**2 is wd * w.": edit("weight_decay *", "2 * weight_decay *"),
        "Half the decay that it should be: 1/2 * wd * w**2 has the slope wd * w.": edit("weight_decay *", "0.5 * weight_decay *"),
        "You decay by the sign of the weights (L1); subtract a share of the weights.": edit("decay * p", "decay * p.sign()"),
        "You only shrink the gradient; it is the weights that decay.": edit("g + weight_decay * p", "g * (1 - weight_decay)"),
    },
    alternatives={
        "shrink, then step": edit("p -= lr * (...)", "p *= 1 - lr * weight_decay * (p.ndim > 1)\n        p -= lr * g"),
        "copy_": edit("p -= ...", "p.copy_(p - lr * g - lr * (weight_decay if p.ndim == 2 else 0) * p)"),
        "slices": (
            "def decay_step(params, grads, lr, weight_decay):\n    for i, (p, g) in enumerate(zip(params, grads)):\n"
            "        old = p.clone()\n        p[...] = old - lr * g\n"
            "        if p.dim() == 2:\n            p[...] = p - lr * weight_decay * old\n"
        ),
        "a factor for each entry": body(
            "factors = [weight_decay * (p.ndim == 2) for p in params]",
            "for p, g, f in zip(params, grads, factors):",
            "    p.add_(g + f * p, alpha=-lr)",
        ),
        "with no_grad": body("with torch.no_grad():", "    right(params, grads, lr, weight_decay)"),
    },
    equivalent={
        "the lists are equally long": [edit("strict=True", "strict=False"), edit(", strict=True", "")],
        "a gradient has the shape of its parameter": [edit("p.ndim", "g.ndim")],
    },
)

early_stopping = exercise(
    "early_stopping",
    case("it stops before a lower loss comes", STOP, valid_losses=[0.9, 0.5, 0.6, 0.55, 0.4, 0.3], patience=2),
    case("one epoch more of patience", STOP, valid_losses=[0.9, 0.5, 0.6, 0.55, 0.4, 0.3], patience=3),
    case("the loss sinks to 0", STOP, valid_losses=[0.9, 0.8, 0.0, 0.6], patience=2),
    case("the loss rises from the start", STOP, valid_losses=[0.5, 0.6, 0.7, 0.8, 0.9, 0.1], patience=3),
    case("equal losses", STOP, valid_losses=[5.0, 4.0, 4.0, 4.5, 4.0], patience=4),
    case("an equal loss is none that is lower", STOP, valid_losses=[12.5, 12.4, 12.4, 12.4, 12.3], patience=2),
    case("NaN in the middle", STOP, valid_losses=[0.5, math.nan, 0.4, math.nan, 0.45], patience=3),
    case("NaN at first", STOP, valid_losses=[math.nan, 0.5, 0.4, 0.6], patience=3),
    case("NaN twice at first", STOP, valid_losses=[math.nan, math.nan, 0.5, 0.6, 0.4], patience=3),
    case("NaN until patience ends", STOP, valid_losses=[12.5, 12.4, math.nan, math.nan, 12.3], patience=2),
    case("patience counts epochs in a row", STOP, valid_losses=[0.9, 1.0, 0.8, 0.9, 0.7, 0.75, 0.6], patience=2),
    case("a loss lower than the last, not than the best", STOP, valid_losses=[0.5, 0.9, 0.8, 0.7, 0.4], patience=3),
    case("a loss that is lower by very little", STOP, valid_losses=[0.5, 0.49999, 0.49998, 0.6, 0.7], patience=2),
    case("patience 1", STOP, valid_losses=[0.9, 0.8, 0.85, 0.1], patience=1),
    case("one epoch", STOP, valid_losses=[0.7], patience=5),
    case("losses of millions", STOP, valid_losses=[9e6, 7.5e6, 8e6, 7e6, 7.2e6, 7.3e6], patience=2),
    case("twenty noisy losses", STOP, valid_losses=wandering(20), patience=3),
    case("thirty noisy losses", STOP, valid_losses=wandering(30), patience=4),
    mistakes={
        "A loss that is a little lower does not count; compare with <, no margin.": edit("loss < lowest", "loss < lowest - 1e-3"),
        "You look at the first epochs only; patience begins anew with each lower loss.": body(
            "first = valid_losses[: patience + 1]", "return first.index(min(first))"
        ),
        "You look at epochs after the stop: the lowest of all losses may come too late.": edit("break", "pass"),
        "You return the epoch at which training stops; return the best one.": edit("return best", "return epoch"),
        "You leave out the NaNs, and count later epochs too low; each NaN is an epoch without a lower loss.": body(
            "return right([loss for loss in valid_losses if loss == loss], patience)"
        ),
        "You return the epoch of the first NaN, as argmin does; a NaN is never best.": body(
            "best = right(valid_losses, patience)",
            "nan = [i for i, loss in enumerate(valid_losses[: best + patience + 1]) if loss != loss]",
            "return (nan or [best])[0]",
        ),
        "You return the list's last epoch; return the best before the stop.": edit("return best", "return len(valid_losses) - 1"),
        "Your epoch is one too large, as if counted from 1; the first one is 0.": edit("return best", "return best + 1"),
        "Of equal losses you keep the latest; the earliest is best: compare with < and not with <=.": edit("<", "<="),
        "You stop one epoch too late: patience epochs without a lower loss are enough.": edit("== patience", "> patience"),
        "You stop one epoch too early: wait for the full patience.": edit("== patience", ">= max(1, patience - 1)"),
        "You look at patience epochs in all; count anew after each lower loss: patience means epochs in a row.": edit(
            "lowest, waited = epoch, loss, 0", "lowest = epoch, loss", "==", ">="
        ),
        "You never set the count of worse epochs back: patience means epochs in a row.": edit(
            "waited += 1", "waited += not loss < lowest", "lowest, waited = epoch, loss, 0", "lowest = epoch, loss", "==", ">="
        ),
        "You compare with the loss of the epoch before; compare with the lowest so far.": edit(
            "        if waited", "        lowest = loss\n        if waited"
        ),
        "A NaN is taken for a lower loss; ask for loss < lowest, false for NaN.": edit("loss < lowest", "not loss >= lowest"),
        "A NaN in the first epoch stays the lowest for good, for nothing is below NaN; take infinity in its place.": edit(
            "math.inf", "valid_losses[0]", "enumerate(valid_losses)", "list(enumerate(valid_losses))[1:]"
        ),
        "A NaN does not count as an epoch without a lower loss; it should.": edit("waited += 1", "waited += loss == loss"),
        "An equal loss does not count as an epoch without a lower; it should.": edit("waited += 1", "waited += loss != lowest"),
        "You return the loss; return the epoch that it belongs to.": edit("return best", "return lowest"),
        "You return the highest loss' epoch; lower is better.": edit("<", ">", "math.inf", "-math.inf"),
        "Large losses are never best, as when the lowest starts at 1; start from infinity.": edit("math.inf", "1.0"),
        "You return how many epochs were run; return the best one's number.": edit("return best", "return epoch + 1"),
        "You return the epoch and the loss; return the epoch alone.": edit("return best", "return best, lowest"),
    },
    alternatives={
        "the distance from the best epoch": edit("waited += 1", "waited = epoch - best"),
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
)

compare = exercise(
    "compare",
    case(
        "a row says what was tried and what came of it",
        TIMED,
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
    comparison("a row with settings of its own beside one with others", config(), config(hidden=5, lr=0.3, epochs=2), weight=2),
    comparison("the same configuration twice", config(), config()),
    comparison("weight_decay is obeyed", config(), config(weight_decay=2.0)),
    comparison("batch_size is obeyed, and is 16 where none is given", config(batch_size=20), config(), config(batch_size=5)),
    comparison("falling and momentum are obeyed", config(falling=True), config(momentum=0.9)),
    comparison("after many epochs the loss rises: what counts is the last", config(lr=0.5, epochs=4)),
    mistakes={
        "The results of earlier configurations still count: begin a new list for each.": edit(
            "rows = []", "rows, histories = [], []", "histories = [train", "histories += [train"
        ),
        "You train with the seeds 0, 1, ...; use those that you are given.": edit("in seeds", "in range(len(seeds))"),
        "Only hidden, lr, epochs and weight_decay reach the training; a configuration may hold others: **config.": edit(
            "**config)", "**{k: config[k] for k in ('hidden', 'lr', 'epochs', 'weight_decay')})"
        ),
        "All results are those of the first seed; train and count with every seed.": edit("in seeds", "in seeds[:1] * 2"),
        "Only the first two seeds count; use all that you are given.": edit("in seeds", "in seeds[:2]"),
        "Your mean is the last seed's result alone; take the mean over all seeds.": edit("last.mean()", "last[-1]"),
        "You report the best seed; take the mean.": edit("last.mean()", '(last.max() if name == "accuracy" else last.min())'),
        "Your spread divides by n; for a sample of seeds divide by n - 1.": edit("std()", "std(correction=0)"),
        "You report the variance; the spread is its root.": edit("std()", "var()"),
        "Your spread is the standard error of the mean; give the sample standard deviation, not divided by the root of n.": edit(
            "std().item()", "std().item() / math.sqrt(len(seeds))"
        ),
        "Each row gets other seeds; a fair comparison uses the same ones.": edit("seed,", "seed + 100 * len(rows),"),
        "You ignore the seeds: each call gives other numbers.": edit("valid, seed,", "valid, int(torch.randint(10**6, ())),"),
        "You report the training images' results; judge on the validation images.": edit("(train, valid, s", "(train, train, s"),
        "You train on the validation images; they are for judging only.": edit("(train, valid, s", "(valid, valid, s"),
        "Training and validation images are swapped; pass train, then valid.": edit("(train, valid, s", "(valid, train, s"),
        "You report the training loss; report the validation loss.": edit(
            'f"valid_{name}"', '"train_loss" if name == "loss" else "valid_accuracy"'
        ),
        "You report the first epoch; report the last.": edit("[-1]", "[0]"),
        "You report the mean over the epochs; report the last.": edit(
            'history[f"valid_{name}"][-1]', 'tensor(history[f"valid_{name}"]).double().mean().item()'
        ),
        "You report the best epoch, which flatters; report the last.": edit(
            'history[f"valid_{name}"][-1]', '(max if name == "accuracy" else min)(history[f"valid_{name}"])'
        ),
        "Every row is trained with the first configuration; use each one's own.": edit("**config", "**configs[0]"),
        "Every row is trained for as long as the first; use each configuration's epochs.": edit(
            "**config", "**config | {'epochs': configs[0]['epochs']}"
        ),
        "weight_decay has no effect on the training; pass on **config.": edit("**config", "**config | {'weight_decay': 0.0}"),
        "batch_size is not passed on to the training; pass the whole configuration.": edit(
            "**config", "**{k: v for k, v in config.items() if k != 'batch_size'}"
        ),
        "Your rows lack the configuration's keys; begin each with a copy of the configuration.": edit("dict(config)", "{}"),
        "Your rows lack the key seconds; in it each says how long its runs took.": edit(' | {"seconds": ...}', ""),
        "Your seconds are not above 0: subtract the time before the first run from that after the last.": edit(
            "time.perf_counter() - started", "started - time.perf_counter()"
        ),
        "Your seconds are those of one run; a row's are those of all its runs.": edit(
            "time.perf_counter() - started", "(time.perf_counter() - started) / len(seeds)"
        ),
        "Your seconds hold those of the rows before, too: set the start (or the sum) anew for each row.": edit(
            ("started = time.perf_counter()", "pass"), ("rows = []", "rows, started = [], time.perf_counter()")
        ),
        "seconds is what the clock shows; subtract the time at which the row began.": edit("perf_counter() - started", "time()"),
        "All rows are the last one, as where one dict is filled anew each time; make a new dict for each configuration.": edit(
            ("rows = []", "rows, row = [], {}"),
            ("row = dict(config)", "row |= config"),
            ("rows.append(row | ...)", "row |= ...\n        rows.append(row)"),
        ),
        "Only the last row comes back; begin the list before the loop, and append.": edit("rows.append(...)", "rows = [...]"),
        "Accuracies are percentages; give fractions of 1.": edit("[-1] for", '[-1] * (100 if name == "accuracy" else 1) for'),
        "Your means are tensors or arrays; give Python floats.": edit("mean().item()", "mean()"),
        "The penalty is counted in the loss; report the loss without it.": edit(
            'history["valid_loss"][-1])',
            'history["valid_loss"][-1] + config["weight_decay"] / 2 * sum((p**2).sum().item() for p in params[::2]))',
        ).of(COMPARE),
        "The configurations are changed, as by row = config; put the results into a copy.": edit("dict(config)", "config"),
    },
    alternatives={
        "lists and numpy": COMPARE,
        "the statistics module": edit(
            ("    rows =", "    from statistics import mean, stdev\n    rows ="),
            ("np.mean", "mean"),
            ("np.std(..., ddof=1)", "stdev(...)"),
        ).of(COMPARE),
        "by hand": edit(
            ("    rows =", "    sd = lambda v: math.sqrt(sum((a - sum(v) / len(v)) ** 2 for a in v) / (len(v) - 1))\n    rows ="),
            ("np.mean(...)", "sum(...) / len(seeds)"),
            ("np.std(..., ddof=1)", "sd(...)"),
        ).of(COMPARE),
        "judged with its own forward pass": edit(
            ('history["valid_loss"][-1]', "evaluate(params, *valid)[0]"),
            ('history["valid_accuracy"][-1]', "evaluate(params, *valid)[1]"),
        ).of(COMPARE),
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
)

EXERCISES = [l2_penalty, decay_step, early_stopping, compare]


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
CHALLENGE = challenge("train", "(lambda classify: [classify(part) for part in unseen])(train(images, labels))", draw, seconds=40)
