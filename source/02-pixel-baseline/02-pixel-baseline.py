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
# # 02 A baseline from pixels
#
# Before you train anything, try the simplest rule that could work. It tells you how hard the problem is, it finds errors in the
# data, and every later model has to beat it.
#
# The rule here: average all training images of each digit. A new image gets the digit whose average is nearest to it. No
# training loop, no parameters to tune, one decision: what does *near* mean?
#
# You write `class_means`, the distances `mae` and `mse`, `predict_nearest`, `accuracy` and `confusion_matrix`.
#
# **Predict:** how many of a hundred digits will this rule read correctly? Write it down now.

# %%
# While the notebook is graded, every tenth image is enough.
STEP = 10 if GRADING else 1

train_images, train_labels = data.train()
x, y = train_images[::STEP].float() / 255, train_labels[::STEP]
test_images, test_labels = data.test()
x_test, y_test = test_images[::STEP].float() / 255, test_labels[::STEP]
print("training", tuple(x.shape), tuple(y.shape), " test", tuple(x_test.shape), tuple(y_test.shape))

# %% [markdown]
# Why may we open the test set already? Because nothing will be chosen by it: there are two distances, and both results are
# reported.
#
# ## 1. What guessing reaches
#
# Roll a die with ten faces for each image. It is right with probability 1/10, whatever the image shows.

# %%
guesses = torch.randint(10, y_test.shape, generator=torch.Generator().manual_seed(0))
print(f"one round of guessing: {(guesses == y_test).sum() / len(y_test):.3f}")

# %% [markdown]
# ## 2. The mean of each digit
#
# ### Your turn: `class_means`
#
# The mean of many images is an image: pixel by pixel, over all images of one digit. A digit without images gets an image of
# zeros. (0 / 0 would be NaN, "not a number", and a NaN spoils everything that it touches.)
#
# <details><summary>Hint: the images of one digit</summary>
#
# `images[labels == 3]` has the shape (number of 3s, 28, 28). Over which axis do you add?
# </details>


# %% nbgrader={"grade": false, "grade_id": "class_means", "locked": false, "schema_version": 3, "solution": true, "task": false}
def class_means(images, labels):
    """The mean image of each of the ten digits.

    images: float (N, 28, 28). labels: int64 (N,), values 0 to 9.
    Returns: (10, 28, 28), dtype of images; entry d is the mean over the images of digit d,
    zeros where there are none.

    >>> images = torch.stack([torch.full((28, 28), value) for value in (0.2, 0.6, 1.0)])
    >>> class_means(images, tensor([1, 1, 0]))[:3, 14, 14]
    tensor([1.0000, 0.4000, 0.0000])
    """
    ### BEGIN SOLUTION
    means = images.new_zeros(10, 28, 28)
    for digit in labels.unique():
        means[digit] = images[labels == digit].mean(dim=0)
    return means
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-class_means", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
ramp = torch.linspace(0, 1, 784).reshape(28, 28)
some = torch.stack([ramp, ramp.T, 1 - ramp, ramp / 2, ramp / 4])  # their digits: 3, 1, 1, 3, 0
right = torch.zeros(10, 28, 28)
right[0], right[1], right[3] = ramp / 4, (ramp.T + 1 - ramp) / 2, ramp * 3 / 4
size = tensor([1, 2, 1, 2, 1, 1, 1, 1, 1, 1])[:, None, None]  # images of each digit, 1 where there are none
absent = tensor([0, 0, 1, 0, 1, 1, 1, 1, 1, 1])[:, None, None] == 1
expect(
    "five images of three digits",
    class_means(some, tensor([3, 1, 1, 3, 0])),
    right,
    {
        "digits without images are NaN; they must be zeros": right.masked_fill(absent, math.nan),
        "these are sums: divide by the number of images of the digit": right * size,
        "divide by the number of images of the digit, not by N / 10": right * size / (5 / 10),
        "divide by the number of images of the digit, not by all N": right * size / 5,
        "only digits that occur are there; return all ten": right[[0, 1, 3]],
        "this is one number a digit; average over the images, not over the pixels": right.mean(dim=(1, 2)),
    },
)

