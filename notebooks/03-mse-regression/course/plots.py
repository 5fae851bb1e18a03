"""How all pictures look, and those that every notebook needs."""

import math

from cycler import cycler

# Colours that people with any colour vision tell apart, at least 3:1 against white; lines differ in their dashes, too.
COLOURS = {"blue": "#0072B2", "orange": "#C24E00", "green": "#00735C", "purple": "#9B4F96", "grey": "#767676", "black": "#000000"}
_DASHES = {"blue": "-", "orange": "--", "green": "-.", "purple": ":", "black": (0, (5, 1, 1, 1, 1, 1))}
STYLE = {
    "axes.prop_cycle": cycler(color=[COLOURS[name] for name in _DASHES], linestyle=list(_DASHES.values())),
    "axes.axisbelow": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.figsize": (6, 3.2),
    # No picture is wider than 7.5 inches: at 600 of its 750 pixels this is still 8 points on a screen, or 10.7 pixels.
    "axes.titlesize": "medium",
    "font.size": 10,
    "image.cmap": "gray",
    "legend.fontsize": "medium",
}


def show(alt):
    """Show the picture that was drawn last. alt: what it shows, for those who cannot see it."""
    import matplotlib.pyplot as plt
    from IPython.display import display

    figure = plt.gcf()
    display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)


def show_images(images, titles=(), *, columns=10, size=0.75, alt="", **options):
    """Show images (N, 28, 28), or (N, 784), side by side. titles: one for each. options: those of matplotlib's imshow."""
    import matplotlib.pyplot as plt

    images = images.reshape(len(images), 28, 28)
    rows, columns = math.ceil(len(images) / columns), min(columns, len(images))
    _, panels = plt.subplots(rows, columns, figsize=(size * columns, (size + 0.25 * bool(titles)) * rows), squeeze=False)
    for axes in panels.flat:
        axes.axis("off")
    for axes, image in zip(panels.flat, images, strict=False):
        axes.imshow(image, **options)
    for axes, title in zip(panels.flat, titles, strict=False):
        axes.set_title(title)
    show(alt or f"{len(images)} images" + (f": {', '.join(map(str, titles))}." if titles else "."))


def curves(history, quantity="loss", axes=None, label=""):
    """Draw training (solid) and validation (dashed) over the epochs; call it once for each model, then `show`.

    Each model has a colour and a marker of its own.

    history: {"train_loss": one number an epoch, "valid_loss": ...}; what it lacks is not drawn.
    """
    import matplotlib.pyplot as plt

    axes = axes or plt.gca()
    number = len(axes.lines) // 2
    own = {"color": list(COLOURS.values())[number % len(COLOURS)], "marker": "os^Dv"[number % 5], "markersize": 3}
    for part, name, dashes in (("train", "training", "-"), ("valid", "validation", "--")):
        if values := history.get(f"{part}_{quantity}"):
            line = f"{label}, {name}" if label else name
            axes.plot(range(1, len(values) + 1), values, linestyle=dashes, label=line, **own)
    axes.set(xlabel="epoch", ylabel=quantity)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if axes.lines:
        axes.legend()
