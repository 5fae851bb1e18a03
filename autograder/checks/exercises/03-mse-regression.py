"""Checks of notebook 03: one number for the digit, its loss, its gradients, and the way to one score for each digit."""

import torch

from autograder.checks import COURSE_RULES, body, case, edit, exercise, gradient, integers, labels, normal, spread, uniform

DOUBLE = torch.float64


LINEAR = exercise(
    "linear",
    case("three numbers for each row", "linear(x, w, b)", weight=2, x=normal(6, 5), w=normal(5, 3), b=normal(3)),
    case("one number for each row", "linear(x, w, b)", x=normal(6, 5), w=normal(5, 1), b=normal(1)),
    case("one row", "linear(x, w, b)", x=normal(1, 5), w=normal(5, 3), b=normal(3)),
    case("one row, one number", "linear(x, w, b)", x=normal(1, 5), w=normal(5, 1), b=normal(1)),
    case("as many numbers as rows and columns", "linear(x, w, b)", x=normal(4, 4), w=normal(4, 4), b=normal(4)),
    case(
        "float64 stays float64",
        "linear(x, w, b)",
        x=normal(3, 5, dtype=DOUBLE),
        w=normal(5, 2, dtype=DOUBLE),
        b=normal(2, dtype=DOUBLE),
    ),
    mistakes={
        "The bias is missing from the result: return the product plus b.": edit("+ b", ""),
        "You subtract the bias; add it.": edit("+ b", "- b"),
        "You add one bias to each row; b holds one for each column of the result.": edit("+ b", "+ b[:, None]"),
        "b[0] is added to all columns; each column has its own bias.": edit("+ b", "+ b[0]"),
        "You add the same number to all columns; each column has its own bias.": edit("+ b", "+ b.sum()"),
        "You add the bias before the product; add it to the result.": edit("x @ w + b", "(x + b) @ w"),
        "You multiply entry by entry; the matrix product is written @.": edit("@ w", "* w"),
        "What you compute is x @ w.T; take x @ w: the rows of w already belong to the columns of x.": edit("@ w", "@ w.T"),
        "Your result is transposed; it should have one row for each row of x.": body("return (x @ w + b).T"),
        "You drop all axes of length 1; the result is (N, K) also for N = 1 or K = 1.": body("return (x @ w + b).squeeze()"),
        "You drop the last axis when K = 1; the result is (N, 1).": body("return (x @ w + b).squeeze(-1)"),
        "Your result is float32 also where x is float64; keep the dtype of x in every step.": body("return (x @ w + b).float()"),
        "You sum the K numbers of a row into one; the result is (N, K).": body("return (x @ w + b).sum(dim=1)"),
    },
    alternatives={
        "torch.addmm": edit("x @ w + b", "torch.addmm(b, x, w)"),
        "einsum": edit("x @ w", "torch.einsum('nd,dk->nk', x, w)"),
        "broadcasting and a sum": edit("x @ w + b", "(x[:, :, None] * w).sum(dim=1) + b.reshape(1, -1)"),
        "a loop over rows": body("return torch.stack([row @ w + b for row in x])"),
        "a loop over rows and columns": body(
            "result = torch.empty(len(x), len(b), dtype=x.dtype)",
            "for i in range(len(x)):",
            "    for k in range(len(b)):",
            "        result[i, k] = sum(x[i] * w[:, k]) + b[k]",
            "return result",
        ),
        "the bias as the weight of a column of ones": body(
            "return torch.cat([x, torch.ones_like(x[:, :1])], dim=1) @ torch.cat([w, b[None]])"
        ),
        "NumPy": edit("x @ w + b", "torch.from_numpy(x.numpy() @ w.numpy() + b.numpy())"),
    },
)


def loss(title, prediction, target, **options):
    return case(title, "mse_loss(prediction, target)", prediction=prediction, target=target, **options)


