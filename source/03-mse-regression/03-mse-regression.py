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
# # 03 The digit as a number
#
# Now a model improves itself, step by step, from its own errors. The obvious plan: predict the
# digit as **one number**, and make the squared error small. Then each digit gets a **score of its own**.

# %%
# %run ../header.py

# %%
import lesson  # pictures, models that you write later, and `batches` from notebook 01

NUMBER, HIDDEN, SCORES, FINAL = lesson.epochs(data.name)  # of the four trainings below
SEEDS = [0] if GRADING else [0, 1, 2]

few, train, valid = lesson.load(data)
print(*[f"{tuple(x.shape)} {tuple(y.shape)}" for x, y in (few, train, valid)], sep="\n")

# %% [markdown]
# An image is a row of 784 numbers from 0 to 1. A random sixth is held back in `valid`; `few` is a
# part of `train`, for quick experiments. The test set stays shut until section 9.
#
# ## 1. A linear model
#
# Each pixel gets a weight. The prediction is the sum of all pixels times their weights, plus a
# bias: for N images and K predictions at once a matrix product of (N, D) with (D, K), plus (K,).
# Here D = 784, and for one number K = 1. **Predict.**

# %%
guess("prediction", "What shape does the prediction for 5 images have, K = 1?", (5,))


# %% nbgrader={"grade": false, "grade_id": "linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
def linear(x, w, b):
    """Predict K numbers for each row of x.

    x: float (N, D), w: (D, K), b: (K,), one bias for each column.
    Returns: (N, K) in the dtype of x, also for N = 1 or K = 1.

    >>> linear(tensor([[1.0, 2.0]]), tensor([[10.0], [1.0]]), tensor([100.0]))
    tensor([[112.]])
    """
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-linear", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("linear")

# %%
w, b = torch.zeros(784, 1), torch.zeros(1)
reveal("prediction", tuple(linear(few[0][:5], w, b).shape))

# %% [markdown]
# ## 2. A loss, and a trap
#
# The **mean squared error** puts all errors into one number: square each, take the mean.
#
# The prediction is (N, 1), the labels are (N,). Suppose that each label is predicted exactly.
# **Predict** what the line that everybody writes first makes of it.

# %%
guess("perfect", "The mean of (prediction - labels) ** 2 for 500 perfect predictions?", 0.0)
guess("constant", "And for a model that always says the average?", 8.25)

# %%
labels = few[1][:500].float()
perfect, constant = labels[:, None], labels.mean().expand(500, 1)
reveal("perfect", round(((perfect - labels) ** 2).mean().item(), 2))
reveal("constant", round(((constant - labels) ** 2).mean().item(), 2))

# %% [markdown]
# No error, and a wrong number: each prediction is compared with *every* label. So your loss gives
# such a target its second axis, and refuses every other pair of shapes that differ.
#
# ### Write: `mse_loss`


# %% nbgrader={"grade": false, "grade_id": "mse_loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mse_loss(prediction, target):
    """Mean squared error over all entries.

    prediction: float, any shape. target: float or int64, of the same shape;
    for a prediction (N, 1) also (N,). Returns: a 0-d tensor.
    Raises ValueError for any other pair of shapes, so that nothing is broadcast silently.

    >>> mse_loss(tensor([[1.0], [4.0]]), tensor([1, 2]))
    tensor(2.)
    """
    ### BEGIN SOLUTION
    column = target[:, None] if prediction.ndim == 2 and target.ndim == 1 else target
    if prediction.shape != column.shape:
        shapes = f"{tuple(prediction.shape)} and {tuple(target.shape)}"
        raise ValueError(f"a prediction and a target of the shapes {shapes} do not fit")
    return ((prediction - column) ** 2).mean()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-mse_loss", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("mse_loss")

# %% [markdown]
# ## 3. Which way is down?
#
# How does the loss change when a weight does? First the slow, honest way: **nudge it and look**.
# Note the loss with one entry of `w` raised by `eps`, then lowered by `eps`; divide the difference
# by the distance between the two places. Put the entry back, and go on to the next.
#
# ### Mend: `numeric_gradient`
#
# This function does nearly that. Draw a line, mark $w$, and follow the entry with your pencil.


