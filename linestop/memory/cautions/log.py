"""The writer of a run's cautions. What `append` returned is on the disk; a line of a crash hides no later one.

Several threads share one log: whoever comes first writes for all that wait, with one fsync. Several processes may
write one segment: each write holds the file's lock. Reading is reader.py; what becomes of old segments compaction.py.
"""

import fcntl
import os
import stat
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from linestop.errors import RecordError
from linestop.events.redaction import Redactor, redactor, told
from linestop.files import APPEND, FOLDER, append_lines, sync_folder
from linestop.locks import lock
from linestop.memory.cautions.lines import harmless, line_of
from linestop.memory.cautions.model import Caution
from linestop.memory.cautions.segments import file_of
from linestop.paths import Layout

LOCK_SECONDS = 10.0  # that another writer of the same segment may take
_MOST_OPENINGS = 100  # a segment can't be compacted so often between two looks


@dataclass
class _Batch:
    """Lines that go to the disk together."""

    lines: list[bytes] = field(default_factory=list)
    written: bool = False
    error: OSError | None = None


class CautionLog:
    """The segment of one run, made with the first caution. May be used from several threads.

    `clock` says which day it is when the segment is opened; a clock that jumps puts it elsewhere and loses nothing.
    """

    def __init__(self, layout: Layout, run: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.run = run
        self.path: Path | None = None
        self._layout, self._clock = layout, clock
        self._file: list[int] = []  # its descriptor, while it is open
        weakref.finalize(self, _close, self._file)
        self._pid = os.getpid()
        self._gather, self._commit = threading.Lock(), threading.Lock()
        self._waiting = _Batch()
        self._redactor, self._secrets = redactor(), told()

    def append(self, caution: Caution) -> Caution:
        """Write a caution and return it as it was written, with its id; it is on the disk then.

        Raises:
            RecordError: the disk refused; nothing of it counts as written.
        """
        stored = harmless(caution, self.run, self._hiding())
        with self._gather:
            batch = self._waiting
            batch.lines.append(line_of(stored))
        with self._commit:
            if not batch.written:
                self._carry_out(batch)
        if batch.error:
            raise RecordError(
                f"can't write a caution to {self.path or self._layout.cautions}",
                found=str(batch.error),
                todo="free disk space, or check the folder's rights",
            ) from batch.error
        return stored

    def close(self) -> None:
        """Close the segment; what comes later opens one again. Closing twice does nothing."""
        with self._commit:
            self._shut()

    def _hiding(self) -> Redactor:
        """Return what hides secrets: those of the environment when the log was made, and all that was told since."""
        if self._secrets != told():
            self._secrets, self._redactor = told(), redactor()
        return self._redactor

    def _carry_out(self, batch: _Batch) -> None:
        with self._gather:
            self._waiting = _Batch()
        batch.written = True
        try:
            self._write(b"".join(batch.lines))
        except OSError as error:
            batch.error = error
        except BaseException as error:
            batch.error = OSError(f"broken off by {type(error).__name__}")
            raise

    def _write(self, block: bytes) -> None:
        for _ in range(_MOST_OPENINGS):
            file = self._opened()
            lock(file, seconds=LOCK_SECONDS)
            try:
                if os.fstat(file).st_nlink:  # else it was compacted and removed: a new one is made
                    append_lines(file, block)
                    return
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
            self._shut()
        raise OSError("the segment is removed again and again")

    def _opened(self) -> int:
        """Return the segment's descriptor, opened where it isn't; a forked process opens its own."""
        if self._pid != os.getpid():
            self._shut()
        if not self._file:
            self._layout.ensure()
            self._pid, day = os.getpid(), self._clock().astimezone(UTC).strftime("%Y-%m-%d")
            self.path = self._layout.cautions / day / file_of(self.run)
            self._file.append(_created(self.path))
        return self._file[0]

    def _shut(self) -> None:
        _close(self._file)


def _close(file: list[int]) -> None:
    while file:
        with suppress(OSError):
            os.close(file.pop())


def _created(path: Path) -> int:
    """Open a segment, made where it isn't there; its folders know of it for good once this returns."""
    for _ in range(_MOST_OPENINGS):
        try:
            for folder_path in (path.parent.parent, path.parent):
                folder_path.mkdir(mode=0o700, exist_ok=True)
            folder = os.open(path.parent, FOLDER)
        except FileNotFoundError:  # an empty day was removed meanwhile
            continue
        try:
            file = os.open(path.name, APPEND, 0o600, dir_fd=folder)
            if not stat.S_ISREG(os.fstat(file).st_mode):
                os.close(file)
                raise OSError("there is something else in the place of the segment")
            if not os.fstat(file).st_size:
                os.fsync(folder)
                sync_folder(path.parent.parent)
        except FileNotFoundError:
            continue
        finally:
            os.close(folder)
        return file
    raise OSError("the folder is removed again and again")