MSE_LOSS = exercise(
    "mse_loss",
    loss("predictions (N, 1), targets (N,)", normal(8, 1), normal(8, mean=4), weight=2),
    loss("predictions (N, 1), labels (N,)", normal(8, 1, mean=4), labels(8)),
    loss("predictions and targets (N, 1)", normal(8, 1), normal(8, 1)),
    loss("predictions and targets (N, K)", normal(5, 3), normal(5, 3)),
    loss("predictions and targets (N,)", normal(6), normal(6)),
    loss("a single prediction", normal(1, 1), normal(1)),
    loss("float64 stays float64", normal(5, 2, dtype=DOUBLE), normal(5, 2, dtype=DOUBLE)),
    loss("(N, K) and (N,) are refused", normal(6, 3), normal(6), raises=ValueError),
    loss("(N, N) and (N,) are refused", normal(4, 4), normal(4), raises=ValueError),
    loss("(N, K) and (N, 1) are refused", normal(6, 3), normal(6, 1), raises=ValueError),
    loss("(N,) and (N, 1) are refused", normal(6), normal(6, 1), raises=ValueError),
    loss("as many entries in another shape are refused", normal(6, 2), normal(4, 3), raises=ValueError),
    loss("different numbers of rows are refused", normal(6, 1), normal(1), raises=ValueError),
    mistakes={
        "All shapes with as many entries pass, as after flatten; compare shapes, let only a target (N,) become (N, 1).": body(
            "if prediction.numel() != target.numel():",
            "    raise ValueError",
            "return ((prediction - target.reshape(prediction.shape)) ** 2).mean()",
        ),
        "(N, 1) minus (N,) is (N, N): each prediction meets every label. Make the target (N, 1) first.": body(
            "return ((prediction - target) ** 2).mean()"
        ),
        "You accept a prediction (N,) with a target (N, 1), as after a squeeze of both; only a target may get an axis.": edit(
            (
                "column =",
                "prediction, target = (t.squeeze(1) if t.shape[1:] == (1,) else t for t in (prediction, target)); column =",
            )
        ),
        "Targets of another shape are broadcast silently; raise ValueError unless they fit.": edit("!= column", "!= prediction"),
        "You refuse a target (N,) for a prediction (N, 1); make it (N, 1) before you compare shapes.": edit("1", "0"),
        "Shapes that do not fit raise another exception; raise ValueError yourself.": edit("ValueError", "RuntimeError"),
        "You return the sum; take the mean over all entries.": edit("mean", "sum"),
        "You divide by the number of rows; the mean is over all N * K entries.": edit("mean()", "sum() / len(prediction)"),
        "You return the sum, and (N, 1) minus (N,) is (N, N): take the mean, make the target (N, 1).": body(
            "return ((prediction - target) ** 2).sum()"
        ),
        "You average absolute errors, and (N, 1) minus (N,) is (N, N): average the squares, make the target (N, 1).": body(
            "return (prediction - target).abs().mean()"
        ),
        "You return the root, and (N, 1) minus (N,) is (N, N): return the mean square itself, make the target (N, 1).": body(
            "return ((prediction - target) ** 2).mean().sqrt()"
        ),
        "You take half, and (N, 1) minus (N,) is (N, N): no 1/2 here; make the target (N, 1).": body(
            "return ((prediction - target) ** 2).mean() / 2"
        ),
        "You take half the mean; there is no 1/2 in this loss.": edit("mean()", "mean() / 2"),
        "You average absolute errors; average squares.": edit("((prediction - column) ** 2)", "(prediction - column).abs()"),
        "You return the root of the mean square; the loss is the mean square itself.": edit("mean()", "mean().sqrt()"),
        "You average the errors themselves, so positive and negative ones cancel; average their squares.": edit("** 2", ""),
        "You square after the mean, where errors cancel; do it before.": edit("(...).mean()", "(...).mean() ** 2", " ** 2)", ")"),
        "You square the numbers; square their difference.": edit("(prediction - column) ** 2", "prediction**2 - column**2"),
        "You return a mean for each column; the loss is one number.": edit("mean()", "mean(dim=0)"),
        "You return a Python number; the loss is a 0-d tensor.": edit("mean()", "mean().item()"),
        "Your loss is always float32; keep the dtype of the prediction.": edit("mean()", "mean().float()"),
        "You round predictions to whole numbers; compare them as they are.": edit("prediction -", "prediction.round() -"),
    },
    alternatives={
        "target.unsqueeze and torch.square": edit(
            "column = ...", "column = target.unsqueeze(-1) if target.ndim < prediction.ndim else target"
        ),
        "a sum divided by numel": edit("mean()", "sum() / prediction.numel()"),
        "a loop over entries": edit(
            "return ...", "return sum((p - t) ** 2 for p, t in zip(prediction.flatten(), column.flatten())) / prediction.numel()"
        ),
        "a scalar product": body(
            "if prediction.shape != target.shape and prediction.shape != (*target.shape, 1):",
            "    raise ValueError",
            "error = prediction.flatten() - target.flatten()",
            "return error @ error / len(error)",
        ),
        "a copy changed in place": body(
            "error = prediction.clone()",
            "if target.shape == (len(prediction),) and error.shape[1:] == (1,):",
            "    target = target.reshape(-1, 1)",
            "if target.shape != error.shape:",
            "    raise ValueError('shapes')",
            "error -= target",
            "error *= error",
            "return error.mean()",
        ),
    },
    equivalent={
        "a square has no sign": [edit("prediction - column", "column - prediction")],
        "a number has no axis to lose": [edit("mean()", "mean().squeeze()")],
    },
)


def slopes(title, f, eps, **inputs):
    """w itself is part of the evidence, so that restoring it up to a rounding error is enough."""
    code = f"w = w.clone(); g = numeric_gradient(lambda w: {f}, w, {eps}); dict(gradient=g, w=w)"
    return case(title, code, tolerance="float64", **inputs)


