"""What students get: a zip file for each assignment, which runs on their own machine, on Colab and on Binder."""

from autograder.handout.bundle import Handout, bundle

__all__ = ["Handout", "bundle"]
