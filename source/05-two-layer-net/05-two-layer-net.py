# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 A network of two layers
#
# One layer compares each image with ten templates. A second layer, with a bend in between, can combine what the first one
# saw. You will write the bend, the start, and every gradient by hand, train networks of several shapes with one function,
# break one on purpose, and meet PyTorch's own way at the end.
#
# Until that last part the rules are as before: no autograd, no `torch.nn`, no `torch.optim`.

# %%
# While this notebook is graded only your functions matter, so the experiments are cut short.
# The stand-in is small and stiff: it needs more epochs and a smaller rate.
EPOCHS = 1 if GRADING else 5 if data.name == "MNIST" else 120
RATE = 0.3 if data.name == "MNIST" else 0.1
TRAINING_IMAGES = 1_000 if GRADING else 50_000
HIDDEN_SIZES = [3, 10] if GRADING else [3, 10, 30, 100, 300]

# %%
# Below 1e-38 numbers count as 0 from here on: computing with such tiny ones is many times slower, and averages fade into them.
torch.set_flush_denormal(True)
images, labels = data.train()
order = torch.randperm(len(images), generator=torch.Generator().manual_seed(5))
held_out = len(images) // 6
valid = images[order[:held_out]].flatten(1) / 255, labels[order[:held_out]]
kept = order[held_out : held_out + TRAINING_IMAGES]
train = images[kept].flatten(1) / 255, labels[kept]
print(f"{len(train[0]):,} images to train on, {len(valid[0]):,} to validate with")

# %% [markdown]
# These you know from notebooks 3 and 4. They are given, so that an old mistake cannot follow you.


# %% nbgrader={"grade": false, "grade_id": "given-loss", "locked": true, "schema_version": 3, "solution": false, "task": false}
def softmax(z):
    """Scores (N, C) -> probabilities (N, C); each row is shifted by its own maximum."""
    e = (z - z.amax(dim=-1, keepdim=True)).exp()
    return e / e.sum(dim=-1, keepdim=True)


def cross_entropy(logits, labels):
    """Mean negative log likelihood in nats of labels (N,) under logits (N, C), stable for logits of any size."""
    shifted = logits - logits.amax(dim=-1, keepdim=True)
    log_sums = shifted.exp().sum(dim=-1).log()
    return (log_sums - shifted[torch.arange(len(labels)), labels]).mean()


def cross_entropy_gradient(logits, labels):
    """The gradient of cross_entropy with respect to the logits: (softmax - one-hot) / N, shape (N, C)."""
    one_hot = torch.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return (softmax(logits) - one_hot) / len(labels)


def numeric_gradient(f, w, eps=1e-6):
    """Central differences (f(w + eps) - f(w - eps)) / (2 eps) for each entry of w (float64), which is restored."""
    gradient, entries = torch.zeros_like(w), w.view(-1)
    for i in range(len(entries)):
        kept = entries[i].item()
        entries[i] = kept + eps
        above = f(w)
        entries[i] = kept - eps
        gradient.view(-1)[i] = (above - f(w)) / (2 * eps)
        entries[i] = kept
    return gradient


# %% [markdown]
# ## 1. The bend
#
# *Predict:* stack two linear layers, `(x @ w1) @ w2`, with 30 numbers in between. What can this do that one layer cannot?

# %%
g = torch.Generator().manual_seed(0)
w1, w2 = torch.randn(784, 30, generator=g), torch.randn(30, 10, generator=g)
x = valid[0][:5]
difference = ((x @ w1) @ w2 - x @ (w1 @ w2)).abs().max() / (x @ w1 @ w2).abs().max()
assert difference < 1e-5
print("Two linear layers equal one with the weights w1 @ w2, of shape", tuple((w1 @ w2).shape))

# %% [markdown]
# Nothing: it is one linear layer in disguise. The simplest bend is the **rectified linear unit** (ReLU).


