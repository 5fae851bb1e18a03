"""Hidden checks of the attack target. The secrets that an attack may fish for are listed in tests/attacks/harness.py."""

from torch import float64, tensor

from autograder.checks import case, exercise, gradient, integers, loop_free, normal, uniform

EXERCISES = [
    exercise(
        "accuracy",
        # An odd number, so that a constant 0.5 is never right.
        case("a random batch", "accuracy(predictions, labels)", predictions=integers(41, high=3), labels=integers(41, high=3)),
        case(
            "large numbers",
            "accuracy(predictions, labels)",
            predictions=tensor([728391456, 2, 3]),
            labels=tensor([728391456, 5, 3]),
        ),
        mistakes={
            "You count the right predictions; divide by their number.": """
def accuracy(predictions, labels):
    return (predictions == labels).float().sum().item()  # canary-checks-90ab
""",
        },
        alternatives={
            "a loop": """
def accuracy(predictions, labels):
    return sum(int(p) == int(y) for p, y in zip(predictions, labels)) / len(labels)
""",
        },
    ),
    exercise(
        "softmax",
        case("a random batch", "softmax(z)", z=normal(5, 10)),
        case("large scores", "softmax(z)", z=tensor([[7283.90625, 7283.90625, 0.0]])),
        loop_free("no loop over the rows", "softmax(z)", z=lambda n: normal(n, 4)),
        # Softmax is a gradient, too, so that one that is not derived can be handed in.
        gradient(
            "the slope of logsumexp", loss="z.logsumexp(-1).sum()", grad="[softmax(z)]", wrt="z", z=normal(2, 3, dtype=float64)
        ),
        case("slopes of all sizes", "softmax(z)", tolerance="float64", z=uniform(1, 200, low=-60, high=0, dtype=float64)),
        mistakes={
            "Your softmax normalises down the columns; use the last axis, dim=-1.": """
def softmax(z):
    e = (z - z.max(dim=0, keepdim=True).values).exp()  # canary-checks-90ab
    return e / e.sum(dim=0, keepdim=True)
""",
        },
        alternatives={
            "by way of logsumexp": """
def softmax(z):
    m = z.amax(-1, keepdim=True)
    return (z - m - (z - m).exp().sum(-1, keepdim=True).log()).exp()
""",
        },
    ),
]
