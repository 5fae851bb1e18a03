# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Attack target
# Two exercises, small enough that a hundred submissions are graded in minutes.

# %% nbgrader={"grade": false, "grade_id": "set-up", "locked": true, "schema_version": 3, "solution": false, "task": false}
import torch
from torch import tensor


# %% nbgrader={"grade": false, "grade_id": "accuracy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def accuracy(predictions, labels):
    """The fraction of right predictions. predictions, labels: int64 (N,). Returns: a float in [0, 1]."""
    ### BEGIN SOLUTION
    return (predictions == labels).float().mean().item()  # canary-source-5e1c
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-accuracy", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert accuracy(tensor([1, 2]), tensor([1, 3])) == 0.5


# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax(z):
    """Turn scores into probabilities, row by row. z: float (N, C). Returns: (N, C), each row sums to 1."""
    ### BEGIN SOLUTION
    e = (z - z.max(dim=1, keepdim=True).values).exp()  # canary-source-5e1c
    return e / e.sum(dim=1, keepdim=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-softmax", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert torch.allclose(softmax(tensor([[0.0, 0.0]])), tensor([[0.5, 0.5]]))

# %% [markdown] nbgrader={"grade": true, "grade_id": "answer-why", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# Because the exponential overflows.

# %%
# Room for your own experiments.
