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
# # 04 Logistic regression
#
# In notebook 3 a layer with ten scores and a squared error crawled, unless its start was chosen with care. Keep the layer
# and change its end: the scores become probabilities, and the loss asks how probable the right digit was. You write both,
# and the gradient, so that no score up to 10,000 breaks them. Then you choose a learning rate from a picture and find out
# what one layer can do.

# %%
# nbgrader runs this notebook too, and does not need the curves to the end: the experiments are short then.
EPOCHS = 2 if GRADING else 20
BATCH_SIZE = 64


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


images, labels = data.train()
order = torch.randperm(len(labels), generator=seeded())
size = len(labels) // 6  # a sixth is kept for validation


def part(rows):
    return images[rows].flatten(1) / 255, labels[rows]


train, valid = part(order[size:]), part(order[:size])
few = train[0][:10_000], train[1][:10_000]  # enough to compare settings; all of them are for the final model

# %% [markdown]
# **Predict** the shapes and dtypes of `train[0]` and `valid[1]` before you run the next cell.

# %%
print("training:  ", tuple(train[0].shape), train[0].dtype)
print("validation:", tuple(valid[1].shape), valid[1].dtype)

# %% [markdown]
# ## From scores to probabilities
#
# A score (a *logit*) may be any number. Softmax makes each row positive and divides by its sum:
# $p_k = e^{z_k} / \sum_j e^{z_j}$. First the formula as it stands.
#
# **Predict:** the largest float32 is about $3.4 \cdot 10^{38} = e^{88.7}$. What does the last row below become?


# %%
def naive_softmax(z):
    e = z.exp()
    return e / e.sum(dim=1, keepdim=True)


naive_softmax(tensor([[0.0, 1.0, 2.0], [86.0, 87.0, 88.0], [88.0, 89.0, 90.0]]))

# %% [markdown]
# The three rows differ by a constant only, and a constant cancels: $e^{z-m} = e^z / e^m$, above and below the line. So
# you may choose $m$ freely. Choose it for each row, so that the largest exponent becomes 0.


# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax(z):
    """Turn scores into probabilities, row by row.

    z: float tensor (N, C), scores up to 1e4 in size. Returns (N, C), the dtype of z; each row sums to 1.

    >>> softmax(tensor([[0.0, 0.0], [5000.0, 5000.0]]))
    tensor([[0.5000, 0.5000],
            [0.5000, 0.5000]])
    """
    ### BEGIN SOLUTION
    e = (z - z.amax(dim=1, keepdim=True)).exp()
    return e / e.sum(dim=1, keepdim=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-softmax", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
expect(
    "odds of 1 : 3, and 1 : 1",
    softmax(tensor([[0.0, math.log(3)], [0.0, 0.0]])),
    tensor([[0.25, 0.75], [0.5, 0.5]]),
    {
        "your columns sum to 1, not your rows; use dim=1": tensor([[0.5, 0.75], [0.5, 0.25]]),
        "you divide each column by the sum of a row; keep the axis with keepdim=True": tensor([[0.25, 0.5], [0.75, 0.5]]),
        "that is the sigmoid, which judges each score alone; divide by the sum of the row": tensor([[0.5, 0.75], [0.5, 0.5]]),
    },
)
expect(
    "a row of zeros beside a row with a large score",
    softmax(tensor([[0.0, 0.0], [1000.0, 0.0]])),
    tensor([[0.5, 0.5], [1.0, 0.0]]),
    {
        "exp(1000) is inf; subtract the largest score of the row first": tensor([[0.5, 0.5], [math.nan, 0.0]]),
        "you subtract the largest score of all rows; each row needs its own": tensor([[math.nan, math.nan], [1.0, 0.0]]),
    },
)
z = tensor([[1.0, 2.0]])
softmax(z)
expect("the scores are left alone", z, tensor([[1.0, 2.0]]), {"make a new tensor, z = z - ...": tensor([[-1.0, 0.0]])})

# %% [markdown]
# ## The logarithm of a probability
#
# The loss will need $\log p$, and softmax followed by log is still fragile: a probability below $10^{-45}$ is 0 in
# float32, and $\log 0$ is $-\infty$. Better never to leave the logarithm:
# $\log p_k = z_k - \log \sum_j e^{z_j}$. The last term is the *log-sum-exp*, a smooth maximum. It needs the same shift, and
# here the shift must be added back.


# %% nbgrader={"grade": false, "grade_id": "logsumexp", "locked": false, "schema_version": 3, "solution": true, "task": false}
def logsumexp(z):
    """The logarithm of the sum of the exponentials of each row.

    z: float tensor (N, C), scores up to 1e4 in size. Returns (N, 1), the dtype of z.

    >>> logsumexp(tensor([[0.0, 0.0], [5000.0, 0.0]]))
    tensor([[   0.6931],
            [5000.0000]])
    """
    ### BEGIN SOLUTION
    top = z.amax(dim=1, keepdim=True)
    return top + (z - top).exp().sum(dim=1, keepdim=True).log()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-logsumexp", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
expect(
    "two rows of two equal scores",
    logsumexp(tensor([[0.0, 0.0], [1000.0, 1000.0]])),
    tensor([[0.6931], [1000.6931]]),
    {
        "add the maximum back that you subtracted": tensor([[0.6931], [0.6931]]),
        "exp(1000) is inf; subtract the largest score of the row first": tensor([[0.6931], [math.inf]]),
        "you subtract the largest score of all rows; each row needs its own": tensor([[-math.inf], [1000.6931]]),
        "the shape should be (N, 1); keep the axis with keepdim=True": tensor([0.6931, 1000.6931]),
        "you sum the logs; first sum the exponentials, then take one log": tensor([[0.0], [2000.0]]),
    },
)

# %% [markdown]
# With it the log-softmax is one subtraction. One more care: float32 has seven digits, so around 10,000 only three are
# left behind the point. Subtract the row's maximum first, and the small numbers that matter keep theirs.


# %% nbgrader={"grade": false, "grade_id": "log_softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_softmax(z):
    """The logarithm of softmax(z), finite also where the probability itself is too small for float32.

    z: float tensor (N, C), scores up to 1e4 in size. Returns (N, C), the dtype of z, all entries <= 0.

    >>> log_softmax(tensor([[0.0, 5000.0]]))
    tensor([[-5000.,     0.]])
    """
    ### BEGIN SOLUTION
    shifted = z - z.amax(dim=1, keepdim=True)  # float32 keeps more decimals of small numbers
    return shifted - logsumexp(shifted)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-log_softmax", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
expect(
    "a gap of 200 between two scores, and none",
    log_softmax(tensor([[0.0, 200.0], [1.0, 1.0]])),
    tensor([[-200.0, 0.0], [-0.6931, -0.6931]]),
    {
        "log(softmax(z)) is log(0) here; subtract the log-sum-exp from the scores": tensor(
            [[-math.inf, 0.0], [-0.6931, -0.6931]]
        ),
        "the sign is wrong; a log-probability is never positive": tensor([[200.0, 0.0], [0.6931, 0.6931]]),
        "you subtract the maximum twice; log-sum-exp adds it back already": tensor([[-400.0, -200.0], [-1.6931, -1.6931]]),
        "the log-sum-exp should be (N, 1), or it is taken from the columns": tensor([[-200.0, 198.3069], [-199.0, -0.6931]]),
        "your columns are normalised, not your rows; use dim=1": tensor([[-1.3133, 0.0], [-0.3133, -199.0]]),
        "these are the probabilities; their logarithm is asked for": tensor([[0.0, 1.0], [0.5, 0.5]]),
    },
)
expect("the probabilities sum to 1", log_softmax(tensor([[1.0, 2.0, 3.0]])).exp().sum(dim=1), tensor([1.0]))

# %% [markdown]
# **Predict:** the right score falls further and further behind a wrong one. Its loss, $-\log p$, should grow like the gap.
# Where does each of the three ways give up?

# %%
gap = torch.arange(0.0, 151)
behind = torch.stack([torch.zeros_like(gap), gap], dim=1)
ways = {
    "log(naive_softmax)": naive_softmax(behind).log(),
    "log(softmax)": softmax(behind).log(),
    "log_softmax": log_softmax(behind),
}
plt.figure(figsize=(6, 3))
for (name, log_probs), style, width in zip(ways.items(), ["-", "--", ":"], [7, 5, 3], strict=True):
    finite = log_probs[:, 0].isfinite()
    plt.plot(gap[finite], -log_probs[finite, 0], style, linewidth=width, label=name)
    end = ", the largest one tried" if finite[-1] else ""
    print(f"{name:18} is finite up to a gap of {gap[finite].max():.0f}{end}")
plt.xlabel("gap between the wrong score and the right one")
plt.ylabel("loss, -log p")
plt.legend()
plt.show()

# %% [markdown]
# ## A price for being wrong
#
# The *negative log-likelihood* charges each row $-\log p$ of its own label: nothing for $p = 1$, 0.69 for a coin's
# $p = 1/2$, 2.30 for a blind guess among ten, and without limit for certainty in the wrong digit. (The unit
# is the *nat*: the logarithm is the natural one.)
# The loss of a batch is the mean over its rows, so that it does not depend on the batch size.
#
# <details><summary>Hint: one number from each row</summary>
#
# Two index tensors of one length pick pairs: `a[tensor([0, 1]), tensor([2, 0])]` is `a[0, 2]` and `a[1, 0]`.
# </details>


# %% nbgrader={"grade": false, "grade_id": "nll", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nll(log_probs, labels):
    """The mean negative log-likelihood in nats.

    log_probs: float tensor (N, C); labels: int64 (N,). Returns a 0-d tensor, the dtype of log_probs.

    >>> nll(tensor([[0.5, 0.5], [0.1, 0.9]]).log(), tensor([0, 1]))
    tensor(0.3993)
    """
    ### BEGIN SOLUTION
    return -log_probs[torch.arange(len(labels)), labels].mean()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-nll", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
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

# %% [markdown]
# From logits to loss in one step is *cross-entropy*. It takes logits, not probabilities: a softmax too many
# costs 1.46 even for a perfect prediction. And it needs no epsilon inside the logarithm: that caps the loss (at
# 16.1 for $10^{-7}$), and where the loss is flat its gradient is zero.


# %% nbgrader={"grade": false, "grade_id": "cross_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cross_entropy(logits, labels):
    """The mean cross-entropy of softmax(logits) in nats.

    logits: float tensor (N, C), up to 1e4 in size; labels: int64 (N,).
    Returns a 0-d tensor, the dtype of logits.

    >>> cross_entropy(torch.zeros(3, 10), tensor([7, 0, 4]))
    tensor(2.3026)
    """
    ### BEGIN SOLUTION
    return nll(log_softmax(logits), labels)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-cross_entropy", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
sure = 200 * torch.eye(10)[[7]]
expect(
    "sure and right",
    cross_entropy(sure, tensor([7])),
    tensor(0.0),
    {"softmax is applied twice; log_softmax takes the logits as they are": tensor(1.4612)},
)
expect(
    "sure and wrong",
    cross_entropy(sure, tensor([3])),
    tensor(200.0),
    {
        "log(softmax(z)) is log(0) here; use log_softmax": tensor(math.inf),
        "exp(200) is inf; use log_softmax": tensor(math.nan),
        "an epsilon in the logarithm caps your loss; use log_softmax": tensor(-math.log(1e-7)),
        "you count in bits; use the natural logarithm": tensor(200 / math.log(2)),
        "the sign is wrong; a loss is never negative": tensor(-200.0),
        "softmax is applied twice; log_softmax takes the logits as they are": tensor(2.4612),
    },
)
expect(
    "three rows without a clue",
    cross_entropy(torch.zeros(3, 10), tensor([7, 0, 4])),
    tensor(math.log(10)),
    {"that is the sum over the rows; take the mean": tensor(3 * math.log(10))},
)

# %% [markdown]
# ## What should the first loss be?
#
# Before any training run, ask what an untrained model must cost. **Predict** two numbers, then run the cell:
#
# 1. all weights 0: what are the ten probabilities, and what is $-\log p$?
# 2. weights from $N(0, 1)$. A score is a sum of 784 products of pixel and weight, so its standard deviation is the
#    length of the pixel vector. Which of ten such scores sets the loss, if the right one is like the others on average?


# %%
def zeros():
    return [torch.zeros(784, 10), torch.zeros(10)]


def normal(seed=0):
    return [torch.randn(784, 10, generator=seeded(seed)), torch.zeros(10)]


def start_loss(params):
    w, b = params
    return cross_entropy(few[0] @ w + b, few[1]).item()


spread = few[0].square().sum(dim=1).sqrt().mean().item()
largest = torch.randn(100_000, 10, generator=seeded()).amax(dim=1).mean().item()
from_normal = sum(start_loss(normal(seed)) for seed in range(20)) / 20
print(f"from zeros:   loss {start_loss(zeros()):.3f}, and ln 10 = {math.log(10):.3f}")
print(f"from N(0, 1): loss {from_normal:.1f}, mean of 20 starts")
print(f"              standard deviation {spread:.1f} x largest of ten normal numbers {largest:.2f} = {spread * largest:.1f}")
assert abs(from_normal - spread * largest) < 2

# %% [markdown]
# Random weights are *confidently wrong*, which costs far more than knowing nothing. The first steps are then
# spent on unlearning. One layer may start from zeros (notebook 5 shows why two may not).
#
# ## The gradient
#
# One row's loss is $\mathrm{logsumexp}(z) - z_y$, and the derivative of log-sum-exp is softmax. Hence
# $\partial L / \partial z_k = (p_k - [k = y]) / N$: probability minus truth. No factor is left that
# vanishes where the model is sure and wrong, so cross-entropy recovers from a bad start where notebook 3's squared error
# crawled.


# %% nbgrader={"grade": false, "grade_id": "cross_entropy_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cross_entropy_gradient(logits, labels):
    """The gradient of cross_entropy(logits, labels) with respect to the logits.

    logits: float tensor (N, C); labels: int64 (N,). Returns (N, C), the dtype of logits.

    >>> cross_entropy_gradient(torch.zeros(2, 2), tensor([0, 1]))
    tensor([[-0.2500,  0.2500],
            [ 0.2500, -0.2500]])
    """
    ### BEGIN SOLUTION
    gradient = softmax(logits)
    gradient[torch.arange(len(labels)), labels] -= 1
    return gradient / len(labels)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-cross_entropy_gradient", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
right = tensor([[-0.25, 0.25], [0.25, -0.25]])
expect(
    "two rows, two equal scores",
    cross_entropy_gradient(torch.zeros(2, 2), tensor([0, 1])),
    right,
    {
        "divide by the number of rows, because the loss is a mean": 2 * right,
        "divide by the number of rows alone, and once": right / 2,
        "the truth is missing: subtract 1 at the label of each row": tensor([[0.25, 0.25], [0.25, 0.25]]),
        "the sign is wrong: probability minus truth": -right,
    },
)
z, y = torch.randn(3, 4, generator=seeded(), dtype=torch.float64), tensor([2, 0, 3])
nudge = torch.zeros_like(z)
nudge[1, 2] = 1e-5
up, down = ((s.exp().sum(dim=1).log() - s[range(3), y]).mean() for s in (z + nudge, z - nudge))
expect("the slope between two losses", cross_entropy_gradient(z, y)[1, 2], (up - down) / 2e-5)

# %% [markdown]
# ## From scores to a decision
#
# The predicted digit is the one with the largest score. Softmax keeps the order of the scores, so the logits will do.


# %% nbgrader={"grade": false, "grade_id": "predict", "locked": false, "schema_version": 3, "solution": true, "task": false}
def predict(logits):
    """The most probable class of each row.

    logits: float tensor (N, C). Returns int64 (N,).

    >>> predict(tensor([[0.0, 3.0, -1.0]]))
    tensor([1])
    """
    ### BEGIN SOLUTION
    return logits.argmax(dim=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-predict", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
expect(
    "two rows",
    predict(tensor([[20.0, 30.0, 0.0], [5.0, 1.0, -2.0]])),
    tensor([1, 0]),
    {
        "that is the least probable class; use argmax": tensor([2, 2]),
        "dim=0 looks for the best row in each column; use dim=1": tensor([0, 0, 0]),
        "a sigmoid turns both 20 and 30 into 1.0, a tie; compare the logits": tensor([0, 0]),
    },
)


# %% nbgrader={"grade": false, "grade_id": "accuracy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def accuracy(logits, labels):
    """The fraction of rows whose prediction is the label.

    logits: float tensor (N, C); labels: int64 (N,). Returns a Python float in [0, 1].
    Raises ValueError for other shapes: (N,) and (N, 1) would silently broadcast to N x N comparisons.

    >>> accuracy(tensor([[1.0, 0.0], [0.0, 1.0]]), tensor([0, 0]))
    0.5
    """
    ### BEGIN SOLUTION
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"expected logits (N, C) and labels (N,), got {tuple(logits.shape)} and {tuple(labels.shape)}")
    return (predict(logits) == labels).sum().item() / len(labels)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-accuracy", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
logits = tensor([[2.0, 1.0], [0.0, 5.0], [3.0, 4.0], [9.0, 0.0]])
expect(
    "three of four",
    accuracy(logits, tensor([0, 1, 0, 0])),
    0.75,
    {
        "that is the number of hits; divide by the number of rows": 3,
        "a fraction between 0 and 1 is asked for, not percent": 75.0,
        "that is a tensor; .item() makes it a Python float": tensor(0.75),
        "that is the fraction of errors": 0.25,
    },
)
try:
    accuracy(logits, tensor([[0], [1], [0], [0]]))
except ValueError:
    print("ok  labels of shape (4, 1) are refused")
else:
    raise AssertionError("labels of shape (4, 1): raise a ValueError, or 4 x 4 pairs are compared")

# %% [markdown]
# ## The training loop
#
# The layer is $z = xw + b$. Your gradient $dz$ goes back through it as in notebook 3: $dw = x^\top dz$, and $db$ is the sum
# of the rows of $dz$. Every epoch draws a new order of the rows.
#
# <details><summary>Hint: the order and the last batch</summary>
#
# `torch.randperm(n, generator=generator).split(batch_size)` gives index batches; the last one may be short. Multiply each
# batch's loss by its number of rows before you add it up.
# </details>


# %% nbgrader={"grade": false, "grade_id": "fit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit(params, train, valid, lr, epochs, batch_size, generator):
    """Train one linear layer by stochastic gradient descent on the cross-entropy.

    params: [w, b] of shapes (D, C) and (C,), changed in place.
    train, valid: pairs (x, y) of shapes (N, D) and (N,).
    generator: the only source of randomness; it draws a new order of the training rows each epoch.
    Returns a dict of three lists of floats, one entry an epoch: "train_loss" (the mean over all rows
    of the batch losses, each taken before its step), "valid_loss", "valid_accuracy" (after the epoch).

    >>> params, pair = [torch.zeros(2, 2), torch.zeros(2)], (torch.eye(2), tensor([0, 1]))
    >>> history = fit(params, pair, pair, 1.0, 3, 2, torch.Generator().manual_seed(0))
    >>> [round(loss, 4) for loss in history["train_loss"]]
    [0.6931, 0.4741, 0.3477]
    """
    ### BEGIN SOLUTION
    w, b = params
    x, y = train
    x_valid, y_valid = valid
    history = {"train_loss": [], "valid_loss": [], "valid_accuracy": []}
    for _ in progress(range(epochs), "epoch"):
        total = 0.0
        for rows in torch.randperm(len(y), generator=generator).split(batch_size):
            xb, yb = x[rows], y[rows]
            logits = xb @ w + b
            total += cross_entropy(logits, yb).item() * len(rows)
            dz = cross_entropy_gradient(logits, yb)
            w -= lr * (xb.T @ dz)
            b -= lr * dz.sum(dim=0)
        logits = x_valid @ w + b
        history["train_loss"].append(total / len(y))
        history["valid_loss"].append(cross_entropy(logits, y_valid).item())
        history["valid_accuracy"].append(accuracy(logits, y_valid))
    return history
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-fit", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
pair, swapped = (torch.eye(2), tensor([0, 1])), (torch.eye(2), tensor([1, 0]))
params = [torch.zeros(2, 2), torch.zeros(2)]
history = fit(params, pair, swapped, 1.0, 3, 2, seeded())
expect(
    "training loss of three steps",
    history["train_loss"],
    [0.6931, 0.4741, 0.3477],
    {
        "take the loss of a batch before its step, not after it": [0.4741, 0.3477, 0.2700],
        "the loss does not fall: are w and b changed in place, with -= ?": [0.6931, 0.6931, 0.6931],
        "the loss rises: step against the gradient": [0.6931, 0.9741, 1.4042],
        "that is the sum over the rows; divide it by their number": [1.3863, 0.9482, 0.6954],
    },
)
expect(
    "validation loss after each step",
    history["valid_loss"],
    [0.9741, 1.2252, 1.4412],
    {
        "you train and validate on the same pair": [0.4741, 0.3477, 0.2700],
        "validate after the epoch, not before it": [0.6931, 0.9741, 1.2252],
    },
)
expect("validation accuracy", history["valid_accuracy"], [0.0, 0.0, 0.0])
expect("the parameters that came in have changed", params[0].sign(), tensor([[1.0, -1.0], [-1.0, 1.0]]))

rows = few[0][:10], few[1][:10]
still = fit(normal(), rows, rows, 0.0, 1, 4, seeded())
w, b = normal()
batches = torch.randperm(10, generator=seeded()).split(4)
losses = [cross_entropy(rows[0][batch] @ w + b, rows[1][batch]).item() for batch in batches]
expect(
    "at rate 0, with batches of 4, 4, 2: a mean over ten rows",
    still["train_loss"],
    still["valid_loss"],
    {
        "the short batch counts as much as a full one: multiply each batch's loss by its number of rows": [sum(losses) / 3],
        "that is the loss of the last batch; take the mean over all rows": [losses[-1]],
        "the short batch at the end is missing": [(losses[0] + losses[1]) / 2],
    },
)
before = torch.random.get_rng_state()
first, again, other = (fit(zeros(), rows, rows, 0.1, 2, 1, seeded(seed)) for seed in (1, 1, 2))
assert first == again, "Two runs with the same seed differ: the order comes from the generator alone."
assert first != other, "Another seed gives the same run: shuffle the rows with the generator."
assert torch.equal(before, torch.random.get_rng_state()), "randperm needs generator=generator."
print("ok  the generator decides the order, and nothing else does")

# %% [markdown]
# **Predict** where the loss begins, and which curve lies higher after one epoch: training or validation?

# %%
history = fit(zeros(), few, valid, 0.1, EPOCHS, BATCH_SIZE, seeded())
_, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
epoch = range(1, EPOCHS + 1)
left.plot(epoch, history["train_loss"], "o-", label="training")
left.plot(epoch, history["valid_loss"], "s--", label="validation")
left.axhline(math.log(10), color="grey", linewidth=1, linestyle=":", label="ln 10: knows nothing")
left.set(xlabel="epoch", ylabel="cross-entropy in nats", ylim=0, xticks=epoch[::3])
left.legend()
right.plot(epoch, history["valid_accuracy"], "s--", color="C1", label="validation")
right.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1), xticks=epoch[::3])
right.legend(loc="lower right")
plt.show()

