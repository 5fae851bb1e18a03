"""nbgrader's own command and formgrader's button on text sources: what they make is what `autograder build` makes."""

from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder import build, configuration

NAME = "attack-target"


def test_nbgraders_generate_makes_what_the_build_makes(small_course):
    (small_course.helper).mkdir()
    (small_course.helper / "__init__.py").write_text("ANSWER = 42\n")
    config = configuration.config(small_course.root)
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    assert api.get_source_assignments() == {NAME}
    result = api.generate_assignment(NAME)
    assert result["success"], result
    released = {f.relative_to(small_course.root) for f in (small_course.release / NAME).rglob("*") if f.is_file()}
    assert {f.name for f in released} == {f"{NAME}.ipynb", "__init__.py"}
    # Of what the build would make, only the solution is missing.
    assert {change.path.parts[0] for change in build.stale(small_course, [NAME])} == {"solutions"}
