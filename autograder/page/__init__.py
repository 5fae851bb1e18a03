"""What students and graders look at: the feedback page, and what formgrader shows of a submission."""

from autograder.page.clean import clean_notebook, clean_outputs
from autograder.page.fragments import fragments
from autograder.page.grades import Grade, read_grades
from autograder.page.page import WAITS, page
from autograder.page.summary import summaries

__all__ = ["WAITS", "Grade", "clean_notebook", "clean_outputs", "fragments", "page", "read_grades", "summaries"]
