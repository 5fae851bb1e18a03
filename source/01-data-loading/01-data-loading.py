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
# This course begins with a folder of small pictures. A network needs numbers: in tensors, in the right shape, in a good order.
# Errors here are often silent: a wrong shape raises no exception and gives a wrong answer.
#
# You write the six functions that stand between the folder and the first model:
#
# | you write | from | to |
# |---|---|---|
# | `load_folder` | a folder of PNG files | images and labels |
# | `scale` | whole numbers 0 to 255 | fractions 0 to 1 |
# | `flatten` | pictures | rows of numbers |
# | `balanced_subset` | all images | equally many of each digit |
# | `train_valid_split` | one set | two, without overlap |
# | `batches` | a set | small portions, shuffled |
#
# You need little more than plain PyTorch tensors. Where it says **Predict**, write your answer down before you run the cell.

# %%
# Section 7 reads fewer images while the notebook is graded, and with the small stand-in, which has no more.
PER_DIGIT = 40 if GRADING or data.name == "digits" else 500

# %% [markdown]
# ## 1. What is in the folder
#
# The MNIST database (LeCun, Cortes and Burges, 1998, <http://yann.lecun.com/exdb/mnist/>) holds 70,000 handwritten digits.
# fastai's `untar_data` downloads and unpacks it the first time, and then only says where it is. An image in `training/4/` is
# for training, and shows a 4.
#
# **Predict:** there are 60,000 training images in MNIST. How many of them show a 4? Exactly a tenth?

# %%
from fastai.data.external import URLs, untar_data

path = untar_data(URLs.MNIST) if data.name == "MNIST" else data.path
counts = {part: [len(list((path / part / str(digit)).glob("*.png"))) for digit in range(10)] for part in ("training", "testing")}

print("digit        " + "".join(f"{digit:7}" for digit in range(10)) + "    all")
for part, numbers in counts.items():
    print(f"{part + '/':13}" + "".join(f"{n:7,}" for n in numbers) + f"{sum(numbers):7,}")

# %%
_, axes = plt.subplots(figsize=(6, 2.4))
axes.bar(range(10), counts["training"])
axes.axhline(sum(counts["training"]) / 10, color="black", linestyle="--", label="a tenth of all")
axes.set(xlabel="digit", ylabel="training images", xticks=range(10))
axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# The digits are not equally frequent. Remember this picture when you average accuracies in notebook 02.
#
# ## 2. A picture is a tensor
#
# Here is one 4, and a part of it with its numbers written into the pixels: 0 is black, 255 is white.

# %%
file = sorted((path / "training" / "4").glob("*.png"))[0]
four = torch.from_numpy(np.array(Image.open(file)))

_, (whole, part) = plt.subplots(1, 2, figsize=(8, 3.8))
whole.imshow(four, cmap="gray")
whole.add_patch(plt.Rectangle((7.5, 7.5), 10, 10, fill=False, color="tab:orange", linewidth=2))
whole.set(title="one training image", xlabel="column", ylabel="row")
part.imshow(four[8:18, 8:18], cmap="gray", extent=(7.5, 17.5, 17.5, 7.5))
for row in range(8, 18):
    for column in range(8, 18):
        value = four[row, column].item()
        part.text(column, row, value, ha="center", va="center", fontsize=7, color="black" if value > 127 else "white")
part.set(title="the numbers in the frame", xlabel="column", ylabel="row")
plt.show()

# %% [markdown]
# A **tensor** is an array of numbers of one type. It has a `shape` (how long each axis is), a `dtype` (which kind of number)
# and a **rank** (how many axes, `ndim`; not the rank of linear algebra).
#
# **Predict** the shape and the rank of: one pixel, one row, the image, and a stack of three such images.

# %%
for name, value in {
    "one pixel": four[14, 14],
    "one row": four[14],
    "one image": four,
    "three images": torch.stack([four, four, four]),
}.items():
    print(f"{name:13} rank {value.ndim}  shape {tuple(value.shape)!s:12} {value.dtype}")