# %% [markdown]
# In the first epoch training looks worse: its loss is a mean over the epoch, from ignorance on; validation comes after it.
#
# ## How is a learning rate picked?
#
# Not by taste. Try rates a factor of three apart over four decades, each from the same start and with the same
# batches, and note the lowest *validation* loss of each. A run whose loss became NaN has failed, however well it began.


# %% nbgrader={"grade": false, "grade_id": "lr_sweep", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lr_sweep(lrs, init, train, valid, epochs, batch_size, seed):
    """Train once with each learning rate, all from the same start and with the same batches.

    lrs: learning rates. init(): returns fresh parameters, equal each time. train, valid: as in `fit`.
    seed: each run draws its batches from a new torch.Generator with this seed.
    Returns {lr: the lowest validation loss of its epochs, or inf if one of them was NaN}.

    >>> start, pair = lambda: [torch.zeros(2, 2), torch.zeros(2)], (torch.eye(2), tensor([0, 1]))
    >>> lowest = lr_sweep([1.0, 4.0], start, pair, pair, 2, 2, 0)
    >>> {lr: round(loss, 4) for lr, loss in lowest.items()}
    {1.0: 0.3477, 4.0: 0.0807}
    """
    ### BEGIN SOLUTION
    lowest = {}
    for lr in lrs:
        generator = torch.Generator().manual_seed(seed)
        losses = fit(init(), train, valid, lr, epochs, batch_size, generator)["valid_loss"]
        lowest[lr] = math.inf if any(math.isnan(loss) for loss in losses) else min(losses)
    return lowest
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-lr_sweep", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
pair, swapped = (torch.eye(2), tensor([0, 1])), (torch.eye(2), tensor([1, 0]))
lowest = lr_sweep([4.0, 1.0], lambda: [torch.zeros(2, 2), torch.zeros(2)], pair, swapped, 2, 2, 0)
assert isinstance(lowest, dict) and lowest.keys() == {1.0, 4.0}, "The result is a dict, and its keys are the rates."
expect(
    "two rates, judged on the validation set",
    [lowest[4.0], lowest[1.0]],
    [2.1269, 0.9741],
    {
        "you judge by the training loss; take valid_loss": [0.1269, 0.4741],
        "that is the loss of the last epoch; take the lowest": [2.5575, 1.2252],
    },
)
rows, others = (few[0][:40], few[1][:40]), (few[0][40:60], few[1][40:60])
both, alone = (lr_sweep(lrs, zeros, rows, others, 2, 8, 0) for lrs in ([0.3, 0.1], [0.1]))
assert both[0.1] == alone[0.1], "A rate's result depends on the rate before it: call init() and seed anew."
ones = torch.ones(3, 9), tensor([0, 0, 1])
late = lr_sweep([3e38], lambda: [torch.zeros(9, 2), tensor([0.694, 0.0])], ones, ones, 3, 3, 0)
assert late == {3e38: math.inf}, "A run whose loss becomes NaN counts as inf, however its first epoch went."
print("ok  each rate starts afresh, and NaN counts as inf")