NUMERIC_GRADIENT = exercise(
    "numeric_gradient",
    slopes("a cubic function of a matrix, large eps", "(w**3).sum()", 0.1, weight=2, w=normal(3, 4, dtype=DOUBLE)),
    slopes("entries that depend on each other", "w.prod()", 0.01, w=uniform(5, low=1, high=2, dtype=DOUBLE)),
    slopes("three axes, a function below 0", "-(w**2 * torch.arange(1.0, 4.0)).sum()", 0.5, w=normal(2, 2, 3, dtype=DOUBLE)),
    slopes("a single column", "(w**3).sum()", 0.2, w=normal(3, 1, dtype=DOUBLE)),
    slopes(
        "the loss of a linear model, small eps",
        "((x @ w - t) ** 2).mean()",
        1e-5,
        x=normal(6, 4, dtype=DOUBLE),
        t=normal(6, 2, dtype=DOUBLE),
        w=normal(4, 2, dtype=DOUBLE),
    ),
    case(
        "a float32 w",
        "numeric_gradient(lambda w: (w**2).sum(), w.clone(), 0.01)",
        view=lambda g, inputs: {
            "dtype": str(g.dtype),
            "shape": list(g.shape),
            "near 2 * w": bool(((g - 2 * inputs["w"]).abs() < 0.01).all()),
        },
        w=normal(3, 2),
    ),
    rules=COURSE_RULES - {"numeric derivative"},  # it is what is asked for
    mistakes={
        "The slope is from w itself to w raised by eps; take it from w lowered to w raised, 2 * eps apart.": edit(
            "below = f(nudged)", "below = f(w)", "(2 * eps)", "eps"
        ),
        "The slope is from w lowered by eps to w itself; take it from w lowered to w raised, 2 * eps apart.": edit(
            "above = f(nudged)", "above = f(w)", "(2 * eps)", "eps"
        ),
        "You divide by eps; the two points are 2 * eps apart.": edit("2", "1"),
        "You divide by 2 alone; the two points are 2 * eps apart.": edit("2 * eps", "(2)"),
        "Your gradient holds bare differences; divide each by the points' distance, 2 * eps.": edit(" / (2 * eps)", ""),
        "Your slopes have the wrong sign: take the loss with the entry raised minus the loss with it lowered.": edit("2", "(-2)"),
        "w stays nudged; put each entry back, also the last. A kept w[i] is a view that moves along: keep w[i].item().": edit(
            "w.clone()", "w", "= w[i] + eps", "+= eps", "= w[i] - eps", "-= 2 * eps", "        nudged[i] = w[i]\n", ""
        ),
        "Entries nudged before stay nudged, up and down; undo each nudge before the next.": body(
            "gradient, up, down = torch.zeros_like(w), w.clone(), w.clone()",
            "for i in np.ndindex(*w.shape):",
            "    up[i], down[i] = up[i] + eps, down[i] - eps",
            "    gradient[i] = (f(up) - f(down)) / (2 * eps)",
            "return gradient",
        ),
        "Entries stay nudged down while you nudge the next; put each back.": edit("        nudged[i] = w[i]\n", ""),
        "eps makes no difference to your slopes, as if it were always {nudge}; nudge by eps.": edit(
            "gradient = torch", "eps = {nudge}\n    gradient = torch", nudge=(1e-5, 1e-4, 1e-3, 1e-2)
        ),
        "Your gradient is always float32; give it the dtype of w, as zeros_like(w) has.": edit("(w)", "(w).float()"),
        "The nudged w is float32; keep the dtype of w.": edit("w.clone()", "w.float()", "f(nudged)", "f(nudged.to(w.dtype))"),
        "The losses are rounded to float32, and eps is lost; keep what f returns.": edit("f(nudged)", "f(nudged).float()"),
        "You nudge a whole row at once; nudge each entry by itself.": edit("np.ndindex(*w.shape)", "range(len(w))"),
        "You nudge all entries at once; nudge one at a time.": body("return 0 * w + (f(w + eps) - f(w - eps)) / (2 * eps)"),
        "You skip the last entry; each one has a slope.": edit("np.ndindex(...)", "list(np.ndindex(...))[:-1]"),
        "You skip all rows but the first; all have slopes.": edit("np.ndindex(...)", "list(np.ndindex(...))[: w[0].numel()]"),
        "Your gradient is flat; give it the shape of w.": edit("return gradient", "return gradient.flatten()"),
        "Your nudge grows with the entry; add and subtract eps itself.": edit("+ eps", "* (1 + eps)", "- eps", "* (1 - eps)"),
    },
    alternatives={
        "in place, on a flat view": body(
            "flat, result = w.view(-1), []",
            "for i in range(len(flat)):",
            "    old = flat[i].item()",
            "    flat[i] = old + eps",
            "    above = f(w).item()",
            "    flat[i] = old - eps",
            "    below = f(w).item()",
            "    flat[i] = old",
            "    result.append((above - below) / (2 * eps))",
            "return torch.tensor(result, dtype=w.dtype).reshape(w.shape)",
        ),
        "in place, adding and subtracting": body(
            "result = torch.zeros_like(w)",
            "for i in np.ndindex(*w.shape):",
            "    w[i] += eps",
            "    above = f(w)",
            "    w[i] -= 2 * eps",
            "    below = f(w)",
            "    w[i] += eps",
            "    result[i] = (above - below) / (2 * eps)",
            "return result",
        ),
        "unit matrices": body(
            "units = torch.eye(w.numel(), dtype=w.dtype).reshape(-1, *w.shape)",
            "return torch.stack([(f(w + eps * u) - f(w - eps * u)) / eps / 2 for u in units]).reshape(w.shape)",
        ),
        "divided by the distance as it was rounded": edit("2 * eps", "(w[i] + eps) - (w[i] - eps)"),
        "the entries in another order": edit("np.ndindex(*w.shape)", "reversed(list(np.ndindex(*w.shape)))"),
        "a fresh copy for each nudge": body(
            "def at(i, step):",
            "    v = w.detach().clone()",
            "    v.view(-1)[i] += step",
            "    return f(v)",
            "return torch.stack([at(i, eps) - at(i, -eps) for i in range(w.numel())]).view_as(w) / (2 * eps)",
        ),
    },
    equivalent={
        "every entry is written over": ["torch.zeros_like(w)", edit("gradient[i] =", "gradient[i] +=")],
        "all three are of one shape, and equal there": [
            edit("*w.shape", "*gradient.shape"),
            edit("*w.shape", "*nudged.shape"),
            edit("w[i] + eps", "nudged[i] + eps"),
        ],
        "a number has no axis to lose": [
            *(edit(f"{name} = ...", f"{name} = (...).squeeze()") for name in ("above", "below", "gradient[i]")),
            *(edit(f"= {value}\n", f"= ({value}).squeeze()\n") for value in ("w[i] + eps", "w[i] - eps", "w[i]")),
        ],
    },
)


