"""Whose the files of a workspace are while a sandbox has it.

Docker's processes are no root: where root runs linestop, the workspace is lent to another user and taken back. Files
that are hard links are made files of their own first: another name of theirs may lie in the owner's cache of packages,
and a process inside would write there.
"""

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LENT_TO = 1000
_BITS = stat.S_ISUID | stat.S_ISGID


def unlinked_twins(workspace: Path) -> int:
    """Give every file of a workspace that has a second name a copy of its own; return how many there were.

    The repository itself is left out: nothing of a sandbox writes there.
    """
    count = 0
    for entry in _files(workspace):
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            _copied(Path(entry.path), status)
            count += 1
    return count


@contextmanager
def lent(folders: tuple[Path, ...], workspace: Path, uid: int, *, note: Path) -> Iterator[None]:
    """Let `uid` have what root owns in a cell's folders and in a workspace of root's, which is given back at the end.

    `note` tells whoever sweeps up after a killed linestop what was lent.
    """
    if os.getuid() or not uid:
        yield
        return
    for folder in folders:
        _give(folder, uid, of=0)
    if workspace.stat().st_uid:  # it is that user's anyway
        yield
        return
    try:
        note.write_text(json.dumps([uid, str(workspace)]), encoding="utf-8", errors="surrogateescape")
        _give(workspace, uid, of=0)
        yield
    finally:
        given_back(note)


def given_back(note: Path) -> None:
    """Give a workspace that was lent back to root; nothing where none was."""
    try:
        uid, workspace = json.loads(note.read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, ValueError):
        return
    _give(Path(workspace), 0, of=uid)
    note.unlink(missing_ok=True)


def _give(folder: Path, uid: int, *, of: int) -> None:
    for path in (str(folder), *(entry.path for entry in _files(folder))):
        with suppress(OSError):
            status = os.lstat(path)
            if status.st_uid == of:
                os.chown(path, uid, uid, follow_symlinks=False)
                if not uid and status.st_mode & _BITS and not stat.S_ISLNK(status.st_mode):
                    Path(path).chmod(stat.S_IMODE(status.st_mode) & ~_BITS)


def _copied(path: Path, status: os.stat_result) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".linestop-", dir=path.parent)
    os.close(descriptor)
    try:
        shutil.copy2(path, name, follow_symlinks=False)
        with suppress(PermissionError):
            os.chown(name, status.st_uid, status.st_gid)
        Path(name).chmod(stat.S_IMODE(status.st_mode))
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield everything below a folder but a `.git` at its top; links are not followed."""
    waiting = [str(folder)]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                found = [entry for entry in entries if not (entry.name == ".git" and current == str(folder))]
        except OSError:
            continue
        for entry in found:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
