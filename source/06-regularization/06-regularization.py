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
# # 06 Regularization
#
# Give your network from notebook 05 few images, and it learns them by heart. Is that bad, how do you see it, what helps? You write
# four small functions: a **penalty** on large weights, the **step** that goes with it, a rule that says when to **stop**, and a
# fair **comparison** over several seeds. Then you read the answer off your own table. At the end the test set is opened, once.

# %%
# While nbgrader validates or grades, nothing needs a good network, so the experiments are cut short.
EPOCHS, SEEDS = (2, [0, 1]) if GRADING else (20 if data.name == "MNIST" else 45, [0, 1, 2])
OVERFIT = EPOCHS if GRADING else 40 if data.name == "MNIST" else 120  # epochs, long enough to see it


# %% [markdown]
# ## The data: few images, on purpose
#
# 500 images of each digit for training, 500 others for **validation** (of the stand-in: 90 and the rest). Every decision is
# made on the validation images. The test set stays closed until all decisions are made.

# %%
images, labels = data.train()
per_digit = 500 if data.name == "MNIST" else 90
generator = torch.Generator().manual_seed(0)
rows_of = [torch.where(labels == digit)[0] for digit in range(10)]
shuffled = [rows[torch.randperm(len(rows), generator=generator)] for rows in rows_of]
train_rows = torch.cat([rows[:per_digit] for rows in shuffled])
valid_rows = torch.cat([rows[per_digit : 2 * per_digit] for rows in shuffled])

pixels = images.flatten(1) / 255
train, valid = (pixels[train_rows], labels[train_rows]), (pixels[valid_rows], labels[valid_rows])
assert not set(train_rows.tolist()) & set(valid_rows.tolist())
print(f"{len(train[1]):,} training images, {len(valid[1]):,} validation images")

# %% [markdown]
# ## The network, given
#
# This is notebook 05 in one piece: one hidden layer with ReLU, cross-entropy, gradients by hand. Three things are new.
# `weight_decay` uses the step you are about to write. `falling` lets the rate sink in a straight line to 0. `shifts` moves each
# batch at random by up to one pixel each way, so that each image comes in nine versions.


# %% nbgrader={"grade": false, "grade_id": "given-train-network", "locked": true, "schema_version": 3, "solution": false, "task": false}
def train_network(
    train, valid, seed, hidden, lr, epochs, weight_decay=0.0, batch_size=16, falling=False, shifts=False, bar=False
):
    """Train a network of one hidden layer.

    train, valid: pairs (x, y), x float (N, D) in [0, 1], y int64 (N,) in 0..9.
    seed: decides the start and the batches.
    Returns: params [w1, b1, w2, b2] and a history, a dict of three lists with one float an epoch:
    train_loss, valid_loss, valid_accuracy.
    """
    x, targets = train[0], one_hot(train[1])
    generator = torch.Generator().manual_seed(seed)
    params = []
    for fan_in, fan_out in ((x.shape[1], hidden), (hidden, 10)):
        params += [torch.randn(fan_in, fan_out, generator=generator) * math.sqrt(2 / fan_in), torch.zeros(fan_out)]
    w1, b1, w2, b2 = params
    history = {"train_loss": [], "valid_loss": [], "valid_accuracy": []}
    steps, step = epochs * math.ceil(len(x) / batch_size), 0
    for _ in progress(range(epochs), "epoch") if bar else range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            xb, tb = x[rows], targets[rows]
            if shifts:  # the border of a digit is empty, so what leaves on one side may come back on the other
                down, right = torch.randint(-1, 2, (2,), generator=generator).tolist()
                xb = xb.view(-1, 28, 28).roll((down, right), (1, 2)).flatten(1)
            h = (xb @ w1 + b1).clamp(min=0)
            log_probs = log_probabilities(h @ w2 + b2)
            total -= (log_probs * tb).sum().item()
            dlogits = (log_probs.exp() - tb) / len(xb)
            dh = dlogits @ w2.T * (h > 0)
            grads = [xb.T @ dh, dh.sum(0), h.T @ dlogits, dlogits.sum(0)]
            rate = lr * (1 - step / steps) if falling else lr
            step += 1
            if weight_decay:
                decay_step(params, grads, rate, weight_decay)
            else:
                for p, g in zip(params, grads, strict=True):
                    p -= rate * g
        loss, accuracy = evaluate(params, *valid)
        for name, value in zip(history, (total / len(x), loss, accuracy), strict=True):
            history[name].append(value)
    return params, history


