"""The visible checks of notebook 05, and the mistakes that they know by name. Read it after you have tried."""

import math

import torch
from course import CheckError, checks, expect
from course.after03 import numeric_gradient
from course.after04 import cross_entropy, cross_entropy_gradient, softmax
from torch import tensor

NET = [tensor([[1.0, -1.0], [2.0, 1.0]]), tensor([0.0, -1.0]), tensor([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])]
NET += [tensor([1.0, 0.0, -5.0])]


@checks("relu", hint="clamp, or torch.where, or a product with z > 0.", look="Section 'The bend'.")
def _(relu):
    z = tensor([[-2.0, 0.5], [3.0, -1.0]])
    expect(
        "negative entries become 0, the others stay",
        relu(z),
        tensor([[0.0, 0.5], [3.0, 0.0]]),
        {
            "these are absolute values: a negative entry must become 0": z.abs(),
            "you keep the negative entries and lose the positive ones": tensor([[-2.0, 0.0], [0.0, -1.0]]),
            "a little of the negative entries comes through (a leaky ReLU): they must be 0": tensor([[-0.02, 0.5], [3.0, -0.01]]),
            "this tells where z is positive; keep the values themselves": tensor([[0.0, 1.0], [1.0, 0.0]]),
        },
    )
    expect("the input is left alone", z, tensor([[-2.0, 0.5], [3.0, -1.0]]))
    expect("float64 stays float64", relu(z.double()).dtype, torch.float64)


@checks("relu_backward", hint="The slope is 1 or 0: which, is decided by z.", look="Section 'The bend': the chain rule.")
def _(relu_backward):
    dy, z = tensor([[1.0, -2.0, 3.0]]), tensor([[-1.0, 2.0, 4.0]])
    expect(
        "the gradient passes where z is positive",
        relu_backward(dy, z),
        tensor([[0.0, -2.0, 3.0]]),
        {
            "you look at the sign of dy; what counts is the sign of z": tensor([[1.0, 0.0, 3.0]]),
            "this is the slope of relu alone; multiply it by dy": tensor([[0.0, 1.0, 1.0]]),
            "you let all of dy through; where z is negative the gradient is 0": tensor([[1.0, -2.0, 3.0]]),
            "you multiply by relu(z); the slope of relu is 1 where z is positive, not z": tensor([[0.0, -4.0, 12.0]]),
        },
    )
    expect("dy is left alone", dy, tensor([[1.0, -2.0, 3.0]]))
    expect("float64 stays float64", relu_backward(dy.double(), z.double()).dtype, torch.float64)


@checks(
    "variance",
    hint="Put E[h²] = ½ E[z²] into the first formula; the E[z²] on both sides cancel.",
    look="Section 'A start'.",
)
def _(variance):
    expect(
        "the variance for 100 inputs",
        float(variance),
        0.02,
        {
            "that is for a unit without ReLU before it; half of the power is lost there": 0.01,
            "that is the standard deviation; its square is asked for": math.sqrt(0.02),
            "the half is on the other side": 0.005,
        },
    )


@checks(
    "init_linear",
    hint="torch.randn has variance 1; a factor c makes it c².",
    look="Section 'A start': the variance for 100 inputs, written for fan_in.",
)
def _(init_linear):
    w, b = init_linear(784, 500, torch.Generator().manual_seed(1))
    expect("the shapes of w and b", (tuple(w.shape), tuple(b.shape)), ((784, 500), (500,)))
    expect(
        "the spread of the weights, as a multiple of what it should be",
        w.std().item() / math.sqrt(2 / 784),
        1.0,
        {
            "torch.randn times the variance: multiply by its square root, the standard deviation": math.sqrt(2 / 784),
            "you divide by fan_out; what counts is the number of inputs, fan_in": math.sqrt(784 / 500),
            "the variance is 1 / fan_in; ReLU asks for twice that": math.sqrt(1 / 2),
            "all weights are equal: such hidden units stay equal for ever. Draw them from the generator": 0.0,
            "this is the plain torch.randn, far too large": math.sqrt(784 / 2),
        },
        tolerance=0.01,
    )
    if w.abs().max() < 2 * w.std():
        raise CheckError(
            "no weight is larger than twice the standard deviation: draw them from the normal distribution, torch.randn"
        )
    expect("the biases", b, torch.zeros(500))
    generator = torch.Generator().manual_seed(1)
    same, next_layer = (init_linear(784, 500, generator)[0] for _ in range(2))
    if not torch.equal(w, same):
        raise CheckError("the same generator must give the same weights: pass generator=generator to torch.randn")
    if torch.equal(same, next_layer):
        raise CheckError("two layers from one generator are alike: use it as it comes, and do not seed it")
    print("ok  normal weights, repeatable, others in the next layer")


