"""What is known of an exercise on one set of inputs: what the reference gives, alone and with a recorded mistake in it.

None of this depends on a submission, so it is computed once, case by case, when it is first asked for, and kept: in memory, and
in a folder if one is set, where other processes and later runs find it.
"""

import contextlib
import hashlib
import hmac
import os
import tempfile
import time
from functools import cache, cached_property, lru_cache
from pathlib import Path

from ..versions import installed
from . import messages
from .evaluate import KINDS, Failure, LimitedEvaluator, LocalEvaluator, Other, OutcomeEncoder, decode_outcome
from .format import ExerciseError
from .observe import paired, trials

SETS = 32  # few enough that a class shares what is known of them, too many to hand in once for each
_folder = None


def keep(folder):
    """Keep what is known in a folder (made if missing), for other processes and later runs; None: in memory alone."""
    global _folder
    _folder = folder and Path(folder)
    known.cache_clear()


def input_set(secret, submission):
    """The `secret` for `judge` of one submission: that of one of the course's SETS sets of inputs.

    secret: of the course. submission: a str, its digest say. Without the secret nobody can tell which set a submission gets.
    """
    digest = hmac.digest(secret.encode(), submission.encode(), "sha256")
    return f"{secret}/{int.from_bytes(digest, 'big') % SETS}"


@lru_cache(maxsize=128)
def known(exercise, reference, secret):
    """The `Known` of an exercise on the inputs that a secret gives."""
    return Known(exercise, reference, secret)


class Known:
    """The cases of one exercise on one set of inputs, and what the reference gives, with or without something on top.

    seconds: of CPU time that this took, once for all submissions that share the set.
    """

    def __init__(self, exercise, reference, secret):
        self.exercise, self.reference = exercise, reference
        self.trials = trials(exercise, secret)
        self._name = _name(exercise, reference, secret) if _folder and exercise.digest else None
        self._outcomes = self._read()  # {key of a source: outcomes of the first cases}
        self._running = {}  # {key of a source: an evaluator that has run as many cases}
        self._changed, self.seconds = False, 0.0

    def outcome(self, i, source="", limited=False):
        """The outcome of case i with `source` on top of the reference.

        limited: `source` may never end. The cases are run in their order, as a student's are: a mistake may keep a state.
        Raises ExerciseError if the source cannot be executed.
        """
        key = hashlib.blake2b(source.encode(), digest_size=16).hexdigest()
        found = self._outcomes.get(key, [])
        if i >= len(found):
            start = time.process_time()
            if key not in self._running:  # what was read has no evaluator, and its state is lost
                evaluator = LimitedEvaluator if limited else LocalEvaluator
                self._running[key], found = evaluator(self.reference.namespace(source)), []
            while i >= len(found):
                found.append(self.trials[len(found)].run(self._running[key]))
            self._outcomes[key], self._changed = found, True
            if len(found) == len(self.trials):
                del self._running[key]
            self.seconds += time.process_time() - start
        return found[i]

    def outcomes(self, source, cases):
        """The outcomes of these cases with `source`, which may never end, one after the other; they are not kept."""
        evaluator = LimitedEvaluator(self.reference.namespace(source))
        return (self.trials[i].run(evaluator) for i in cases)

    def fails(self, i, source):
        """Whether case i fails with `source` on top of the reference."""
        return not self.trials[i].right(self.outcome(i, source), self.right[i])

    @cached_property
    def right(self):
        """The reference's own outcomes. Raises ExerciseError where the reference cannot stand for what is right."""
        found = [self.outcome(i) for i in range(len(self.trials))]
        for trial, outcome in zip(self.trials, found, strict=True):
            where = f"{self.exercise.assignment}, exercise {self.exercise.name}, case {trial.case.title!r}: "
            value = outcome.value
            raised = value.type or "its view" if isinstance(value, Failure) else ""
            if raised and raised != trial.case.raises:
                raise ExerciseError(f"{where}the reference fails: {raised}: {value.message}. If it must, say raises={raised}.")
            if trial.case.raises and not raised:
                raise ExerciseError(f"{where}the reference should raise {trial.case.raises}, and returns a result.")
            if unknown := [leaf.type for _, leaf in paired(value, value) if isinstance(leaf, Other)]:
                raise ExerciseError(f"{where}the reference returns a {unknown[0]}, which cannot be compared; return {KINDS}.")
            if outcome.grows:
                raise ExerciseError(f"{where}the reference's own work grows with the number of rows.")
            if not trial.slopes_agree(value, value):
                raise ExerciseError(f"{where}the reference's gradient is not that of its loss, by central differences.")
        return found

    def _read(self):
        """What the folder holds; nothing where there is no file, or one that is not whole."""
        if not self._name:
            return {}
        with contextlib.suppress(Exception):  # whatever a damaged file makes the parsers raise
            content = (_folder / self._name).read_bytes()
            if hmac.compare_digest(content[:32], _digest(content[32:], self._name)):
                message, tensors = messages.unpack(content[32:])
                return {key: [decode_outcome(o, tensors) for o in outcomes] for key, outcomes in message.items()}
        return {}

    def save(self):
        """Put what is new into the folder. Two processes that save at once may lose each other's; it is computed again then."""
        if not self._name or not self._changed:
            return
        others = {k: o for k, o in self._read().items() if len(o) > len(self._outcomes.get(k, ()))}
        encoder = OutcomeEncoder()
        with contextlib.suppress(messages.TooLarge):
            message = {k: [encoder.outcome(o) for o in outcomes] for k, outcomes in (self._outcomes | others).items()}
            content = messages.pack(message, encoder.tensors)
            _folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=_folder, delete=False) as file:
                file.write(_digest(content, self._name) + content)
            os.replace(file.name, _folder / self._name)
        self._changed = False


def _digest(content, name):
    return hashlib.blake2b(content, key=name.encode()[:64], digest_size=32).digest()


def _name(exercise, reference, secret):
    """A file's name: a hash of all that the outcomes depend on."""
    parts = (secret, exercise.assignment, exercise.name, exercise.digest, reference.digest, _kit())
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=20).hexdigest()


@cache
def _kit():
    """A hash of this engine and of the libraries that compute."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    versions = installed(("torch", "numpy", "safetensors"))
    return hashlib.blake2b(b"".join(f.read_bytes() for f in files) + repr(versions).encode()).hexdigest()
