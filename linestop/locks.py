"""Locks between the processes of one host. The kernel frees them with their holder, kill -9 included.

The infra lock, which holds over hosts as well, is blocks/infra_lock.py.
"""

import errno
import fcntl
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

_LONGEST_PAUSE_SECONDS = 0.05


@contextmanager
def locked(path: Path, *, seconds: float | None = None) -> Iterator[None]:
    """Hold the lock file `path`, made with its folder where it isn't there; wait for whoever holds it.

    What stands in the file stays, and a link is not followed: the file may lie where a repository could put one.

    Raises:
        OSError: the file can't be opened, or is still held by another after so many seconds; None waits for ever.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        lock(file, seconds=seconds)
        yield
    finally:
        os.close(file)


def lock(file: int, *, seconds: float | None = None) -> None:
    """Lock an open file for this process alone, until it is closed. The kernel can wait for ever, or not at all.

    Raises:
        OSError: the disk can't lock, or another holds the file for longer than the seconds; None waits for ever.
    """
    if seconds is None:
        fcntl.flock(file, fcntl.LOCK_EX)
        return
    end, pause = monotonic() + seconds, 0.001
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= end:
                raise TimeoutError(errno.ETIMEDOUT, f"another process holds it for more than {seconds:g} s") from None
        else:
            return
        sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # keeps those who wait apart
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
