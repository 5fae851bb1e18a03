"""The exercises of notebook 04: probabilities, cross-entropy and its gradient, a training loop, a choice of learning rate."""

import torch

from autograder.checks import body, case, edit, exercise, generator, gradient, labels, normal, uniform

TRUTH = "truth = torch.eye(logits.shape[1], dtype=logits.dtype)[labels]"  # one-hot rows
EPSILONS = (1e-12, 1e-8, 1e-7, 1e-5, 1e-3)
TINY = (1e-30, *EPSILONS)  # what float32 can still add to 0
HUGE = uniform(6, 10, low=-1e4, high=1e4)
# Probabilities from 1 to 1e-26: as small slopes they tell a formula from a difference quotient, see `spread`.
ORDERS = uniform(1, 200, low=-60, high=0, dtype=torch.float64)


def uneven(g):
    """Rows thousands apart: what is shifted by one number for all rows loses most of them."""
    return torch.randn(5, 10, generator=g) + torch.tensor([[-5000.0], [0.0], [95.0], [1000.0], [9000.0]])


def ties(g):
    return torch.randn(4, 1, generator=g).expand(4, 7).clone()


def sure(g):
    """Scores that differ by about a hundred: probabilities near 0 and near 1."""
    return 60 * torch.randn(12, 10, generator=g)


def below(g):
    """Scores (10, 10) in which that of row i, column i is 5 to 35 below the others."""
    return 0.1 * torch.randn(10, 10, generator=g) - torch.diag(torch.linspace(5, 35, 10))


def few_classes(g):
    """Labels (12,) among which most classes do not occur."""
    return torch.randint(3, 6, (12,), generator=g)


ACCURACY = "accuracy(logits, labels)"
REFUSED = dict(raises=ValueError, logits=normal(12, 4))


# One set of shapes and sizes for the three functions of one argument.
def on_scores(function):
    call = f"{function}(z)"
    return (
        case("a random batch", call, z=normal(5, 10)),
        case("as many rows as columns", call, z=normal(6, 6)),
        case("a single row", call, z=normal(1, 10)),
        case("a single class", call, z=normal(4, 1)),
        case("equal scores", call, z=ties),
        case("rows thousands apart", call, weight=2, z=uneven),
        case("scores up to 10,000 in size", call, weight=2, z=HUGE),
        case("scores far below zero", call, z=normal(4, 10, mean=-2000, sd=3)),
        case("float64 stays float64", call, z=normal(4, 7, sd=3, dtype=torch.float64)),
    )


# The same for the two losses, which take labels too.
def on_labels(call, scores, wide, huge, double=None):
    return (
        case("a random batch", call, scores=scores(12, 10), labels=labels(12)),
        case("as many rows as classes", call, scores=scores(6, 6), labels=labels(6, 6)),
        case("a single row", call, scores=scores(1, 10), labels=labels(1)),
        case("classes that do not occur", call, scores=scores(12, 10), labels=few_classes),
        case("sure, right or wrong", call, weight=2, scores=wide, labels=labels(12)),
        case("scores up to 10,000 in size", call, weight=2, scores=huge, labels=labels(6)),
        case("float64 stays float64", call, scores=double or scores(1, 4, dtype=torch.float64), labels=labels(1, 4)),
    )


def log_probs(*shape, dtype=torch.float32):
    return lambda g: torch.randn(*shape, generator=g, dtype=torch.float64).log_softmax(dim=1).to(dtype)


def training_pair(n, features=5, classes=3, scale=1.0, dtype=torch.float32):
    return lambda g: (
        (scale * torch.randn(n, features, generator=g, dtype=torch.float64)).to(dtype),
        torch.randint(classes, (n,), generator=g),
    )


def pairs(n, m, **how):
    return dict(train=training_pair(n, **how), valid=training_pair(m, **how))


def same_rows(n, features=5, classes=3):
    """One row n times: whatever the order, training goes the same way."""

    def make(g):
        x = torch.randn(1, features, generator=g)
        return x.repeat(n, 1), torch.full((n,), int(torch.randint(classes, (), generator=g)))

    return make


def parameters(features=5, classes=3, dtype=torch.float32):
    return lambda g: [
        torch.randn(features, classes, generator=g, dtype=torch.float64).to(dtype),
        torch.randn(classes, generator=g, dtype=torch.float64).to(dtype),
    ]


def integers_below(high):
    return lambda g: int(torch.randint(high, (), generator=g))


# The order of the rows is the student's affair, so every case of `fit` is one whose result does not depend on it.
KEPT = '{k: history[k] for k in ("train_loss", "valid_loss", "valid_accuracy")}'
TRAINED = f"kept = list(params); history = fit(params, train, valid, lr, epochs, batch_size, generator); ({KEPT}, kept)"
RUNS = """
def run(seed, epochs=2):
    generator = torch.Generator().manual_seed(seed)
    return fit([p.clone() for p in params], train, valid, 0.1, epochs, 5, generator), generator.get_state()

(first, state), (again, _), (other, _), (_, shorter) = run(1), run(1), run(2), run(1, epochs=1)
{"one seed, one run": first == again, "two seeds, two runs": first != other, "every epoch draws": not torch.equal(shorter, state)}
"""


def training(title, code=TRAINED, *, weight=1, **changes):
    """A case of `fit`: in one batch, where nothing else is said."""
    usual = dict(params=parameters(), **pairs(12, 9))
    return case(title, code, weight=weight, **usual | dict(lr=0.5, epochs=2, batch_size=12, generator=generator()) | changes)


def sweeping(title, code, *, weight=1, **changes):
    """A case of `lr_sweep`: two epochs of several batches, where nothing else is said."""
    usual = dict(start=parameters(), train=training_pair(8, scale=3.0), valid=training_pair(9))
    return case(title, code, weight=weight, **usual | dict(epochs=2, batch_size=3, seed=integers_below(1000)) | changes)


ALIKE = (torch.ones(3, 9), torch.tensor([0, 0, 1]))


def sweep(lrs):
    return f"lr_sweep({lrs}, lambda: [p.clone() for p in start], train, valid, epochs, batch_size, seed)"


OWN_FIT = f"""
generator = torch.Generator().manual_seed(seed)
history = fit([p.clone() for p in start], train, valid, 0.1, epochs, batch_size, generator)
abs({sweep([0.1])}[0.1] - min(history["valid_loss"])) < 1e-6
"""

FIT = """
def fit(params, train, valid, lr, epochs, batch_size, generator):
    w, b = params
    x, y = train
    history = {"train_loss": [], "valid_loss": [], "valid_accuracy": []}
    for _ in range(epochs):
        total = 0.0
        order = torch.randperm(len(y), generator=generator)
        for start in range(0, len(y), batch_size):
            rows = order[start : start + batch_size]
            logits = x[rows] @ w + b
            loss = cross_entropy(logits, y[rows]).item()
            total += loss * len(rows)
            dz = cross_entropy_gradient(logits, y[rows])
            w -= lr * (x[rows].T @ dz)
            b -= lr * dz.sum(dim=0)
        logits = valid[0] @ w + b
        history["train_loss"].append(total / len(y))
        history["valid_loss"].append(cross_entropy(logits, valid[1]).item())
        history["valid_accuracy"].append(accuracy(logits, valid[1]))
    return history
"""
LR_SWEEP = """
def lr_sweep(lrs, init, train, valid, epochs, batch_size, seed):
    lowest = {}
    for lr in lrs:
        generator = torch.Generator().manual_seed(seed)
        history = fit(init(), train, valid, lr, epochs, batch_size, generator)
        losses = history["valid_loss"]
        failed = any(loss != loss for loss in losses)
        lowest[lr] = float("inf") if failed else min(losses)
    return lowest
"""


