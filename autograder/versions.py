"""Which versions of the libraries are here that results depend on; what a course does without counts for nothing."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version


def installed(names):
    """{package: version} of those that are installed; one version has many builds (2.13.0+cpu), which give the same."""
    found = {}
    for name in names:
        with suppress(PackageNotFoundError):
            found[name] = version(name).partition("+")[0]
    return found
