"""The hidden checks of this assignment. How to write them: README.md beside this file."""

import torch

from autograder.checks import case, exercise, normal

EXERCISES = [
    exercise(
        "mean_square",  # the grade_id of the cell with the function; the cell with the visible check is check-mean_square
        case("a row of numbers", "mean_square(x)", x=normal(7)),
        case("a matrix", "mean_square(x)", x=normal(4, 3)),
        case("a single number", "mean_square(x)", x=torch.tensor(-2.0)),
        # What students get wrong, with the sentence that they read. `autograder check` proves each of them.
        mistakes={
            "You square the mean; take the mean of the squares.": """
def mean_square(x):
    return (x.mean() ** 2).item()
""",
            "That is the sum of the squares; divide by how many there are.": """
def mean_square(x):
    return (x**2).sum().item()
""",
            "You return a tensor; make it a Python number with .item().": """
def mean_square(x):
    return (x**2).mean()
""",
        },
        # Other ways that are right: they keep the checks just.
        alternatives={
            "a loop over the entries": """
def mean_square(x):
    return sum(v * v for v in x.flatten().tolist()) / x.numel()
""",
        },
    ),
]