softmax = exercise(
    "softmax",
    *on_scores("softmax"),
    mistakes={
        "You divide the scores by the row's standard deviation, which changes the answer; only subtract the row's maximum.": body(
            "e = ((z - z.mean(dim=1, keepdim=True)) / z.std(dim=1, keepdim=True)).exp()", "return e / e.sum(dim=1, keepdim=True)"
        ),
        "Rows of very large scores, or all far below 0, become 0, as by nan_to_num; subtract the row's maximum first.": body(
            "return (z.exp() / z.exp().sum(dim=1, keepdim=True)).nan_to_num()"
        ),
        "You share out sigmoids; softmax shares out exponentials.": edit("(z - ...).exp()", "1 / (1 + (-z).exp())"),
        "Your softmax normalises down the columns; use the last axis of z, dim=1.": edit("dim=1", "dim=0"),
        "You normalise over the whole batch; each row has its own sum.": edit("sum(dim=1, keepdim=True)", "sum()"),
        "exp overflows from a score of 89 on; subtract the largest score of each row first.": edit("- z.amax(...)", ""),
        "You subtract the largest score of the whole batch; each row needs its own.": edit("amax(dim=1, keepdim=True)", "max()"),
        "You subtract each column's largest score; that changes the answer: take each row's.": edit("amax(dim=1", "amax(dim=0"),
        "You subtract the smallest score; it is the largest exponent that must become 0.": edit("amax", "amin"),
        "What you subtract is not the row's largest score, and exp still overflows; subtract the maximum.": edit("amax", "mean"),
        "The sums lose their axis and divide the columns; make them (N, 1), with keepdim=True.": edit("sum(...)", "sum(dim=1)"),
        "The maxima lose their axis and shift the columns; make them (N, 1): keepdim=True.": edit("amax(...)", "amax(dim=1)"),
        "Where exp underflows, rows sum to 0, as with {epsilon} added to the divisor; subtract the row's maximum instead.": edit(
            ("(z - ...)", "z"), ("e.sum(...)", "(e.sum(...) + {epsilon})"), epsilon=EPSILONS
        ),
        "The sum is at least 1 after the shift, so {epsilon} in the divisor only makes the result wrong; leave it out.": edit(
            "e.sum(...)", "(e.sum(...) + {epsilon})", epsilon=EPSILONS[1:]
        ),
        "Scores far from 0 count the same, as when cut off at -{bound} and {bound}; subtract the row's maximum instead.": edit(
            "(z - ...)", "z.clamp(-{bound}, {bound})", bound=(20, 50, 80, 88)
        ),
        "Large scores of a row all count the same, as when cut off at {bound}; subtract the row's maximum instead.": edit(
            "(z - ...)", "z.clamp(max={bound})", bound=(20, 50, 80, 88)
        ),
        "That is a sigmoid, which judges each score alone; divide exp(z) by its row's sum.": body("return 1 / (1 + (-z).exp())"),
        "You divide the shifted scores by their sum; take the exponential of them first.": edit(".exp()", ""),
        "The largest entry of each row is 1: divide by the sum of the row, not by its largest.": edit("sum", "amax"),
        "These are the logarithms of the probabilities; softmax returns the probabilities.": body("return log_softmax(z)"),
        "You shift the numerator only; both must have the same shift.": edit("e.sum", "z.exp().sum"),
        "You shift the divisor only; both must have the same shift.": edit("return e /", "return z.exp() /"),
        "Smaller scores get more probability; the sign in the exponent is wrong.": edit("z - z.amax(...)", "z.amin(...) - z"),
        "You take powers of 2; softmax is defined with e, so use exp.": edit("exp", "exp2"),
        "You change the scores that come in, as by z -= ...; make a new tensor, as by z = z - ...": edit(
            "e = (...)", "z -= z.amax(dim=1, keepdim=True)\n    e = z"
        ),
        "The result is always float32; keep the dtype of the scores.": edit("exp", "float().exp"),
    },
    alternatives={
        "a loop over rows, stacked": body(
            "rows = []",
            "for row in z:",
            "    e = torch.exp(row - row.max())",
            "    rows.append(e / e.sum())",
            "return torch.stack(rows)",
        ),
        "through its own logarithm": body("return torch.exp(z - logsumexp(z))"),
        "the last axis as -1, max with values": body(
            "shifted = z - z.max(-1, keepdim=True).values", "return torch.exp(shifted) / torch.exp(shifted).sum(-1, keepdim=True)"
        ),
        "from all differences of scores": body("return 1 / (z[:, None, :] - z[:, :, None]).exp().sum(dim=2)"),
        "einsum": body("e = (z - z.amax(1)[:, None]).exp()", 'return torch.einsum("nc,n->nc", e, 1 / torch.einsum("nc->n", e))'),
        "in place, on a copy": body(
            "z = z.clone()", "z.sub_(z.amax(dim=1, keepdim=True)).exp_()", "return z.div_(z.sum(dim=1, keepdim=True))"
        ),
        "clamped where no digit shows it": edit(".exp()", ".clamp(min=-50).exp()"),
        "NumPy, in float64": body(
            "a = z.numpy().astype(np.float64)",
            "e = np.exp(a - a.max(axis=1, keepdims=True))",
            "return torch.from_numpy(e / e.sum(axis=1, keepdims=True)).to(z.dtype)",
        ),
        "transposed": body("e = (z.T - z.T.max(dim=0).values).exp()", "return (e / e.sum(dim=0)).T"),
    },
    equivalent={"a factor of e cancels": [edit("e = (z", "e = -(z"), edit(".exp()", ".exp() * 2"), edit(".exp()", ".exp() / 2")]},
)

