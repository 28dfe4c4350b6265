"""cline: `cline --json`."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import amount, arguments, content, count, moment, rows, table, words
from linestop.events.model import EventKind, Usage
from linestop.events.outcomes import Ended

_TYPES = {"hook_event", "agent_event", "run_result", "run_start", "run_error", "error"}


class ClineFormat(Format):
    """Reads cline. A text's pieces come before it as a whole: the whole is read."""

    name: ClassVar[str] = "cline"

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is one of cline's."""
        return "ts" in record and words(record.get("type")) in _TYPES

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says."""
        self.at = moment(record.get("ts")) or self.at
        match record.get("type"):
            case "hook_event" if record.get("hookEventName") == "agent_start":
                self.session = words(record.get("taskId"))
                yield self.started()
            case "agent_event":
                yield from self._event(table(record.get("event")))
            case "run_result":
                yield from self._end(record)
            case "error" | "run_error":
                yield self.failed(content(record.get("message")) or content(record.get("error")))

    def _event(self, event: Mapping[str, Any]) -> Iterator[Said]:
        call, tool = words(event.get("toolCallId")), event.get("contentType") == "tool"
        match event.get("type"):
            case "iteration_start":
                self.turn = count(event.get("iteration")) or None
            case "content_start" if tool:
                yield self.call(words(event.get("toolName")), arguments(event.get("input")), call)
            case "content_end" if tool:
                yield self.result(call, _ended(event))
            case "content_end":
                kind = EventKind.REASONING if event.get("contentType") == "reasoning" else EventKind.MESSAGE
                yield from self.wrote(kind, words(event.get("text")) or words(event.get("reasoning")))
            case "usage":
                yield from self.used(_usage(event, words_of_cost="cost"))
            case "error":
                yield self.failed(content(event.get("error")) or content(event.get("message")))

    def _end(self, record: Mapping[str, Any]) -> Iterator[Said]:
        self.model = words(table(record.get("model")).get("id"))
        total = _usage(table(record.get("aggregateUsage")) or table(record.get("usage")), words_of_cost="totalCost")
        yield from self.used(total.model_copy(update={"total": True}))
        reason = words(record.get("finishReason"))
        seconds = (amount(record.get("durationMs")) or 0.0) / 1000
        text = words(record.get("text")) or content(record.get("error"))
        yield self.ended(text, ok=reason == "completed", reason=reason, seconds=seconds)


def _ended(event: Mapping[str, Any]) -> Ended:
    outputs = rows(event.get("output")) or [event.get("output")]
    texts = [content(table(one).get("result")) or content(table(one).get("error")) or content(one) for one in outputs]
    marks = [table(one).get("success") for one in outputs]
    error = content(event.get("error")) or content(table(event.get("error")).get("message"))
    failed = bool(error) or False in marks
    return Ended("\n".join(filter(None, texts)) or error, failed=failed if failed or True in marks else None)


def _usage(told: Mapping[str, Any], *, words_of_cost: str) -> Usage:
    return Usage(
        input=count(told.get("inputTokens")),
        output=count(told.get("outputTokens")),
        cache_read=count(told.get("cacheReadTokens")),
        cache_write=count(told.get("cacheWriteTokens")),
        usd=amount(told.get(words_of_cost)) or None,
    )
