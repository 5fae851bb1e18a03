"""What an author of exercises reads when the file is wrong: the file, the line, the remedy, and no traceback."""

import pytest

from autograder.checks import ExerciseError, load
from autograder.course import Course

GOOD = 'from autograder.checks import case, exercise\nEXERCISES = [\n    exercise("f", case("one", "f(1)")),\n]\n'


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (('"f(1)"', '"f(1)'), 3, "SyntaxError: unterminated string"),
        (('case("one", "f(1)")', "kase('one', 'f(1)')"), 3, "NameError: name 'kase' is not defined. Mend that line"),
        (('case("one", "f(1)")', "case('one')"), 3, "TypeError: case() missing 1 required positional argument: 'code'"),
        (('"f", case', '"f", case("one", "f(2)"), case'), 3, "two cases have the title 'one'"),
        (('case("one", "f(1)")', 'case("one", "f(1)", tolerance="loose")'), 3, "unknown tolerance 'loose'; known are"),
        (("import case", "import cases"), 1, "ImportError: cannot import name 'cases'"),
        (('"f(1)")', '"f(1)", x={}["y"])'), 3, "KeyError: 'y'"),
    ],
)
def test_an_error_names_file_line_and_remedy(tmp_path, change, line, said):
    (tmp_path / "checks").mkdir()
    file = tmp_path / "checks" / "01-one.py"
    file.write_text(GOOD)
    assert list(load(Course(tmp_path), "01-one")) == ["f"]
    assert change[0] in GOOD
    file.write_text(GOOD.replace(*change, 1))
    with pytest.raises(ExerciseError) as error:
        load(Course(tmp_path), "01-one")
    assert str(error.value).startswith(f"{file}, line {line}: ") and said in str(error.value)


def test_a_file_without_the_list_is_named(tmp_path):
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "01-one.py").write_text("exercises = []\n")
    with pytest.raises(ExerciseError, match=r"01-one\.py has no list EXERCISES"):
        load(Course(tmp_path), "01-one")
