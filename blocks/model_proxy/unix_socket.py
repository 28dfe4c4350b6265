"""The folder in which a model proxy's unix socket lies: short, private, and swept when its owner was killed."""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from linestop.errors import InfraError

MAX_SOCKET_PATH = 107  # bytes of sun_path on Linux, without its closing zero
_PREFIX = "linestop-model-"
_NAME = "model"
_SWEPT_AFTER_SECONDS = 60  # a folder that young may not be locked yet


class SocketFolder:
    """A context manager: a folder of mode 0700 whose lock says that its owner lives.

    The socket in it may be opened by anybody who is let into the folder, or to whom a sandbox shows it.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._lock = -1

    def __enter__(self) -> Self:
        parent = _parent()
        _sweep(parent)
        self._path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        self._lock = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return self

    @property
    def socket(self) -> Path:
        """Return where the socket is to be."""
        if self._path is None:
            raise InfraError("the model proxy's folder is not open", found="no folder", todo="enter it first")
        return self._path / _NAME

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)
            os.close(self._lock)
            self._path = None


def _parent() -> Path:
    """Return the first folder that can be written and is short enough.

    Raises:
        InfraError: there is none.
    """
    room = MAX_SOCKET_PATH - len(f"/{_PREFIX}12345678/{_NAME}")
    wanted = (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
    for folder in filter(None, wanted):
        if len(os.fsencode(folder)) <= room and Path(folder).is_absolute() and os.access(folder, os.W_OK | os.X_OK):
            return Path(folder)
    raise InfraError(
        "no folder can hold the model proxy's socket",
        found=f"none of {', '.join(filter(None, wanted))} is writable and at most {room} bytes long",
        todo="set TMPDIR to a short, writable folder",
    )


def _sweep(parent: Path) -> None:
    """Remove what killed owners left: folders of ours that nobody holds the lock of."""
    for path in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            found = path.lstat()
            young = time.time() - found.st_mtime < _SWEPT_AFTER_SECONDS
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not young:
                _remove_dead(path)


def _remove_dead(path: Path) -> None:
    if {one.name for one in path.iterdir()} - {_NAME}:
        return  # somebody else's, by the same beginning of its name
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path)
    finally:
        os.close(lock)
