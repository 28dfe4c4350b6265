"""One line of a tool's result that tells what went wrong, for a message or a report."""

import re

from linestop.text import plain

MAX_EXCERPT = 160  # characters, SPEC.md section 5
_MAX_LOOKED_AT = 8_000
_TELLING = re.compile(
    r"error|fail|exception|denied|not found|no such|cannot|can't|refused|timed? ?out|unable|invalid|fatal",
    re.IGNORECASE,
)


def excerpt(text: str) -> str:
    """Return one line of a text, cut with an ellipsis: the last of a traceback, else the first that names a failure."""
    lines = [line for line in text[-_MAX_LOOKED_AT:].splitlines() if line.strip()] or [""]
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        return plain(lines[-1], limit=MAX_EXCERPT)
    return plain(next((line for line in lines if _TELLING.search(line)), lines[0]), limit=MAX_EXCERPT)
