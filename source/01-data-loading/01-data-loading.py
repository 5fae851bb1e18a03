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
# # 01 Loading the data
#
# This course begins with a folder of small pictures and ends with a network whose every line you
# wrote. A network needs numbers: in tensors, in the right shape, in a good order. Mistakes here
# are silent. A wrong shape raises no exception; it only gives a wrong answer.
#
# You will meet five kinds of work:
#
# - **Predict.** Replace the `...` in `guess(...)` before you go on. It is not graded; being
#   surprised is how it teaches.
# - **Derive.** Work it out on paper and enter the result.
# - **Write** a function, or **mend** a broken one. `check("its name")` tries it on small examples;
#   after a second failure it adds a hint, after a third it says where to look.
# - **Design** an experiment of your own.
#
# Change any number you like and run the cell again. Nothing breaks.

# %%
# %run ../header.py

# %%
import lesson  # the pictures of this notebook; look into lesson.py if you are curious

# Fewer images while the notebook is graded, and with the small stand-in. At least 2; at most as
# many as the rarest digit has: MNIST 5,421 fives, the stand-in 128 zeros.
PER_DIGIT = 40 if GRADING or data.name == "digits" else 500

# %% [markdown]
# ## 1. What is in the folder
#
# Around 1990 employees of the American census bureau and high-school students filled in forms.
# LeCun, Cortes and Burges centred 70,000 of their digits and called the result MNIST. fastai's
# `untar_data(URLs.MNIST)` has put it on this machine: a folder `training`, a folder `testing`, and
# in each of them ten folders, `0` to `9`, of PNG files. (Without internet a stand-in of 1,797
# coarser digits takes its place. Numbers in the text are MNIST's.)
#
# **Predict.**

# %%
guess("fours", "There are 60,000 training images. How many show a 4?", 6000)

# %%
counts = lesson.count_images(data.path)
reveal("fours", counts["training"][4])

# %% [markdown]
# ## 2. A picture is a tensor
#
# Here is one 4, and a part of it with its numbers written into the pixels.

# %%
file = sorted((data.path / "training" / "4").glob("*.png"))[0]
four = torch.from_numpy(np.array(Image.open(file)))
lesson.show_numbers(four, rows=(8, 18), columns=(8, 18))

# %% [markdown]
# A **tensor** is an array of numbers of one type. It has a `shape` (how long each axis is), a
# `dtype` (which kind of number) and a **rank** (how many axes, `ndim`; not the rank of linear
# algebra).
#
# **Predict.**

# %%
guess("rank", "What is the rank of this image?", 2)
guess("pixel", "What shape does one pixel of it have, four[14, 14]?", ())
guess("stack", "What shape do three such images have, stacked?", (3, 28, 28))

# %%
reveal("rank", four.ndim)
reveal("pixel", tuple(four[14, 14].shape))
reveal("stack", tuple(torch.stack([four, four, four]).shape))

# %% [markdown]
# ### Write: `load_folder`
#
# All ten folders become one tensor of images and one of labels. Three traps wait in real folders:
#
# - a folder is listed in *any* order, and each machine has its own. Whoever does not sort cannot
#   repeat a result, not even their own;
# - some files are not images: `.DS_Store`, `._1.png`. Their names begin with a dot;
# - some images have three colour channels. `Image.open(file).convert("L")` leaves one (L is for
#   luminance), and `np.asarray` makes an array of it.
#
# Collect the images in a list, and make one tensor of them at the end: to enlarge a tensor image
# by image copies all that is there, each time.


# %% nbgrader={"grade": false, "grade_id": "load_folder", "locked": false, "schema_version": 3, "solution": true, "task": false}
def load_folder(path):
    """Read a folder of digits: the folders `0` to `9` in it, with one PNG file for each image.

    path: a `Path`.
    Returns: images uint8 (N, 28, 28), with one grey channel,
    and labels int64 (N,): the names of their folders, as numbers.
    The order is by digit, then by file name as text. Files that do not end in .png are skipped,
    and names that begin with a dot.
    Raises: FileNotFoundError, which names the folder, if the folder of a digit is missing.

    >>> images, labels = load_folder(path / "testing")    # MNIST
    >>> images.shape, labels.shape, labels[0], labels[-1]
    (torch.Size([10000, 28, 28]), torch.Size([10000]), tensor(0), tensor(9))
    """
    ### BEGIN SOLUTION
    images, labels = [], []
    for digit in range(10):
        folder = Path(path) / str(digit)
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder} is missing: each digit from 0 to 9 needs a folder.")
        for file in sorted(folder.glob("[!.]*.png")):
            images.append(np.asarray(Image.open(file).convert("L")))
            labels.append(digit)
    return torch.from_numpy(np.stack(images)), tensor(labels)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-load_folder", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("load_folder")

