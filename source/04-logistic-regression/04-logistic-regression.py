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
# In notebook 03 a layer with ten scores and a squared error crawled, unless its start was chosen with care. Keep the layer
# and change its end: the scores become probabilities, and the loss asks how probable the right digit was. You derive and
# write both, so that no score up to 10,000 breaks them. Then you choose a learning rate from a picture, and find out what
# one layer can do.

# %%
# %run ../header.py

# %%
from course import after03_pictures as pictures
from course.after03 import open_test_set, seeded, split  # seeded(n): a torch.Generator, seed n

EPOCHS = 2 if GRADING else 20  # nbgrader needs your functions, not the curves to their end
BATCH_SIZE = 64
SEEDS = [0, 1] if GRADING else [0, 1, 2]
train, valid = split(data)  # pairs (x, y)
few = train[0][:10_000], train[1][:10_000]  # enough to compare settings
print(f"{len(train[1]):,} images to train on, {len(valid[1]):,} to validate with")

# %% [markdown]
# ## 1. From scores to probabilities
#
# A score (a *logit*) may be any number. Softmax makes each row positive and divides by its sum:
# $p_k = e^{z_k} / \sum_j e^{z_j}$. With two scores, $z$ and 0, it is the sigmoid: $e^z / (e^z + 1) = 1 / (1 + e^{-z})$.
#
# The largest float32 is about $3.4 \cdot 10^{38} = e^{88.7}$. **Predict.**

# %%
guess("softmax as it stands", "exp(90) / (exp(90) + exp(90)) in float32", math.nan)

# %%
z = tensor([1.0, 88.0, 90.0])
e = z.exp()
print("exp of", z.tolist(), "is", e.tolist())
reveal("softmax as it stands", (e[-1] / (e[-1] + e[-1])).item())

# %% [markdown]
# The remedy: a constant that is added to all scores of a row changes nothing, because it cancels above and below the line
# (question 1 asks you to show that). So it is yours to choose, for each row, and one choice makes every exponent harmless.


# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax(z):
    """Turn scores into probabilities, row by row.

    z: float tensor (N, C), scores up to 1e4 in size.
    Returns (N, C), the dtype of z; each row sums to 1.

    >>> softmax(tensor([[0.0, 0.0], [5000.0, 5000.0]]))
    tensor([[0.5000, 0.5000],
            [0.5000, 0.5000]])
    """
    ### BEGIN SOLUTION
    e = (z - z.amax(dim=1, keepdim=True)).exp()
    return e / e.sum(dim=1, keepdim=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-softmax", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("softmax")

# %% [markdown]
# ## 2. The logarithm of a probability
#
# The loss will need $\log p$, and softmax followed by log is still fragile: a probability below $10^{-45}$ is 0 in float32,
# and $\log 0$ is $-\infty$. Better never to leave the logarithm. Take the log of softmax's formula on paper: a fraction
# becomes a difference, and its second term, $\log \sum_j e^{z_j}$, is the *log-sum-exp*, a smooth maximum. It needs the
# same shift. What must be done about the shift afterwards?


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
check("logsumexp")

# %% [markdown]
# One more precaution: float32 has seven digits, so around 10,000 only three are left behind the point. Make the numbers small
# before you subtract, and those that matter keep theirs.


# %% nbgrader={"grade": false, "grade_id": "log_softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_softmax(z):
    """The logarithm of softmax(z), finite also where the probability is too small for float32.

    z: float tensor (N, C), scores up to 1e4 in size; rounding errors of that size are forgiven.
    Returns (N, C), the dtype of z, all entries <= 0.

    >>> log_softmax(tensor([[0.0, 5000.0]]))
    tensor([[-5000.,     0.]])
    """
    ### BEGIN SOLUTION
    shifted = z - z.amax(dim=1, keepdim=True)
    return shifted - logsumexp(shifted)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-log_softmax", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("log_softmax")

# %% [markdown]
# **Predict.** (The loss of a row will be $-\log p$ of its right answer.)

# %%
guess("where the log of softmax ends", "right score 110 below: loss by softmax, then log", math.inf)

# %%
gap = torch.arange(0.0, 151)
behind = torch.stack([torch.zeros_like(gap), gap], dim=1)
by_softmax = softmax(behind).log()
pictures.reach(gap, {"softmax, then log": by_softmax, "log_softmax": log_softmax(behind)})
reveal("where the log of softmax ends", -softmax(tensor([[0.0, 110.0]])).log()[0, 0].item())

# %% [markdown]
# ## 3. A price for being wrong
#
# The *negative log-likelihood* charges each row $-\log p$ of its own label: nothing for $p = 1$, and without limit for
# certainty in the wrong digit. (The unit is the *nat*: the logarithm is the natural one.) The right panel shows it beside
# the squared error: at its left end, where the model is sure and wrong, one curve is flat and gives no direction, the
# other is steep. The loss of a batch is the mean over its rows.

# %%
pictures.prices()

# %% [markdown]
# <details><summary>Hint: one number from each row</summary>
#
# Two index tensors of one length pick pairs: `a[tensor([0, 1]), tensor([2, 0])]` is `a[0, 2]` and `a[1, 0]`.
# </details>


# %% nbgrader={"grade": false, "grade_id": "nll", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nll(log_probs, labels):
    """The mean negative log-likelihood in nats.

    log_probs: float tensor (N, C), no infinite ones; labels: int64 (N,).
    Returns a 0-d tensor, the dtype of log_probs.

    >>> nll(tensor([[0.5, 0.5], [0.1, 0.9]]).log(), tensor([0, 1]))
    tensor(0.3993)
    """
    ### BEGIN SOLUTION
    return -log_probs[torch.arange(len(labels)), labels].mean()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-nll", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("nll")

# %% [markdown]
# From logits to loss in one step is *cross-entropy*. It takes logits, not probabilities. It needs no epsilon, a tiny
# number added inside the logarithm: that caps the loss, and where the loss is flat its gradient is zero.


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
check("cross_entropy")

# %% [markdown]
# **Derive.** The most common bug in this place is a softmax too many. Suppose a perfect prediction, the ten probabilities
# 1, 0, ..., 0, goes into `cross_entropy` as if it were logits. What does it cost? (Paper, then a calculator or one line.)

# %% tags=["answer"]
softmax_twice = math.log(math.e + 9) - 1

# %%
check("softmax_twice")

# %% [markdown]
# ## 4. What should the first loss be?
#
# Before any training run, ask what an untrained model must cost. With all weights 0 the ten probabilities are equal. With
# weights from $N(0, 1)$ a score is a sum of 784 products of pixel and weight, so its standard deviation is the length of
# the pixel vector, about 9. The loss is about the gap between the largest of ten such scores and the right one.
# **Predict.**

# %%
guess("first loss, zeros", "the loss of a model whose weights are 0", math.log(10))
guess("first loss, N(0, 1)", "the loss of a model with weights from N(0, 1)", 15.0)


# %%
def zeros():
    return [torch.zeros(784, 10), torch.zeros(10)]


def normal():
    return [torch.randn(784, 10, generator=seeded()), torch.zeros(10)]


for name, (w, b) in {"first loss, zeros": zeros(), "first loss, N(0, 1)": normal()}.items():
    reveal(name, round(cross_entropy(few[0] @ w + b, few[1]).item(), 2))

# %% [markdown]
# Random weights are *confidently wrong*, which costs far more than knowing nothing. One layer may start from zeros
# (notebook 05 shows why two may not).
#
# ## 5. The gradient
#
# The loss of one row is $L = \mathrm{logsumexp}(z) - z_y$. The first term by the chain rule, with $S = \sum_j e^{z_j}$:
#
# $$\frac{\partial}{\partial z_k} \log S = \frac{1}{S} \cdot \frac{\partial S}{\partial z_k} = \frac{e^{z_k}}{S} .$$
#
# You have met the right-hand side: **the derivative of log-sum-exp is softmax**. The second term depends on one score only.
#
# **Derive.** A row has the probabilities .7, .2, .1, and its label is 1 (counted from 0). Enter the three slopes
# $\partial L / \partial z_k$ and their sum.

# %% tags=["answer"]
slopes, their_sum = [0.7, -0.8, 0.1], 0.0  # a list of three numbers, and one number

# %%
check("slopes")

# %% [markdown]
# No factor is left that vanishes where the model is sure and wrong. Now a batch, whose loss is a mean over N rows.


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
check("cross_entropy_gradient")

# %% [markdown]
# ## 6. From scores to a decision
#
# Softmax keeps the order of the scores, so for the decision the logits will do.


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
check("predict")


# %% nbgrader={"grade": false, "grade_id": "accuracy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def accuracy(logits, labels):
    """The fraction of rows whose prediction is the label.

    logits: float tensor (N, C); labels: int64 (N,). Returns a Python float in [0, 1].
    Raises ValueError for other shapes: (N,) and (N, 1) would silently be compared as N x N.

    >>> accuracy(tensor([[1.0, 0.0], [0.0, 1.0]]), tensor([0, 0]))
    0.5
    """
    ### BEGIN SOLUTION
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"logits (N, C) and labels (N,), not {logits.shape} and {labels.shape}")
    return (predict(logits) == labels).sum().item() / len(labels)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-accuracy", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("accuracy")

