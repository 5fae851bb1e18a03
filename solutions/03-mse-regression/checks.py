"""The visible checks of notebook 03: small examples, and what the usual mistakes make of them."""

import math
from types import SimpleNamespace

import torch
from course import checks, expect
from torch import tensor

DOUBLE = torch.float64


@checks("linear", hint="In Python the matrix product has a sign of its own: @.", look="section 1")
def _(linear):
    expect(
        "two rows, two numbers each",
        linear(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([[10.0, 0.0], [1.0, 1.0]]), tensor([100.0, 200.0])),
        tensor([[112.0, 202.0], [134.0, 204.0]]),
        {
            "b holds one bias for each column of the result, not for each row": tensor([[112.0, 102.0], [234.0, 204.0]]),
            "the two matrices are multiplied entry by entry; a matrix product is wanted": tensor(
                [[110.0, 200.0], [103.0, 204.0]]
            ),
            "w is transposed: its rows already belong to the columns of x": tensor([[110.0, 203.0], [130.0, 207.0]]),
            "the bias is missing": tensor([[12.0, 2.0], [34.0, 4.0]]),
        },
    )
    expect(
        "three rows, one number each",
        linear(tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tensor([[10.0], [1.0]]), tensor([100.0])),
        tensor([[112.0], [134.0], [156.0]]),
        {"you dropped an axis: the result is (N, 1), not (N,)": tensor([112.0, 134.0, 156.0])},
    )
    double = [torch.ones(shape, dtype=DOUBLE) for shape in ((1, 2), (2, 1), (1,))]
    expect("float64 stays float64", linear(*double), tensor([[3.0]], dtype=DOUBLE))


@checks("mse_loss", hint="First make the shapes equal where that is allowed, then compare them, then compute.", look="section 2")
def _(mse_loss):
    expect(
        "predictions (4, 1), labels (4,)",
        mse_loss(tensor([[5.0], [2.0], [1.0], [1.0]]), tensor([1, 2, 2, 1])),
        tensor(4.25),
        {
            "each prediction was compared with every label: (N, 1) - (N,) is (N, N)": tensor(3.5),
            "that is the sum; take the mean": tensor(17.0),
            "that is half the mean; there is no 1/2 in this loss": tensor(2.125),
            "that is the mean of the absolute errors; square them": tensor(1.25),
            "positive and negative errors cancel; square them": tensor(0.75),
            "square each error first, then take the mean": tensor(0.5625),
            "that is the root of the loss; leave the root out": tensor(4.25).sqrt(),
        },
    )
    expect(
        "two numbers each: the mean is over all four entries",
        mse_loss(tensor([[1.0, 2.0], [3.0, 4.0]]), torch.zeros(2, 2)),
        tensor(7.5),
        {"you divide by the number of rows; divide by the number of entries": tensor(15.0)},
    )
    rounded = {"you round the predictions; take them as they are": torch.zeros((), dtype=DOUBLE)}
    half = mse_loss(tensor([[0.5]], dtype=DOUBLE), torch.zeros(1, 1, dtype=DOUBLE))
    expect("half a digit off, in float64", half, tensor(0.25, dtype=DOUBLE), rounded)
    for shapes in ((4, 3), (4,)), ((4, 1), (3,)), ((1, 3), (4, 3)), ((2, 3), (3, 2)):
        try:
            mse_loss(torch.zeros(shapes[0]), torch.zeros(shapes[1]))
        except ValueError:
            print(f"ok  refused: a prediction {shapes[0]} and a target {shapes[1]}")
        else:
            raise AssertionError(f"prediction {shapes[0]} and target {shapes[1]} do not fit, and no ValueError was raised")


