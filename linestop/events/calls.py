"""The calls of a dispatch that still wait for their results: a result carries tool, action and identity of its call."""

from collections.abc import Mapping
from typing import Any

from linestop.events.tools import call_fields

_MAX_OPEN = 512  # calls without a result that are remembered
_SHARED = ("tool", "action", "path", "identity", "input_hash")


class OpenCalls:
    """Remembers calls by their id; a result without an id belongs to the latest call."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, Any]] = {}

    def made(self, tool: str, args: Mapping[str, Any], call: str = "") -> dict[str, Any]:
        """Return what the event of a call says, and remember it."""
        fields = {**call_fields(tool, args), "call": call}
        self.remember(fields)
        return fields

    def remember(self, fields: Mapping[str, Any]) -> None:
        """Remember a call that was described elsewhere."""
        call = str(fields.get("call", ""))
        self._open.pop(call, None)
        if len(self._open) >= _MAX_OPEN:
            del self._open[next(iter(self._open))]
        self._open[call] = {name: fields[name] for name in _SHARED if name in fields} | {
            "at": fields.get("at"),
            "args": fields.get("args", {}),
        }

    def answered(self, call: str = "") -> dict[str, Any]:
        """Return what a result shares with its call, and forget the call; only the id where there is no such call."""
        known = self._open.pop(call, None)
        if known is None and not call and self._open:
            known = self._open.pop(next(reversed(self._open)))
        return {"call": call} | {name: one for name, one in (known or {}).items() if name in _SHARED}

    def has(self, call: str) -> bool:
        """Return whether a call with this id waits for its result."""
        return call in self._open