# %% [markdown]
# **Predict:** which digit will have the sharpest mean image, and which the most blurred?

# %%
means = class_means(x, y)
_, panels = plt.subplots(2, 5, figsize=(7, 3.1))
for digit, axes in enumerate(panels.flat):
    axes.imshow(means[digit], cmap="gray", vmin=0, vmax=1)
    axes.set_title(digit)
    axes.axis("off")
plt.show()

# %% [markdown]
# You can read all ten. Where people write alike, the mean is bright; where they differ, it is a grey haze.
#
# ## 3. How far is an image from a mean?
#
# Here is a 3 from the test set, the mean 3, and their difference, pixel by pixel. Purple: the 3 is brighter than the mean; orange:
# it is darker.

# %%
three = x_test[y_test == 3][0]
_, panels = plt.subplots(1, 3, figsize=(8, 2.6), layout="constrained")
for axes, picture, title in zip(panels, (three, means[3]), ("one 3", "the mean 3"), strict=False):
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axes.set_title(title)
shown = panels[2].imshow(three - means[3], cmap="PuOr", vmin=-1, vmax=1)
panels[2].set_title("their difference")
plt.colorbar(shown, ax=panels[2], label="one 3 minus the mean")
for axes in panels:
    axes.axis("off")
plt.show()

# %% [markdown]
# One number must say how large this difference is. The mean of it will not do: pixels that are too bright and pixels that are
# too dark cancel. So make each difference positive first, in one of two ways:
#
# $$\mathrm{MAE}(a, b) = \frac{1}{784}\sum_{\text{pixels}} |a - b| \qquad\qquad \mathrm{MSE}(a, b) = \frac{1}{784}\sum_{\text{pixels}} (a - b)^2$$
#
# They are the *mean absolute error* (L1) and the *mean squared error* (L2, without its root).
#
# ### Your turn: `mae` and `mse`
#
# Average over the last two axes only; `mean` takes several at once, as in `dim=(0, 1)`. The axes in front are left to
# broadcasting: the same line then compares one image with one mean, or all images with all means.


# %% nbgrader={"grade": false, "grade_id": "mae", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mae(a, b):
    """Mean absolute difference of images, over the last two axes.

    a, b: float (..., 28, 28); the axes in front are broadcast.
    Returns: the shape of these axes, () for two single images; same dtype.

    >>> mae(torch.zeros(5, 28, 28), torch.full((28, 28), 0.5))
    tensor([0.5000, 0.5000, 0.5000, 0.5000, 0.5000])
    """
    ### BEGIN SOLUTION
    return (a - b).abs().mean(dim=(-2, -1))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-mae", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Differences: half of the pixels +0.6, the other half -0.2 (image 0) or 0 (image 1).
left = torch.zeros(2, 28, 28)
left[:, :, :14], left[0, :, 14:] = 0.6, -0.2
expect(
    "two images and one mean",
    mae(left, torch.zeros(28, 28)),
    tensor([0.4, 0.3]),
    {
        "differences of opposite sign cancel: take absolute values before the mean": tensor([0.2, 0.3]),
        "you averaged over the images too: only over the last two axes": tensor(0.35),
        "this is the sum over the pixels: take the mean": tensor([0.4, 0.3]) * 784,
        "average over the last two axes, not over one of them": left.abs().mean(dim=-1),
        "this is the squared error": tensor([0.2, 0.18]),
    },
)
expect("two images, each with ten means", tuple(mae(left[:, None], torch.zeros(10, 28, 28)).shape), (2, 10))


# %% nbgrader={"grade": false, "grade_id": "mse", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mse(a, b):
    """Mean squared difference of images, over the last two axes.

    a, b: float (..., 28, 28); the axes in front are broadcast.
    Returns: the shape of these axes, () for two single images; same dtype.

    >>> mse(torch.zeros(5, 28, 28), torch.full((28, 28), 0.5))
    tensor([0.2500, 0.2500, 0.2500, 0.2500, 0.2500])
    """
    ### BEGIN SOLUTION
    return ((a - b) ** 2).mean(dim=(-2, -1))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-mse", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
