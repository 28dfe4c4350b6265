"""A chunk's files in a workspace: read once, written whole, put back byte for byte.

Nothing is reached through a symbolic link, so that nothing outside the workspace is read or written. A file is
replaced, never written in place: its mode stays, a hard link to it elsewhere is left alone.
"""

import os
import tokenize
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from uuid import uuid4

from linestop.audit.source_files import MAX_FILE_BYTES, is_plain_file
from linestop.errors import InfraError

_BOM = b"\xef\xbb\xbf"
_UTF_8 = frozenset({"utf-8", "utf-8-sig"})
_CLOSED = frozenset({"", ".", "..", ".git", ".linestop"})


@dataclass(frozen=True)
class SourceFile:
    """One Python file as it was found. `text` has its newlines as they are and no byte order mark."""

    path: str
    original: bytes
    text: str
    ascii_only: bool

    @property
    def newline(self) -> str:
        """Return CRLF where all of its lines end so, else LF."""
        crlf = self.text.count("\r\n")
        return "\r\n" if crlf and crlf == self.text.count("\n") else "\n"

    def encoded(self, text: str) -> bytes | None:
        """Return a new text as bytes of this file; None where its declared encoding can't take it."""
        if self.ascii_only and not text.isascii():
            return None
        return (_BOM if self.original.startswith(_BOM) else b"") + text.encode("utf-8")


def open_file(root: Path, path: str) -> SourceFile | str:
    """Return a file of a workspace, or why it can't be worked on.

    Raises:
        InfraError: the disk refused to read it.
    """
    if reason := _refused(root, path):
        return reason
    try:
        content = (root / path).read_bytes()
    except OSError as error:
        raise InfraError(f"can't read {path!r}", found=str(error), todo="check the disk") from error
    if len(content) > MAX_FILE_BYTES:
        return f"it is larger than {MAX_FILE_BYTES} bytes"
    try:
        declared = tokenize.detect_encoding(BytesIO(content).readline)[0]
        text = content.removeprefix(_BOM).decode("utf-8")
    except (SyntaxError, UnicodeDecodeError):
        return "it is not UTF-8, the only encoding that ruff reads"
    if declared not in _UTF_8 and not text.isascii():
        return f"it is {declared}; ruff would read it as UTF-8"
    return SourceFile(path, content, text, ascii_only=declared not in _UTF_8)


def _refused(root: Path, path: str) -> str | None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "its name is not UTF-8, ruff's report could not name it"
    if "\0" in path or path.startswith("/") or _CLOSED.intersection(path.split("/")):
        return "it is not a path inside the workspace that an engine may touch"
    if not is_plain_file(root, path):
        return (
            "it is no plain file, or one reached through a link"
            if os.path.lexists(root / path)
            else "it is not there any more"
        )
    if PurePosixPath(path).suffix not in {".py", ".pyi"}:
        return "it is no Python source file"
    return None


def write_file(root: Path, path: str, content: bytes) -> None:
    """Make `content` the file's bytes, whole or not at all; nothing is written where they are there already.

    Raises:
        InfraError: the disk refused, or the file was taken away or turned into a link meanwhile.
    """
    place = root / path
    part = place.with_name(f".linestop-{uuid4().hex}")
    try:
        if not is_plain_file(root, path):
            raise FileNotFoundError(path)
        if place.read_bytes() == content:
            return
        mode = place.stat().st_mode & 0o7777
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
        part.replace(place)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InfraError(f"can't write {path!r}", found=str(error), todo="check the disk and the folder") from error
