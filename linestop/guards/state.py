"""state: linestop's own files and git's own are never part of a diff. This rule has no exceptions."""

import unicodedata
from collections.abc import Iterator

from linestop.guards.sight import Sight, violation
from linestop.verdicts import Violation

_OURS = frozenset({".git", ".linestop", "git~1"})  # git~1 is the short name of .git on Windows
_NOWHERE = frozenset({"", ".", ".."})


def state(sight: Sight) -> Iterator[Violation]:
    """Object to every path with a part that is, on any file system, `.git` or `.linestop`, or that leads elsewhere."""
    for change in sight.changes:
        parts = {_folded(part) for part in change.path.replace("\\", "/").split("/")}
        if parts & _OURS:
            yield violation("state", change.path, "belongs to linestop or git, not to the work; take it out")
        elif parts & _NOWHERE:
            yield violation("state", change.path, "is no path inside the repository; take it out")


def _folded(part: str) -> str:
    """Return a name as file systems that ignore case, zero-width characters, trailing dots and streams see it."""
    if part in _NOWHERE:
        return part
    visible = "".join(char for char in part if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", visible).partition(":")[0].rstrip(". ").casefold()