# %% nbgrader={"grade": false, "grade_id": "relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu(z):
    """Replace negative entries by 0.

    z: float tensor of any shape. Returns: a new tensor, shape and dtype of z.

    >>> relu(tensor([-2.0, 0.5]))
    tensor([0.0000, 0.5000])
    """
    ### BEGIN SOLUTION
    return z.clamp(min=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-relu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
z = tensor([[-2.0, 0.5], [3.0, -1.0]])
expect(
    "negative entries become 0, the others stay",
    relu(z),
    tensor([[0.0, 0.5], [3.0, 0.0]]),
    {
        "these are absolute values: a negative entry must become 0.": z.abs(),
        "you keep the negative entries and lose the positive ones.": tensor([[-2.0, 0.0], [0.0, -1.0]]),
        "a little of the negative entries comes through (a leaky ReLU): they must be 0.": tensor([[-0.02, 0.5], [3.0, -0.01]]),
        "this tells where z is positive; keep the values themselves.": tensor([[0.0, 1.0], [1.0, 0.0]]),
    },
)
assert z[0, 0] == -2, "Your relu changes its input. Return a new tensor."

# %% [markdown]
# Backward, each function gets `dy`, the gradient of the loss with respect to what it *returned*, and answers with the
# gradient with respect to what it was *given*. Where ReLU let the number through, the gradient goes through; where it did
# not, the loss does not depend on `z`, and the gradient is 0. (At exactly `z = 0` either answer will do.)


# %% nbgrader={"grade": false, "grade_id": "relu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu_backward(dy, z):
    """The gradient of the loss with respect to z, the input of relu.

    dy: gradient with respect to relu(z), shape of z. Returns: a new tensor, shape and dtype of dy.

    >>> relu_backward(tensor([5.0, 5.0]), tensor([-2.0, 0.5]))
    tensor([0., 5.])
    """
    ### BEGIN SOLUTION
    return dy * z.sign().clamp(min=0)  # 1 where z > 0, else 0; dy * (z > 0) is as right, but slower
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-relu_backward", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
dy, z = tensor([[1.0, -2.0, 3.0]]), tensor([[-1.0, 2.0, 4.0]])
expect(
    "the gradient passes where z is positive",
    relu_backward(dy, z),
    tensor([[0.0, -2.0, 3.0]]),
    {
        "you look at the sign of dy; what counts is the sign of z.": tensor([[1.0, 0.0, 3.0]]),
        "this is the slope of relu alone; multiply it by dy.": tensor([[0.0, 1.0, 1.0]]),
        "you let all of dy through; where z is negative the gradient is 0.": tensor([[1.0, -2.0, 3.0]]),
        "you multiply by relu(z); the slope of relu is 1 where z is positive, not z.": tensor([[0.0, -4.0, 12.0]]),
    },
)
assert dy[0, 0] == 1, "Your relu_backward changes dy. Return a new tensor."

# %% [markdown]
# ## 2. A start
#
# Zeros were a good start for one layer. Here they would not do: with `w2 = 0` nothing flows back to `w1`, and hidden units
# that start equal stay equal. So the start is random. How large? ReLU throws away about half of the signal's power; weights
# with variance `2 / fan_in` make up for that ([He et al. 2015](https://arxiv.org/abs/1502.01852), eq. 10), `fan_in` being the
# number of inputs of a unit. Biases start at 0.


# %% nbgrader={"grade": false, "grade_id": "init_linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
def init_linear(fan_in, fan_out, generator):
    """Start values of one layer: normal weights with mean 0 and variance 2 / fan_in, zero biases.

    generator: the torch.Generator that the weights are drawn from.
    Returns: (w, b), float32, shapes (fan_in, fan_out) and (fan_out,).

    >>> w, b = init_linear(784, 30, torch.Generator().manual_seed(0))
    >>> w.shape, b.shape
    (torch.Size([784, 30]), torch.Size([30]))
    """
    ### BEGIN SOLUTION
    w = torch.randn(fan_in, fan_out, generator=generator) * math.sqrt(2 / fan_in)
    return w, torch.zeros(fan_out)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-init_linear", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
w, b = init_linear(784, 500, torch.Generator().manual_seed(1))
expect("the shapes of w and b", (tuple(w.shape), tuple(b.shape)), ((784, 500), (500,)))
expect(
    "the spread of the weights, as a multiple of what it should be",
    w.std().item() / math.sqrt(2 / 784),
    1.0,
    {
        "torch.randn times the variance: multiply by its square root, the standard deviation.": math.sqrt(2 / 784),
        "you divide by fan_out; what counts is the number of inputs, fan_in.": math.sqrt(784 / 500),
        "the variance is 1 / fan_in; ReLU asks for 2 / fan_in.": math.sqrt(1 / 2),
        "all weights are equal: such hidden units stay equal for ever. Draw them from the generator.": 0.0,
        "this is the plain torch.randn, far too large: logits of N(0, 1) weights start the loss near 14.": math.sqrt(784 / 2),
    },
    tolerance=0.01,
)
assert not b.any(), "The biases are random or not 0: start all of them at 0."
expect("the biases", b, torch.zeros(500))
same = init_linear(784, 500, torch.Generator().manual_seed(1))[0]
assert torch.equal(w, same), "The same generator state must give the same weights: pass `generator=generator` to torch.randn."

# %% [markdown]
# *Predict:* a signal goes through 20 layers of 100 ReLU units. What becomes of its size when the weights are half as large?

# %%
plt.figure(figsize=(6, 3.2))
for factor, marker in [(2.0, "^"), (1.0, "o"), (0.5, "v")]:
    g, h, sizes = torch.Generator().manual_seed(0), valid[0][:200], []
    for _ in range(20):
        w, b = init_linear(h.shape[1], 100, g)
        h = relu(h @ (factor * w) + b)
        sizes.append(h.square().mean().sqrt())
    plt.semilogy(range(1, 21), sizes, marker=marker, label=f"{factor:g} x the spread of init_linear")
plt.xlabel("layer"), plt.xticks(range(1, 21, 3)), plt.ylabel("root mean square of the signal")
plt.legend(bbox_to_anchor=(1.02, 1), loc="upper left")
plt.show()

# %% [markdown]
# Half, twenty times over, is a millionth; twice is a million. Gradients fare likewise on their way back.
#
# ## 3. Backward through a linear layer
#
# Forward, `y = x @ w + b`. Backward, `dy` arrives, and three gradients are wanted. The shapes all but write the formulas:
# `x` is (N, D), `w` is (D, K), `dy` is (N, K), and each gradient has the shape of the thing itself. Which product of `dy`
# and `x` is (D, K)? Which of `dy` and `w` is (N, D)? And `b` was added to every row.
#
# The loss is a mean, but its 1/N is already in `dy`. Do not divide again.


# %% nbgrader={"grade": false, "grade_id": "linear_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def linear_backward(dy, x, w):
    """The gradients of the loss with respect to the three inputs of y = x @ w + b.

    dy: gradient with respect to y, shape (N, K). x: (N, D). w: (D, K).
    Returns: (dx, dw, db), shapes (N, D), (D, K) and (K,).

    >>> linear_backward(tensor([[1.0]]), tensor([[2.0, 3.0]]), tensor([[5.0], [7.0]]))
    (tensor([[5., 7.]]), tensor([[2.],
            [3.]]), tensor([1.]))
    """
    ### BEGIN SOLUTION
    return dy @ w.T, (dy.T @ x).T, dy.sum(dim=0)  # (dy.T @ x).T is x.T @ dy; which is faster, you measure below
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-linear_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
w = tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
dx, dw, db = linear_backward(tensor([[1.0, 2.0], [3.0, 4.0]]), x, w)
right = tensor([[13.0, 18.0], [17.0, 24.0], [21.0, 30.0]])
swapped = "dx and dw are swapped: return (dx, dw, db)."
expect("dx", dx, tensor([[1.0, 2.0, 8.0], [3.0, 4.0, 18.0]]), {swapped: right})
mistakes = {
    "dw is divided by N; the 1/N of the mean is already in dy.": right / 2,
    "dw is transposed: it has the shape of w.": right.T,
}
expect("dw", dw, right, mistakes)
mistakes = {
    "db is a mean over the rows; it is their sum, for the 1/N is already in dy.": tensor([2.0, 3.0]),
    "db is (1, K); b has the shape (K,), so drop keepdim.": tensor([[4.0, 6.0]]),
    "db is summed along a row; b was added to every row, so sum over the rows, dim=0.": tensor([3.0, 7.0]),
}
expect("db", db, tensor([4.0, 6.0]), mistakes)

# %% [markdown]
# On paper `x.T @ dy` and `(dy.T @ x).T` are one matrix. And `w` is one matrix, whether its numbers lie in memory row by row, as
# torch puts them, or column by column. *Predict*, for a batch of 256 images and ten scores: does any of this cost time?


# %%
def columns(w, b):
    """The same weights, but column by column in memory; and b as it is."""
    return w.T.contiguous().T, b


# %% tags=["timing", "nbval-ignore-output"]
# Seconds differ from machine to machine, so the solutions come without these: run it yourself.
def microseconds(f, times=200):
    start = time.process_time()
    for _ in range(times):
        f()
    return (time.process_time() - start) / times * 1e6


x, by_rows, dy = train[0][:256], torch.ones(784, 10), torch.ones(256, 10)
by_columns, _ = columns(by_rows, None)
assert torch.equal(by_rows, by_columns) and by_rows.stride() == (10, 1) and by_columns.stride() == (1, 784)
print(f"x @ w, w by rows        {microseconds(lambda: x @ by_rows):4.0f} microseconds")
print(f"x @ w, w by columns     {microseconds(lambda: x @ by_columns):4.0f} microseconds")
print(f"x.T @ dy                {microseconds(lambda: x.T @ dy):4.0f} microseconds")
print(f"(dy.T @ x).T            {microseconds(lambda: (dy.T @ x).T):4.0f} microseconds")

# %% [markdown]
# On both makes of processor that we tried, columns took half the time of rows. A score is an image times one *column* of `w`:
# by columns its 784 numbers lie side by side, by rows ten apart. `nn.Linear` has found that out too, its weight is (10, 784). So
# the networks below keep their weights in `columns`, and `(dy.T @ x).T` makes a gradient that lies in memory as they do.
#
# ## 4. The whole network
#
# `params` is the list `[w1, b1, w2, b2]`. Forward: linear, ReLU, linear. What the way back will need (think: which inputs
# do `relu_backward` and `linear_backward` ask for?) goes into the `cache`. What is in it is your own affair.


# %% nbgrader={"grade": false, "grade_id": "forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def forward(params, x):
    """Linear layer, ReLU, linear layer.

    params: [w1, b1, w2, b2], shapes (D, H), (H,), (H, C), (C,). x: (N, D).
    Returns: (logits, cache): scores (N, C), any real numbers, and whatever `backward` needs.
    """
    ### BEGIN SOLUTION
    w1, b1, w2, b2 = params
    z = x @ w1 + b1
    h = relu(z)
    logits = h @ w2 + b2
    return logits, (x, z, h, logits)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-forward", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
x = tensor([[1.0, 1.0], [-1.0, 2.0]])
params = [tensor([[1.0, -1.0], [2.0, 1.0]]), tensor([0.0, -1.0])]
params += [tensor([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]), tensor([1.0, 0.0, -5.0])]
logits = tensor([[4.0, 0.0, 1.0], [4.0, 2.0, -1.0]])
expect(
    "the logits of two rows",
    forward(params, x)[0],
    logits,
    {
        "there is no ReLU between the two layers.": tensor([[4.0, -1.0, 2.0], [4.0, 2.0, -1.0]]),
        "there is a ReLU on the logits; it belongs between the layers only.": relu(logits),
        "these are probabilities; leave softmax to the loss.": softmax(logits),
        "b2 is missing.": logits - params[3],
        "b1 is missing.": tensor([[4.0, 0.0, 1.0], [4.0, 3.0, -2.0]]),
        "these are the logits of one row; return the pair (logits, cache).": logits[0],
    },
)

# %% [markdown]
# Backward: the same stations in reverse, beginning with `cross_entropy_gradient(logits, labels)`. Each `linear_backward`
# gives two of the four gradients, and a `dx` to hand on.
#
# <details><summary>Hint</summary>
# Four lines: the gradient of the logits; <code>linear_backward</code> with <code>h</code> and <code>w2</code>;
# <code>relu_backward</code> with <code>z</code>; <code>linear_backward</code> with <code>x</code> and <code>w1</code>.
# </details>


# %% nbgrader={"grade": false, "grade_id": "backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def backward(params, cache, labels):
    """The gradients of the mean cross-entropy with respect to the parameters.

    params: [w1, b1, w2, b2]. cache: the second thing that `forward` returned. labels: int64 (N,).
    Returns: [dw1, db1, dw2, db2], shapes of the params. Changes nothing.
    """
    ### BEGIN SOLUTION
    x, z, h, logits = cache
    dh, dw2, db2 = linear_backward(cross_entropy_gradient(logits, labels), h, params[2])
    dz = relu_backward(dh, z)
    # linear_backward would also compute dx, as much work as dw1, and nobody asks for the gradient of the images.
    return [(dz.T @ x).T, dz.sum(dim=0), dw2, db2]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-backward", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
g = torch.Generator().manual_seed(3)
params = [torch.randn(shape, generator=g, dtype=torch.float64) for shape in [(4, 6), (6,), (6, 3), (3,)]]
x, y = torch.randn(5, 4, generator=g, dtype=torch.float64), tensor([0, 2, 1, 1, 0])
(logits, cache), before = forward(params, x), [p.clone() for p in params]
grads = backward(params, cache, y)
assert len(grads) == 4, "backward returns the list [dw1, db1, dw2, db2]."
assert all(map(torch.equal, params, before)), (
    "backward changes the parameters; compute all gradients first, the step comes later."
)
_, *straight = linear_backward(cross_entropy_gradient(logits, y) @ params[2].T, x, params[0])
without_relu = dict(zip(["w1", "b1"], straight, strict=True))
for name, p, grad in zip(["w1", "b1", "w2", "b2"], params, grads, strict=True):
    right = numeric_gradient(lambda _: cross_entropy(forward(params, x)[0], y), p)
    mistakes = {
        "5 times too large: the loss is a mean over the 5 rows.": 5 * right,
        "5 times too small: divide by N once only, in the gradient of the logits.": right / 5,
        "the sign is reversed.": -right,
        "nothing flows back where z is negative: relu_backward is missing between the layers.": without_relu.get(name),
    }
    expect(f"the gradient of {name} against central differences", grad, right, mistakes)
doubled = {"gradients add up from call to call; start afresh each time.": [2 * grad for grad in grads]}
expect("a second call gives the same", backward(params, cache, y), grads, doubled)

# %% [markdown]
# Now the real thing: 784-30-10 in float64, five digits, all 23,860 gradients against central differences. This is the most
# useful test in deep learning: a wrong gradient often still trains, only worse.
#
# *Predict* the loss of the untrained network first. Ten classes, small logits: what would pure guessing cost?

# %%
g = torch.Generator().manual_seed(0)
params = [p.double() for layer in [(784, 30), (30, 10)] for p in init_linear(*layer, g)]
x, y = valid[0][:5].double(), valid[1][:5]
logits, cache = forward(params, x)
start = cross_entropy(forward([p.float() for p in params], valid[0])[0], valid[1])
print(f"loss at the start, on the validation set: {start:.2f}; guessing costs ln 10 = {math.log(10):.2f}")
largest = 0.0
for p, grad in zip(params, backward(params, cache, y), strict=True):
    largest = max(largest, (grad - numeric_gradient(lambda _: cross_entropy(forward(params, x)[0], y), p)).abs().max().item())
assert 2.1 < start < 2.7 and largest < 1e-7
print(f"{sum(p.numel() for p in params):,} gradients agree with central differences to better than 1e-7")

# %% [markdown]
# ## 5. One training function for every network
#
# A network is its parameters and its two functions. The training function knows nothing else about it, so it serves every
# network below. It is that of notebook 4 with two refinements: the rate falls in a straight line to 0, and a step may have
# **momentum** ([Polyak 1964](https://doi.org/10.1016/0041-5553%2864%2990137-5)): each parameter then follows a running average
# of its gradients, `average = momentum * average + (1 - momentum) * gradient`. At momentum 0 that is the gradient itself, at
# 0.9 about the mean of the last ten.


# %%
class Network:
    """A list of tensors, and two functions: forward(params, x) -> (logits, cache), backward(params, cache, labels) -> grads."""

    def __init__(self, params, forward, backward):
        self.params, self.forward, self.backward = params, forward, backward


def train_network(network, train, valid, lr, epochs, batch_size=64, momentum=0, seed=0):
    """Gradient descent on shuffled batches, the rate falling linearly from lr to 0; changes the network's params in place.

    train, valid: pairs (x, y). momentum: the weight of the past in the running average of the gradients.
    Returns: a dict of lists, one entry an epoch: train_loss, valid_loss, valid_accuracy.
    """
    x, y = train
    generator = torch.Generator().manual_seed(seed)
    history = {"train_loss": [], "valid_loss": [], "valid_accuracy": []}
    averages = [torch.zeros_like(p) for p in network.params]
    steps_left = total_steps = epochs * math.ceil(len(x) / batch_size)
    for _ in progress(range(epochs), "epoch"):
        order, seen = torch.randperm(len(x), generator=generator), []
        for batch in order.split(batch_size):
            xb, yb = x.index_select(0, batch), y.index_select(0, batch)  # x[batch], y[batch], but faster
            logits, cache = network.forward(network.params, xb)
            grads = network.backward(network.params, cache, yb)
            for p, average, grad in zip(network.params, averages, grads, strict=True):
                average.lerp_(grad, 1 - momentum)  # the formula above
                p.sub_(average, alpha=lr * steps_left / total_steps)  # p -= rate * average
            seen.append(logits)
            steps_left -= 1
        history["train_loss"].append(cross_entropy(torch.cat(seen), y[order]).item())  # each row's before its step
        logits, _ = network.forward(network.params, valid[0])
        history["valid_loss"].append(cross_entropy(logits, valid[1]).item())
        history["valid_accuracy"].append(accuracy(network, valid))
    return history


def accuracy(network, part):
    """The fraction of images in part = (x, y) that the network classifies correctly."""
    logits, _ = network.forward(network.params, part[0])
    return (logits.argmax(dim=1) == part[1]).float().mean().item()


def one_layer(seed):
    """The model of notebook 4, from a small random start."""

    def forward(params, x):
        logits = x @ params[0] + params[1]
        return logits, (x, logits)

    def backward(params, cache, labels):
        x, logits = cache
        dlogits = cross_entropy_gradient(logits, labels)
        return [(dlogits.T @ x).T, dlogits.sum(dim=0)]

    return Network([*columns(*init_linear(784, 10, torch.Generator().manual_seed(seed)))], forward, backward)


def two_layers(hidden, seed):
    """784-hidden-10 with ReLU: your forward and your backward."""
    g = torch.Generator().manual_seed(seed)
    layers = columns(*init_linear(784, hidden, g)), columns(*init_linear(hidden, 10, g))
    return Network([*layers[0], *layers[1]], forward, backward)


# %% [markdown]
# *Predict:* 784-30-10 beside one layer. Will its validation loss be a little lower, or substantially?

# %%
single, double = one_layer(seed=0), two_layers(30, seed=0)
histories = {
    "one layer": train_network(single, train, valid, lr=RATE, epochs=EPOCHS),
    "784-30-10 ReLU": train_network(double, train, valid, lr=RATE, epochs=EPOCHS),
}
for_the_scoreboard = {"784-30-10 ReLU": double}


# %%
def plot_losses(histories):
    """Training (dashed) and validation loss (solid) of each history, by epoch."""
    plt.figure(figsize=(6, 3.2))
    for i, (name, history) in enumerate(histories.items()):
        epochs = range(1, len(history["train_loss"]) + 1)
        plt.plot(epochs, history["train_loss"], "--", color=f"C{i}", label=f"{name}, training")
        plt.plot(epochs, history["valid_loss"], "-", color=f"C{i}", label=f"{name}, validation")
    plt.xlabel("epoch"), plt.ylabel("cross-entropy (nats)"), plt.locator_params(axis="x", integer=True)
    plt.legend(bbox_to_anchor=(1.02, 1), loc="upper left")


plot_losses(histories)
plt.ylim(bottom=0)
plt.show()
for name, history in histories.items():
    print(f"{name:15} validation loss {history['valid_loss'][-1]:.3f}, accuracy {history['valid_accuracy'][-1]:.3f}")
for part in ("training", "validation"):
    one, two = (history[f"{part[:5]}_loss"][-1] for history in histories.values())
    assert GRADING or part == "validation" or two < 0.6 * one
    print(f"{part} loss: that of two layers is {two / one:.0%} of that of one")

# %% [markdown]
# And momentum? *Predict:* at the same rate, does it make learning faster, slower, or neither? And at rates that are too large?

# %%
rates, reached = [0.03, 0.1, 0.3, 1, 3], {}
plt.figure(figsize=(6, 3.2))
for momentum, style in [(0, "o-"), (0.9, "s-")]:
    for lr in rates:
        history = train_network(two_layers(30, seed=0), train, valid, lr, epochs=max(1, EPOCHS // 5), momentum=momentum)
        reached[momentum, lr] = history["valid_accuracy"][-1]
    plt.semilogx(rates, [reached[momentum, lr] for lr in rates], style, label=f"momentum {momentum}")
plt.xticks(rates, rates), plt.minorticks_off(), plt.xlabel("rate")
plt.ylim(0, 1), plt.ylabel("validation accuracy"), plt.legend()
plt.show()
assert GRADING or (abs(reached[0.9, 0.1] - reached[0, 0.1]) < 0.02 and reached[0.9, 3] > reached[0, 3] + 0.3)

# %% [markdown]
# Neither, while rates are small: ten steps along ten gradients end where ten steps along their mean do. At large rates single
# gradients tear the network apart; in their average, what they agree on stays and the rest cancels. So momentum bears larger
# rates, hence larger batches and fewer steps.
#
# ## 6. Layers as building blocks (optional)
#
# (If you skip this section, go on at the first cell of 7. It costs 5 of 22 points, and two bars of the scoreboard.)
#
# For a third layer you would have to write `forward` and `backward` anew. Instead, let each layer be an object that
# remembers what its own way back needs; any chain of them is then a network. One as an example, the sigmoid:


# %%
class Sigmoid:
    """1 / (1 + exp(-x)), elementwise."""

    def forward(self, x):
        self.y = torch.sigmoid(x)
        return self.y

    def backward(self, dy):
        return dy * (self.y - self.y.square())  # y (1 - y), the slope of the sigmoid


# %% [markdown]
# Write the other three. Call your functions from above, or write the formulas again. `Linear(w, b)` calls
# `Linear.__init__(self, w, b)`; `Network` above has one.


# %% nbgrader={"grade": false, "grade_id": "Linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Linear:
    """x @ w + b.

    Linear(w, b): w (D, K), b (K,), kept as they are (not copied), as attributes `w` and `b`.
    forward(x): (N, D) -> (N, K).
    backward(dy): (N, K) -> dx (N, D); leaves `dw` and `db`, the gradients of the last batch alone.
    """

    ### BEGIN SOLUTION
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return torch.addmm(self.b, x, self.w)  # x @ w + b in one go

    def backward(self, dy):
        dx, self.dw, self.db = linear_backward(dy, self.x, self.w)
        return dx

    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-Linear", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
w, b = tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]]), tensor([1.0, -1.0])
layer = Linear(w, b)
for x, what in [(torch.zeros(4, 3), "a batch of 4"), (tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "then a batch of 2")]:
    expect(f"forward, {what}", layer.forward(x), x @ w + b, {"the bias is missing.": x @ w})
    dx = layer.backward(torch.ones(len(x), 2))
