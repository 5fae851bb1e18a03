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
# Give your network from notebook 05 few images, and it learns them by heart. Is that bad, how do you see it, what helps? You
# write a **penalty** on large weights, the **step** that goes with it, a rule that says when to **stop**, and a fair
# **comparison** over several seeds. Then you design the comparison, and go as far as two layers can. At the end there is a
# blank page.
#
# The network, its gradients and its loop come from the folder `course`: they are yours of notebook 05.

# %%
# %run ../header.py

# %%
import inspect

from course import after03_pictures as pictures
from course import after05
from course import after05_warps as warps
from course.after03 import balanced, everything, open_test_set
from course.after05 import evaluate
from course.after05_readers import readers
from course.play import pad

# For nbgrader all runs are short. The stand-in is smaller: it needs more epochs.
MNIST = data.name == "MNIST"
EPOCHS = 2 if GRADING else 20 if MNIST else 45
SEEDS = [0, 1] if GRADING else [0, 1, 2]
few, valid = balanced(data, per_digit=500 if MNIST and not GRADING else 90)  # pairs (x, y)
print(f"{len(few[1]):,} images to train on, {len(valid[1]):,} others to validate with")

# %% [markdown]
# Every decision below is made on the validation images.
#
# ## 1. A price on large weights
#
# To be sure of its answers a network needs large weights. So add a price for them to the loss:
#
# $$\text{penalty} = \tfrac{1}{2}\,\lambda \sum_k \lVert W_k \rVert^2 .$$
#
# $\lambda$ is called `weight_decay`. Biases go free: they move the logits, but do not make them steeper.


# %% nbgrader={"grade": false, "grade_id": "l2_penalty", "locked": false, "schema_version": 3, "solution": true, "task": false}
def l2_penalty(weights, weight_decay):
    """The L2 penalty: half of weight_decay times the sum of the squares of all weights.

    weights: list of weight matrices (no biases), at least one, all of one floating dtype.
    weight_decay: float >= 0.
    Returns: 0-d tensor, dtype and device of the weights.

    >>> l2_penalty([tensor([[1.0, 2.0]]), tensor([[3.0]])], 0.1)    # 0.5 * 0.1 * (1 + 4 + 9)
    tensor(0.7000)
    """
    ### BEGIN SOLUTION
    return 0.5 * weight_decay * sum((w**2).sum() for w in weights)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-l2_penalty", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("l2_penalty")

# %% [markdown]
# **Derive.** What does the penalty add to the gradient of a single weight? Use it: a weight of 2.0 gets no gradient from the
# loss, the rate is .1 and the decay .5. Where is the weight after one step, and after very many?

# %% tags=["answer"]
after_one, after_many = 1.9, 0.0

# %%
check("weight decay")


