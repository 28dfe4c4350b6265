"""Reads a record's events as far as they are written: all of them at once, or what is new since the last look."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from linestop.events import Event

EVENTS = "events.jsonl"
MAX_LINE = 1_000_000  # bytes; EventLog cuts texts at 16,000 characters
_CHUNK = 1 << 16


class EventFeed:
    """One file of events. `bad` counts whole lines that are no event; `torn` says that the last one is unfinished."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._rest = b""
        self._skipping = False  # inside of a line that is too long
        self.bad = 0

    @property
    def torn(self) -> bool:
        """Whether the file ends inside of a line."""
        return bool(self._rest) or self._skipping

    def new(self) -> Iterator[Event]:
        """Yield the events of the lines that were finished since the last call; none where there is no file (yet)."""
        if self._path.is_symlink() or not self._path.is_file():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            while chunk := file.read(_CHUNK):
                self._at += len(chunk)
                for line in self._lines(chunk):
                    if event := self._event(line):
                        yield event

    def _lines(self, chunk: bytes) -> Iterator[bytes]:
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            line, self._rest = self._rest + line, b""  # noqa: PLW2901  # the first goes on from the last chunk
            if self._skipping:
                self._skipping = False
            else:
                yield line
        self._rest += rest
        if self._skipping or len(self._rest) > MAX_LINE:
            self.bad += not self._skipping
            self._rest, self._skipping = b"", True

    def _event(self, line: bytes) -> Event | None:
        if not line.strip():
            return None
        try:
            return Event.model_validate_json(line)
        except (ValueError, ValidationError):
            self.bad += 1
            return None
