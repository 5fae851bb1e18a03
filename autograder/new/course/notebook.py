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
# # TITLE
#
# Write the function where it says `YOUR CODE HERE`, then run the check below it.

# %% nbgrader={"grade": false, "grade_id": "set-up", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

# %% [markdown]
# How large are numbers, whatever their sign? The mean of their squares says it.


# %% nbgrader={"grade": false, "grade_id": "mean_square", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_square(x):
    """The mean of the squares of all entries. x: float array of any shape. Returns: a float."""
    ### BEGIN SOLUTION
    return (x**2).mean()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-mean_square", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
assert float(mean_square(np.array([[3.0, -1.0]]))) == 5
