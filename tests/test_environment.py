"""conda's environment and pip's are one: environment.yml has the versions of pyproject.toml."""

import tomllib
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = [wanted for extra in PROJECT["optional-dependencies"].values() for wanted in extra]
WANTED = [w for w in [*PROJECT["dependencies"], *EXTRAS] if not w.startswith(PROJECT["name"])]


def test_conda_installs_the_python_that_the_package_requires():
    (python,) = [d for d in CONDA if isinstance(d, str) and d.startswith("python=")]
    version = python.removeprefix("python=")
    assert version in SpecifierSet(PROJECT["requires-python"])
    assert f"!= ({version.replace('.', ', ')})" in (ROOT / ".ci" / "python").read_text()  # as make does: the solutions are of it


def test_what_conda_brings_is_what_pip_asks_for():
    """conda-forge may lag behind by a patch, which pip then puts right; another version would be no help."""
    *own, pip, rest = [d for d in CONDA if not str(d).startswith("python=")]
    assert (pip, rest) == ("pip", {"pip": ["-e .[test,torch]"]})
    pins = dict(w.partition(";")[0].split("==") for w in WANTED)
    for name, version in (line.split("=") for line in own):
        assert pins[name.removesuffix("-base")].rpartition(".")[0] == version, name


def test_torch_is_asked_for_by_those_alone_who_need_it():
    assert not [w for w in PROJECT["dependencies"] if w.startswith(("torch", "fastai"))]


def test_every_package_is_pinned_once():
    assert not [w for w in WANTED if "==" not in w]
    names = [w.partition("==")[0] for w in WANTED]
    assert len(names) == len(set(names))