# %% [markdown]
# ## 7. The training loop
#
# The loop is that of notebook 03 with another loss: shuffle, take a batch, forward, loss, gradient, step; after each epoch,
# validate. Your gradient of the logits goes back through $z = xw + b$ as it did there. A batch is drawn by lot, hence
# *stochastic*: its gradient is right on average, and 800 times cheaper than that of all rows.
#
# <details><summary>Hint: the order and the last batch</summary>
#
# `torch.randperm(n, generator=generator).split(batch_size)` gives index batches; the last one may be short. How must its
# loss be weighed, so that each row counts the same?
# </details>


# %% nbgrader={"grade": false, "grade_id": "fit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit(params, train, valid, lr, epochs, batch_size, generator):
    """Train one linear layer by stochastic gradient descent on the cross-entropy.

    params: [w, b] of shapes (D, C) and (C,), changed in place.
    train, valid: pairs (x, y) of shapes (N, D) and (N,).
    generator: the only source of randomness; it draws a new order of the training rows each epoch.
    Returns a dict of three lists of floats, one entry an epoch: "train_loss" (the mean over all
    rows of the batch losses, each taken before its step), "valid_loss" and "valid_accuracy"
    (after the epoch).

    >>> params, pair = [torch.zeros(2, 2), torch.zeros(2)], (torch.eye(2), tensor([0, 1]))
    >>> history = fit(params, pair, pair, 1.0, 3, 2, torch.Generator().manual_seed(0))
    >>> [round(loss, 4) for loss in history["train_loss"]]
    [0.6931, 0.4741, 0.3477]
    """
    ### BEGIN SOLUTION
    w, b = params
    x, y = train
    history = {"train_loss": [], "valid_loss": [], "valid_accuracy": []}
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(y), generator=generator).split(batch_size):
            logits = x[rows] @ w + b
            total += cross_entropy(logits, y[rows]).item() * len(rows)
            dz = cross_entropy_gradient(logits, y[rows])
            w -= lr * (x[rows].T @ dz)
            b -= lr * dz.sum(dim=0)
        logits = valid[0] @ w + b
        history["train_loss"].append(total / len(y))
        history["valid_loss"].append(cross_entropy(logits, valid[1]).item())
        history["valid_accuracy"].append(accuracy(logits, valid[1]))
    return history
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-fit", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("fit")

