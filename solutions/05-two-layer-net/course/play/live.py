"""Whether there is somebody to play, and how a widget is made of a file."""

from pathlib import Path


def person_here():
    """Whether this cell was run from JupyterLab or the like: such a program can ask its user for input, while nbval, nbconvert
    and nbgrader say with each cell that they cannot."""
    try:
        from IPython import get_ipython

        return bool(get_ipython().kernel._allow_stdin)
    except (ImportError, AttributeError):
        return False


def show_widget(script, values):
    """Show the widget of `script`, a JavaScript file in this folder, to a person; without one, do nothing.

    values: a function that gives {name: value}, what the script sees as its model.
    Returns: the widget, or None. Without anywidget it prints what to install.
    """
    if not person_here():
        return None
    try:
        import anywidget
        import traitlets
        from IPython.display import display
    except ImportError as missing:
        print(f"To play with it: pip install {missing.name}, then restart the kernel.")
        return None
    parts = {name: traitlets.Any(value).tag(sync=True) for name, value in values().items()}
    widget = type("Play", (anywidget.AnyWidget,), parts | {"_esm": (Path(__file__).parent / script).read_text()})()
    display(widget)
    return widget
