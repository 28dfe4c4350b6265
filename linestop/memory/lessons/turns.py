"""Whose turn it is to write: a queue of processes, so that a crowd of writers is served in the order it came.

SQLite alone lets the luckiest through: of 64 writers one waited for more than 30 seconds now and then. Here each takes
a number, locks the byte of that number in a file beside the store, and waits until the byte before it is free. The
kernel frees the bytes of whoever is killed. A disk that can't lock them loses the order and nothing else: SQLite's own
locks are what keeps a store whole.
"""

import errno
import fcntl
import os
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

_PAUSE_SECONDS = 0.01
_FIRST = 1  # byte of number 0; the byte before it guards the count
_MAX_DIGITS = 15
_SET_LOCK = getattr(fcntl, "F_OFD_SETLK", None)  # Linux has it


@contextmanager
def turn(path: Path, seconds: float) -> Iterator[None]:
    """Wait for the turn, at most so long, and hold it. Whoever waited in vain, or can't wait, goes on without."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):  # a disk that locks nothing, or is full
            _wait(file, monotonic() + seconds)
        yield
    finally:
        with suppress(OSError):
            _lock(file, fcntl.F_UNLCK, 0, 0)  # closing isn't enough where a process was forked meanwhile
        os.close(file)


def _wait(file: int, end: float) -> None:
    """Take a number and wait until whoever has the one before is through."""
    if not _take(file, 0, end):
        return
    number = _count(file)
    _lock(file, fcntl.F_WRLCK, _FIRST + number, 1)
    os.pwrite(file, str(number + 1).zfill(_MAX_DIGITS).encode(), 0)
    _lock(file, fcntl.F_UNLCK, 0, 1)
    if number:
        _take(file, _FIRST + number - 1, end)


def _take(file: int, byte: int, end: float) -> bool:
    """Lock a byte that another holds for a while; return whether it came free in time."""
    while True:
        with suppress(BlockingIOError, PermissionError):  # either is what a lock of another is called
            _lock(file, fcntl.F_WRLCK, byte, 1)
            return True
        if monotonic() >= end:
            return False
        sleep(_PAUSE_SECONDS * random.uniform(0.5, 1))  # noqa: S311  # keeps those who wait apart


def _count(file: int) -> int:
    """Return how many numbers were taken; a file that holds none begins anew."""
    text = os.pread(file, _MAX_DIGITS, 0)
    return int(text) % 10 ** (_MAX_DIGITS - 1) if text.isdigit() else 0


def _lock(file: int, kind: int, start: int, length: int) -> None:
    """Set a lock of the open file, not of the process: threads wait for each other too. Length 0: to the end."""
    if _SET_LOCK is None:
        raise OSError(errno.ENOLCK, "no locks of open files on this system")
    fcntl.fcntl(file, _SET_LOCK, struct.pack("hhqqi4x", kind, os.SEEK_SET, start, length, 0))