# %% [markdown]
# **Predict.**

# %%
guess("the first epoch", "higher after one epoch: the training or the validation loss", "training")

# %%
history = fit(zeros(), few, valid, 0.1, EPOCHS, BATCH_SIZE, seeded())
curves(history)
plt.ylim(bottom=0)
show("Training and validation loss by epoch.")
one, other = history["train_loss"][:1], history["valid_loss"][:1]
reveal("the first epoch", "training" if one > other else "validation" if one < other else "neither")

# %% [markdown]
# The training loss of an epoch is a mean from its beginning on, ignorance included; validation comes after it.
#
# ## 8. How is a learning rate picked?
#
# Not by taste. Try rates a factor of three apart over four decades, each from the same start and with the same batches,
# and note the lowest *validation* loss of each. A run whose loss became NaN has failed, however well it began.
#
# **Mend.** A colleague has written this. It runs, and its answers are wrong: there are four faults. Read it against the
# docstring before you change a line.


# %% nbgrader={"grade": false, "grade_id": "lr_sweep", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lr_sweep(lrs, init, train, valid, epochs, batch_size, seed):
    """Train once with each learning rate, all from the same start and with the same batches.

    lrs: learning rates. init(): returns fresh parameters, equal each time. train, valid: see `fit`.
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
    ### BEGIN MEND
    # lowest, params = {}, init()
    # generator = torch.Generator().manual_seed(seed)
    # for lr in lrs:
    #     losses = fit(params, train, valid, lr, epochs, batch_size, generator)["train_loss"]
    #     lowest[lr] = min(losses)
    # return lowest
    ### END MEND


# %% nbgrader={"grade": true, "grade_id": "check-lr_sweep", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("lr_sweep")

# %% [markdown]
# **Predict.**

# %%
guess("the best rate", "the best of .001, .003, .01, .03, .1, .3, 1, 3 and 10", 0.3)

# %%
lrs = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
sweep = lr_sweep(lrs, zeros, few, valid, EPOCHS, BATCH_SIZE, 0)
worked = {lr: loss for lr, loss in sweep.items() if math.isfinite(loss)}
best_lr = min(worked, key=worked.get, default=0.1)
pictures.sweep(worked)
reveal("the best rate", best_lr if worked else "none of them: the next cells take .1")

# %% [markdown]
# Left: every step is right and too short, the run is not done. Right: the steps jump over the valley. The rule: **take the
# lowest validation loss; if it lies at an end of the picture, widen the picture; among equals, the larger rate gets there
# sooner.**
#
# ## 9. What can one layer reach?
#
# The final model: all training rows, the rate from the picture, then a tenth of it to settle (`fit` changes its
# parameters, so a second call goes on from there). **Predict.**

# %%
guess("one layer, training", "accuracy on the images it was trained on", 0.95)

# %%
final = zeros()
fit(final, train, valid, best_lr, EPOCHS, BATCH_SIZE, seeded())
fit(final, train, valid, best_lr / 10, EPOCHS // 2, BATCH_SIZE, seeded(1))
logits = valid[0] @ final[0] + final[1]
print(f"accuracy, validation: {accuracy(logits, valid[1]):.3f}")
reveal("one layer, training", round(accuracy(train[0] @ final[0] + final[1], train[1]), 3))

# %% [markdown]
# Which is larger: the gap between the two, or that from both to 1? If the latter, one layer can do no more. (LeCun et
# al., [1998](http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf), report 88.0 % for their linear classifier.)
#
# Each column of the weights has 784 numbers, one a pixel: a picture of what speaks for a digit and what against it.
# **Predict.**

# %%
guess("the middle of the 0", "does ink in the middle speak for a 0 or against it?", "against")

# %%
pictures.weights(final[0])
middle = final[0][:, 0].reshape(28, 28)[12:16, 12:16].mean()
reveal("the middle of the 0", "for" if middle > 0 else "against")

# %% [markdown]
# The loss also tells which errors are worst: the images whose own label got the least probability. Would you have known?

# %%
pictures.confusion(predict(logits), valid[1])
price = -log_softmax(logits)[torch.arange(len(logits)), valid[1]]
worst = price.argsort(descending=True)[:10]
said = predict(logits)[worst]
titles = [f"{y} taken\nfor {p}" for y, p in zip(valid[1][worst], said, strict=True)]
show_images(valid[0][worst], titles)

# %% [markdown]
# ## 10. Ten, one against the rest, or one against one?
#
# Ten separate yes/no questions (*one-vs-rest*) suit images that may show a 3 *and* a 7. Forty-five duels between two
# digits (*one-vs-one*) train on less each, and vote. A digit is exactly one of ten, and softmax knows it. Your `fit`
# answers all three: a yes/no question is a softmax of two. **Predict.**

# %%
guess("sum of ten answers", "ten separate yes-probabilities sum to 1: always, or not?", "not")
guess("which wins", "most accurate: softmax, one-vs-rest or one-vs-one?", "softmax")


# %%
def duel(rows, is_first):
    """The probability of "is first" for each validation image, trained on these rows of `few`."""
    w, b = torch.zeros(784, 2), torch.zeros(2)
    pair = few[0][rows], is_first[rows].long()
    fit([w, b], pair, pair, best_lr, EPOCHS // 2, BATCH_SIZE, seeded())
    return softmax(valid[0] @ w + b)[:, 1]


everyone = torch.ones(len(few[1]), dtype=torch.bool)
rest = torch.stack([duel(everyone, few[1] == digit) for digit in progress(range(10))], dim=1)
votes = torch.zeros(len(valid[1]), 10)
for one, other in progress([(i, j) for i in range(10) for j in range(i)]):
    won = duel((few[1] == one) | (few[1] == other), few[1] == one) > 0.5
    votes[:, one] += won
    votes[:, other] += ~won
ten = zeros()
fit(ten, few, valid, best_lr, EPOCHS // 2, BATCH_SIZE, seeded())
scores = {"softmax": valid[0] @ ten[0] + ten[1], "one-vs-rest": rest, "one-vs-one": votes}
for name, score in scores.items():
    print(f"{name:12} accuracy {accuracy(score, valid[1]):.3f}")
sums = rest.sum(dim=1)
print(f"ten separate answers sum to {sums.min():.1f} ... {sums.max():.1f}")
reveal("sum of ten answers", "always" if sums.max() - sums.min() < 0.01 else "not")
reveal("which wins", max(scores, key=lambda name: accuracy(scores[name], valid[1])))

# %% [markdown]
# Forty-five duels have 45 x 785 weights, ten scores 10 x 785: they can say more than ten templates, and memorise more.
#
# **argmax or argmin?** argmax where large is good (logits, probabilities), argmin where large is bad (the costs). And no
# sigmoid before either: in float32 it is exactly 1 from about 17 on, and ties are decided by position.
#
# ## 11. An experiment of your own
#
# A friend reports 58 % on MNIST from one linear layer and plans a deeper network. Their weights start from N(0, 1), their
# rate is .01, and they stopped after 13 epochs. **Design** an experiment that finds what is to blame. `experiment` runs each
# of your `ways` with the same seeds (they draw the batches) and compares all with the first: begin with your friend's. Change
# one factor at a time.


# %%
def run(way, seed):
    # Fewer images than your friend had: their way need not give 58 % here.
    init, rate, epochs = way
    epochs = 1 if GRADING else epochs
    w, b = params = init()
    fit(params, few, valid, rate, epochs, BATCH_SIZE, seeded(seed))
    return accuracy(valid[0] @ w + b, valid[1])


# %% tags=["design"]
# Your ways, {name: (init, rate, epochs)}, and experiment(run, ways, SEEDS):
ways = {
    "the friend's": (normal, 0.01, 13),
    "another start": (zeros, 0.01, 13),
    "another rate": (normal, best_lr, 13),
    "more epochs": (normal, 0.01, 26),
    "all three": (zeros, best_lr, 26),
}
found = experiment(run, ways, SEEDS)

# %% [markdown]
# **Question 1.** Show in one line that subtracting a number from all scores of a row leaves its softmax unchanged. What does that
# say about the sum of the slopes in section 5? And why is one number for the whole batch not enough?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-why-shift", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# $e^{z_k - m} / \sum_j e^{z_j - m} = (e^{-m} e^{z_k}) / (e^{-m} \sum_j e^{z_j}) = e^{z_k} / \sum_j e^{z_j}$. So the
# loss does not change when all scores rise together; its slope in that direction, the sum of the slopes, is 0. With one number
# for the batch, a row that lies more than 104 below it becomes all zeros in float32, and 0 / 0 is NaN. With its own
# maximum subtracted, each row has a term $e^0 = 1$, so its sum lies between 1 and C.
#
# === BEGIN MARK SCHEME ===
# 1 point: the constant cancels, in one line, and so the slopes sum to 0. 1 point: a row far below the batch's maximum becomes
# 0 / 0.
# === END MARK SCHEME ===

# %% [markdown]
# **Question 2.** What did your experiment find: which of the three factors matter, by how much, and do they add up? Quote your
# numbers with their intervals. What do you advise your friend?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-fifty-eight", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# Each of the three middle rows differs from the friend's in one factor. With MNIST, zeros instead of N(0, 1) gain about 27
# points, the larger rate 26, twice as many epochs 10; every interval lies far from 0. They do not add up: all three together
# gain 30, because each lifts the model towards the same ceiling of about 92 %. So 58 % is not the layer's fault: it takes a bad
# start *and* a timid rate, stopped early. Look at the first loss (2.3, not 17), sweep the rate, and train until the curve is
# flat, before you build anything deeper.
#
# === BEGIN MARK SCHEME ===
# 1 point: ways that differ from the first in one factor each. 1 point: differences quoted with their intervals, and
# "they do not add up" or its opposite argued from them. 1 point: advice that follows from the numbers.
# === END MARK SCHEME ===

# %% [markdown]
# ## 12. The test set
#
# Every choice above was made on the validation images. **The next cell opens the test set, once.** That has a price:
# look, then change something, and it has become a second validation set.
#
# Expect no more than the best of notebook 03 reached: a better loss makes the way easier, not the ceiling higher.

# %%
# ---- The test set is opened here, and nowhere else in this notebook. ----
x_test, y_test = open_test_set(data)
reached = accuracy(x_test @ final[0] + final[1], y_test)
print(f"one layer, cross-entropy: {reached:.3f}")
course.scoreboard(data, {"one layer, cross-entropy": reached})

# %%
guesses()

# %% [markdown]
# ## From symptom to cause
#
# | You see | Look for |
# |---|---|
# | the loss starts above 10 | weights from $N(0, 1)$ |
# | the loss stays at 2.303 | weights not changed in place, rate 0, gradient 0 |
# | a perfect prediction costs 1.46 | softmax applied twice |
# | the loss has a ceiling (16.1, say) | an epsilon inside the logarithm |
# | NaN or inf | no shift, log of a softmax, overflow |
# | accuracy below 1 % | argmin of scores |
# | accuracy stays at 10 % | weights are NaN: every image is a 0 |
# | the loss jumps up and down | rate too large; 1/N missing |
#
# ## Read on
#
# Blanchard, Higham and Higham, [*Accurately computing the log-sum-exp and softmax
# functions*](https://doi.org/10.1093/imanum/draa038) (2021), on the shift. Bishop, *Pattern Recognition and Machine
# Learning*, section 4.3, derives logistic regression; the name is older: Verhulst called his growth curve *logistique* in
# 1845, and Cox made it a regression in 1958.
