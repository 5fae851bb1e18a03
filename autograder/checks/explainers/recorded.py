"""Recorded mistakes: one that explains the outcome of every case, of the passed ones too."""

from ..evaluate import Failure

UNWRITTEN = ("NotImplementedError", "NameError")


def recorded(attempt, unexplained):
    """The sentence of the recorded mistake that does what the student's function does, in all cases."""
    matches = [
        (sentence, attempt.faults_of(source) & attempt.faults.keys() if attempt.faults else set())
        for sentence, source in attempt.exercise.mistakes.items()
        if written(attempt) and agree(attempt, source)
    ]
    if not attempt.failed:  # then every mistake agrees that breaks a condition and nothing else
        matches = [m for m in matches if m[1]]
    if not matches:
        return {}
    sentence, faults = max(matches, key=lambda m: len(m[1]))
    return dict.fromkeys([*attempt.failed, *faults], sentence)


def agree(attempt, source):
    """Whether all outcomes, and something that is more than the type of an exception, are those of a mistake."""
    outcome = attempt.known.outcome
    return all(attempt.agrees(i, outcome(i, source)) for i in attempt.seen) and telling(
        attempt, [(i, outcome(i, source)) for i in attempt.failed]
    )


def written(attempt):
    """Whether there is anything to explain: not if the function was never written."""
    values = [attempt.got[i].value for i in attempt.failed]
    return bool(attempt.faults) or not all(isinstance(v, Failure) and v.type in UNWRITTEN for v in values)


def telling(attempt, outcomes):
    """Whether an agreement in the cases [(index, outcome)] says anything: exceptions of one type do only if they say the same."""
    pairs = [(attempt.got[i].value, outcome.value) for i, outcome in outcomes]
    return not pairs or any(not isinstance(a, Failure) or a.message == getattr(b, "message", None) for a, b in pairs)