# %% [markdown]
# ### Your turn: `load_folder`
#
# Read all ten folders into one tensor of images and one of labels. Three traps wait in real folders:
#
# - a folder is listed in *any* order, and each machine has its own. Sort, or others cannot repeat your results;
# - some files are not yours: `.DS_Store`, `._1.png`. Their names begin with a dot;
# - some images have three colour channels. `Image.open(file).convert("L")` leaves one (L for luminance).
#
# <details><summary>Hint: from pictures to one tensor</summary>
#
# Collect `np.asarray(image)` in a list, make one array with `np.stack`, and one tensor with `torch.from_numpy`, all at the end.
# </details>


# %% nbgrader={"grade": false, "grade_id": "load_folder", "locked": false, "schema_version": 3, "solution": true, "task": false}
def load_folder(path):
    """Read a folder of digits: the folders `0` to `9` in it, with one PNG file for each image.

    path: a `Path`.
    Returns: images uint8 (N, 28, 28), with one grey channel,
    and labels int64 (N,): the names of their folders, as numbers.
    The order is by digit, then by file name as text. Files whose name begins with a dot are skipped.
    Raises: FileNotFoundError, which names the folder, if a digit has none.

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
import tempfile

# The image in folder 3 has the brightness 30, and so on.
# Folder 2 holds more: 10.png has three channels, and ._9.png is no image.
with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    for digit in [3, 0, 9, 8, 1, 7, 2, 6, 5, 4]:
        (folder / str(digit)).mkdir()
        Image.new("L", (28, 28), 10 * digit).save(folder / str(digit) / "9.png")
    Image.new("RGB", (28, 28), (21, 21, 21)).save(folder / "2" / "10.png")
    for file, brightness in [("8.png", 24), ("100.png", 22), ("1.png", 25), ("11.png", 23)]:
        Image.new("L", (28, 28), brightness).save(folder / "2" / file)
    (folder / "2" / "._9.png").write_text("not an image")

    received_images, received_labels = load_folder(folder)
    expect(
        "the shape of the images",
        tuple(received_images.shape),
        (15, 28, 28),
        {
            'you kept three colour channels: use .convert("L")': (15, 28, 28, 3),
            "there is an axis too many: one grey image is (28, 28)": (15, 1, 28, 28),
        },
    )
    expect("their type", received_images.dtype, torch.uint8)
    expect("the type of the labels", received_labels.dtype, torch.int64)
    right = [0, 1, *[2] * 6, 3, 4, 5, 6, 7, 8, 9]
    expect(
        "the labels, from folder 0 to folder 9",
        received_labels.tolist(),
        right,
        {
            "they are a column, (N, 1); make them (N,)": [[label] for label in right],
            "a label is the name of the folder, not the number of the image": list(range(15)),
        },
    )
    as_text, as_numbers = [25, 21, 22, 23, 24, 20], [25, 24, 20, 21, 23, 22]
    expect(
        "the order of the images",
        received_images[:, 0, 0].tolist(),
        [0, 10, *as_text, 30, 40, 50, 60, 70, 80, 90],
        {"sort the files by name as text: '10.png' comes before '8.png'": [0, 10, *as_numbers, 30, 40, 50, 60, 70, 80, 90]},
    )
    (folder / "7" / "9.png").unlink()
    (folder / "7").rmdir()
    try:
        load_folder(folder)
    except FileNotFoundError as error:
        assert "7" in str(error).replace(name, ""), "the folder 7 is missing: say so in the message of the FileNotFoundError"
        print("ok  a missing folder is named")
    else:
        raise AssertionError("the folder 7 is missing and nothing was said: raise FileNotFoundError")

# %% [markdown]
# From here on `data.train()` gives the same images. So you can go on even if your function does not work yet.

# %%
images, labels = data.train()
print("images", tuple(images.shape), images.dtype)
print("labels", tuple(labels.shape), labels.dtype, " the first five:", labels[:5].tolist())

# %% [markdown]
# ### Why `(N,)` and not `(N, 1)`
#
# Three labels can be a row of shape `(3,)` or a column of shape `(3, 1)`. To you they mean the same. But PyTorch stretches axes
# of length 1 until the shapes match: *broadcasting*.
#
# **Predict** the shape of `row == column`, and the mean of it: three labels are compared with the same three labels.

# %%
row = tensor([4, 9, 1])
column = row[:, None]
print("row == row    ", tuple((row == row).shape), "  mean", (row == row).float().mean().item())
print("row == column ", tuple((row == column).shape), "mean", round((row == column).float().mean().item(), 4))

# %% [markdown]
# Nine comparisons instead of three, no error, and a third right instead of all. In this course labels always have the shape
# `(N,)`.
#
# **Question.** A colleague's labels are (60000, 1), the predictions (60000,). What does the mean of `predictions == labels`
# tell then, what does it cost, and how would you have noticed?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-label-shape", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Every prediction meets every label: the comparison has the shape (60000, 60000). That is 3.6 billion entries, 3.6 GB as
# booleans and four times that as floats, so it is slow or runs out of memory. Where it fits, the mean is not the accuracy but
# the share of all pairs that are equal: about a tenth with ten digits, however good the predictions are. I would have printed
# the shape of the comparison, which should be (60000,).

# %% [markdown]
# ## 3. From bytes to numbers that a model likes
#
# A pixel is one byte, `uint8`: 0 to 255. That saves memory, but it counts like an odometer. **Predict:** what is 250 + 10?

# %%
print(tensor([250], dtype=torch.uint8) + tensor([10], dtype=torch.uint8))

# %% [markdown]
# ### Your turn: `scale`
#
# Divide by 255, so that black is 0 and white is 1. The divisor is the same for all images: divided by its own maximum, a faint
# stroke would become as bright as a strong one. Models use `float32`, half the size of `float64`.


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
two = tensor([[[0, 51], [102, 255]], [[0, 51], [51, 102]]], dtype=torch.uint8)
fractions = tensor([[[0.0, 0.2], [0.4, 1.0]], [[0.0, 0.2], [0.2, 0.4]]])
expect(
    "two tiny images",
    scale(two),
    fractions,
    {
        "the values still go up to 255: divide": two.float(),
        "whole-number division (//) makes nearly everything 0: use /": (two // 255).float(),
        "you divide each image by its own maximum; the divisor is 255 for all": tensor(
            [[[0, 0.2], [0.4, 1]], [[0, 0.5], [0.5, 1]]]
        ),
        "the result is float64: make it float32": fractions.double(),
        "this is a uint8 result, which cannot hold fractions: change the type first": two // 255,
    },
)
expect("the input is left alone", two[0, 1, 1].item(), 255)

# %% [markdown]
# ### Your turn: `flatten`
#
# Our first models take an image as one row of 28 x 28 = 784 numbers. Row i must be image i, read line by line like a page. The
# first axis stays, whatever follows it, also when there is only one image.


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


# %% nbgrader={"grade": true, "grade_id": "check-flatten", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
tiny = torch.arange(12).reshape(3, 2, 2)
rows = tensor([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]])
expect(
    "three images of 2 x 2",
    flatten(tiny),
    rows,
    {
        "the images are the columns; row i must be image i": rows.T,
        "you read each image column by column; read it line by line": tiny.transpose(1, 2).reshape(3, 4),
        "the images are mixed up: keep the first axis as it is": tiny.reshape(4, 3).T,
        "all images became one long row; keep the first axis": torch.arange(12),
    },
)
expect("one image is still a row of a table", flatten(tiny[:1]), rows[:1], {"the first axis got lost: (1, 4), not (4,)": rows[0]})
expect("images with an axis for colour", flatten(tiny[:, None]), rows)

# %% [markdown]
# Thirty images of each digit, each of them one line of this picture. **Predict:** will you see anything in it?

# %%
thirty_each = torch.cat([(labels == digit).nonzero()[:30, 0] for digit in range(10)])
_, axes = plt.subplots(figsize=(8, 3.6))
axes.imshow(flatten(scale(images[thirty_each])), cmap="gray", aspect="auto", interpolation="nearest", extent=(0, 784, 10, 0))
axes.set(xlabel="pixel, 0 to 783", ylabel="digit (30 rows each)", yticks=[d + 0.5 for d in range(10)], yticklabels=range(10))
plt.show()

# %% [markdown]
# The stripes are the lines of the images. How wide they are, where they begin and where they end differs from digit to digit:
# there is something to learn from, even without a notion of space.
#
# ## 4. Equally many of each digit
#
# Small experiments need few images: the same number of each digit, drawn at random, and yet repeatable. So every random
# function in this course takes a `torch.Generator`: a source of random numbers of its own, started with a seed.
#
# **Predict:** which of these three lines are equal?

# %%
generator = torch.Generator().manual_seed(1)
print(torch.randperm(8, generator=generator))
print(torch.randperm(8, generator=generator))
print(torch.randperm(8, generator=torch.Generator().manual_seed(1)))

# %% [markdown]
# ### Your turn: `balanced_subset`
#
# Return *indices*, not images: `images[indices]` and `labels[indices]` then stay together. Draw without replacement, and
# shuffle the result.
#
# <details><summary>Hint: the positions of one digit</summary>
#
# `(labels == digit).nonzero()[:, 0]` gives them; `torch.randperm(n, generator=generator)` is a shuffled `0 ... n-1`.
# </details>


# %% nbgrader={"grade": false, "grade_id": "balanced_subset", "locked": false, "schema_version": 3, "solution": true, "task": false}
def balanced_subset(labels, per_class, generator):
    """Choose the same number of images of each of the ten digits, at random and without repeats.

    labels: int64 (N,), values 0 to 9. generator: a `torch.Generator`, the only source of randomness.
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
            raise ValueError(f"there are only {len(members)} images of the digit {digit}, fewer than per_class = {per_class}")
        chosen.append(members[torch.randperm(len(members), generator=generator)[:per_class]])
    chosen = torch.cat(chosen)
    return chosen[torch.randperm(len(chosen), generator=generator)]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-balanced_subset", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
