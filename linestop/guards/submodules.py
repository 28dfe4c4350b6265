"""submodules: a link to a commit of another repository brings code that no guard, check or reviewer here has seen."""

from collections.abc import Iterator

from linestop.changes import SUBMODULE
from linestop.guards.sight import Sight, violation
from linestop.verdicts import Violation


def submodules(sight: Sight) -> Iterator[Violation]:
    """Object to every submodule that is added, moved to another commit, or removed; also a nested repository's link."""
    for change in sight.changes:
        if SUBMODULE in {change.before_mode, change.after_mode}:
            yield violation("submodules", change.path, "is a submodule or a nested repository; take the change back")