# %% nbgrader={"grade": false, "grade_id": "numeric_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def numeric_gradient(f, w, eps):
    """The slope of f in each entry of w, by central differences.

    f: takes a tensor like w, returns one number. w: float, any shape; unchanged afterwards.
    eps: the size of the nudge. Returns: the gradient, in the shape and dtype of w.

    >>> numeric_gradient(lambda w: (w**2).sum(), tensor([1.0, 3.0], dtype=torch.float64), 1e-3)
    tensor([2.0000, 6.0000], dtype=torch.float64)
    """
    ### BEGIN SOLUTION
    gradient = torch.zeros_like(w)
    nudged = w.clone()
    for i in np.ndindex(*w.shape):
        nudged[i] = w[i] + eps
        above = f(nudged)
        nudged[i] = w[i] - eps
        below = f(nudged)
        nudged[i] = w[i]
        gradient[i] = (above - below) / (2 * eps)
    return gradient
    ### END SOLUTION
    ### BEGIN MEND
    # gradient = torch.zeros_like(w)
    # for i in np.ndindex(*w.shape):  # all the places in w, one after the other
    #     w[i] += eps
    #     above = f(w)
    #     w[i] -= eps
    #     below = f(w)
    #     gradient[i] = (above - below) / (2 * eps)
    # return gradient
    ### END MEND


# %% nbgrader={"grade": true, "grade_id": "check-numeric_gradient", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("numeric_gradient")

# %% [markdown]
# How small should `eps` be? **Predict**, then look at the errors for a slope that is known.

# %%
guess("eps", "Which eps gives the best slope in float64: 1e-2, 1e-5 or 1e-12?", 1e-12)

# %%
reveal("eps", lesson.show_steps(numeric_gradient))

# %% [markdown]
# A smaller nudge first helps, then hurts, when the two values agree in so many digits that their
# difference is noise. So **check gradients in float64, with an `eps` of about 1e-5.**
#
# ## 4. The same slope from a formula
#
# 784 weights need 1,568 losses for one gradient. A formula costs about as much as one. Call the
# errors $e = xw + b - t$, of shape (N, K), and the loss
# $L = \frac{1}{NK}\sum_{ik} e_{ik}^2$. Two questions and the chain rule:
#
# - How does $L$ change with one error? $\;\partial L / \partial e_{ik} = \frac{2}{NK}\, e_{ik}$.
# - How does that error change with one weight? $\;\partial e_{ik} / \partial w_{jk} = x_{ij}$:
#   only the pixel in front of the weight matters.
#
# The weight $w_{jk}$ takes part in the errors of *all* images, so their contributions add up:
#
# $$\frac{\partial L}{\partial w_{jk}} = \frac{2}{NK} \sum_i x_{ij}\, e_{ik}.$$
#
# The bias is a weight whose pixel is always 1. What becomes of the formula?
#
# **Derive** by hand, for two images of two pixels each, (1, 0) and (2, 1), with the labels 1 and
# 3, at $w = (1, 1)$ and $b = 1$: the errors first, then the three slopes.

# %% tags=["answer"]
slope_of_w1, slope_of_w2, slope_of_b = 3.0, 1.0, 2.0

# %%
check("slopes")

# %% [markdown]
# ### Write: `mse_gradient`
#
# The sum over $i$ is one matrix product. Which product of x, (N, D), and e, (N, K), has the shape
# (D, K)? Mind the trap of section 2 when you compute e.