uneven = torch.arange(10).repeat_interleave(torch.arange(30, 50, 2))  # 30 zeros, 32 ones, ... 48 nines
chosen = balanced_subset(uneven, 20, torch.Generator().manual_seed(0))
expect("indices of type int64", (chosen.dtype, tuple(chosen.shape)), (torch.int64, (200,)))
expect(
    "twenty of each digit",
    uneven[chosen].bincount(minlength=10).tolist(),
    [20] * 10,
    {"these are the labels, not their positions: return indices": uneven[uneven[chosen]].bincount(minlength=10).tolist()},
)
assert len(chosen.unique()) == 200, "some images were chosen twice: draw without replacement"
positions = [sorted((chosen[uneven[chosen] == digit] - (uneven < digit).sum()).tolist()) for digit in range(10)]
assert positions != [list(range(20))] * 10, "you took the first twenty of each digit: draw them at random"
assert (uneven[chosen].diff() < 0).any(), "the result is still sorted by digit: shuffle it at the end"
again = balanced_subset(uneven, 20, torch.Generator().manual_seed(0))
assert torch.equal(chosen, again), "the same seed gave another subset: pass the generator to every random function"
other = balanced_subset(uneven, 20, torch.Generator().manual_seed(1))
assert not torch.equal(chosen, other), "another seed gave the same subset: draw from the generator that you are given"
print("ok  no repeats, random, shuffled, repeatable")
try:
    balanced_subset(uneven, 31, torch.Generator().manual_seed(0))