def model(n, d, k, dtype=torch.float32):
    """Inputs of a linear model."""
    return dict(x=normal(n, d, dtype=dtype), w=normal(d, k, dtype=dtype), b=normal(k, dtype=dtype))


def gradients(title, **inputs):
    return case(title, "mse_gradient(x, w, b, target)", **inputs)


MSE_GRADIENT = exercise(
    "mse_gradient",
    gradient(
        "the slope of the loss",
        loss="mse_loss(linear(x, w, b), target)",
        grad="mse_gradient(x, w, b, target)",
        wrt=("w", "b"),
        target=normal(7, mean=4, dtype=DOUBLE),
        **model(7, 5, 1, DOUBLE),
    ),
    gradients("one number, targets (N,)", weight=2, target=normal(8), **model(8, 5, 1)),
    gradients("one number, targets (N, 1)", target=normal(8, 1), **model(8, 5, 1)),
    gradients("one number, labels (N,)", target=labels(8), **model(8, 5, 1)),
    gradients("three numbers", weight=2, target=normal(8, 3), **model(8, 5, 3)),
    gradients("one row", target=normal(1, 3), **model(1, 5, 3)),
    gradients("as many rows, columns and numbers", target=normal(4, 4), **model(4, 4, 4)),
    gradients("float64 stays float64", target=normal(1, 2, dtype=DOUBLE), **model(1, 80, 2, DOUBLE) | dict(x=spread(1, 80))),
    mistakes={
        "The factor 2 is missing: the derivative of a square is twice the error.": edit("2", "1"),
        "The loss is a mean: divide by the number of entries, N * K.": edit(" / prediction.numel()", ""),
        "You divide by the number of rows; the mean is over all N * K entries.": edit("prediction.numel()", "len(x)"),
        "The factor 2 is missing, and you divide by the number of rows, not by all N * K entries.": edit(
            "2 * ", "", "prediction.numel()", "len(x)"
        ),
        "The factor 2 and the division by N * K are missing: a mean of squares.": edit("2 * ", "", " / prediction.numel()", ""),
        "dw and db have the wrong sign: take prediction minus target for the error, and no minus elsewhere.": edit("2", "(-2)"),
        "dw is divided by N twice; divide by N * K, and sum over the rows.": edit("x.T @ slope", "x.T @ slope / len(x)"),
        "db is not summed: add up the rows, so that it has the shape of b.": edit(".sum(dim=0)", ""),
        "db is divided by N twice; divide by N * K, and sum over the rows.": edit("sum", "mean"),
        "db keeps an axis of length 1; it has the shape of b, (K,).": edit("dim=0", "dim=0, keepdim=True"),
        "You sum db over the columns; sum over the rows.": edit("dim=0", "dim=1"),
        "db is a single number; b has one entry for each column.": edit("dim=0", ""),
        "Only the last row counts: add up all of them, with +=.": edit("x.T @ slope, slope", "x[-1:].T @ slope[-1:], slope[-1:]"),
        "Divide db by the number of entries, as you do with dw.": edit("slope.sum(...)", "slope.sum(...) * prediction.numel()"),
        "(N, 1) minus (N,) is (N, N): make the target (N, 1) before you subtract.": edit(
            "target.reshape(prediction.shape)) / prediction.numel()", "target) / (prediction - target).numel()"
        ),
        "The bias is missing from your prediction: x @ w + b.": edit("x @ w + b", "(x @ w)"),
        "dw is transposed; it should have the shape of w, (D, K).": edit("x.T @ slope", "slope.T @ x"),
        "x must be transposed for dw: (D, N) @ (N, K) is (D, K).": edit(".T", ""),
        "dw and db are swapped; return (dw, db).": edit("x.T @ slope, slope.sum(dim=0)", "slope.sum(dim=0), x.T @ slope"),
        "The result is always float32; keep the dtype of x.": edit("return ...", "return [part.float() for part in (...)]"),
        "You change the target in place; make a new tensor for the errors.": body(
            "target = target.view(len(x), -1)",
            "target -= x @ w + b",
            "slope = -2 * target / target.numel()",
            "return x.T @ slope, slope.sum(dim=0)",
        ),
        "That is the slope of the absolute error; the slope of a square is twice the error.": edit("2 * (...)", "(...).sign()"),
    },
    alternatives={
        "einsum": edit("x.T @ slope, slope.sum(dim=0)", "torch.einsum('nd,nk->dk', x, slope), torch.einsum('nk->k', slope)"),
        "a loop over rows": body(
            "dw, db = torch.zeros_like(w), torch.zeros_like(b)",
            "for row, t in zip(x, target.reshape(len(x), -1), strict=True):",
            "    e = row @ w + b - t",
            "    dw += 2 * torch.outer(row, e) / (len(x) * len(b))",
            "    db += 2 * e / (len(x) * len(b))",
            "return dw, db",
        ),
        "the normal equations": edit(
            "x.T @ slope",
            "2 * (x.T @ x @ w + x.sum(0)[:, None] * b - x.T @ target.reshape(len(x), -1).to(x.dtype)) / prediction.numel()",
        ),
        "the bias as the weight of a column of ones": body(
            "ones = torch.cat([x, x.new_ones(len(x), 1)], dim=1)",
            "error = ones @ torch.cat([w, b.unsqueeze(0)]) - (target if target.ndim == 2 else target.unsqueeze(1))",
            "both = 2 * ones.t().mm(error) / error.numel()",
            "return both[:-1], both[-1]",
        ),
        "broadcasting and means": edit(
            ("prediction.numel()", "len(b)"),
            ("return ...", "return (x[:, :, None] * slope[:, None, :]).mean(dim=0), slope.mean(0)"),
        ),
        "a list": edit("return ...", "return [...]"),
    },
    equivalent={
        "factors come in any order, and both have as many entries": [
            "2 * (prediction - target.reshape(prediction.shape)) / prediction.numel()"
        ]
    },
)


