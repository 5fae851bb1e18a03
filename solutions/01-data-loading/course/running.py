"""How a notebook runs: whether it is being graded, and a bar for what takes long."""

import os
import sys

# nbgrader sets this while it validates or grades a notebook: long experiments shorten themselves then.
GRADING = "NBGRADER_EXECUTION" in os.environ
ENOUGH = 1_200 if GRADING else None  # images to train and validate with: nbgrader needs your functions, not the curves


def progress(items, label=""):
    """Go through `items` with a bar that vanishes at the end. It never writes to stderr (nbgrader scores that 0)."""
    items = list(items)
    in_notebook = "ipykernel" in sys.modules and not GRADING
    if in_notebook:
        from IPython.display import HTML, display

        def bar(done):
            return HTML(f"<progress value='{done}' max='{len(items)}'></progress> {label} {done}/{len(items)}")

        shown = display(HTML(""), display_id=True)  # begins as it ends: nbval compares the beginning with the stored end
    for done, item in enumerate(items, 1):
        yield item
        if in_notebook:
            shown.update(bar(done) if done < len(items) else HTML(""))
        elif sys.stdout.isatty():
            print(f"\r{label} {done}/{len(items)}", end="\n" if done == len(items) else "", flush=True)
