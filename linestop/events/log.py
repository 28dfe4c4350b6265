"""The event log: one file of a dispatch's record while it is written, and its reader."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from linestop.errors import RecordError
from linestop.events.calls import OpenCalls
from linestop.events.identity import sha256_text
from linestop.events.lines import LineFeed
from linestop.events.model import Event, EventKind, read_event
from linestop.events.outcomes import Ended, outcome_of
from linestop.events.redaction import Redactor, redactor, told
from linestop.events.tools import call_fields

MAX_TEXT = 16_000  # characters of one field; a tool's output can be endless
_CHUNK = 2**16  # bytes


class EventLog:
    """Appends events to one file; each line is written whole and flushed, so a kill tears at most the last.

    No secret is written: texts, arguments and whatever other fields an event carries are redacted first.
    """

    def __init__(self, path: Path, *, hiding: Redactor | None = None) -> None:
        self.path = path
        self._fixed, self._known_secrets = hiding is not None, told()
        self._redactor = hiding or redactor()
        self._calls = OpenCalls()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise RecordError(f"can't open the record {path}", found=str(error), todo="check the disk") from error

    def append(self, kind: EventKind, **fields: Any) -> Event:
        """Write one event and return it; text beyond MAX_TEXT characters is cut.

        A call gets its identity, action and path, a result those of its call and an outcome, where they aren't given.

        Raises:
            RecordError: the disk refused.
        """
        if self._known_secrets != told() and not self._fixed:
            self._known_secrets, self._redactor = told(), redactor()
        text = str(fields.pop("text", ""))
        fields = {name: self._redactor.value(one) for name, one in fields.items()}
        if kind is EventKind.TOOL_CALL:
            fields = {**call_fields(str(fields.get("tool", "")), fields.get("args") or {}), **fields}
        if kind is EventKind.TOOL_RESULT:
            fields = {**self._calls.answered(str(fields.get("call", "")), at=datetime.now(UTC)), **fields}
            fields.setdefault("result_hash", sha256_text(text))
            if fields.get("outcome") is None:
                fields["outcome"] = outcome_of(Ended(text))
        fields["text"] = self._redactor.start(text, MAX_TEXT)
        event = Event(kind=kind, **fields)
        try:
            self._file.write(event.model_dump_json(exclude_none=True) + "\n")
            self._file.flush()
        except OSError as error:
            raise RecordError(
                f"can't write to the record {self.path}", found=str(error), todo="free disk space"
            ) from error
        if kind is EventKind.TOOL_CALL:
            self._calls.remember({**fields, "at": event.at})
        return event

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a file, skipping lines that are torn, huge or no event. Holds one line at a time."""
    feed = LineFeed()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield from _events(feed.push(chunk))
    yield from _events(feed.finish())


def _events(lines: Iterator[Any]) -> Iterator[Event]:
    for line in lines:
        if line.record is not None and (event := read_event(line.record)):
            yield event
