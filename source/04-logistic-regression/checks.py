"""The visible checks of notebook 04, and the mistakes that they know by name. Read it after you have tried."""

import math

import torch
from course import CheckError, checks, expect
from torch import tensor

PAIR = torch.eye(2), tensor([0, 1])
SWAPPED = torch.eye(2).flip(0), tensor([0, 1])
NAN, INF = math.nan, math.inf


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def zeros(inputs=2, classes=2):
    return [torch.zeros(inputs, classes), torch.zeros(classes)]


def ten_rows():
    return torch.rand(10, 784, generator=seeded()), torch.arange(10)


def _leaves_alone(function, *labels):
    function(z := tensor([[1.0, 2.0]]), *labels)
    expect("the scores are left alone", z, tensor([[1.0, 2.0]]), {"make a new tensor, as in z = z - ...": z})


@checks(
    "softmax",
    hint="The largest entry of each row, as a column: z.amax(dim=1, keepdim=True).",
    look="Section 'From scores to probabilities': which constant makes the largest exponent 0?",
)
def _(softmax):
    expect(
        "odds of 1 : 3, and 1 : 7",
        softmax(tensor([[0.0, math.log(3)], [0.0, math.log(7)]])),
        tensor([[0.25, 0.75], [0.125, 0.875]]),
        {
            "your columns sum to 1, not your rows; use dim=1": tensor([[0.5, 0.3], [0.5, 0.7]]),
            "your columns sum to 1, not your rows; sum with dim=1": tensor([[0.7, 0.5], [0.3, 0.5]]),
            "you divide each column by the sum of a row; keep the axis with keepdim=True": tensor(
                [[0.25, 0.875], [3 / 28, 0.875]]
            ),
            "you divide columns by the sums of rows; keep the axis with keepdim=True": tensor([[0.25, 0.375], [0.25, 0.875]]),
            "that is the sigmoid, which judges each score alone; divide by the sum of the row": tensor(
                [[0.5, 0.75], [0.5, 0.875]]
            ),
        },
    )
    expect(
        "a row of zeros beside a row with a large score",
        softmax(tensor([[0.0, 0.0], [1000.0, 0.0]])),
        tensor([[0.5, 0.5], [1.0, 0.0]]),
        {
            "exp(1000) is inf; subtract the largest score of the row first": tensor([[0.5, 0.5], [NAN, 0.0]]),
            "you subtract the largest score of all rows; each row needs its own": tensor([[NAN, NAN], [1.0, 0.0]]),
        },
    )
    odds = tensor([[0.8808, 0.1192]])
    mistakes = {
        "your result is float32; keep the dtype of the scores": odds,
        "do not cut large scores off, which makes them equal; subtract the row's maximum": odds.double() * 0 + 0.5,
    }
    expect("scores of 1000 and 998, in float64", softmax(tensor([[1000.0, 998.0]]).double()), odds.double(), mistakes)
    if abs(softmax(tensor([[0.0, 2.0]]).double()).sum().item() - 1) > 1e-10:
        raise CheckError("in float64 a row sums to 1 in ten digits: add nothing to the divisor, which the shift keeps above 1")
    _leaves_alone(softmax)


@checks(
    "logsumexp",
    hint="log(e^a + e^b) with both scores lowered by m is lower by m.",
    look="Section 'The logarithm of a probability': what must be done about the shift afterwards?",
)
def _(logsumexp):
    expect(
        "two rows of two equal scores, and a row of unequal ones",
        logsumexp(tensor([[0.0, 0.0], [1000.0, 1000.0], [0.0, 1000.0]])),
        tensor([[0.6931], [1000.6931], [1000.0]]),
        {
            "add the maximum back that you subtracted": tensor([[0.6931], [0.6931], [0.0]]),
            "exp(1000) is inf; subtract the largest score of the row first": tensor([[0.6931], [INF], [INF]]),
            "exp(1000) is inf; what you subtract is not the largest score of the row": tensor([[0.6931], [1000.6931], [INF]]),
            "you subtract the largest score of all rows; each row needs its own": tensor([[-INF], [1000.6931], [1000.0]]),
            "the shape should be (N, 1); keep the axis with keepdim=True": tensor([0.6931, 1000.6931, 1000.0]),
            "you sum the logs; first sum the exponentials, then take one log": tensor([[0.0], [2000.0], [1000.0]]),
        },
    )
    _leaves_alone(logsumexp)


