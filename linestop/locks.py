"""Locks between the processes of one host. The kernel frees them with their holder, kill -9 included.

The infra lock, which holds over hosts as well, is blocks/infra_lock.py.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, made with its folder where it isn't there; wait for whoever holds it.

    What stands in the file stays, and a link is not followed: the file may lie where a repository could put one.

    Raises:
        OSError: the file can't be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
