"""Python reads this at its start when PYTHONPATH names this folder: it lets the CI machines import torchvision.

They have torch's CPU build and, as PyPI holds no other, a torchvision that was compiled for CUDA. Its operators cannot be
loaded, and `import torchvision` stops at "operator torchvision::nms does not exist", because two of them are given a shape rule
unconditionally (https://github.com/pytorch/vision/blob/main/torchvision/_meta_registrations.py). Declaring these two is enough:
resnet18 uses neither. Where torchvision's own library loads, nothing is changed.
"""

import importlib.machinery
import sys
from pathlib import Path

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


class DeclareOperators:
    """An import hook, so that only the processes that import torchvision pay for torch."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "torchvision":
            return None
        sys.meta_path.remove(cls)
        spec = importlib.machinery.PathFinder.find_spec(name)
        if spec is None:
            return None
        import torch

        try:
            for compiled in Path(spec.origin).parent.glob("_C.*"):
                torch.ops.load_library(compiled)
        except OSError:
            cls.library = torch.library.Library("torchvision", "DEF")  # its end would undeclare the operators
            for schema in SCHEMAS:
                cls.library.define(schema)
        return spec


sys.meta_path.insert(0, DeclareOperators)