def parameters(*shapes, dtype=torch.float32):
    return lambda g: [torch.randn(*shape, generator=g, dtype=DOUBLE).to(dtype) for shape in shapes]


ONE_LAYER, TWO_LAYERS = ((5, 3), (3,)), ((5, 4), (4,), (4, 3), (3,))
STEP = "before = list(params); returned = sgd_step(params, grads, lr); dict(returned=returned, parameters=before)"

SGD_STEP = exercise(
    "sgd_step",
    case("one layer", STEP, weight=2, params=parameters(*ONE_LAYER), grads=parameters(*ONE_LAYER), lr=0.1),
    case("two layers", STEP, params=parameters(*TWO_LAYERS), grads=parameters(*TWO_LAYERS), lr=0.03),
    case("one score for each row", STEP, params=parameters((5, 1), (1,)), grads=parameters((5, 1), (1,)), lr=0.2),
    case("another rate", STEP, params=parameters(*ONE_LAYER), grads=parameters(*ONE_LAYER), lr=2.5),
    case(
        "the list still holds the parameters",
        "sgd_step(params, grads, lr); params",
        params=parameters(*ONE_LAYER),
        grads=parameters(*ONE_LAYER),
        lr=0.5,
    ),
    case(
        "two steps",
        "before = list(params); sgd_step(params, grads, lr); sgd_step(params, grads, lr); before",
        params=parameters(*ONE_LAYER),
        grads=parameters(*ONE_LAYER),
        lr=0.2,
    ),
    case("float64", STEP, params=parameters(*ONE_LAYER, dtype=DOUBLE), grads=parameters(*ONE_LAYER, dtype=DOUBLE), lr=0.1),
    in_place=True,
    mistakes={
        "You step uphill; subtract the gradient.": edit("-= lr", "+= lr"),
        "Nothing moves, as with p = p - ..., which makes a new tensor; change p itself, in place.": edit("p -= lr", "p = lr"),
        "You put new tensors into the list; change the tensors themselves, in place.": body(
            "for i, (p, g) in enumerate(zip(params, grads)):", "    params[i] = p - lr * g"
        ),
        "The bias does not move: step through all parameters.": edit("* g", "* g * (p.ndim == 2)"),
        "Only the first parameter moves: go on to all the others.": edit("zip(params, grads", "zip(params[:1], grads[:1]"),
        "Only the first layer moves: step through all parameters.": edit("zip(params, grads", "zip(params[:2], grads[:2]"),
        "Only the first parameter moves, and you return it: step all, return None.": edit("* g", "* g\n        return params"),
        "The learning rate is applied twice; once is enough.": edit("lr *", "lr * lr *"),
        "The learning rate is missing: the step is lr times the gradient.": edit("lr * g", "g"),
        "You divide by the learning rate; multiply.": edit("lr * g", "g / lr"),
        "You return the parameters, changed in place already: return None.": body("right(params, grads, lr)", "return params"),
        "You return new parameters; change the old ones in place.": body("return [p - lr * g for p, g in zip(params, grads)]"),
        "The gradients end scaled by lr; leave them as they are: p -= lr * g.": edit("p -= lr * g", "g *= lr\n        p -= g"),
        "You change the gradients (to 0?); leave them as they are.": edit("* g", "* g\n        g.zero_()"),
        "You divide the gradient by its length; use it as it is.": edit("* g", "* g / g.norm()"),
        "You use the sign of the gradient only; use its size too.": edit("* g", "* g.sign()"),
        "The parameter becomes -lr * g; subtract lr * g from what it was.": edit("p -= lr * g", "p.copy_(-lr * g)"),
        "Your step has the parameter as a factor; it is lr times the gradient alone.": edit("* g", "* (g * p)"),
    },
    alternatives={
        "sub_": edit("p -= lr * g", "p.sub_(lr * g)"),
        "add_ with alpha": edit("p -= lr * g", "p.add_(g, alpha=-lr)"),
        "under no_grad": body("with torch.no_grad():", "    for p, g in zip(params, grads):", "        p.copy_(p - g * lr)"),
        "slices": edit("p -= lr * g", "p[:] = p - lr * g"),
        "indices": body("for i in range(len(params)):", "    params[i] -= lr * grads[i]"),
        "a loop over rows": edit("p -= lr * g", "for j in range(len(p)):\n            p[j] = p[j] - lr * g[j]"),
        "in place through .data": edit("p -= lr * g", "p.data = p.data.sub_(lr * g)"),
    },
    equivalent={"the lists are equally long": [edit("strict=True", "strict=False"), edit(", strict=True", "")]},
)