@checks(
    "numeric_gradient",
    hint="Where is the entry when `below` is computed? Follow w[i] with w = 3 and eps = .1. (If you keep it: old = w[i] is a "
    "view and moves along, w[i].item() is a number.)",
    look="section 3, the paragraph above the function",
)
def _(numeric_gradient):
    point = tensor([[1.0, 2.0], [3.0, 4.0]], dtype=DOUBLE)
    slopes = tensor([[3.01, 12.01], [27.01, 48.01]], dtype=DOUBLE)
    upwards = tensor([[3.31, 12.61], [27.91, 49.21]], dtype=DOUBLE)
    expect(
        "the sum of w³ at four points, with a large eps of 0.1",
        numeric_gradient(lambda w: (w**3).sum(), point, 0.1),
        slopes,
        {
            "the entry went up and came back, but never went down; and the distance was that of two steps": upwards / 2,
            "that is the one-sided difference: nudge down as well as up": upwards,
            "the two points are 2 * eps apart, not eps": 2 * slopes,
            "the sign: the loss above minus the loss below": -slopes,
            "keep the dtype of w: float32 loses half of the digits": slopes.float(),
        },
    )
    expect("w is as it was", point, tensor([[1.0, 2.0], [3.0, 4.0]], dtype=DOUBLE), tolerance=1e-12)
    expect(
        "entries that depend on each other",
        numeric_gradient(lambda w: w[0] * w[1], tensor([2.0, 5.0], dtype=DOUBLE), 0.1),
        tensor([5.0, 2.0], dtype=DOUBLE),
        {
            "put each entry back before you nudge the next": tensor([5.0, 1.9], dtype=DOUBLE),
            "nudge one entry at a time, not all at once": tensor([7.0, 7.0], dtype=DOUBLE),
        },
    )
    slope = numeric_gradient(lambda w: w[0] ** 2, tensor([3.0], dtype=DOUBLE), 1e-6)
    if abs(slope.item() - 6) > 1e-4:
        raise AssertionError("with an eps of 1e-6 the slope is lost in float32: compute in the dtype of w, the losses too")
    print("ok  an eps of 1e-6, in float64")


@checks("slopes", hint="The errors are 1 and 1. Each slope is 2/2 times a sum over the two images.", look="section 4")
def _(slope_of_w1, slope_of_w2, slope_of_b):
    x, y = tensor([[1.0, 0.0], [2.0, 1.0]]), tensor([1.0, 3.0])

    def loss(w1, w2, b):
        return ((w1 * x[:, 0] + w2 * x[:, 1] + b - y) ** 2).mean().item()

    for i, (name, entered) in enumerate({"w1": slope_of_w1, "w2": slope_of_w2, "b": slope_of_b}.items()):
        up, down = [1.0] * 3, [1.0] * 3
        up[i], down[i] = 1.5, 0.5
        right = loss(*up) - loss(*down)
        said = {
            "the factor 2 of the square is missing": right / 2,
            "the loss is a mean: divide by 2": 2 * right,
            "the sign: the error is prediction minus label": -right,
        }
        expect(f"the slope by {name}, as nudging finds it", float(entered), right, said)


@checks("mse_gradient", hint="Write the shapes of x, e, w and b beside each other. x.T has the shape (D, N).", look="section 4")
def _(mse_gradient):
    received = mse_gradient(
        tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 0.0]]),
        tensor([[2.0], [1.0]]),
        tensor([1.0]),
        tensor([1.0, 2.0, 2.0, 1.0]),
    )
    expect(
        "four rows, one number each",
        received,
        (tensor([[6.0], [1.0]]), tensor([4.0])),
        {
            "the factor 2 of the square is missing": (tensor([[3.0], [0.5]]), tensor([2.0])),
            "the loss is a mean: divide by the number of entries": (tensor([[24.0], [4.0]]), tensor([16.0])),
            "the sign: the error is prediction minus target": (tensor([[-6.0], [-1.0]]), tensor([-4.0])),
            "db has the shape of b: sum over the rows": (tensor([[6.0], [1.0]]), tensor([[1.0], [0.0], [1.0], [2.0]])),
            "db is the mean of slopes that are divided already: sum them": (tensor([[6.0], [1.0]]), tensor([1.0])),
            "(N, 1) - (N,) is (N, N), the trap of section 2: give the target a second axis": (
                tensor([[1.625, 1.125, 1.125, 1.625], [0.5, 0.25, 0.25, 0.5]]),
                tensor([1.25, 0.75, 0.75, 1.25]),
            ),
            "first dw, then db": (tensor([4.0]), tensor([[6.0], [1.0]])),
            "add the bias before you compute the errors": (tensor([[4.0], [0.0]]), tensor([2.0])),
        },
    )
    expect(
        "one row, two numbers: the mean is over both",
        mse_gradient(tensor([[3.0]]), tensor([[1.0, 2.0]]), tensor([0.0, 0.0]), tensor([[2.0, 2.0]])),
        (tensor([[3.0, 12.0]]), tensor([1.0, 4.0])),
        {"you divide by the number of rows; divide by the number of entries": (tensor([[6.0, 24.0]]), tensor([2.0, 8.0]))},
    )
    double = [torch.ones(shape, dtype=DOUBLE) for shape in ((1, 1), (1, 1), (1,), (1, 1))]
    expect("float64 stays float64", [part.dtype for part in mse_gradient(*double)], [DOUBLE, DOUBLE])
    expect("the target is left alone", double[3], torch.ones(1, 1, dtype=DOUBLE))