expect("dx", dx, tensor([[1.0, 1.0, 5.0], [1.0, 1.0, 5.0]]))
expect("dw", layer.dw, tensor([[5.0, 5.0], [7.0, 7.0], [9.0, 9.0]]))
expect("db", layer.db, tensor([2.0, 2.0]), {"you add to the db of the batch before; start afresh each time.": tensor([6.0, 6.0])})


# %% nbgrader={"grade": false, "grade_id": "ReLU", "locked": false, "schema_version": 3, "solution": true, "task": false}
class ReLU:
    """max(x, 0), elementwise.

    forward(x): any shape -> the same shape. backward(dy) -> dx, for the x of the last forward.
    """

    ### BEGIN SOLUTION
    def forward(self, x):
        self.x = x
        return relu(x)

    def backward(self, dy):
        return relu_backward(dy, self.x)

    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-ReLU", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
layer = ReLU()
expect("forward", layer.forward(tensor([[2.0, -1.0]])), tensor([[2.0, 0.0]]), {"this is x as it came.": tensor([[2.0, -1.0]])})
mistakes = {
    "all of dy comes through; where x was negative the gradient is 0.": tensor([[5.0, 7.0]]),
    "the slope of relu is 1 where x was positive, not x.": tensor([[10.0, 0.0]]),
    "this is the mask alone; multiply it by dy.": tensor([[1.0, 0.0]]),
}
expect("backward", layer.backward(tensor([[5.0, 7.0]])), tensor([[5.0, 0.0]]), mistakes)
layer.forward(tensor([[-1.0, 3.0]]))
stale = {"you use the x of an earlier forward; keep the last one.": tensor([[5.0, 0.0]])}
expect("backward after another forward", layer.backward(tensor([[5.0, 7.0]])), tensor([[0.0, 7.0]]), stale)