# %% [markdown]
# **Predict** the shape of the curve before you run it. What goes wrong at the left end, what at the right?

# %%
lrs = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
sweep = lr_sweep(lrs, zeros, few, valid, EPOCHS, BATCH_SIZE, 0)
best_lr = min(sweep, key=sweep.get)
plt.figure(figsize=(6, 3))
plt.loglog(lrs, sweep.values(), "s--", color="C1", label="validation, lowest of the run")
plt.plot(best_lr, sweep[best_lr], "o", markersize=14, fillstyle="none", label=f"lowest: {best_lr:g}")
plt.yticks([0.2, 0.5, 1, 2], ["0.2", "0.5", "1", "2"])
plt.minorticks_off()
plt.xlabel("learning rate")
plt.ylabel("cross-entropy in nats")
plt.legend()
plt.show()

# %% [markdown]
# Left: every step is right and too short, the run is not done. Right: the steps jump over the valley.
# The rule: **take the lowest validation loss; if it lies at an end of the picture, widen the picture; among equals,
# the larger rate gets there sooner.**
#
# ## What can one layer reach?
#
# The final model: all training rows, the rate from the picture, then a tenth of it to settle (`fit` changes its
# parameters, so a second call goes on from there). **Predict** the accuracy on the *training* rows.

# %%
w, b = params = zeros()
fit(params, train, valid, best_lr, EPOCHS, BATCH_SIZE, seeded())
fit(params, train, valid, best_lr / 10, EPOCHS // 2, BATCH_SIZE, seeded(1))
logits = valid[0] @ w + b
print(f"accuracy, training:   {accuracy(train[0] @ w + b, train[1]):.3f}")
print(f"accuracy, validation: {accuracy(logits, valid[1]):.3f}")

# %% [markdown]
# On MNIST the two stay close together and far from 1: the limit is the model's, not the data's. A hundred epochs on
# all 60,000 images end at 92.6 % of the test set. (LeCun et al., 1998, report 88.0 % for their linear classifier.)
#
# ### Then, is 58 % good?
#
# Such numbers are reported for this very layer. Four runs, two starts at two rates, show where they come from.

# %%
runs = {
    "N(0, 1) weights, rate 0.01": (normal, 0.01, "^:"),
    f"N(0, 1) weights, rate {best_lr:g}": (normal, best_lr, "v-."),
    "zeros, rate 0.01": (zeros, 0.01, "s--"),
    f"zeros, rate {best_lr:g}": (zeros, best_lr, "o-"),
}
plt.figure(figsize=(8, 3), layout="constrained")
for name, (init, lr, style) in runs.items():
    curve = fit(init(), few, valid, lr, EPOCHS, BATCH_SIZE, seeded())["valid_accuracy"]
    plt.plot(epoch, curve, style, label=name)
    print(f"{name:27} first epoch {curve[0]:.2f}, last epoch {curve[-1]:.2f}")
plt.axhline(0.58, color="grey", linewidth=1, label="58 %")
plt.xlabel("epoch")
plt.ylabel("accuracy, validation")
plt.xticks(epoch[::3])
plt.ylim(0, 1)
plt.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
plt.show()

# %% [markdown]
# So 58 % is not the layer's fault: it takes a bad start and a timid rate *together*, stopped early.
#
# ## What the layer has learned
#
# Each column of `w` has 784 numbers, one a pixel: a picture of what speaks for a digit and what against it.
# **Predict** the middle of the 0.

# %%
figure, axes = plt.subplots(2, 5, figsize=(8, 3.6), layout="constrained")
limit = w.abs().quantile(0.99).item()  # a few pixels at the rim would make the rest pale
for digit, axis in enumerate(axes.flat):
    picture = axis.imshow(w[:, digit].reshape(28, 28), cmap="PuOr_r", vmin=-limit, vmax=limit)
    axis.set(title=digit, xticks=[], yticks=[])
figure.colorbar(picture, ax=axes, label="weight", extend="both")
plt.show()

# %%
predictions = predict(logits)
confusion = torch.bincount(10 * valid[1] + predictions, minlength=100).reshape(10, 10)
errors = confusion.clone().fill_diagonal_(0)
plt.figure(figsize=(5, 4.2))
plt.imshow(errors, cmap="cividis")
for true in range(10):
    for said in range(10):
        color = "black" if errors[true, said] > errors.max() / 2 else "white"
        plt.text(said, true, confusion[true, said].item(), ha="center", va="center", color=color, fontsize=8)
plt.xticks(range(10))
plt.yticks(range(10))
plt.xlabel("predicted digit")
plt.ylabel("true digit")
plt.title("validation set; colour: errors only", fontsize=10)
plt.show()
true, said = divmod(errors.argmax().item(), 10)
print(f"The most frequent error: a {true} taken for a {said}, {errors.max().item()} times.")

# %% [markdown]
# The loss also tells which errors are worst: the images whose own label got the least probability. Would you have known better?

# %%
price = -log_softmax(logits)[torch.arange(len(logits)), valid[1]]
figure, axes = plt.subplots(2, 6, figsize=(9, 3.8), layout="constrained")
for row, axis in zip(price.argsort(descending=True)[:12], axes.flat, strict=True):
    axis.imshow(valid[0][row].reshape(28, 28), cmap="gray_r")
    axis.set(xticks=[], yticks=[])
    axis.set_title(f"{valid[1][row]}, taken for {predictions[row]}\nloss {price[row]:.1f}", fontsize=9)
plt.show()

# %% [markdown]
# ## Questions with data
#
# **When argmax, when argmin?** argmax where large is good (logits, probabilities), argmin where large is bad (the
# negative log-likelihood).
#
# **Why no sigmoid before argmax?** It keeps the order on paper, but in float32 it is exactly 1 from about 17 on, and
# ties are decided by position.

# %%
w_normal, b_normal = normal()
loud = valid[0] @ w_normal + b_normal  # untrained, so its scores are large
top_two = loud.sigmoid().topk(2, dim=1).values
ties = (top_two[:, 0] == top_two[:, 1]).float().mean().item()
costs = -log_softmax(logits)
print(f"argmax of the logits  {accuracy(logits, valid[1]):.3f}")
print(f"argmin of the costs   {accuracy(-costs, valid[1]):.3f}")
print(f"argmax of the costs   {accuracy(costs, valid[1]):.3f}")
print(f"N(0, 1) weights: ties after a sigmoid on {ties:.0%} of the images")
assert torch.equal(costs.argmin(dim=1), predict(logits))

# %% [markdown]
# **At which step does the unshifted softmax die?** The same descent three times; they differ only in how they get $\log p$.


# %%
def descend(log_probabilities, params, x, lr):
    """Which of 100 steps is the first whose loss is infinite or NaN, and are the weights NaN in the end?"""
    (w, b), broken = params, "never"
    for step in range(1, 101):
        rows = torch.randint(len(x), (BATCH_SIZE,), generator=seeded(step))
        log_probs = log_probabilities(x[rows] @ w + b)
        if broken == "never" and not nll(log_probs, few[1][rows]).isfinite():
            broken = f"step {step}"
        dz = (log_probs.exp() - torch.eye(10)[few[1][rows]]) / len(rows)
        w -= lr * (x[rows].T @ dz)
        b -= lr * dz.sum(dim=0)
    return broken if w.isfinite().all() else f"{broken}, w is NaN"


starts = {
    "zeros, rate 0.3": (zeros, few[0], 0.3),
    "zeros, rate 10": (zeros, few[0], 10.0),
    "N(0, 1), rate 10": (normal, few[0], 10.0),
    "N(0, 1), pixels 0..255": (normal, few[0] * 255, 0.3),
}
ways = {
    "log(naive_softmax)": lambda z: naive_softmax(z).log(),
    "log(softmax)": lambda z: softmax(z).log(),
    "log_softmax": log_softmax,
}
print(f"{'loss infinite or NaN at':24}" + "".join(f"{name:>20}" for name in ways))
for name, (init, x, lr) in starts.items():
    print(f"{name:24}" + "".join(f"{descend(way, init(), x, lr):>20}" for way in ways.values()))

# %% [markdown]
# **What else is numerically unstable?** Wherever something huge, or something tiny, is made on the way to an ordinary answer:

# %%
z, tiny, far = tensor(100.0), tensor(1e-9), tensor([10000.0, 10001.0, 10002.0])
pairs = [
    ("sigmoid(100)", "exp(z) / (1 + exp(z))", z.exp() / (1 + z.exp()), "1 / (1 + exp(-z))", 1 / (1 + (-z).exp())),
    ("log(1 + exp(100))", "as it stands", (1 + z.exp()).log(), "z + log1p(exp(-z))", z + (-z).exp().log1p()),
    ("log(1 + 1e-9)", "as it stands", (1 + tiny).log(), "log1p(1e-9)", tiny.log1p()),
    ("exp(1e-9) - 1", "as it stands", tiny.exp() - 1, "expm1(1e-9)", tiny.expm1()),
    ("variance", "mean(x^2) - m^2", far.square().mean() - far.mean() ** 2, "mean((x - m)^2)", (far - far.mean()).square().mean()),
]
for what, naive, bad, better, good in pairs:
    print(f"{what:18} {naive:21} {bad:6.3g}    {better:18} {good:6.3g}")

# %% [markdown]
# **One-vs-rest or softmax?** Ten separate yes/no questions (a sigmoid each) suit *multi-label* tasks, where an image
# may show a 3 *and* a 7. A digit is exactly one of ten (*multi-class*), and softmax knows it. With sigmoids the
# gradient is again probability minus truth. **Predict** what an image's ten answers sum to.

# %%
w_ten, b_ten = zeros()
generator = seeded()
for _ in progress(range(EPOCHS), "epoch"):
    for rows in torch.randperm(len(few[1]), generator=generator).split(BATCH_SIZE):
        xb, truth = few[0][rows], torch.eye(10)[few[1][rows]]
        dz = ((xb @ w_ten + b_ten).sigmoid() - truth) / len(rows)
        w_ten -= best_lr * (xb.T @ dz)
        b_ten -= best_lr * dz.sum(dim=0)
ten = valid[0] @ w_ten + b_ten
sums = ten.sigmoid().sum(dim=1)
print(f"ten sigmoids: accuracy {accuracy(ten, valid[1]):.2f}; ten answers sum to {sums.min():.1f} ... {sums.max():.1f}")
print(f"softmax:      accuracy {curve[-1]:.2f} (same rows, batches and rate); every sum is 1")

# %% [markdown]
# ## From symptom to cause
#
# | You see | Look for |
# |---|---|
# | the loss starts near 14 | weights from $N(0, 1)$ |
# | the loss stays at 2.303 | weights not changed in place, rate 0, gradient 0 |
# | a perfect prediction costs 1.46 | softmax applied twice |
# | no loss above 16.1 | an epsilon inside the logarithm |
# | NaN or inf | no shift, log of a softmax, overflow |
# | accuracy below 1 % | argmin of scores |
# | accuracy 10 % for good | weights are NaN: every image is a 0 |
# | the loss jumps up and down | rate too large; 1/N missing |
#
# ## In your own words
#
# **1.** Show in one line that subtracting a number from all scores of a row leaves its softmax unchanged. Then say
# why one number for the whole batch is not enough.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-why-shift", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# $e^{z_k - m} / \sum_j e^{z_j - m} = (e^{-m} e^{z_k}) / (e^{-m} \sum_j e^{z_j}) = e^{z_k} / \sum_j e^{z_j}$. With one number
# for the batch, a row that lies more than 104 below it becomes all zeros in float32, and 0 / 0 is NaN. With its own
# maximum subtracted, each row has a term $e^0 = 1$, so its sum lies between 1 and C.

# %% [markdown]
# **2.** A friend reports 58 % on MNIST from one linear layer and plans a deeper network. Which three things should they
# check first, and what in this notebook supports each?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-fifty-eight", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# The first loss: near 2.3 is right, near 14 is a bad start (the cell on the first loss). The learning rate: a sweep shows
# whether theirs lies at the left end. The number of epochs: was the curve still rising (the four runs)? One layer
# reaches about 92 % there, so depth is not the remedy for 58 %.

# %% [markdown]
# ## Scoreboard
#
# Every choice above was made on the validation set. Now, once, the test set.

# %%
test_images, test_labels = data.test()
reached = accuracy((test_images.flatten(1) / 255) @ w + b, test_labels)
print(f"one layer, cross-entropy: {reached:.3f}")
course.scoreboard(data, {"one layer, cross-entropy": reached})

# %% [markdown]
# On MNIST notebook 3's squared error, with a good start and a large rate, lies within half a point: there the layer is the
# limit, not the loss. Notebook 5 adds a second layer.
