"""Opening, reading and replacing files of a workspace without following a link: one step at a time, by descriptors."""

import errno
import os
import secrets
import stat

MAX_FILE_BYTES = 8 * 2**20  # that is edited, or read as a whole; lines of a longer one come from the shell
_MAX_ENTRIES = 500
_SNIFF_BYTES = 8_192
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not block the open
OURS = frozenset({".git", ".linestop"})


class RefusedError(Exception):
    """A file can't be worked on; its text tells the model why."""


def step_into(fd: int, part: str, path: str, *, make: bool) -> int:
    """Open the folder of a name below an open one; `make`: make it where it is not there.

    Raises:
        RefusedError: it is none that may be opened.
    """
    try:
        return os.open(part, FOLDER, dir_fd=fd)
    except FileNotFoundError as error:
        if not make:
            raise RefusedError(why(path, error)) from error
    except OSError as error:
        raise RefusedError(why(path, error)) from error
    try:
        os.mkdir(part, dir_fd=fd)
        inner = os.open(part, FOLDER, dir_fd=fd)
        _give_to_owner(inner, fd)
    except OSError as error:
        raise RefusedError(why(path, error)) from error
    return inner


def text_bytes(fd: int, path: str) -> bytes:
    """Return what an open text file holds.

    Raises:
        RefusedError: it is none that may be opened.
    """
    content = whole_bytes(fd, path)
    if b"\0" in content[:_SNIFF_BYTES]:
        raise RefusedError(f"{path} is binary ({len(content)} bytes)")
    return content


def whole_bytes(fd: int, path: str) -> bytes:
    """Return what an open regular file holds.

    Raises:
        RefusedError: it is none that may be opened.
    """
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise RefusedError(f"{path} is no regular file")
    if found.st_size > MAX_FILE_BYTES:
        raise RefusedError(f"{path} has {found.st_size} bytes, more than {MAX_FILE_BYTES}: look at parts in the shell")
    content = bytearray()
    while chunk := os.read(fd, 2**20):
        content += chunk
        if len(content) > MAX_FILE_BYTES:
            raise RefusedError(f"{path} grew beyond {MAX_FILE_BYTES} bytes while it was read")
    return bytes(content)


def swap(parent: int, name: str, content: bytes, path: str) -> None:
    """Put a new file in the place of an old one at once: what opens it sees the one or the other, never a part.

    Raises:
        RefusedError: it is none that may be opened.
    """
    mode = 0o644
    try:
        old = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        pass
    else:
        if not stat.S_ISREG(old.st_mode):
            raise RefusedError(f"{path} is no regular file")
        mode = stat.S_IMODE(old.st_mode) & 0o777
    new = f".{secrets.token_hex(8)}.new"
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent)
    try:
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
            os.fchmod(fd, mode)
            _give_to_owner(fd, parent)
        finally:
            os.close(fd)
        os.replace(new, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        os.unlink(new, dir_fd=parent)
        raise


def listing(fd: int) -> str:
    """Return the names that an open folder holds, folders with a slash."""
    with os.scandir(fd) as entries:
        found = sorted(
            f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
            for entry, _ in zip(entries, range(_MAX_ENTRIES + 1), strict=False)
            if entry.name.lower() not in OURS
        )
    more = [f"[more than {_MAX_ENTRIES} entries: use the shell]"] if len(found) > _MAX_ENTRIES else []
    return "\n".join([*found[:_MAX_ENTRIES], *more]) or "the folder is empty"


def _give_to_owner(fd: int, parent: int) -> None:
    """Give what root made to the owner of its folder: in some sandboxes the agent's processes are another user."""
    if os.geteuid() == 0:
        owner = os.fstat(parent)
        os.fchown(fd, owner.st_uid, owner.st_gid)


def why(path: str, error: OSError) -> str:
    """Return what an error at opening a path means, in words for the model."""
    if isinstance(error, FileNotFoundError):
        return f"{path} is not there"
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return f"{path} goes through a link or a file: only real folders and files of the workspace are opened"
    return f"{path} can't be opened: {os.strerror(error.errno or 0)}"
