"""What can be played with: each shows a picture first, and in a notebook that a person has open, something that moves.

The moving parts are in the `.js` files beside this one; they need ipywidgets and anywidget, and no internet.
"""

from .digits import pad
from .films import regions, units
from .graph import graph
from .valley import loss_valley

__all__ = ["graph", "loss_valley", "pad", "regions", "units"]
