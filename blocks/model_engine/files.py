"""Files of a workspace as the model engine reads and writes them: no link is followed, nothing special is opened.

Every folder on the way is opened by itself with O_NOFOLLOW, so that nothing an agent's processes change meanwhile leads
out of the workspace. Commands and searches run in the sandbox instead (`model_engine_shell`).
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from linestop.blocks.model_engine.openings import (
    FILE,
    FOLDER,
    MAX_FILE_BYTES,
    OURS,
    RefusedError,
    listing,
    step_into,
    swap,
    text_bytes,
    whole_bytes,
    why,
)

__all__ = ["RefusedError", "WorkspaceFiles"]
_MAX_REMEMBERED = 64 * 2**20  # bytes of files as they were, for a dispatch that ends in an error
_MAX_LINE = 2_000  # characters that are shown of one line


class WorkspaceFiles:
    """Reads and writes files below one folder. Paths are relative to it, or absolute and below it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before: dict[str, bytes | None] = {}  # of files that were changed here; None = there was none
        self._remembered = 0

    def read(self, path: str, first: int | None = None, last: int | None = None) -> str:
        """Return numbered lines of a file (from 1, both ends in), or what a folder holds.

        Raises:
            RefusedError: it is no text file of the workspace.
        """
        with self._opened(path) as fd:
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                return listing(fd)
            text = text_bytes(fd, path).decode("utf-8", "replace")
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
            text = text_bytes(fd, path).decode("utf-8", "surrogateescape")
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

    def restore(self) -> None:
        """Put back what edit and write changed, as far as it still can be: for a dispatch that ends in an error."""
        for path, content in self._before.items():
            with suppress(RefusedError, OSError):
                *folders, name = self._parts(path)
                with self._folder(path, folders) as parent:
                    if content is None:
                        os.unlink(name, dir_fd=parent)
                    else:
                        swap(parent, name, content, path)

    def _remember(self, path: str) -> None:
        if path in self._before:
            return
        try:
            with self._opened(path) as fd:
                content = whole_bytes(fd, path)
            if self._remembered + len(content) <= _MAX_REMEMBERED:
                self._remembered += len(content)
                self._before[path] = content
        except RefusedError:
            self._before[path] = None

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        """Open a file or folder for reading, without following a link anywhere on the way."""
        *folders, name = self._parts(path) or (".",)
        with self._folder(path, folders) as parent:
            try:
                fd = os.open(name, FILE, dir_fd=parent)
            except OSError as error:
                raise RefusedError(why(path, error)) from error
            try:
                yield fd
            finally:
                os.close(fd)

    @contextmanager
    def _folder(self, path: str, parts: list[str], *, make: bool = False) -> Iterator[int]:
        try:
            fd = os.open(self._root, FOLDER)
        except OSError as error:
            raise RefusedError(why(".", error)) from error
        try:
            for part in parts:
                inner = step_into(fd, part, path, make=make)
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
        self._remember("/".join(parts))
        *folders, name = parts
        with self._folder(path, folders, make=True) as parent:
            try:
                swap(parent, name, content, path)
            except OSError as error:
                raise RefusedError(why(path, error)) from error

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
        if owned := OURS.intersection(part.lower() for part in pure.parts):
            raise RefusedError(f"{path} is no file of the work: {', '.join(owned)} can't be read or changed here")
        return pure.parts


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _line(text: str) -> str:
    text = text.removesuffix("\r")
    return text if len(text) <= _MAX_LINE else f"{text[:_MAX_LINE]}[… {len(text) - _MAX_LINE} characters]"