logsumexp = exercise(
    "logsumexp",
    *on_scores("logsumexp"),
    mistakes={
        "You subtract the maximum and leave it out of the result; add it back.": edit("top +", ""),
        "You subtract the maximum once more; it has to be added back.": edit("top +", "", "log()", "log() - top"),
        "exp overflows from a score of 89 on; subtract the largest score of each row first.": edit("z.amax", "-z.amax"),
        "You shift by the largest score of the whole batch; each row needs its own.": edit("amax(dim=1, keepdim=True)", "amax()"),
        "Scores far apart give inf: shift by the row's largest score, and add that back.": edit("amax", "amin"),
        "You sum down the columns; use the last axis, dim=1.": edit("dim=1", "dim=0"),
        "You sum down the columns; sum along the rows, dim=1.": edit(("dim=1", "dim=0"), ("return ...", "return (...).T")),
        "The shape should be (N, 1), not (N,); keep the axis of length 1.": edit(", keepdim=True", "", "- top", "- top[:, None]"),
        "Adding (N, 1) and (N,) gives N x N numbers; make both (N, 1), with keepdim=True.": edit("sum(...)", "sum(dim=1)"),
        "That is the sum of the scores; sum their exponentials, then take one log.": body("return z.sum(1, True)"),
        "That is the largest score; the other scores count too.": edit(".sum", ".amax"),
        "Scores equal to the maximum are lost; every score of the row belongs into the sum.": edit(
            "return top +", "rest =", ".sum", "* (z != top)\n    return top + rest.sum", ".log", ".log1p"
        ),
        "The sum has a 1 too many, as with log1p; the maximum's own term is in it already.": edit(".log", ".log1p"),
        "You take the mean of the exponentials; take their sum.": edit(".sum", ".mean"),
        "You use the logarithm to base 2; exp and log belong together.": edit(".log", ".log2"),
        "The logarithm is missing; without it the shift cannot be undone by an addition.": edit(".log()", ""),
        "You change the scores that come in, as by z -= ...; make a new tensor, as by z = z - ...": edit(
            "return top + (z - top)", "z -= top\n    return top + z"
        ),
        "Your result never falls below log({epsilon}), as with {epsilon} added in the log; shift by the row's maximum.": edit(
            ("top + (z - top)", "(z"), (".log()", " + {epsilon}).log()"), epsilon=EPSILONS
        ),
    },
    alternatives={
        "a loop over rows": body(
            "result = torch.empty(len(z), 1, dtype=z.dtype)",
            "for i, row in enumerate(z):",
            "    result[i] = row.max() + torch.log(torch.sum(torch.exp(row - row.max())))",
            "return result",
        ),
        "folded with logaddexp": body(
            "total = z[:, :1]",
            "for k in range(1, z.shape[1]):",
            "    total = torch.logaddexp(total, z[:, k : k + 1])",
            "return total",
        ),
        "flat, then unsqueezed": body("top = z.max(-1).values", "return (top + (z.T - top).T.exp().sum(-1).log()).unsqueeze(-1)"),
        "a matrix product with ones": body(
            "top = z.amax(-1, keepdim=True)",
            "return top + torch.log(torch.exp(z - top) @ torch.ones(z.shape[1], 1, dtype=z.dtype))",
        ),
        "log1p of the others": body(
            "ordered = z.sort(dim=1, descending=True).values",
            "return ordered[:, :1] + (ordered[:, 1:] - ordered[:, :1]).exp().sum(dim=1, keepdim=True).log1p()",
        ),
        "NumPy": body(
            "a = z.numpy()",
            "top = a.max(axis=1, keepdims=True)",
            "return torch.from_numpy(top + np.log(np.exp(a - top).sum(axis=1, keepdims=True)))",
        ),
    },
)

log_softmax = exercise(
    "log_softmax",
    *on_scores("log_softmax"),
    case("gaps of more than 104", "log_softmax(z)", weight=2, z=lambda g: 150 * torch.randn(6, 5, generator=g)),
    case("two large scores beside a small one", "log_softmax(z)", z=torch.tensor([[0.0, 200.0, 200.0]])),
    mistakes={
        "Where exp underflows you get -inf, as by log(softmax(z)); use z - logsumexp(z).": body("return softmax(z).log()"),
        "exp overflows from a score of 89 on; subtract the log-sum-exp, which shifts by the row's maximum.": body(
            "e = z.exp()", "return (e / e.sum(dim=1, keepdim=True)).log()"
        ),
        "The sum of the exponentials overflows; use your logsumexp, which shifts by the row's maximum.": body(
            "return z - z.exp().sum(dim=1, keepdim=True).log()"
        ),
        "Your result never falls below log({epsilon}), as with {epsilon} added to p; take the scores minus log-sum-exp.": edit(
            "shifted - logsumexp(shifted)", "(softmax(z) + {epsilon}).log()", epsilon=TINY
        ),
        "Your result never falls below log({epsilon}), as with p clamped there; subtract the log-sum-exp from the scores.": edit(
            "shifted - logsumexp(shifted)", "softmax(z).clamp(min={epsilon}).log()", epsilon=TINY
        ),
        "Your result never falls below the log of the smallest float, as with p clamped; take scores minus log-sum-exp.": edit(
            "shifted - logsumexp(shifted)", "softmax(z).clamp(min=torch.finfo(torch.float32).tiny).log()"
        ),
        "You put the lowest float in the place of -inf; subtract the log-sum-exp from the scores.": edit(
            "shifted - logsumexp(shifted)", "softmax(z).log().nan_to_num()"
        ),
        "You normalise down the columns; use the last axis of z, dim=1.": body("return (z.T - logsumexp(z.T)).T"),
        "The sign is wrong; a log-probability is never positive.": edit("return ...", "return -(...)"),
        "You subtract the maximum twice; subtract the log-sum-exp, which has it, from z itself.": edit("(shifted)", "(z)"),
        "The scores are unshifted, their log-sum-exp is shifted; shift both or none.": edit("return shifted", "return z"),
        "The log-sum-exp loses its axis and is subtracted from columns; keep (N, 1).": body("return z - logsumexp(z).squeeze(1)"),
        "These are the probabilities; their logarithm is asked for.": body("return softmax(z)"),
        "You only subtract the maximum; subtract the log-sum-exp, so that probabilities sum to 1.": edit("- logsumexp(...)", ""),
        "You shift by the largest score of the whole batch; each row needs its own.": body(
            "z = z - z.max()", "return z - z.exp().sum(dim=1, keepdim=True).log()"
        ),
        "You add the log-sum-exp; dividing by the sum means subtracting its logarithm.": body("return z + logsumexp(z)"),
        "You divide by the log-sum-exp; dividing by the sum means subtracting its logarithm.": body("return z / logsumexp(z)"),
        "You use the logarithm to base 2; log-probabilities here are natural.": body("return (z - logsumexp(z)) / math.log(2)"),
        "You change the scores in place; make a new tensor, z = z - ...": body("z -= logsumexp(z)", "return z"),
    },
    alternatives={
        "the scores minus their log-sum-exp": body("return z - logsumexp(z)"),
        "written out, dim=-1": body(
            "z = z - z.max(dim=-1, keepdim=True)[0]", "return z - torch.log(torch.sum(torch.exp(z), dim=-1, keepdim=True))"
        ),
        "a loop over rows": body("return torch.stack([row - row.max() - (row - row.max()).exp().sum().log() for row in z])"),
        "in float64, then back": body("wide = z.double()", "return (wide - logsumexp(wide)).to(z.dtype)"),
        "applied twice, which changes nothing": body("z = z - logsumexp(z)", "return z - logsumexp(z)"),
        "in place, on a copy": body("z = z.clone()", "z -= z.amax(1, True)", "z -= z.exp().sum(1, True).log()", "return z"),
    },
    equivalent={"logsumexp shifts by itself": ["z - z.amax(dim=1, keepdim=True)"]},
)