# %% nbgrader={"grade": false, "grade_id": "SoftmaxCrossEntropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
class SoftmaxCrossEntropy:
    """The mean cross-entropy, the last station of a network.

    forward(logits, labels): (N, C) and int64 (N,) -> loss, a 0-d tensor.
    backward() -> gradient of the logits, (N, C).
    """

    ### BEGIN SOLUTION
    def forward(self, logits, labels):
        self.logits, self.labels = logits, labels
        return cross_entropy(logits, labels)

    def backward(self):
        return cross_entropy_gradient(self.logits, self.labels)

    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-SoftmaxCrossEntropy", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
loss = SoftmaxCrossEntropy()
mistakes = {"the loss is a sum over the rows; take their mean.": tensor(4 * math.log(10))}
expect("even scores cost ln 10", loss.forward(torch.zeros(4, 10), tensor([0, 1, 2, 3])), tensor(math.log(10)), mistakes)
mistakes = {"exp overflows, or a log meets 0: subtract the row's maximum, and never take the log of a softmax.": tensor(math.inf)}
expect("a gap of 1,000 costs 1,000", loss.forward(tensor([[0.0, 1000.0]]), tensor([0])), tensor(1000.0), mistakes)
logits, y = tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 3.0]], dtype=torch.float64), tensor([0, 1])
loss.forward(logits, y)
right = numeric_gradient(lambda z: cross_entropy(z, y), logits.clone())
mistakes = {
    "the 1/N of the mean is missing.": 2 * right,
    "these are the probabilities; subtract 1 at the label.": softmax(logits) / 2,
}
expect("the gradient against central differences", loss.backward(), right, mistakes)