@checks(
    "log_softmax",
    hint="The logarithm of a fraction is a difference, and you have written its second term.",
    look="Section 'The logarithm of a probability'.",
)
def _(log_softmax):
    expect(
        "a gap of 200 between two scores, and none",
        log_softmax(tensor([[0.0, 200.0], [1.0, 1.0]])),
        tensor([[-200.0, 0.0], [-0.6931, -0.6931]]),
        {
            "log(softmax(z)) is log(0) here; subtract the log-sum-exp from the scores": tensor([[-INF, 0.0], [-0.6931, -0.6931]]),
            "the sign is wrong; a log-probability is never positive": tensor([[200.0, 0.0], [0.6931, 0.6931]]),
            "you subtract the maximum twice; log-sum-exp adds it back already": tensor([[-400.0, -200.0], [-1.6931, -1.6931]]),
            "the log-sum-exp should be (N, 1), or it is taken from the columns": tensor([[-200.0, 198.3069], [-199.0, -0.6931]]),
            "your columns are normalised, not your rows; use dim=1": tensor([[-1.3133, 0.0], [-0.3133, -199.0]]),
            "these are the probabilities; their logarithm is asked for": tensor([[0.0, 1.0], [0.5, 0.5]]),
        },
    )
    expect("the probabilities sum to 1", log_softmax(tensor([[1.0, 2.0, 3.0]])).exp().sum(dim=1), tensor([1.0]))
    _leaves_alone(log_softmax)


@checks(
    "nll",
    hint="torch.arange(len(labels)) numbers the rows.",
    look="The hint above the exercise: how two index tensors pick pairs.",
)
def _(nll):
    p = tensor([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])
    expect(
        "one half and one tenth for the right class",
        nll(p.log(), tensor([0, 2])),
        tensor((math.log(2) + math.log(10)) / 2),
        {
            "that is the sum over the rows; take the mean": tensor(math.log(20)),
            "the sign is wrong; a loss is never negative": tensor(-math.log(20) / 2),
            "log_probs[:, labels] picks all pairs of row and label; give each row its own number": -p.log()[:, [0, 2]].mean(),
            "you divide by the number of entries N * C; the loss is a mean over the N rows": tensor(math.log(20) / 6),
        },
    )
    loss = nll(tensor([[0.0, -200.0]]).double(), tensor([1]))
    mistakes = {
        "your result is float32; keep the dtype of log_probs": tensor(200.0),
        "your loss has a cap; take the log-probabilities as they are": loss.clamp(1, 199),
    }
    expect("a log-probability of -200, in float64", loss, tensor(200.0).double(), mistakes)


@checks(
    "cross_entropy",
    hint="You have written both halves: from scores to log-probabilities, and from those to a loss.",
    look="Sections 'The logarithm of a probability' and 'A price for being wrong'.",
)
def _(cross_entropy):
    sure = 200 * torch.eye(10)[[7]]
    expect(
        "sure and right",
        cross_entropy(sure, tensor([7])),
        tensor(0.0),
        {"softmax is applied twice; log_softmax takes the logits as they are": tensor(1.4612)},
    )
    mistakes = {
        "log(softmax(z)) is log(0) here; use log_softmax": tensor(INF),
        "exp(200) is inf; use log_softmax": tensor(NAN),
        "an epsilon in the logarithm caps your loss; use log_softmax": tensor(-math.log(1e-7)),
        "you count in bits; use the natural logarithm": tensor(200 / math.log(2)),
        "the sign is wrong; a loss is never negative": tensor(-200.0),
        "softmax is applied twice; log_softmax takes the logits as they are": tensor(2.4612),
    }
    expect("sure and wrong", cross_entropy(sure, tensor([3])), tensor(200.0), mistakes)
    expect(
        "two rows without a clue, and one that is sure and right",
        cross_entropy(torch.cat([torch.zeros(2, 10), sure]), tensor([4, 0, 7])),
        tensor(2 * math.log(10) / 3),
        {
            "that is the sum over the rows; take the mean": tensor(2 * math.log(10)),
            "you subtract the largest logit of all rows; each row needs its own": tensor(-INF),
        },
    )
    _leaves_alone(cross_entropy, tensor([0]))


