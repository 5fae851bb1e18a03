"""The exercises of notebook 05: ReLU, a start, every gradient of a two-layer network, and layers as objects."""

import torch

from autograder.checks import body, case, edit, exercise, generator, gradient, labels, normal, spread, uniform

EPSILONS = (1e-12, 1e-8, 1e-7, 1e-5)
SLOPES = (0.001, 0.01, 0.1, 0.3)


def network(d, h, c, dtype=torch.float32, shift=0.0):
    """[w1, b1, w2, b2]; `shift` moves the hidden units' thresholds."""

    def make(g):
        shapes = (d, h), (h,), (h, c), (c,)
        params = [torch.randn(shape, generator=g, dtype=torch.float64).to(dtype) for shape in shapes]
        params[1] += shift
        return params

    return make


def one_class(n, c):
    """Labels (n,), all of them the same class."""
    return lambda g: torch.randint(c, (1,), generator=g).expand(n).clone()


BACKWARD = """
def backward(params, cache, labels):
    w1, b1, w2, b2 = params
    x, z, h, logits = cache
    n = len(labels)
    e = (logits - logits.max(dim=1, keepdim=True).values).exp()
    d = e / e.sum(dim=1, keepdim=True)
    d[torch.arange(n), labels] -= 1
    d = d / n
    dw2 = h.T @ d
    db2 = d.sum(dim=0)
    dh = d @ w2.T
    dz = dh * (z > 0)
    dw1 = x.T @ dz
    db1 = dz.sum(dim=0)
    return [dw1, db1, dw2, db2]
"""
LINEAR = """
class Linear:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dy):
        self.dw = self.x.T @ dy
        self.db = dy.sum(dim=0)
        return dy @ self.w.T
"""
WRITTEN_OUT = """
class SoftmaxCrossEntropy:
    def forward(self, logits, labels):
        self.labels = labels
        rows = torch.arange(len(labels))
        shifted = logits - logits.max(dim=1, keepdim=True).values
        log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
        self.p = log_p.exp()
        return -log_p[rows, labels].mean()

    def backward(self):
        d = self.p.clone()
        n = len(self.labels)
        d[torch.arange(n), self.labels] -= 1
        return d / n
"""

# The loss that `backward` is about; it is not the student's, so that only the gradient is judged here.
NLL = "-forward(params, x)[0].log_softmax(dim=1)[torch.arange(len(labels)), labels].mean()"
GRADIENTS = "backward(params, forward(params, x)[1], labels)"
LAYER = "layer = Linear(w, b); y = layer.forward(x); dx = layer.backward(dy); dict(y=y, dx=dx, dw=layer.dw, db=layer.db)"
BATCHES = dict(first=normal(5, 6), x=normal(5, 6), dy=normal(5, 6))
ACTIVATION = "layer = ReLU(); y = layer.forward(x); dict(y=y, dx=layer.backward(dy))"
LOSS = "layer = SoftmaxCrossEntropy(); loss = layer.forward(logits, labels); dict(loss=loss, gradient=layer.backward())"


def sizes(n, d, k, dtype=torch.float32):
    """Inputs of a linear layer."""
    return dict(x=normal(n, d, dtype=dtype), w=normal(d, k, dtype=dtype), b=normal(k, dtype=dtype), dy=normal(n, k, dtype=dtype))


def without_b(inputs):
    return {name: recipe for name, recipe in inputs.items() if name != "b"}


# Slopes of all orders of magnitude tell a formula from a difference quotient, see `spread`.
ORDERS = sizes(1, 80, 2, torch.float64) | dict(x=spread(1, 80), w=spread(80, 2))


relu = exercise(
    "relu",
    case("a batch of scores", "relu(z)", z=normal(5, 10)),
    case("large and small", "relu(z)", z=normal(6, 6, sd=1e4)),
    case("a single row", "relu(z)", z=normal(1, 10)),
    case("a new tensor, also of positive numbers", "y = relu(z); new = y + 0; y.zero_(); [new, z]", z=uniform(1, 10)),
    case("a vector", "relu(z)", z=normal(40)),
    case("three axes", "relu(z)", z=normal(3, 4, 5)),
    case("nothing but negative numbers", "relu(z)", z=normal(3, 4, mean=-50)),
    case("float64 stays float64", "relu(z)", z=normal(4, 7, dtype=torch.float64)),
    case("float16 stays float16", "relu(z)", z=normal(4, 7, dtype=torch.float16)),
    mistakes={
        "This is a leaky ReLU with the slope {slope}: negative entries must become exactly 0.": edit(
            "z.clamp(min=0)", "torch.maximum(z, {slope} * z)", slope=SLOPES
        ),
        "You return absolute values; a negative entry must become 0.": edit("clamp(min=0)", "abs()"),
        "You return where z is positive (0 or 1); keep the values of z there.": edit("z.clamp(min=0)", "(z > 0).to(z.dtype)"),
        "You keep the negative entries and zero the positive ones; it is the other way round.": edit("min", "max"),
        "You cut the values off at 1; ReLU has no upper end.": edit("min=0", "0, 1"),
        "You change z in place, as clamp_ or z[z < 0] = 0 does; return a new tensor.": edit("clamp", "clamp_"),
        "That is softplus, a smooth curve; relu is exactly 0 below 0.": body("return (1 + z.exp()).log()"),
        "Where nothing is negative you return z; make a new tensor.": body("return z if (z >= 0).all() else z.clamp(min=0)"),
        "This is softplus, log(1 + exp(z)): smooth, but not ReLU. Negative entries must become 0 exactly.": body(
            "return torch.logaddexp(z, torch.zeros_like(z))"
        ),
        "This is a sigmoid; ReLU keeps positive entries as they are.": body("return 1 / (1 + (-z).exp())"),
        "You shift all entries until the smallest is 0; make the negative ones 0 instead.": body("return z - z.min()"),
        "The result is always float32; keep the dtype of z.": edit("clamp(min=0)", "clamp(min=0).float()"),
        "You drop the negative entries, which changes the shape; replace them by 0.": body("return z[z > 0]"),
    },
    alternatives={
        "where": edit("z.clamp(min=0", "torch.where(z > 0, z, torch.zeros_like(z)"),
        "a product with the mask": body("return z * (z > 0)"),
        "maximum": body("return torch.maximum(z, torch.zeros_like(z))"),
        "half the sum with the absolute value": body("return (z + z.abs()) / 2"),
        "in place, on a copy": body("out = z.clone()", "out[out < 0] = 0", "return out"),
        "a loop over the entries": body("return torch.stack([v if v > 0 else 0 * v for v in z.flatten()]).reshape(z.shape)"),
    },
)