nll = exercise(
    "nll",
    *on_labels(
        "nll(scores, labels)", log_probs, wide=lambda g: sure(g).log_softmax(dim=1), huge=lambda g: HUGE(g).log_softmax(dim=1)
    ),
    mistakes={
        "Every row is picked with every label, as by [:, labels]; take each row's own label, [torch.arange(N), labels].": edit(
            "torch.arange(len(labels))", ":"
        ),
        "That is the sum over the rows; take the mean.": edit("mean", "sum"),
        "The sign is wrong; a loss is never negative.": edit("-log_probs", "log_probs"),
        "You divide by N * C; the loss is a mean over the N rows.": edit("mean()", "sum() / log_probs.numel()"),
        "You divide by the number of classes; the loss is a mean over the rows.": edit("mean()", "sum() / log_probs.shape[1]"),
        "You take the logarithm again; nll gets log-probabilities, not probabilities.": edit("mean", "log().mean"),
        "You turn the log-probabilities back into probabilities; average them as they are.": edit("mean", "exp().mean"),
        "You average the probabilities before the logarithm; average the log-probabilities.": edit("mean", "exp().mean().log"),
        "You price the most probable class; price the label of each row.": edit("[...]", ".amax(dim=1)"),
        "You average over all classes; only the label of each row counts.": edit("[...]", ""),
        "That is one loss for each row; take the mean of them.": edit(".mean()", ""),
        "You return a Python number; the loss is a 0-d tensor: use tensors to the end.": edit("mean()", "mean().item()"),
        "The result has an axis too many; the loss is a 0-d tensor.": edit("mean()", "mean(dim=0, keepdim=True)"),
        "You count in bits; use natural logarithms as they come in.": edit("mean()", "mean() / math.log(2)"),
        "Classes are counted from 0; do not subtract 1 from the labels.": edit("labels]", "labels - 1]"),
        "That is the median; the loss is the mean.": edit("mean", "median"),
        "Only the last row is charged: add up the rows, with +=.": edit(".mean()", "[-1] / len(labels)"),
        "The loss of a row is capped at -log({epsilon}), as by a clamp; take the log-probabilities as they are.": edit(
            "-log_probs", "-log_probs.clamp(min=math.log({epsilon}))", epsilon=TINY
        ),
        "The result is always float32; keep the dtype of log_probs.": edit("mean()", "mean().float()"),
        "The loss of a row is capped at -log({epsilon}), as by adding {epsilon} to p; take log_probs as they are.": edit(
            "-log_probs", "-(log_probs.exp() + {epsilon}).log()", epsilon=EPSILONS
        ),
    },
    alternatives={
        "gather": body("return -log_probs.gather(1, labels.unsqueeze(1)).mean()"),
        "a loop over rows": body(
            "total = 0",
            "for row, label in zip(log_probs, labels):",
            "    total = total - row[label]",
            "return total / len(labels)",
        ),
        "a mask": edit(
            ("return", "mask = labels[:, None] == torch.arange(log_probs.shape[1])\n    return"),
            ("torch.arange(len(labels)), labels", "mask"),
        ),
        "a sum over one-hot rows": body(
            "truth = torch.eye(log_probs.shape[-1], dtype=log_probs.dtype)[labels]",
            'return torch.einsum("nc,nc->", log_probs, -truth) / log_probs.shape[0]',
        ),
        "range as an index": body("return torch.mean(-1 * log_probs[range(log_probs.size(0)), labels])"),
        "the diagonal of all pairs": edit("[torch.arange(len(labels)), labels]", "[:, labels].diagonal()"),
    },
    equivalent={
        "a vector has one axis": ["mean()"],
        "a number has no axis to lose": [edit("return ...", "return (...).squeeze()")],
    },
)

cross_entropy = exercise(
    "cross_entropy",
    *on_labels("cross_entropy(scores, labels)", normal, wide=sure, huge=HUGE),
    case(
        "perfect predictions cost nothing",
        "cross_entropy(scores, labels)",
        scores=lambda g: 80 * torch.eye(10)[labels(10)(g)],
        labels=labels(10),
    ),
    case("the label's score 5 to 35 below the best", "cross_entropy(scores, labels)", scores=below, labels=torch.arange(10)),
    case("no information at all", "cross_entropy(scores, labels)", scores=lambda g: torch.zeros(4, 10), labels=labels(4)),
    case("rows thousands apart", "cross_entropy(scores, labels)", scores=uneven, labels=labels(5)),
    mistakes={
        "You average the probabilities, then take the logarithm; take the logarithm of each, then the mean.": body(
            "return -softmax(logits)[torch.arange(len(labels)), labels].mean().log()"
        ),
        "Softmax is applied twice; log_softmax takes the logits as they are.": edit("(logits)", "(softmax(logits))"),
        "Where softmax underflows the loss is inf; use log_softmax.": edit("log_softmax(...)", "softmax(...).log()"),
        "exp overflows from a score of 89 on; use log_softmax.": edit(
            ("return", "e = logits.exp()\n    return"), ("log_softmax(...)", "(e / e.sum(dim=1, keepdim=True)).log()")
        ),
        "The sum of the exponentials overflows; use your logsumexp, which shifts by the row's maximum.": edit(
            "log_softmax(logits)", "logits - logits.exp().sum(dim=1, keepdim=True).log()"
        ),
        "A row's loss is capped at -log({epsilon}), as by {epsilon} added to p, without a gradient there; use log_softmax.": edit(
            "log_softmax(logits)", "(softmax(logits) + {epsilon}).log()", epsilon=TINY
        ),
        "A row's loss is capped at -log({epsilon}), as by a clamp of p, and has no gradient there; use log_softmax.": edit(
            "log_softmax(logits)", "softmax(logits).clamp({epsilon}, 1 - {epsilon}).log()", epsilon=EPSILONS
        ),
        "You count in bits; use the natural logarithm.": edit("nll(...)", "nll(...) / math.log(2)"),
        "That is the sum over the rows; take the mean.": edit("nll(...)", "nll(...) * len(labels)"),
        "You divide by N * C; the loss is a mean over the N rows.": edit("nll(...)", "nll(...) / logits.shape[1]"),
        "The sign is wrong; a loss is never negative.": edit("nll", "-nll"),
        "The softmax is missing, logits are averaged; average log_softmax.": edit("log_softmax(logits)", "logits"),
        "The logarithm is missing, probabilities are averaged; average what log_softmax gives.": edit("log_softmax", "softmax"),
        "You normalise down the columns; softmax works along each row.": edit("(logits)", "(logits.T).T"),
        "You subtract the largest logit of the whole batch; each row needs its own.": body(
            "shifted = logits - logits.max()", "return nll(shifted - shifted.exp().sum(dim=1, keepdim=True).log(), labels)"
        ),
        "That is a yes/no loss for each class (one-vs-rest); cross-entropy only prices the label of each row.": body(
            TRUTH, "return (logits.clamp(min=0) - logits * truth + (-logits.abs()).exp().log1p()).sum(dim=1).mean()"
        ),
        "You price 1 - p of the other classes, too; cross-entropy is -log of the label's probability alone.": body(
            "p, y = softmax(logits), torch.eye(logits.shape[1])[labels]",
            "return -(y * p.log() + (1 - y) * (1 - p).log()).sum(dim=1).mean()",
        ),
        "That is the squared error of the probabilities; cross-entropy is -log of the label's probability.": body(
            TRUTH, "return (softmax(logits) - truth).square().sum(dim=1).mean()"
        ),
        "That is 1 - p; the loss is -log p.": body("return 1 - softmax(logits)[torch.arange(len(labels)), labels].mean()"),
        "You price the most probable class; price the label of each row.": edit("), labels", "), logits.argmax(dim=1)"),
        "That is one loss for each row; take the mean of them.": body("return -log_softmax(logits)[range(len(labels)), labels]"),
        "You return a Python number; the loss is a 0-d tensor: use tensors to the end.": edit("nll(...)", "nll(...).item()"),
        "You change the logits in place; make a new tensor.": body("logits -= logsumexp(logits)", "return nll(logits, labels)"),
    },
    alternatives={
        "log-sum-exp minus the label's logit": body(
            "return (logsumexp(logits).squeeze(1) - logits[torch.arange(len(labels)), labels]).mean()"
        ),
        "all at once, without the other functions": body(
            "shifted = logits - logits.max(-1, keepdim=True).values",
            "log_probs = shifted - torch.log(torch.exp(shifted).sum(-1, keepdim=True))",
            "return -log_probs.gather(-1, labels.view(-1, 1)).mean()",
        ),
        "a loop over rows": body(
            "losses = []",
            "for z, y in zip(logits, labels):",
            "    losses.append((z - z[y]).max() + (z - z.max()).exp().sum().log())",
            "return torch.stack(losses).mean()",
        ),
        "from differences to the label's logit": body("return logsumexp(logits - logits.gather(1, labels[:, None])).mean()"),
        "one-hot rows": body(
            "truth = torch.zeros_like(logits)",
            "truth[torch.arange(len(labels)), labels] = 1",
            "return -(truth * log_softmax(logits)).sum() / len(logits)",
        ),
        "log_softmax once more, which changes nothing": edit("(logits)", "(log_softmax(logits))"),
    },
    equivalent={"a number has no axis to lose": [edit("nll(...)", "nll(...).squeeze()")]},
)

