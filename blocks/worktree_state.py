"""What a workspace has come to while an agent still works in it, as a hash: has anything changed since the last look?

Read-only, and never by git, which would copy what it reads into the owner's repository, and follow a link that takes a
file's place meanwhile. Every folder and file is opened by itself in its parent; a pipe is not waited for.
"""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

MAX_FILES = 50_000
MAX_BYTES = 10 * 2**20  # of one file; a larger one counts by its size
MAX_DEPTH = 60
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 2**20
_LITTER = frozenset(
    {
        ".git", ".linestop", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox",
        ".nox", ".venv", "venv", "node_modules", ".cache", ".gradle", ".coverage", "coverage.xml", "htmlcov",
    }
)  # fmt: skip  # what running something leaves: no progress
_Known = dict[tuple[int, int], tuple[tuple[int, int], bytes]]


class WorktreeState:
    """Looks at one workspace again and again; files that nobody touched are not read again."""

    def __init__(self, worktree: Path) -> None:
        self._worktree = worktree
        self._known: _Known = {}
        self._left = MAX_FILES

    def __call__(self) -> str:
        """Return the hash of names, kinds and contents; folders that tools fill for themselves don't count."""
        digest, self._left = hashlib.sha256(), MAX_FILES
        seen: _Known = {}
        with suppress(OSError):
            folder = os.open(self._worktree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                for line in self._lines(folder, b"", seen, 0):
                    digest.update(line)
            finally:
                os.close(folder)
        self._known = seen
        return digest.hexdigest()

    def _lines(self, folder: int, path: bytes, seen: _Known, depth: int) -> list[bytes]:
        lines = []
        for name in sorted(os.listdir(folder)):
            self._left -= 1
            if self._left < 0 or depth > MAX_DEPTH:
                break
            if name not in _LITTER:
                with suppress(OSError):  # gone meanwhile, or locked
                    lines += self._entry(folder, name, path + b"/" + os.fsencode(name), seen, depth)
        return lines

    def _entry(self, folder: int, name: str, path: bytes, seen: _Known, depth: int) -> list[bytes]:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFDIR:
            inner = os.open(name, _FOLDER, dir_fd=folder)
            try:
                return self._lines(inner, path, seen, depth + 1)
            finally:
                os.close(inner)
        if kind == stat.S_IFLNK:
            return [path + b"\0" + os.fsencode(os.readlink(name, dir_fd=folder)) + b"\0"]
        if kind != stat.S_IFREG:
            return []
        runs = b"x" if status.st_mode & stat.S_IXUSR else b"-"
        return [path + b"\0" + runs + self._content(folder, name, status, seen) + b"\0"]

    def _content(self, folder: int, name: str, status: os.stat_result, seen: _Known) -> bytes:
        place, version = (status.st_dev, status.st_ino), (status.st_mtime_ns, status.st_size)
        known = self._known.get(place)
        found = known[1] if known and known[0] == version else _hash(folder, name, status.st_size)
        seen[place] = (version, found)
        return found


def _hash(folder: int, name: str, size: int) -> bytes:
    if size > MAX_BYTES:
        return b"%d" % size
    digest, left = hashlib.sha256(), MAX_BYTES
    with open(os.open(name, _FILE, dir_fd=folder), "rb", buffering=0) as file:  # noqa: PTH123  # a descriptor
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            while left > 0 and (chunk := file.read(min(_CHUNK, left))):
                digest.update(chunk)
                left -= len(chunk)
    return digest.digest()
