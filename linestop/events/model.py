"""The model of an event: one JSON object a line (SPEC.md section 4)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

SCHEMA = 1


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


class Action(StrEnum):
    """What a tool call does to the world, whatever its tool is called."""

    RUN = "run"  # a command in a shell
    READ = "read"  # one file, or a part of it
    EDIT = "edit"  # changes or creates a file
    SEARCH = "search"  # names or contents of many files
    OTHER = "other"


class Fault(StrEnum):
    """Why a provider, or an agent's own cap, ended or delayed a dispatch."""

    RATE_LIMIT = "rate_limit"
    OVERLOAD = "overload"
    AUTH = "auth"
    CONTEXT = "context"  # more was sent than the model's window holds
    BUDGET = "budget"  # the agent's own cap of turns, tokens or money, or ours
    NETWORK = "network"  # a dead server, a cut stream
    MALFORMED = "malformed"  # an answer that is none
    OTHER = "other"


class Usage(BaseModel):
    """Tokens of one model call, or of a whole session where `total`. `input` counts cached tokens too."""

    model_config = ConfigDict(frozen=True)

    input: int = Field(default=0, ge=0)
    output: int = Field(default=0, ge=0)
    cache_read: int = Field(default=0, ge=0)
    cache_write: int = Field(default=0, ge=0)
    usd: float | None = Field(default=None, ge=0, description="as the agent or the price book says; None = unknown")
    total: bool = Field(default=False, description="of the session so far, not of one call")


class Event(BaseModel):
    """One line of events.jsonl. Unknown fields are kept, unknown kinds are read as text.

    A call carries its `identity` (tool and key arguments) and `input_hash` (all arguments), a result the SHA-256 of its
    text as `result_hash` (before a long text was cut). `call` ties a result to its call.
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
    call: str = Field(default="", description="id that a call and its result share; empty: the result follows its call")
    action: Action | None = Field(default=None, description="of a tool call and of its result")
    path: str = Field(default="", description="the file that a call reads or edits, as the agent named it")
    input_hash: str | None = Field(default=None, description="SHA-256 of all arguments of a call")
    turn: int | None = Field(default=None, description="number of the model call, from 1, where the stream tells")
    session: str = Field(default="", description="the agent's own session or thread id; resuming needs it")
    model: str = ""
    usage: Usage | None = None
    fault: Fault | None = None
    retry_at: datetime | None = Field(default=None, description="when a provider says that it may be asked again")


_ESSENTIAL = frozenset({"kind", "at"})


def read_event(record: object) -> Event | None:
    """Return the event of a line's record; None where it is none.

    A field whose value this version doesn't know, such as an outcome of a later one, is left out: the event is not.
    """
    try:
        return Event.model_validate(record)
    except ValidationError as error:
        odd = {one["loc"][0] for one in error.errors(include_url=False, include_input=False) if one["loc"]}
        if not isinstance(record, dict) or not odd or odd & _ESSENTIAL:
            return None
    try:
        return Event.model_validate({name: value for name, value in record.items() if name not in odd})
    except ValidationError:
        return None


_FIELDS = frozenset(Event.model_fields)
_DEFAULTS: dict[str, Any] = {
    name: field.default
    for name, field in Event.model_fields.items()
    if field.default_factory is None and not field.is_required()
}


def event_of(fields: Mapping[str, Any], at: datetime) -> Event:
    """Return an event of fields that a reader made, faster than by validation; what is missing has its default.

    `at` holds where the fields have no moment of their own.
    """
    event = Event.__new__(Event)
    known = {**_DEFAULTS, "args": {}, "at": at}
    extra = {}
    for name, value in fields.items():
        if name in _FIELDS:
            known[name] = value
        else:
            extra[name] = value
    object.__setattr__(event, "__dict__", known)
    object.__setattr__(event, "__pydantic_fields_set__", set(fields))
    object.__setattr__(event, "__pydantic_extra__", extra)
    object.__setattr__(event, "__pydantic_private__", None)
    return event