cross_entropy_gradient = exercise(
    "cross_entropy_gradient",
    *on_labels("cross_entropy_gradient(scores, labels)", normal, wide=sure, huge=HUGE, double=ORDERS),
    gradient(
        "the slope of the loss",
        weight=2,
        loss="cross_entropy(scores, labels)",
        grad="[cross_entropy_gradient(scores, labels)]",
        wrt="scores",
        scores=normal(5, 4, dtype=torch.float64),
        labels=labels(5, 4),
    ),
    case("rows thousands apart", "cross_entropy_gradient(scores, labels)", scores=uneven, labels=labels(5)),
    mistakes={
        "You subtract the labels themselves; subtract 1 at the place of each label (one-hot).": body(
            "return (softmax(logits) - labels[:, None]) / len(labels)"
        ),
        "Divide by the number of rows: the loss is a mean, so each row has a share of 1/N.": edit("/ len(labels)", ""),
        "What you return has no 1 subtracted at the label of each row; subtract it there, and keep the result.": edit("1", "0"),
        "The sign is wrong: probability minus truth.": edit("return gradient", "return -gradient"),
        "You divide by the number of entries N * C; divide by the number of rows.": edit("/ len(labels)", "/ logits.numel()"),
        "You divide by the number of classes; divide by the number of rows.": edit("/ len(labels)", "/ logits.shape[1]"),
        "You divide by {size} whatever the batch; the last one may be shorter, so use len(labels).": edit(
            "/ len(labels)", "/ {size}", size=(16, 64, 128)
        ),
        "You divide by N twice; once is enough.": edit("/ len(labels)", "/ len(labels) ** 2"),
        "Only the truth is divided by N; divide both by N.": edit(" / len(labels)", "", "-= 1", "-= 1 / len(labels)"),
        "Only softmax is divided by N; subtract 1 first.": edit("/ len(labels)", "", "(logits)", "(logits) / len(labels)"),
        "Whole columns change, as by [:, labels]; give row numbers, torch.arange(N).": edit("torch.arange(len(labels))", ":"),
        "The probabilities are missing: you subtract the truth from the logits.": edit("softmax(logits)", "logits.clone()"),
        "These are sigmoids; the gradient of cross-entropy has the softmax of the row.": edit("softmax(...)", "logits.sigmoid()"),
        "The softmax is applied twice; once is enough.": edit("softmax(logits)", "softmax(softmax(logits))"),
        "That is the gradient with respect to the probabilities, -1/p; with respect to the logits it is p - truth.": body(
            TRUTH, "return -truth / softmax(logits) / len(labels)"
        ),
        "The factor p (1 - p) belongs to the squared error; in cross-entropy it cancels.": body(
            TRUTH, "p = softmax(logits)", "return (p - truth) * p * (1 - p) / len(labels)"
        ),
        "You normalise down the columns; softmax works along each row.": edit("softmax(logits)", "softmax(logits.T).T"),
        "exp overflows from a score of 89 on; use your softmax, which shifts by the row's maximum.": edit(
            "softmax(logits)", "logits.exp() / logits.exp().sum(dim=1, keepdim=True)"
        ),
        "You add up the rows; the gradient has the shape of the logits, (N, C).": edit(" / len(labels)", ".mean(dim=0)"),
        "You keep only the label's entry of each row; the other classes have a gradient too.": body(
            TRUTH, "return (softmax(logits) - truth) * truth / len(labels)"
        ),
        "You take the predicted class for the truth; use the labels.": edit("labels]", "logits.argmax(dim=1)]"),
        "You write into the logits; make a new tensor.": edit("gradient = ", "gradient = logits\n    gradient[:] = "),
        "Your loss and your gradient are both sums over the rows; the loss is a mean.": """
def cross_entropy(logits, labels):
    return len(labels) * nll(log_softmax(logits), labels)

def cross_entropy_gradient(logits, labels):
    return softmax(logits) - torch.eye(logits.shape[1], dtype=logits.dtype)[labels]
""",
    },
    alternatives={
        "one-hot rows": body(TRUTH, "return (softmax(logits) - truth) / len(logits)"),
        "a loop over rows": body(
            "rows = []",
            "for z, y in zip(logits, labels):",
            "    row = softmax(z[None])[0]",
            "    row[y] = row[y] - 1",
            "    rows.append(row / len(labels))",
            "return torch.stack(rows)",
        ),
        "scatter_add_": body(
            "shares = torch.full((len(labels), 1), -1 / len(labels), dtype=logits.dtype)",
            "return (softmax(logits) / len(labels)).scatter_add_(1, labels[:, None], shares)",
        ),
        "a comparison as truth": body(
            "truth = (labels.view(-1, 1) == torch.arange(logits.size(1)).view(1, -1)).to(logits.dtype)",
            "return (log_softmax(logits).exp() - truth).mul(1 / logits.size(0))",
        ),
        "without the other functions": body(
            "e = torch.exp(logits - logits.max(1, keepdim=True)[0])",
            "dz = e / e.sum(1, keepdim=True)",
            "dz[range(len(labels)), labels] -= 1.0",
            "dz /= logits.shape[0]",
            "return dz",
        ),
    },
    equivalent={
        "the result is a tensor of its own": [edit("labels] -= 1", "labels] = gradient[torch.arange(len(labels)), labels] - 1")]
    },
)

