"""Lines of a stream or a log, whatever is in them: huge, torn, binary. A bad line is named by number, never fatal."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from linestop.sound_json import sound

MAX_LINE = 16 * 2**20  # bytes; a longer line is skipped
_MARK = b"\xef\xbb\xbf"
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")  # what may be half of a surrogate pair
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what PowerShell's `>` writes


class Line(NamedTuple):
    """One line: its number from 1, its record, and why there is none."""

    number: int
    record: dict[str, Any] | None
    problem: str = ""


class LineFeed:
    """Cuts chunks of bytes into lines and reads each as a JSON object. Holds at most one line.

    Zeros before a line are none of it: a disk's crash leaves them, and a log that is cut while its writer goes on.
    `foreign`: what others wrote may begin as UTF-16. What linestop itself writes never does: there, such a beginning is
    a line that is damaged, and the others are read.
    """

    def __init__(self, *, max_line: int = MAX_LINE, foreign: bool = False) -> None:
        self.number = 0
        self._max_line = max_line
        self._rest = bytearray()
        self._skipping = False
        self._begun = not foreign
        self._decoder: codecs.IncrementalDecoder | None = None

    def push(self, chunk: bytes) -> Iterator[Line]:
        """Yield the lines that a chunk completes; blank ones are counted and left out."""
        chunk = self._in_utf8(chunk)
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            yield from self._complete(chunk[start:end])
            start = end + 1
        self._keep(chunk[start:])

    def finish(self) -> Iterator[Line]:
        """Yield the last line, which no newline ends."""
        if self._rest or self._skipping:
            yield from self._complete(b"", last=True)

    def _in_utf8(self, chunk: bytes) -> bytes:
        if not self._begun and chunk:
            self._begun = True
            if chunk.startswith(_UTF16):
                self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        return self._decoder.decode(chunk).encode("utf-8", "replace") if self._decoder else chunk

    def _keep(self, piece: bytes) -> None:
        if not self._rest and piece.startswith(b"\0"):
            piece = piece.lstrip(b"\0")
        if len(self._rest) + len(piece) > self._max_line:
            self._skipping = True
            self._rest.clear()
        elif not self._skipping:
            self._rest += piece

    def _complete(self, piece: bytes, *, last: bool = False) -> Iterator[Line]:
        self._keep(piece)
        self.number += 1
        line, skipped = bytes(self._rest), self._skipping
        self._rest.clear()
        self._skipping = False
        if skipped:
            yield Line(self.number, None, f"longer than {self._max_line:,} bytes")
        elif line.strip(b"\0 \t\r\f\v"):
            record, problem = _read(line)
            yield Line(self.number, record, f"torn: {problem}" if problem and last else problem)


def record_of(line: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object of a line, None where it holds none."""
    return _read(line.encode("utf-8", "replace") if isinstance(line, str) else line)[0]


def _read(line: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        value = json.loads(line.rstrip(b"\0\r").removeprefix(_MARK).decode("utf-8", "replace"))
        if _HALVES.search(line):
            value = sound(value)
    except RecursionError:
        return None, "nested too deep"
    except ValueError as error:
        return None, f"no JSON: {error}"
    return (value, "") if isinstance(value, dict) else (None, "no JSON object")