# %% nbgrader={"grade": false, "grade_id": "decay_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decay_step(params, grads, lr, weight_decay):
    """One step of gradient descent on the loss plus its L2 penalty, in place.

    params: list of weights (two axes) and biases (one axis); only weights decay.
    grads: gradients of the loss alone, in the order and shapes of params; left as they are.
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
check("decay_step")

# %% [markdown]
# The penalty's gradient is in the step: in `grads` it would count twice. And the *reported* loss stays without the penalty;
# else you compare prices, not networks.
#
# ## 2. What does overfitting look like?
#
# One function trains every network of this notebook. These are its settings:

# %%
print(inspect.getsource(after05.Settings))


# %% nbgrader={"grade": false, "grade_id": "given-train-network", "locked": true, "schema_version": 3, "solution": false, "task": false}
def train_network(train, valid, seed, **settings):
    """Train a network of one hidden layer with your decay_step.

    train, valid: pairs (x, y). seed: decides the start and the batches.
    settings: hidden, lr, epochs and others of `after05.Settings`.
    Returns: params [w1, b1, w2, b2] and a history, a dict of three lists with one float an epoch:
    train_loss, valid_loss, valid_accuracy.
    """
    return after05.train(train, valid, seed, decay_step, after05.Settings(**settings))


# %% [markdown]
# **Predict.**

# %%
guess("turns round", "which loss turns and climbs: training or validation?", "validation loss")

# %%
plain = dict(hidden=30, lr=0.1, epochs=EPOCHS, weight_decay=0.0, batch_size=32)
long_run = plain | dict(epochs=2 * EPOCHS)
overfit = [train_network(few, valid, seed, **long_run)[1] for seed in progress(SEEDS)]
pictures.overfitting(overfit)
turned = [run["valid_loss"][-1] > 1.02 * min(run["valid_loss"]) for run in overfit]
reveal("turns round", "validation loss" if any(turned) else "none of them")

# %% [markdown]
# The accuracy asks which digit won; the loss also asks *how sure* the network was. An overfitted network makes about the same
# mistakes, but with full conviction. So **look for overfitting in the loss**.
#
# ## 3. When to stop
#
# Another cure even saves time: keep the network of the epoch with the lowest validation loss. You only know that it was the
# lowest when some epochs have passed without a better one. How many you wait is your **patience**.
# **Predict.**

# %%
guess("patience 2", "losses .9, .5, .6, .55, .4: the epoch kept with patience 2 (from 0)", 1)
guess("patience 3", "and with patience 3", 4)

# %% [markdown]
# **Mend.** It runs, and it is wrong in four ways. What does it do with a loss that wanders, with equal losses, with NaN?


# %% nbgrader={"grade": false, "grade_id": "early_stopping", "locked": false, "schema_version": 3, "solution": true, "task": false}
def early_stopping(valid_losses, patience):
    """The epoch to keep, when training stops after `patience` epochs in a row without a strictly
    lower loss.

    valid_losses: list of floats, one an epoch; what comes after the stop must not count. Before
    it at least one is a number.
    patience: int >= 1.
    Returns: int, the best epoch seen, counted from 0. Of equal losses the earliest is best; NaN is
    never best, and not a lower loss.

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
    ### BEGIN MEND
    # best, waited = 0, 0
    # for epoch in range(1, len(valid_losses)):
    #     if valid_losses[epoch] <= valid_losses[epoch - 1]:
    #         best = epoch
    #     else:
    #         waited += 1
    #     if waited > patience:
    #         break
    # return best
    ### END MEND


# %% nbgrader={"grade": true, "grade_id": "check-early_stopping", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("early_stopping")

# %%
for patience in (2, 3):
    reveal(f"patience {patience}", early_stopping([0.9, 0.5, 0.6, 0.55, 0.4], patience))
for seed, history in zip(SEEDS, overfit, strict=True):
    kept = early_stopping(history["valid_loss"], patience=3)
    losses, accuracies = history["valid_loss"], history["valid_accuracy"]
    print(f"seed {seed}: keep epoch {kept} of {len(losses)}:", end=" ")
    print(f"loss {losses[kept]:.3f}, not {losses[-1]:.3f};", end=" ")
    print(f"accuracy {accuracies[kept]:.3f}, not {accuracies[-1]:.3f}")

# %% [markdown]
# Time is saved, and usually some of the loss. Compare the accuracies before you praise it. And the epoch was chosen *by* the
# validation loss, which now flatters the network a little.
#
# ## 4. A fair comparison
#
# Another seed gives another accuracy, easily half a point away, so a single run tells you little. Train every setting with the
# same seeds, and write down the mean *and* the spread.