predict = exercise(
    "predict",
    case("a random batch", "predict(logits)", logits=normal(20, 10)),
    case("as many rows as classes", "predict(logits)", logits=normal(8, 8)),
    case("a single row", "predict(logits)", logits=normal(1, 10)),
    case("large scores, which a sigmoid cannot tell apart", "predict(logits)", logits=uniform(12, 10, low=50, high=90)),
    case("scores up to 10,000 in size", "predict(logits)", logits=HUGE),
    case("negative scores", "predict(logits)", logits=normal(12, 5, mean=-200, sd=30)),
    case("float64", "predict(logits)", logits=normal(6, 4, dtype=torch.float64)),
    case("one answer for each row, also where scores are equal", "predict(logits).shape", logits=torch.zeros(4, 3)),
    mistakes={
        "That is the least probable class; choose the one with the largest logit.": edit("argmax", "argmin"),
        "You compare the rows of each column; compare the classes of each row, dim=1 of the logits.": edit("dim=1", "dim=0"),
        "You find one position in the whole batch; find one in each row, along dim=1.": edit("dim=1", ""),
        "Large scores end in a tie, as after a sigmoid; compare the logits themselves.": edit("argmax", "sigmoid().argmax"),
        "exp turns large scores into inf, a tie or NaN; compare the logits themselves.": edit(
            "return logits", "e = logits.exp()\n    return (e / e.sum(dim=1, keepdim=True))"
        ),
        "You return the largest score; its position is asked for.": edit("argmax", "amax"),
        "The shape should be (N,), not (N, 1), as keepdim=True makes it; drop that axis.": edit("(dim=1)", "(dim=1)[:, None]"),
        "You return both values and positions; only the positions are asked for.": body("return tuple(logits.max(dim=1))"),
        "The predictions have the dtype of the logits; make them int64.": edit("(dim=1)", "(dim=1).to(logits.dtype)"),
        "The largest size is not the largest score: -9 is less than 1. Compare with the signs.": edit("argmax", "abs().argmax"),
        "Classes are counted from 0; do not add 1.": edit("(dim=1)", "(dim=1) + 1"),
        "Equal scores get several answers for a row; give one.": body("return (logits == logits.amax(1, True)).nonzero()[:, 1]"),
        "Where all scores are negative, class 0 wins; search from -inf on, not from 0.": edit("argmax", "clamp(min=0).argmax"),
        "That is a class of least probability, as by argmax on -log p; choose the most probable one, there by argmin.": edit(
            "return logits", "return (-log_softmax(logits).clamp(-200, 0))"
        ),
        "That is a list; a tensor is asked for.": edit("(dim=1)", "(dim=1).tolist()"),
    },
    alternatives={
        "dim=-1": edit("logits.argmax(dim=1)", "torch.argmax(logits, -1)"),
        "max, with its positions": edit("argmax(dim=1)", "max(1)[1]"),
        "argmin on the negative log-likelihood": edit("logits.argmax", "(-log_softmax(logits)).argmin"),
        "a loop over rows": edit("logits.argmax(dim=1)", "tensor([int(row.argmax()) for row in logits])"),
        "the last of the sorted scores": edit("argmax", "argsort", "(dim=1)", "(dim=1)[:, -1]"),
        "topk": edit("logits.argmax(dim=1)", "logits.topk(1, dim=1).indices.squeeze(1)"),
    },
)

accuracy = exercise(
    "accuracy",
    case("a random batch", ACCURACY, weight=2, logits=normal(40, 3), labels=labels(40, 3)),
    case("as many rows as classes", ACCURACY, logits=normal(9, 9), labels=labels(9, 9)),
    case("all right", "accuracy(logits, logits.max(dim=1).indices)", logits=normal(12, 10)),
    case("all wrong", "accuracy(logits, logits.min(dim=1).indices)", logits=normal(12, 10)),
    case(
        "right only in the last rows",
        "accuracy(logits, torch.cat([logits[:29].argmin(dim=1), logits[29:].argmax(dim=1)]))",
        logits=normal(41, 10),
    ),
    case("a single row", ACCURACY, logits=normal(1, 2), labels=labels(1, 2)),
    case("float64", ACCURACY, logits=normal(7, 3, dtype=torch.float64), labels=labels(7, 3)),
    case("labels of shape (N, 1) raise a ValueError", "accuracy(logits, labels[:, None])", **REFUSED, labels=labels(12, 4)),
    case(
        "predictions instead of logits raise a ValueError",
        "accuracy(predictions, labels)",
        raises=ValueError,
        predictions=labels(12, 4),
        labels=labels(12, 4),
    ),
    case("a label too few raises a ValueError", "accuracy(logits, labels)", **REFUSED, labels=labels(11, 4)),
    case("a single label for many rows raises a ValueError", "accuracy(logits, labels)", **REFUSED, labels=labels(1, 4)),
    mistakes={
        "You count labels with a probability above 1/2; count those whose score is the largest.": edit(
            "predict(...) == labels", "softmax(logits)[torch.arange(len(labels)), labels] > 0.5"
        ),
        "A silent broadcast: (N,) against (N, 1) compares N x N pairs; raise a ValueError unless the shapes fit.": edit(
            ("if ...:", "if False:"), ("predict(...)", "logits.argmax(dim=-1)")
        ),
        "Your shape check lets a label tensor of another length pass; compare with len(logits).": edit(
            "labels.shape != logits.shape[:1]", "labels.ndim != 1"
        ),
        "Labels (N, 1) are counted as if they were (N,); raise ValueError.": edit("if", "labels = labels.flatten()\n    if"),
        "Wrong shapes raise an AssertionError; a ValueError is asked for.": edit("ValueError", "AssertionError"),
        "Wrong shapes give 0; raise a ValueError.": edit("raise ...", "return 0.0"),
        "That is percent; a fraction between 0 and 1 is asked for.": edit("return", "return 100 *"),
        "That is the number of hits; divide by the number of rows.": edit("/ len(labels)", ""),
        "That is the fraction of errors; count where predictions and labels agree.": edit("== labels", "!= labels"),
        "That is a tensor; .item() makes it a Python float.": edit(".item()", ""),
        "You predict the class of the smallest score; take that of the largest.": edit("predict(logits)", "logits.argmin(dim=1)"),
        "You divide by the number of entries N * C; divide by the number of rows.": edit("len(labels)", "logits.numel()"),
        "You divide by the number of classes; divide by the number of rows.": edit("len(labels)", "logits.shape[1]"),
        "You average over batches of unequal size; count the hits of all rows and divide once.": body(
            "parts = zip(logits.split(16), labels.split(16))", "return float(np.mean([right(z, y) for z, y in parts]))"
        ),
        "You round the result; leave all its digits.": body("return round(right(logits, labels), 1)"),
        "It is 0 unless all rows are right; return the right ones' share.": edit("return", "return 1.0 *", "/ len", "// len"),
        "That is a mean probability; count the hits.": edit("(predict...)", "softmax(logits)[torch.arange(len(labels)), labels]"),
    },
    alternatives={
        "the mean of hits, in float64": edit("sum().item() / len(labels)", "double().mean().item()"),
        "the mean of hits, in float32": edit("sum().item() / len(labels)", "float().mean().item()"),
        "row by row": edit("(...).sum().item()", "sum(int(row.argmax()) == int(label) for row, label in zip(logits, labels))"),
        "the number of hits, divided": edit("(...).sum().item()", "int((...).sum())"),
        "count_nonzero of the errors": edit(
            "(...).sum().item()", "(len(labels) - torch.count_nonzero(predict(logits) != labels).item())"
        ),
        "NumPy": edit("(...).sum().item() / len(labels)", "float(np.mean((...).numpy()))"),
    },
    equivalent={"a vector has one axis": ["sum()"], "of two axes the first is all but the last": [edit("[:1]", "[:-1]")]},
)