TO_DIGIT = exercise(
    "to_digit",
    case("predictions around the digits", "to_digit(prediction)", weight=2, prediction=uniform(40, 1, low=-0.4, high=9.4)),
    case("far outside", "to_digit(prediction)", weight=2, prediction=normal(40, 1, sd=40)),
    case(
        "just below and above a digit",
        "to_digit(prediction)",
        prediction=lambda g: torch.randint(0, 10, (30, 1), generator=g) + 0.45 * (torch.rand(30, 1, generator=g) - 0.5).sign(),
    ),
    case("one prediction", "to_digit(prediction)", prediction=uniform(1, 1, low=2, high=8)),
    case("float64", "to_digit(prediction)", prediction=uniform(12, 1, low=-3, high=12, dtype=DOUBLE)),
    mistakes={
        "The fraction is cut off, 6.83 becomes 6; round to the nearest digit first.": edit("round().", ""),
        "Each answer is 9, the digit of the smallest signed difference; the nearest has the smallest in size, abs().": body(
            "return (prediction - torch.arange(10)).argmin(dim=1)"
        ),
        "You round up; round to the nearest digit.": edit("round", "ceil"),
        "Digits go below 0 and above 9; clamp, and keep what clamp returns.": edit("clamp(0, 9).long", "long"),
        "Your results go above 9, and there is no digit 12; clamp from above, too.": edit("0, 9", "min=0"),
        "Your results go below 0, and there is no digit -3; clamp from below, too.": edit("0, 9", "max=9"),
        "Your results go up to 10; the largest digit is 9.": edit("9", "10"),
        "Your results start at 1; 0 is a digit, too.": edit("0", "1"),
        "Your results stop at 8; 9 is a digit, too.": edit("9", "8"),
        "Your result is (N, 1); labels are (N,), drop the second axis.": edit(".squeeze(1)", ""),
        "A single prediction loses its only axis; drop the second axis alone.": edit("1", ""),
        "Your result is floating point; labels are int64.": edit(".long()", ""),
        "Your result is int32; labels are int64.": edit("long", "int"),
        "Each answer is 0, as by argmax over a row with one entry; take the digit nearest to that entry.": edit("9", "0"),
        "You take the remainder by 10; numbers outside 0..9 go to the nearest digit.": edit("clamp(0, 9).long()", "long() % 10"),
        "You drop the sign; a negative prediction is nearest to 0.": edit("clamp", "abs().clamp"),
        "You return one digit for all; each row has its own.": edit("squeeze(1)", "mean(dim=0)"),
    },
    alternatives={
        "half added, then the floor": body("return torch.floor(prediction[:, 0] + 0.5).clamp(0, 9).to(torch.int64)"),
        "clamped first": body("return prediction.clamp(min=0, max=9).round().long().flatten()"),
        "the nearest of ten digits": body("return (prediction - torch.arange(10)).abs().argmin(dim=1)"),
        "a loop": body("return torch.tensor([min(max(round(p.item()), 0), 9) for p in prediction])"),
        "NumPy": body("return torch.from_numpy(np.clip(np.rint(prediction.numpy()), 0, 9).astype(np.int64).reshape(-1))"),
    },
    equivalent={
        "the second axis is the last": [edit("squeeze(1)", "squeeze(-1)")],
        "what is rounded is 0 or at least 1": [edit("clamp(0, 9)", "clamp(0.5, 9)")],
        "these calls may come in any order": [
            edit("squeeze(1).round()", "round().squeeze(1)"),
            edit("round().clamp(0, 9)", "clamp(0, 9).round()"),
            edit("clamp(0, 9).long()", "long().clamp(0, 9)"),
        ],
    },
)


