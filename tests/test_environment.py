"""One source of truth for versions: environment.yml takes them from pyproject.toml."""

import re
import tomllib

import yaml
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())


def test_conda_and_pip_install_the_same():
    python, pip, by_pip = ENVIRONMENT["dependencies"]
    assert ENVIRONMENT["name"] == PROJECT["name"]
    lowest, above = re.fullmatch(r">=(3\.\d+),<(3\.\d+)", PROJECT["requires-python"]).groups()
    assert python == f"python={lowest}" and int(above.split(".")[1]) == int(lowest.split(".")[1]) + 1
    assert pip == "pip" and by_pip == {"pip": ["-e .[test]"]}


def test_every_package_is_pinned_once():
    packages = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
    names = [re.fullmatch(r"([\w-]+)==[\w.]+", package)[1] for package in packages]
    assert len(names) == len(set(names))
