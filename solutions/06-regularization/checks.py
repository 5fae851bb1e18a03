"""The visible checks of notebook 06, and the mistakes that they know by name. Read it after you have tried."""

import math
import time

import course
import numpy as np
import torch
from course import GRADING, CheckError, checks, expect
from course.after03 import balanced
from course.after05_warps import variants
from course.ready_made import cell_of
from torch import tensor


@checks("l2_penalty", hint="(w**2).sum() of each matrix, then their sum.", look="Section 'A price on large weights'.")
def _(l2_penalty):
    expect(
        "two matrices of different sizes",
        l2_penalty([tensor([[1.0, 2.0], [0.0, -1.0]]), tensor([[3.0]])], 0.1),
        tensor(0.75),
        {
            "the half is missing": tensor(1.5),
            "you take the root of the sum: the penalty is the sum of the squares itself": tensor(0.05 * 15**0.5),
            "you take the mean of the squares: the penalty is their sum": tensor(0.05 * 3),
            "you take the mean over each matrix: the penalty is the sum over all entries": tensor(0.05 * 10.5),
            "you add the weights without squaring them": tensor(0.05 * 5),
            "only the first matrix is counted": tensor(0.3),
            "only the last matrix is counted": tensor(0.45),
        },
    )
    expect("no decay, no penalty", l2_penalty([tensor([[3.0]])], 0.0), tensor(0.0))
    expect("float64 stays float64", l2_penalty([tensor([[2.0]]).double()], 1.0), tensor(2.0).double())


@checks(
    "weight decay",
    hint="The half and the 2 of the square cancel. Each step takes the share lr * weight_decay of the weight away.",
    look="The formula of the penalty; differentiate it with respect to one weight.",
)
def _(after_one, after_many):
    expect(
        "after one step",
        float(after_one),
        1.9,
        {
            "the rate is missing: the step is lr times the gradient": 1.0,
            "is the weight itself missing? or did the half of the penalty and the 2 of the square not cancel?": 1.95,
            "the weight grows: check the sign": 2.1,
        },
        tolerance=0.001,
    )
    expect("after very many", float(after_many), 0.0, {"each step takes a share away, again and again": 1.9})


@checks(
    "decay_step",
    hint="p.ndim tells weights (2) from biases (1). p -= ... changes p in place.",
    look="What you derived: the penalty's part of the gradient of a weight.",
)
def _(decay_step):
    w, b, dw, db = tensor([[2.0, -4.0]]), tensor([2.0, 1.0]), tensor([[1.0, 1.0]]), tensor([1.0, 0.0])
    returned = decay_step([w, b], [dw, db], 0.1, 0.5)
    expect(
        "the weights after one step",
        w,
        tensor([[1.8, -3.9]]),
        {
            "they have not moved: change the tensors in place (p -= ...)": tensor([[2.0, -4.0]]),
            "they moved as without decay": tensor([[1.9, -4.1]]),
            "the decay makes the weights grow: check its sign": tensor([[2.0, -4.3]]),
            "you step uphill: subtract the gradient": tensor([[2.2, -4.1]]),
            "the decay is not multiplied with lr": tensor([[0.9, -2.1]]),
            "lr is missing": tensor([[0.0, -3.0]]),
            "lr is multiplied in twice on the decay": tensor([[1.89, -4.08]]),
            "the decay uses the weights after the step: take them from before it": tensor([[1.805, -3.895]]),
            "the gradient of the penalty is weight_decay * w: the 2 of the square and the half cancel": tensor([[1.85, -4.0]]),
        },
    )
    expect("the biases do not decay", b, tensor([1.9, 1.0]), {"the biases decay: leave them out": tensor([1.8, 0.95])})
    expect("the gradients are left as they are", [dw, db], [tensor([[1.0, 1.0]]), tensor([1.0, 0.0])])
    expect("decay_step returns None", returned, None)
    b, w = tensor([2.0]), tensor([[2.0]])
    decay_step([b, w], [tensor([1.0]), tensor([[1.0]])], 0.1, 0.5)
    expect("the biases may come first", [b, w], [tensor([1.9]), tensor([[1.8]])])


