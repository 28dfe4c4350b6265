"""The hash of a file that a firing names, read where the agent could have put anything in its place.

Follows no link on the way, opens no pipe that would hang, reads at most 10 MiB.
"""

import hashlib
import os
import stat
from pathlib import Path, PurePosixPath

from linestop.files import FOLDER, READ

MAX_BYTES = 10 * 2**20
_CHUNK = 2**18


def file_hash(workspace: Path, name: str) -> str:
    """Return the SHA-256 of a file of the workspace, in hex.

    Empty where there is none, it is larger than 10 MiB, no regular file, behind a link, or outside the workspace.
    """
    parts = _parts(workspace, name)
    if not parts:
        return ""
    try:
        return _hashed(workspace, parts)
    except (OSError, ValueError):
        return ""


def _parts(workspace: Path, name: str) -> tuple[str, ...]:
    path = PurePosixPath(name)
    if path.is_absolute():
        root = PurePosixPath(workspace)
        if not path.is_relative_to(root):
            return ()
        path = path.relative_to(root)
    return () if ".." in path.parts or "\0" in name else path.parts


def _hashed(workspace: Path, parts: tuple[str, ...]) -> str:
    folder = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            inner = os.open(part, FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        file = os.open(parts[-1], READ, dir_fd=folder)
    finally:
        os.close(folder)
    with open(file, "rb", buffering=0) as opened:  # noqa: PTH123  # closes the descriptor
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            return ""
        digest, left = hashlib.sha256(), MAX_BYTES + 1
        while left > 0 and (chunk := opened.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
        return digest.hexdigest() if left > 0 else ""
