"""Reads a record's events as far as they are written: all of them at once, or what is new since the last look."""

from collections.abc import Iterator
from pathlib import Path

from linestop.events import Event
from linestop.events.lines import LineFeed
from linestop.events.model import read_event

EVENTS = "events.jsonl"
_CHUNK = 1 << 16


class EventFeed:
    """One file of events. `bad` counts whole lines that are no event; `torn` says that the last one is unfinished."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._lines = LineFeed()
        self.bad = 0
        self.torn = False

    def new(self) -> Iterator[Event]:
        """Yield the events of the lines that were finished since the last call; none where there is no file (yet)."""
        if self._path.is_symlink() or not self._path.is_file():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            while chunk := file.read(_CHUNK):
                self._at += len(chunk)
                self.torn = not chunk.endswith(b"\n")
                for line in self._lines.push(chunk):
                    if event := self._event(line.record):
                        yield event

    def _event(self, record: object) -> Event | None:
        event = read_event(record)
        self.bad += event is None
        return event