@checks(
    "left_factor",
    hint="The sum runs over n, the images: they must be the columns of the left factor.",
    look="The first of the three sums: which index is summed over, which remain?",
)
def _(left_factor):
    expect(
        "the shape of the left factor",
        tuple(left_factor),
        (784, 64),
        {
            "that is x itself; its columns are inputs, but the sum runs over the images": (64, 784),
            "that is dy turned round: its product with x has the shape of w turned round": (30, 64),
            "that is the shape of the product": (784, 30),
            "that is dy; it stands on the right": (64, 30),
        },
    )


@checks(
    "linear_backward",
    hint="Each gradient has the shape of the thing itself. Which product of dy and x has the shape of w?",
    look="The three sums above the exercise: a sum over n joins rows, a sum over k joins columns.",
)
def _(linear_backward):
    x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    w = tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
    dx, dw, db = linear_backward(tensor([[1.0, 2.0], [3.0, 4.0]]), x, w)
    right = tensor([[13.0, 18.0], [17.0, 24.0], [21.0, 30.0]])
    expect("dx", dx, tensor([[1.0, 2.0, 8.0], [3.0, 4.0, 18.0]]), {"dx and dw are swapped: return (dx, dw, db)": right})
    expect(
        "dw",
        dw,
        right,
        {
            "dw is divided by N; the 1/N of the mean is already in dy": right / 2,
            "dw is transposed: it has the shape of w": right.T,
        },
    )
    expect(
        "db",
        db,
        tensor([4.0, 6.0]),
        {
            "db is a mean over the rows; it is their sum, for the 1/N is already in dy": tensor([2.0, 3.0]),
            "db is (1, K); b has the shape (K,), so drop keepdim": tensor([[4.0, 6.0]]),
            "db is summed along a row; b was added to every row, so sum over the rows, dim=0": tensor([3.0, 7.0]),
        },
    )
    double = [torch.ones(1, 1, dtype=torch.float64) for _ in range(3)]
    expect("float64 stays float64", [part.dtype for part in linear_backward(*double)], [torch.float64] * 3)


@checks(
    "forward",
    hint="z, h and the logits: three lines. Which of them do relu_backward and linear_backward ask for?",
    look="The drawing above: its upper row.",
)
def _(forward):
    logits, params = tensor([[4.0, 0.0, 1.0], [4.0, 2.0, -1.0]]), [p.clone() for p in NET]
    expect(
        "the logits of two rows",
        forward(params, tensor([[1.0, 1.0], [-1.0, 2.0]]))[0],
        logits,
        {
            "there is no ReLU between the two layers": tensor([[4.0, -1.0, 2.0], [4.0, 2.0, -1.0]]),
            "there is a ReLU on the logits; it belongs between the layers only": logits.clamp(min=0),
            "these are probabilities; leave softmax to the loss": softmax(logits),
            "b2 is missing": logits - NET[3],
            "b1 is missing": tensor([[4.0, 0.0, 1.0], [4.0, 3.0, -2.0]]),
            "these are the logits of one row; return the pair (logits, cache)": logits[0],
        },
    )
    expect("the parameters are left alone", params, NET)