# %% [markdown]
# Station by station to the loss and back: do your objects find the gradients of your `backward`?

# %%
w1, b1, w2, b2 = params = two_layers(30, seed=1).params
x, y = train[0][:64], train[1][:64]
layers, loss = [Linear(w1, b1), ReLU(), Linear(w2, b2)], SoftmaxCrossEntropy()
signal = x
for layer in layers:
    signal = layer.forward(signal)
print(f"loss {loss.forward(signal, y):.3f}")
d = loss.backward()
for layer in reversed(layers):
    d = layer.backward(d)
expected = backward(params, forward(params, x)[1], y)
expect("the way back", [layers[0].dw, layers[0].db, layers[2].dw, layers[2].db], expected)

# %% [markdown]
# The same as a `Network`. It skips what training does not need: the loss itself, and the gradient of the images.


# %%
def chain(*layers):
    """A Network of layers, the first of which is Linear."""
    linear = [layer for layer in layers if isinstance(layer, Linear)]

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
        return [(d.T @ x).T, d.sum(dim=0)] + [grad for layer in linear[1:] for grad in (layer.dw, layer.db)]

    return Network([p for layer in linear for p in (layer.w, layer.b)], forward, backward)


network = chain(*layers)
_, cache = network.forward(network.params, x)
expect("the chain agrees with your backward", network.backward(network.params, cache, y), expected)