# %% [markdown]
# `data.train()` gives the same images, kept in one file. So you can go on even if your function
# does not work yet.

# %%
images, labels = data.train()
print("images", tuple(images.shape), images.dtype)
print("labels", tuple(labels.shape), labels.dtype, " the first five:", labels[:5].tolist())

# %% [markdown]
# ## 3. A column is not a row
#
# Three labels can be a row of shape `(3,)` or a column of shape `(3, 1)`. To you they mean the
# same. But PyTorch stretches axes of length 1, and missing ones, until two shapes match. This is
# called *broadcasting*.
#
# **Predict.** Draw the row above the column before you answer.

# %%
guess("pairs", "What shape does tensor([4, 9, 1]) == tensor([[4], [9], [1]]) have?", (3, 3))
guess("equal", "What is the mean of it?", 1.0)

# %%
row, column = tensor([4, 9, 1]), tensor([[4], [9], [1]])
print(row == column)
reveal("pairs", tuple((row == column).shape))
reveal("equal", round((row == column).float().mean().item(), 2))

# %% [markdown]
# There was no error, and no warning. In this course N labels always have the shape `(N,)`.
#
# **Question.** A colleague's labels are (60000, 1), the predictions (60000,). What does the mean
# of `predictions == labels` tell then, what does it cost, and how would you have noticed?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-label-shape", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Every prediction meets every label: the comparison has the shape (60000, 60000). That is 3.6
# billion entries, 3.6 GB as booleans and four times that as floats, so it is slow or runs out of
# memory. Where it fits, the mean is not the accuracy but the share of all pairs that are equal:
# about a tenth with ten digits, however good the predictions are. I would have printed the shape
# of the comparison, which should be (60000,).
#
# === BEGIN MARK SCHEME ===
# - 1 point: every prediction is compared with every label, so the mean is the share of equal pairs
#   (about .1), not the accuracy.
# - 1 point: the cost, N x N entries (3.6 billion; any sensible number of bytes), and a way to
#   notice it: the shape of the comparison, or an accuracy near .1 whatever the model.
# === END MARK SCHEME ===

# %% [markdown]
# ## 4. From bytes to numbers that a model likes
#
# A pixel is one byte, `uint8`: 0 (black) to 255 (white). That saves memory.
#
# **Derive.** How many megabytes (millions of bytes) do the 60,000 training images take as bytes,
# and how many as `float32`, which takes 32 bits a number?

# %% tags=["answer"]
megabytes_as_bytes, megabytes_as_float32 = 60_000 * 28 * 28 / 1e6, 60_000 * 28 * 28 * 4 / 1e6

# %%
check("megabytes")

# %% [markdown]
# But a byte counts like the odometer of an old car. **Predict.**

# %%
guess("odometer", "In uint8, what is 250 + 10?", 260)

# %%
reveal("odometer", (tensor([250], dtype=torch.uint8) + 10).item())

# %% [markdown]
# ### Write: `scale`
#
# Make black 0 and white 1. The divisor is the same for all images: divided by its own maximum, a
# faint stroke would become as bright as a strong one. Models use `float32`, half the size of
# `float64`.


# %% nbgrader={"grade": false, "grade_id": "scale", "locked": false, "schema_version": 3, "solution": true, "task": false}
def scale(images):
    """Turn bytes into fractions: 0 stays 0 (black), 255 becomes 1 (white).

    images: uint8 (N, 28, 28); they are left as they are. Returns: float32 in [0, 1], same shape.

    >>> scale(tensor([[[0, 51], [204, 255]]], dtype=torch.uint8))
    tensor([[[0.0000, 0.2000],
             [0.8000, 1.0000]]])
    """
    ### BEGIN SOLUTION
    return images.float() / 255
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-scale", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("scale")

# %% [markdown]
# ### Mend: `flatten`
#
# Our first models take an image as one row of 28 x 28 = 784 numbers: row i is image i, read line
# by line like this page. The first axis stays, whatever follows it, also when there is only one
# image.
#
# The function below returns the right shape. Something else is wrong with it. `check` says what;
# find out why, and mend it.


# %% nbgrader={"grade": false, "grade_id": "flatten", "locked": false, "schema_version": 3, "solution": true, "task": false}
def flatten(images):
    """Lay each image out as one row, line after line.

    images: (N, 28, 28), or (N, ...) in general.
    Returns: (N, 784), in general (N, product of the other axes), same dtype.

    >>> flatten(tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]))
    tensor([[1, 2, 3, 4],
            [5, 6, 7, 8]])
    """
    ### BEGIN SOLUTION
    return images.flatten(start_dim=1)
    ### END SOLUTION
    ### BEGIN MEND
    # lines = images.mT
    # return lines.reshape(len(images), -1)
    ### END MEND


