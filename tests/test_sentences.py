# ruff: noqa: E501 (one line for each mistake)
"""What a student reads about a mistake that nobody recorded: where to look, what is kept, what stands in another place."""

import pytest

from autograder.checks import LocalEvaluator, Reference, array, case, edit, exercise, judge, normal
from autograder.checks.evaluate import run
from autograder.checks.explainers.changes import edits
from autograder.checks.explainers.repaired import SECONDS, WORK
from autograder.checks.format import Family
from autograder.course import Course

CELL = (
    '# %% nbgrader={{"grade": false, "grade_id": "{}", "locked": false, "schema_version": 3, "solution": true, "task": false}}\n'
)
SOLUTIONS = {
    "scaled": "def scaled(z):\n    return (z - z.amin(dim=1, keepdim=True)) / 3\n",
    "parts": "def parts(x, dy):\n    dx = 2 * dy\n    db = dy.sum(dim=0)\n    return x + 1, dx, db\n",
    "runs": "def runs(losses):\n    best, waited, length = 0, 0, []\n    for i, loss in enumerate(losses):\n        waited += 1\n        if loss < losses[best]:\n            best, waited = i, 0\n        length.append(waited)\n    return length\n",
    "counts": "def counts(z):\n    return (z > 0).sum(dim=0)\n",
    "largest": 'def largest(z):\n    """\n    >>> largest(torch.eye(2))    # the diagonal\n    tensor([0,\n            1])\n    """\n    return z.argmax(dim=1)\n',
    "wide": "import numpy as np\ndef wide(a):\n    return a / a.sum(axis=1, keepdims=True)\n",
}  # fmt: skip
LOSSES = [3.0, 4.0, 2.0, 2.5, 2.2, 1.0, 1.5, 0.5]
EXERCISES = [
    exercise("scaled", case("some", "scaled(z)", z=normal(5, 9)), case("more", "scaled(z)", z=normal(3, 8))),
    exercise("parts", case("some", "parts(x, dy)", x=normal(5, 3), dy=normal(5, 3)), case("more", "parts(x, dy)", x=normal(4, 6), dy=normal(4, 6))),
    exercise("runs", case("some", "runs(losses)", losses=LOSSES), case("others", "runs(losses)", losses=LOSSES[2:] + LOSSES[:3])),
    exercise("counts", case("some", "counts(z)", z=normal(9, 4)), case("more", "counts(z)", z=normal(30, 6))),
    exercise("largest", case("some", "largest(z)", z=normal(9, 4)), case("more", "largest(z)", z=normal(9, 6))),
    exercise("wide", case("some", "wide(a)", a=array(lambda g: g.random((4, 5)))), case("square", "wide(a)", a=array(lambda g: g.random((4, 4))))),
]  # fmt: skip
ALL = {e.name: e for e in EXERCISES}