relu_backward = exercise(
    "relu_backward",
    case("a batch", "relu_backward(dy, z)", dy=normal(5, 10), z=normal(5, 10)),
    case("scores far from 0", "relu_backward(dy, z)", dy=normal(6, 6), z=normal(6, 6, sd=1e4)),
    case("a single row", "relu_backward(dy, z)", dy=normal(1, 10), z=normal(1, 10)),
    case("a vector", "relu_backward(dy, z)", dy=normal(40), z=normal(40)),
    case("at 0 either slope", "dz = relu_backward(dy, torch.zeros(9)); bool(((dz == 0) | (dz == dy)).all())", dy=normal(9)),
    case("three axes", "relu_backward(dy, z)", dy=normal(3, 4, 5), z=normal(3, 4, 5)),
    case(
        "every unit fires: a new tensor",
        "dz = relu_backward(dy, z); new = dz + 0; dz.zero_(); [new, dy]",
        dy=normal(4, 5),
        z=normal(4, 5, mean=50),
    ),
    case("no unit fires", "relu_backward(dy, z)", dy=normal(4, 5), z=normal(4, 5, mean=-50)),
    case(
        "float64 stays float64",
        "relu_backward(dy, z)",
        dy=normal(4, 40, dtype=torch.float64),
        z=spread(4, 40, low=1e-15, high=1e15),
    ),
    mistakes={
        "You let dy through where dy itself is positive; it must pass where z is positive.": edit("z > 0", "dy > 0"),
        "You return the slope of relu alone; multiply it by dy.": edit("dy * (z > 0)", "(z > 0).to(dy.dtype)"),
        "You let all of dy through; where z is negative the gradient is 0.": edit("dy * (z > 0)", "dy * 1"),
        "You return dy * relu(z); the slope of relu is 1 where z is positive, not z.": edit("(z > 0)", "z.clamp(min=0)"),
        "You let dy through where z is negative, and return 0 where z is positive; turn that round.": edit(">", "<"),
        "This is a leaky ReLU with the slope {slope}: where z is negative the gradient is 0.": edit(
            "dy * (z > 0)", "torch.where(z > 0, dy, {slope} * dy)", slope=SLOPES
        ),
        "You return relu(z); its gradient is asked for, dy where z is positive.": edit("dy * (z > 0)", "z * (z > 0)"),
        "You change dy in place; work on a copy.": edit("return dy * (z > 0)", "dy[z <= 0] = 0\n    return dy"),
        "You multiply by z; the slope of relu is 0 or 1.": edit("(z > 0)", "z"),
        "That is relu(dy * z); the gradient is dy, whatever its sign, where z is positive.": body("return relu(dy * z)"),
        "Where every unit fires you return dy; make a new tensor.": body("return dy if (z > 0).all() else dy * (z > 0)"),
        "Where z is negative you return -dy; the slope of relu is 0 there, not -1.": edit("(z > 0)", "z.sign()"),
        "The result is always float32; keep the dtype of dy.": edit("dy * (z > 0)", "(dy * (z > 0)).float()"),
    },
    alternatives={
        "where": body("return torch.where(z > 0, dy, torch.zeros_like(dy))"),
        "the mask as numbers": body("return dy * (z > 0).to(dy.dtype)"),
        "in place, on a copy": body("dz = dy.clone()", "dz[z <= 0] = 0", "return dz"),
        "the slope 1 at 0": body("return dy * (z >= 0)"),
        "heaviside": edit("(z > 0)", "torch.heaviside(z, torch.zeros((), dtype=z.dtype))"),
        "the sign of relu": edit("(z > 0)", "relu(z).sign()"),
    },
    equivalent={"at 0 either answer will do": [edit("z > 0", "z >= 0")]},
)