# %% nbgrader={"grade": false, "grade_id": "mse_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mse_gradient(x, w, b, target):
    """The gradient of mse_loss(linear(x, w, b), target) by w and by b.

    x: float (N, D), w: (D, K), b: (K,), target: (N, K), or (N,) if K = 1.
    Returns: (dw, db) in the shapes and dtype of w and b.

    >>> mse_gradient(tensor([[1.0, 2.0]]), tensor([[1.0], [1.0]]), tensor([0.0]), tensor([1.0]))
    (tensor([[4.],
            [8.]]), tensor([4.]))
    """
    ### BEGIN SOLUTION
    prediction = x @ w + b
    slope = 2 * (prediction - target.reshape(prediction.shape)) / prediction.numel()
    return x.T @ slope, slope.sum(dim=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-mse_gradient", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("mse_gradient")

# %% [markdown]
# Two ways to one gradient must agree. **Predict** how much the formula saves.

# %%
guess("times", "How many times as fast is the formula, on 100 images?", 100)

# %%
sample, target = few[0][:100].double(), few[1][:100].double()
w, b = torch.zeros(784, 1).double(), torch.zeros(1).double()
formula, _ = mse_gradient(sample, w, b, target)
nudged = numeric_gradient(lambda w: mse_loss(linear(sample, w, b), target), w, 1e-5)
print(f"they agree to one millionth: {(nudged - formula).abs().max().item() < 1e-6}")

# %% tags=["timing", "nbval-ignore-output"]
times = lesson.times_faster(linear, mse_loss, mse_gradient, numeric_gradient, few)
print(f"{times} times as fast on this machine")
reveal("times", "printed above")

# %% [markdown]
# ## 5. One step downhill
#
# The gradient points uphill. A step goes against it, scaled by the **learning rate** (Cauchy,
# 1847, for the orbits of planets). It changes the tensors themselves: the training loop goes on
# using them.
#
# ### Write: `sgd_step`


# %% nbgrader={"grade": false, "grade_id": "sgd_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sgd_step(params, grads, lr):
    """Move each parameter against its gradient, in place.

    params, grads: lists of float tensors, shape by shape alike. lr: the learning rate.
    Returns: None.

    >>> w = tensor([1.0, 2.0])
    >>> sgd_step([w], [tensor([10.0, 0.0])], 0.1)
    >>> w
    tensor([0., 2.])
    """
    ### BEGIN SOLUTION
    for p, g in zip(params, grads, strict=True):
        p -= lr * g
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-sgd_step", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("sgd_step")

# %% [markdown]
# Here is the valley in which you walk, with two weights only, for the brightness of an image's
# upper and of its lower half. Each panel walks twenty steps, at a rate of its own. In JupyterLab a
# slider below sets the rate: above which one does the walk climb?

# %%
from course.play import loss_valley

rates = [0.01, 0.3, 0.6]
loss_valley(*lesson.halves(few), rates)

# %% [markdown]
# Too small a rate crawls along the floor, too large a one jumps from wall to wall, higher each
# time.
#
# ### Stochastic
#
# *Stochastic* means: by chance. The gradient over all images is a mean, and the mean over a random
# batch is an estimate of it: cheap, noisy, and right on average (Robbins and Monro, 1951). Many
# rough steps get further than few exact ones, at the same cost.
#
# **Predict.** The noise of a mean of $B$ independent numbers falls like $1 / \sqrt{B}$.

# %%
guess("noise", "How many times as noisy is the gradient of 1 image as that of 16?", 16)

# %%
noise = lesson.show_noise(mse_gradient, few, sizes=(1, 16, 256))
first, second, *_ = *noise.values(), math.nan, math.nan
reveal("noise", f"about {first / second:.2f}")

# %% [markdown]
# ## 6. The loop
#
# **1** Start with some parameters. Then, over and over: **2** take a batch, **3** predict, **4**
# find the errors, **5** the gradient, **6** step downhill. After each epoch **7** write down how
# it went.
#
# ### Write: `fit`
#
# This is the heart of the course. It carries no points here; you write it again in notebook 04. A
# `model` knows three things: `model.gradient(params, x, y)`, `model.loss(params, x, y)` and
# `model.accuracy(params, x, y)`. The batches are `lesson.batches(x, y, batch_size, generator)`.


# %% nbgrader={"grade": false, "grade_id": "fit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit(params, model, train, valid, lr, epochs, batch_size, generator):
    """Train params in place by stochastic gradient descent.

    train, valid: pairs (x, y). generator: goes to `lesson.batches`.
    Returns: {"train_loss": [...], "valid_loss": [...], "valid_accuracy": [...]},
    a Python float for each epoch, measured after it, on all rows.
    """
    ### BEGIN SOLUTION
    history = {"train_loss": [], "valid_loss": [], "valid_accuracy": []}
    for _ in progress(range(epochs), "epoch"):
        for xb, yb in lesson.batches(*train, batch_size, generator):
            sgd_step(params, model.gradient(params, xb, yb), lr)
        history["train_loss"].append(float(model.loss(params, *train)))
        history["valid_loss"].append(float(model.loss(params, *valid)))
        history["valid_accuracy"].append(float(model.accuracy(params, *valid)))
    return history
    ### END SOLUTION


# %%
check("fit")

# %% [markdown]
# ### Write: `to_digit`
#
# The model says 6.83; which digit is that? And 11.2, and -0.4?


# %% nbgrader={"grade": false, "grade_id": "to_digit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def to_digit(prediction):
    """The nearest digit, 0 to 9; of two that are equally near either.

    prediction: float (N, 1). Returns: int64 (N,).

    >>> to_digit(tensor([[6.83], [11.2], [-0.4]]))
    tensor([7, 9, 0])
    """
    ### BEGIN SOLUTION
    return prediction.squeeze(1).round().clamp(0, 9).long()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-to_digit", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("to_digit")

# %% [markdown]
# **Predict.** All weights start at 0, so the first answer is 0 to everything.

# %%
guess("start", "Its loss, if the ten digits are equally frequent?", 28.5)
guess("number", "One number: the validation accuracy at the end?", 0.6)

# %%
number = [torch.zeros(784, 1), torch.zeros(1)]
one_number = lesson.Model(
    predict=lambda params, x: linear(x, *params),
    slopes=lambda params, x, target: mse_gradient(x, *params, target),
    cost=mse_loss,
    decode=to_digit,
)
reveal("start", round(one_number.loss(number, *few).item(), 2))
history = fit(number, one_number, few, valid, 0.003, NUMBER, 16, torch.Generator().manual_seed(0))
reveal("number", f"about {one_number.accuracy(number, *valid):.3f}")

# %%
lesson.show_number(history, few, to_digit)

# %% [markdown]
# The loss falls far below that of a constant answer. Yet the accuracy is poor, **and so is that of
# the best weights there are**, which least squares solves for (Legendre, 1805): more epochs cannot
# help. Where do the predictions go? Sketch them against the true digits first.

# %%
lesson.show_predictions(linear(valid[0], *number), to_digit, valid[1])

# %% [markdown]
# The answers crowd towards the middle (a box holds half of the predictions). Is a linear model too
# weak? Put 30 further numbers, *hidden units*, between pixels and answer, as in notebook 05.
# **Predict.**

# %%
guess("hidden", "30 hidden units: the validation accuracy at the end?", 0.8)

# %%
hidden, hidden_units = lesson.hidden_units(linear, mse_loss, to_digit)
fit(hidden, hidden_units, few, valid, 0.01, HIDDEN, 16, torch.Generator().manual_seed(0))
print(f"accuracy on its own training images: {hidden_units.accuracy(hidden, *few):.2f}")
reveal("hidden", f"about {hidden_units.accuracy(hidden, *valid):.2f}")

# %% [markdown]
# The mean images of notebook 02 were far better. The model is not too weak. We asked the wrong
# question.
#
# **Question.** An image might be a 4 or a 9, with equal odds. Which number makes the expected
# squared error smallest, and which digit does `to_digit` make of it? What does predicting the
# digit as a number assume about 3, 4 and 5, and why do more hidden units not cure it? (Four to
# eight sentences.)

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-one-number", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The best number is the mean, 6.5: the expected squared error $\frac12 (p - 4)^2 + \frac12 (p -
# 9)^2$ is least there. It becomes a 6 (or a 7), a digit that nobody had in mind. The squared error
# turns doubt between two digits into an answer *between* them, and doubt among many into an answer
# near the middle.
#
# A number has an order and distances: 4 lies between 3 and 5, and taking a 4 for a 9 is five times
# as far off as taking it for a 5. As shapes, 4 and 9 are neighbours, 4 and 5 are not. Labels are
# names; the number line is not in the ink. A stronger model can bend its way through the training
# images, but wherever it is unsure of a new one it still answers in between.
#
# === BEGIN MARK SCHEME ===
# - 1 point: the mean, 6.5, and that rounding makes a 6 or 7 of it, which is neither 4 nor 9.
# - 1 point: the number line assumes an order and distances that shapes do not have, and a stronger
#   model is still asked for a mean where it is in doubt.
# === END MARK SCHEME ===

# %% [markdown]
# ## 7. A score for each digit
#
# So ask another question, ten times: "is it a 0? a 1? ...". Now K = 10: ten scores for each image,
# and the highest wins. The target is a row with a 1 in the column of its digit, else 0. A
# **sigmoid** turns each score into an answer from 0 to 1:
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}} = \frac{e^z}{1 + e^z}.$$
#
# On paper the two forms are equal. In float32 $e^{89}$ is infinite, and infinity divided by
# infinity is not a number.
#
# ### Write: `sigmoid` and `one_hot`


