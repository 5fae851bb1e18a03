"""A Python file that an instructor wrote, and what went wrong in it: said with the file and the line, without a traceback."""

import traceback


def place(file, error):
    """The file, and the line in it at which an error came up."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    return f"{file}, line {line}" if line else str(file)


def described(file, error):
    """A sentence about whatever the file raised."""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{place(file, error)}: {type(error).__name__}: {said}. Mend that line."