init_linear = exercise(
    "init_linear",
    case(
        "the weights of 400 inputs",
        "init_linear(400, 150, generator)[0]",
        weight=2,
        tolerance="statistical",
        generator=generator(),
    ),
    case(
        "the weights of 50 inputs", "init_linear(50, 900, generator)[0]", weight=2, tolerance="statistical", generator=generator()
    ),
    case("the weights of one unit", "init_linear(1000, 1, generator)[0]", tolerance="statistical", generator=generator()),
    case("a single weight", "init_linear(1, 1, generator)[0].isfinite()", generator=generator()),
    case("the biases", "{'b': init_linear(7, 5, generator)[1]}", weight=2, generator=generator()),
    case("shapes and dtypes", "[torch.zeros_like(part) for part in init_linear(7, 5, generator)]", generator=generator()),
    case(
        "the generator decides",
        """
def drawn(number):
    return init_linear(6, 4, torch.Generator().manual_seed(number))[0]

{"the same seed gives the same weights": torch.equal(drawn(1), drawn(1)),
 "another seed gives others": not torch.equal(drawn(1), drawn(2))}
""",
        weight=2,
    ),
    case(
        "two layers from one generator differ",
        "not torch.equal(init_linear(6, 4, generator)[0], init_linear(6, 4, generator)[0])",
        generator=generator(),
    ),
    mistakes={
        "All units start alike, with one column of weights; draw fan_in * fan_out numbers.": edit(
            "randn(fan_in, fan_out, generator=generator)", "randn(fan_in, 1, generator=generator).repeat(1, fan_out)"
        ),
        "The weights' standard deviation is 2 / fan_in, which is the variance; take its root.": edit("math.sqrt", ""),
        "The weights' variance is 2 / fan_out; the number of inputs counts: 2 / fan_in.": edit("/ fan_in", "/ fan_out"),
        "The variance is 1 / fan_in; ReLU loses half of the signal, hence 2 / fan_in.": edit("2", "1"),
        "The variance is 2 / (fan_in + fan_out), Glorot's; use 2 / fan_in.": edit("2 / fan_in", "2 / (fan_in + fan_out)"),
        "The weights are all 0: hidden units that start equal stay equal. Their spread is sqrt(2 / fan_in).": edit("2", "0"),
        "The weights are N(0, 1), far too large: multiply them by sqrt(2 / fan_in).": edit("* math.sqrt(2 / fan_in)", ""),
        "The standard deviation of the weights is {spread} whatever the size of the layer; make it sqrt(2 / fan_in).": edit(
            "math.sqrt(2 / fan_in)", "{spread}", spread=(0.001, 0.01, 0.1, 0.5)
        ),
        "The weights are uniform; draw normal ones instead.": edit("torch.randn(...)", "(2 * torch.rand(...) - 1) * 3**0.5"),
        "The weights are uniform from 0 on; draw normal ones of mean 0, with torch.randn.": edit("randn", "rand"),
        "The biases are random; they start at 0.": edit("zeros(fan_out)", "randn(fan_out, generator=generator) / 10"),
        "The biases start at 1; they must start at 0.": edit("zeros", "ones"),
        "The weights do not follow the generator; pass generator=generator.": edit(", generator=generator", ""),
        "All layers start alike, whatever the generator, as with a new seed in each call; draw from the given one.": edit(
            "    w", "    generator.manual_seed(0)\n    w"
        ),
        "w is (fan_out, fan_in); it is (fan_in, fan_out) here.": edit("randn(fan_in, fan_out", "randn(fan_out, fan_in"),
        "b is (1, fan_out); its shape is (fan_out,).": edit("torch.zeros(fan_out)", "torch.zeros(1, fan_out)"),
        "There is one bias for each input; there is one for each output, fan_out.": edit("zeros(fan_out)", "zeros(fan_in)"),
    },
    alternatives={
        "normal_ on an empty tensor": edit(
            "w = ...", "w = torch.empty(fan_in, fan_out).normal_(0, math.sqrt(2 / fan_in), generator=generator)"
        ),
        "a power instead of a root": edit("math.sqrt(2 / fan_in)", "(2 / fan_in) ** 0.5"),
        "divided by a root": edit("* math.sqrt(2 / fan_in)", "/ (fan_in / 2) ** 0.5"),
        "torch.normal": edit("w = ...", "w = torch.normal(0.0, (2 / fan_in) ** 0.5, (fan_in, fan_out), generator=generator)"),
        "drawn transposed, unit by unit": body(
            "units = [torch.randn(fan_in, generator=generator) * math.sqrt(2 / fan_in) for _ in range(fan_out)]",
            "return torch.stack(units, dim=1), torch.zeros(fan_out)",
        ),
    },
    equivalent={"minus a normal number is as normal": [edit("w = ...", "w = -(...)")]},
)

linear_backward = exercise(
    "linear_backward",
    case("a batch", "linear_backward(dy, x, w)", **without_b(sizes(5, 4, 3))),
    case("a single row", "linear_backward(dy, x, w)", **without_b(sizes(1, 4, 3))),
    case("a single output", "linear_backward(dy, x, w)", **without_b(sizes(6, 4, 1))),
    case("as many rows as inputs and outputs", "linear_backward(dy, x, w)", weight=2, **without_b(sizes(4, 4, 4))),
    case("as many outputs as rows", "linear_backward(dy, x, w)", **without_b(sizes(3, 5, 3))),
    case("float64 stays float64", "linear_backward(dy, x, w)", **without_b(ORDERS)),
    gradient(
        "against central differences",
        loss="((x @ w + b) * dy).sum()",
        grad="linear_backward(dy, x, w)",
        wrt=("x", "w", "b"),
        weight=2,
        **sizes(4, 3, 2, torch.float64),
    ),
    mistakes={
        "dw and db are divided by N; the 1/N of the mean is already in dy.": edit("x).T", "x).T / len(x)", "sum", "mean"),
        "dw is divided by N; the 1/N of the mean is already in dy.": edit("x).T", "x).T / len(x)"),
        "db is a mean over the rows; it is their sum, for the 1/N is already in dy.": edit("sum", "mean"),
        "db has the shape (1, K); drop the axis: its shape is that of b, (K,).": edit("dim=0", "dim=0, keepdim=True"),
        "db has the sums along each row; b is added to every row: sum over the rows, dim=0.": edit("dim=0", "dim=1"),
        "db is one number; sum over the rows only, dim=0.": edit("dim=0", ""),
        "db is dy itself; b was added to every row, so sum dy over the rows.": edit(".sum(dim=0)", ""),
        "dx and dw are swapped: return (dx, dw, db).": edit("dy @ w.T, (dy.T @ x).T", "(dy.T @ x).T, dy @ w.T"),
        "dw is transposed: it has the shape of w, (D, K). Use x.T @ dy.": edit(".T, dy", ", dy"),
        "dx is transposed: it has the shape of x, (N, D). Use dy @ w.T.": edit("dy @ w.T", "w @ dy.T"),
        "You multiply dy by w; it takes the transpose, dy @ w.T, to get back to the shape of x.": edit("w.T", "w"),
        "dw misses the transpose: x.T @ dy sums over the rows of the batch.": edit("(dy.T @ x).T", "x @ dy"),
        "The signs are reversed: these are gradients, the minus comes with the step.": edit("return", "dy = -dy\n    return"),
        "dx is computed from x @ w; the gradient that arrives is dy.": edit("dy @ w.T", "(x @ w) @ w.T"),
        "The results are always float32; keep the dtype of the inputs.": body("return [p.float() for p in right(dy, x, w)]"),
    },
    alternatives={
        "transposes by t() and mm": body("return dy.mm(w.t()), x.t().mm(dy), dy.sum(0)"),
        "einsum": body("return torch.einsum('nk,dk->nd', dy, w), torch.einsum('nd,nk->dk', x, dy), torch.einsum('nk->k', dy)"),
        "broadcasting": body("return (dy[:, None, :] * w).sum(-1), (x[:, :, None] * dy[:, None, :]).sum(0), dy.sum(-2)"),
        "a loop over the rows": body(
            "dw, db = torch.zeros_like(w), torch.zeros_like(w[0])",
            "for row, d in zip(x, dy):",
            "    dw += torch.outer(row, d)",
            "    db += d",
            "return torch.stack([w @ d for d in dy]), dw, db",
        ),
        "a row of ones for the bias": body(
            "ones = torch.ones(1, len(x), dtype=x.dtype)", "return dy @ w.mT, (dy.mT @ x).mT, (ones @ dy)[0]"
        ),
        "a list": body("return [dy @ w.T, x.T @ dy, dy.sum(axis=0)]"),
    },
)