# %% nbgrader={"grade": false, "grade_id": "compare", "locked": false, "schema_version": 3, "solution": true, "task": false}
def compare(configs, train, valid, seeds):
    """Train each configuration with each seed; sum up how it does on `valid` after its last epoch.

    configs: list of dicts, keywords of `train_network`: hidden, lr, epochs, weight_decay
    and perhaps others of its settings.
    train, valid: pairs (x, y). seeds: list of at least two ints, the same for each configuration.
    Returns: list of dicts, one a configuration, in order: what the configuration holds, and floats
    accuracy_mean, accuracy_sd, loss_mean, loss_sd (sample standard deviation: divided by n - 1)
    and seconds (of the clock or of the processor, for all its runs).

    >>> config = dict(hidden=10, lr=0.1, epochs=1, weight_decay=0.0)
    >>> list(compare([config], few, valid, seeds=[0, 1])[0])
    ['hidden', 'lr', 'epochs', 'weight_decay',
     'accuracy_mean', 'accuracy_sd', 'loss_mean', 'loss_sd', 'seconds']
    """
    ### BEGIN SOLUTION
    rows = []
    for config in progress(configs, "configuration"):
        started = time.perf_counter()
        histories = [train_network(train, valid, seed, **config)[1] for seed in seeds]
        row = dict(config)
        for name in ("accuracy", "loss"):
            last = [history[f"valid_{name}"][-1] for history in histories]
            last = tensor(last, dtype=torch.float64)
            row |= {f"{name}_mean": last.mean().item(), f"{name}_sd": last.std().item()}
        rows.append(row | {"seconds": time.perf_counter() - started})
    return rows
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `train_network(train, valid, seed, **config)` passes a dict as keywords. `torch.std` divides by n - 1, `np.std` by n.
# `time.perf_counter()` before and after gives the seconds.
# </details>

# %% nbgrader={"grade": true, "grade_id": "check-compare", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("compare")

# %% [markdown]
# ## 5. An experiment of your own
#
# **Design** a table: which cure is worth its cost? Each row differs from `plain` in **one factor**, else you cannot tell what
# helped. (An earlier edition of this notebook praised the falling rate; it had also quadrupled the rate.) Candidates: decay
# .001 and .01, 10 and 100 hidden units, rate .4, a falling rate, `change=moved`. **Predict.**

# %%
guess("best cure", "the row of your table with the best accuracy", "moved images")


# %%
def moved(images, generator):
    """Images moved by up to a pixel each way; each batch otherwise."""
    return warps.warp(images, generator, move=1, turn=0, stretch=0, bend=0)


def show_table(rows):
    """Train and print all rows, {name: settings}."""
    found = compare(list(rows.values()), few, valid, SEEDS)
    print(f"{'':22}{'accuracy':^17}{'loss':^17}")
    for name, row in zip(rows, found, strict=True):
        print(f"{name:22}{row['accuracy_mean']:.3f} +- {row['accuracy_sd']:.3f}   ", end="")
        print(f"{row['loss_mean']:.3f} +- {row['loss_sd']:.3f}")
    reached = {name: row["accuracy_mean"] for name, row in zip(rows, found, strict=True)}
    reveal("best cure", max(reached, key=reached.get, default="none"))


# %% tags=["design"]
# Your rows, {name: settings}, the first of them plain; and show_table(rows):
rows = {
    "plain": plain,
    "decay .001": plain | dict(weight_decay=0.001),
    "decay .01": plain | dict(weight_decay=0.01),
    "10 hidden": plain | dict(hidden=10),
    "100 hidden": plain | dict(hidden=100),
    "rate .4": plain | dict(lr=0.4),
    "falling rate": plain | dict(falling=True),
    "moved images": plain | dict(change=moved),
}
show_table(rows)

# %% [markdown]
# A difference counts if it is clearly larger than its own uncertainty. The sharpest way to see it: pairs of runs that share
# start and batches, and differ in one thing. At a constant rate a decay of .001 hardly shows. Does one of .002 show under a
# rate that falls to 0, which lets the weights settle where loss and penalty agree?

# %%
falling = plain | dict(lr=0.4 if MNIST else 0.2, falling=True)
ways = {f"decay {decay}": falling | dict(weight_decay=decay) for decay in (0.0, 0.002)}
kept = {}


def run(settings, seed):
    params, history = train_network(few, valid, seed, **settings)
    kept.setdefault(settings["weight_decay"], []).append(params)
    return history["valid_accuracy"][-1]