except ValueError as error:
    assert "0" in str(error).replace("30", ""), "only the digit 0 is too rare here: name it in the message"
    print("ok  too few images are reported")
else:
    raise AssertionError("there are only 30 zeros, and 31 were wanted: raise ValueError")

# %% [markdown]
# ## 5. Three sets, three purposes
#
# - The **training set** sets the parameters of a model.
# - The **validation set** is held back. Look at it as often as you like, to choose: which model, which learning rate, when to
#   stop.
# - The **test set** says how good your final choice is. Open it once, at the end: if you choose by it, it flatters you.
#
# MNIST's test images are in a folder of their own, written by other people. You cut the validation set from the training images
# yourself.
#
# **Predict:** the images are read digit by digit. If the *last* fifth of them were the validation set, which digits would it
# hold?

# %%
n_valid = round(0.2 * len(labels))
print("in the last fifth:", labels[-n_valid:].unique().tolist())

# %% [markdown]
# ### Your turn: `train_valid_split`
#
# Shuffle all indices, then cut. The validation part gets `round(n * valid_fraction)` of them, possibly none, the training part
# all others.


# %% nbgrader={"grade": false, "grade_id": "train_valid_split", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_valid_split(n, valid_fraction, generator):
    """Divide the indices 0 to n - 1 at random into a training and a validation part, without overlap.

    valid_fraction: a number in [0, 1].
    generator: a `torch.Generator`, the only source of randomness.
    Returns: (train_idx, valid_idx), both int64; valid_idx has round(n * valid_fraction) of them, possibly none.

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
train_idx, valid_idx = train_valid_split(100, 0.2, torch.Generator().manual_seed(0))
expect("80 and 20 of 100", (len(train_idx), len(valid_idx)), (80, 20), {"the two parts are swapped: training first": (20, 80)})
expect("58 and 19 of 77", tuple(len(part) for part in train_valid_split(77, 0.25, torch.Generator().manual_seed(0))), (58, 19))
expect(
    "nothing held back",
    tuple(len(part) for part in train_valid_split(10, 0.0, torch.Generator().manual_seed(0))),
    (10, 0),
    {"with 0 validation indices a slice like [:-0] is empty; cut from the front": (0, 10)},
)
assert not set(train_idx.tolist()) & set(valid_idx.tolist()), "some indices are in both parts: shuffle once, then cut"
expect("every index is in one part", sorted(torch.cat([train_idx, valid_idx]).tolist()), list(range(100)))
assert valid_idx.max() - valid_idx.min() > 20, "the validation indices are neighbours: shuffle before you cut"
again, _ = train_valid_split(100, 0.2, torch.Generator().manual_seed(0))
other, _ = train_valid_split(100, 0.2, torch.Generator().manual_seed(1))
assert torch.equal(train_idx, again), "the same seed gave another split: pass the generator to torch.randperm"
assert not torch.equal(train_idx, other), "another seed gave the same split: draw from the generator that you are given"
print("ok  no overlap, random, repeatable")

# %%
train_idx, valid_idx = train_valid_split(len(labels), 0.2, torch.Generator().manual_seed(0))
splits = {
    "the last fifth held back": (torch.arange(len(labels) - n_valid), torch.arange(len(labels) - n_valid, len(labels))),
    "shuffled before the cut": (train_idx, valid_idx),
}
_, panels = plt.subplots(1, 2, figsize=(9, 2.6), sharey=True, layout="constrained")
for axes, (title, (train_part, valid_part)) in zip(panels, splits.items(), strict=True):
    axes.bar(torch.arange(10) - 0.2, labels[train_part].bincount(minlength=10) / len(train_part), width=0.4, label="training")
    axes.bar(
        torch.arange(10) + 0.2,
        labels[valid_part].bincount(minlength=10) / len(valid_part),
        width=0.4,
        label="validation",
        hatch="//",
    )
    axes.set(title=title, xlabel="digit", xticks=range(10))
panels[0].set_ylabel("share of the part")
panels[0].legend()
plt.show()

# %% [markdown]
# On the left a model is judged almost only by 8s and 9s, and it was trained on none of them. On the right both parts look alike,
# as they should.
#
# **Question.** A friend trains twenty networks, computes the test accuracy of each, and reports the best one. Why is this
# number too high, even though no network was trained on a test image? What should your friend do?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-test-set", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The accuracy on a finite test set is the true one plus an error of luck. The best of twenty is picked for its ability and for
# its luck on just these images, and the luck does not come back on new ones. So the reported number is biased upwards, the more
# the more networks are tried. Choose among the twenty with a validation set cut from the training images, then compute the test
# accuracy of that one network, once.

# %% [markdown]
# ## 6. In small portions
#
# Models learn from a few images at a time, a **batch**. One round through all images is an **epoch**.
#
# ### Your turn: `batches`
#
# Write a Python generator: a function with `yield`, which hands out one batch and waits. In each epoch every row comes once, in
# a new order. Use the same shuffled indices for `x` and `y`, or a 4 gets the label of a 7. The last batch may be smaller, but
# not empty.
#
# **Predict:** 5,000 rows in batches of 16: how many batches, and how many rows in the last one? (Section 7 will tell.)


# %% nbgrader={"grade": false, "grade_id": "batches", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batches(x, y, batch_size, generator):
    """Go once through all rows in random order (one epoch), a batch at a time.

    x: (N, ...). y: (N,).
    generator: a `torch.Generator`, the only source of randomness; used again, it gives the next order.
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
x_small, y_small = torch.arange(50).reshape(25, 2), torch.arange(25)
generator = torch.Generator().manual_seed(0)
epoch = list(batches(x_small, y_small, 8, generator))
expect(
    "25 rows in batches of 8",
    [len(yb) for _, yb in epoch],
    [8, 8, 8, 1],
    {
        "the last batch is missing: it may be smaller than the others": [8, 8, 8],
        "only the last batch may be smaller: fill the others": [7, 6, 6, 6],
        "there is an empty batch at the end": [8, 8, 8, 1, 0],
    },
)
expect("24 rows in batches of 8", [len(yb) for _, yb in batches(x_small[:24], y_small[:24], 8, generator)], [8, 8, 8])
order = torch.cat([yb for _, yb in epoch])
assert torch.equal(torch.cat([xb for xb, _ in epoch]), x_small[order]), (
    "x and y do not belong together: use the same indices for both"
)
expect("every row comes once", sorted(order.tolist()), list(range(25)))
assert order.tolist() != list(range(25)), "the rows come in their old order: shuffle them"
second = torch.cat([yb for _, yb in batches(x_small, y_small, 8, generator)])
assert not torch.equal(order, second), "the second epoch has the order of the first: draw a new one from the generator each time"
again = torch.cat([yb for _, yb in batches(x_small, y_small, 8, torch.Generator().manual_seed(0))])
assert torch.equal(order, again), "the same seed gave another order: pass the generator to torch.randperm"
print("ok  together, shuffled anew, repeatable")