forward = exercise(
    "forward",
    case("a batch", "forward(params, x)[0]", params=network(6, 5, 4), x=normal(7, 6)),
    case("a single row", "forward(params, x)[0]", params=network(6, 5, 4), x=normal(1, 6)),
    case("all sizes equal", "forward(params, x)[0]", weight=2, params=network(4, 4, 4), x=normal(4, 4)),
    case("a single hidden unit", "forward(params, x)[0]", params=network(6, 1, 4), x=normal(7, 6)),
    case("no hidden unit fires", "forward(params, x)[0]", params=network(6, 5, 4, shift=-1e3), x=normal(7, 6)),
    case("large inputs", "forward(params, x)[0]", params=network(6, 5, 4), x=normal(7, 6, sd=1e3)),
    case(
        "float64 stays float64",
        "forward(params, x)[0]",
        params=network(6, 5, 4, torch.float64),
        x=normal(7, 6, dtype=torch.float64),
    ),
    case("logits and a cache", "{'number of results': len(forward(params, x))}", params=network(6, 5, 4), x=normal(7, 6)),
    mistakes={
        "There is no ReLU between the layers, so the two are one; use relu(x @ w1 + b1) for the second.": edit("h @", "z @"),
        "There is a ReLU on the logits; it belongs between the layers only.": edit("h @ w2 + b2", "(h @ w2 + b2).clamp(min=0)"),
        "You return probabilities; return the logits, softmax belongs to the loss.": edit(
            "relu(z)", "z.clamp(min=0)", "return logits", "return after04.softmax(logits)"
        ),
        "You return log-probabilities; return the logits, softmax belongs to the loss.": edit(
            "relu(z)", "z.clamp(min=0)", "return logits", "return after04.softmax(logits).log()"
        ),
        "You return predictions; return the logits.": edit("return logits,", "return logits.argmax(dim=1),"),
        "b1 is missing: the first layer is x @ w1 + b1.": edit("x @ w1 + b1", "(x @ w1)"),
        "b2 is missing: the logits are h @ w2 + b2.": edit("h @ w2 + b2", "(h @ w2)"),
        "b1 is added after the ReLU; it belongs inside, relu(x @ w1 + b1).": edit("+ b1", "", "relu(z)", "relu(z) + b1"),
        "The ReLU is on the input; it belongs after the first layer.": edit("x @", "x.clamp(min=0) @", "relu(z)", "z"),
        "There is a sigmoid between the layers; this network has a ReLU.": edit("relu(z)", "1 / (1 + (-z).exp())"),
        "This is a leaky ReLU with the slope {slope}: negative entries must become 0.": edit(
            "relu(z)", "torch.maximum(z, {slope} * z)", slope=SLOPES
        ),
        "The hidden units are absolute values; with ReLU, negative ones become 0.": edit("h @", "z.abs() @"),
        "You return the logits alone; return the pair (logits, cache).": edit(", (x, z, h, logits)", ""),
        "The pair is the wrong way round: return (logits, cache).": edit("return ...", "return (...)[::-1]"),
        "You change b1 in place; forward changes no parameter, write z + b1.": edit("z = x", "b1 += 0.1\n    z = x"),
    },
    alternatives={
        "addmm, a dict for a cache": body(
            "w1, b1, w2, b2 = params",
            "h = torch.addmm(b1, x, w1).clamp(min=0)",
            "return torch.addmm(b2, h, w2), {'x': x, 'h': h}",
        ),
        "einsum": edit("x @ w1", "torch.einsum('nd,dh->nh', x, w1)", "h @ w2", "torch.einsum('nh,hc->nc', h, w2)"),
        "a loop over the rows": edit(
            ("x @ w1 + b1", "torch.stack([row @ w1 + b1 for row in x])"),
            ("h @ w2 + b2", "torch.stack([row @ w2 + b2 for row in h])"),
        ),
        "no cache at all": body("h = relu(x @ params[0] + params[1])", "return h @ params[2] + params[3], None"),
        "in place, on its own tensors": body(
            "w1, b1, w2, b2 = params", "h = x @ w1", "h += b1", "h[h < 0] = 0", "return h @ w2 + b2, (x, h)"
        ),
    },
    equivalent={"the cache is your own affair": ["(x, z, h, logits)"]},
)

