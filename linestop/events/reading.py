"""Reads logs of any agent: bytes in, events with their places out. What can't be read is reported and skipped.

Lines are cut in lines.py, formats are in formats/. Nothing here knows detectors or sessions' statistics.
"""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from linestop.events.formats import Format, Said, format_of
from linestop.events.formats.mini import MiniFormat
from linestop.events.formats.swe_agent import SweAgentFormat
from linestop.events.lines import MAX_LINE, Line, LineFeed, record_of

MAX_DOCUMENT = 64 * 2**20  # bytes of a log that is one JSON document
MAX_PROBLEMS = 20  # bad lines that are kept; the rest is counted
_CHUNK = 2**18
_HEAD_LINES, _HEAD_BYTES = 20, 2**16
_ROWS = {"messages": MiniFormat, "trajectory": SweAgentFormat}
_BROKEN = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)


class Problem(NamedTuple):
    """A place that couldn't be read: a line's number from 1, 0 for a whole document."""

    line: int
    what: str


class Place(NamedTuple):
    """An event's fields, and the line they come from; 0 in a document."""

    line: int
    said: Said


class Stream:
    """Turns the bytes of one log into events, recognising its format, and again where another one follows."""

    def __init__(self, reader: Format | None = None) -> None:
        self.reader = reader
        self.problems: list[Problem] = []
        self.bad = 0
        self.records = 0
        self._feed = LineFeed(foreign=True)

    def push(self, chunk: bytes) -> Iterator[Place]:
        """Yield the events of the lines that a chunk completes."""
        for line in self._feed.push(chunk):
            yield from self._line(line)

    def finish(self) -> Iterator[Place]:
        """Yield what is left: the last line, and what the reader held back."""
        for line in self._feed.finish():
            yield from self._line(line)
        if self.reader:
            yield from self._placed(self._feed.number, self.reader.finish())

    def document(self, value: object) -> Iterator[Place]:
        """Yield the events of a whole JSON document: a trajectory, or an array of events."""
        for record in value if isinstance(value, list) else [value]:
            if isinstance(record, dict):
                yield from self._line(Line(0, record))

    def trouble(self, line: int, what: str) -> None:
        """Note a place that couldn't be read."""
        self.bad += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(line, what))

    def _line(self, line: Line) -> Iterator[Place]:
        if line.record is None:
            self.trouble(line.number, line.problem)
            return
        self.records += 1
        if self.reader is None or not self.reader.keeps(line.record):
            yield from self._turn_to(line)
        if self.reader:
            yield from self._placed(line.number, self.reader.feed(line.record))

    def _turn_to(self, line: Line) -> Iterator[Place]:
        """Take another reader where a record can only be of its format."""
        found = format_of(line.record or {})
        if found is None:
            return
        if self.reader:
            yield from self._placed(line.number, self.reader.finish())
        self.reader = found()

    def _placed(self, number: int, said: Iterator[Said]) -> Iterator[Place]:
        try:
            for one in said:
                yield Place(number, one)
        except _BROKEN as error:  # a shape that nobody foresaw costs its line, not the log
            self.trouble(number, f"not understood: {type(error).__name__}")


def read_log(file: BinaryIO, stream: Stream) -> Iterator[Place]:
    """Yield the events of an open log to its end, lines or one document. Holds a line, or a document of 64 MiB."""
    head, document = begin(file)
    if document:
        yield from _document(b"".join(head) + file.read(MAX_DOCUMENT + 1 - sum(map(len, head))), stream)
    else:
        for chunk in chain(head, iter(lambda: file.read(_CHUNK), b"")):
            yield from stream.push(chunk)
    yield from stream.finish()


def begin(file: BinaryIO) -> tuple[list[bytes], bool]:
    """Return the first lines of a log, and whether it is one JSON document."""
    head: list[bytes] = []
    while len(head) < _HEAD_LINES and sum(map(len, head)) < _HEAD_BYTES:
        line = file.readline(MAX_LINE if not head else _HEAD_BYTES)
        if not line:
            break
        head.append(line)
    return head, is_document(head)


def is_document(head: Iterable[bytes]) -> bool:
    """Return whether a log that begins with these lines is one JSON document, and no line an event."""
    lines = [line.removeprefix(b"\xef\xbb\xbf").strip() for line in head if line.strip()]
    if not lines or lines[0][:1] not in {b"{", b"["}:
        return False
    if (lines[0] in {b"{", b"["} and len(lines) > 1) or re.match(rb"\[\s*\{", lines[0]):
        return True
    if (first := record_of(lines[0])) is not None:
        found = format_of(first)
        return found is not None and found.documents
    return lines[0][:1] == b"{" and any(re.search(rb'"%b"\s*:\s*\[' % key.encode(), lines[0]) for key in _ROWS)


def _document(text: bytes, stream: Stream) -> Iterator[Place]:
    if len(text) > MAX_DOCUMENT:
        stream.trouble(0, f"longer than {MAX_DOCUMENT:,} bytes; what lies beyond was not read")
    decoded = text[:MAX_DOCUMENT].decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        value = json.loads(decoded)
    except (ValueError, RecursionError) as error:
        stream.trouble(0, f"torn document: {error}"[:200])
        value = _salvaged(decoded)
    yield from stream.document(value)


def _salvaged(text: str) -> object:
    """Return what is whole of a document that was cut: the steps of a trajectory, or the elements of an array."""
    if text.lstrip().startswith("["):
        return list(_elements(text, text.index("[") + 1))
    for key, reader in _ROWS.items():
        if match := re.search(rf'"{key}"\s*:\s*\[', text):
            marks: dict[str, Any] = {"trajectory_format": "mini-swe-agent"} if reader is MiniFormat else {"history": []}
            return {**marks, key: list(_elements(text, match.end()))}
    return None


def _elements(text: str, start: int) -> Iterator[object]:
    decoder = json.JSONDecoder()
    separator = re.compile(r"[\s,]*")
    while True:
        match = separator.match(text, start)
        start = match.end() if match else start
        try:
            value, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return
        yield value