def one_hot(labels):
    return torch.eye(10)[labels]


def log_probabilities(logits):
    logits = logits - logits.max(dim=1, keepdim=True).values
    return logits - logits.exp().sum(dim=1, keepdim=True).log()


def evaluate(params, x, y):
    """The mean loss in nats (without any penalty) and the accuracy, two floats."""
    w1, b1, w2, b2 = params
    log_probs = log_probabilities((x @ w1 + b1).clamp(min=0) @ w2 + b2)
    return -(log_probs * one_hot(y)).sum(1).mean().item(), (log_probs.argmax(1) == y).double().mean().item()


# %% [markdown]
# ## What does overfitting look like?
#
# **Predict.** You train for many epochs at a constant rate. Sketch the training loss, the validation loss and the validation
# accuracy. Which of the three turns round?

# %%
overfit = [
    train_network(train, valid, seed, hidden=30, lr=0.1, epochs=OVERFIT, batch_size=32)[1] for seed in progress(SEEDS, "seed")
]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
for history in overfit:
    epochs = range(1, len(history["valid_loss"]) + 1)
    left.plot(epochs, history["train_loss"], "--", color="C0")
    left.plot(epochs, history["valid_loss"], color="C1")
    right.plot(epochs, history["valid_accuracy"], color="C1")
left.set(xlabel="epoch", ylabel="cross-entropy (nats)", ylim=(0, None))
right.set(xlabel="epoch", ylabel="validation accuracy", ylim=(0.8, 1))
left.legend(left.lines[:2], ["training", "validation"])
fig.suptitle(f"784-30-10 on {len(train[1]):,} images, one line for each of {len(SEEDS)} seeds")
plt.show()

# %%
for seed, history in zip(SEEDS, overfit, strict=True):
    lowest = min(history["valid_loss"])
    best = history["valid_loss"].index(lowest)
    print(
        f"seed {seed}: validation loss {lowest:.3f} at its lowest (accuracy {history['valid_accuracy'][best]:.3f}), "
        f"{history['valid_loss'][-1]:.3f} at the end (accuracy {history['valid_accuracy'][-1]:.3f})"
    )
    assert GRADING or (history["valid_loss"][-1] > 1.02 * lowest and history["train_loss"][-1] < 0.5 * lowest)

# %% [markdown]
# The training loss sinks towards 0. The validation loss turns and climbs. The accuracy barely notices: it asks which digit won,
# while the loss also asks *how sure* the network was. An overfitted network makes about the same mistakes, but with full
# conviction. So **look for overfitting in the loss**.
#
# ## A price on large weights
#
# To be that sure, a network needs large weights. So add a price for them to the loss:
#
# $$\text{penalty} = \tfrac{1}{2}\,\lambda \sum_k \lVert W_k \rVert^2 , \qquad \frac{\partial\,\text{penalty}}{\partial W_k} = \lambda\, W_k .$$
#
# $\lambda$ is called `weight_decay`. Biases go free: they move the logits, but do not make them steeper.


# %% nbgrader={"grade": false, "grade_id": "l2_penalty", "locked": false, "schema_version": 3, "solution": true, "task": false}
def l2_penalty(weights, weight_decay):
    """The L2 penalty: half of weight_decay times the sum of the squares of all weights.

    weights: list of weight matrices (no biases), any floating dtype. weight_decay: float >= 0.
    Returns: 0-d tensor, dtype and device of the weights.

    >>> l2_penalty([tensor([[1.0, 2.0]]), tensor([[3.0]])], 0.1)    # 0.5 * 0.1 * (1 + 4 + 9)
    tensor(0.7000)
    """
    ### BEGIN SOLUTION
    return 0.5 * weight_decay * sum((w**2).sum() for w in weights)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-l2_penalty", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
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

# %% [markdown]
# ## A step that lets weights decay
#
# **Predict.** A weight of 2.0 gets no gradient from the loss. The rate is 0.1 and the decay 0.5. Where is it after one step?
# And after many?