left = torch.zeros(2, 28, 28)
left[:, :, :14], left[0, :, 14:] = 0.6, -0.2
expect(
    "two images and one mean",
    mse(left, torch.zeros(28, 28)),
    tensor([0.2, 0.18]),
    {
        "square each difference before the mean, not the mean": tensor([0.04, 0.09]),
        "you averaged over the images too: only over the last two axes": tensor(0.19),
        "this is the sum over the pixels: take the mean": tensor([0.2, 0.18]) * 784,
        "no root here: the mean squared error is not rooted": tensor([0.2, 0.18]).sqrt(),
        "average over the last two axes, not over one of them": (left**2).mean(dim=-1),
        "there is no factor of one half in it": tensor([0.1, 0.09]),
    },
)
expect("two images, each with ten means", tuple(mse(left[:, None], torch.zeros(10, 28, 28)).shape), (2, 10))

# %% [markdown]
# **Predict** the three shapes below. Write shapes under each other, from the right: axes match if they are equal, or if one of
# them is 1 or missing.

# %%
print("one image, one mean        ", tuple(mse(three, means[3]).shape))
print("five images, one mean      ", tuple(mse(x_test[:5], means[3]).shape))
print("five images, all ten means ", tuple(mse(x_test[:5, None], means).shape))

# %% [markdown]
# Now our 3 against all ten means. The nearest one wins. **Predict:** do both distances choose the 3?

# %%
_, panels = plt.subplots(1, 2, figsize=(8, 2.5), layout="constrained")
for axes, distance in zip(panels, (mae, mse), strict=True):
    distances = distance(three, means)
    nearest = distances.argmin().item()
    axes.bar(range(10), distances, color=["tab:orange" if digit == nearest else "tab:blue" for digit in range(10)])
    name = "MAE" if distance is mae else "MSE"
    axes.set(title=f"by {name} the nearest is {nearest}", xlabel="mean of digit", ylabel=f"{name} to one 3", xticks=range(10))
plt.show()

# %% [markdown]
# On MNIST, MAE takes the first 3 for a 1, and MSE reads it correctly. Is that an accident? Section 7 comes back to it.
#
# ## 4. All images: first slowly, then fast
#
# The rule, written down as one says it: for each image, for each digit, for each pixel.


# %%
def nearest_by_loops(images, means):
    """The digit with the smallest mean squared difference, one pixel at a time."""
    predictions = []
    for image in images.tolist():
        distances = []
        for mean in means.tolist():
            total = 0.0
            for row_a, row_b in zip(image, mean, strict=True):
                for a, b in zip(row_a, row_b, strict=True):
                    total += (a - b) ** 2
            distances.append(total / 784)
        predictions.append(distances.index(min(distances)))
    return tensor(predictions)