# %% [markdown]
# Three of them together: a balanced subset, scaled, and its first batch of 16.

# %%
subset = balanced_subset(labels, PER_DIGIT, torch.Generator().manual_seed(0))
x, y = scale(images[subset]), labels[subset]
xb, yb = next(batches(x, y, 16, torch.Generator().manual_seed(0)))
_, panels = plt.subplots(2, 8, figsize=(8, 2.4))
for axes, image, label in zip(panels.flat, xb, yb.tolist(), strict=True):
    axes.imshow(image, cmap="gray")
    axes.set_title(label, fontsize=10)
    axes.axis("off")
plt.show()

# %% [markdown]
# ## 7. The same with a library
#
# fastai's `DataBlock` says all this in five lines: what inputs and targets are, which files, which are held out, where the
# label is written. `GrandparentSplitter` goes by the folder above the digit, so *valid* is the test folder here: choose nothing
# by it.

# %%
from fastai.vision.core import PILImageBW
from fastai.vision.data import CategoryBlock, DataBlock, GrandparentSplitter, ImageBlock, parent_label


def chosen_files(part):
    """The files of a balanced subset, in the order in which `load_folder` reads them before it is drawn."""
    files = [file for digit in range(10) for file in sorted((path / part / str(digit)).glob("*.png"))]
    digits = tensor([int(file.parent.name) for file in files])
    return [files[i] for i in balanced_subset(digits, PER_DIGIT, torch.Generator().manual_seed(0))]


