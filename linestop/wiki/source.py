"""What the wiki is made from: the files of one commit, its history, and the deliveries of linestop in it.

All of it is given (blocks/git_history.py reads git objects), so that nothing here can follow a link or open a path.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property

WIKI = "wiki"
CONTEXT = "agents/CONTEXT.md"
MAX_BYTES = 2_000_000  # a larger file is listed, not read


@dataclass(frozen=True)
class SourceFile:
    """A tracked file. `content` is None for a link, a submodule, or a file above MAX_BYTES."""

    path: str
    content: bytes | None
    kind: str = "file"  # file, link, submodule

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, 64 hex digits; of nothing where they were not read."""
        return hashlib.sha256(self.content or b"").hexdigest()

    @cached_property
    def binary(self) -> bool:
        """Whether it holds a NUL byte in its first 8,000."""
        return b"\0" in (self.content or b"")[:8000]

    @cached_property
    def text(self) -> str:
        """The content as text; undecodable bytes become U+FFFD."""
        return (self.content or b"").decode("utf-8", "replace")

    @cached_property
    def lines(self) -> int:
        """Number of lines, the last one without an end included."""
        content = self.content or b""
        return content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the documented history. `seconds` is the committer's time since 1970, UTC."""

    id: str
    seconds: int
    author: str
    subject: str
    paths: tuple[str, ...] = ()

    @property
    def day(self) -> str:
        """The UTC day, YYYY-MM-DD."""
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A ticket that linestop delivered and whose commit the documented ref holds."""

    ticket: str
    run: str
    commit: str
    summary: str


@dataclass(frozen=True)
class Source:
    """Everything a build reads. `name` is what the repository is called where it doesn't say so itself."""

    name: str
    files: tuple[SourceFile, ...]
    commits: tuple[Commit, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    paths: frozenset[str] = field(default=frozenset())

    def get(self, path: str) -> SourceFile | None:
        """Return the file at a path, or None."""
        return self._by_path.get(path)

    def holds(self, path: str) -> bool:
        """Return whether a path is a file or a folder of the commit; excluded ones count as well."""
        path = path.rstrip("/")
        return path in ("", ".") or path in self._everything

    @cached_property
    def _by_path(self) -> dict[str, SourceFile]:
        return {file.path: file for file in self.files}

    @cached_property
    def _everything(self) -> frozenset[str]:
        found = set(self.paths) | set(self._by_path)
        for path in tuple(found):
            while "/" in path:
                path = path.rpartition("/")[0]  # noqa: PLW2901  # walks up
                found.add(path)
        return frozenset(found)


def is_wiki(path: str) -> bool:
    """Return whether a path belongs to the wiki: its commits are no news and its files no source."""
    return path in (CONTEXT, WIKI) or path.startswith(f"{WIKI}/")


def is_source(path: str, exclude: Sequence[str] = ()) -> bool:
    """Return whether the wiki describes a path; `exclude` holds globs of the policy."""
    if is_wiki(path) or path.startswith(".linestop/"):
        return False
    return not any(fnmatchcase(path, glob) for glob in exclude)