backward = exercise(
    "backward",
    case("a batch", GRADIENTS, params=network(6, 5, 4), x=normal(7, 6), labels=labels(7, 4)),
    case("a single row", GRADIENTS, params=network(6, 5, 4), x=normal(1, 6), labels=labels(1, 4)),
    case("all sizes equal", GRADIENTS, params=network(4, 4, 4), x=normal(4, 4), labels=labels(4, 4)),
    case("one class only", GRADIENTS, params=network(6, 5, 4), x=normal(7, 6), labels=one_class(7, 4)),
    case("no hidden unit fires", GRADIENTS, params=network(6, 5, 4, shift=-1e3), x=normal(7, 6), labels=labels(7, 4)),
    case("logits of a thousand", GRADIENTS, params=network(6, 5, 4), x=normal(7, 6, sd=500), labels=labels(7, 4)),
    case(
        "called twice, with another forward in between",
        "cache = forward(params, x)[1]; first = backward(params, cache, labels); "
        "other = backward(params, forward(params, 2 * x)[1], labels); "
        "{'a cache': first, 'another': other, 'the same cache, a second time': backward(params, cache, labels)}",
        weight=2,
        params=network(6, 5, 4),
        x=normal(7, 6),
        labels=labels(7, 4),
    ),
    case(
        "another forward in between",
        "cache = forward(params, x)[1]; forward(params, other); backward(params, cache, labels)",
        params=network(6, 5, 4),
        x=normal(7, 6),
        other=normal(7, 6),
        labels=labels(7, 4),
    ),
    case(
        "float64 stays float64",
        GRADIENTS,
        params=network(60, 3, 4, torch.float64, shift=2.0),
        x=spread(1, 60),
        labels=labels(1, 4),
    ),
    gradient(
        "against central differences",
        loss=NLL,
        grad=GRADIENTS,
        wrt="params",
        weight=2,
        params=network(5, 4, 3, torch.float64),
        x=normal(6, 5, dtype=torch.float64),
        labels=labels(6, 3),
    ),
    mistakes={
        "The gradient of the logits goes through a ReLU; there is none behind them.": edit(
            "cross_entropy_gradient(...)", "relu_backward(cross_entropy_gradient(...), logits)"
        ),
        "w2 is changed before dh is computed from it; backward changes nothing, the step comes afterwards.": edit(
            "    dh = ", "    w2 -= 0.1 * dw2\n    dh = "
        ).of(BACKWARD),
        "Gradients add up from call to call; start afresh each time.": edit(
            ("def backward", "kept = {}\n\ndef backward"),
            (
                "return ...",
                "key, grads = tuple(p.shape for p in params), ...\n"
                "    kept[key] = [a + g for a, g in zip(kept.get(key, [0] * 4), grads)]\n    return kept[key]",
            ),
        ),
        "dh passes where dh itself is positive; it must pass where z was positive.": edit("dh, z", "dh, dh"),
        "All of dh passes the ReLU on the way back; multiply dh by (z > 0).": edit("relu_backward(dh, z)", "dh"),
        "dh passes where z was negative; turn the mask round.": edit("relu_backward(dh, z)", "dh * (z < 0)"),
        "dz is dh * h; the slope of relu is 0 or 1, so dz must be dh * (z > 0).": edit("relu_backward(dh, z)", "dh * h"),
        "The 1/N of the mean is missing; the loss is a mean over the rows.": edit("labels), h", "labels) * len(x), h"),
        "The 1/N is there twice: divide once, in the gradient of the logits.": edit("labels), h", "labels) / len(x), h"),
        "The gradient of the logits is softmax / N, without the one-hot labels; it must be (softmax - one-hot) / N.": edit(
            "cross_entropy_gradient(...)", "after04.softmax(logits) / len(labels)"
        ),
        "The signs are reversed: these are gradients, the minus comes with the step.": edit("cross", "-cross"),
        "The softmax runs down the columns; take it along each row, the last axis.": edit("dim=1", "dim=0").of(BACKWARD),
        "For large logits the gradient is NaN: exp gives inf, or 0 in a whole row. Subtract each row's maximum first.": edit(
            "(logits - ...)", "logits"
        ).of(BACKWARD),
        "dw2 is made from z; the second layer was given h = relu(z).": edit("h, params", "z, params"),
        "The bias gradients are means over the rows; they are sums, the 1/N is already in dlogits.": edit(
            "db2]", "db2 / len(x)]", "dz.sum", "dz.mean"
        ),
        "db1 is made from dh; it comes after the ReLU's mask, from dz.": edit("T, dz", "T, dh"),
        "The second layer comes first; the order is that of params.": edit("return [...]", "return [dw2, db2, ...][:4]"),
    },
    alternatives={
        "all written out": BACKWARD,
        "with the given functions": body(
            "x, z, h, logits = cache",
            "dh, dw2, db2 = linear_backward(cross_entropy_gradient(logits, labels), h, params[2])",
            "_, dw1, db1 = linear_backward(relu_backward(dh, z), x, params[0])",
            "return [dw1, db1, dw2, db2]",
        ),
        "the mask from h": edit("(dh, z)", "(dh, h)"),
        "a cache of its own, a tuple of gradients": (
            "def forward(params, x):\n"
            "    h = relu(x @ params[0] + params[1])\n"
            "    return h @ params[2] + params[3], {'x': x, 'h': h}\n\n"
            "def backward(params, cache, labels):\n"
            "    x, h = cache['x'], cache['h']\n"
            "    z = h @ params[2] + params[3]\n"
            "    e = (z - z.amax(dim=1, keepdim=True)).exp()\n"
            "    p = e / e.sum(dim=1, keepdim=True)\n"
            "    target = torch.eye(p.shape[1], dtype=p.dtype)[labels]\n"
            "    d = (p - target) / len(labels)\n"
            "    dz = torch.where(h > 0, d @ params[2].T, torch.zeros_like(h))\n"
            "    return x.T @ dz, dz.sum(0), h.T @ d, d.sum(0)"
        ),
        "einsum": edit(
            ("h.T @ d", "torch.einsum('nh,nc->hc', h, d)"),
            ("d @ w2.T", "torch.einsum('nc,hc->nh', d, w2)"),
            ("x.T @ dz", "torch.einsum('nd,nh->dh', x, dz)"),
        ).of(BACKWARD),
        "a loop over the rows": body(
            "w1, b1, w2, b2 = params",
            "grads = [torch.zeros_like(p) for p in params]",
            "for x, z, h, logits, y in zip(*cache, labels):",
            "    d = (logits - logits.max()).exp()",
            "    d = d / d.sum()",
            "    d[y] -= 1",
            "    d /= len(labels)",
            "    dz = (w2 @ d) * (z > 0)",
            "    for total, part in zip(grads, [torch.outer(x, dz), dz, torch.outer(h, d), d]):",
            "        total += part",
            "return grads",
        ),
    },
    equivalent={
        "of four the third is the last but one": [edit("params[2]", "params[-2]")],
        "h is above 0 where z is": [edit("(dh, z)", "(dh, h)")],
    },
)

