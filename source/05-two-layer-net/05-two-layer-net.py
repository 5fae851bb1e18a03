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
# saw. You derive and write the bend, the start and every gradient, and train networks of several shapes with one function.
# You break one on purpose, and meet PyTorch's own way at the end. Until then: no autograd (PyTorch's automatic gradients),
# no `torch.nn`, no `torch.optim`.
#
# What you wrote in notebooks 03 and 04 comes from the folder `course`, so that an old mistake cannot follow you.

# %%
# %run ../header.py

# %%
from course import after03_pictures as pictures
from course import after04
from course import after04_films as films
from course.after03 import open_test_set, seeded, split
from course.after04 import accuracy, cross_entropy, cross_entropy_gradient, train_network
from course.play import graph, regions, units

# The stand-in is small: it needs more epochs and a smaller rate. For nbgrader all runs are short.
MNIST = data.name == "MNIST"
EPOCHS, RATE = 1 if GRADING else 5 if MNIST else 120, 0.3 if MNIST else 0.1
SEEDS = [0, 1] if GRADING else [0, 1, 2]
torch.set_flush_denormal(True)  # numbers below 1e-38 count as 0: computing with them is slow
train, valid = split(data, seed=5)  # pairs (x, y)
print(f"{len(train[1]):,} images to train on, {len(valid[1]):,} to validate with")

# %% [markdown]
# ## 1. The bend
#
# Stack two linear layers, `(x @ w1) @ w2`, with 30 numbers in between. **Predict.**

# %%
guess("two linear layers", "can two linear layers do what one cannot? yes or no", "no")

# %%
x, w1, w2 = valid[0][:1], torch.randn(784, 30), torch.randn(30, 10)
one, two = x @ (w1 @ w2), (x @ w1) @ w2
reveal("two linear layers", "no" if torch.allclose(one, two, rtol=0.01, atol=0.01) else "yes")

# %% [markdown]
# A product of two matrices is one matrix in disguise. The simplest bend is the **rectified linear unit**, $\max(z, 0)$.


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
check("relu")

# %% [markdown]
# Backward, each function gets `dy`, the gradient of the loss with respect to what it *returned*, and answers with the
# gradient with respect to what it was *given*. That is the chain rule: what arrives, times the function's own slope. What
# is the slope of ReLU on either side of 0? (At exactly `z = 0` either answer will do.)


