"""Files with a line that DuckDB takes for no object: it would refuse the whole question, whatever its `ignore_errors`.

A file system that broke off may leave a hole as large as it likes; a stranger may write one.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from linestop.insight.columns import MAX_LINE_BYTES
from linestop.text import plain

_CHUNK = 2**20  # bytes: no line within one is too long


def readable(paths: Iterable[Path], say: Callable[[str], None]) -> list[Path]:
    """Return the files without such a line; one that has it costs itself, and is said."""
    found = []
    for path in paths:
        if has_long_line(path):
            name = plain(f"{path.parent.name}/{path.name}", limit=300)
            say(f"{name} is left out: a line in it is longer than {MAX_LINE_BYTES // 2**20} MB")
        else:
            found.append(path)
    return found


def has_long_line(path: Path) -> bool:
    """Return whether a line of a file is longer than MAX_LINE_BYTES. Reads only files that are larger than that.

    What is gone or can't be read has none: whoever reads it tells of it.
    """
    try:
        return path.stat().st_size > MAX_LINE_BYTES and _has_long_line(path)
    except OSError:
        return False


def _has_long_line(path: Path) -> bool:
    running = 0  # bytes of the line that has no end yet
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            first = chunk.find(b"\n")
            if running + (len(chunk) if first < 0 else first) > MAX_LINE_BYTES:
                return True
            running = running + len(chunk) if first < 0 else len(chunk) - 1 - chunk.rfind(b"\n")
    return False
