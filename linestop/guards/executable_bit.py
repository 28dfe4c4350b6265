"""executable-bit: what may be run as a program stays as it was."""

from collections.abc import Iterator

from linestop.changes import ABSENT, EXECUTABLE
from linestop.guards.sight import Sight, violation
from linestop.verdicts import Violation


def executable_bit(sight: Sight) -> Iterator[Violation]:
    """Object to a file that becomes executable, is new and executable, or stops being executable."""
    for change in sight.written():
        was, is_ = change.before_mode == EXECUTABLE, change.after_mode == EXECUTABLE
        if was != is_:
            how = "becomes executable" if is_ else "is no longer executable"
            new = " (a new file)" if change.before_mode == ABSENT else ""
            yield violation("executable-bit", change.path, f"{how}{new}; give it the mode it had, or 0644")