@checks(
    "backward",
    hint="Each linear_backward gives two of the four gradients, and a dx to hand on.",
    look="The drawing above: its lower row, from right to left.",
)
def _(forward, backward):
    g = torch.Generator().manual_seed(3)
    params = [torch.randn(shape, generator=g, dtype=torch.float64) for shape in [(4, 6), (6,), (6, 3), (3,)]]
    x, y = torch.randn(5, 4, generator=g, dtype=torch.float64), tensor([0, 2, 1, 1, 0])
    (logits, cache), before = forward(params, x), [p.clone() for p in params]
    grads = backward(params, cache, y)
    if len(grads) != 4:
        raise CheckError("backward returns the list [dw1, db1, dw2, db2]")
    if not all(map(torch.equal, params, before)):
        raise CheckError("backward changes the parameters: compute all gradients first, the step comes later")
    through = cross_entropy_gradient(logits, y) @ params[2].T
    without_relu = {"w1": x.T @ through, "b1": through.sum(dim=0)}
    for name, p, grad in zip(["w1", "b1", "w2", "b2"], params, grads, strict=True):
        right = numeric_gradient(lambda _: cross_entropy(forward(params, x)[0], y), p)
        mistakes = {
            "5 times too large: the loss is a mean over the 5 rows": 5 * right,
            "5 times too small: divide by N once only, in the gradient of the logits": right / 5,
            "the sign is reversed": -right,
            "nothing flows back where z is negative: relu_backward is missing between the layers": without_relu.get(name),
        }
        expect(f"the gradient of {name} against central differences", grad, right, mistakes)
    doubled = {"gradients add up from call to call; start afresh each time": [2 * grad for grad in grads]}
    expect("a second call gives the same", list(backward(params, cache, y)), list(grads), doubled)
    large = backward(params, forward(params, 1e4 * x)[1], y)
    if not all(grad.isfinite().all() for grad in large):
        raise CheckError("for large logits the gradients are not finite: begin with cross_entropy_gradient, which shifts them")
    print("ok  large logits")


@checks(
    "velocity",
    hint="In the end v no longer changes: v = .9 v + 1.",
    look="The rule for v above; put the same number on both sides.",
)
def _(velocity):
    expect("the velocity in the end", float(velocity), 10.0, {"that is what is left of the last velocity": 0.9}, tolerance=0.001)


@checks(
    "momentum_step",
    hint="velocity *= ... and velocity += ... change it in place; velocity = ... would make a new tensor.",
    look="The two arrows of the rule: v first, then p with the new v.",
)
def _(momentum_step):
    p, velocity = tensor([1.0]), tensor([4.0])
    momentum_step(p, velocity, tensor([1.0]), 0.1, 0.5)
    expect(
        "the velocity",
        velocity,
        tensor([3.0]),
        {
            "that is the average, m v + (1 - m) g; here v <- m v + g": tensor([2.5]),
            "the memory is missing: v <- m v + g": tensor([1.0]),
            "the past is not weighed by m": tensor([5.0]),
            "it has not changed: velocity *= ... changes it in place": tensor([4.0]),
        },
    )
    expect(
        "the parameter",
        p,
        tensor([0.7]),
        {
            "the step takes the gradient; it should take the velocity": tensor([0.9]),
            "the step takes the velocity from before: v first, then p": tensor([0.6]),
            "the step goes uphill": tensor([1.3]),
            "it has not moved: p -= ... changes it in place": tensor([1.0]),
        },
    )


@checks("Sigmoid", hint="y (1 - y), with the y of the last forward.", look="Notebook 3, where you met the sigmoid.")
def _(Sigmoid):
    layer, x = Sigmoid(), tensor([[0.0, math.log(3)]])
    expect("forward", layer.forward(x), tensor([[0.5, 0.75]]))
    expect(
        "backward",
        layer.backward(tensor([[4.0, 16.0]])),
        tensor([[1.0, 3.0]]),
        {"this is the slope alone; multiply it by dy": tensor([[0.25, 0.1875]])},
    )


