"""Predict first, look afterwards: a place for what you expect, beside what comes."""

from .wording import as_text

_board = {}  # {name: [question, guess, truth]} in the order of the notebook


def guess(name, question, answer):
    """Write down what you expect, in the place of `...`, before you run the next cell. It is not graded."""
    _board[name] = [question, answer, ...]
    print("Replace the ... by your guess, and run this cell again." if answer is ... else f"Your guess: {as_text(answer)}")


def reveal(name, truth):
    """Print the guess `name` beside what is true. A guess that was not made is no error."""
    entry = _board.setdefault(name, [name, ..., ...])
    entry[2] = truth
    print(f"{_said(entry[1])} It is {as_text(truth)}.")


def guesses():
    """Print the board of your own predictions: each question, what you said, what came."""
    rows = [("question", "you said", "it is"), *((question, *map(_short, values)) for question, *values in _board.values())]
    said, came = (max(len(row[column]) for row in rows) for column in (1, 2))
    for question, *values in rows:
        print(f"{values[0]:{said}}   {values[1]:{came}}   {question}")


def _said(answer):
    return "No prediction yet." if answer is ... else f"You said {as_text(answer)}."


def _short(value):
    return "..." if value is ... else as_text(value)