@checks("sgd_step", hint="Go through both lists together. Which operators of Python change a tensor itself?", look="section 5")
def _(sgd_step):
    w, b = tensor([[1.0], [2.0]]), tensor([3.0])
    returned = sgd_step([w, b], [tensor([[10.0], [0.0]]), tensor([5.0])], 0.1)
    expect(
        "weights and bias after one step",
        (w, b),
        (tensor([[0.0], [2.0]]), tensor([2.5])),
        {
            "that is uphill: subtract": (tensor([[2.0], [2.0]]), tensor([3.5])),
            "nothing moved: `p = p - ...` makes a new tensor; change the old one in place": (
                tensor([[1.0], [2.0]]),
                tensor([3.0]),
            ),
            "the bias did not move: step through all parameters": (tensor([[0.0], [2.0]]), tensor([3.0])),
            "the learning rate is applied twice": (tensor([[0.9], [2.0]]), tensor([2.95])),
            "the learning rate is missing": (tensor([[-9.0], [2.0]]), tensor([-2.0])),
        },
    )
    expect("nothing is returned", returned, None)
    params, grads = ([torch.full((1,), value) for _ in range(4)] for value in (3.0, 2.0))
    sgd_step(params, grads, 0.5)
    expect(
        "four parameters", params, [tensor([2.0])] * 4, {"step through all of them": [tensor([2.0])] * 2 + [tensor([3.0])] * 2}
    )
    expect("the gradients are left alone", grads, [tensor([2.0])] * 4)


@checks(
    "fit", hint="Two loops: over epochs, and in each of them over batches. What belongs behind the inner one?", look="section 6"
)
def _(fit):
    # One parameter, pulled by each batch towards the mean of its labels; three rows, so the last batch of two has one.
    seen = []

    def gradient(params, x, y):
        seen.append(len(y))
        return [params[0] - y.float().mean()]

    model = SimpleNamespace(
        gradient=gradient,
        loss=lambda params, x, y: ((params[0] - y) ** 2).mean(),
        accuracy=lambda params, x, y: (params[0] > y).float().mean().item(),
    )
    params = [torch.zeros(1)]
    train, valid = (torch.zeros(3, 1), tensor([4, 4, 4])), (torch.zeros(2, 1), tensor([1, 8]))
    history = fit(params, model, train, valid, 0.5, 2, 2, torch.Generator().manual_seed(0))
    expect("the sizes of the batches in two epochs", seen, [2, 1, 2, 1], {"go through the batches in every epoch": [2, 1]})
    expect("the parameter after four steps", params[0], tensor([3.75]), {"it did not move: step downhill": torch.zeros(1)})
    expect("what is in the log", sorted(history), ["train_loss", "valid_accuracy", "valid_loss"])
    swapped = {"train_loss is measured on the training images": [12.5, 12.53125]}
    expect("the training loss after each epoch", history["train_loss"], [1.0, 0.0625], swapped)
    expect("the validation loss after each epoch", history["valid_loss"], [14.5, 12.8125])
    expect("the validation accuracy after each epoch", history["valid_accuracy"], [0.5, 0.5])