found = experiment(run, ways, SEEDS)
low, high = found.difference(1, 0)[1:]
print("The interval contains 0: it may be luck." if low < 0 < high else "It is more than luck.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "answer-findings", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": true}
# **Question 1 (3 points).** Pick two rows of *your* table and say, with its numbers, whether their difference is real or may be
# luck. Then say what you would do next with this network, and why. Write into the cell below.
#
# === BEGIN MARK SCHEME ===
# - 1 point: quotes two means and their spreads from the student's own table (figures may differ from ours: other data).
# - 1 point: compares the difference with its uncertainty (interval, standard error, or at least the spread, or "the same sign on
#   every seed") and draws the matching conclusion. "Higher, therefore better" earns nothing here.
# - 1 point: a next step that follows from the table: moved images, more images, more hidden units, more seeds. "More weight
#   decay" only with a reason that the table supports.
#
# A model answer, from our table: "Moved images .933 +- .007 against plain .914 +- .003: a difference of .019 with a standard error
# of sqrt((.007^2 + .003^2) / 3) = .004, so it is real. Decay .001 gives .915 +- .003: a thousandth, under half its error, may be
# luck. The falling rate gains nothing at its own rate (.911); rate .4 does (.921). Next I would move images with 100 hidden units,
# because both gained and they are different cures."
# === END MARK SCHEME ===

# %% [markdown]
# *Double-click and write here.*

# %% [markdown]
# ## 6. As far as two layers go
#
# Moving images added what the data lacked, while a penalty only takes away. Why stop at moving? Another hand turns a digit,
# stretches it, bends it. Simard, Steinkraus and Platt
# ([2003](https://doi.org/10.1109/ICDAR.2003.1227801)) moved each pixel along a smooth random field and reached 99.3 % with one
# hidden layer of 800 units. `warps.warp` does that. Here is one digit, then the same in nine other hands.

# %%
one = few[0][0].view(1, 28, 28)
hands = torch.Generator().manual_seed(1)
show_images(torch.cat([one, *(warps.warp(one, hands) for _ in range(9))]))

# %% [markdown]
# **Predict.**

# %%
guess("bent images", "784-300-10 on all images, bent anew in each batch: test accuracy", 0.99)

# %%
# All images, those for validation too: nothing is left to decide. Half a minute of one core.
best = dict(hidden=300, lr=0.05, momentum=0.9, batch_size=100, falling=True, change=warps.warp)
every = everything(data) if not GRADING else few
final, _ = train_network(every, valid, 0, epochs=1 if GRADING else 30 if MNIST else 200, **best)

# %% [markdown]
# Write a digit yourself (in JupyterLab, with the mouse): four of your models read it. Which do you mislead first?

# %%
mine = {"30 units": kept[0.0][0]} if 0.0 in kept else {}
pad(readers(few, mine | {"300, bent": final}), one[0])

# %% [markdown]
# ## 7. The yardstick: a professional's network
#
# resnet18 has 18 layers and 11 million weights, and fastai's `Learner` trains it in the lines of `yardstick`. Can you find the
# counterparts of `batches`, `backward` and `decay_step`? Fair terms: **the same few images, and no more processor time** for yours
# (bent images) than for it (not pretrained). **Predict.**

# %%
guess("yardstick", "on equal data, with no more time for yours: yours or resnet18?", "resnet18")


# %%
def yardstick(fitted, held_out, epochs, batch_size):
    """fastai's Learner with an untrained resnet18. fitted, held_out: pairs (x, y)."""
    import fastai.vision.all as fastai

    fastai.set_seed(0)  # it draws from the global generators
    datasets = as_dataset(fitted), as_dataset(held_out)
    loaders = fastai.DataLoaders.from_dsets(*datasets, bs=batch_size, device="cpu")
    learner = fastai.vision_learner(
        loaders,
        fastai.resnet18,
        pretrained=False,
        normalize=False,
        n_in=1,
        n_out=10,
        opt_func=fastai.SGD,
        loss_func=fastai.CrossEntropyLossFlat(),
        metrics=fastai.accuracy,
    )
    learner.fit_one_cycle(epochs, 0.05)
    return learner


def as_dataset(pair):
    return torch.utils.data.TensorDataset(pair[0].view(-1, 1, 28, 28), pair[1])


