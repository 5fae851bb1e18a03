"""The hidden checks of this assignment. How to write them: README.md beside this file."""

from autograder.checks import array, case, edit, exercise

EXERCISES = [
    exercise(
        "mean_square",  # the grade_id of the cell with the function; the cell with the visible check is check-mean_square
        # g is a numpy.random.Generator: each submission sees other numbers.
        case("a row of numbers", "mean_square(x)", x=array(lambda g: g.normal(size=7))),
        case("a matrix", "mean_square(x)", x=array(lambda g: g.normal(size=(4, 3)))),
        case("a single number", "mean_square(x)", x=array(lambda g: g.normal(size=1))),
        # What students get wrong, with the sentence that they read. `autograder check` proves each of them.
        mistakes={
            "You square the mean; take the mean of the squares.": """
def mean_square(x):
    return x.mean() ** 2
""",
            "That is the sum of the squares; divide by how many there are.": """
def mean_square(x):
    return (x**2).sum()
""",
            "You take the mean down the columns only: leave axis out, so that it goes over all entries.": """
def mean_square(x):
    return (x**2).mean(axis=0)
""",
        },
        # Other ways that are right: they keep the checks just.
        alternatives={
            "a loop over the entries": """
def mean_square(x):
    return sum(v * v for v in x.flatten().tolist()) / x.size
""",
        },
        # `autograder check` changes the solution in every small way; these changes are as right as it.
        equivalent={"one number squeezed is that number": [edit(".mean()", ".mean().squeeze()")]},
    ),
]
