"""nbgrader's own settings file: everything is in autograder/configuration.py."""

from pathlib import Path

from autograder.configuration import configure

configure(get_config(), Path(__file__).parent)  # noqa: F821 - nbgrader puts get_config here