@checks(
    "softmax_twice",
    hint="Its exponentials are e, 1, 1, ..., 1. What is the probability of the first?",
    look="The formula of softmax; then -log p.",
)
def _(softmax_twice):
    expect(
        "a perfect prediction through a softmax too many, in nats",
        float(softmax_twice),
        math.log(math.e + 9) - 1,
        {
            "that is the probability; the loss is its negative logarithm": math.e / (math.e + 9),
            "the sign is wrong; a loss is never negative": 1 - math.log(math.e + 9),
            "nine zeros remain beside the one, and e^0 is 1": 0.0,
            "that is a blind guess; the right one has e^1, the others e^0": math.log(10),
        },
        tolerance=0.005,
    )


@checks(
    "slopes",
    hint="The first term gives the probability of the score; the second, -z_y, touches one score only.",
    look="Section 'The gradient'.",
)
def _(slopes, their_sum):
    expect(
        "the three slopes of one row",
        [float(slope) for slope in slopes],
        [0.7, -0.8, 0.1],
        {
            "these are the slopes of the first term; what does -z_y add?": [0.7, 0.2, 0.1],
            "the sign is reversed: the loss falls when the right score rises": [-0.7, 0.8, -0.1],
            "labels count from 0: the label 1 is the second score": [-0.3, 0.2, 0.1],
            "the wrong scores matter too: they are in the sum S": [0.0, -0.8, 0.0],
        },
        tolerance=0.001,
    )
    expect("their sum", float(their_sum), 0.0, {"that is the sum of the probabilities": 1.0}, tolerance=0.001)


@checks(
    "cross_entropy_gradient",
    hint="The slopes of one row are its probabilities, and 1 less at its label.",
    look="Section 'The gradient': your three slopes, and what the mean over N rows does to them.",
)
def _(cross_entropy_gradient):
    right = tensor([[-0.25, 0.25], [0.25, -0.25]])
    mistakes = {
        "divide by the number of rows, because the loss is a mean": 2 * right,
        "divide by the number of rows alone, and once": right / 2,
        "the truth is missing: subtract 1 at the label of each row": tensor([[0.25, 0.25], [0.25, 0.25]]),
        "the sign is wrong: probability minus truth": -right,
    }
    expect("two rows, two equal scores", cross_entropy_gradient(torch.zeros(2, 2), tensor([0, 1])), right, mistakes)
    z, y = torch.randn(3, 4, generator=seeded(), dtype=torch.float64), tensor([2, 0, 3])
    nudge = torch.zeros_like(z)
    nudge[1, 2] = 1e-5
    up, down = ((s.exp().sum(dim=1).log() - s[range(3), y]).mean() for s in (z + nudge, z - nudge))
    expect("the slope between two losses", cross_entropy_gradient(z, y)[1, 2], (up - down) / 2e-5)
    slopes, overflow = tensor([[-1.0, 1.0]]), {"exp(1000) is inf; use your softmax": tensor([[-1.0, NAN]])}
    expect("sure and wrong", cross_entropy_gradient(tensor([[0.0, 1000.0]]), tensor([0])), slopes, overflow)
    _leaves_alone(cross_entropy_gradient, tensor([0]))


@checks("predict", hint="Large scores are good.", look="Section 'From scores to a decision'.")
def _(predict):
    expect(
        "four rows",
        predict(tensor([[20.0, 30.0, 0.0], [5.0, 1.0, -2.0], [-9.0, 1.0, -1.0], [100.0, 200.0, -3.0]])),
        tensor([1, 0, 1, 1]),
        {
            "that is the least probable class; use argmax": tensor([2, 2, 0, 2]),
            "dim=0 looks for the best row in each column; use dim=1": tensor([3, 3, 0]),
            "a sigmoid turns both 20 and 30 into 1.0, a tie; compare the logits": tensor([0, 0, 1, 0]),
            "exp(100) and exp(200) are both inf; compare the logits": tensor([1, 0, 1, 0]),
            "-9 is less than 1; compare the scores with their signs": tensor([1, 0, 0, 1]),
        },
    )


