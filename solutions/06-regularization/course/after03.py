"""What notebooks 01 to 03 taught, ready to use. It lies beside the later notebooks only."""

import torch

from course import ENOUGH


def seeded(seed=0):
    """A new generator of random numbers."""
    return torch.Generator().manual_seed(seed)


def as_pair(images, labels):
    """uint8 images (N, 28, 28) and labels -> (x, y), x float32 (N, 784) in [0, 1]."""
    return images.flatten(1) / 255, labels


def split(data, seed=0):
    """Pairs (x, y) to train on and to validate with; a sixth of the training images, drawn by lot, is kept for the second."""
    images, labels = data.train()
    order = torch.randperm(len(labels), generator=seeded(seed))[:ENOUGH]
    held_out, kept = order[: len(order) // 6], order[len(order) // 6 :]
    return as_pair(images[kept], labels[kept]), as_pair(images[held_out], labels[held_out])


def open_test_set(data):
    """The test set as a pair (x, y). Once a notebook, when nothing is left to decide."""
    return as_pair(*data.test())


def balanced(data, per_digit, seed=0):
    """Two pairs (x, y) with so many training images of each digit; of the stand-in the second has what is left."""
    images, labels = data.train()
    generator = seeded(seed)
    rows = [torch.where(labels == digit)[0] for digit in range(10)]
    drawn = [own[torch.randperm(len(own), generator=generator)] for own in rows]
    parts = (torch.cat([own[i : i + per_digit] for own in drawn]) for i in (0, per_digit))
    return tuple(as_pair(images[part], labels[part]) for part in parts)


def everything(data):
    """All training images as one pair (x, y)."""
    return as_pair(*data.train())


def numeric_gradient(f, w, eps=1e-6):
    """The gradient of f(w) by central differences, entry by entry; w (float64) is as before afterwards."""
    gradient, entries = torch.zeros_like(w), w.view(-1)
    for i in range(len(entries)):
        kept = entries[i].item()
        entries[i] = kept + eps
        above = f(w)
        entries[i] = kept - eps
        gradient.view(-1)[i] = (above - f(w)) / (2 * eps)
        entries[i] = kept
    return gradient