block = DataBlock(
    blocks=(ImageBlock(PILImageBW), CategoryBlock),
    get_items=lambda _: chosen_files("training") + chosen_files("testing"),
    splitter=GrandparentSplitter(train_name="training", valid_name="testing"),
    get_y=parent_label,
)
loaders = block.dataloaders(path, bs=16, num_workers=0, device=torch.device("cpu"))
fastai_x, fastai_y = loaders.train.one_batch()
print("images", type(fastai_x).__name__, tuple(fastai_x.shape), fastai_x.dtype)
print("labels", type(fastai_y).__name__, tuple(fastai_y.shape), fastai_y.dtype)

# %% [markdown]
# Rank 4: fastai keeps an axis for the colour channels. Its tensors have types of their own, which refuse some operations;
# `.as_subclass(torch.Tensor)` makes them plain.
#
# **Predict:** does fastai see the same numbers as you? And as many rows in an epoch?

# %%
in_order = loaders.train.new(shuffle=False, drop_last=False)
fastai_images = torch.cat([xb for xb, _ in in_order]).as_subclass(torch.Tensor)
difference = (fastai_images[:, 0] - x).abs().max().item()
assert difference == 0, "fastai's numbers differ from yours"
yours = sum(len(yb) for _, yb in batches(x, y, 16, torch.Generator().manual_seed(0)))
fastais = sum(len(yb) for _, yb in loaders.train)
print(f"largest difference of a pixel: {difference}")
print(f"rows in an epoch: yours {yours:,}, fastai's {fastais:,}")