# %%
g = torch.Generator().manual_seed(0)
five = [Linear(*columns(*init_linear(*sizes, g))) for sizes in [(784, 64), (64, 10), (784, 300), (300, 50), (50, 10)]]
sigmoid_net = chain(five[0], Sigmoid(), five[1])
deep_net = chain(five[2], ReLU(), five[3], ReLU(), five[4])
histories = {
    "784-64-10 sigmoid": train_network(sigmoid_net, train, valid, lr=2, epochs=EPOCHS),
    "784-300-50-10 ReLU": train_network(deep_net, train, valid, lr=RATE, epochs=EPOCHS),
}
for_the_scoreboard |= {"784-64-10 sigmoid": sigmoid_net, "784-300-50-10 ReLU": deep_net}
plot_losses(histories)
plt.ylim(bottom=0)
plt.show()
for name, history in histories.items():
    print(f"{name:19} validation loss {history['valid_loss'][-1]:.3f}, accuracy {history['valid_accuracy'][-1]:.3f}")

# %% [markdown]
# Look at the gaps between dashed and solid lines. Which network has begun to learn its training images by heart? Notebook 6
# is about that.
#
# ## 7. How many hidden units?
#
# *Predict* the shape of the curve: validation accuracy against 3, 10, 30, 100, 300 hidden units. Where does it flatten?

