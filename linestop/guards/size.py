"""size: a file that is too large to be looked at can't be judged, so it can't be let in."""

from collections.abc import Iterator

from linestop.changes import MAX_FILE_BYTES
from linestop.guards.sight import Sight, violation
from linestop.verdicts import Violation

_MIB = 1024 * 1024


def size(sight: Sight) -> Iterator[Violation]:
    """Object to what is left behind unread: one file above 4 MiB, or more than 64 MiB in all."""
    for change in sight.written():
        if change.oversized:
            yield violation(
                "size", change.path, f"is too large to be judged (above {MAX_FILE_BYTES // _MIB} MiB, or too many)"
            )