Linear = exercise(
    "Linear",
    case("a batch", LAYER, **sizes(5, 4, 3)),
    case("a single row", LAYER, **sizes(1, 4, 3)),
    case("all sizes equal", LAYER, **sizes(4, 4, 4)),
    case("float64 stays float64", LAYER, **ORDERS),
    case(
        "two batches, one after the other",
        "layer = Linear(w, b); layer.forward(first); layer.backward(torch.ones(len(first), 3)); layer.forward(-x); "
        "y = layer.forward(x); dx = layer.backward(dy); dict(y=y, dx=dx, dw=layer.dw, db=layer.db)",
        weight=2,
        first=normal(7, 4),
        **sizes(5, 4, 3),
    ),
    case(
        "backward twice after one forward",
        "layer = Linear(w, b); layer.forward(x); layer.backward(dy); dict(dx=layer.backward(dy), dw=layer.dw, db=layer.db)",
        **sizes(5, 4, 3),
    ),
    case(
        "two layers do not share what they remember",
        "one, two = Linear(w, b), Linear(2 * w, -b); one.forward(x); two.forward(other); two.backward(dy); "
        "dx = one.backward(dy); [dx, one.dw, one.db, two.dw, two.db]",
        other=normal(5, 4),
        **sizes(5, 4, 3),
    ),
    case(
        "a step on w and b reaches the layer",
        "mine = w.T.contiguous().T, b.clone(); layer = Linear(*mine); mine[0].add_(1); mine[1].sub_(1); y = layer.forward(x); "
        "dict(y=y, dx=layer.backward(dy), w=layer.w, b=layer.b)",
        **sizes(5, 4, 3),
    ),
    mistakes={
        "The bias is missing in forward; the layer is x @ w + b.": edit("x @ self.w + self.b", "x @ self.w"),
        "dw and db add up from batch to batch; start afresh in each backward.": edit(
            ("= w, b", "= w, b; self.dw = self.db = 0"),
            ("dx, self.dw, self.db = ...", "dx, dw, db = ...; self.dw = self.dw + dw; self.db = self.db + db"),
        ),
        "dw and db add up over calls of backward; start afresh in each.": edit(
            ("self.x = x", "self.x, self.dw, self.db = x, 0, 0"),
            ("dx, self.dw, self.db = ...", "dx, dw, db = ...; self.dw = self.dw + dw; self.db = self.db + db"),
        ),
        "After a second forward, backward still uses the first batch; it must use that of the last forward.": edit(
            "        self.x = x\n", "        self.x = getattr(self, 'x', x)\n"
        ),
        "All layers share one memory; keep it in self, for each layer.": edit("        self.x = x\n", "        Linear.x = x\n"),
        "The layer copies w, so that a training step on w never reaches it; keep w itself.": edit("= w, b", "= w.clone(), b"),
        "db is a mean over the rows; it is their sum.": edit("dy.sum", "dy.mean").of(LINEAR),
        "dw is divided by N; the 1/N of the mean is already in dy.": edit("self.x.T @ dy", "self.x.T @ dy / len(dy)").of(LINEAR),
        "dw is transposed: it has the shape of w.": edit("self.x.T @ dy", "dy.T @ self.x").of(LINEAR),
        "backward returns (dx, dw, db); return dx alone, keep the others.": edit("return dx", "return dx, self.dw, self.db"),
        "backward returns dw; it returns dx, for the layer below.": edit("return dx", "return self.dw"),
        "backward returns nothing; return dx, for the layer below.": edit("return dx", "pass"),
        "backward takes a step; it must leave w and b alone.": edit("return dx", "self.w -= 0.1 * self.dw\n        return dx"),
        "There is a ReLU in the linear layer; it is a layer of its own.": edit("return x ...", "return (x ...).clamp(min=0)"),
        "db has the shape (1, K); drop the axis: its shape is that of b, (K,).": edit("dim=0", "dim=0, keepdim=True").of(LINEAR),
    },
    alternatives={
        "written out": LINEAR,
        "linear_backward does the work": edit("x @ self.w + self.b", "torch.addmm(self.b, x, self.w)"),
        "einsum": edit(
            "self.x.T @ dy", "torch.einsum('nd,nk->dk', self.x, dy)", "dy @ self.w.T", "torch.einsum('nk,dk->nd', dy, self.w)"
        ).of(LINEAR),
        "dw and db exist from the start": edit("= w, b", "= w, b; self.dw = torch.zeros_like(w); self.db = 0 * b").of(LINEAR),
        "a dataclass": edit(
            ("class", "from dataclasses import dataclass\n\n@dataclass\nclass"),
            ("    def __init__(self, w, b):\n        self.w, self.b = w, b\n", "    w: torch.Tensor\n    b: torch.Tensor\n"),
        ).of(LINEAR),
    },
)

