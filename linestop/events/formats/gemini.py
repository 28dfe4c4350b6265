"""Gemini CLI: `--output-format stream-json`."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import amount, arguments, content, count, moment, table, whole, words
from linestop.events.model import Action, EventKind, Usage
from linestop.events.outcomes import Ended

_TYPES = {"init", "message", "tool_use", "tool_result", "error", "result"}
_MAX_PIECES = 200_000  # characters of one message that comes in pieces


class GeminiFormat(Format):
    """Reads Gemini CLI. A message comes in pieces (`delta`), which are one event; tokens are counted at the end."""

    name: ClassVar[str] = "gemini"

    def __init__(self) -> None:
        super().__init__()
        self._pieces = ""
        self._last = ""

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is one of Gemini CLI's stream."""
        if words(record.get("type")) not in _TYPES or "timestamp" not in record:
            return False
        return bool({"session_id", "role", "tool_id", "status", "severity"} & record.keys()) and "uuid" not in record

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says."""
        kind = record.get("type")
        if kind == "message" and record.get("role") == "assistant" and record.get("delta"):
            self.at = moment(record.get("timestamp")) or self.at
            self._pieces = (self._pieces + content(record.get("content")))[:_MAX_PIECES]
            return
        yield from self.finish()
        self.at = moment(record.get("timestamp")) or self.at
        call = words(record.get("tool_id"))
        match kind:
            case "init":
                self.session, self.model = words(record.get("session_id")), words(record.get("model"))
                yield self.started()
            case "message":
                yield from self._message(record)
            case "tool_use":
                yield self.call(words(record.get("tool_name")), arguments(record.get("parameters")), call)
            case "tool_result":
                yield self.result(call, _ended(record, shell=self.calls.action(call) is Action.RUN))
            case "error":
                yield self.failed(content(record.get("message")) or content(record.get("error")))
            case "result":
                yield from self._end(record)

    def finish(self) -> Iterator[Said]:
        """Yield the message whose pieces have come."""
        text, self._pieces = self._pieces, ""
        self._last = text or self._last
        return self.wrote(EventKind.MESSAGE, text)

    def _message(self, record: Mapping[str, Any]) -> Iterator[Said]:
        text = content(record.get("content"))
        if record.get("role") == "user":
            yield from self.told(text)
        else:
            self._last = text
            yield from self.wrote(EventKind.MESSAGE, text)

    def _end(self, record: Mapping[str, Any]) -> Iterator[Said]:
        stats, error = table(record.get("stats")), table(record.get("error"))
        yield from self.used(
            Usage(
                input=count(stats.get("input_tokens")),
                output=count(stats.get("output_tokens")),
                cache_read=count(stats.get("cached")),
                total=True,
            )
        )
        ok = record.get("status") == "success"
        text = self._last if ok else content(error.get("message"))
        seconds = (amount(stats.get("duration_ms")) or 0.0) / 1000
        yield self.ended(text, ok=ok, reason=words(error.get("type")) or words(record.get("status")), seconds=seconds)


def _ended(record: Mapping[str, Any], *, shell: bool) -> Ended:
    error = table(record.get("error"))
    kind = words(error.get("type"))
    text = content(record.get("output")) or content(error.get("message"))
    denied = kind in {"policy_violation", "execution_denied", "tool_denied", "permission_denied"}
    code = whole(record.get("exit_code"))
    state = words(record.get("status"))
    unmarked = shell and state == "success" and code is None  # of a command it says so whatever came of it
    return Ended(text, exit_code=code, state=state, denied=denied or None, unmarked_shell=unmarked)
