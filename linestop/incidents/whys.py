"""The five whys as far as a machine can honestly fill them in: what the evidence shows, and nothing beyond it."""

from linestop.incidents.classes import FailureClass
from linestop.incidents.model import WHYS, Why
from linestop.verdicts import CommandRun

_HYPOTHESES = {
    FailureClass.COMMAND_NOT_FOUND: "a command that the step needs is not installed or not on PATH",
    FailureClass.PYTHON_MODULE_MISSING: "a Python module that the step imports is not installed in its environment",
    FailureClass.NODE_MODULE_MISSING: "a node module that the step loads is not installed",
    FailureClass.PERMISSION_DENIED: "the step may not read, write or run something that it needs",
    FailureClass.PATH_MISSING: "a file or folder that the step needs is not there",
    FailureClass.TIME_OUT: "the step takes longer than it is given, or waits for something that never comes",
    FailureClass.ASSERTION_FAILURE: "the code does not do what a test asserts",
}


def first_whys(kind: FailureClass, what: str, evidence: CommandRun | None) -> tuple[Why, ...]:
    """Return five whys: the first from the evidence where there is any that names a class, the rest unknown."""
    unknown = tuple(Why() for _ in range(WHYS))
    if kind not in _HYPOTHESES:
        return unknown
    seen = f"it says so itself: {what}" if evidence is None else _seen(evidence)
    first = Why(hypothesis=_HYPOTHESES[kind], verification=seen, conclusion=f"the evidence has the marks of: {kind}")
    return (first, *unknown[1:])


def _seen(evidence: CommandRun) -> str:
    how = "it ran out its time" if evidence.timed_out else f"it ended with exit code {evidence.exit_code}"
    return f"`{' '.join(evidence.argv)}`: {how} after {evidence.seconds:.1f} s"
