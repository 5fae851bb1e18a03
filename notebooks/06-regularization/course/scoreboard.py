"""The scoreboard that grows from notebook to notebook."""

from .plots import COLOURS, show

# What the solutions reach on the test set of MNIST and of the stand-in, each with the CPU seconds that training took on two cores
# in November 2026. tests/test_notebooks.py compares the accuracies with the outputs of the notebook that is named.
RECORDED = [
    ("01", "random guessing", (0.100, 0), (0.100, 0)),
    ("02", "nearest mean, MAE", (0.6685, 0.1), (0.794, 0.0)),
    ("02", "nearest mean, MSE", (0.820, 0.1), (0.830, 0.0)),
    ("03", "one number, linear", (0.234, 0.5), (0.178, 0.3)),
    ("03", "one number, 30 hidden units", (0.435, 7.2), (0.378, 2.8)),
    ("03", "sigmoid + MSE, wild start", (0.395, 1.6), (0.226, 0.4)),
    ("03", "softmax + MSE, wild start", (0.580, 1.8), (0.420, 0.4)),
    ("03", "sigmoid + MSE, small start", (0.911, 1.6), (0.896, 0.4)),
    ("03", "softmax + MSE, small start, large rate", (0.930, 1.6), (0.890, 0.4)),
    ("04", "one layer, cross-entropy", (0.926, 4.1), (0.890, 0.1)),
    ("05", "784-30-10 ReLU", (0.961, 0.6), (0.904, 0.3)),
    ("05", "784-64-10 sigmoid", (0.970, 0.9), (0.916, 0.4)),
    ("05", "784-300-50-10 ReLU", (0.980, 3.1), (0.934, 1.6)),
    ("06", "784-30-10, few images", (0.936, 0.4), (0.897, 0.2)),
    ("06", "784-30-10, few images, decay", (0.939, 0.5), (0.899, 0.2)),
    ("06", "784-300-10, few images, bent", (0.983, 13), (0.970, 2.6)),
    ("06", "784-300-10, all images, bent", (0.991, 35), (0.984, 7.4)),
    ("06", "resnet18 by fastai", (0.965, 28), (0.896, 10)),
]


def recorded(data):
    """{model: (accuracy, CPU seconds of training)} as they were recorded with these data."""
    return {model: mnist if data.name == "MNIST" else digits for _, model, mnist, digits in RECORDED}


def scoreboard(data, rows):
    """A bar chart of test accuracies: what earlier notebooks reached (grey), and in bold your `rows` {model: accuracy}.

    The seconds beside the bars are recorded ones, so that the picture is the same each time.
    """
    import matplotlib.pyplot as plt

    known = recorded(data)
    here = min((notebook for notebook, name, *_ in RECORDED if name in rows), default="99")
    merged = {name: known[name][0] for notebook, name, *_ in RECORDED if notebook < here} | rows
    names = sorted(merged, key=merged.get)
    _, axes = plt.subplots(figsize=(7, 0.4 * len(names) + 0.9))
    axes.barh(names, [merged[n] for n in names], color=[COLOURS["blue" if n in rows else "grey"] for n in names])
    for y, name in enumerate(names):
        seconds = f",  {known[name][1]:g} s" if name in known and known[name][1] else ""
        weight = "bold" if name in rows else "normal"
        axes.text(merged[name] + 0.01, y, f"{merged[name]:.1%}{seconds}", va="center", weight=weight)
    axes.set(xlim=(0, 1.25), xticks=[i / 5 for i in range(6)])
    axes.set_xlabel(
        f"accuracy on the test set ({data.name}); grey: earlier notebooks\nseconds: CPU time of training, as recorded"
    )
    show(f"Test accuracy of each model: {', '.join(f'{name} {merged[name]:.1%}' for name in reversed(names))}.")
