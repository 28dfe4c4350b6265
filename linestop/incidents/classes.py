"""Classes of failure and how sure each is, from a command's output and exit code."""

import re
from enum import StrEnum


class FailureClass(StrEnum):
    """What kind of thing went wrong."""

    COMMAND_NOT_FOUND = "command not found"
    PYTHON_MODULE_MISSING = "Python module missing"
    NODE_MODULE_MISSING = "node module missing"
    PERMISSION_DENIED = "permission denied"
    PATH_MISSING = "path missing"
    TIME_OUT = "time-out"
    ASSERTION_FAILURE = "assertion failure"
    UNKNOWN = "unknown"


# SPEC.md section 7. Surest first: the first that matches is the class.
CONFIDENCE = {
    FailureClass.COMMAND_NOT_FOUND: 0.94,
    FailureClass.PYTHON_MODULE_MISSING: 0.88,
    FailureClass.NODE_MODULE_MISSING: 0.84,
    FailureClass.PERMISSION_DENIED: 0.82,
    FailureClass.PATH_MISSING: 0.79,
    FailureClass.TIME_OUT: 0.68,
    FailureClass.ASSERTION_FAILURE: 0.62,
    FailureClass.UNKNOWN: 0.35,
}
PERSON_BELOW = 0.70  # only a person closes an incident whose class is less sure than this
_EXIT_CODES = {127: FailureClass.COMMAND_NOT_FOUND, 126: FailureClass.PERMISSION_DENIED, 124: FailureClass.TIME_OUT}
_SIGNS = {
    FailureClass.COMMAND_NOT_FOUND: r"\bcommand not found\b|^(?:/bin/)?(?:ba|da|z)?sh: .*: not found$",
    FailureClass.PYTHON_MODULE_MISSING: r"\bModuleNotFoundError\b|\bNo module named\b",
    FailureClass.NODE_MODULE_MISSING: r"\bCannot find (?:module|package) '|\bERR_MODULE_NOT_FOUND\b",
    FailureClass.PERMISSION_DENIED: r"\bPermission denied\b|\bPermissionError\b|\bEACCES\b|\bEPERM\b",
    FailureClass.PATH_MISSING: r"\bNo such file or directory\b|\bFileNotFoundError\b|\bENOENT\b|\bNotADirectoryError\b",
    FailureClass.TIME_OUT: r"\btimed out\b|\bTimeoutError\b|\bTimeoutExpired\b|\bETIMEDOUT\b",
    FailureClass.ASSERTION_FAILURE: r"\bAssertionError\b|^E\s+assert\b|\bassertion failed\b|^FAILED\s+\S+",
}
_PATTERNS = {kind: re.compile(text, re.IGNORECASE | re.MULTILINE) for kind, text in _SIGNS.items()}


def classify(text: str, exit_code: int | None, *, timed_out: bool = False) -> tuple[FailureClass, float]:
    """Return the class of a failure and its confidence, 0 to 1. What was measured outranks what the text mentions."""
    if timed_out:
        kind = FailureClass.TIME_OUT
    elif exit_code in _EXIT_CODES:
        kind = _EXIT_CODES[exit_code]
    else:
        kind = next((one for one, pattern in _PATTERNS.items() if pattern.search(text)), FailureClass.UNKNOWN)
    return kind, CONFIDENCE[kind]
