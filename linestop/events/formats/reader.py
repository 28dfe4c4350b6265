"""What every reader of a foreign format is: records in, keyword arguments of `EventLog.append` out."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

from linestop.events.calls import OpenCalls
from linestop.events.faults import fault_of, retry_time
from linestop.events.model import EventKind, Fault, Outcome, Usage
from linestop.events.outcomes import Ended, outcome_of

Said = dict[str, Any]
_PASSING = {Fault.RATE_LIMIT, Fault.OVERLOAD}  # come back later


class Reader(Protocol):
    """Reads one agent's stream or log, record by record. One instance a stream; keeps a bounded memory."""

    name: ClassVar[str]

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says, as keyword arguments of `EventLog.append`; nothing where it says nothing."""
        ...

    def finish(self) -> Iterator[Said]:
        """Yield what is left when the stream has ended, whole or cut."""
        ...


class Format:
    """A reader's common part: the moment, the session and the turn it is at, and the calls that wait for results.

    `documents` says that a log is one JSON document and not a line each.
    """

    name: ClassVar[str]
    documents: ClassVar[bool] = False

    def __init__(self) -> None:
        self.calls = OpenCalls()
        self.at: datetime | None = None
        self.session = ""
        self.model = ""
        self.turn: int | None = None
        self.title = ""

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record can only be of this format."""
        raise NotImplementedError

    def keeps(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record belongs to the stream at hand, so that no other format is looked for."""
        return self.knows(record)

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says."""
        raise NotImplementedError

    def finish(self) -> Iterator[Said]:
        """Yield what is left at the end."""
        return iter(())

    def said(self, kind: EventKind, **fields: Any) -> Said:
        """Return an event of the present moment, session and turn."""
        fields["kind"] = kind
        if self.at is not None:
            fields["at"] = self.at
        if self.session:
            fields.setdefault("session", self.session)
        if self.turn is not None:
            fields["turn"] = self.turn
        return fields

    def started(self, **fields: Any) -> Said:
        """Return the start of a session."""
        return self.said(EventKind.START, model=self.model, agent=self.name, **fields)

    def told(self, text: str) -> Iterator[Said]:
        """Yield what the agent was told after its first task, which is only kept as the title."""
        if not text.strip():
            return
        if not self.title:
            self.title = text.strip()[:200]
        else:
            yield self.said(EventKind.NUDGE, text=text)

    def wrote(self, kind: EventKind, text: str) -> Iterator[Said]:
        """Yield a message or a reasoning that says something."""
        if text.strip():
            yield self.said(kind, text=text)

    def call(self, tool: str, args: Mapping[str, Any], call: str = "") -> Said:
        """Return a tool call."""
        return self.said(EventKind.TOOL_CALL, **self.calls.made(tool, args, call, self.at))

    def result(self, call: str, ended: Ended, **fields: Any) -> Said:
        """Return the result of a tool call, with its outcome and, where the stream has times, its seconds."""
        known = self.calls.answered(call, self.at)
        return self.said(EventKind.TOOL_RESULT, text=ended.text, outcome=outcome_of(ended), **{**known, **fields})

    def used(self, usage: Usage) -> Iterator[Said]:
        """Yield a usage that counts something."""
        if usage.input or usage.output or usage.usd:
            yield self.said(EventKind.USAGE, usage=usage, model=self.model)

    def failed(self, text: str, *, status: int | None = None, fault: Fault | None = None, **fields: Any) -> Said:
        """Return an error of the provider or the agent, with its fault and the time to come back, where told."""
        headers = fields.pop("headers", None)
        fault = fault or fault_of(text, status=status)
        retry_at = fields.pop("retry_at", None) or retry_time(text, headers=headers, at=self.at)
        late = {"retry_at": retry_at} if retry_at and fault in _PASSING else {}
        return self.said(EventKind.ERROR, text=text, fault=fault, **late, **fields)

    def ended(self, text: str = "", *, ok: bool, reason: str = "", fault: Fault | None = None, **fields: Any) -> Said:
        """Return the end of a session: `text` is the agent's last word, `reason` the stream's word for how it ended."""
        outcome = Outcome.OK if ok else Outcome.ERROR
        if not ok and fault is None:
            fault = fault_of(f"{reason} {text}")
        if fault in _PASSING and (retry_at := retry_time(text, at=self.at)):
            fields["retry_at"] = retry_at
        return self.said(EventKind.END, text=text, outcome=outcome, reason=reason, fault=fault, **fields)
