"""pi: `pi --mode json`, and its session files, which hold the same messages."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import amount, arguments, content, count, flag, moment, rows, table, words
from linestop.events.model import EventKind, Usage
from linestop.events.outcomes import Ended

_STREAM = {"agent_start", "turn_start", "turn_end", "message_start", "message_update", "message_end", "agent_end"}
_MORE = {"auto_retry_start", "auto_retry_end", "auto_compaction_start", "auto_compaction_end", "compaction_start"}


class PiFormat(Format):
    """Reads pi. Calls are those of whole messages: an execution's record repeats them."""

    name: ClassVar[str] = "pi"

    def __init__(self) -> None:
        super().__init__()
        self._last = ""

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is one of pi's stream or of its session files."""
        kind = words(record.get("type"))
        if kind == "session":
            return "version" in record and "cwd" in record
        if kind == "message":
            return isinstance(record.get("message"), dict) and "parentId" in record
        return (kind in _STREAM | _MORE or kind.startswith("tool_execution_")) and "ts" not in record

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says."""
        message = table(record.get("message"))
        self.at = moment(message.get("timestamp")) or moment(record.get("timestamp"))
        match record.get("type"):
            case "session":
                self.session = words(record.get("id"))
                yield self.started(cwd=words(record.get("cwd")))
            case "message_end" | "message":
                yield from self._message(message)
            case "auto_retry_start":
                yield self.failed(content(record.get("errorMessage")), retried=True)
            case "compaction" | "compaction_start" | "auto_compaction_start":
                yield self.said(EventKind.LIMIT, text="compacted", compaction=True)
            case "agent_end":
                yield from self._end(rows(record.get("messages")))

    def _message(self, message: Mapping[str, Any]) -> Iterator[Said]:
        match message.get("role"):
            case "user":
                yield from self.told(content(message.get("content")))
            case "toolResult":
                text, failed = content(message.get("content")), flag(message.get("isError"))
                yield self.result(words(message.get("toolCallId")), Ended(text, failed=failed))
            case "assistant":
                yield from self._assistant(message)

    def _assistant(self, message: Mapping[str, Any]) -> Iterator[Said]:
        self.turn = (self.turn or 0) + 1
        self.model = words(message.get("model")) or self.model
        told = self.at
        for block in map(table, rows(message.get("content"))):
            match block.get("type"):
                case "text":
                    self._last = words(block.get("text"))
                    yield from self.wrote(EventKind.MESSAGE, self._last)
                case "thinking":
                    yield from self.wrote(EventKind.REASONING, words(block.get("thinking")))
                case "toolCall":
                    yield self.call(words(block.get("name")), arguments(block.get("arguments")), words(block.get("id")))
        self.at = told
        yield from self.used(_usage(table(message.get("usage"))))
        if words(message.get("stopReason")) in {"error", "aborted"}:
            yield self.failed(content(message.get("errorMessage")) or words(message.get("stopReason")))

    def _end(self, messages: list[Any]) -> Iterator[Said]:
        last = table(next((one for one in reversed(messages) if table(one).get("role") == "assistant"), None))
        reason = words(last.get("stopReason"))
        text = content(last.get("errorMessage")) or self._last
        yield self.ended(text, ok=reason == "stop", reason=reason or "agent_end")


def _usage(told: Mapping[str, Any]) -> Usage:
    read, written = count(told.get("cacheRead")), count(told.get("cacheWrite"))
    return Usage(
        input=count(told.get("input")) + read + written,
        output=count(told.get("output")),
        cache_read=read,
        cache_write=written,
        usd=amount(table(told.get("cost")).get("total")),
    )