sample = torch.arange(0, len(x_test), len(x_test) // 20)[:20]
slow = nearest_by_loops(x_test[sample], means)
print("predicted ", slow.tolist())
print("true      ", y_test[sample].tolist())

# %% [markdown]
# ### Your turn: `predict_nearest`
#
# Write it without a loop over images. PyTorch then goes through all of them in compiled code, and Python need not interpret a
# line for each pixel.
#
# **Predict:** comparing 10,000 images with ten means in one expression makes a tensor of shape (10000, 10, 28, 28), four bytes
# an entry. How many megabytes? If that is too many for you: a loop over the ten digits is short, and needs a tenth of it.
#
# <details><summary>Hint: from distances to digits</summary>
#
# `distance(images, means[3])` has the shape (N,): from each image to the mean 3. You want all ten, in a table (N, 10): by
# `torch.stack`, or with `images[:, None]` as above. Along which axis does `argmin` then look?
# </details>

# %%
print(f"{10_000 * 10 * 28 * 28 * 4 / 1e6:.0f} MB")


# %% nbgrader={"grade": false, "grade_id": "predict_nearest", "locked": false, "schema_version": 3, "solution": true, "task": false}
def predict_nearest(images, means, distance):
    """The digit whose mean is nearest to each image, without a Python loop over the images.

    images: float (N, 28, 28). means: float (10, 28, 28).
    distance: a function like `mse`: (..., 28, 28) and (..., 28, 28), broadcast, to (...).
    Returns: int64 (N,), values 0 to 9.

    >>> predict_nearest(means[[7, 2]], means, mse)    # each mean is nearest to itself
    tensor([7, 2])
    """
    ### BEGIN SOLUTION
    # One digit at a time: a tenth of the memory of distance(images[:, None], means), and no slower.
    distances = torch.stack([distance(images, mean) for mean in means], dim=1)
    return distances.argmin(dim=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-predict_nearest", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
steps = (torch.arange(10) / 10)[:, None, None].expand(10, 28, 28)  # mean d has the brightness d / 10 everywhere
greys = tensor([0.31, 0.88, 0.0, 0.52])[:, None, None].expand(4, 28, 28)


def largest_gap(a, b):
    return (a - b).abs().amax(dim=(-2, -1))


expect(
    "four grey images",
    predict_nearest(greys, steps, largest_gap),
    tensor([3, 9, 0, 5]),
    {
        "you chose the farthest mean: use argmin": tensor([9, 0, 9, 0]),
        "these are the distances: return the index of the smallest": tensor([0.01, 0.02, 0.0, 0.02]),
        "this is the nearest image of each mean; find the nearest mean of each image": tensor([2, 2, 0, 0, 0, 3, 3, 1, 1, 1]),
    },
)
expect(
    "a single image",
    predict_nearest(greys[:1], steps, largest_gap),
    tensor([3]),
    {"keep the axis (N,), also for N = 1": tensor(3)},
)

# %% [markdown]
# The same twenty images, and a race. **Predict:** how many times as fast will yours be?

# %%
expect("the fast version and the slow one agree", predict_nearest(x_test[sample], means, mse), slow)


# %% tags=["timing", "nbval-ignore-output"]
def nearest_one_by_one(images, means):
    """The middle way: tensors for the pixels, Python for the images and the digits."""
    return tensor([min(range(10), key=lambda digit: mse(image, means[digit]).item()) for image in images])


contestants = {
    "loops over images, digits, pixels": (nearest_by_loops, x_test[sample]),
    "loops over images, digits": (nearest_one_by_one, x_test[:500]),
    "predict_nearest, 500 images": (lambda images, means: predict_nearest(images, means, mse), x_test[:500]),
    "predict_nearest, all images": (lambda images, means: predict_nearest(images, means, mse), x_test),
}
per_second = {}
for name, (contestant, some) in contestants.items():
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        contestant(some, means)
        seconds.append(time.perf_counter() - started)
    per_second[name] = len(some) / min(seconds)

_, axes = plt.subplots(figsize=(7, 2.3))
axes.plot(list(per_second.values()), list(per_second), "o")
for position, value in enumerate(per_second.values()):
    axes.text(value * 1.3, position, f"{value:,.0f}", va="center")
axes.set(xscale="log", xlim=(None, 8 * max(per_second.values())), ylim=(3.5, -0.5), xlabel="images per second (log scale)")
axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
# Every step that Python interprets has its price, whether it handles one number or a million: so let it handle many. More at
# once is not always faster, though. Once the intermediate results outgrow the processor's cache, the time goes into moving them
# to memory and back; that is what the last line may show on your machine.
#
# ## 5. How many are right?
#
# Accuracy is the share of correct predictions. One line, and yet the most treacherous of this notebook. Below, every tenth
# prediction is compared with its label, twice: as a row (N,), and as a column (N, 1). **Predict** both shapes and both means.

# %%
predictions = predict_nearest(x_test, means, mse)
some, truth = predictions[::10], y_test[::10]
column = some[:, None]
print("row and row:    shape", tuple((some == truth).shape), f" mean {(some == truth).float().mean():.4f}")
print("column and row: shape", tuple((column == truth).shape), f" mean {(column == truth).float().mean():.4f}")

# %% [markdown]
# The same predictions, no error, no warning, and a good model looks like guessing: each prediction was compared with *every*
# label.
#
# ### Your turn: `accuracy`
#
# So let your function insist on the shapes. It returns a Python float; `.item()` makes a number of a tensor.


# %% nbgrader={"grade": false, "grade_id": "accuracy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def accuracy(predictions, labels):
    """The share of predictions that are right.

    predictions, labels: int64 (N,). Returns: a Python float in [0, 1].
    Raises: ValueError, which names both shapes, unless both have the same shape (N,).

    >>> accuracy(tensor([7, 1, 3, 3]), tensor([7, 1, 8, 3]))
    0.75
    """
    ### BEGIN SOLUTION
    if predictions.ndim != 1 or predictions.shape != labels.shape:
        raise ValueError(f"both must be (N,): predictions are {tuple(predictions.shape)}, labels are {tuple(labels.shape)}")
    return (predictions == labels).sum().item() / len(labels)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-accuracy", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
said, true = tensor([3, 3, 5, 9, 0]), tensor([3, 8, 5, 4, 0])
expect(
    "three of five",
    accuracy(said, true),
    0.6,
    {
        "this is a percentage: return a fraction of 1": 60.0,
        "this is the number of correct predictions: divide by N": 3,
        "this is a tensor: make it a Python float with .item()": tensor(0.6),
        "this is the share of wrong predictions: count the right ones": 0.4,
    },
)
for name, wrong in {"(N, 1) and (N,)": said[:, None], "(1,) and (N,)": said[:1]}.items():
    try:
        accuracy(wrong, true)
    except ValueError:
        print(f"ok  {name} are refused")
    else:
        raise AssertionError(f"{name} were compared without a word: raise ValueError unless both shapes are the same (N,)")

# %% [markdown]
# ## 6. The result
#
# One accuracy for all images, and one for each digit. Look again at what you predicted at the beginning.

# %%
predicted = {"MAE": predict_nearest(x_test, means, mae), "MSE": predict_nearest(x_test, means, mse)}
by_digit = {
    name: [accuracy(guess[y_test == digit], y_test[y_test == digit]) for digit in range(10)] for name, guess in predicted.items()
}
overall = {name: accuracy(guess, y_test) for name, guess in predicted.items()}

print("digit               MAE     MSE")
for digit in range(10):
    print(f"{digit:<15}{by_digit['MAE'][digit]:8.4f}{by_digit['MSE'][digit]:8.4f}")
print(f"mean of the ten{sum(by_digit['MAE']) / 10:8.4f}{sum(by_digit['MSE']) / 10:8.4f}")
print(f"all images     {overall['MAE']:8.4f}{overall['MSE']:8.4f}")

# %%
_, axes = plt.subplots(figsize=(8, 2.8))
axes.bar(torch.arange(10) - 0.2, by_digit["MAE"], width=0.4, label="MAE")
axes.bar(torch.arange(10) + 0.2, by_digit["MSE"], width=0.4, label="MSE", hatch="//")
axes.axhline(0.1, color="black", linestyle="--", label="guessing")
axes.set(xlabel="digit", ylabel="accuracy on the test set", xticks=range(10), ylim=(0, 1.05))
axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# **Question.** The last two lines of the table average the same predictions and do not agree. Why? Which of the two would you
# report, and to whom?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-two-averages", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The mean of the ten gives each digit the same weight; the accuracy over all images gives each *image* the same weight, so a
# frequent digit counts more. On MNIST 1 is the most frequent digit in the test set (1,135 of 10,000) and the easiest here, 5
# the rarest (892) and the hardest: the accuracy over all images is higher (MSE .8203 against .8173). Over all images tells how
# many digits are misread in a mail bag with the same mixture; the mean of the ten tells how the method does on the digits,
# whatever their mixture. Whichever I report, I say which one it is.

# %% [markdown]
# ## 7. Why squaring helps
#
# Same images, same means, and squaring is better. How does MAE go wrong? Count how often each rule says "1".

# %%
for name, guess in predicted.items():
    print(f'{name} says "1" {(guess == 1).sum():5,} times; {(y_test == 1).sum():,} images show a 1')
assert overall["MSE"] > overall["MAE"], "MSE should do better here: look at mae and mse again"
assert (predicted["MAE"] == 1).sum() > (predicted["MSE"] == 1).sum(), "MAE should say 1 more often: look at mae and mse again"

# %% [markdown]
# MAE calls too many digits a 1. Look at the haze in the mean images. Where the image is black, a grey pixel of 0.3 costs 0.3
# under MAE; under MSE it costs 0.09. A white pixel where the mean is black costs 1 in both.
#
# **Predict:** of the distance from an image to the mean of its own digit, what share comes from faint differences, those below
# 0.5?

# %%
difference = (x_test - means[y_test]).abs()
for name, cost in {"MAE": difference, "MSE": difference**2}.items():
    print(f"{name}: {cost[difference < 0.5].sum() / cost.sum():.0%} of the distance comes from faint differences")

# %% [markdown]
# MAE pays most of its attention to the haze, and prefers the mean with the least of it. On MNIST that is the mean 1, since a 1
# needs so little ink.
#
# There is a deeper reason, too. Of all possible images, the mean is the one with the smallest total *squared* difference to a set
# of images. The one with the smallest total *absolute* difference is the **median**, pixel by pixel (Hastie, Tibshirani and
# Friedman, *The Elements of Statistical Learning*, 2009, section 2.4). So we gave MAE the wrong partner. **Predict:** what do
# medians do for each of the two?

# %%
medians = torch.stack([x[y == digit].median(dim=0).values for digit in range(10)])
print("test accuracy      means  medians")
for name, distance in {"MAE": mae, "MSE": mse}.items():
    print(f"{name:15}{overall[name]:9.4f}{accuracy(predict_nearest(x_test, medians, distance), y_test):9.4f}")

# %% [markdown]
# On MNIST the right partner gives MAE back about half of what it had lost.
#
# ## 8. Which digits are confused?
#
# ### Your turn: `confusion_matrix`
#
# Count in a table: the row is the true digit, the column is the predicted one. It has ten rows and ten columns even when a
# digit does not occur. Beware: `matrix[labels, predictions] += 1` adds 1 only *once* where a pair occurs several times. (A loop
# over the pairs is allowed here; can you do without?)
#
# <details><summary>Hint: without a loop</summary>
#
# Give each pair a number from 0 to 99 of its own, then look at `torch.bincount(..., minlength=100)`.
# </details>


# %% nbgrader={"grade": false, "grade_id": "confusion_matrix", "locked": false, "schema_version": 3, "solution": true, "task": false}
def confusion_matrix(predictions, labels):
    """How often each digit is taken for each other one.

    predictions, labels: int64 (N,), values 0 to 9.
    Returns: int64 (10, 10); the entry in row t and column p counts images of digit t that were predicted as p.

    >>> confusion_matrix(tensor([9, 9, 4]), tensor([4, 4, 4]))[4]
    tensor([0, 0, 0, 0, 1, 0, 0, 0, 0, 2])
    """
    ### BEGIN SOLUTION
    return torch.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-confusion_matrix", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
right = torch.zeros(10, 10, dtype=torch.int64)
right[0, 0], right[0, 1], right[1, 1], right[2, 0] = 1, 3, 1, 1
expect(
    "six predictions",
    confusion_matrix(tensor([0, 1, 1, 1, 1, 0]), tensor([0, 0, 0, 0, 1, 2])),
    right,
    {
        "rows and columns are exchanged: the row is the true digit": right.T,
        "a pair that occurs several times was counted once": right.clamp(max=1),
        "these are shares: return counts": right / right.sum(dim=1, keepdim=True).clamp(min=1),
        "the table has ten rows and columns, also for digits that do not occur": right[:3, :3],
        "the counts are floats: make them int64": right.float(),
    },
)

# %% [markdown]
# **Predict:** which digit is most often taken for which other?

# %%
table = confusion_matrix(predicted["MSE"], y_test)
_, axes = plt.subplots(figsize=(5.4, 4.6), layout="constrained")
share = table / table.sum(dim=1, keepdim=True)
shown = axes.imshow(share, cmap="cividis", vmin=0, vmax=0.15)  # 15 % is enough to see the mistakes
for t in range(10):
    for p in range(10):
        axes.text(
            p, t, table[t, p].item(), ha="center", va="center", fontsize=8, color="black" if share[t, p] > 0.07 else "white"
        )
axes.set(title="MSE to the mean images", xlabel="predicted digit", ylabel="true digit", xticks=range(10), yticks=range(10))
plt.colorbar(shown, label="share of the true digit", extend="max")
plt.show()

wrong = table - torch.diag(table.diag())
for pair in wrong.flatten().argsort(descending=True, stable=True)[:4].tolist():
    print(f"true {pair // 10}, predicted {pair % 10}: {wrong.flatten()[pair]:3} times")

# %% [markdown]
# ## 9. The most informative mistakes
#
# Numbers say how many; only looking says why. How much nearer is a wrong image to the wrong mean than to the right one? Here are
# the worst twelve. **Predict** first: will they be ugly digits?

# %%
distances = torch.stack([mse(x_test, mean) for mean in means], dim=1)
margin = distances.gather(1, y_test[:, None])[:, 0] - distances.min(dim=1).values
_, panels = plt.subplots(2, 6, figsize=(8, 3.2))
for axes, i in zip(panels.flat, margin.argsort(descending=True, stable=True)[:12].tolist(), strict=True):
    axes.imshow(x_test[i], cmap="gray")
    axes.set_title(f"{y_test[i]}, taken for {predicted['MSE'][i]}", fontsize=9)
    axes.axis("off")
plt.show()

# %% [markdown]
# On MNIST most are perfectly legible. Some are thick, some are slanted, some 7s have a bar.
#
# **Predict:** what is left of the accuracy when each test image is shifted to the right by one, two, three, four pixels?

# %%
shifts = range(5)
after = [accuracy(predict_nearest(x_test.roll(shift, dims=2), means, mse), y_test) for shift in shifts]
_, axes = plt.subplots(figsize=(5, 2.6))
axes.plot(shifts, after, marker="o", label="MSE to the mean images")
axes.axhline(0.1, color="black", linestyle="--", label="guessing")
axes.set(xlabel="shift to the right, in pixels", ylabel="accuracy on the test set", xticks=shifts, ylim=(0, 1))
axes.legend()
plt.show()

# %% [markdown]
# **Question.** What can this method not do, whatever distance you choose? Name two limits that the pictures above show, and for
# one of them say what a better model would have to do instead.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-limits", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# It compares pixel by pixel: a digit that is shifted by a few pixels is a different image to it, as the falling curve shows.
# And it has one prototype a digit: a 7 with a bar and one without, a slanted and an upright 1 are averaged into one haze, to
# which neither is near. Every pixel counts the same, too, the one in the empty corner and the one that separates a 4 from a 9.
# A better model would learn from mistakes how much each pixel matters for each digit (notebook 04), build strokes out of pixels
# first (05), or look for the same stroke in every place (convolution).

# %% [markdown]
# ## From symptom to cause
#
# | what you see | look for |
# |---|---|
# | an accuracy near 0.10 although the predictions look right | (N, 1) compared with (N,): N x N pairs |
# | an accuracy below 0.01 | `argmax` of the distances: the farthest digit |
# | every prediction is the same digit | a NaN in the means: a digit without images, 0 / 0 |
# | a distance of about 0 to several digits | differences that cancel: no absolute value, no square |
# | an accuracy above 1 | a count or a percentage |
# | two accuracies for the same predictions | a mean of means: the groups are not of equal size |
# | it takes minutes | a Python loop over images or pixels |
# | it runs out of memory | all images against all means in one expression |
#
# ## The scoreboard

# %%
reached = {"random guessing": 1 / 10, "nearest mean, MAE": overall["MAE"], "nearest mean, MSE": overall["MSE"]}
for model, value in reached.items():
    print(f"{model:20}{value:.4f}")
course.scoreboard(data, reached)

# %% [markdown]
# Averages alone read most of the digits. Was your prediction higher or lower? From now on this is the number to beat.
