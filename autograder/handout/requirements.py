"""What a student's machine needs: the packages that the released notebooks and the files beside them import."""

import sys
from importlib.metadata import packages_distributions, version

from packaging.version import Version

from autograder.judging.imports import modules_of
from autograder.judging.task import released_files

ALWAYS = "jupyterlab"  # to open a notebook with


def requirements(course, assignments):
    """The lines of requirements.txt: the versions that the course was built with, or newer ones that say they are compatible."""
    modules, own = set(), set()
    for assignment in assignments:
        for path in released_files(course, assignment):
            own.add(path.relative_to(course.release / assignment).parts[0].removesuffix(".py"))
            modules |= {name.partition(".")[0] for name in modules_of(path)}
    known = packages_distributions()
    named = {known[module][0] for module in modules - own - set(sys.stdlib_module_names) if module in known}
    lines = [f"{name}~={Version(version(name)).major}.{Version(version(name)).minor}" for name in {*named, ALWAYS}]
    return "\n".join(sorted(lines, key=str.lower)) + "\n"