# %% tags=["timing", "nbval-ignore-output"]
# Seconds differ from run to run, so the solutions come without these: run it yourself.
part = (few[0][::10], few[1][::10]) if GRADING else few
torch.set_num_threads(2)  # its matrices are large enough; fixed, so that the result repeats
torch.set_flush_denormal(True)  # numbers below 1e-38 count as 0: computing with them is slow
judges = valid[0][::10], valid[1][::10]
try:
    began = time.process_time()
    resnet = yardstick(part, judges, 1 if GRADING else 2, 64 if MNIST else 32)
    print(f"resnet18: {time.process_time() - began:.0f} seconds of processor time")
except Exception as error:  # a torchvision that does not match torch fails in many ways
    resnet = None
    print("resnet18 cannot be trained here, so a recorded result is used below", end=" ")
    print(f"({type(error).__name__}: {error}).")
torch.set_num_threads(1)

# %% tags=["timing", "nbval-ignore-output"]
began = time.process_time()
equal, _ = train_network(part, valid, 0, epochs=1 if GRADING else 100, **best)
print(f"yours:    {time.process_time() - began:.0f} seconds of processor time")

# %% [markdown]
# ## 8. The test set
#
# **The next cell opens the test set, for the only time in this notebook.** You met these images at the end of notebooks 02 to 05,
# once each: with this one five looks, at models whose choices were made elsewhere. Had you gone back and changed something
# each time, they would be validation images by now, and nobody would be left to tell you the truth.

# %%
# ---- The test set is opened here, and nowhere else in this notebook. ----
test = open_test_set(data)
results = {}
for decay, networks in kept.items():
    reached = [evaluate(params, *test)[1] for params in networks]
    results["784-30-10, few images" + ", decay" * (decay > 0)] = sum(reached) / len(reached)
results["784-300-10, few images, bent"] = evaluate(equal, *test)[1]
results["784-300-10, all images, bent"] = evaluate(final, *test)[1]
for name, accuracy in results.items():
    print(f"{name:32}{accuracy:.3f}")
reveal("bent images", round(results["784-300-10, all images, bent"], 3))

# %% tags=["nbval-ignore-output"]
name, measured = "resnet18 by fastai", course.recorded(data)["resnet18 by fastai"][0]
if resnet:
    with resnet.no_bar():
        _, measured = resnet.validate(dl=resnet.dls.valid.new(as_dataset(test)))
results[name] = measured
print(f"{name:32}{measured:.3f}{'' if resnet else '  (recorded)'}")
reveal("yardstick", "yours" if results["784-300-10, few images, bent"] > measured else "resnet18")

# %%
course.scoreboard(data, results)
guesses()

# %% [markdown]
# From 10 % by guessing to this, and the gradients along the way were yours. A tenth of a point is ten of MNIST's 10,000 test
# images, and may be luck. Nor does one race settle what is better: with more images and time resnet18 passes 99 % without
# bent images, because a convolution knows that a moved 3 is a 3. Yours had to be shown.
#
# ## From symptom to cause
#
# | You see | Look for |
# |---|---|
# | training loss near 0, validation loss climbing | overfitting: more data, changed images, decay, fewer epochs |
# | validation loss climbs, accuracy does not move | the same; the network grows too sure of its mistakes |
# | loss goes to ln 10 = 2.303 with decay | `weight_decay` so large that the weights die; `lr` forgotten in the decay |
# | weights explode with decay | the sign of the decay |
# | the reported loss is higher with decay from the first epoch on | the penalty counted in the reported loss |
# | the best of many runs does worse on the test set | you picked the luckiest: more seeds, and the spread |
# | early stopping returns epoch 0 or the very last | a NaN that "won", or a loop that never stops |
#
# ## 9. Looking back
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
#
# A model answer: "I expected a network that overfits to make more mistakes. In 06 the validation loss of 784-30-10 rose from its
# lowest point on, while its accuracy stayed within half a point: it became surer, not worse."
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
#
# A model answer: "My softmax gave NaN only in training. I stared at the formula for an hour; then I printed the largest score,
# 112, and exp(112) is inf. Next time I print the smallest input that fails before I think about the formula."
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
#
# A model answer: "I wrote a network of two layers for handwritten digits, gradients by hand, and trained it on MNIST: over 99 % of
# the 10,000 test images. The largest gain came from changing the training images, not from weight decay: the same
# three seeds showed it. Its limit: it knows digits that are centred; a convolutional network would bear shifts by design."
# === END MARK SCHEME ===