def extremes(dtype):
    fixed = torch.tensor([-1e4, -800.0, -100.0, -89.0, 0.0, 89.0, 100.0, 800.0, 1e4], dtype=dtype)
    return lambda g: fixed[torch.randperm(len(fixed), generator=g)]


SIGMOID = exercise(
    "sigmoid",
    case("a batch of scores", "sigmoid(z)", weight=2, z=normal(5, 4, sd=2)),
    case("scores from -1e4 to 1e4", "sigmoid(z)", weight=2, z=extremes(torch.float32)),
    case("few above and many below zero", "sigmoid(z)", z=torch.tensor([1000.0, -2000.0, -3.0])),
    case("zeros", "sigmoid(z)", z=torch.zeros(3)),
    case("negative scores", "sigmoid(z)", z=uniform(8, low=-8, high=-0.5)),
    case("one row of one score", "sigmoid(z)", z=normal(1, 1)),
    case("float64 stays float64", "sigmoid(z)", z=normal(3, 2, 2, sd=4, dtype=DOUBLE)),
    case("float64 from -1e4 to 1e4", "sigmoid(z)", z=extremes(DOUBLE)),
    mistakes={
        "Your result is sigmoid(2 * z), as with (1 + tanh(z)) / 2; halve z first.": body("return (1 + z.tanh()) / 2"),
        "The largest score is subtracted, as in softmax; a sigmoid sees each score alone.": edit("-z", "z.max() - z"),
        "Large scores give NaN, inf / inf. Use 1 / (1 + exp(-z)) for all.": body("return z.exp() / (1 + z.exp())"),
        "What should be 1 is 0, where exp(z) is infinite: take 1 / (1 + exp(-z)).": body(
            "return (z.exp() / (1 + z.exp())).nan_to_num(0.0)"
        ),
        "The sign: large scores should give 1.": edit("-z", "z"),
        "Your result is exp(z); take 1 / (1 + exp(-z)), with the 1 in the divisor.": edit("1 + torch", "torch"),
        "Your result is 1 + exp(-z), as 1 / 1 + exp(-z) is without brackets; take 1 / (1 + exp(-z)).": edit("1 /", ""),
        "That is tanh, which runs from -1 to 1.": edit("1 / (1 + torch.exp(-z)", "z.tanh("),
        "One sign decides for all scores; each needs the form that does not overflow.": body(
            "return 1 / (1 + (-z).exp()) if z.sum() >= 0 else z.exp() / (1 + z.exp())"
        ),
        "That is softmax; a sigmoid looks at each score by itself.": body(
            "e = (z - z.amax(-1, keepdim=True)).exp()", "return e / e.sum(-1, keepdim=True)"
        ),
        "A negative score gets the result of its absolute value; sigmoid(-z) is 1 - sigmoid(z).": edit("-z", "-z.abs()"),
        "Scores of exactly 0 are left out; sigmoid(0) is 0.5.": body(
            "a = torch.zeros_like(z)",
            "a[z > 0] = 1 / (1 + torch.exp(-z[z > 0]))",
            "a[z < 0] = torch.exp(z[z < 0]) / (1 + torch.exp(z[z < 0]))",
            "return a",
        ),
        "That is the slope of the sigmoid; return the sigmoid itself.": edit(
            "/ (1 + torch.exp(-z))", "/ (1 + torch.exp(-z)) * (1 - 1 / (1 + torch.exp(-z)))"
        ),
        "You clip the scores at {bound}; that changes some.": edit("-z", "-z.clamp(-{bound}, {bound})", bound=(1, 2, 4, 5, 10)),
        "Your result is always float32; keep the dtype of z.": body("return (1 / (1 + torch.exp(-z))).float()"),
        "Your result is float64 also where z is float32; return it in the dtype of z.": edit("-z", "-z.double()"),
        "You return 0 or 1 for each score; return the values in between.": body("return (z > 0).to(z.dtype)"),
        "You cut the line at 0 and 1; use the exponential function.": edit("1 / (1 + torch.exp(-z)", "(z / 4 + 0.5).clamp(0, 1"),
        "You change z in place; make a new tensor.": edit("1 / (1 + torch.exp(-z)", "z.neg_().exp_().add_(1).reciprocal_("),
    },
    alternatives={
        "tanh": body("return 0.5 * (1 + torch.tanh(z / 2))"),
        "two branches": body("e = torch.exp(-z.abs())", "return torch.where(z >= 0, 1 / (1 + e), e / (1 + e))"),
        "masks": body(
            "a = torch.empty_like(z)",
            "up = z >= 0",
            "a[up] = 1 / (1 + torch.exp(-z[up]))",
            "a[~up] = torch.exp(z[~up]) / (1 + torch.exp(z[~up]))",
            "return a",
        ),
        "clamped where no digit shows it": edit("-z", "-z.clamp(-50, 50)"),
        "in place on a copy": edit("1 / (1 + torch.exp(-z)", "z.clone().neg_().exp_().add_(1).reciprocal_("),
        "computed in float64": body("return (1 / (1 + torch.exp(-z.double()))).to(z.dtype)"),
        "a loop": body("return torch.stack([1 / (1 + math.e ** -v) for v in z.flatten()]).reshape(z.shape)"),
    },
)