@checks(
    "to_digit", hint="Three steps: the nearest whole number, the limits 0 and 9, the shape and type of labels.", look="section 6"
)
def _(to_digit):
    expect(
        "five predictions",
        to_digit(tensor([[-3.2], [0.4], [2.6], [8.7], [12.0]])),
        tensor([0, 0, 3, 9, 9]),
        {
            "2.6 is nearer to 3: round, do not cut off": tensor([0, 0, 2, 8, 9]),
            "there is no digit -3 and no digit 12: clamp to 0..9": tensor([-3, 0, 3, 9, 12]),
            "labels are (N,): drop the second axis": tensor([[0], [0], [3], [9], [9]]),
            "labels are int64: convert at the end": tensor([0.0, 0.0, 3.0, 9.0, 9.0]),
            "each row has one number, the digit itself; argmax looks for the place of the largest": tensor([0, 0, 0, 0, 0]),
        },
    )
    expect("a single prediction", to_digit(tensor([[6.83]])), tensor([7]))


@checks("sigmoid", hint="Try both forms in your head at z = 1000 and at z = -1000.", look="section 7")
def _(sigmoid):
    expect(
        "0, ln 3 and -ln 3",
        sigmoid(tensor([0.0, math.log(3), -math.log(3)])),
        tensor([0.5, 0.75, 0.25]),
        {
            "the sign: large scores should give 1": tensor([0.5, 0.25, 0.75]),
            "divide by 1 + exp, not by exp alone": tensor([1.0, 3.0, 1 / 3]),
            "that is tanh, which runs from -1 to 1": tensor([0.0, 0.8, -0.8]),
        },
    )
    expect(
        "very large scores",
        sigmoid(tensor([-1e4, 1e4])),
        tensor([0.0, 1.0]),
        {
            "exp(z) overflows, and inf / inf is NaN: use the other form": tensor([0.0, math.nan]),
            "exp overflows, and inf / inf is NaN: use the other form": tensor([math.nan, 1.0]),
        },
    )
    z = torch.full((2,), -12.0, dtype=DOUBLE)
    small = torch.full((2,), 6.1442e-6, dtype=DOUBLE)
    clipped = {"do not clip the scores: -12 is an ordinary one": small * 0 + 1 / (1 + math.exp(10))}
    expect("-12, in float64", sigmoid(z), small, clipped, tolerance=1e-8)
    expect("z is left alone", z, torch.full((2,), -12.0, dtype=DOUBLE))


@checks("one_hot", hint="Begin with zeros of the right shape; or choose rows of an identity matrix.", look="section 7")
def _(one_hot):
    labels = tensor([2, 0, 1])
    expect(
        "labels 2, 0, 1 among four classes",
        one_hot(labels, 4),
        tensor([[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]),
        {
            "the number of columns is num_classes, also when the largest label is absent": torch.eye(3)[[2, 0, 1]],
            "rows are images, columns are classes": torch.eye(4)[[2, 0, 1]].T,
            "the result is float32, because predictions are": torch.eye(4)[[2, 0, 1]].long(),
        },
    )
    expect("the labels are left alone", labels, tensor([2, 0, 1]))


@checks(
    "slope_of_sigmoid", hint="Differentiate (1 + exp(-z)) ** -1 with the chain rule, then look for a and 1 - a.", look="section 7"
)
def _(slope_at_50, slope_at_90, slope_at_99):
    for a, entered in {0.5: slope_at_50, 0.9: slope_at_90, 0.99: slope_at_99}.items():
        z, eps = math.log(a / (1 - a)), 1e-4
        nudged = (1 / (1 + math.exp(-z - eps)) - 1 / (1 + math.exp(-z + eps))) / (2 * eps)
        expect(f"where a is {a:g}, as nudging finds it", float(entered), nudged, tolerance=1e-3)
