"""A pad to draw a digit on, read by one's own models."""

import numpy as np
import torch
from PIL import Image

from ..plots import COLOURS, show
from .live import show_widget

SIDE = 112  # pixels of what comes from the pad


def pad(models, example):
    """Let the models read a digit: the example in a picture, then whatever is drawn with the mouse.

    models: {name: function of images float (1, 28, 28) to ten scores, the highest wins}. example: an image (28, 28).
    """
    _draw(example, _answers(models, example))
    widget = show_widget("pad.js", lambda: {"side": SIDE, "drawing": [], "seen": [], "answers": []})
    if widget:

        def read(change):
            if image := centred(np.array(change["new"], dtype=np.uint8).reshape(SIDE, SIDE)):
                seen = torch.from_numpy(np.asarray(image)).float() / 255
                widget.seen = np.asarray(image).flatten().tolist()
                widget.answers = [{"name": name, "scores": scores} for name, scores in _answers(models, seen).items()]

        widget.observe(read, "drawing")


def centred(drawing):
    """A drawing as MNIST would have it: fitted into 20 x 20 pixels, its centre of mass in the centre of 28 x 28.

    drawing: bytes (SIDE, SIDE), white on black. Returns: an image of 28 x 28, or None if nothing is drawn.
    """
    rows, columns = np.nonzero(drawing.max(axis=1))[0], np.nonzero(drawing.max(axis=0))[0]
    if not len(rows):
        return None
    ink = Image.fromarray(drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = 20 / max(ink.size)
    small = np.asarray(ink.resize([max(1, round(scale * n)) for n in ink.size], Image.Resampling.BOX), dtype=float)
    corner = []
    for axis, length in enumerate(small.shape):
        weight = small.sum(axis=1 - axis)
        centre = (weight * np.arange(length)).sum() / weight.sum()
        corner.append(min(max(round(13.5 - centre), 0), 28 - length))
    canvas = Image.new("L", (28, 28))
    canvas.paste(Image.fromarray(small.round().astype(np.uint8)), (corner[1], corner[0]))
    return canvas


def _answers(models, image):
    """{name: ten scores from 0 to 1}: probabilities as they are, others stretched."""
    answers = {}
    for name, model in models.items():
        scores = model(image[None]).detach().flatten().double()
        if scores.min() < 0 or abs(scores.sum() - 1) > 1e-3:
            scores = (scores - scores.min()) / (scores.max() - scores.min()).clamp(min=1e-12)
        answers[name] = [round(score, 4) for score in scores.tolist()]
    return answers


def _draw(image, answers):
    import matplotlib.pyplot as plt

    _, (left, *panels) = plt.subplots(1, 1 + len(answers), figsize=(1.5 * (1 + len(answers)), 1.8))
    left.imshow(image)
    left.axis("off")
    digits = {}
    for axes, (name, scores) in zip(panels, answers.items(), strict=True):
        digits[name] = max(range(10), key=scores.__getitem__)
        bars = axes.bar(range(10), scores, color=COLOURS["grey"])
        bars[digits[name]].set(color=COLOURS["blue"])
        axes.set(title=f"{name}: {digits[name]}", xticks=range(10), yticks=[])
    show(f"An image of a digit, and how each model reads it: {', '.join(f'{name} {d}' for name, d in digits.items())}.")
