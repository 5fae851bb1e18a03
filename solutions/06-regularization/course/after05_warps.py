"""Images as another hand might have written them: moved, turned, stretched, bent; and thinner or thicker."""

import math

import torch

PLACES = torch.arange(28.0)


def warp(images, generator, move=1.0, turn=10.0, stretch=0.1, bend=1.0, smooth=4.0):
    """All images (N, 28, 28), float, under one random deformation (Simard, Steinkraus and Platt 2003).

    move: pixels; turn: degrees; stretch: a fraction; each uniform up to this, either way.
    bend: the spread in pixels of a smooth random field; smooth: over how many pixels neighbours bend alike.
    """

    def up_to(most):
        return most * (2 * torch.rand((), generator=generator).item() - 1)

    angle, taller, wider = math.radians(up_to(turn)), 1 + up_to(stretch), 1 + up_to(stretch)
    down, right = _field(generator, smooth) * bend
    y, x = torch.meshgrid(PLACES - 13.5, PLACES - 13.5, indexing="ij")
    rows = taller * (math.cos(angle) * y - math.sin(angle) * x) + 13.5 + down + up_to(move)
    columns = wider * (math.sin(angle) * y + math.cos(angle) * x) + 13.5 + right + up_to(move)
    return _taken_from(images, rows, columns)


def _field(generator, smooth):
    """Two smooth random fields (2, 28, 28) of spread 1: normal numbers, averaged over neighbours."""
    near = (-((PLACES[:, None] - PLACES).square()) / (2 * smooth**2)).exp()
    near /= near.square().sum(dim=1, keepdim=True).sqrt()  # sums of squares of 1: the spread stays
    return near @ torch.randn(2, 28, 28, generator=generator) @ near.T


def _taken_from(images, rows, columns):
    """Each pixel from another place (rows, columns), between four pixels by their distances."""
    rows, columns = rows.clamp(0, 26.999).flatten(), columns.clamp(0, 26.999).flatten()
    top, left = rows.floor(), columns.floor()
    below, beside = rows - top, columns - left
    first, pixels = (28 * top + left).long(), images.flatten(1)
    corners = {0: (1 - below) * (1 - beside), 1: (1 - below) * beside, 28: below * (1 - beside), 29: below * beside}
    return sum(pixels.index_select(1, first + place) * weight for place, weight in corners.items()).view(-1, 28, 28)


def thinner(images):
    """Strokes about half a pixel thinner: half way to the darkest of each pixel and its neighbours."""
    return (images + _neighbours(images).amin(dim=0)) / 2


def thicker(images):
    """Strokes about a pixel thicker: the brightest of each pixel and its neighbours."""
    return _neighbours(images).amax(dim=0)


def _neighbours(images):
    """Each image itself and moved by one pixel down, right, and both: (4, N, 28, 28)."""
    return torch.stack([images, images.roll(1, 1), images.roll(1, 2), images.roll((1, 1), (1, 2))])


def variants(images, generator):
    """What the challenge asks about: uint8 images as they are, moved, turned, thinner, thicker: {kind: uint8 images}."""
    x = images / 255
    turned = [warp(part, generator, move=0, turn=20, stretch=0, bend=0) for part in x.split(10)]
    moved = [warp(part, generator, move=3, turn=0, stretch=0, bend=0) for part in x.split(10)]
    changed = {"moved": torch.cat(moved), "turned": torch.cat(turned), "thinner": thinner(x), "thicker": thicker(x)}
    return {"new": images} | {kind: (255 * x).round().clamp(0, 255).to(torch.uint8) for kind, x in changed.items()}
