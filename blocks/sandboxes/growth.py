"""Watches what a sandbox's processes write to disk. A watcher ends them a moment late: RLIMIT_FSIZE holds single files.

Looking costs at most a twentieth of the time: the larger a workspace, the rarer. A fall of the disk's free space makes
it look at once, so that a fast writer is not found late. Files that were removed while open count as well.
"""

import errno
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import psutil

from linestop.blocks.sandboxes.clocks import Probe
from linestop.ports.sandbox import Ended

_ENTRY_BYTES = 1024  # that a file costs beside its blocks: a million empty files are no nothing
_BLOCK_BYTES = 512  # st_blocks
_SHARE = 20  # of the time, at most a twentieth
_MIN_SECONDS = 1.0
_GLANCE_SECONDS = 0.2
_FEW = 16 * 2**20  # the least fall of free space that makes it look


@dataclass
class Growth:
    """How far some folders have grown since a cell was opened."""

    folders: tuple[Path, ...]
    limit_bytes: int

    def __post_init__(self) -> None:
        self._before = sum(used(folder) for folder in self.folders)

    def watch(self, pids: Callable[[], Iterable[int]] = tuple) -> Probe:
        """Return a probe for one command; `pids` says which processes are its."""
        return _Look(self, pids)

    def grown(self, pids: Iterable[int] = ()) -> int:
        """Return by how many bytes they have grown, at least where it is beyond the limit."""
        most = self._before + self.limit_bytes
        total = 0
        for folder in self.folders:
            total += used(folder, most - total)
        return total - self._before + sum(unlinked(pid) for pid in pids)

    def free(self) -> int:
        """Return the free bytes of the disk they lie on."""
        try:
            found = os.statvfs(self.folders[-1])
        except OSError:
            return 0
        return found.f_bavail * found.f_frsize


@dataclass
class _Look:
    growth: Growth
    pids: Callable[[], Iterable[int]]
    _next: float = 0
    _glance: float = 0
    _free: int = field(default=0)

    def __post_init__(self) -> None:
        self._free = self.growth.free()
        self._next = monotonic() + _MIN_SECONDS

    def __call__(self) -> Ended | None:
        """Look, where it is time to."""
        now = monotonic()
        if now < self._glance:
            return None
        self._glance = now + _GLANCE_SECONDS
        fell = self._free - self.growth.free()
        if now < self._next and fell < max(_FEW, self.growth.limit_bytes // 4):
            return None
        over = self.growth.grown(self.pids()) > self.growth.limit_bytes
        took = monotonic() - now
        self._next = monotonic() + max(_MIN_SECONDS, _SHARE * took)
        self._glance = monotonic() + max(_GLANCE_SECONDS, took)
        self._free = self.growth.free()
        return "disk" if over else None


def used(folder: Path, most: int | None = None) -> int:
    """Return the bytes that a folder's files take; the count stops beyond `most`. Links are not followed.

    Where paths are longer than the system takes, it can't be looked further: with a `most`, that counts as beyond it.
    """
    total, seen, waiting = 0, set[tuple[int, int]](), [str(folder)]
    while waiting and (most is None or total <= most):
        try:
            with os.scandir(_unlocked(waiting.pop())) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                        if (status.st_dev, status.st_ino) in seen:
                            continue
                        seen.add((status.st_dev, status.st_ino))
                    total += status.st_blocks * _BLOCK_BYTES + _ENTRY_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG and most is not None:
                return most + 1  # whoever builds so deep hides what grows there
            continue  # removed meanwhile
    return total


def _unlocked(folder: str) -> str:
    """Return a folder that can be looked into: one that was locked, so as to hide what grows in it, is opened.

    By its own descriptor: whoever locked it may put a link in its place meanwhile.
    """
    if os.access(folder, os.R_OK | os.X_OK) or os.geteuid() == 0:
        return folder
    with suppress(OSError):
        handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            Path(f"/proc/self/fd/{handle}").chmod(0o700)
        finally:
            os.close(handle)
    return folder


def unlinked(pid: int) -> int:
    """Return the bytes of a process's open files that have no name any more."""
    total = 0
    try:
        links = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0
    for link in links:
        try:
            status = link.stat()
            gone = status.st_nlink == 0 and " (deleted)" in str(link.readlink())
        except OSError:
            continue
        total += status.st_blocks * _BLOCK_BYTES if gone else 0
    return total


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return []