ReLU = exercise(
    "ReLU",
    case("a batch", ACTIVATION, x=normal(5, 6), dy=normal(5, 6)),
    case("a single row", ACTIVATION, x=normal(1, 6), dy=normal(1, 6)),
    case("all sizes equal", ACTIVATION, x=normal(4, 4), dy=normal(4, 4)),
    case("three axes", ACTIVATION, x=normal(2, 3, 4), dy=normal(2, 3, 4)),
    case("float64 stays float64", ACTIVATION, x=spread(4, 40, low=1e-15, high=1e15), dy=normal(4, 40, dtype=torch.float64)),
    case(
        "two batches, one after the other",
        "layer = ReLU(); layer.forward(first); layer.backward(dy); y = layer.forward(x); dict(y=y, dx=layer.backward(dy))",
        weight=2,
        **BATCHES,
    ),
    case(
        "a batch without a backward in between",
        "layer = ReLU(); layer.forward(first); y = layer.forward(x); dict(y=y, dx=layer.backward(dy))",
        **BATCHES,
    ),
    case(
        "backward twice after one forward",
        "layer = ReLU(); layer.forward(x); layer.backward(first); layer.backward(dy)",
        **BATCHES,
    ),
    case(
        "a batch of positive numbers after another",
        "layer = ReLU(); layer.forward(first); y = layer.forward(x); dict(y=y, dx=layer.backward(dy))",
        **(BATCHES | dict(x=uniform(5, 6, low=0.1, high=2))),
    ),
    case(
        "two layers do not share what they remember",
        "one, two = ReLU(), ReLU(); one.forward(x); two.forward(other); [one.backward(dy), two.backward(dy)]",
        weight=2,
        x=normal(5, 6),
        other=normal(5, 6),
        dy=normal(5, 6),
    ),
    mistakes={
        "backward lets dy through where dy itself is positive; it must pass where x was positive.": edit("dy, self.x", "dy, dy"),
        "backward lets all of dy through; where x was negative the gradient is 0.": edit("x = x", "x = x ** 2"),
        "backward returns the mask alone; multiply it by dy.": edit("relu_backward(dy, self.x)", "(self.x > 0).to(dy.dtype)"),
        "backward returns dy * relu(x); the slope is 1 where x > 0, not x.": edit("relu_backward(...)", "dy * relu(self.x)"),
        "After a second forward, backward still uses the first batch; it must use that of the last forward.": edit(
            "self.x = x", "self.x = getattr(self, 'x', x)"
        ),
        "A batch without negative numbers leaves what the batch before it left; remember each one.": edit(
            "self.x = x", "self.x = x if (x < 0).any() else getattr(self, 'x', x)"
        ),
        "All layers share one memory; keep it in self, for each layer.": edit("self.x = x", "ReLU.x = x"),
        "backward takes the oldest batch that waits; it belongs to the last forward.": edit(
            ("self.x = x", "self.waiting = [*getattr(self, 'waiting', []), x]"), ("self.x)", "self.waiting.pop(0))")
        ),
        "This is a leaky ReLU with the slope {slope}: negative entries must become 0.": edit(
            "relu(x)", "torch.maximum(x, {slope} * x)", slope=SLOPES
        ),
        "forward returns absolute values; negative entries must become 0.": edit("relu(x)", "x.abs()"),
        "The layer changes its input x in place; make new tensors.": edit("relu(x)", "x.clamp_(min=0)"),
        "forward returns x as it came; negative entries must become 0.": edit("relu(x)", "x"),
        "backward lets dy through where x was negative; turn the mask round.": edit("x = x", "x = -x"),
    },
    alternatives={
        "written out": edit("relu(x)", "x.clamp(min=0)", "relu_backward(...)", "dy * (self.x > 0)"),
        "keeps the mask": edit(
            ("self.x = x", "self.mask = x > 0"), ("relu(x)", "x * self.mask"), ("relu_backward(...)", "dy * self.mask")
        ),
        "keeps its own output": edit(
            ("self.x = x", "self.y = relu(x)"), ("return relu(x)", "return self.y"), ("relu_backward(...)", "dy * (self.y > 0)")
        ),
        "made of the two functions": edit(
            ("    def forward", "    def __init__(self):\n        self.x = None\n\n    def forward"),
            ("self.x = x", "self.x = x.clone()"),
        ),
        "in place, on copies": edit(
            ("self.x = x", "self.off = x <= 0"),
            ("return relu(x)", "y = x.clone(); y[self.off] = 0; return y"),
            ("return relu_b...", "dx = dy.clone(); dx[self.off] = 0; return dx"),
        ),
    },
    equivalent={
        "only the sign counts, and a root is NaN where there is none": [
            edit("= x", f"= x{how}") for how in (".squeeze()", " * 2", " / 2", ".sqrt()")
        ]
    },
)

