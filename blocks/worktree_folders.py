"""A workspace's folder on disk, which an agent may have filled with anything. Never follows a symbolic link."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from linestop.errors import InfraError

_ORDINARY = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


def sweep(worktree: Path) -> None:
    """Make a workspace fit for git: what git would run, choke on or could never record is taken out of it.

    Nested `.git` entries of any spelling go (git would run the commands that such a repository's configuration names,
    and record a link instead of the files; their files stay and are judged like any other), then sockets, pipes and
    devices; folders that lock their owner out are opened.
    """
    for entry in _entries(worktree):
        kind = stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode)
        if kind not in _ORDINARY:
            Path(entry.path).unlink(missing_ok=True)
        elif entry.name.casefold() == ".git" and Path(entry.path).parent != worktree:
            remove(Path(entry.path))
        elif entry.name != ".git" and entry.name.casefold() == ".git":
            remove(Path(entry.path))  # git refuses to add `.GIT`, and with it everything else


def remove(path: Path) -> None:
    """Remove a file, a link or a whole tree, folders that lock their owner out included; nothing there is fine.

    Raises:
        InfraError: something is still there.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        for _ in _entries(path):  # opens the folders as it goes
            pass
        shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        raise InfraError(f"{path} can't be removed", found="files that stay", todo=f"remove it: rm -rf {path}")


def unlink_inside(root: Path, relative: str) -> None:
    """Remove `root/relative` unless a folder on the way is a link: then it lies elsewhere and isn't ours."""
    path = root
    for part in relative.split("/")[:-1]:
        path /= part
        if part in {"", ".", ".."} or path.is_symlink() or not path.is_dir():
            return
    remove(path / relative.rpartition("/")[2])


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield everything below a folder, each before what it holds; what its reader removes is not entered."""
    waiting = [str(folder)]
    while waiting:
        current = waiting.pop()
        if not _opened(current):
            continue
        with os.scandir(current) as found:
            entries = list(found)
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)


def _opened(folder: str) -> bool:
    """Give the owner of a folder all rights to it; False where it is gone or another's."""
    try:
        status = os.lstat(folder)
        if not stat.S_ISDIR(status.st_mode):
            return False
        if status.st_mode & stat.S_IRWXU != stat.S_IRWXU:
            Path(folder).chmod(stat.S_IMODE(status.st_mode) | stat.S_IRWXU)
    except OSError:
        return False
    return True
