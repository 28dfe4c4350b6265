"""symlinks: a link stays inside the repository, so that whoever reads or writes through it does too."""

from collections.abc import Iterator

from linestop.changes import SYMLINK
from linestop.guards.sight import Sight, violation
from linestop.verdicts import Violation


def symlinks(sight: Sight) -> Iterator[Violation]:
    """Object to every new or changed link whose target is absolute, climbs out, or is not written in its plain form."""
    for change in sight.written():
        if change.after_mode != SYMLINK:
            continue
        target = (change.after or b"").decode("utf-8", "surrogateescape")
        if not _inside(change.path, target):
            yield violation("symlinks", change.path, "is a link that leads out of the repository; take it out")


def _inside(path: str, target: str) -> bool:
    """Return whether a link's target is relative, climbs only at its start, and not above the root.

    `a/../b` is refused: where `a` is itself a link, it leads to where nobody sees from the text.
    """
    parts = target.replace("\\", "/").split("/")
    climbs = next((place for place, part in enumerate(parts) if part != ".."), len(parts))
    plain_rest = all(part not in {"", ".", ".."} for part in parts[climbs:])
    return bool(target) and "\0" not in target and plain_rest and climbs <= path.count("/")
