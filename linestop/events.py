"""Events: one JSON object a line, the record of a dispatch. Owns the model, writer and reader of our own format."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linestop.errors import RecordError

SCHEMA = 1
_LARGEST_PLAIN = 1e21  # from here on RFC 8785 writes an exponent
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
    """One line of events.jsonl. Unknown fields are kept, unknown kinds are read as text.

    A call carries its `identity`, a result the SHA-256 of its text as `result_hash` (before a long text was cut).
    """

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
    identity: str | None = None
    result_hash: str | None = None


def call_identity(tool: str, args: dict[str, Any]) -> str:
    """Return the SHA-256 of the tool's name, a newline and its arguments as canonical JSON (SPEC.md section 4)."""
    return _sha256(f"{tool}\n{_canonical(args)}")


def _canonical(value: object) -> str:
    """Return RFC 8785 JSON of what arguments hold: keys in the order of UTF-16, a whole float as an integer."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_canonical(str(key))}:{_canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, value)) + "]"
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_PLAIN
    return json.dumps(int(value) if whole else value, ensure_ascii=False, default=str)  # type: ignore[call-overload]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


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
            fields.setdefault("result_hash", _sha256(text))
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
