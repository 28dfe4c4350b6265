"""The event log: one file of a dispatch's record while it is written, and its reader."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from linestop.errors import RecordError
from linestop.events.identity import call_identity, sha256_text
from linestop.events.model import Event, EventKind

MAX_TEXT = 16_000  # characters of one field; a tool's output can be endless


class EventLog:
    """Appends events to one file; each line is written whole and flushed, so a kill tears at most the last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise RecordError(f"can't open the record {path}", found=str(error), todo="check the disk") from error

    def append(self, kind: EventKind, **fields: Any) -> Event:
        """Write one event and return it; text beyond MAX_TEXT characters is cut.

        Raises:
            RecordError: the disk refused.
        """
        text = str(fields.get("text", ""))
        if kind is EventKind.TOOL_CALL:
            fields.setdefault("identity", call_identity(str(fields.get("tool", "")), fields.get("args", {})))
        if kind is EventKind.TOOL_RESULT:
            fields.setdefault("result_hash", sha256_text(text))
        fields["text"] = text[:MAX_TEXT]
        event = Event(kind=kind, **fields)
        try:
            self._file.write(event.model_dump_json(exclude_none=True) + "\n")
            self._file.flush()
        except OSError as error:
            raise RecordError(
                f"can't write to the record {self.path}", found=str(error), todo="free disk space"
            ) from error
        return event

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a file, skipping lines that are torn or no event."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                yield Event.model_validate(json.loads(line))
            except (ValueError, ValidationError):
                continue
