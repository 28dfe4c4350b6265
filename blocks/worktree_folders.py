"""A workspace's folder on disk, which an agent may have filled with anything, and may still be changing.

Never follows a symbolic link: every folder is opened by itself, in its parent, so that nothing that is put in the place
of one leads elsewhere. No depth of folders and no length of a path is too much to be removed.
"""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from linestop.errors import InfraError, RepositoryError

MAX_DEPTH = 100  # folders in each other that are looked into
_ORDINARY = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def sweep(worktree: Path) -> None:
    """Make a workspace fit for git: what git would run, choke on or could never record is taken out of it.

    Nested `.git` entries of any spelling go (git would run the commands that such a repository's configuration names,
    and record a link instead of the files; their files stay and are judged like any other), then sockets, pipes and
    devices; folders that lock their owner out are opened.

    Raises:
        RepositoryError: it holds folders in folders that no repository has.
    """
    with suppress(FileNotFoundError, NotADirectoryError), _opened(worktree) as folder:
        _sweep(folder, depth=0)


def remove(path: Path) -> None:
    """Remove a file, a link or a whole tree, folders that lock their owner out included; nothing there is fine.

    Raises:
        InfraError: something is still there.
    """
    sys.audit("linestop.remove", str(path))  # as shutil.rmtree does: whoever audits the process sees what goes
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    with suppress(OSError):
        parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _remove_in(parent, path.name)
        finally:
            os.close(parent)
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


def _sweep(folder: int, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RepositoryError(
            "the workspace can't be recorded", found=f"more than {MAX_DEPTH} folders in each other", todo="run it again"
        )
    for name, mode in _entries(folder):
        if stat.S_IFMT(mode) not in _ORDINARY:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
        elif name.casefold() == ".git":
            if depth or name != ".git":  # git refuses to add `.GIT`, and with it everything else
                _remove_in(folder, name)
        elif stat.S_ISDIR(mode):
            with suppress(FileNotFoundError, NotADirectoryError), _opened(name, at=folder) as inner:
                _sweep(inner, depth=depth + 1)


def _remove_in(parent: int, name: str) -> None:
    """Remove what is called so in an open folder. Raises OSError."""
    try:
        folder = _open(name, parent)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        os.unlink(name, dir_fd=parent)
        return
    _empty(folder)
    os.rmdir(name, dir_fd=parent)


def _empty(folder: int) -> None:
    """Remove all that an open folder holds, and close it. One descriptor for any depth: back up goes by `..`."""
    names, waiting, status = list[str](), [_without_files(folder)], [os.fstat(folder)]
    try:
        while True:
            if waiting[-1]:
                names.append(waiting[-1].pop())
                folder = _closed(folder, _open(names[-1], folder))
                waiting.append(_without_files(folder))
                status.append(os.fstat(folder))
                continue
            waiting.pop()
            status.pop()
            if not names:
                return
            folder = _closed(folder, os.open("..", _FOLDER, dir_fd=folder))
            if not os.path.samestat(os.fstat(folder), status[-1]):
                raise NotADirectoryError("somebody moved a folder that was being removed")
            os.rmdir(names.pop(), dir_fd=folder)
    finally:
        os.close(folder)


def _without_files(folder: int) -> list[str]:
    """Remove what is no folder from an open folder, and return the names of the folders in it."""
    folders = []
    for name, mode in _entries(folder):
        if stat.S_ISDIR(mode):
            folders.append(name)
        else:
            os.unlink(name, dir_fd=folder)
    return folders


def _closed(old: int, new: int) -> int:
    os.close(old)
    return new


def _entries(folder: int) -> list[tuple[str, int]]:
    """Return names and modes of an open folder's entries."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                found.append((entry.name, entry.stat(follow_symlinks=False).st_mode))
    return found


@contextmanager
def _opened(path: Path | str, *, at: int | None = None) -> Iterator[int]:
    folder = _open(path, at)
    try:
        yield folder
    finally:
        os.close(folder)


def _open(path: Path | str, at: int | None) -> int:
    """Open a folder, which is no link, and give its owner all rights to it. Raises OSError."""
    try:
        folder = os.open(path, _FOLDER, dir_fd=at)
    except PermissionError:
        _unlock(path, at)
        folder = os.open(path, _FOLDER, dir_fd=at)
    mode = stat.S_IMODE(os.fstat(folder).st_mode)
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        with suppress(OSError):  # another's
            os.fchmod(folder, mode | stat.S_IRWXU)
    return folder


def _unlock(path: Path | str, at: int | None) -> None:
    """Open a folder to its owner that can't be opened; by its own handle, since a link may take its place meanwhile."""
    handle = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    try:
        Path(f"/proc/self/fd/{handle}").chmod(stat.S_IMODE(os.fstat(handle).st_mode) | stat.S_IRWXU)
    finally:
        os.close(handle)
