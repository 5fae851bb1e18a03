"""What the notebooks share: the data, checks, predictions, experiments, pictures, a progress bar and a scoreboard.

This folder lies beside each notebook. Each file in it is short; read them if you are curious. The solutions of a notebook
are not in it; beside later notebooks `after03` and others hold what earlier ones taught.
"""

import os

# Read when torch is loaded. A thread that waits in a loop keeps the core that others need: resnet18 took 43 seconds on a busy
# machine, and 12 with short loops.
os.environ["GOMP_SPINCOUNT"] = "1000"

from .checking import CheckError, check, checks, expect
from .data import Data, DataError, check_folder, load
from .experiments import experiment
from .plots import COLOURS, STYLE, curves, show, show_images
from .predicting import guess, guesses, reveal
from .running import ENOUGH, GRADING, progress
from .scoreboard import RECORDED, recorded, scoreboard

__all__ = [
    "COLOURS",
    "ENOUGH",
    "GRADING",
    "RECORDED",
    "STYLE",
    "CheckError",
    "Data",
    "DataError",
    "check",
    "check_folder",
    "checks",
    "curves",
    "expect",
    "experiment",
    "guess",
    "guesses",
    "load",
    "progress",
    "recorded",
    "reveal",
    "scoreboard",
    "show",
    "show_images",
]