# %% nbgrader={"grade": true, "grade_id": "check-flatten", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("flatten")

# %% [markdown]
# Thirty images of each digit, and each of them is one line of the next picture. **Predict.**

# %%
guess("stripes", "Will you see anything in it? What?", "a grey fog")

# %%
lesson.show_rows(flatten(scale(images)), labels, each=30)
reveal("stripes", "vertical stripes")

# %% [markdown]
# Each stripe is a line of the images. So there is something to learn, even for a model that is not
# told which pixels are neighbours.
#
# ## 5. Equally many of each digit
#
# Small experiments need few images: the same number of each digit, drawn at random, and yet
# repeatable. So every random function in this course takes a `torch.Generator`: a source of random
# numbers of its own, started with a seed.
#
# **Predict**, then look. `torch.randperm(8)` shuffles 0 to 7; the first two lines come from one
# generator, the third from a new one.

# %%
guess("seed", "Which of the lines 1, 2, 3 are equal?", (1, 2, 3))

# %%
generator = torch.Generator().manual_seed(1)
new = torch.Generator().manual_seed(1)
draws = [torch.randperm(8, generator=g) for g in (generator, generator, new)]
print(*draws, sep="\n")
same = [i for i in range(3) if any(torch.equal(draws[i], draws[j]) for j in range(3) if j != i)]
reveal("seed", tuple(i + 1 for i in same))

# %% [markdown]
# ### Write: `balanced_subset`
#
# Return *indices*, not images: one tensor of them then chooses images and labels alike. Draw
# without replacement, shuffle the result, and say so if a digit is too rare.
#
# <details><summary>Hint: the positions of one digit</summary>
#
# `tensor.nonzero()` lists the positions of what is true, one row each. `torch.randperm(n,
# generator=generator)` is a shuffled 0 to n - 1. What does a tensor do with a tensor of indices?
# </details>


# %% nbgrader={"grade": false, "grade_id": "balanced_subset", "locked": false, "schema_version": 3, "solution": true, "task": false}
def balanced_subset(labels, per_class, generator):
    """Choose the same number of images of each of the ten digits, at random and without repeats.

    labels: int64 (N,), values 0 to 9. generator: the only source of randomness.
    Returns: int64 indices (10 * per_class,) into labels, shuffled.
    Raises: ValueError, which names the digit, if one has fewer than per_class images.

    >>> labels = torch.arange(10).repeat(50)    # 50 of each digit
    >>> chosen = balanced_subset(labels, 3, torch.Generator().manual_seed(0))
    >>> chosen.shape, labels[chosen].bincount()
    (torch.Size([30]), tensor([3, 3, 3, 3, 3, 3, 3, 3, 3, 3]))
    """
    ### BEGIN SOLUTION
    chosen = []
    for digit in range(10):
        members = (labels == digit).nonzero()[:, 0]
        if len(members) < per_class:
            raise ValueError(f"only {len(members)} images of {digit}, not {per_class}")
        chosen.append(members[torch.randperm(len(members), generator=generator)[:per_class]])
    chosen = torch.cat(chosen)
    return chosen[torch.randperm(len(chosen), generator=generator)]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-balanced_subset", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("balanced_subset")

# %% [markdown]
# ## 6. Three sets, three purposes
#
# - The **training set** sets the parameters of a model.
# - The **validation set** is held back. Look at it as often as you like, to choose: which model,
#   which learning rate, when to stop.
# - The **test set** says how good your final choice is. Open it once, at the end: whoever chooses
#   by it measures their luck, too.
#
# MNIST's test images are in a folder of their own, written by other people. You cut the validation
# set from the training images yourself. The images are read digit by digit. **Predict.**

# %%
guess("last fifth", "If the last fifth of them is held back, which digits are in it?", [9])

