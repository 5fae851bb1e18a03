import sys
from pathlib import Path

from ..course import Course
from .proof import check

course = Course(Path(__file__).parents[2])
sys.exit(0 if check(course, sys.argv[1:] or course.assignments) else 1)