# (exercise, source, what is said)
SAID = [
    # repairs
    ("runs", "def runs(losses):\n    best, waited, length = 0, 0, []\n    for i, loss in enumerate(losses):\n        waited += 1\n        if loss < losses[best]:\n            best = i\n        length.append(waited)\n    return length", "Look at line 5, `if loss < losses[best]:`: `waited` is not set back."),
    ("parts", "def parts(x, dy):\n    return dy.sum(dim=0), x + 1, 2 * dy", "Look at line 2, `return dy.sum(dim=0), x + 1, 2 * dy`: the order."),
    ("parts", "def parts(x, dy):\n    dy, x = x, dy\n    return x + 1, 2 * dy, dy.sum(dim=0)", "Look at line 2, `dy, x = x, dy`"),
    ("counts", "def counts(z):\n    return (z > 0).half().sum(dim=0).long() + (len(z) > 20)", "Look at line 2"),
    ("parts", "def parts(x, dy):\n    return x + 7, 7 * dy, dy.sum(dim=0)", "Two small changes make the results right. Look at line 2"),
    ("wide", "def wide(a):\n    return a / a.sum(axis=1)", "Look at line 2, `return a / a.sum(axis=1)`: keepdims is missing"),
    ("largest", "def largest(z):\n    return z.max(dim=1).values.long()", "Look at line 2, `return z.max(dim=1).values.long()`: `.values`."),
    ("largest", "def largest(z):\n    return (z > 0.5).long().argmax(dim=1)", "Look at line 2, `return (z > 0.5).long().argmax(dim=1)`: the comparison in `z > 0.5`."),
    ("largest", "def largest(z):\n    best, where = z[:, 0], torch.zeros(len(z), dtype=torch.long)\n    for c in range(1, z.shape[1]):\n        new = z[:, c]\n        where[new > best] = c\n        best = new\n    return where", "Look at line 6, `best = new`: `=`, which forgets what was there before."),
    ("largest", "def largest(z):\n    return z[:, 1:].argmax(dim=1) + 1", "Two small changes make the results right. Look at line 2, `return z[:, 1:].argmax(dim=1) + 1`: `z[:, 1:]`, and `+ 1`."),
    ("scaled", "def scaled(z, d=3):\n    d = 1e-6\n    return (z - z.amin(dim=1, keepdim=True)) / d", "Look at line 2, `d = 1e-6`"),
    # a state that survives
    ("counts", "def counts(z, n=[]):\n    n.append(1)\n    return (z > 0).sum(dim=0) + len(n) - 1", "depends on earlier calls: the default of `n` is made once"),
    ("counts", "kept = {}\ndef counts(z):\n    kept['n'] = kept.get('n', -1) + 1\n    return (z > 0).sum(dim=0) + kept['n']", "depends on earlier calls: `kept` stands outside the function"),
    ("counts", "def counts(z):\n    counts.n = getattr(counts, 'n', -1) + 1\n    return (z > 0).sum(dim=0) + counts.n", "depends on earlier calls: your function keeps something from them."),
    # where a wrong part comes from
    ("parts", "def parts(x, dy):\n    dx = 2 * dy\n    db = dy.sum(dim=0).sin() * 4\n    return x + 1, dx, db", "Look at line 3, `db = dy.sum(dim=0).sin() * 4`: item 3 comes from there."),
    ("parts", "def parts(x, dy):\n    return x + 1, 2 * dy.sin().cos(), dy.sum(dim=0)", "Look at `2 * dy.sin().cos()` in line 2: item 2 comes from there."),
    ("parts", "def parts(x, dy):\n    d = dy * 1.0\n    return x + 1, 2 * d, (d.exp().sum(dim=0) + 1).sqrt()", "Look at `(d.exp().sum(dim=0) + 1).sqrt()` in line 3: item 3 comes from there."),
    # the shape that is asked for
    ("counts", "def counts(z):\n    return (z > 0).sum(dim=0)[None].repeat(17, 1)", "Your result should have the shape (4,), and has another."),
    # arrays are no tensors
    ("wide", "def wide(a):\n    a /= a.sum(axis=1, keepdims=True)\n    return a", "It changes its input `a` in line 2, `a /= a.sum(axis=1, keepdims=True)`: make a new array, or work on a copy (copy)."),
]  # fmt: skip


# what is said without a repair
DESCRIBED = [
    # what is right stands in another place
    ("scaled", "def scaled(z):\n    d = (z - z.amin(dim=1, keepdim=True)) / 3\n    return d[d[:, 0].argsort()]", "has the right rows in another order."),
    ("scaled", "def scaled(z):\n    return ((z - z.amin(dim=1, keepdim=True)) / 3).sort(dim=1).values", "has the right numbers in each row, but in another order"),
    ("parts", "def parts(x, dy):\n    return dy.sum(dim=0), x + 1, 2 * dy", "has the right parts in another order: item 1 is what item 3 should be."),
    # nothing is sure
    ("largest", "def largest(z):\n    return torch.where(z[:, 0] > 0, z.argmax(dim=1), z.argmin(dim=1))", "rows, the first is row"),
    ("largest", "def largest(z):\n    return torch.where(z[:, 0] > 0, z.argmax(dim=1), z.argmin(dim=1))", "The docstring's example goes wrong, too: `largest(torch.eye(2))` should give `tensor([0, 1])`."),
    # the same numbers twice, by chance
    ("largest", "def largest(z):\n    return torch.ones(len(z), dtype=torch.long)", "Your result is one and the same number everywhere."),
    ("scaled", "def scaled(z):\n    return (z > 0).to(z.dtype)", "Your result holds nothing but 0 and 1."),
    ("scaled", "def scaled(z):\n    return z.amax(dim=1, keepdim=True).expand_as(z) + 5", "Your result has one and the same number throughout each row."),
    # a formula, or a part of the numbers
    ("scaled", "def scaled(z):\n    s = (z - z.amin(dim=1, keepdim=True)) / 3\n    return s * (s.mean(dim=1, keepdim=True) + 9)", "is off by a factor of its own in each row."),
    ("scaled", "def scaled(z):\n    return (z - z.mean(dim=1, keepdim=True)) / z.std(dim=1, keepdim=True)", "off by a factor and a constant of its own in each row."),
    ("scaled", "def scaled(z):\n    d = (z - z.amin(dim=1, keepdim=True)) / 3\n    return torch.where(z > 0, d.sin(), d)", "is wrong where `z` is positive, and right elsewhere."),
]  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("course"))
    (course.source / "a").mkdir(parents=True)
    cells = "\n".join(CELL.format(name) + source for name, source in SOLUTIONS.items())
    (course.source / "a" / "a.py").write_text(f"# %%\nimport torch\n\n{cells}")
    return Reference(course, "a")


def told(name, source, own, evaluator=LocalEvaluator, say="place"):
    namespace = own.namespace()
    run(source, namespace)
    return {c.message for c in judge(ALL[name], evaluator(namespace), own, "secret", source, say=say).cases if not c.passed}