# %% nbgrader={"grade": false, "grade_id": "sigmoid", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid(z):
    """Squash each entry into 0..1.

    z: float, any shape, entries from -1e4 to 1e4. Returns: the same shape and dtype; never NaN.

    >>> sigmoid(tensor([0.0, -1000.0, 1000.0]))
    tensor([0.5000, 0.0000, 1.0000])
    """
    ### BEGIN SOLUTION
    return 1 / (1 + torch.exp(-z))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-sigmoid", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("sigmoid")


# %% nbgrader={"grade": false, "grade_id": "one_hot", "locked": false, "schema_version": 3, "solution": true, "task": false}
def one_hot(labels, num_classes):
    """One row for each label: 1 in the column of the label, 0 elsewhere.

    labels: int64 (N,), from 0 to num_classes - 1. Returns: float32 (N, num_classes).

    >>> one_hot(tensor([2, 0]), 3)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    ### BEGIN SOLUTION
    return torch.eye(num_classes, device=labels.device)[labels]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-one_hot", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("one_hot")

# %% [markdown]
# The chain rule has one more factor now, $\sigma'(z)$. **Derive** it from the first form, and
# write it with $a = \sigma(z)$ alone. How large is it where the answer is $a = .5$, where it is
# $.9$, and where it is $.99$?

# %% tags=["answer"]
slope_at_50, slope_at_90, slope_at_99 = 0.25, 0.09, 0.0099

# %%
check("slope_of_sigmoid")

# %% [markdown]
# ## 8. Slow: the loss, the start or the rate?
#
# Many first attempts draw the weights from N(0, 1), the bell curve, take MSE and the rate 1. They
# crawl, and the usual verdict is: MSE is the wrong loss for classes. Look before you believe it.
# Upper panel: the slope of the loss by a score that should give 1. Lower panel: the scores before
# the first step, with the weights as drawn, and divided by 28, the root of the number of pixels.

# %%
lesson.show_saturation(sigmoid, linear, valid[0])

# %% [markdown]
# A score of -10 that should be high is badly wrong, and the slope there is almost 0: **the model
# is sure of itself, so it does not learn.** The wild start puts most scores out there.
#
# Loss, start, rate: change **one factor at a time**. `experiment` runs each way with the same
# seeds, and shows by how much it differs from the first, with a 95 % interval: how far luck may
# have moved the mean. (Softmax and cross-entropy are borrowed from notebook 04.) **Predict.**

# %%
guess("best", "The highest validation accuracy of the ways below?", 0.9)

# %%
scores = lesson.scores(linear, sigmoid, one_hot, mse_loss)  # {loss: Model}
LARGE = 10 if data.name == "MNIST" else 3  # on the stand-in's enlarged images 10 only bounces
ways = {f"wild start: {loss}": (loss, 1, 1) for loss in scores}  # (loss, size of the start, rate)
ways |= {f"small start: {loss}": (loss, 1 / 28, 1) for loss in scores}
ways["small start, large rate: softmax + MSE"] = ("softmax + MSE", 1 / 28, LARGE)
trained = {}


def run(way, seed, epochs=SCORES):
    loss, size, rate = way
    generator = torch.Generator().manual_seed(seed)
    params = [torch.randn(784, 10, generator=generator) * size, torch.zeros(10)]
    generator = torch.Generator().manual_seed(seed)
    fit(params, scores[loss], train, valid, rate, epochs, 128, generator)
    trained[way, seed] = params
    return scores[loss].accuracy(params, *valid)


result = experiment(run, ways, SEEDS)
reveal("best", f"about {max(map(result.mean, ways), default=math.nan):.3f}")

# %% [markdown]
# ### Design: one factor of your own
#
# What else might matter: the batch size, the number of images, a rate or a start in between?
# Choose one factor, say what you expect, and compare at least three values with `experiment`.

# %% tags=["design", "nbval-ignore-output"]
# Your experiment.
sizes = {f"start times {size:.2f}": ("softmax + MSE", size, 1) for size in (1 / 28, 0, 0.3)}
own = experiment(run, sizes, SEEDS)

# %% [markdown]
# **Question.** How much of the crawl was the start, how much the loss, how much the rate? What,
# then, is cross-entropy better at? Use the table, its intervals, and your own experiment. (Four to
# eight sentences.)

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-start-or-loss", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Most of it was the start. At the same rate, with nothing changed but the size of the first
# weights, both MSE models rise from far below cross-entropy to within .02 of it, by more than the
# width of the intervals. The rate does a little more: on MNIST, softmax + MSE at rate 10 ends
# above cross-entropy at rate 1 (whose own best rate is another one, so this does not make it the
# better loss either). My own factor was the size of the start: from 0 the model learns as well as
# from 1 / 28, as one layer has no symmetry to break. From 0.3 it ends .06 lower on average, but
# the interval contains 0: with three seeds I cannot tell, and would take more.
#
# The loss has its part in the wild start: cross-entropy recovers from it, the MSE models do not.
# Where an answer is saturated the slope of MSE has the factor $a(1 - a)$, almost 0; cross-entropy
# stays steep where the model is wrong and sure. So cross-entropy forgives a bad start. It is not
# true that MSE cannot classify; Hui and Belkin (2021, arXiv:2006.07322) find the same for large
# networks. Who compares two losses from one start at one rate compares three things at once.
#
# === BEGIN MARK SCHEME ===
# - 1 point: compares ways that differ in one factor only, with numbers and intervals, and finds
#   that the start matters most here.
# - 1 point: cross-entropy forgives a bad start because its slope does not vanish where the model
#   is wrong and sure; the student's own experiment is reported, whatever it showed.
# === END MARK SCHEME ===

# %% [markdown]
# ## 9. The test set, once
#
# All decisions are made. Four of the ways are trained once more, for longer; then **this cell
# opens the test set.** For whatever you change after that, you have no honest number left.

# %%
models = {"one number, linear": (one_number, number)}
models["one number, 30 hidden units"] = (hidden_units, hidden)
for name, way in lesson.REPORTED.items():
    if way in ways:
        run(ways[way], 0, FINAL)
        models[name] = (scores[ways[way][0]], trained[ways[way], 0])
test = lesson.rows(data.test())
reached = {name: model.accuracy(params, *test) for name, (model, params) in models.items()}
for name, share in reached.items():
    print(f"{name}: {share:.3f}")
course.scoreboard(data, reached)

# %%
guesses()

# %% [markdown]
# ## From symptom to cause
#
# | You see | Look for |
# |---|---|
# | the loss stops near the variance of the labels, 8.25 | `(N, 1)` minus `(N,)` |
# | the loss does not move at all | a new tensor was made; the old one was kept |
# | the loss grows to `inf`, then `nan` | the rate (one number, on MNIST: from about .03) |
# | the two gradients differ by 2, N or -1 | the square, the mean, the order of subtraction |
# | the loss falls, the accuracy stays near .2 | a number was asked for where a name was wanted |
# | the accuracy crawls up from .1 | saturated answers: the size of the first scores |
#
# ## Read on
#
# Goodfellow, Bengio and Courville, *Deep Learning* (2016), sections 4.3 and 6.2.
# Hui and Belkin, *Evaluation of neural architectures trained with square loss vs cross-entropy*
# (2021). Notebook 04 takes cross-entropy apart, and computes it without `nan`.
