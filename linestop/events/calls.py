"""The calls of a dispatch that still wait for their results: a result carries tool, action and identity of its call."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from linestop.events.model import Action
from linestop.events.tools import call_fields

Open = tuple[dict[str, Any], datetime | None]
_MAX_OPEN = 512  # calls without a result that are remembered
_SHARED = ("tool", "action", "path", "identity", "input_hash")


class OpenCalls:
    """Remembers calls by their id; a result without an id belongs to the latest call."""

    def __init__(self) -> None:
        self._open: dict[str, Open] = {}

    def made(self, tool: str, args: Mapping[str, Any], call: str = "", at: datetime | None = None) -> dict[str, Any]:
        """Return what the event of a call says, and remember it."""
        fields = {**call_fields(tool, args), "call": call}
        self.remember({**fields, "at": at})
        return fields

    def remember(self, fields: Mapping[str, Any]) -> None:
        """Remember a call that was described elsewhere; `at` is when it was made."""
        call = str(fields.get("call", ""))
        self._open.pop(call, None)
        if len(self._open) >= _MAX_OPEN:
            del self._open[next(iter(self._open))]
        self._open[call] = ({name: fields[name] for name in _SHARED if name in fields}, fields.get("at"))

    def answered(self, call: str = "", at: datetime | None = None) -> dict[str, Any]:
        """Return what a result shares with its call, and forget the call; only the id where there is no such call.

        `seconds` are those from the call to `at`, where both moments are known.
        """
        known, made = self._open.pop(call) if call in self._open else self._latest(call)
        shared = {"call": call, **known}
        if made and at and at >= made:
            shared["seconds"] = (at - made).total_seconds()
        return shared

    def has(self, call: str) -> bool:
        """Return whether a call with this id waits for its result."""
        return call in self._open

    def action(self, call: str) -> Action | None:
        """Return what the call with this id does; None where it doesn't wait for its result."""
        known, _ = self._open.get(call, ({}, None))
        return known.get("action")

    def _latest(self, call: str) -> Open:
        return self._open.pop(next(reversed(self._open))) if self._open and not call else ({}, None)
