# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% nbgrader={"grade": false, "grade_id": "set-up", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Set-up, the same in all six notebooks. Run it first: it finds the data
# (the first time, it downloads it).
# What you write uses tensors and no more: no torch.nn, torch.optim or autograd, no ready-made
# softmax or loss. It leaves what it is given as it was, unless its docstring says otherwise.
import math
import time
from pathlib import Path

import course
import matplotlib.pyplot as plt
import numpy as np
import torch
from course import GRADING, check, curves, expect, experiment, guess, guesses
from course import progress, reveal, show, show_images
from PIL import Image
from torch import tensor

plt.rcParams.update(course.STYLE)
# Matrices this small are slower on two cores; and then the number of cores changes no sum.
torch.set_num_threads(1)
torch.set_printoptions(precision=4, sci_mode=False)
data = course.load()
folders = sorted(folder.name for folder in data.path.iterdir() if folder.is_dir())
print(f"Data: {data.name}, in a folder with {' and '.join(folders)}.")
