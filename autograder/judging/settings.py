"""What an instructor may set about judging, below the last line of `nbgrader_config.py`."""

from dataclasses import fields

from traitlets import Bool, Dict, Enum, TraitError, validate
from traitlets.config import Configurable

from autograder.sandbox.limits import Limits

SAY = ("nothing", "kind", "place", "repair")


class Judge(Configurable):
    """For example `c.Judge.limits = {"cell_seconds": 60}`."""

    sandboxed = Bool(True, help="Run students' code in a sandbox. Without it a submission can do all that you can do.").tag(
        config=True
    )
    limits = Dict(help="Limits that differ from autograder/sandbox/limits.py, such as {'cell_seconds': 60}.").tag(config=True)

    say = Enum(
        SAY,
        "place",
        help="How much is said where a small repair of a student's own function makes it right: nothing, what kind of repair, "
        "its place, or the repair itself.",
    ).tag(config=True)

    @validate("limits")
    def _are_known(self, proposal):
        there_are = sorted(field.name for field in fields(Limits))
        if unknown := sorted(proposal.value.keys() - set(there_are)):
            raise TraitError(f"there is no limit {unknown[0]!r}. There are: {', '.join(there_are)}.")
        return proposal.value

    def values(self):
        """All settings by name: they are part of what a result depends on."""
        return {name: getattr(self, name) for name in sorted(self.trait_names(config=True))}