ONE_HOT = exercise(
    "one_hot",
    case("all classes occur", "one_hot(labels, num_classes)", weight=2, labels=labels(25), num_classes=10),
    case(
        "the largest classes do not occur", "one_hot(labels, num_classes)", weight=2, labels=integers(8, high=7), num_classes=10
    ),
    case("as many labels as classes", "one_hot(labels, num_classes)", labels=integers(6, high=6), num_classes=6),
    case("each class once", "one_hot(labels, num_classes)", labels=labels(5, 5), num_classes=5),
    case("one label", "one_hot(labels, num_classes)", labels=integers(1, low=1, high=3), num_classes=4),
    mistakes={
        "Your columns end at the largest label; make num_classes of them.": edit("eye(...)", "eye(int(labels.max()) + 1)"),
        "Only labels that occur have a column; make num_classes columns, one for each class.": body(
            "seen = labels.unique()", "return (labels[:, None] == seen).float()"
        ),
        "You always make ten columns; use num_classes.": edit("num_classes, device=labels.device", "10"),
        "Your result is transposed: one row for each label, one column for each class.": edit("[labels]", "[labels].T"),
        "Your result is an integer tensor; it is float32, as predictions are.": edit("[labels]", "[labels].long()"),
        "Your result is True and False; it is float32, as predictions are.": edit("[labels]", "[labels] > 0"),
        "Your result is float64; it should be float32.": edit("device=labels.device", "dtype=torch.float64"),
        "Columns count from 0: label 0 belongs to the first.": body("return torch.eye(num_classes)[labels - 1]"),
        "Columns count from 0: label 0 belongs to the first column.": edit("[labels", "[(labels + 1) % num_classes"),
        "You set whole columns, in all rows; each row has a single 1.": body(
            "rows = torch.zeros(len(labels), num_classes)", "rows[:, labels] = 1", "return rows"
        ),
        "You set all columns up to the label; set one.": body("return (torch.arange(num_classes) <= labels[:, None]).float()"),
        "You write the label into its column; write 1.": body("return torch.eye(num_classes)[labels] * labels[:, None]"),
        "0 and 1 are swapped: the label's own column holds the 1.": edit("torch", "1 - torch"),
        "You write -1 elsewhere; write 0.": body("return 2 * torch.eye(num_classes)[labels] - 1"),
        "Your rows are sorted by label; row i belongs to labels[i].": body("return torch.eye(num_classes)[labels.sort().values]"),
        "You change the labels; leave them as they are.": edit("return ...", "rows = ...\n    labels.zero_()\n    return rows"),
        "The columns run backwards: label 0 belongs to the first.": edit(", device=labels.device", ").flip(1"),
    },
    alternatives={
        "a comparison": body("return (labels[:, None] == torch.arange(num_classes)).float()"),
        "index pairs": body(
            "rows = torch.zeros(len(labels), num_classes)", "rows[torch.arange(len(labels)), labels] = 1", "return rows"
        ),
        "scatter": body("return torch.zeros(labels.shape[0], num_classes).scatter_(1, labels.unsqueeze(1), 1.0)"),
        "a loop": body(
            "rows = torch.zeros((len(labels), num_classes))",
            "for i, label in enumerate(labels):",
            "    rows[i, label] = 1.0",
            "return rows",
        ),
        "NumPy": body("return torch.from_numpy(np.eye(num_classes, dtype=np.float32)[labels.numpy()])"),
        "in lists": body("return torch.tensor([[float(k == label) for k in range(num_classes)] for label in labels.tolist()])"),
    },
    equivalent={
        "zeros and ones are their own squares": [edit("[labels]", "[labels].sqrt()"), edit("[labels]", "[labels] ** 2")],
        "there is one device here": [edit(", device=labels.device", "")],
    },
)

EXERCISES = [LINEAR, MSE_LOSS, NUMERIC_GRADIENT, MSE_GRADIENT, SGD_STEP, TO_DIGIT, SIGMOID, ONE_HOT]