@checks(
    "accuracy",
    hint="Compare shapes before you compare numbers: labels.shape should be (N,).",
    look="Notebook 2, where (N,) met (N, 1).",
)
def _(accuracy):
    logits = tensor([[2.0, 1.0, 1.9], [0.0, 5.0, 0.0], [3.0, 4.0, 0.0], [9.0, 0.0, 0.0]])
    mistakes = {
        "that is the number of hits; divide by the number of rows": 3,
        "a fraction between 0 and 1 is asked for, not percent": 75.0,
        "that is a tensor; .item() makes it a Python float": tensor(0.75),
        "that is the fraction of errors": 0.25,
    }
    expect("three of four", accuracy(logits, tensor([0, 1, 0, 0])), 0.75, mistakes)
    mistakes = {"that is a mean over batches: count the hits of all rows, and divide once": 0.5}
    expect("16 of 17", accuracy(torch.eye(17), tensor([*range(16), 0])), 16 / 17, mistakes)
    for shape in (4, 1), (1,):
        try:
            accuracy(logits, torch.zeros(shape, dtype=torch.int64))
        except ValueError:
            print(f"ok  labels of shape {shape} are refused")
        else:
            raise CheckError(f"labels of shape {shape} for four rows: raise a ValueError, or they are broadcast")


@checks(
    "fit",
    hint="Take the loss before the step; add up loss times rows; divide by all rows at the end of the epoch.",
    look="Section 'The training loop', and notebook 03 for the way back through the layer.",
)
def _(fit):
    params = zeros()
    history = fit(params, PAIR, SWAPPED, 1.0, 3, 2, seeded())
    mistakes = {
        "take the loss of a batch before its step, not after it": [0.4741, 0.3477, 0.2700],
        "the loss does not fall: are w and b changed in place, with -= ?": [0.6931, 0.6931, 0.6931],
        "the steps are half as long as they should be: is the gradient divided by N twice?": [0.6931, 0.5759, 0.4860],
        "the loss rises: step against the gradient": [0.6931, 0.9741, 1.4042],
        "that is the sum over the rows; divide it by their number": [1.3863, 0.9482, 0.6954],
    }
    expect("training loss of three steps", history["train_loss"], [0.6931, 0.4741, 0.3477], mistakes)
    mistakes = {
        "you train and validate on the same pair": [0.4741, 0.3477, 0.2700],
        "validate after the epoch, not before it": [0.6931, 0.9741, 1.2252],
    }
    expect("validation loss after each step", history["valid_loss"], [0.9741, 1.2252, 1.4412], mistakes)
    expect("validation accuracy", history["valid_accuracy"], [0.0, 0.0, 0.0])
    mistakes = {"they are as before: `w = w - ...` makes a new tensor; change the one that came in, with -=": torch.zeros(2, 2)}
    expect("the parameters that came in have changed", params[0].sign(), tensor([[1.0, -1.0], [-1.0, 1.0]]), mistakes)
    _check_bias(fit)
    _check_short_batch(fit)
    before = torch.random.get_rng_state()
    rows = ten_rows()
    first, again, other = (fit(zeros(784, 10), rows, rows, 0.1, 2, 1, seeded(seed)) for seed in (1, 1, 2))
    if first != again:
        raise CheckError("two runs with the same seed differ: the order comes from the generator alone")
    if first == other:
        raise CheckError("another seed gives the same run: shuffle the rows with the generator")
    params, going_on = zeros(784, 10), seeded(1)
    if [fit(params, rows, rows, 0.1, 1, 1, going_on)["train_loss"][0] for _ in range(2)] != first["train_loss"]:
        raise CheckError("two epochs differ from one and then another: draw a new order from the generator in each epoch")
    if not torch.equal(before, torch.random.get_rng_state()):
        raise CheckError("the global random state has changed: randperm needs generator=generator")
    print("ok  the generator decides the order, a new one in each epoch, and nothing else does")


