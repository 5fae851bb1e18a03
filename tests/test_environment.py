"""conda's environment and pip's are one: environment.yml takes everything but Python itself from pyproject.toml."""

import tomllib
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_conda_installs_the_python_that_the_package_requires():
    (python,) = [d for d in CONDA if isinstance(d, str) and d.startswith("python=")]
    version = python.removeprefix("python=")
    major, minor = map(int, version.split("."))
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(f">={version},<{major}.{minor + 1}")


def test_no_version_is_written_twice():
    assert [d for d in CONDA if not str(d).startswith("python=")] == ["pip", {"pip": ["-e .[test]"]}]
    assert "test" in PROJECT["optional-dependencies"]


def test_every_package_is_pinned_once():
    extras = [wanted for extra in PROJECT["optional-dependencies"].values() for wanted in extra]
    wanted = [w for w in [*PROJECT["dependencies"], *extras] if not w.startswith(PROJECT["name"])]
    assert not [w for w in wanted if "==" not in w]
    names = [w.partition("==")[0] for w in wanted]
    assert len(names) == len(set(names))