# %% [markdown]
# The same numbers, to the last bit. But fastai drops an incomplete last batch of training rows. On MNIST, 5,000 rows are 312 full
# batches of 16 and one of 8, and those 8 are missing.
#
# ### How long does it take?
#
# You read the files once. fastai decodes each one again in every epoch. **Predict:** how many times as fast is an epoch of your
# batches?

# %% tags=["timing", "nbval-ignore-output"]
part, kept = ("testing", data.test()) if GRADING else ("training", (images, labels))
milliseconds = {}


def record(name, n, started):
    milliseconds[name] = (time.perf_counter() - started) * 1e6 / n


started = time.perf_counter()
read = load_folder(path / part)
record("your load_folder, once", len(read[1]), started)
assert torch.equal(read[0], kept[0]) and torch.equal(read[1], kept[1]), "load_folder and data.train() differ"

started = time.perf_counter()
for _ in loaders.train:
    pass
record("fastai, every epoch", len(y), started)

generator = torch.Generator().manual_seed(0)
started = time.perf_counter()
for _ in range(10):
    for _ in batches(x, y, 16, generator):
        pass
record("your batches, every epoch", 10 * len(y), started)

_, axes = plt.subplots(figsize=(7, 1.9))
axes.plot(list(milliseconds.values()), list(milliseconds), "o")
for position, value in enumerate(milliseconds.values()):
    axes.text(value * 1.3, position, f"{value:,.1f} ms", va="center")
axes.set(xscale="log", xlim=(None, 10 * max(milliseconds.values())), ylim=(2.5, -0.5))
axes.set_xlabel("milliseconds for 1,000 images (log scale)")
axes.grid(alpha=0.3)
plt.show()
factor = milliseconds["fastai, every epoch"] / milliseconds["your batches, every epoch"]
print(f"An epoch of batches from memory is {factor:.0f} times as fast.")

# %% [markdown]
# **Question.** When is fastai's way, decoding each file again in every epoch, nevertheless the right one? Give two cases.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-decode-each-epoch", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# When the decoded images do not fit into memory: a million photographs of 224 x 224 x 3 bytes are 150 GB. And when each epoch
# should see other versions of an image (random shifts, crops, brightness), which must be made anew anyway; with several worker
# processes the decoding then runs beside the training. Then the cost of reading is hidden behind the larger cost of a big
# model.

# %% [markdown]
# ## From symptom to cause
#
# | what you see | look for |
# |---|---|
# | another result on another machine | files that were not sorted, or a random function without its generator |
# | brightness jumps from white to black | arithmetic on `uint8`: 250 + 10 = 4 |
# | accuracy near 10 %, whatever you do | `(N, 1)` against `(N,)`, or `x` and `y` shuffled apart |
# | wonderful in training, hopeless in validation | a split that was not shuffled |
# | an error in the last step of an epoch | an empty last batch, or code that relies on `batch_size` rows |
# | test accuracy that nobody can repeat | the test set helped to choose |
#
# ## The scoreboard
#
# It will grow from notebook to notebook. Guessing is right with probability 1/10: the first model, in notebook 02, has to beat
# that.

# %%
reached = {"random guessing": 1 / 10}
for name, accuracy in reached.items():
    print(f"{name}: {accuracy:.3f}")
course.scoreboard(data, reached)