def _check_bias(fit):
    """Four equal rows of class 0 in two batches: the second sees what the first has changed."""
    rows = torch.ones(4, 1), torch.zeros(4, dtype=torch.int64)
    fit(params := zeros(inputs=1), rows, rows, 1.0, 1, 2, seeded())
    step = tensor([1.0, -1.0])
    mistakes = {
        "it has not changed; its gradient is the sum of the rows of dz": 0.0 * step,
        "its gradient is the sum of the rows of dz, not their mean": 0.3412 * step,
        "is it left out of the logits? z = x @ w + b": 0.7689 * step,
        "the second batch does not see what the first has changed; compute its logits anew": step,
    }
    expect("the bias after two batches", params[1], 0.6192 * step, mistakes)


def _check_short_batch(fit):
    """At rate 0 the weights stay, so that the mean over batches of 4, 4 and 2 is that over ten rows."""
    x, y = rows = ten_rows()
    w, b = torch.randn(784, 10, generator=seeded()), torch.zeros(10)
    each = (x @ w + b).logsumexp(dim=1) - (x @ w + b)[range(10), y]
    losses = [each[batch].mean().item() for batch in torch.randperm(10, generator=seeded()).split(4)]
    still = fit([w, b], rows, rows, 0.0, 1, 4, seeded())
    mistakes = {
        "the short batch counts as much as a full one: weigh each batch's loss by its rows": [sum(losses) / 3],
        "that is the loss of the last batch; take the mean over all rows": [losses[-1]],
        "the short batch at the end is missing": [(losses[0] + losses[1]) / 2],
    }
    expect("at rate 0, with batches of 4, 4, 2: a mean over ten rows", still["train_loss"], [each.mean().item()], mistakes)


@checks(
    "lr_sweep",
    hint="What is made before the loop is shared by all rates. And no comparison with NaN is true: min() may pass it by, "
    "or return it. Ask for it: math.isnan.",
    look="The docstring: 'fresh parameters', 'a new torch.Generator', 'lowest validation loss', 'or inf'.",
)
def _(lr_sweep):
    before = torch.random.get_rng_state()
    mostly = torch.eye(2)[[0, 1, 0, 0]], tensor([0, 1, 0, 1])  # three labels as in PAIR, one that contradicts: soon overfitted
    lowest = lr_sweep([4.0, 1.0], zeros, PAIR, mostly, 2, 2, 0)
    if not isinstance(lowest, dict) or lowest.keys() != {1.0, 4.0}:
        raise CheckError("the result is a dict, and its keys are the rates")
    mistakes = {
        "you judge by the training loss; take valid_loss": [0.1269, 0.4741],
        "you judge by the lowest training loss; take valid_loss": [0.0807, 0.3477],
        "that is the loss of the last epoch; take the lowest": [0.6999, 0.5671],
        "that is the loss of the first epoch; take the lowest": [0.6269, 0.5991],
    }
    expect("two rates, judged on the validation set", [lowest[4.0], lowest[1.0]], [0.6269, 0.5671], mistakes)
    x, y = torch.rand(60, 784, generator=seeded()), torch.arange(60) % 10
    rows, others = (x[:40], y[:40]), (x[40:], y[40:])
    both, alone = (lr_sweep(lrs, lambda: zeros(784, 10), rows, others, 2, 8, 0) for lrs in ([0.3, 0.1], [0.1]))
    if both[0.1] != alone[0.1]:
        raise CheckError("a rate's result depends on the rate before it: call init() and seed anew for each")
    if lr_sweep([0.1], lambda: zeros(784, 10), rows, others, 2, 8, 1) == alone:
        raise CheckError("another seed gives the same: seed the generator of each run with it")
    ones = torch.ones(3, 9), tensor([0, 0, 1])
    late = lr_sweep([3e38], lambda: [torch.zeros(9, 2), tensor([0.694, 0.0])], ones, ones, 3, 3, 0)
    if late != {3e38: INF}:
        raise CheckError("a run whose loss becomes NaN counts as inf, however its first epoch went")
    nothing = torch.full((3, 9), NAN), ones[1]
    if lr_sweep([0.1], lambda: zeros(9), nothing, nothing, 2, 3, 0) != {0.1: INF}:
        raise CheckError("a run whose loss is NaN from the first epoch on counts as inf, too")
    if not torch.equal(before, torch.random.get_rng_state()):
        raise CheckError("the global random state has changed: make a torch.Generator() for each run, and seed that")
    print("ok  each rate starts afresh, and NaN counts as inf")
