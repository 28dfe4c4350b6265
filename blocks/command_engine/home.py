"""Files of an agent's home, read and written from outside while the agent may write there: no link is ever followed."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from linestop.errors import InfraError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def write_file(home: Path, name: str, text: str) -> None:
    """Write a file below `home`, with its folders, as the home's owner.

    Raises:
        InfraError: the disk refused, or a link stands on the way.
    """
    *folders, last = PurePosixPath(name).parts
    try:
        with _opened(home, folders, create=True) as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(last, flags, 0o600, dir_fd=folder), "w", encoding="utf-8") as file:
                file.write(text)
            _give(folder, last, home)
    except OSError as error:
        raise InfraError(
            f"can't write {name} into the agent's home", found=str(error), todo="check the disk"
        ) from error


def read_file(home: Path, name: str, *, at_most: int) -> bytes | None:
    """Return what a plain file below `home` holds, None where it is none, is larger, or a link stands on the way."""
    *folders, last = PurePosixPath(name).parts
    try:
        with _opened(home, folders, create=False) as folder:
            return read_in(folder, last, at_most=at_most)
    except OSError:
        return None


def read_in(folder: int, name: str, *, at_most: int) -> bytes | None:
    """Return what a plain file of an open folder holds, None where it is none or is larger. Raises OSError."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > at_most:
            return None
        return file.read(at_most + 1)[:at_most]


@contextlib.contextmanager
def _opened(home: Path, folders: list[str], *, create: bool) -> Iterator[int]:
    """Open a folder step by step from `home`; every step is a folder and no link."""
    current = os.open(home, _FOLDER)
    try:
        for name in folders:
            if name in {"..", "/"}:
                raise NotADirectoryError(name)
            if create:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o700, dir_fd=current)
                    _give(current, name, home)
            inner = os.open(name, _FOLDER, dir_fd=current)
            os.close(current)
            current = inner
        yield current
    finally:
        os.close(current)


def _give(folder: int, name: str, home: Path) -> None:
    """Let the owner of the home own what was made in it: inside, the agent may be another user."""
    owner = home.stat()
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(name, owner.st_uid, owner.st_gid, dir_fd=folder, follow_symlinks=False)