@checks(
    "Linear",
    hint="What happens to dw when backward is called for the second time? And is self.w the tensor that came in?",
    look="The docstring, line by line.",
)
def _(Linear):
    w, b = tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]]), tensor([1.0, -1.0])
    layer = Linear(w, b)
    for x, what in [(torch.zeros(4, 3), "a batch of 4"), (tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "then a batch of 2")]:
        expect(f"forward, {what}", layer.forward(x), x @ w + b, {"the bias is missing": x @ w})
        dx = layer.backward(torch.ones(len(x), 2))
    expect("dx", dx, tensor([[1.0, 1.0, 5.0], [1.0, 1.0, 5.0]]))
    expect("dw", layer.dw, tensor([[5.0, 5.0], [7.0, 7.0], [9.0, 9.0]]))
    expect("db", layer.db, tensor([2.0, 2.0]), {"you add to the db of the batch before; start afresh": tensor([6.0, 6.0])})
    if layer.w is not w or layer.b is not b:
        raise CheckError("w and b are kept as they are, not copied: the training step changes them from outside")
    moved = {"backward leaves dw and db, and the step to others: w and b stay": w}
    expect("w after two ways back", layer.w, tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]]), moved)
    Linear(w, b).forward(torch.zeros(2, 3))
    layer.backward(torch.ones(2, 2))
    shared = {"your layers share one memory: keep x in self, not in the class": torch.zeros(3, 2)}
    expect("dw, after another layer's forward", layer.dw, tensor([[5.0, 5.0], [7.0, 7.0], [9.0, 9.0]]), shared)
    print("ok  w and b are the tensors that came in")


@checks("ReLU", hint="Keep the input of the last forward.", look="Your relu and relu_backward.")
def _(ReLU):
    layer, x = ReLU(), tensor([[2.0, -1.0]])
    expect("forward", layer.forward(x), tensor([[2.0, 0.0]]), {"this is x as it came": tensor([[2.0, -1.0]])})
    expect("x is left alone", x, tensor([[2.0, -1.0]]))
    expect(
        "backward",
        layer.backward(tensor([[5.0, 7.0]])),
        tensor([[5.0, 0.0]]),
        {
            "all of dy comes through; where x was negative the gradient is 0": tensor([[5.0, 7.0]]),
            "the slope of relu is 1 where x was positive, not x": tensor([[10.0, 0.0]]),
            "this is the mask alone; multiply it by dy": tensor([[1.0, 0.0]]),
        },
    )
    layer.forward(tensor([[-1.0, 3.0]]))
    stale = {"you use the x of an earlier forward; keep the last one": tensor([[5.0, 0.0]])}
    expect("backward after another forward", layer.backward(tensor([[5.0, 7.0]])), tensor([[0.0, 7.0]]), stale)
    ReLU().forward(tensor([[1.0, -3.0]]))
    shared = {"your layers share one memory: keep x in self, not in the class": tensor([[5.0, 0.0]])}
    expect("backward after another layer's forward", layer.backward(tensor([[5.0, 7.0]])), tensor([[0.0, 7.0]]), shared)


@checks("SoftmaxCrossEntropy", hint="Keep the logits and labels for the way back.", look="Notebook 4; cross_entropy is imported.")
def _(SoftmaxCrossEntropy):
    loss = SoftmaxCrossEntropy()
    mistakes = {"the loss is a sum over the rows; take their mean": tensor(4 * math.log(10))}
    expect("even scores cost ln 10", loss.forward(torch.zeros(4, 10), tensor([0, 1, 2, 3])), tensor(math.log(10)), mistakes)
    mistakes = {
        "exp overflows, or a log meets 0: subtract the row's maximum, and never take the log of a softmax": tensor(math.inf)
    }
    expect("a gap of 1,000 costs 1,000", loss.forward(tensor([[0.0, 1000.0]]), tensor([0])), tensor(1000.0), mistakes)
    logits, y = tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 3.0]], dtype=torch.float64), tensor([0, 1])
    loss.forward(logits, y)
    right = numeric_gradient(lambda z: cross_entropy(z, y), logits.clone())
    mistakes = {
        "the 1/N of the mean is missing": 2 * right,
        "these are the probabilities; subtract 1 at the label": softmax(logits) / 2,
    }
    expect("the gradient against central differences", loss.backward(), right, mistakes)
    expect("a second backward gives the same", loss.backward(), right)