SoftmaxCrossEntropy = exercise(
    "SoftmaxCrossEntropy",
    case("a batch", LOSS, logits=normal(7, 5, sd=2), labels=labels(7, 5)),
    case("a single row", LOSS, logits=normal(1, 5), labels=labels(1, 5)),
    case("as many rows as classes", LOSS, logits=normal(5, 5), labels=labels(5, 5)),
    case("one class only", LOSS, logits=normal(7, 5), labels=one_class(7, 5)),
    case("logits of ten thousand", LOSS, weight=2, logits=normal(7, 5, sd=1e4), labels=labels(7, 5)),
    case("float64 stays float64", LOSS, logits=uniform(1, 200, low=-60, high=0, dtype=torch.float64), labels=labels(1, 4)),
    case(
        "two batches, one after the other",
        "layer, other = SoftmaxCrossEntropy(), SoftmaxCrossEntropy(); layer.forward(first, others); layer.backward(); "
        "loss = layer.forward(logits, labels); other.forward(first, others); [loss, layer.backward(), layer.backward()]",
        weight=2,
        first=normal(9, 5),
        others=labels(9, 5),
        logits=normal(7, 5),
        labels=labels(7, 5),
    ),
    gradient(
        "against central differences",
        loss="SoftmaxCrossEntropy().forward(logits, labels)",
        grad="(lambda layer: (layer.forward(logits, labels), layer.backward())[1])(SoftmaxCrossEntropy())",
        wrt="logits",
        logits=normal(6, 4, dtype=torch.float64),
        labels=labels(6, 4),
    ),
    mistakes={
        "The gradient misses the 1/N of the mean; the loss is a mean over the rows.": edit(
            "self.labels)", "self.labels) * len(self.labels)"
        ),
        "The loss is a sum over the rows; take their mean.": edit("(logits, labels)\n", "(logits, labels) * len(labels)\n"),
        "Loss and gradient are both those of a sum over the rows; divide both by N.": edit(
            ("(logits, labels)\n", "(logits, labels) * len(labels)\n"), ("self.labels)", "self.labels) * len(self.labels)")
        ),
        "The gradient is softmax / N; subtract the one-hot labels before dividing.": edit("d[...] -= 1", "pass").of(WRITTEN_OUT),
        "The sign of the gradient is reversed: it is (softmax - one-hot) / N.": edit("cross_entropy_g", "-cross_entropy_g"),
        "The sign of the loss is reversed: it is minus the log-probability.": edit("cross_entropy(", "-cross_entropy("),
        "For large logits exp is inf, and loss and gradient are wrong; give exp the logits minus each row's maximum.": edit(
            "shifted = logits - ...", "shifted = logits"
        ).of(WRITTEN_OUT),
        "The loss is inf: a softmax has become 0, or exp inf. Use logits - log-sum-exp, shifted by each row's maximum.": edit(
            "log_p = ...", "log_p = after04.softmax(logits).log()"
        ).of(WRITTEN_OUT),
        "The {epsilon} in the log limits the loss; use logits - log-sum-exp, which needs none.": edit(
            "cross_entropy(...)",
            "-(after04.softmax(logits) + {epsilon}).log()[range(len(labels)), labels].mean()",
            epsilon=EPSILONS,
        ),
        "The softmax runs down the columns; take it along each row, the last axis.": edit("dim=1", "dim=0").of(WRITTEN_OUT),
        "The softmax of the gradient runs down the columns; take it over each row of the logits, the last axis.": edit(
            "return cross_entropy_gradient(self.logits, self.labels)",
            "z, d = self.logits, cross_entropy_gradient(self.logits, self.labels)\n"
            "        return d + (after04.softmax(z.T).T - after04.softmax(z)) / len(z)",
        ),
        "In forward exp is 0 in a whole row, as after subtracting the maximum of the whole batch; subtract each row's own.": edit(
            "cross_entropy(logits, labels)\n",
            "((s := logits - logits.max()).exp().sum(1).log() - s[range(len(labels)), labels]).mean()\n",
        ),
        "The loss pairs every row with every label, as by [:, labels]; pair row i with label i, [arange(N), labels].": edit(
            "log_p[rows, labels]", "log_p[:, labels]"
        ).of(WRITTEN_OUT),
        "After a second forward, the gradient is still that of the first batch; compute it anew for the last forward.": edit(
            "= logits, labels", "= getattr(self, 'logits', logits), getattr(self, 'labels', labels)"
        ),
        "backward changes what forward has kept, so that a second call differs; work on a copy.": edit(
            "self.p.clone()", "self.p"
        ).of(WRITTEN_OUT),
        "The softmax is applied twice; forward is given logits.": edit(
            "rows =", "logits = after04.softmax(logits)\n        rows ="
        ).of(WRITTEN_OUT),
        "The loss is a Python number; return a 0-d tensor.": edit("(logits, labels)", "(logits, labels).item()"),
    },
    alternatives={
        "written out": WRITTEN_OUT,
        "made of the given functions": edit("self.logits", "self.z", "self.labels", "self.y"),
        "the gradient at once": edit(
            ("self.logits, ...", "self.gradient = cross_entropy_gradient(logits, labels)"),
            ("return cross_entropy_g...", "return self.gradient"),
        ),
        "one-hot by eye, gather": (
            "class SoftmaxCrossEntropy:\n"
            "    def forward(self, logits, labels):\n"
            "        z = logits - logits.amax(-1, keepdim=True)\n"
            "        log_p = z - z.exp().sum(-1, keepdim=True).log()\n"
            "        self.p, self.target = log_p.exp(), torch.eye(z.shape[-1], dtype=z.dtype)[labels]\n"
            "        return -log_p.gather(1, labels[:, None]).mean()\n"
            "    def backward(self):\n"
            "        return (self.p - self.target) / self.p.shape[0]"
        ),
        "a sum divided by N": edit(".mean()", ".sum() / len(labels)").of(WRITTEN_OUT),
    },
    equivalent={
        "a number has no axis to lose": [edit("cross_entropy(logits, labels)", "cross_entropy(logits, labels).squeeze()")]
    },
)

EXERCISES = [relu, relu_backward, init_linear, linear_backward, forward, backward, Linear, ReLU, SoftmaxCrossEntropy]