# %% nbgrader={"grade": false, "grade_id": "decay_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decay_step(params, grads, lr, weight_decay):
    """One step of gradient descent on the loss plus its L2 penalty, in place.

    params: list of weights (two axes) and biases (one axis); only weights decay.
    grads: gradients of the loss alone, in the order and shapes of params; they are left as they are.
    lr, weight_decay: floats >= 0. Returns: None.

    >>> w, b = tensor([[2.0]]), tensor([2.0])
    >>> decay_step([w, b], [tensor([[1.0]]), tensor([1.0])], lr=0.1, weight_decay=0.5)
    >>> w, b    # 2 - 0.1 * (1 + 0.5 * 2) and 2 - 0.1 * 1
    (tensor([[1.8000]]), tensor([1.9000]))
    """
    ### BEGIN SOLUTION
    for p, g in zip(params, grads, strict=True):
        p -= lr * (g + weight_decay * p if p.ndim == 2 else g)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-decay_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
w, b, dw, db = tensor([[2.0, -4.0]]), tensor([2.0, 1.0]), tensor([[1.0, 1.0]]), tensor([1.0, 0.0])
returned = decay_step([w, b], [dw, db], 0.1, 0.5)
expect(
    "the weights after one step",
    w,
    tensor([[1.8, -3.9]]),
    {
        "they have not moved: change the tensors in place (p -= ...), do not make new ones": tensor([[2.0, -4.0]]),
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

# %% [markdown]
# Each step takes the share `lr * weight_decay` of each weight away, hence the name: 2.0 becomes 1.9, then 1.805, and in the end
# almost nothing. The penalty's gradient is in the step now: in `grads` it would count twice. And the *reported* loss stays
# without the penalty; else you compare prices, not networks.
#
# ## When to stop
#
# Another cure even saves time: keep the network of the epoch with the lowest validation loss. You only know that it was the
# lowest when some epochs have passed without a better one. How many you wait is your **patience**.
#
# **Predict.** Losses `[0.9, 0.5, 0.6, 0.55, 0.4]`: which epoch (counted from 0) is returned with patience 2, and which with
# patience 3?


# %% nbgrader={"grade": false, "grade_id": "early_stopping", "locked": false, "schema_version": 3, "solution": true, "task": false}
def early_stopping(valid_losses, patience):
    """The epoch to keep, when training stops after `patience` epochs in a row without a strictly lower loss.

    valid_losses: list of floats, one an epoch; what comes after the stop must not count. patience: int >= 1.
    Returns: int, the best epoch seen, counted from 0. Of equal losses the earliest is best; NaN is never best.

    >>> early_stopping([0.9, 0.5, 0.6, 0.55, 0.4], patience=2)    # stops after epoch 3
    1
    """
    ### BEGIN SOLUTION
    best, lowest, waited = 0, math.inf, 0
    for epoch, loss in enumerate(valid_losses):
        waited += 1
        if loss < lowest:
            best, lowest, waited = epoch, loss, 0
        if waited == patience:
            break
    return best
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-early_stopping", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
expect(
    "patience 2",
    early_stopping([0.9, 0.5, 0.6, 0.55, 0.4], 2),
    1,
    {
        "you look at epochs after the stop, or compare with the last loss: compare with the lowest so far": 4,
        "that is the epoch at which training stops: return the best one": 3,
        "count the epochs from 0": 2,
    },
)
expect("patience 3", early_stopping([0.9, 0.5, 0.6, 0.55, 0.4], 3), 4, {"you stop one epoch too early": 1})
expect("of equal losses the earliest", early_stopping([0.5, 0.4, 0.4, 0.4], 3), 1, {"only a strictly lower loss is better": 3})
expect("NaN is never best", early_stopping([0.5, 0.4, math.nan, 0.6], 5), 1, {"a NaN won: no comparison with NaN is true": 2})
expect("epochs in a row", early_stopping([0.9, 1.0, 0.8, 0.9, 0.7], 2), 4, {"begin to count anew after a better epoch": 2})

# %%
for seed, history in zip(SEEDS, overfit, strict=True):
    kept = early_stopping(history["valid_loss"], patience=3)
    losses, accuracies = history["valid_loss"], history["valid_accuracy"]
    print(
        f"seed {seed}: keep epoch {kept} of {len(losses)}: loss {losses[kept]:.3f} instead of {losses[-1]:.3f}, "
        f"accuracy {accuracies[kept]:.3f} instead of {accuracies[-1]:.3f}"
    )

# %% [markdown]
# Time is saved, and usually some of the loss. And the accuracy? On MNIST it fell, with seed 0 by more than a point. And a short
# patience can miss the best epoch: compare seed 0 with its lowest loss above. Keep in mind that the epoch was chosen *by* the
# validation loss, which now flatters the network a little.
#
# ## A fair comparison
#
# Another seed gives another accuracy, easily half a point away, so a single run tells you little. Train every setting with the
# same seeds, and write down the mean *and* the spread.


# %% nbgrader={"grade": false, "grade_id": "compare", "locked": false, "schema_version": 3, "solution": true, "task": false}
def compare(configs, train, valid, seeds):
    """Train each configuration with each seed, and sum up how it does on `valid` after its last epoch.

    configs: list of dicts, keywords of `train_network`: hidden, lr, epochs, weight_decay
    and perhaps batch_size, falling, shifts.
    train, valid: pairs (x, y). seeds: list of at least two ints, the same for each configuration.
    Returns: list of dicts, one a configuration, in order: what the configuration holds, and floats
    accuracy_mean, accuracy_sd, loss_mean, loss_sd (sample standard deviation: divided by n - 1)
    and seconds (for all its runs).

    >>> rows = compare([dict(hidden=10, lr=0.1, epochs=1, weight_decay=0.0)], train, valid, seeds=[0, 1])
    >>> list(rows[0])
    ['hidden', 'lr', 'epochs', 'weight_decay', 'accuracy_mean', 'accuracy_sd', 'loss_mean', 'loss_sd', 'seconds']
    """
    ### BEGIN SOLUTION
    rows = []
    for config in progress(configs, "configuration"):
        started = time.perf_counter()
        histories = [train_network(train, valid, seed, **config)[1] for seed in seeds]
        row = dict(config)
        for name in ("accuracy", "loss"):
            last = tensor([history[f"valid_{name}"][-1] for history in histories], dtype=torch.float64)
            row |= {f"{name}_mean": last.mean().item(), f"{name}_sd": last.std().item()}
        rows.append(row | {"seconds": time.perf_counter() - started})
    return rows
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `train_network(train, valid, seed, **config)` passes a dict as keywords; the last entry of each list in its history is what
# you want. `torch.std` divides by n - 1, `np.std` by n. `time.perf_counter()` before and after gives the seconds.
#
# </details>

# %% nbgrader={"grade": true, "grade_id": "check-compare", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
small = tuple(part[::20] for part in train)
tried = [dict(hidden=4, lr=0.1, epochs=2, weight_decay=0.0), dict(hidden=4, lr=0.1, epochs=1, weight_decay=0.0)]
found = compare(tried, small, valid, [3, 4, 5])
assert len(found) == 2, f"Two configurations give two rows, not {len(found)}."
missing = {*tried[0], "accuracy_mean", "accuracy_sd", "loss_mean", "loss_sd", "seconds"} - found[0].keys()
assert not missing, f"Your rows lack {', '.join(sorted(missing))}."
expect("a row says what was tried", [{key: row[key] for key in tried[0]} for row in found], tried)
runs = [train_network(small, valid, seed, **tried[0])[1] for seed in (3, 4, 5)]
for measure in ("accuracy", "loss"):
    each = [history[f"valid_{measure}"][-1] for history in runs]
    expect(f"the mean {measure}", found[0][f"{measure}_mean"], sum(each) / 3, {
        "that is the first seed alone": each[0],
        "that is the last seed alone": each[-1],
        "that is the training loss": sum(history["train_loss"][-1] for history in runs) / 3,
        "that is the first epoch: take the last": sum(history[f"valid_{measure}"][0] for history in runs) / 3,
    })  # fmt: skip
    expect(f"the spread of the {measure}", found[0][f"{measure}_sd"], float(np.std(each, ddof=1)), {
        "you divide by n: a sample of seeds needs n - 1": float(np.std(each)),
        "that is the variance: take its root": float(np.var(each, ddof=1)),
    })  # fmt: skip
assert found[0]["seconds"] > 0, "seconds is the time that the runs of a row took, so it is above 0."

# %% [markdown]
# ## Your table
#
# **Predict**, before you run it: which of these eight gets the best accuracy, which the lowest loss? Write down two names.

# %%
base = dict(hidden=30, lr=0.1, epochs=EPOCHS, weight_decay=0.0, batch_size=32)
falling = base | dict(lr=0.4 if data.name == "MNIST" else 0.2, falling=True)  # a falling rate may begin higher
settings = {
    "plain": base,
    "decay 0.001": base | dict(weight_decay=1e-3),
    "decay 0.01": base | dict(weight_decay=1e-2),
    "10 hidden": base | dict(hidden=10),
    "100 hidden": base | dict(hidden=100),
    "falling rate": falling,
    "falling, decay 0.002": falling | dict(weight_decay=2e-3),
    "falling, shifts": falling | dict(shifts=True),
}
table = dict(zip(settings, compare(list(settings.values()), train, valid, SEEDS), strict=True))
print(f"{'':22}{'accuracy':^17}{'loss':^17}")
for name, row in table.items():
    print(f"{name:22}{row['accuracy_mean']:.3f} +- {row['accuracy_sd']:.3f}   {row['loss_mean']:.3f} +- {row['loss_sd']:.3f}")

# %%
fig, panels = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
for axes, measure in zip(panels, ("accuracy", "loss"), strict=True):
    means, spreads = ([row[f"{measure}_{kind}"] for row in table.values()] for kind in ("mean", "sd"))
    axes.errorbar(means, list(table), xerr=spreads, fmt="o", capsize=3)
    axes.axvline(means[0], color="silver", zorder=0)
    axes.set_xlabel(f"validation {measure}, mean and spread of {len(SEEDS)} seeds")
panels[0].invert_yaxis()
plt.show()

# %% tags=["timing", "nbval-ignore-output"]
# Seconds differ from run to run, so the solutions come without these: run it yourself.
for name, row in table.items():
    print(f"{name:22}{row['seconds'] / len(SEEDS):5.2f} seconds a run")


# %% [markdown]
# ## What the table says
#
# A difference is worth a sentence if it is clearly larger than its own uncertainty, the standard error
# $\sqrt{(s_1^2 + s_2^2) / n}$ of two spreads $s_1$, $s_2$ from $n$ seeds. The next cell computes both. Read them before you
# read on.


# %%
def change(name, reference, measure):
    """How much the mean of `measure` differs between two rows of the table, and the standard error of that difference."""
    a, b = table[name], table[reference]
    return a[f"{measure}_mean"] - b[f"{measure}_mean"], math.hypot(a[f"{measure}_sd"], b[f"{measure}_sd"]) / math.sqrt(len(SEEDS))


for name, reference in [
    ("decay 0.001", "plain"),
    ("decay 0.01", "plain"),
    ("10 hidden", "plain"),
    ("100 hidden", "plain"),
    ("falling rate", "plain"),
    ("falling, decay 0.002", "falling rate"),
    ("falling, shifts", "falling rate"),
]:
    (points, error), (loss, loss_error) = change(name, reference, "accuracy"), change(name, reference, "loss")
    print(f"{name} against {reference}:".ljust(44) + f"accuracy {100 * points:+.1f} +- {100 * error:.1f} points, ", end="")
    print(f"loss {loss:+.3f} +- {loss_error:.3f}")

# %% [markdown]
# On MNIST we found this, and it is less rosy than many a textbook:
#
# - **At a constant rate, weight decay lowers the loss and hardly moves the accuracy.** Ten times more of it makes both
#   worse.
# - **Under a rate that falls to 0, it gains a little, less than a point.** Small steps at the end let the weights settle where
#   loss and penalty agree; a constant rate keeps throwing them about.
# - **More hidden units help, although they could overfit more.** Fewer units cure nothing here.
# - **Shifting the images gains most.** It adds what the data lacked, while a penalty only takes away.
#
# So small a gain deserves a look seed by seed: same start, same batches, one difference. Is it a gain on *every* seed?

# %%
if not GRADING:  # what we found, checked; large decay and shifts do the same on the stand-in
    assert data.name != "MNIST" or change("decay 0.001", "plain", "loss")[0] < 0, "a little decay lowers the loss"
    assert change("decay 0.01", "plain", "accuracy")[0] < 0, "a lot of decay costs accuracy"
    shifted, decayed = (table[f"falling, {what}"]["accuracy_mean"] for what in ("shifts", "decay 0.002"))
    assert shifted > decayed, "shifts gain more than decay"

pairs = {
    decay: [train_network(train, valid, seed, **falling | dict(weight_decay=decay)) for seed in progress(SEEDS, "seed")]
    for decay in (0.0, 2e-3)
}
plt.figure(figsize=(4.5, 3))
for seed, without, with_decay in zip(SEEDS, *pairs.values(), strict=True):
    plt.plot(["no decay", "decay 0.002"], [h["valid_accuracy"][-1] for _, h in (without, with_decay)], "o-", label=f"seed {seed}")
plt.ylabel("validation accuracy, falling rate")
plt.margins(x=0.3)
plt.legend()
plt.show()

# %% [markdown] nbgrader={"grade": false, "grade_id": "answer-findings", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": true}
# **Question 1 (3 points).** Pick two rows of *your* table and say, with its numbers, whether their difference is real or may be
# luck. Then say what you would do next with this network, and why. Write into the cell below.
#
# === BEGIN MARK SCHEME ===
# - 1 point: quotes two means and their spreads from the student's own table (figures may differ from ours: other data).
# - 1 point: compares the difference with its uncertainty (standard error, or at least the spread, or "the same sign on every
#   seed") and draws the matching conclusion. "Higher, therefore better" earns nothing here.
# - 1 point: a next step that follows from the table: shifts, more images, more hidden units, a falling rate, more seeds. "More
#   weight decay" only with a reason that the table supports.
# === END MARK SCHEME ===

# %% [markdown]
# *Double-click and write here.*

# %% [markdown]
# ## The yardstick: fastai's `Learner`
#
# How good is your network? Ask a professional: resnet18, 18 layers and 11 million weights, **not pretrained**, trained by
# fastai's `Learner` on the same few images (with a GPU: on all of them). What you wrote by hand in six notebooks, the library
# does in the lines of `yardstick`. Can you find the counterparts of `batches`, `backward` and `sgd_step`?
#
# **Predict.** Your network has about 24,000 weights. Will 450 times as many overfit 450 times as badly?


# %% tags=["timing", "nbval-ignore-output"]
def yardstick(fitted, held_out, epochs, batch_size):
    """fastai's Learner with an untrained resnet18. fitted, held_out: pairs (images uint8 (N, 28, 28), labels int64 (N,))."""
    import fastai.vision.all as fastai

    fastai.set_seed(0)  # it draws from the global generators
    datasets = as_dataset(*fitted), as_dataset(*held_out)
    loaders = fastai.DataLoaders.from_dsets(*datasets, bs=batch_size, device=fastai.default_device())
    learner = fastai.vision_learner(
        loaders, fastai.resnet18, pretrained=False, normalize=False, n_in=1, n_out=10,
        opt_func=fastai.SGD, loss_func=fastai.CrossEntropyLossFlat(), metrics=fastai.accuracy,
    )  # fmt: skip
    learner.fit_one_cycle(epochs, 0.05)
    return learner


def as_dataset(images, labels):
    return torch.utils.data.TensorDataset(images[:, None] / 255, labels)


everything = torch.cuda.is_available()
seen, held_out = (slice(None) if everything else train_rows[::10] if GRADING else train_rows), valid_rows[::10]
torch.set_num_threads(2)  # its matrices are large enough; a fixed number, so that the result repeats
torch.set_flush_denormal(True)  # gradients below 1e-38 count as 0: many processors are ten times slower with them
try:
    epochs, batch_size = 1 if GRADING else 3 if everything else 2, 64 if data.name == "MNIST" else 32
    resnet = yardstick((images[seen], labels[seen]), (images[held_out], labels[held_out]), epochs, batch_size)
except Exception as error:  # a torchvision that does not match torch fails in many ways
    resnet = None
    print(f"resnet18 cannot be trained here, so a recorded result is used below ({type(error).__name__}: {error}).")
torch.set_num_threads(1)

# %% [markdown]
# ## The last network, and the test set
#
# The table said: more hidden units, shifts, a falling rate. And nothing regularizes like **more data**, so the last network
# gets all training images (those for validation too, as nothing is left to decide).

# %%
whole = pixels, labels
epochs = max(1, round(2 * EPOCHS * len(train[1]) / len(labels)))  # twice as many steps as each run above
best_params, _ = train_network(
    whole, valid, 0, hidden=100, lr=0.4, epochs=epochs, batch_size=32, falling=True, shifts=True, bar=True
)

# %% [markdown]
# The next cell opens the test set, for the first and only time. If you go back and change something because of what it says, it
# has become a validation set, and nobody is left to tell you the truth.

# %%
# ---- The test set is opened here, and nowhere else. ----
test_images, test_labels = (part[:: 20 if GRADING else 1] for part in data.test())
test = test_images.flatten(1) / 255, test_labels
means = {decay: sum(evaluate(params, *test)[1] for params, _ in runs) / len(runs) for decay, runs in pairs.items()}
results = {
    "784-30-10, few images": means[0.0],
    "784-30-10, few images, decay": means[2e-3],
    "784-100-10, all images, shifts": evaluate(best_params, *test)[1],
}
for name, accuracy in results.items():
    print(f"{name:32}{accuracy:.3f}")

# %% tags=["nbval-ignore-output"]
name, measured = "resnet18 by fastai", course.recorded(data)["resnet18 by fastai"][0]
if resnet:
    name += ", all images" if everything else ""
    with resnet.no_bar():
        _, measured = resnet.validate(dl=resnet.dls.valid.new(as_dataset(test_images, test_labels)))
results[name] = measured
print(f"{name:32}{measured:.3f}{'' if resnet else '  (recorded)'}")

# %%
course.scoreboard(data, results)

# %% [markdown]
# From 10 % by guessing to this, and the gradients along the way were yours. A tenth of a point between two networks is ten of
# MNIST's 10,000 test images, and may be luck.
#
# And 450 times as many weights? On the same few images they did not hurt: resnet18 reads *more* digits correctly than your
# 784-30-10. Counting weights does not tell how badly a network overfits. On all 60,000 images of MNIST, resnet18 reached
# 99.3 % in three epochs when we recorded it (November 2026, Adam, rate .01, batches of 128). A convolution knows that a shifted
# 3 is a 3; your network had to be shown.
#
# ## From symptom to cause
#
# | You see | Look for |
# |---|---|
# | training loss near 0, validation loss climbing | overfitting: more data, shifts, decay, fewer epochs |
# | validation loss climbs, accuracy does not move | the same; the network grows too sure of its mistakes |
# | loss goes to ln 10 = 2.303 with decay | `weight_decay` so large that the weights die; `lr` forgotten in the decay |
# | weights explode with decay | the sign of the decay |
# | the reported loss is higher with decay from the first epoch on | the penalty counted in the reported loss |
# | the best of many runs does worse on the test set than on validation | you picked the luckiest: more seeds, and the spread |
# | early stopping returns epoch 0 or the very last | a NaN that "won", or a loop that never stops |
#
# ## Looking back
#
# Three questions without one right answer, read by a person. Half a page each is plenty.

# %% [markdown] nbgrader={"grade": false, "grade_id": "answer-networks", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": true}
# **Question 2 (2 points).** What did you learn about neural networks that you did not expect? Support it with something you saw
# in these notebooks: a number, a curve, an error.
#
# === BEGIN MARK SCHEME ===
# - 1 point: a claim about networks that is right, for example: the loss can worsen while accuracy holds; the start and the rate
#   matter as much as the loss function; one linear layer goes a long way; decay does little at a constant rate.
# - 1 point: evidence from the student's own notebooks, concrete enough to be looked up.
#
# Style, length and English earn and lose nothing.
# === END MARK SCHEME ===

# %% [markdown]
# *Double-click and write here.*

# %% [markdown] nbgrader={"grade": false, "grade_id": "answer-problem-solving", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": true}
# **Question 3 (2 points).** What did you learn about your own way of solving problems? Describe one moment when you were stuck:
# what did you try, what helped, what will you do sooner next time?
#
# === BEGIN MARK SCHEME ===
# - 1 point: one particular problem, told so that another student could recognise it: what was seen, what was tried.
# - 1 point: a conclusion about the student's own method that follows from it and can be acted on ("print the shapes first",
#   "check the gradient before training", "ask after 20 minutes"). "I should work harder" is not one.
# === END MARK SCHEME ===

# %% [markdown]
# *Double-click and write here.*

# %% [markdown] nbgrader={"grade": false, "grade_id": "answer-interview", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": true}
# **Question 4 (2 points).** In a job interview you are asked: "You say you built a digit classifier from scratch. Tell me about
# it." Write your answer, as you would speak it in two minutes.
#
# === BEGIN MARK SCHEME ===
# - 1 point: says correctly what was built and how well it works: data, model, gradients by hand, an accuracy *with* the data it
#   was measured on.
# - 1 point: one decision with its reason, and one limit stated honestly: what was not tried, what a convolutional network does
#   better, that half a point lies within the spread.
#
# Claims that the notebooks contradict earn nothing.
# === END MARK SCHEME ===

# %% [markdown]
# *Double-click and write here.*