@pytest.mark.parametrize(("name", "source", "said"), DESCRIBED)
def test_what_is_wrong_is_described_where_no_repair_may_be_told(name, source, said, own):
    messages = told(name, source, own, say="nothing")
    assert messages and all(said in message for message in messages), messages


@pytest.mark.parametrize(("name", "source", "said"), SAID)
def test_what_nobody_recorded_is_placed_or_described(name, source, said, own):
    messages = told(name, source, own)
    assert messages and any(said in message for message in messages), messages


def test_an_example_that_is_right_shows_nothing(own):
    messages = told(
        "largest", "def largest(z):\n    return torch.where(z[:, 0] >= 0, z.argmax(dim=1), z.argmin(dim=1))", own, say="nothing"
    )
    assert messages and not any("docstring" in message for message in messages)


def test_a_vector_that_meets_a_column_is_given_its_shape():
    """(N,) with (N, 1) is broadcast to N x N; the place of the mistake is the name."""
    found = {e.source.splitlines()[1].strip(): e.look for e in edits("def f(p, y):\n    return (p - y).mean()\n")}
    assert found["return (p - y.reshape(len(y), -1)).mean()"] == "the shape of `y`"
    assert found["return (p.flatten() - y).mean()"] == "the shape of `p`"


class Sluggish(LocalEvaluator):
    """A machine on which everything takes two seconds more."""

    def attempts(self, *arguments):
        outcomes, _ = super().attempts(*arguments)
        return outcomes, 2.0


class Hopeless(LocalEvaluator):
    def attempts(self, *arguments):
        return super().attempts(*arguments)[0], SECONDS + 1


def test_how_fast_a_machine_is_does_not_decide_what_is_said(own):
    name, source, said = SAID[0]
    assert told(name, source, own, Sluggish) == told(name, source, own) == {said}
    assert not any(message.startswith("Look") for message in told(name, source, own, Hopeless))


def test_the_work_of_a_search_is_bounded_by_a_count(own):
    """However many edits there are, so much work is done and no more; and each time the same."""
    lines = "\n".join(f"    a{n} = z * {n + 5} + {n}" for n in range(60))
    source = f"def scaled(z):\n{lines}\n    return a3.sin()"
    asked = []

    class Counting(LocalEvaluator):
        def attempts(self, request, sources, *limits):
            asked.append(len(sources))
            return super().attempts(request, sources, *limits)

    told("scaled", source, own, Counting)
    first = list(asked)
    told("scaled", source, own, Counting)
    assert asked == 2 * first and 200 < sum(first) <= WORK


@pytest.mark.parametrize("outside", ["EPS = 1e-2", "EPS: float = 10 ** -2  # small", "N = 3\nEPS = 0.01"])
def test_a_family_is_filled_with_constants_outside_of_the_function(outside, own):
    family = exercise("scaled", *ALL["scaled"].cases)
    recorded = Family("Adding {epsilon} changes it.", edit("/ 3", "/ (3 + {epsilon})", epsilon=(1e-3, 1.0)), own.code("scaled"))
    object.__setattr__(family, "families", (recorded,))
    source = f"{outside}\n\ndef scaled(z):\n    return (z - z.amin(dim=1, keepdim=True)) / (3 + EPS)"
    run(source, namespace := own.namespace())
    verdict = judge(family, LocalEvaluator(namespace), own, "secret", source)
    assert {c.message for c in verdict.cases if not c.passed} == {"Adding 0.01 changes it."}


def test_a_whole_number_fills_a_hole_however_it_is_written(own):
    family = Family("You cut it off at {bound}.", edit("/ 3", "/ {bound}", bound=(2, 9)), own.code("scaled"))
    assert repr(family.fitting([8.0, 0.5, 3, 10.0])) == "[[8, 3]]"


def test_an_edit_that_nobody_makes_the_other_way_round_is_no_mutant():
    source = SOLUTIONS["runs"]
    assert any(e.one_way for e in edits(source)) and any(not e.one_way for e in edits(source))


def test_numpy_has_its_own_words():
    looks = {e.look for e in edits(SOLUTIONS["wide"], arrays=True)}
    assert "`keepdims`" in looks and not any("clone" in look for look in looks)


def test_no_edit_puts_a_list_into_itself():
    """Torch ends the process when it is given one."""
    tried = [
        e.source
        for e in edits("def f(z):\n    rows = []\n    for row in z:\n        rows.append([row])\n    return torch.tensor(rows)\n")
    ]
    assert any("rows.append([z])" in source for source in tried) and not any("rows.append([rows])" in source for source in tried)


def test_an_argument_that_the_student_calls_otherwise_is_not_named(own):
    assert any(
        m.startswith("It changes what it is given in line 6")
        for m in told("wide", "def other(a):\n    return a\n\n\ndef wide(b):\n    b += 1\n    return b", own)
    )
