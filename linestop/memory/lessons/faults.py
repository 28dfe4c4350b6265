"""What SQLite's errors mean for a store of lessons, in three parts. How often a lock is tried again is file.py's."""

import shlex
import sqlite3
from pathlib import Path

from linestop.errors import RecordError

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_TODO = {
    sqlite3.SQLITE_BUSY: "let the other process end; on a network disk, move the repository to a local one",
    sqlite3.SQLITE_LOCKED: "let the other process end",
    sqlite3.SQLITE_PROTOCOL: "the disk doesn't lock files properly, as network disks do: move it to a local one",
    sqlite3.SQLITE_IOERR: "check the disk; one that doesn't lock files, as network disks do, can't hold lessons",
    sqlite3.SQLITE_FULL: "free disk space",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "make the folder writable, or name another",
    sqlite3.SQLITE_PERM: "make the file readable",
}


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether another process holds a lock: the same may succeed later."""
    return _code(error) in _BUSY


def failure(path: Path, error: sqlite3.Error) -> RecordError:
    """Return what a person is told. Nothing was changed: a transaction is whole or not at all."""
    code, quoted = _code(error), shlex.quote(str(path))
    what = "is held by another process, or can't be locked" if code in _BUSY else "can't be used"
    if code in _BROKEN:
        what, todo = (
            "is damaged",
            f"nothing was changed; put a backup in its place, or move it away: mv {quoted} {quoted}.bad",
        )
    else:
        todo = _TODO.get(code, "check the disk and the file")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return RecordError(f"the store of lessons {path} {what}", found=f"{name}: {error}", todo=todo)


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary code, 0 where the error is none of SQLite's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