# %%
last_fifth = torch.arange(len(labels) * 4 // 5, len(labels))
reveal("last fifth", labels[last_fifth].unique().tolist())

# %% [markdown]
# ### Write: `train_valid_split`
#
# Divide the indices 0 to n - 1 at random. The validation part gets `round(n * valid_fraction)` of
# them, possibly none; the training part gets all others. Mind what a slice like `[:-0]` is.


# %% nbgrader={"grade": false, "grade_id": "train_valid_split", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_valid_split(n, valid_fraction, generator):
    """Divide the indices 0 to n - 1 at random into a training and a validation part.

    valid_fraction: a number in [0, 1].
    generator: a `torch.Generator`, the only source of randomness.
    Returns: (train_idx, valid_idx), both int64; valid_idx has round(n * valid_fraction) of them.

    >>> train_idx, valid_idx = train_valid_split(10, 0.3, torch.Generator().manual_seed(0))
    >>> len(train_idx), len(valid_idx), sorted(torch.cat([train_idx, valid_idx]).tolist())
    (7, 3, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    ### BEGIN SOLUTION
    shuffled = torch.randperm(n, generator=generator)
    n_valid = round(n * valid_fraction)
    return shuffled[n_valid:], shuffled[:n_valid]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-train_valid_split", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("train_valid_split")

# %%
train_idx, valid_idx = train_valid_split(len(labels), 0.2, torch.Generator().manual_seed(0))
lesson.show_split(labels, {"the last fifth": last_fifth, "shuffled, then cut": valid_idx})

# %% [markdown]
# On the left a model would be judged by digits that it has hardly seen in training.
#
# **Question.** A friend trains twenty networks, computes the test accuracy of each, and reports
# the best one. Why is this number too high, even though no network was trained on a test image?
# What should your friend do?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-test-set", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The accuracy on a finite test set is the true one plus an error of luck. The best of twenty is
# picked for its ability and for its luck on just these images, and the luck does not come back on
# new ones. So the reported number is biased upwards, the more the more networks are tried. Choose
# among the twenty with a validation set cut from the training images, then compute the test
# accuracy of that one network, once.
#
# === BEGIN MARK SCHEME ===
# - 1 point: the test set took part in the choice: of twenty noisy numbers the largest is, on
#   average, too large. "It is overfitting to the test set" earns the point only with this reason.
# - 1 point: choose by a validation set (or cross-validation), and test the chosen one alone, once.
# === END MARK SCHEME ===

# %% [markdown]
# ## 7. In small portions
#
# Models learn from a few images at a time, a **batch**. One round through all images is an
# **epoch**.
#
# **Derive.** 5,000 rows in batches of 16: how many batches, and how many rows in the last one?

# %% tags=["answer"]
number_of_batches, rows_in_the_last = 313, 8

# %%
check("last_batch")

# %% [markdown]
# ### Write: `batches`
#
# Write a Python generator (no relation of torch's): a function with `yield`, which hands out one
# batch and waits until it is asked for the next. In each epoch every row comes once, in a new
# order. A row of `x` and its label in `y` must stay together, or a 4 gets the label of a 7. The
# last batch may be smaller, but not empty.


# %% nbgrader={"grade": false, "grade_id": "batches", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batches(x, y, batch_size, generator):
    """Go once through all rows in random order (one epoch), a batch at a time.

    x: (N, ...). y: (N,).
    generator: the only source of randomness; used again, it gives the next order.
    Yields: pairs (xb, yb) of batch_size rows of x and the same rows of y;
    only the last pair may have fewer, at least one.

    >>> x, y = torch.arange(5) * 10, torch.arange(5)
    >>> for xb, yb in batches(x, y, 2, torch.Generator().manual_seed(0)):
    ...     print(xb.tolist(), yb.tolist())
    [40, 0] [4, 0]
    [10, 30] [1, 3]
    [20] [2]
    """
    ### BEGIN SOLUTION
    order = torch.randperm(len(x), generator=generator)
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-batches", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("batches")

# %% [markdown]
# Three of your functions together: a balanced subset, scaled, and its first batch of 16.

# %%
subset = balanced_subset(labels, PER_DIGIT, torch.Generator().manual_seed(0))
x, y = scale(images[subset]), labels[subset]
xb, yb = next(batches(x, y, 16, torch.Generator().manual_seed(0)))
show_images(xb, yb.tolist(), columns=8)

# %% [markdown]
# ## 8. The same with a library
#
# fastai's `DataBlock` says which files, which of them are held out, where the label is written.

# %%
from fastai.data.transforms import GrandparentSplitter, parent_label
from fastai.vision.core import PILImageBW
from fastai.vision.data import CategoryBlock, DataBlock, ImageBlock

block = DataBlock(
    blocks=(ImageBlock(PILImageBW), CategoryBlock),
    get_items=lambda path: lesson.files(path, PER_DIGIT, balanced_subset),
    splitter=GrandparentSplitter(train_name="training", valid_name="testing"),
    get_y=parent_label,
)
loaders = block.dataloaders(data.path, bs=16, num_workers=0, device=torch.device("cpu"))

# %% [markdown]
# `GrandparentSplitter` goes by the folder above the digit, so its *valid* is the test folder here:
# choose nothing by it. **Predict.**

# %%
guess("fastai shape", "What shape do the images of a fastai batch have?", (16, 28, 28))
guess("fastai rows", "How many of your rows does an epoch of fastai visit?", len(x))

# %%
fastai_x, fastai_y = loaders.train.one_batch()
reveal("fastai shape", tuple(fastai_x.shape))
in_order = loaders.train.new(shuffle=False, drop_last=False)
pixels = torch.cat([xb for xb, _ in in_order]).as_subclass(torch.Tensor)[:, 0]
print(f"largest difference between its pixels and yours: {(pixels - x).abs().max():g}")
reveal("fastai rows", sum(len(yb) for _, yb in loaders.train))

# %% [markdown]
# fastai keeps an axis for the colour channels, and drops an incomplete last batch of training
# rows. Its numbers are yours.
#
# ### Design: does it pay to keep the images?
#
# You read the files once and keep the images in memory. fastai decodes each file again, in every
# epoch. Plan a measurement that tells **from how many epochs on your way is faster**, and by how
# much for 20 epochs. Say first what you measure, what you keep equal, and how often you repeat it;
# `lesson.seconds(work)` gives the shortest of three runs of a function without arguments. Then run
# it below.

# %% tags=["design", "timing", "nbval-ignore-output"]
# Your measurement.


def read_once():
    load_folder(data.path / "testing")


def my_epoch():
    for _ in batches(x, y, 16, torch.Generator().manual_seed(0)):
        pass


def fastai_epoch():
    for _ in loaders.train:
        pass


once = lesson.seconds(read_once) / len(data.test()[1]) * len(x)
mine, theirs = lesson.seconds(my_epoch), lesson.seconds(fastai_epoch)
print(f"once {once:.2f} s; an epoch: mine {mine:.3f} s, fastai's {theirs:.2f} s")
print(f"mine is faster from epoch {math.ceil(once / (theirs - mine))} on")
print(f"20 epochs: {20 * theirs / (once + 20 * mine):.0f} times as fast")

# %% [markdown]
# **Question.** Report the measurement: plan, numbers, conclusion. And when is fastai's way,
# decoding each file again in every epoch, nevertheless the right one?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-decode-each-epoch", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# I measured three times and took the shortest, on the same 5,000 images, batch size and machine:
# reading all files once, an epoch of batches from memory, an epoch of fastai's loader. On a busy
# machine reading took 1.2 s, an epoch of mine 0.02 s and one of fastai's 6.1 s: keeping the images
# is faster from the first epoch on, and 20 epochs take 1.7 s instead of 123 s. Part of fastai's
# time is not decoding but its general machinery, which this measurement does not separate.
#
# Decoding again is right when the decoded images do not fit into memory (a million photographs of
# 224 x 224 x 3 bytes are 150 GB), and when each epoch should see other versions of an image
# (shifts, crops, brightness), which must be made anew anyway. With several worker processes the
# decoding then runs beside the training.
#
# === BEGIN MARK SCHEME ===
# - 1 point: a fair plan (same images, batch size and machine; repeated; what was timed) and a
#   number of epochs that follows from the student's own figures.
# - 1 point: at least one good reason for decoding each time: memory, or augmentation.
# === END MARK SCHEME ===

# %% [markdown]
# ## From symptom to cause
#
# | You see | Look for |
# |---|---|
# | another result on another machine | files not sorted, a random function without its generator |
# | brightness jumps from white to black | arithmetic on `uint8`, which has no 256 |
# | accuracy near 10 %, whatever you do | `(N, 1)` against `(N,)`; `x` and `y` shuffled apart |
# | wonderful in training, hopeless in validation | a split that was not shuffled |
# | an error in the last step of an epoch | an empty last batch, a fixed `batch_size` |
# | test accuracy that nobody can repeat | the test set helped to choose |
#
# ## The scoreboard, and your predictions
#
# The scoreboard will grow from notebook to notebook. A die with ten faces is right one time in
# ten: that is what the first model has to beat.

# %%
reached = {"random guessing": 1 / 10}
for name, accuracy in reached.items():
    print(f"{name}: {accuracy:.3f}")
course.scoreboard(data, reached)

# %%
guesses()

# %% [markdown]
# ## Read on
#
# Yadav and Bottou, *Cold Case: The Lost MNIST Digits* (2019), on where these
# digits come from and what became of the other 50,000 test images. For tensors: the PyTorch
# tutorial's page *Tensors*. In notebook 02 you try the simplest model that could work.
