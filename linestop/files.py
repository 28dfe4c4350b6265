"""Files that others may have a hand in: opened through no link, read up to a size, written whole or not at all.

Locks between processes are locks.py's. What stands in a file, and what an error means to a person, its room says.
"""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe in a file's place must not block
APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_sync = getattr(os, "fdatasync", os.fsync)  # the size is written too; only the times of the file may not be


def read_whole(path: Path, *, most: int) -> bytes:
    """Return what a file holds.

    Raises:
        FileNotFoundError: there is none.
        OSError: it is a link or no regular file, has more than `most` bytes, or can't be read.
    """
    file = os.open(path, READ)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
        with os.fdopen(file, "rb", closefd=False) as opened:
            content = opened.read(most + 1)
    finally:
        os.close(file)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"more than {most:,} bytes", str(path))
    return content


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Put a file in its place at once: whoever opens it sees all of the old one or all of the new one.

    A link in its place is replaced, not followed. `durable`: it is on the disk when this returns, a power cut included;
    without, it survives a kill.

    Raises:
        OSError: the disk refused, or there is no such folder; what stood there stays.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, _NEW, 0o644), "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def append_lines(file: int, lines: bytes) -> None:
    """Append lines to an open file, whole or not at all as far as the disk lets us; they are on it when this returns.

    A torn last line that a killed writer left is ended first, or it would hide these. The caller holds the file's lock.

    Raises:
        OSError: the disk refused; what was there stays.
    """
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        lines = b"\n" + lines
    try:
        while lines:
            lines = lines[os.write(file, lines) :]
        _sync(file)
    except BaseException:
        with suppress(OSError):  # where it can't be taken back, the next writer ends the half line
            os.ftruncate(file, size)
        raise


def sync_folder(path: Path) -> None:
    """Have the disk know which files a folder holds: a new name would be gone with the power.

    Raises:
        OSError: it is no folder, or the disk refused.
    """
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # a link may lead there: nothing is written
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
