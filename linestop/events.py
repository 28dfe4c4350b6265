"""Events: one JSON object a line, the record of a dispatch. Owns the model, writer and reader of our own format."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linestop.errors import RecordError

SCHEMA = 1
MAX_TEXT = 16_000  # characters of one field; a tool's output can be endless


class EventKind(StrEnum):
    """What happened (SPEC.md section 4)."""

    START = "start"
    MESSAGE = "message"
    REASONING = "reasoning"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    USAGE = "usage"
    NUDGE = "nudge"
    LIMIT = "limit"
    ERROR = "error"
    END = "end"


class Outcome(StrEnum):
    """How a tool call ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    DENIED = "denied"


class Event(BaseModel):
    """One line of events.jsonl. Unknown fields are kept, unknown kinds are read as text."""

    model_config = ConfigDict(extra="allow")

    v: int = SCHEMA
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    kind: EventKind | str
    step: str = Field(default="", description="the role or step that caused it: maker, checks, checker, …")
    text: str = ""
    tool: str = ""
    args: dict[str, Any] = Field(default_factory=dict)
    outcome: Outcome | None = None
    seconds: float | None = None


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
        fields["text"] = str(fields.get("text", ""))[:MAX_TEXT]
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
