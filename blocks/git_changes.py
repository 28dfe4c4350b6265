"""Reads from git what changed between two commits: modes, ids and bytes. What it means is for linestop/guards/."""

from collections.abc import Iterable, Iterator, Mapping

from linestop.blocks.git_commands import GitCommands
from linestop.changes import ABSENT, MAX_FILE_BYTES, MAX_TOTAL_BYTES, SUBMODULE, Change

_RAW_WORDS = 5  # ":before after id id status"


def changes(git: GitCommands, base: str, commit: str) -> tuple[Change, ...]:
    """Return every path that differs, with its content on both sides, in git's order.

    Raises:
        RepositoryError: one of the commits isn't there.
    """
    out = git.run(
        "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none", base, commit
    )
    rows = list(_rows(out))
    blobs = _blobs(git, {one for row in rows for one in row.ids})
    return tuple(row.change(blobs) for row in rows)


class _Row:
    """One raw line of diff-tree and its path."""

    def __init__(self, words: str, path: str) -> None:
        self.modes = words[1:].split(" ")[:2]
        self.names = words.split(" ")[2:4]
        self.path = path

    @property
    def ids(self) -> list[str]:
        """Ids of the blobs; a submodule's id names a commit of another repository."""
        pairs = zip(self.modes, self.names, strict=True)
        return [name for mode, name in pairs if mode not in {ABSENT, SUBMODULE}]

    def change(self, blobs: Mapping[str, bytes]) -> Change:
        """Return the change, `oversized` where a blob was too large to be read, or is missing."""
        (before_mode, after_mode), (before_id, after_id) = self.modes, self.names
        return Change(
            path=self.path,
            before=blobs.get(before_id),
            after=blobs.get(after_id),
            before_mode=before_mode,
            after_mode=after_mode,
            before_id=before_id,
            after_id=after_id,
            oversized=any(one not in blobs for one in self.ids),
        )


def _rows(out: str) -> Iterator[_Row]:
    words = iter(out.split("\0"))
    for raw in words:
        if raw.startswith(":") and len(raw.split(" ")) == _RAW_WORDS:
            yield _Row(raw, next(words))


def _blobs(git: GitCommands, ids: Iterable[str]) -> dict[str, bytes]:
    """Return the content of those blobs that are small enough, the smallest first until the total is reached."""
    chosen, total = list[str](), 0
    for size, one in sorted(_sizes(git, ids)):
        total += size
        if size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
            break
        chosen.append(one)
    return _contents(git, chosen) if chosen else {}


def _sizes(git: GitCommands, ids: Iterable[str]) -> list[tuple[int, str]]:
    asked = "".join(f"{one}\n" for one in sorted(ids))
    if not asked:
        return []
    out = git.run("cat-file", "--batch-check", stdin=asked.encode())
    words = [line.split(" ") for line in out.splitlines()]
    return [(int(size), one) for one, kind, size in (row for row in words if row[1] != "missing") if kind == "blob"]


def _contents(git: GitCommands, ids: list[str]) -> dict[str, bytes]:
    out = git.read("cat-file", "--batch", stdin="".join(f"{one}\n" for one in ids).encode())
    found, start = dict[str, bytes](), 0
    while start < len(out):
        end = out.index(b"\n", start)
        one, _, size = out[start:end].decode().split(" ")
        found[one] = out[end + 1 : end + 1 + int(size)]
        start = end + 1 + int(size) + 1
    return found