fit = exercise(
    "fit",
    training("one batch an epoch", weight=2, epochs=4),
    training(
        "several batches, the last one short",
        weight=2,
        train=same_rows(7),
        valid=training_pair(40),
        lr=0.2,
        epochs=3,
        batch_size=3,
    ),
    training(
        "every row of an epoch moves the weights",
        "fit(params, train, valid, lr, 1, 3, generator); (params[0] != 0).any(dim=1)",
        params=lambda g: [torch.zeros(10, 3), torch.zeros(3)],
        train=lambda g: (torch.eye(10), torch.randint(3, (10,), generator=g)),
        valid=training_pair(4, features=10),
        lr=0.1,
    ),
    training("with rate 0, the training loss is the mean over all rows", train=training_pair(10), lr=0.0, batch_size=4),
    training("a batch larger than the training set", **pairs(6, 1), lr=0.1, epochs=1, batch_size=64),
    training("the generator alone decides the order", RUNS, train=training_pair(10, scale=3.0)),
    training("float64 stays float64", params=parameters(dtype=torch.float64), **pairs(12, 9, dtype=torch.float64)),
    training("scores in the thousands", **pairs(12, 9, scale=1000.0), lr=0.001, epochs=1),
    in_place=True,
    mistakes={
        "You divide the step by batch_size; the 1/N of the mean is in dz already.": edit("lr *", "lr / batch_size *"),
        "You validate with rows of the training set; use both parts of the validation pair.": edit("= valid", "= train"),
        "You train on the validation set; use the training pair.": edit("y = train", "y = valid"),
        "train and valid are swapped; each is a pair (x, y), in the order of the arguments.": edit(
            "w, b = params", "w, b = params; train, valid = valid, train"
        ),
        "train_loss is the loss of the last batch; average over the epoch's batches.": edit("+=", "=", "* len(rows)", "* len(y)"),
        "You average the batch losses as if all batches were equal; weight each by its number of rows.": edit(
            " * len(rows)", "", "total / len(y)", "total / math.ceil(len(y) / batch_size)"
        ),
        "train_loss is a sum; divide by the number of training rows.": edit("/ len(y)", ""),
        "You add up batch means and divide by the number of rows; multiply each mean by its rows first.": edit("* len(rows)", ""),
        "Multiply the loss of a batch by its own number of rows, not by batch_size.": edit("* len(rows)", "* batch_size"),
        "You take the loss of a batch after its step; take it before.": edit(
            ("total += ...", "pass"),
            ("dim=0)", "dim=0)\n            total += cross_entropy(x[rows] @ w + b, y[rows]).item() * len(rows)"),
        ),
        "train_loss is computed after the epoch; average the batch losses on the way.": edit(
            "total / len(y)", "cross_entropy(x @ w + b, y).item()"
        ),
        "You validate before the epoch; validate after it.": edit(
            ("total = 0.0", "total, before = 0.0, valid[0] @ w + b"), ("logits = valid...", "logits = before")
        ).of(FIT),
        "The gradients of an epoch all come from the weights at its start; step after each batch, use the changed ones.": edit(
            ("total = 0.0", "total, old = 0.0, [w.clone(), b.clone()]"), ("x[rows] @ w + b", "x[rows] @ old[0] + old[1]")
        ).of(FIT),
        "The parameters that came in stay as they were, as with w = w - ... or a copy; change them in place, with -=.": edit(
            "w -= lr *", "w = w - lr *", "b -= lr *", "b = b - lr *"
        ),
        "You step up the gradient; the sign of the step is wrong.": edit("dz =", "dz = -"),
        "The bias is never changed; its gradient is the sum of the rows of dz.": edit("dim=0", ""),
        "The weights are never changed; their gradient is x.T @ dz.": edit("w -= lr * (x[rows].T @ dz)", "pass"),
        "The gradient of the bias is the sum of the rows of dz, not their mean: 1/N is in dz already.": edit("sum", "mean"),
        "You divide by the batch size again; 1/N is in dz already.": edit("-= lr", "-= lr / len(rows)"),
        "The bias needs the learning rate too: b -= lr * its gradient.": edit("lr * dz", "dz"),
        "The bias is left out of the logits; z = x @ w + b.": edit("@ w + b", "@ w").of(FIT),
        "The gradient of a short batch is divided by batch_size; divide it by the number of its own rows.": edit(
            "cross_entropy_gradient(logits, y[rows])", "cross_entropy_gradient(logits, y[rows]) * len(rows) / batch_size"
        ),
        "The last, short batch is dropped; train on it too.": edit("size):", "size)[: max(1, len(y) // batch_size)]:"),
        "The last, short batch is dropped, and train_loss is a mean over the others; train on it too.": edit(
            ("size):", "size)[: max(1, len(y) // batch_size)]:"),
            ("total / len(y)", "total / min(len(y), max(1, len(y) // batch_size) * batch_size)"),
        ),
        "You train on the first batch of each epoch only; go through all of them.": edit("batch_size):", "batch_size)[:1]:"),
        "The rows are not shuffled by the generator; draw a new order each epoch.": edit("randperm(...)", "arange(len(y))"),
        "The order is not the generator's; use torch.randperm(len(y), generator=generator).": edit(", generator=generator", ""),
        "Rows are drawn with replacement; use torch.randperm.": edit("randperm(len(y), ", "randint(len(y), (len(y),), "),
        "Later epochs draw nothing new from the generator, as when the order is drawn once; draw one in each.": edit(
            ("for _", "once = torch.randperm(len(y), generator=generator)\n    for _"), ("in torch.randperm(...)", "in once")
        ),
        "Every seed gives the same run; use the generator as it comes.": edit("= train", "= train; generator.manual_seed(0)"),
        "x is shuffled and y is not; one order is for both.": edit(
            ("in torch.randperm(...).split(batch_size)", "in torch.arange(len(y)).split(batch_size)"),
            ("total = 0.0", "total, x = 0.0, train[0][torch.randperm(len(y), generator=generator)]"),
        ),
        "x is shuffled again in every epoch, and y stays as it was; one order is for both.": edit(
            ("in torch.randperm(...).split(batch_size)", "in torch.arange(len(y)).split(batch_size)"),
            ("total = 0.0", "total, x = 0.0, x[torch.randperm(len(y), generator=generator)]"),
        ),
        "x and y are shuffled apart; one order is for both.": edit(
            "= train", "= train; y = y[torch.randperm(len(y), generator=generator)]"
        ),
        "train_loss has one entry a batch; it should have one entry an epoch, the mean over all rows.": edit(
            ("total += ... * len(rows)", 'history["train_loss"].append(...)'),
            ('history["train_loss"].append(total / len(y))', "pass"),
        ),
        "You train one epoch too few; there are `epochs` of them.": edit("range(epochs)", "range(epochs - 1)"),
        "You start from zeros; go on from the parameters that came in.": edit("= params", "= map(torch.zero_, params)"),
        "The history holds tensors; .item() makes them floats.": edit(".item()", ""),
        "valid_accuracy is the accuracy on the last training batch; use the validation pair.": edit(
            ("logits = valid", "last = accuracy(logits, y[rows]); logits = valid"), ("accuracy(logits, valid[1])", "last")
        ).of(FIT),
    },
    alternatives={
        "slices of an order, no progress bar": FIT,
        "split": edit(("start in range(...)", "rows in order.split(batch_size)"), ("rows = order[...]", "pass")).of(FIT),
        "an order from sorted random numbers": edit("randperm(...)", "rand(len(y), generator=generator).argsort()").of(FIT),
        "gradients by einsum, parameters by index": edit(
            ("w -= ...", 'params[0].sub_(lr * torch.einsum("nd,nc->dc", x[rows], dz))'),
            ("b -= ...", 'params[1].sub_(torch.einsum("nc->c", dz), alpha=lr)'),
        ).of(FIT),
        "by copying": edit(("w -= ...", "w.copy_(w - lr * x[rows].t().mm(dz))"), ("b -= ...", "b[:] = b - lr * dz.sum(0)")),
        "1/N in the rate instead of the gradient": edit(
            ("cross_entropy_gradient(...)", "softmax(logits) - torch.eye(len(b), dtype=x.dtype)[y[rows]]"),
            ("-= lr", "-= lr / len(rows)"),
        ),
        "a column of ones for the bias, a loss for each row": """
def fit(params, train, valid, lr, epochs, batch_size, generator):
    ones = lambda x: torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
    v = torch.cat([params[0], params[1][None]])
    x, y = ones(train[0]), train[1]
    history = dict(train_loss=[], valid_loss=[], valid_accuracy=[])
    for epoch in progress(range(epochs), "epoch"):
        losses = []
        order = torch.randperm(len(y), generator=generator)
        for rows in torch.split(order, batch_size):
            z = x[rows] @ v
            losses += (-log_softmax(z))[torch.arange(len(rows)), y[rows]].tolist()
            v -= lr * (x[rows].T @ cross_entropy_gradient(z, y[rows]))
        z = ones(valid[0]) @ v
        history["train_loss"].append(sum(losses) / len(losses))
        history["valid_loss"].append(float(cross_entropy(z, valid[1])))
        history["valid_accuracy"].append(accuracy(z, valid[1]))
    params[0][:], params[1][:] = v[:-1], v[-1]
    return history
""",
    },
    equivalent={
        "a number is not changed in place": [edit("total += ...", "total = total + ...")],
        "the second of two is the last": [
            edit("cross_entropy(logits, valid[1])", "cross_entropy(logits, valid[-1])"),
            edit("accuracy(logits, valid[1])", "accuracy(logits, valid[-1])"),
        ],
        "with a single class there is nothing to learn": [
            edit("lr * (...)", "(lr * (...)).squeeze()"),
            edit("lr * dz...", "(lr * dz...).squeeze()"),
        ],
    },
)

