"""lock-files: which versions are installed, and from where, is settled by a resolver and a person, not by a diff."""

from collections.abc import Iterator

from linestop.guards.sight import Sight, named, violation
from linestop.verdicts import Violation

FILES = (
    "*.lock", "*.lockb", "*.lockfile", "pylock*.toml", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.y*ml",
    "packages.lock.json", "conda-lock*.y*ml", "go.sum", "package.resolved",
)  # fmt: skip
_HASHED = b"--hash=sha256:"  # a requirements file with hashes is a lock file by another name


def lock_files(sight: Sight) -> Iterator[Violation]:
    """Object to any change of a lock file, and of a requirements file with hashes."""
    for change in sight.changes:
        hashed = _HASHED in (change.before or b"") or _HASHED in (change.after or b"")
        if named(change.path, FILES) or (hashed and named(change.path, ("*require*.txt", "*constraint*.txt"))):
            yield violation("lock-files", change.path, "is a lock file; take the change back, a resolver writes it")
