"""A course that computes with NumPy needs no torch: the engine without it, and the kit's wheel on every Python that is here.

The first tests are run twice, once more in a process in which torch cannot be imported; so they use nothing of conftest.py.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from autograder.checks import Reference, array, array_generator, case, exercise, folder, gradient, judge
from autograder.checks.evaluate import LocalEvaluator, read, request
from autograder.checks.inputs import draw
from autograder.course import Course, CourseError

ROOT = Path(__file__).parents[1]
NOTEBOOK = """# %%
import numpy as np

# %% nbgrader={"grade_id": "shift", "solution": true}
def shift(x, rng):
    return x + rng.normal(size=x.shape)

# %% nbgrader={"grade_id": "loss_gradient", "solution": true}
def loss(w, x):
    return (np.tanh(x @ w) ** 2).mean()


def loss_gradient(w, x):
    t = np.tanh(x @ w)
    return x.T @ (2 * t * (1 - t**2)) / len(x)

# %% nbgrader={"grade_id": "turn", "solution": true}
def turn(folder):
    return np.exp(1j * np.loadtxt(folder / "numbers.txt", ndmin=1)).astype(np.complex64)
"""
CASES = {
    "shift": case("noise", "shift(x, rng)", x=array(lambda g: g.normal(size=(3, 4))), rng=array_generator()),
    "loss_gradient": gradient(
        "the mean of squares", loss="loss(w, x)", grad="[loss_gradient(w, x)]", wrt="w",
        w=array(lambda g: g.normal(size=4)), x=array(lambda g: g.normal(size=(5, 4))),
    ),
    "turn": case("a file", "turn(f)", f=folder(array(lambda g: {"numbers.txt": repr(g.random()).encode()}))),
}  # fmt: skip
WRONG = {
    "shift": "def shift(x, rng):\n    x += np.random.normal(size=x.shape)\n    return x",
    "loss_gradient": "def loss_gradient(w, x):\n    t = np.tanh(x @ w)\n    return x.T @ (2 * t * (1 - t**2))",
    "turn": "def turn(folder):\n    return np.exp(1j * np.loadtxt(folder / 'numbers.txt', ndmin=1))",
}


@pytest.fixture
def reference(tmp_path):
    (tmp_path / "source" / "01-one").mkdir(parents=True)
    (tmp_path / "source" / "01-one" / "01-one.py").write_text(NOTEBOOK)
    return Reference(Course(tmp_path), "01-one")


def verdict(reference, name, source=""):
    return judge(
        exercise(name, CASES[name]), LocalEvaluator(reference.namespace(source)), reference, "secret", source, say="nothing"
    )


@pytest.mark.parametrize("name", CASES)
def test_what_is_right_passes(reference, name):
    assert all(c.passed for c in verdict(reference, name).cases)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shift", ["It changes its input `x`", "It uses the global random state of numpy"]),
        ("loss_gradient", ["Your loss is right, its gradient is not. Item 1 of `gradient` is too large by the factor N"]),
        ("turn", ["Your result is of dtype complex128 and should be complex64."]),
    ],
)
def test_what_is_wrong_is_described(reference, name, said):
    messages = " ".join(c.message for c in verdict(reference, name, WRONG[name]).cases)
    assert all(sentence in messages for sentence in said), messages


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64", "complex64", "complex128"])
def test_arrays_come_back_as_they_were_sent(dtype):
    for value in (numpy.arange(12).reshape(3, 4).T, numpy.array(7), numpy.zeros((0, 2)), numpy.arange(9)[::-2]):
        sent = numpy.asarray(value * 1.5 + (2j if dtype.startswith("complex") else 0)).astype(dtype)
        got = LocalEvaluator({}).evaluate(request("x", {"x": sent}, 0)).value
        assert got.dtype == sent.dtype and got.shape == sent.shape and (got == sent).all()


def test_a_reply_that_is_no_array_is_not_believed():
    from autograder.checks import NoEvidence, messages

    part = messages.carried(numpy.zeros(3))
    for tree in ({"array": {"tensor": "1"}}, {"array": {"dict": []}}, {"array": "0"}, {"array": {"complex tensor": "0"}}):
        message = {"result": tree, "changed": [], "touched": [], "used": [], "counts": {}, "calls": {}}
        with pytest.raises(NoEvidence):
            read(messages.pack(message, {"0": part}))


def test_without_torch_the_same():
    """And what needs it says so; the example for NumPy is proved."""
    program = f"""
import sys
sys.modules["torch"] = None  # so an import of it fails
import pytest
sys.exit(pytest.main(["--noconftest", "-q", "-p", "no:cacheprovider", {__file__!r}, "-k", "not venv and not the_same"]))
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0 and " passed" in result.stdout, result.stdout + result.stderr


def test_a_recipe_for_tensors_says_what_is_missing_or_draws():
    from autograder.checks import normal

    if "torch" in sys.modules and sys.modules["torch"] is None:
        with pytest.raises(CourseError, match=r"the input x is drawn with torch, which is not installed: pip install torch, or"):
            draw(normal(3), "secret", "x")
    else:
        assert draw(normal(3), "secret", "x").shape == (3,)


def pythons():
    """{version: program} of the Pythons here for which the kit is made; pyenv keeps some that are not in the path."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = {}
    for version in ("3.11", "3.12", "3.13"):
        for program in (shutil.which(f"python{version}"), *sorted(kept.glob(f"{version}.*/bin/python"))):
            if program and subprocess.run([program, "-c", "import venv"], capture_output=True).returncode == 0:
                found.setdefault(version, str(program))
    return found


@pytest.mark.long
def test_a_venv_without_torch_on_every_python_that_is_here(tmp_path):
    """The wheel, and the example course from nothing to the grade of a right and a wrong submission."""
    shutil.copytree(ROOT / "autograder", tmp_path / "kit" / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "kit")
    uv, found = Path(sys.prefix, "bin", "uv"), pythons()
    assert found
    for version, program in found.items():
        venv, home = tmp_path / f"venv{version}", tmp_path / f"home{version}"
        home.mkdir()
        subprocess.run([uv, "venv", "--quiet", "--python", program, venv], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python", tmp_path / "kit"], check=True)
        packages = {f.name.partition("-")[0] for f in venv.glob("lib/*/site-packages/*.dist-info")}
        assert "numpy" in packages and not packages & {"torch", "fastai", "torchvision"}
        script = """
set -e
autograder new course mine
cd mine
autograder build
autograder check
mkdir -p grading/submitted/chen grading/submitted/dilek
cp -r solutions/01-first grading/submitted/chen
cp -r solutions/01-first grading/submitted/dilek
sed -i 's/(x\\*\\*2).mean()/x.mean() ** 2/' grading/submitted/dilek/01-first/01-first.ipynb
autograder grade
autograder bundle
cat handout/requirements.txt
"""
        path = f"{venv / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        environment = {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", "COLUMNS": "200"}
        result = subprocess.run(["bash", "-c", script], cwd=home, env=environment, capture_output=True, text=True)
        said = result.stdout + result.stderr
        assert result.returncode == 0, f"{version}: {said}"
        pages = home / "mine" / "grading" / "feedback"
        assert (
            "You square the mean; take the mean of the squares." in (pages / "dilek" / "01-first" / "01-first.html").read_text()
        )
        assert "4 of 4" in (pages / "chen" / "01-first" / "01-first.html").read_text(), said
        assert "numpy~=" in result.stdout and "torch" not in result.stdout and "Warning" not in said