lr_sweep = exercise(
    "lr_sweep",
    sweeping(
        "the lowest validation loss of each rate",
        sweep([0.02, 0.1, 0.5, 2.0]),
        weight=3,
        train=training_pair(12),
        epochs=6,
        batch_size=12,
    ),
    sweeping(
        "an ascending loss: the first epoch is the best",
        sweep([1.0, 0.1]),
        start=lambda g: [torch.zeros(2, 2), torch.zeros(2)],
        train=lambda g: (torch.eye(2), torch.tensor([0, 1])),
        valid=lambda g: ((1 + torch.rand(2, 1, generator=g)) * torch.eye(2), torch.tensor([1, 0])),
        epochs=3,
        batch_size=2,
    ),
    sweeping("rates that overflow at once count as inf", sweep("[2e38, 1e38, 1e-6]"), **pairs(8, 8, scale=1000.0), batch_size=8),
    sweeping(
        "a rate whose loss becomes NaN after a good epoch counts as inf",
        sweep("[3e38, 0.01]"),
        weight=2,
        start=lambda g: [torch.zeros(9, 2), torch.tensor([0.694, 0.0])],
        train=ALIKE,
        valid=ALIKE,
        epochs=3,
    ),
    sweeping("a rate has the same result alone and in company", f"{sweep([0.3, 0.1])}[0.1] == {sweep([0.1])}[0.1]"),
    sweeping("the batches are those of a generator with the seed", OWN_FIT),
    sweeping(
        "the global random state is left alone",
        f"before = torch.get_rng_state(); {sweep([0.1])}; torch.equal(torch.get_rng_state(), before)",
        **pairs(6, 6),
        epochs=1,
    ),
    mistakes={
        "You report the best accuracy, not the lowest loss.": edit("min(losses)", 'max(history["valid_accuracy"])').of(LR_SWEEP),
        "All rates go on training the same parameters; call init() for each.": edit(
            "lowest = {}", "lowest, params = {}, init()", "fit(init()", "fit(params"
        ).of(LR_SWEEP),
        "You judge by the training loss; take valid_loss.": edit("valid_loss", "train_loss"),
        "You take the loss of the last epoch; take the lowest of the run.": edit("min(losses)", "losses[-1]"),
        "You take the loss of the first epoch; take the lowest of the run.": edit("min(losses)", "losses[0]"),
        "You take the highest loss of the run; take the lowest.": edit("min", "max"),
        "You average the losses of the run; take the lowest.": edit("min(losses)", "sum(losses) / len(losses)"),
        "min hides a NaN, and == never finds one; test every loss with math.isnan: it is inf.": edit("in losses", "in lrs"),
        "A NaN after a good epoch goes unnoticed, as if it were skipped; test every loss: a run with a NaN counts as inf.": edit(
            "math.inf if ...", "min((loss for loss in losses if loss == loss), default=math.inf)"
        ),
        "A failed run is reported as NaN; count it as inf, so that min can compare it.": edit("inf", "nan"),
        "Rates that fail are left out; report them as inf.": edit(
            "lowest[lr] =", "if any(math.isnan(loss) for loss in losses):\n            continue\n        lowest[lr] ="
        ),
        "The rates see different batches; give each run a new torch.Generator with this seed.": edit(
            ("        generator = ...\n", ""), ("    for lr", "    generator = torch.Generator().manual_seed(seed)\n    for lr")
        ),
        "The batches are not of this seed; each run needs a generator of its own, seeded once.": edit("(seed)", "(epochs)"),
        "The global random state changes; seed a torch.Generator for each run instead.": edit("torch.Generator().", "torch."),
        "You report accuracies; report the lowest validation loss.": edit("_loss", "_accuracy", "min", "max").of(LR_SWEEP),
        "You return only the best rate; return the loss of every rate.": edit("return ...", "return min(lowest, key=lowest.get)"),
        "You return a list; a dict {rate: loss} is asked for.": edit("return lowest", "return list(lowest.values())"),
        "The dict is turned round; rates are the keys.": edit("return ...", "return {loss: lr for lr, loss in lowest.items()}"),
        "You train on the validation set; pass train and valid in their order.": edit("train, valid, lr", "valid, train, lr"),
        "You validate on the training set; pass both pairs to fit.": edit("valid, lr", "train, lr"),
        "Your result is that of one epoch; pass epochs on, and take the lowest of all.": edit("lr, epochs,", "lr, 1,"),
        "You pass on the whole list of losses; note one number for each rate.": edit("math.inf if ...", "losses"),
        "You use one learning rate for all; pass lr on.": edit("valid, lr,", "valid, lrs[0],"),
    },
    alternatives={
        "NaN found by its being unlike itself": LR_SWEEP,
        "copies of one start": edit("= {}", "= {}; start = init()", "(init()", "([p.clone() for p in start]").of(LR_SWEEP),
        "one generator, seeded again for each rate": edit(
            "torch.Generator()", "again", "= {}", "= {}; again = torch.Generator()"
        ).of(LR_SWEEP),
        "NumPy finds NaN and minimum": edit("any(...)", "np.isnan(losses).any()", "min(losses)", "float(np.min(losses))"),
        "from the largest rate down": edit("in lrs", "in sorted(lrs, reverse=True)"),
        "a helper and a comprehension": """
def lr_sweep(lrs, init, train, valid, epochs, batch_size, seed):
    def run(lr):
        history = fit(init(), train, valid, lr, epochs, batch_size, torch.Generator().manual_seed(seed))
        loss = tensor(history["valid_loss"], dtype=torch.float64).min().item()  # torch's min passes NaN on
        return math.inf if math.isnan(loss) else loss

    return {lr: run(lr) for lr in lrs}
""",
        "on a fit that draws its batches otherwise": LR_SWEEP
        + edit("torch.randperm(len(y), generator=generator)", "torch.rand(len(y), generator=generator).argsort()").of(FIT),
    },
    equivalent={"a list twice has the same minimum": [edit('["valid_loss"]', '["valid_loss"] * 2')]},
)

EXERCISES = [softmax, logsumexp, log_softmax, nll, cross_entropy, cross_entropy_gradient, predict, accuracy, fit, lr_sweep]