# %% [markdown]
# *Double-click and write here.*

# %% [markdown]
# ## 10. A blank page
#
# Every exercise so far had a frame. Now start again from an empty cell. Write `train(images, labels)`: it gets uint8 images
# (N, 28, 28) and their labels, and returns a function that turns such images into int64 labels. How is your affair: the
# rules of the course are lifted, and everything that is installed may be used.
#
# The grader runs **this cell alone**, in an empty memory without data or internet: import and define all that you need here. It
# gives `train` 500 images of each digit and 40 seconds of one core. Then it asks about 1,000 digits that nobody has seen, and about
# the same digits moved by up to 3 pixels, turned by up to 20 degrees, thinner, and thicker. Points go by accuracy, and your
# instructor sees a leaderboard. The check below does the same with your validation images.

# %% nbgrader={"grade": false, "grade_id": "train", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
import math

import torch
from torch.nn import functional as F


def train(images, labels):
    """A network of two layers, gradients by hand, on images changed anew in each batch."""
    g = torch.Generator().manual_seed(0)
    x, truth = images[:, None] / 255, torch.eye(10)[labels]
    params = [torch.randn(784, 300, generator=g) * math.sqrt(2 / 784), torch.zeros(300)]
    params += [torch.randn(300, 10, generator=g) * math.sqrt(2 / 300), torch.zeros(10)]
    velocities = [torch.zeros_like(p) for p in params]
    batches = [batch for _ in range(40) for batch in torch.randperm(len(x), generator=g).split(50)]
    for step, batch in enumerate(batches):
        xb = changed(x[batch], g).flatten(1)
        w1, b1, w2, b2 = params
        h = (xb @ w1 + b1).clamp(min=0)
        d = ((h @ w2 + b2).softmax(dim=1) - truth[batch]) / len(batch)
        dz = d @ w2.T * (h > 0)
        grads = [xb.T @ dz, dz.sum(dim=0), h.T @ d, d.sum(dim=0)]
        for p, v, grad in zip(params, velocities, grads, strict=True):
            v *= 0.9
            v += grad
            p -= 0.05 * (1 - step / len(batches)) * v
    w1, b1, w2, b2 = params

    def classify(images):
        h = (images.flatten(1) / 255 @ w1 + b1).clamp(min=0)
        return (h @ w2 + b2).argmax(dim=1)

    return classify


def changed(x, g):
    """Images (n, 1, 28, 28): each turned, stretched and moved, some thickened or thinned."""
    n = len(x)
    angle = math.radians(20) * (2 * torch.rand(n, generator=g) - 1)
    size = 0.9 + 0.2 * torch.rand(n, generator=g)
    move = (2 * torch.rand(n, 2, generator=g) - 1) * 3 / 14
    c, s = size * angle.cos(), size * angle.sin()
    rows = torch.stack([c, -s, move[:, 0]], 1), torch.stack([s, c, move[:, 1]], 1)
    where = torch.stack(rows, 1)
    x = F.grid_sample(x, F.affine_grid(where, x.shape, align_corners=False), align_corners=False)
    thick = F.max_pool2d(F.pad(x, (1, 0, 1, 0)), 2, stride=1)
    thin = (x - F.max_pool2d(F.pad(-x, (1, 0, 1, 0)), 2, stride=1)) / 2
    lot = torch.rand(n, 1, 1, 1, generator=g)
    return torch.where(lot < 0.25, thick, torch.where(lot < 0.5, thin, x))


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-train", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check("train")

# %% [markdown]
# ## Read on
#
# Simard, Steinkraus and Platt, *Best practices for convolutional neural networks* (2003), four pages, for the bent images; LeCun et
# al. ([1998](http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf)), where these digits come from; Zhang et al.
# ([2017](https://arxiv.org/abs/1611.03530)), whose networks learn even random labels by heart. Weight decay is older than the
# networks: Tikhonov, 1943; Hoerl and Kennard called it ridge regression in 1970.
