"""One SQLite file of lessons: how it is opened, how long a lock is waited for, and what each failure of it means.

What stands in it is store.py's, its schema schema.py's. A connection lives for one call.
"""

import os
import random
import shlex
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from linestop.errors import RecordError
from linestop.home import why_not
from linestop.memory.lessons.faults import failure, is_busy
from linestop.memory.lessons.schema import Migration, migrate, shipped, version_of
from linestop.memory.lessons.turns import turn

T = TypeVar("T")
U = TypeVar("U")
BUSY_TIMEOUT_MS = 2_000  # SPEC.md section 6
PATIENCE_SECONDS = 30.0  # in all, over as many busy timeouts as fit; 64 writers at once take less
READING_SECONDS = 10.0  # at most: readers wait for nobody but one who makes the store, and a dispatch waits for them
LONGEST_PAUSE_SECONDS = 0.25
MAX_VALUE_BYTES = 1_000_000  # of one value; a lesson has far less
_TURNS = "-turns"
_BESIDE = ("", "-wal", "-shm", "-journal", _TURNS)


class LessonFile:
    """A store's file. May be used from several threads and processes at once."""

    def __init__(
        self,
        path: Path,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        migrations: Sequence[Migration] | None = None,
    ) -> None:
        self.path = path
        self._patience_seconds = patience_seconds
        self._migrations = migrations or shipped()

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns, run in one immediate transaction; the schema is brought up to date before.

        On a lock that is held by another all of it is done again: `work` must change nothing but the database.

        Raises:
            RecordError: the file can't be used; nothing was changed.
        """
        self._look()
        with self._folder_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
        if why := why_not(self.path.parent):
            raise RecordError(
                f"no lesson can be written into {self.path}",
                found=why,
                todo=f"make {self.path.parent} writable: its rights, or how its disk is mounted",
            )
        with turn(self.path.with_name(f"{self.path.name}{_TURNS}"), self._patience_seconds):
            return self._patiently(lambda: self._write_once(work), self._patience_seconds)

    def read(self, work: Callable[[sqlite3.Connection], T], nothing: U) -> T | U:
        """Return what `work` reads from one consistent state, `nothing` where nothing was ever written.

        Creates no database; on a read-only folder no file at all.

        Raises:
            RecordError: the file can't be used.
        """
        patience = min(self._patience_seconds, READING_SECONDS)
        return self._patiently(lambda: self._read_once(work, nothing), patience)

    def _write_once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._look()
        with closing(sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)) as connection:
            _settle(connection)
            version_of(connection, self.path, self._migrations[-1].number)  # before anything of it is changed
            connection.execute("PRAGMA journal_mode = WAL")
            migrate(connection, self.path, self._migrations)
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
            return result  # closing rolls back what was not committed

    def _read_once(self, work: Callable[[sqlite3.Connection], T], nothing: U) -> T | U:
        if not self._look():
            return nothing
        with closing(self._reader()) as connection:
            _settle(connection)
            connection.execute("BEGIN")
            there = version_of(connection, self.path, self._migrations[-1].number)
            return work(connection) if there else nothing  # 0: another process is making it just now

    def _reader(self) -> sqlite3.Connection:
        """Return a connection that creates no database; on a read-only folder one that needs no file beside it.

        What stands in a write-ahead log is not to be overlooked: where there is one, it is read.
        """
        log = self.path.with_name(f"{self.path.name}-wal")
        if os.access(self.path.parent, os.W_OK):
            words = "mode=rw"
        else:
            words = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
        uri = f"{self.path.absolute().as_uri()}?{words}"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)

    def _look(self) -> bool:
        """Return whether the file is there.

        Raises:
            RecordError: it, its folder or a file beside it is a link or no file: somebody else chose the place.
        """
        if self.path.parent.is_symlink():
            raise _misplaced(self.path.parent, "a link")
        there = [mode for mode in map(_mode, self._files()) if mode]
        return bool(there) and _mode(self.path) != 0

    def _files(self) -> list[Path]:
        return [self.path.with_name(f"{self.path.name}{end}") for end in _BESIDE]

    @contextmanager
    def _folder_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RecordError(
                f"the store of lessons {self.path} can't be used", found=str(error), todo="make the folder writable"
            ) from error

    def _patiently(self, attempt: Callable[[], T], seconds: float) -> T:
        """Return what an attempt returns; on a lock try again, with growing pauses, for so many seconds."""
        end, pause = monotonic() + seconds, 0.005
        while True:
            try:
                with self._folder_errors():
                    return attempt()
            except sqlite3.Error as error:
                if not is_busy(error) or monotonic() >= end:
                    raise failure(self.path, error) from error
            sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # keeps those who wait apart
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _settle(connection: sqlite3.Connection) -> None:
    """Set what must hold before anything takes a lock. A schema's own functions and huge values are not trusted."""
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA secure_delete = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    connection.row_factory = sqlite3.Row


def _mode(path: Path) -> int:
    """Return a file's mode, 0 where there is none. Raises RecordError where it is no ordinary file."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
    if not stat.S_ISREG(mode):
        raise _misplaced(path, "a link" if stat.S_ISLNK(mode) else "a folder or no ordinary file")
    return mode


def _misplaced(path: Path, found: str) -> RecordError:
    return RecordError(
        f"lessons are kept in no such place: {path}", found=found, todo=f"remove it: rm -r {shlex.quote(str(path))}"
    )
