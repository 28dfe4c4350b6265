"""What the model engine puts on record: every event of a dispatch goes through here, with its role and turn."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from linestop.events import EventKind, Fault, Outcome, Usage
from linestop.events.tools import call_fields
from linestop.watch import LiveLog

_MAX_ARG = 4_000  # characters of one argument; the identity and the hash are of the whole


class Record:
    """Appends the events of one dispatch. `turn` is the number of the model call, from 1."""

    def __init__(self, events: LiveLog, *, role: str, model: str) -> None:
        self._events, self._role, self._model = events, role, model
        self.turn = 0

    def begins(self, text: str, *, window: int) -> None:
        """Say that the dispatch begins."""
        self._append(EventKind.START, text=text, model=self._model, window=window)

    def ends(self, text: str) -> None:
        """Say that the dispatch ends, and how."""
        self._append(EventKind.END, text=text)

    def said(self, kind: EventKind, text: str) -> None:
        """Say what the model thought or said."""
        self._append(kind, text=text, turn=self.turn)

    def used(self, model: str, usage: Usage) -> None:
        """Say what a model call used."""
        self._append(EventKind.USAGE, model=model, usage=usage, turn=self.turn)

    def limit(self, fault: Fault, text: str, **more: Any) -> None:
        """Say that a limit was met: a cap, or the model's window."""
        self._append(EventKind.LIMIT, fault=fault, text=text, **more)

    def trouble(self, fault: Fault, text: str, *, retry_at: datetime | None = None) -> None:
        """Say what went wrong with a model call."""
        self._append(EventKind.ERROR, fault=fault, text=text, retry_at=retry_at, turn=self.turn)

    def called(self, tool: str, args: Mapping[str, Any], call: str) -> dict[str, Any]:
        """Say that a tool is called; return what its result shares with it."""
        fields = call_fields(tool, args)
        shared = {name: fields[name] for name in ("tool", "action", "path", "identity", "input_hash")} | {"call": call}
        shown = {key: value[:_MAX_ARG] if isinstance(value, str) else value for key, value in fields["args"].items()}
        self._append(EventKind.TOOL_CALL, args=shown, turn=self.turn, **shared)
        return shared

    def answered(self, shared: Mapping[str, Any], text: str, outcome: Outcome, seconds: float) -> None:
        """Say what a tool answered."""
        self._append(EventKind.TOOL_RESULT, text=text, outcome=outcome, seconds=round(seconds, 4), **shared)

    def _append(self, kind: EventKind, **fields: Any) -> None:
        self._events.append(kind, step=self._role, **fields)
