"""How much a diff changes, file by file, from its text. Reads `diff.patch` line by line, whatever its size."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

MAX_FILES = 1000


class FileStat(BaseModel):
    """One file of a diff: lines added and removed; a binary one has neither."""

    model_config = ConfigDict(frozen=True)

    path: str
    added: int = 0
    removed: int = 0
    binary: bool = False


class DiffStat(BaseModel):
    """A whole diff. `files` are at most 1,000, the sums are of all."""

    model_config = ConfigDict(frozen=True)

    files: tuple[FileStat, ...] = ()
    count: int = 0
    added: int = 0
    removed: int = 0


def diff_stat(lines: Iterable[str]) -> DiffStat:
    """Return the statistics of a unified diff as git writes it, without renames."""
    reader = _Reader()
    for line in lines:
        reader.take(line.rstrip("\n"))
    return reader.ended()


class _Reader:
    """Counts lines inside hunks only: a removed line `-- x` must not pass for a file's header."""

    def __init__(self) -> None:
        self._files: list[FileStat] = []
        self._count = self._added = self._removed = 0
        self._path: str | None = None
        self._file = [0, 0]
        self._binary = False
        self._left = [0, 0]  # lines of the hunk that are still to come: old, new

    def take(self, line: str) -> None:
        if any(self._left):
            self._inside(line)
        elif line.startswith("diff --git "):
            self._close()
            self._path = _path(line)
        elif line.startswith("+++ ") and line != "+++ /dev/null":
            self._path = _unprefixed(line[4:])
        elif line.startswith("@@ "):
            self._left = list(_hunk(line))
        elif line.startswith("Binary files "):
            self._binary = True

    def ended(self) -> DiffStat:
        self._close()
        return DiffStat(files=tuple(self._files), count=self._count, added=self._added, removed=self._removed)

    def _inside(self, line: str) -> None:
        if line.startswith("+"):
            self._file[0] += 1
            self._left[1] -= 1
        elif line.startswith("-"):
            self._file[1] += 1
            self._left[0] -= 1
        elif not line.startswith("\\"):
            self._left = [max(0, left - 1) for left in self._left]
        self._left = [max(0, left) for left in self._left]

    def _close(self) -> None:
        if self._path is None:
            return
        added, removed = self._file
        self._count, self._added, self._removed = self._count + 1, self._added + added, self._removed + removed
        if len(self._files) < MAX_FILES:
            self._files.append(FileStat(path=self._path, added=added, removed=removed, binary=self._binary))
        self._path, self._file, self._binary, self._left = None, [0, 0], False, [0, 0]


def _path(header: str) -> str:
    """Return the path of `diff --git a/P b/P`: both halves are the same, so that blanks in it do not matter."""
    words = header.removeprefix("diff --git ")
    return _unprefixed(words[len(words) // 2 + 1 :])


def _unprefixed(path: str) -> str:
    path = path.split("\t", maxsplit=1)[0]
    return path[3:-1] if path.startswith('"b/') else path.removeprefix("b/")


def _hunk(line: str) -> tuple[int, int]:
    """Return how many old and new lines `@@ -a,b +c,d @@` announces."""
    words = line.split(" ")
    try:
        old, new = (int(word.partition(",")[2] or 1) for word in words[1:3])
    except ValueError:
        return 0, 0
    return old, new
