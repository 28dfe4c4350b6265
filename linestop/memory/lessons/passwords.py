"""Finds a password that is said outright: `password=…`, `the password is …`. Shapes of tokens: events/redaction.py.

Stricter than what the log hides: a lesson that says one is refused, and a person can say it in other words.
"""

import re

_SAID = re.compile(
    r"(?:passw(?:or)?d|passphrase|passwd|pwd|secret)[\"'`]?\s*(?:[:=]|\bis\b)\s*[\"'`]?"
    r"(?=[^\s\"'`]{0,200}\d)(?=[^\s\"'`]{0,200}[A-Za-z])(?P<value>[^\s\"'`]{8,200})",
    re.IGNORECASE,
)
# A call, a template, a variable's name, a path or what stands for a password is none.
_NONE = re.compile(
    r"[({\[<$%/]|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\W?$|^(?-i:[A-Z_][A-Z0-9_]+)\W?$"
    r"|example|placeholder|change-?me|your|dummy|redacted|xxx|characters",
    re.IGNORECASE,
)


def says_password(text: str) -> bool:
    """Return whether a text says a password: at least 8 characters with a letter and a digit, after a name of one."""
    return any(not _NONE.search(found["value"]) for found in _SAID.finditer(text))