# %% nbgrader={"grade": false, "grade_id": "relu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu_backward(dy, z):
    """The gradient of the loss with respect to z, the input of relu.

    dy: gradient with respect to relu(z), shape of z. Returns: a new tensor, shape and dtype of dy.

    >>> relu_backward(tensor([5.0, 5.0]), tensor([-2.0, 0.5]))
    tensor([0., 5.])
    """
    ### BEGIN SOLUTION
    return dy * (z > 0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-relu_backward", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("relu_backward")

# %% [markdown]
# ## 2. A start
#
# How large should random weights be? A unit adds up `fan_in` products, $z = \sum_i w_i h_i$. With independent weights of
# mean 0, the mean square of the sum is the sum of the mean squares: $E[z^2] = \text{fan\_in} \cdot \mathrm{Var}(w) \cdot
# E[h^2]$. ReLU then sets about half of the numbers to 0, so $E[h^2] = \frac12 E[z^2]$ for the next layer.
#
# **Derive.** Which variance keeps $E[z^2]$ the same from layer to layer, when each unit has 100 inputs? (He et al.
# [2015](https://arxiv.org/abs/1502.01852), equation 10.)

# %% tags=["answer"]
variance = 2 / 100

# %%
check("variance")


# %% nbgrader={"grade": false, "grade_id": "init_linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
def init_linear(fan_in, fan_out, generator):
    """Start values of one layer: normal weights, mean 0, the variance you derived; zero biases.

    generator: the torch.Generator that the weights are drawn from, in whatever way.
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
check("init_linear")

# %% [markdown]
# PyTorch's `nn.Linear` draws its weights uniformly between $\pm 1 / \sqrt{\text{fan\_in}}$. Their variance is a third of
# $1 / \text{fan\_in}$, a sixth of yours. **Predict.**

# %%
guess("nn.Linear, 20 layers", "root mean square of z in layer 20, divided by that in layer 1", 1e-7)

# %%
starts = {"yours": 1, "twice as large": 2, "nn.Linear": 6**-0.5}
left = pictures.signals(starts, init_linear, relu, valid[0][:200])
reveal("nn.Linear, 20 layers", left.get("nn.Linear", math.nan))

# %% [markdown]
# Gradients fare likewise on their way back. In two layers little is lost; in twenty, all.
#
# ## 3. Backward through a linear layer
#
# First the smallest network: one input, one hidden unit, the loss $(p - t)^2$. Blue numbers come from the left. Orange slopes
# come from the right: each is the slope that arrives, times what its number was multiplied by on the way forward.
# (That of $p$ is $2 (p - t)$.)

# %%
graph()

# %% [markdown]
# The same with 64 images, or N, and 30 hidden units:

# %%
pictures.two_layers()

# %% [markdown]
# Read the dashed arrows from right to left: each station's gradient is made from the one before it. For a linear layer
# $y_{nk} = \sum_d x_{nd} w_{dk} + b_k$ ask where each number goes. $w_{dk}$ meets $x_{nd}$ in every row, and ends in
# $y_{nk}$; $x_{nd}$ ends in every $y_{nk}$ of its row; $b_k$ in every row:
#
# $$\frac{\partial L}{\partial w_{dk}} = \sum_n dy_{nk}\, x_{nd}, \qquad
# \frac{\partial L}{\partial x_{nd}} = \sum_k dy_{nk}\, w_{dk}, \qquad
# \frac{\partial L}{\partial b_k} = \sum_n dy_{nk} .$$
#
# **Derive.** Write the first sum as a product of two matrices. Which shape (rows, columns) has its left factor, for 64 images,
# 784 inputs and 30 units?

# %% tags=["answer"]
left_factor = (784, 64)

# %%
check("left_factor")

# %% [markdown]
# The loss is a mean, but its 1/N is already in `dy`. (Other courses have images as columns, and 1/m in this
# place: here you must not divide again.)


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
    return dy @ w.T, (dy.T @ x).T, dy.sum(dim=0)  # x.T @ dy, but faster: see the section on speed
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-linear_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("linear_backward")

# %% [markdown]
# ## 4. The whole network
#
# `params` is the list `[w1, b1, w2, b2]`. Forward: linear, ReLU, linear. What the way back will need goes into the `cache`,
# in any form you like.


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
check("forward")

# %% [markdown]
# Backward: the stations of the drawing in reverse, beginning with `cross_entropy_gradient(logits, labels)`.


# %% nbgrader={"grade": false, "grade_id": "backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def backward(params, cache, labels):
    """The gradients of the mean cross-entropy with respect to the parameters.

    params: [w1, b1, w2, b2]. cache: the second thing that `forward` returned. labels: int64 (N,).
    Returns: [dw1, db1, dw2, db2], shapes of the params. Changes nothing: the same
    cache may come twice.
    """
    ### BEGIN SOLUTION
    x, z, h, logits = cache
    dh, dw2, db2 = linear_backward(cross_entropy_gradient(logits, labels), h, params[2])
    dz = relu_backward(dh, z)
    # linear_backward would also compute dx, as much work as dw1, and nobody asks for it here.
    return [(dz.T @ x).T, dz.sum(dim=0), dw2, db2]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-backward", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("backward")


# %% [markdown]
# Now 784-30-10 (784 pixels, 30 hidden units, 10 scores) in float64, all 23,860 gradients against central
# differences. Never skip this test: a wrong gradient often still trains, only worse.


# %%
def small(seed, hidden=30, init=init_linear):
    """A network 784-30-10 with your forward and backward."""
    return after04.two_layers(hidden, init, forward, backward, seed)


after04.compare_gradients(small(0), valid[0][:5], valid[1][:5])

# %% [markdown]
# ## 5. Two layers against one
#
# What a second layer is good for can be seen in a plane: squares within a ring of circles.

# %%
regions(*films.ring(init_linear, forward, backward))

# %% [markdown]
# One layer has one straight line to part them, and no line helps: it leaves the picture, and all are called circles. Eight
# hidden units have eight, and the second layer joins them. Now the digits. `train_network` is your loop of notebook 04 for
# any network, with two refinements: the rate falls in a straight line to 0, and steps may have momentum (section 6). **Predict.**

# %%
guess("one layer or two", "how much more accurate is 784-30-10 than one layer, as a fraction", 0.04)


# %%
def trained(make, seed, lr=RATE, epochs=EPOCHS, momentum=0):
    network = make(seed)
    train_network(network, train, valid, lr, epochs, momentum=momentum, seed=seed)
    return accuracy(network, valid)


found = experiment(trained, {"one layer": after04.one_layer, "784-30-10": small}, SEEDS)
reveal("one layer or two", round(found.difference(1, 0)[0], 3))

# %% [markdown]
# ### Why not start from zeros?
#
# For one layer that was a good start. For two, follow the gradients on paper. With `w2 = 0`, what flows back to `w1`? If
# all hidden units are equal, how do their gradients differ? **Predict.**

# %%
guess("start from zeros", "accuracy of 784-30-10 trained from zeros", 0.11)
guess("equal weights", "all weights start at .05: how many different units after ten steps", 1)

# %%
zeros, equal = after04.constant(0.0), after04.constant(0.05)  # in the place of init_linear
found = experiment(trained, {"yours": small, "zeros": lambda seed: small(seed, init=zeros)}, SEEDS)
reveal("start from zeros", round(found.mean(1), 2))
alike = small(0, init=equal)
train_network(alike, (train[0][:640], train[1][:640]), valid, lr=RATE, epochs=1)  # ten steps
reveal("equal weights", after04.different_units(alike))

# %% [markdown]
# With `w2 = 0` nothing flows back to `w1`, and with `h = 0` nothing to `w2`: only `b2` learns how frequent each digit is.
# Equal units get equal gradients, step after step; only rounding can part them. Units that start apart become different
# things, as their weights show (one that stays as drawn may be dead: section 9):

# %%
units(films.first_layer(small(0), train, valid, RATE, EPOCHS))

# %% [markdown]
# ## 6. Momentum
#
# A loss is often a narrow valley: steep across, nearly level along. A rate that suits the steep direction crawls along the
# other (the problem is *ill-conditioned*). **Momentum** (Polyak [1964](https://doi.org/10.1016/0041-5553%2864%2990137-5))
# gives a step a memory, the velocity: $v \leftarrow m v + g$, then $p \leftarrow p - \text{rate} \cdot v$. What points to
# and fro cancels in $v$; what agrees adds up. Write it (no points), and see it go down a valley.


# %% nbgrader={"grade": false, "grade_id": "momentum_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def momentum_step(p, velocity, grad, rate, momentum):
    """One step for one parameter: changes the tensors velocity and p in place, not grad.

    >>> p, velocity = tensor([1.0]), tensor([4.0])
    >>> momentum_step(p, velocity, tensor([1.0]), rate=0.1, momentum=0.5)
    >>> velocity, p
    (tensor([3.]), tensor([0.7000]))
    """
    ### BEGIN SOLUTION
    velocity *= momentum
    velocity += grad
    p -= rate * velocity
    ### END SOLUTION


# %%
check("momentum_step")
pictures.valley(momentum_step)

# %% [markdown]
# Both paths swing across. Along the valley momentum gathers speed, and runs past the star at first.
#
# **Derive.** On a slope that never changes, $g = 1$ for ever. Towards which number does $v$ grow with $m = .9$?

# %% tags=["answer"]
velocity = 10

# %%
check("velocity")

# %% [markdown]
# **Predict.**

# %%
guess("momentum .9", "how much momentum adds to the accuracy after one epoch at rate .01", 0.1)

# %%
ways = {"rate .01": (0.01, 0), "rate .01, momentum .9": (0.01, 0.9), "rate .1": (0.1, 0)}
found = experiment(lambda way, seed: trained(small, seed, way[0], 1, way[1]), ways, SEEDS)
reveal("momentum .9", round(found.difference(1, 0)[0], 2))

# %% [markdown]
# Compare the last two rows with what you derived. In this network most of the gain is the longer step. (Some books average,
# $v \leftarrow m v + (1 - m) g$; then the rate keeps its meaning, and small rates gain nothing.)
#
# ## 7. Layers as building blocks
#
# A third layer would need a new `forward` and `backward`. Instead, let each layer be an object that
# remembers what its own way back needs; any chain of them is then a network. **Mend** the first. It has three faults; one
# shows only with the second batch.


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
        return x @ self.w + self.b

    def backward(self, dy):
        dx, self.dw, self.db = linear_backward(dy, self.x, self.w)
        return dx

    ### END SOLUTION
    ### BEGIN MEND
    # def __init__(self, w, b):
    #     self.w, self.b = w.clone(), b.clone()
    #     self.dw, self.db = torch.zeros_like(w), torch.zeros_like(b)
    #
    # def forward(self, x):
    #     self.x = x
    #     return x @ self.w
    #
    # def backward(self, dy):
    #     dx, dw, db = linear_backward(dy, self.x, self.w)
    #     self.dw += dw
    #     self.db += db
    #     return dx
    ### END MEND


# %% nbgrader={"grade": true, "grade_id": "check-Linear", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("Linear")

# %% [markdown]
# Now the sigmoid: derive its slope, and express it by what `forward` has returned. (No points; a network below needs it.)


# %% nbgrader={"grade": false, "grade_id": "Sigmoid", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Sigmoid:
    """1 / (1 + exp(-x)), elementwise.

    forward(x): any shape -> the same shape. backward(dy) -> dx, for the x of the last forward.
    """

    ### BEGIN SOLUTION
    def forward(self, x):
        self.y = 1 / (1 + (-x).exp())
        return self.y

    def backward(self, dy):
        return dy * self.y * (1 - self.y)

    ### END SOLUTION


# %%
check("Sigmoid")


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
check("ReLU")


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
check("SoftmaxCrossEntropy")

# %% [markdown]
# One batch through all stations, and back:

# %%
w1, b1, w2, b2 = params = small(0).params
layers, loss = [Linear(w1, b1), ReLU(), Linear(w2, b2)], SoftmaxCrossEntropy()
x, y = train[0][:64], train[1][:64]
right = backward(params, forward(params, x)[1], y)
for layer in layers:
    x = layer.forward(x)
loss.forward(x, y)
dy = loss.backward()
for layer in reversed(layers):
    dy = layer.backward(dy)
found = [layers[0].dw, layers[0].db, layers[2].dw, layers[2].db]
same = all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, right, strict=True))
print("the gradients of your backward:", "yes" if same else "no, others")

# %% [markdown]
# `after04.chain` does the same with any layers. **Predict.** (The second has sigmoids, whose slope is at most 1/4; hence its
# larger rate.)

# %%
guess("deepest", "most accurate: 784-30-10, 784-64-10 or 784-300-50-10?", "784-300-50-10")


# %%
def linear(fan_in, fan_out):
    return Linear(*init_linear(fan_in, fan_out, seeded(fan_in)))


chains = {
    "784-30-10 ReLU": [linear(784, 30), ReLU(), linear(30, 10)],
    "784-64-10 sigmoid": [linear(784, 64), Sigmoid(), linear(64, 10)],
    "784-300-50-10 ReLU": [linear(784, 300), ReLU(), linear(300, 50), ReLU(), linear(50, 10)],
}
deep = {name: after04.chain(*layers) for name, layers in chains.items()}
for name, network in deep.items():
    rate = 2.0 if "sigmoid" in name else RATE
    curves(train_network(network, train, valid, rate, EPOCHS), label=name)
    print(f"{name:19} validation accuracy {accuracy(network, valid):.3f}")
plt.ylim(0, 0.6)
show(f"Training and validation loss by epoch of {', '.join(deep)}.")
best = max(deep, key=lambda name: accuracy(deep[name], valid), default="none")
reveal("deepest", best.split()[0])

# %% [markdown]
# Look at the gaps between dashed and solid lines. Which network begins to learn its images by heart? (Notebook 06.)
#
# ## 8. An experiment of your own
#
# **Design:** how many hidden units are worth their cost? Choose ways, `{name: number}`; the first is what the others are
# compared with. State before you run it what you hold equal (epochs? time? weights?) and why.


# %%
def with_units(units, seed):
    return trained(lambda seed: small(seed, units), seed)


# %% tags=["design"]
# Your ways, and experiment(with_units, ways, SEEDS):
ways = {"30 units": 30, "3 units": 3, "10 units": 10, "100 units": 100, "300 units": 300}
found = experiment(with_units, ways, SEEDS)

# %% [markdown]
# **Question 1.** What did you hold equal, and what did you find? Where is the next doubling no longer worth it? Quote differences
# with their intervals.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-hidden", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# Held equal: epochs, batches, rate and seeds; not the time, of which 300 units take several times as much. With MNIST 10 units
# cost 3.7 points against 30 (interval 3.0 to 4.5); 100 units gain 1.0 (.9 to 1.2), 300 another .4. With 3 units the
# interval goes from -91 to +29: one run lost units and collapsed, so the mean says little. From 30 to 100 is worth three times
# the work where a point counts; from 100 to 300 hardly, as far as five epochs can tell: wider networks might gain from more.
#
# === BEGIN MARK SCHEME ===
# 1 point: says what was held equal. 1 point: differences with intervals. 1 point: a conclusion that follows, costs
# included.
# === END MARK SCHEME ===

# %% [markdown]
# ## 9. Dead units
#
# A ReLU unit that is negative on *every* image returns 0, passes back 0, and so never moves again: it is dead. A rate that
# is far too large kills all 30. **Predict.**

# %%
guess("all units dead", "all hidden units are dead: where is the loss stuck?", math.log(10))

# %%
network = small(0)
train_network(network, train, valid, lr=3, epochs=EPOCHS)
print(f"rate 3: {after04.units_alive(network, train[0])} of 30 units alive")
reveal("all units dead", round(cross_entropy(network.logits(valid[0]), valid[1]).item(), 2))

# %% [markdown]
# ## 10. What is promised, and what is not
#
# The **universal approximation theorem** (Cybenko [1989](https://doi.org/10.1007/BF02551274); Leshno et al.
# [1993](https://doi.org/10.1016/S0893-6080%2805%2980131-5) for ReLU) says: with enough hidden units, *some* weights bring
# two layers as close as you like to any continuous function on a bounded region. Below, your own `forward` with weights set
# by hand. It does *not* say that gradient descent finds them, that few units are enough, or anything outside the region.

# %%
pictures.approximation(forward)

# %% [markdown]
# Finding them is harder than for one layer, whose loss is **convex**: a valley without humps. Train each model from two
# starts, then walk straight from one solution to the other. **Predict.**

# %%
guess("on the way", "784-30-10, half way: loss lower, equal or higher than at the ends", "higher")

# %%
models = {"one layer": after04.one_layer, "784-30-10": small}
half_way = pictures.walk(after04.walks(models, train, valid, RATE, EPOCHS))
reveal("on the way", half_way.get("784-30-10", "not tried"))

# %% [markdown]
# **Question 2.** Both ends are good, and the middle is bad. Give one reason why a network's loss *must* have many equally good
# solutions with worse ones between them. (Think of renaming the hidden units.) Is it a problem in practice?

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-non-convex", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Renaming the hidden units (permuting the columns of w1, the entries of b1 and the rows of w2) gives the same function from
# other numbers: each solution has 30! copies. A convex loss would be as good at every mixture of two copies, but mixing
# unrelated units gives units that do neither job. So the loss is not convex, and where training ends depends on the start.
# In practice it is not much of a problem: the two ends are about equally good, and any of the copies will do. It is the
# reason for random starts, and for reporting results over several seeds.
#
# === BEGIN MARK SCHEME ===
# 1 point: permuted copies, and that mixtures of them are worse. 1 point: no problem, since the ends are equally good.
# === END MARK SCHEME ===

# %% [markdown]
# **Question 3.** Suppose all biases are held at 0. Why does then not a single prediction change when an image is dimmed to half its
# brightness? Is that an advantage? Name one thing that such a network cannot do.

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-biases", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Without biases all that is left are matrix products and ReLU, and both scale: relu(c z) = c relu(z) for c > 0. So a half
# as bright image gives exactly half the logits, and their largest stays the largest. That is an advantage here (a faint pen
# should not change the digit), and the black background feeds the network nothing anyway, so little accuracy is lost. But a
# black image always gives ten equal scores, a unit cannot have a threshold other than 0, and a function that is not 0 at 0
# cannot be represented (class frequencies, for one).
#
# === BEGIN MARK SCHEME ===
# 1 point: everything scales, and the largest stays the largest. 1 point: a fair judgement and one limit.
# === END MARK SCHEME ===

# %% [markdown]
# ## 11. The library does it for you
#
# You have written what PyTorch does when you call `.backward()`. From here on the rules are lifted. (`nn.Linear` keeps its
# weight as (fan_out, fan_in), so `copy_weights` turns yours round.)

# %%
from torch import nn

network = small(0)
model = nn.Sequential(nn.Linear(784, 30), nn.ReLU(), nn.Linear(30, 10))
after04.copy_weights(network, model)
x, y = train[0][:64], train[1][:64]
nn.CrossEntropyLoss()(model(x), y).backward()
yours = backward(network.params, forward(network.params, x)[1], y)
after04.compare_with_autograd(model, yours)

# %% [markdown]
# ## 12. Speed (optional, no points)
#
# On paper `x.T @ dy` and `(dy.T @ x).T` are one matrix. And `w` is one matrix, whether its numbers lie in memory row by row, as
# torch puts them, or column by column, as in `nn.Linear` and in your networks so far (`by_columns`). Does it cost time? (A score is an image times one
# *column* of `w`.)

# %% tags=["timing", "nbval-ignore-output"]
# Seconds differ from machine to machine, so the solutions come without these: run it yourself.
from timeit import timeit

x, dy, by_rows = train[0][:256], torch.ones(256, 10), torch.ones(784, 10)
w = after04.by_columns(by_rows)
print(f"x @ by_rows   {timeit(lambda: x @ by_rows, number=200) * 5000:5.0f} microseconds")
print(f"x @ w         {timeit(lambda: x @ w, number=200) * 5000:5.0f} microseconds")
print(f"x.T @ dy      {timeit(lambda: x.T @ dy, number=200) * 5000:5.0f} microseconds")
print(f"(dy.T @ x).T  {timeit(lambda: (dy.T @ x).T, number=200) * 5000:5.0f} microseconds")

# %% [markdown]
# Now a race on your machine, over one epoch: your code, the library as its tutorials use it, and the matrix products alone,
# which nobody can do without. The first two have the same images, rate and batches.

# %% tags=["timing", "nbval-ignore-output"]
from torch.utils.data import DataLoader, TensorDataset


def by_hand():
    train_network(small(0), train, valid, RATE, epochs=1)


def library():
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    for xb, yb in DataLoader(TensorDataset(*train), batch_size=64, shuffle=True):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(model(xb), yb).backward()
        optimizer.step()


def products():
    w1, w2 = network.params[::2]
    dz, dy = torch.ones(64, 30), torch.ones(64, 10)
    for xb in train[0].split(64):
        h = xb @ w1
        h @ w2, dy[: len(xb)] @ w2.T, dy[: len(xb)].T @ h, dz[: len(xb)].T @ xb


for racer in (by_hand, library, products):
    print(f"{racer.__name__:8} {min(timeit(racer, number=1) for _ in range(3)):.2f} seconds")

# %% [markdown]
# The library takes each image by itself and stacks 64 of them; you take 64 rows at once. That, and not the gradients, is most of
# the gap. It shrinks where a network is larger: the products, which both need, then take nearly all of the time.

# %% [markdown]
# ## 13. The test set
#
# **The next cell opens it, once in this notebook.** Looking is not free: whoever picks the best of three networks here has
# used the test images to choose, and the winner's number flatters.

# %%
# ---- The test set is opened here, and nowhere else in this notebook. ----
test = open_test_set(data)
reached = {name: accuracy(network, test) for name, network in deep.items()}
for name, value in reached.items():
    print(f"{name}: {value:.3f}")
course.scoreboard(data, reached)

# %%
guesses()

# %% [markdown]
# ## From symptom to cause
#
# | You see | Look for |
# |---|---|
# | the loss is stuck at 2.303 = ln 10 | all ReLUs dead (rate too large), or a start from zeros |
# | the loss starts far above 2.3 | start too large: N(0, 1) weights |
# | no better than one layer | ReLU forgotten, or on the logits |
# | it learns, but worse than it should | a wrong gradient: compare with central differences |
# | gradients N times too small | 1/N twice: in the loss and in `linear_backward` |
# | two hidden units always alike | a start from equal weights |
# | a layer's gradients lag behind | a stale cache: forward on other data before backward |
# | NaN | rate too large, or a softmax without the shift |
#
# ## Read on
#
# Nielsen, [*Neural Networks and Deep Learning*](http://neuralnetworksanddeeplearning.com/chap2.html), chapter 2, derives
# back-propagation once more, slowly; Goh, [*Why Momentum Really Works*](https://distill.pub/2017/momentum/) (2017), lets
# you play with the valley. Rumelhart, Hinton and Williams made the method known in 1986; Linnainmaa had it in 1970.
