"""Files of a workspace as the model engine reads and writes them: no link is followed, nothing special is opened.

Every folder on the way is opened by itself with O_NOFOLLOW, so that nothing an agent's processes change meanwhile leads
out of the workspace. Commands and searches run in the sandbox instead (`model_engine_shell`).
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

MAX_FILE_BYTES = 8 * 2**20  # that is edited, or read as a whole; lines of a longer one come from the shell
_MAX_LINE = 2_000  # characters that are shown of one line
_MAX_ENTRIES = 500
_SNIFF_BYTES = 8_192
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not block the open
_OURS = frozenset({".git", ".linestop"})


class RefusedError(Exception):
    """A file can't be worked on; its text tells the model why."""


class WorkspaceFiles:
    """Reads and writes files below one folder. Paths are relative to it, or absolute and below it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str, first: int | None = None, last: int | None = None) -> str:
        """Return numbered lines of a file (from 1, both ends in), or what a folder holds.

        Raises:
            RefusedError: it is no text file of the workspace.
        """
        with self._opened(path) as fd:
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                return _listing(fd)
            text = _content(fd, path).decode("utf-8", "replace")
        lines = text.split("\n")
        if lines and not lines[-1]:
            lines.pop()
        begin, end = (first or 1), min(last or len(lines), len(lines))
        if begin > max(1, len(lines)):
            raise RefusedError(f"{path} has {len(lines)} lines, none from {begin} on")
        shown = "\n".join(f"{number}\t{_line(lines[number - 1])}" for number in range(begin, end + 1))
        return shown or f"{path} is empty"

    def edit(self, path: str, old: str, new: str) -> str:
        """Replace a text that stands exactly once, and say so.

        Raises:
            RefusedError: the text is not there, or more than once, or the file can't be worked on.
        """
        if not old:
            raise RefusedError("`old` is empty: use `write` for a new file")
        with self._opened(path) as fd:
            text = _content(fd, path).decode("utf-8", "surrogateescape")
        if old not in text and "\r\n" in text:
            old, new = _with_crlf(old), _with_crlf(new)
        if (count := text.count(old)) != 1:
            what = "does not stand" if not count else f"stands {count} times"
            raise RefusedError(f"`old` {what} in {path}: give the exact text, with enough of its surroundings")
        if old == new:
            raise RefusedError("`old` and `new` are the same: nothing would change")
        self._replace(path, text.replace(old, new, 1))
        return f"{path} was edited: line {text[: text.index(old)].count(chr(10)) + 1}"

    def write(self, path: str, text: str) -> str:
        """Write a whole file, with the folders on its way.

        Raises:
            RefusedError: it can't be written in the workspace.
        """
        self._replace(path, text)
        return f"{path} was written: {len(text)} characters"

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        """Open a file or folder for reading, without following a link anywhere on the way."""
        *folders, name = self._parts(path) or (".",)
        with self._folder(path, folders) as parent:
            try:
                fd = os.open(name, _FILE, dir_fd=parent)
            except OSError as error:
                raise RefusedError(_why(path, error)) from error
            try:
                yield fd
            finally:
                os.close(fd)

    @contextmanager
    def _folder(self, path: str, parts: list[str], *, make: bool = False) -> Iterator[int]:
        try:
            fd = os.open(self._root, _FOLDER)
        except OSError as error:
            raise RefusedError(_why(".", error)) from error
        try:
            for part in parts:
                inner = _step(fd, part, path, make=make)
                os.close(fd)
                fd = inner
            yield fd
        finally:
            os.close(fd)

    def _replace(self, path: str, text: str) -> None:
        """Put a new file in the place of an old one at once: what opens it sees the one or the other, never a part."""
        try:
            content = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise RefusedError(f"the text for {path} is no Unicode: {error}") from error
        if len(content) > MAX_FILE_BYTES:
            raise RefusedError(f"{path} would have {len(content)} bytes, more than {MAX_FILE_BYTES}")
        parts = self._parts(path)
        if not parts:
            raise RefusedError("a path is needed: that is the workspace itself")
        *folders, name = parts
        with self._folder(path, folders, make=True) as parent:
            try:
                _swap(parent, name, content, path)
            except OSError as error:
                raise RefusedError(_why(path, error)) from error

    def _parts(self, path: str) -> tuple[str, ...]:
        if not path.strip() or "\0" in path:
            raise RefusedError("a path is needed, relative to the workspace")
        pure = PurePosixPath(path)
        if pure.is_absolute():
            if not pure.is_relative_to(self._root.as_posix()):
                raise RefusedError(f"{path} is out of the workspace: paths are relative to it")
            pure = pure.relative_to(self._root.as_posix())
        if ".." in pure.parts:
            raise RefusedError(f"{path} leads out of its folder: `..` is not used in paths here")
        if owned := _OURS.intersection(part.lower() for part in pure.parts):
            raise RefusedError(f"{path} is no file of the work: {', '.join(owned)} can't be read or changed here")
        return pure.parts


def _step(fd: int, part: str, path: str, *, make: bool) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=fd)
    except FileNotFoundError as error:
        if not make:
            raise RefusedError(_why(path, error)) from error
    except OSError as error:
        raise RefusedError(_why(path, error)) from error
    try:
        os.mkdir(part, dir_fd=fd)
        inner = os.open(part, _FOLDER, dir_fd=fd)
        _give_to_owner(inner, fd)
    except OSError as error:
        raise RefusedError(_why(path, error)) from error
    return inner


def _content(fd: int, path: str) -> bytes:
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
    if b"\0" in content[:_SNIFF_BYTES]:
        raise RefusedError(f"{path} is binary ({len(content)} bytes)")
    return bytes(content)


def _swap(parent: int, name: str, content: bytes, path: str) -> None:
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


def _give_to_owner(fd: int, parent: int) -> None:
    """Give what root made to the owner of its folder: in some sandboxes the agent's processes are another user."""
    if os.geteuid() == 0:
        owner = os.fstat(parent)
        os.fchown(fd, owner.st_uid, owner.st_gid)


def _listing(fd: int) -> str:
    with os.scandir(fd) as entries:
        found = sorted(
            f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
            for entry, _ in zip(entries, range(_MAX_ENTRIES + 1), strict=False)
            if entry.name.lower() not in _OURS
        )
    more = [f"[more than {_MAX_ENTRIES} entries: use the shell]"] if len(found) > _MAX_ENTRIES else []
    return "\n".join([*found[:_MAX_ENTRIES], *more]) or "the folder is empty"


def _line(text: str) -> str:
    text = text.removesuffix("\r")
    return text if len(text) <= _MAX_LINE else f"{text[:_MAX_LINE]}[… {len(text) - _MAX_LINE} characters]"


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _why(path: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path} is not there"
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return f"{path} goes through a link or a file: only real folders and files of the workspace are opened"
    return f"{path} can't be opened: {os.strerror(error.errno or 0)}"
