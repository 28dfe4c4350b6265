"""One line of a tool's result that tells what went wrong, for a message or a report."""

from linestop.text import plain

MAX_EXCERPT = 160  # characters, SPEC.md section 5
_BEGIN, _END = 1_000, 2_000  # characters of a text, and of one line, that are looked at
_TELLING = (
    "error", "fail", "exception", "denied", "not found", "no such", "cannot", "can't", "refused", "timeout", "time out",
    "timed out", "timedout", "unable", "invalid", "fatal",
)  # fmt: skip


def excerpt(text: str) -> str:
    """Return one line of a text, cut with an ellipsis: the last of a traceback, else the first that names a failure."""
    ends = text if len(text) <= _BEGIN + _END else f"{text[:_BEGIN]}\n{text[-_END:]}"
    lines = [line[:_END] for line in ends.splitlines() if line.strip()] or [""]
    if "Traceback (most recent call last)" in text:
        return plain(lines[-1], limit=MAX_EXCERPT)
    return plain(next((line for line in lines if _tells(line)), lines[0]), limit=MAX_EXCERPT)


def _tells(line: str) -> bool:
    """Return whether a line names a failure. Plain words are found a hundred times as fast as one pattern of them."""
    lowered = line.lower()
    return any(word in lowered for word in _TELLING)