# %%
swept = {}
for hidden in HIDDEN_SIZES:
    network = two_layers(hidden, seed=0)
    train_network(network, train, valid, lr=RATE, epochs=max(1, EPOCHS // 2))
    swept[hidden] = accuracy(network, train), accuracy(network, valid)
plt.figure(figsize=(6, 3.2))
plt.semilogx(HIDDEN_SIZES, [a for a, _ in swept.values()], "s--", label="training")
plt.semilogx(HIDDEN_SIZES, [a for _, a in swept.values()], "o-", label="validation")
plt.xticks(HIDDEN_SIZES, HIDDEN_SIZES), plt.minorticks_off()
plt.xlabel("hidden units"), plt.ylabel("accuracy"), plt.legend()
plt.show()

# %% [markdown]
# ## 8. Dead units
#
# A ReLU unit that is negative on *every* image returns 0, passes back 0, and so never moves again: it is dead. Let us kill
# some with a rate that is far too large.
#
# *Predict:* if all 30 die, only `b2` is left to learn. At which number does the loss get stuck?


# %%
def units_alive(network):
    """How many hidden units fire for at least one training image."""
    w1, b1, _, _ = network.params
    return int((relu(train[0] @ w1 + b1) > 0).any(dim=0).sum())


plt.figure(figsize=(6, 3.2))
for lr, style in [(RATE, "o-"), (1, "s-"), (3, "^-")]:
    network = two_layers(30, seed=0)
    history = train_network(network, train, valid, lr=lr, epochs=EPOCHS)
    alive = units_alive(network)
    shown = {"markevery": max(1, EPOCHS // 5), "label": f"rate {lr}: {alive} of 30 units alive"}
    plt.plot(range(1, EPOCHS + 1), history["valid_loss"], style, **shown)
plt.axhline(math.log(10), color="black", linestyle=":", label="ln 10 = 2.303")
plt.xlabel("epoch"), plt.ylabel("validation loss (nats)"), plt.ylim(0, 4), plt.legend()
plt.locator_params(axis="x", integer=True)
plt.show()

dw1 = backward(network.params, forward(network.params, train[0])[1], train[1])[0]
assert GRADING or (alive == 0 and dw1.abs().max() == 0 and abs(history["valid_loss"][-1] - math.log(10)) < 0.05)
print(f"rate {lr}: {alive} units alive, loss {history['valid_loss'][-1]:.2f}, largest gradient of w1 {dw1.abs().max()}")

# %% [markdown]
# The loss is back at ln 10, and the gradient of `w1` is exactly 0: no further training will help. Start again, with a smaller
# rate.
#
# ## 9. Biases: why, or why not?
#
# Let us hold both biases at 0, train, and then halve the brightness of each validation image. *Predict:* how many
# predictions will change, with biases and without?


# %%
def backward_without_bias(params, cache, labels):
    dw1, db1, dw2, db2 = backward(params, cache, labels)
    return [dw1, torch.zeros_like(db1), dw2, torch.zeros_like(db2)]


unbiased = two_layers(30, seed=0)
unbiased.backward = backward_without_bias
train_network(unbiased, train, valid, lr=RATE, epochs=EPOCHS)
for name, network in [("with biases", double), ("without", unbiased)]:
    bright, dim = (network.forward(network.params, x)[0] for x in (valid[0], valid[0] / 2))
    changed = (bright.argmax(dim=1) != dim.argmax(dim=1)).float().mean()
    print(f"{name:11} validation accuracy {accuracy(network, valid):.3f}; half as bright, {changed:.1%} of predictions change")
assert changed == 0

# %% [markdown]
# **Question.** Why does not a single prediction change without biases when the image is dimmed? Is that an advantage? Name
# one thing that such a network cannot do.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-biases", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Without biases all that is left are matrix products and ReLU, and both scale: relu(c z) = c relu(z) for c > 0. So a half
# as bright image gives exactly half the logits, and their largest stays the largest. That is an advantage here (a faint pen
# should not change the digit), and the black background feeds the network nothing anyway, so little accuracy is lost. But a
# black image always gives ten equal scores, a unit cannot have a threshold other than 0, and a function that is not 0 at 0
# cannot be represented (class frequencies, for one).

# %% [markdown]
# ## 10. What is promised, and what is not
#
# The **universal approximation theorem** ([Cybenko 1989](https://doi.org/10.1007/BF02551274) for sigmoids, [Leshno et al.
# 1993](https://doi.org/10.1016/S0893-6080%2805%2980131-5) for ReLU too) says: with enough hidden units, *some* weights bring two layers
# as close as you like to any continuous function on a bounded region. For one input you can set them by hand: each ReLU
# adds a change of slope. Your own `forward`, no training:

# %%
x = torch.linspace(-0.5, 1.6, 400).unsqueeze(1)
plt.figure(figsize=(6, 3.2))
plt.plot(x, torch.sin(2 * math.pi * x), color="gray", linewidth=4, alpha=0.5, label="the target, sin(2 pi x)")
for hidden, style in [(4, "--"), (16, "-")]:
    knots = torch.linspace(0, 1, hidden + 1)
    slopes = torch.sin(2 * math.pi * knots).diff() * hidden
    changes = torch.cat([slopes[:1], slopes.diff()])
    params = [torch.ones(1, hidden), -knots[:-1], changes.unsqueeze(1), torch.zeros(1)]
    plt.plot(x, forward(params, x)[0], style, label=f"{hidden} hidden units")
plt.axvspan(0, 1, color="gray", alpha=0.1)
plt.xlabel("x; the region is shaded"), plt.ylabel("output"), plt.ylim(-3, 3), plt.legend()
plt.show()

# %% [markdown]
# It does *not* promise that gradient descent finds these weights, that few units are enough, or anything outside the
# region.
#
# And finding them is harder than for one layer, whose loss is **convex**: a valley without humps. *Predict:* train each
# model from two starts, then walk straight from one solution to the other. What does the loss do on the way?

# %%
plt.figure(figsize=(6, 3.2))
steps, humps = torch.linspace(0, 1, 21), {}
for name, a, b in [("one layer", single, one_layer(seed=1)), ("784-30-10 ReLU", double, two_layers(30, seed=1))]:
    train_network(b, train, valid, lr=RATE, epochs=EPOCHS, seed=1)
    between = [[(1 - t) * p + t * q for p, q in zip(a.params, b.params, strict=True)] for t in steps]
    walk = [cross_entropy(a.forward(params, train[0])[0], train[1]).item() for params in between]
    humps[name] = max(walk) - max(walk[0], walk[-1])
    plt.plot(steps, walk, "o-" if name == "one layer" else "s-", label=name)
plt.xlabel("from the first solution (0) to the second (1)"), plt.ylabel("training loss (nats)"), plt.ylim(bottom=0), plt.legend()
plt.show()
assert GRADING or (humps["one layer"] < 1e-4 and humps["784-30-10 ReLU"] > 0.1)

# %% [markdown]
# **Question.** Both ends of the network's curve are good, and its middle is bad. Give one reason why a network's loss
# *must* have many equally good solutions with worse ones between them. (Think of renaming the hidden units.) Is it a
# problem in practice?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-non-convex", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Renaming the hidden units (permuting the columns of w1, the entries of b1 and the rows of w2) gives the same function from
# other numbers: each solution has 30! copies. A convex loss would be as good at every mixture of two copies, but mixing
# unrelated units gives units that do neither job. So the loss is not convex, and where training ends depends on the start.
# In practice it is not much of a problem: the two ends are about equally good, and any of the copies will do. It is the
# reason for random starts, and for reporting results over several seeds.

# %% [markdown]
# ## 11. The reward: the library does it for you
#
# You have written what PyTorch does when you call `.backward()`. From here on the rules are lifted. (`nn.Linear` keeps its
# weight as (fan_out, fan_in), hence the `.T`.)

# %%
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def library_network(params):
    """nn.Sequential with the given start values."""
    w1, b1, w2, b2 = params
    model = nn.Sequential(nn.Linear(784, w1.shape[1]), nn.ReLU(), nn.Linear(w1.shape[1], 10))
    for p, value in zip(model.parameters(), [w1.T, b1, w2.T, b2], strict=True):
        p.data = value.clone()
    return model


network = two_layers(30, seed=0)
model, loss_function = library_network(network.params), nn.CrossEntropyLoss()
x, y = train[0][:64], train[1][:64]
loss_function(model(x), y).backward()
ours = backward(network.params, forward(network.params, x)[1], y)
for name, p, grad in zip(["w1", "b1", "w2", "b2"], model.parameters(), ours, strict=True):
    assert (p.grad - (grad.T if grad.ndim == 2 else grad)).abs().max() < 1e-6
    print(f"gradient of {name}: autograd and yours agree to 1e-6")

# %% [markdown]
# *Predict:* same start, same batches, same falling rate, 10,000 images. How far apart will the two loss curves be?

# %%
few = train[0][:10_000], train[1][:10_000]
ours = train_network(network, few, valid, lr=RATE, epochs=EPOCHS)


class SameOrder:
    """A sampler for DataLoader that shuffles as train_network does; `shuffle=True` would draw other batches."""

    generator = torch.Generator().manual_seed(0)

    def __iter__(self):
        return iter(torch.randperm(len(few[0]), generator=self.generator).tolist())

    def __len__(self):
        return len(few[0])


few_set = TensorDataset(*few)
loader = DataLoader(few_set, batch_size=64, sampler=SameOrder())
model = library_network(two_layers(30, seed=0).params)
optimizer = optim.SGD(model.parameters(), lr=RATE)
schedule = optim.lr_scheduler.LinearLR(optimizer, 1, 0, total_iters=EPOCHS * len(loader))
theirs = []
for _ in progress(range(EPOCHS), "epoch"):
    for xb, yb in loader:
        loss = loss_function(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        theirs.append(loss_function(model(valid[0]), valid[1]).item())

plt.figure(figsize=(6, 3.2))
plt.plot(range(1, EPOCHS + 1), ours["valid_loss"], linewidth=6, alpha=0.4, label="yours")
plt.plot(range(1, EPOCHS + 1), theirs, "--", label="nn.Sequential, DataLoader, optim.SGD")
plt.xlabel("epoch"), plt.ylabel("validation loss (nats)"), plt.ylim(0, 1.1 * max(theirs)), plt.legend()
plt.locator_params(axis="x", integer=True)
plt.show()
assert max(abs(a - b) for a, b in zip(ours["valid_loss"], theirs, strict=True)) < 0.001

# %% [markdown]
# One lies on the other. The library spares you the gradients, not the settings. A race, in CPU seconds on *your* machine,
# between ways to train 784-30-10; each marker is an epoch. *Predict:* which matters more, the code, or rate and batch size?

# %% tags=["timing", "nbval-ignore-output"]
# Seconds differ from run to run, so the solutions come without this picture: run it yourself.
from sklearn.neural_network import MLPClassifier


def by_hand(lr):
    network, g = two_layers(30, seed=0), torch.Generator().manual_seed(0)

    def epoch():
        for batch in torch.randperm(len(few[0]), generator=g).split(64):
            _, cache = network.forward(network.params, few[0].index_select(0, batch))
            for p, grad in zip(network.params, network.backward(network.params, cache, few[1][batch]), strict=True):
                p -= lr * grad

    return epoch, lambda: accuracy(network, valid)


def library(dataset, batch_size, lr):
    model = library_network(two_layers(30, seed=0).params)
    optimizer = optim.SGD(model.parameters(), lr=lr)
    loader = DataLoader(dataset, batch_size, shuffle=True, generator=torch.Generator().manual_seed(0))

    def epoch():
        for xb, yb in loader:
            optimizer.zero_grad()
            loss_function(model(xb), yb).backward()
            optimizer.step()

    return epoch, lambda: (model(valid[0]).argmax(dim=1) == valid[1]).float().mean().item()


def scikit_learn():
    model = MLPClassifier((30,), random_state=0)
    return lambda: model.partial_fit(*few, classes=range(10)), lambda: model.score(*valid)


racers = {
    "by hand, rate 0.1, batches of 64": by_hand(0.1),
    "torch.nn and DataLoader, the same settings": library(few_set, 64, 0.1),
    "torch.nn and DataLoader, rate 0.01": library(few_set, 64, 0.01),
    "a list of pairs, rate 0.001, batches of 256": library(list(zip(*few, strict=True)), 256, 0.001),
    "scikit-learn, as it comes": scikit_learn(),
}
plt.figure(figsize=(6, 3.2))
each = {}  # CPU seconds an epoch
for (name, (epoch, score)), marker in zip(racers.items(), "os^vD", strict=True):
    seconds, scores = [0.0], []
    for _ in progress(range(max(EPOCHS // 8, 1 if GRADING else 5)), name):
        start = time.process_time()
        epoch()
        seconds.append(seconds[-1] + time.process_time() - start)
        scores.append(score())
    plt.plot(seconds[1:], scores, marker=marker, markersize=4, label=name)
    each[name] = seconds[-1] / len(scores)
    print(f"{name:44}{each[name]:6.2f} s an epoch, {each[name] / next(iter(each.values())):4.1f} x yours")
plt.xlabel("CPU seconds"), plt.ylabel("validation accuracy"), plt.xlim(left=0), plt.ylim(0, 1)
plt.legend(bbox_to_anchor=(1.02, 1), loc="upper left")
plt.show()

# %% [markdown]
# How much the code matters, the cell has measured on your machine: look at the library with your settings. Rate and batch size
# matter on every machine: no code rescues a rate of 0.001.
#
# ## From symptom to cause
#
# | what you see | what it usually is |
# |---|---|
# | loss stuck at 2.303 = ln 10 | all ReLUs dead (rate too large), or a start from zeros |
# | loss starts far above 2.3 | start too large: N(0, 1) instead of N(0, 2 / fan_in) |
# | no better than one layer | ReLU forgotten, or on the logits |
# | it learns, but worse than it should | a wrong gradient: compare with central differences |
# | gradients N times too small | 1/N twice: in the loss and in `linear_backward` |
# | two hidden units always alike | a start from equal weights |
# | a layer's gradients lag behind | a stale cache: forward on other data before backward |
# | NaN | rate too large, or a softmax without the shift |
#
# ## The scoreboard
#
# The test set is opened once, here.

# %%
test_images, test_labels = data.test()
test = test_images.flatten(1) / 255, test_labels
reached = {name: accuracy(network, test) for name, network in for_the_scoreboard.items()}
for name, value in reached.items():
    print(f"{name}: {value:.3f}")
course.scoreboard(data, reached)