@checks(
    "early_stopping",
    hint="Hold three things: the best epoch, the lowest loss so far, and how many epochs have passed since.",
    look="The docstring: 'in a row', 'strictly lower', 'of equal losses the earliest', 'NaN is never best'.",
)
def _(early_stopping):
    expect(
        "patience 2",
        early_stopping([0.9, 0.5, 0.6, 0.55, 0.4], 2),
        1,
        {
            "you look at epochs after the stop, or compare with the last loss, not with the lowest so far": 4,
            "that is the epoch at which training stops, or one that beat only the loss before it": 3,
            "count the epochs from 0": 2,
        },
    )
    expect("patience 3", early_stopping([0.9, 0.5, 0.6, 0.55, 0.4], 3), 4, {"you stop one epoch too early": 1})
    equal = {"only a lower loss is better": 3, "an equal loss is not lower: it counts as an epoch without a lower one": 4}
    expect("of equal losses the earliest", early_stopping([0.5, 0.4, 0.4, 0.4, 0.3], 2), 1, equal)
    expect("lower by ever so little", early_stopping([0.5, 0.5 - 1e-7], 2), 1, {"that is lower, too": 0})
    expect("NaN is never best", early_stopping([0.5, 0.4, math.nan, 0.6], 5), 1, {"a NaN won: no comparison with it is true": 2})
    expect("a NaN at the beginning", early_stopping([math.nan, 0.5, 0.4], 5), 2, {"nothing is lower than NaN": 0})
    expect("a NaN is not lower", early_stopping([0.5, math.nan, math.nan, 0.4], 2), 0, {"it counts as an epoch, too": 3})
    in_a_row = {"count anew after a better epoch": 2, "losses may be above 1: start from infinity": 0}
    expect("epochs in a row", early_stopping([9.0, 10.0, 8.0, 9.0, 7.0], 2), 4, in_a_row)


@checks(
    "compare",
    hint="For each config: one history for each seed; of each its last validation accuracy and loss.",
    look="The hint above the exercise, and notebook 05, where you used experiment.",
)
def _(compare, train_network, few, valid):
    small = tuple(part[::20] for part in few)
    tried = [dict(hidden=4, lr=0.1, epochs=2, weight_decay=0.0), dict(hidden=4, lr=0.1, epochs=1, weight_decay=0.5, batch_size=8)]
    found = compare(tried, small, valid, [3, 4, 5])
    if len(found) != 2:
        raise CheckError(f"two configurations give two rows, not {len(found)}")
    wanted = {*tried[0], "accuracy_mean", "accuracy_sd", "loss_mean", "loss_sd", "seconds"}
    if missing := wanted - found[0].keys():
        raise CheckError(f"your rows lack {', '.join(sorted(missing))}")
    expect("a row says what was tried", [{k: row.get(k) for k in kept} for row, kept in zip(found, tried, strict=True)], tried)
    for which, row, config in zip(("first", "second"), found, tried, strict=True):
        runs = [train_network(small, valid, seed, **config)[1] for seed in (3, 4, 5)]
        for measure in ("accuracy", "loss"):
            each = [history[f"valid_{measure}"][-1] for history in runs]
            expect(
                f"the mean {measure} of the {which} row",
                row[f"{measure}_mean"],
                sum(each) / 3,
                {
                    "that is the first seed alone": each[0],
                    "that is the last seed alone": each[-1],
                    "that is the training loss": sum(history["train_loss"][-1] for history in runs) / 3,
                    "that is the first epoch: take the last": sum(history[f"valid_{measure}"][0] for history in runs) / 3,
                },
            )
            expect(
                f"the spread of the {measure} of the {which} row",
                row[f"{measure}_sd"],
                float(np.std(each, ddof=1)),
                {
                    "you divide by n: a sample of seeds needs n - 1": float(np.std(each)),
                    "that is the variance: take its root": float(np.var(each, ddof=1)),
                },
            )
        if not 0 < row["seconds"] < 3600:
            raise CheckError("seconds is the time that the runs of a row took: above 0, and not the time of day")


def alone(function):
    """The function as its cell makes it where no other has run."""
    namespace = {function.__name__: function}  # for a shell that does not keep its cells' text
    exec(cell_of(function), namespace)
    return namespace[function.__name__]


@checks(
    "train", hint="Begin with what you have: a network, its gradients, a loop.", look="Section 'A blank page'.", by_hand=False
)
def _(train):
    """What the grader does, with validation images. While nbgrader runs, with a few: the grader looks for itself."""
    data = course.load()
    per_digit = 10 if GRADING else 500 if data.name == "MNIST" else 90
    (x, y), (unseen, truth) = balanced(data, per_digit)
    images, unseen = ((255 * part).round().to(torch.uint8).view(-1, 28, 28) for part in (x, unseen))
    began = time.process_time()
    try:
        classify = alone(train)(images, y)
    except NameError as error:
        raise CheckError(f"the grader runs this cell alone, and there is no `{error.name}` in it") from error
    for kind, changed in variants(unseen[::5], torch.Generator().manual_seed(0)).items():
        said = classify(changed)
        if not isinstance(said, torch.Tensor) or said.shape != truth[::5].shape or said.dtype != torch.int64:
            raise CheckError(f"{kind} images: the function that train returns should give int64 labels (N,)")
        print(f"{kind:8} digits: {(said == truth[::5]).double().mean():.3f} right")
    if time.process_time() - began > 40:
        raise CheckError("that took more than 40 seconds of processor time")
