"""OpenCode: `opencode run --format json`. A tool's record comes when it has ended; the stream has no final event."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import amount, arguments, content, count, flag, moment, table, whole, words
from linestop.events.model import EventKind, Usage
from linestop.events.outcomes import Ended


class OpencodeFormat(Format):
    """Reads OpenCode. A last step whose reason is other than `tool-calls` is the end, once nothing comes after it."""

    name: ClassVar[str] = "opencode"

    def __init__(self) -> None:
        super().__init__()
        self._last = ""
        self._end: Said | None = None

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is one of OpenCode's."""
        return "sessionID" in record and ("part" in record or record.get("type") == "error")

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says."""
        self.at = moment(record.get("timestamp")) or self.at
        if (session := words(record.get("sessionID"))) and session != self.session:
            self.session = session
            yield self.started()
        part = table(record.get("part"))
        self._end = None  # it went on
        match record.get("type"):
            case "step_start":
                self.turn = (self.turn or 0) + 1
            case "tool_use":
                yield from self._tool(part)
            case "text":
                self._last = words(part.get("text"))
                yield from self.wrote(EventKind.MESSAGE, self._last)
            case "reasoning":
                yield from self.wrote(EventKind.REASONING, words(part.get("text")))
            case "step_finish":
                yield from self._finished(part)
            case "error":
                yield self._error(table(record.get("error")))

    def finish(self) -> Iterator[Said]:
        """Yield the end, if the last step was one: a step that compacts the context ends in the same way."""
        end, self._end = self._end, None
        return iter(() if end is None else (end,))

    def _tool(self, part: Mapping[str, Any]) -> Iterator[Said]:
        state, call = table(part.get("state")), words(part.get("callID"))
        said, span = self.at, table(state.get("time"))
        self.at = moment(span.get("start")) or said
        yield self.call(words(part.get("tool")), arguments(state.get("input")), call)
        self.at = moment(span.get("end")) or said
        detail = table(state.get("metadata"))
        text = words(state.get("output")) or words(state.get("error"))
        late = "exceeding timeout" in text[-400:] and whole(detail.get("exit")) is None
        status = words(state.get("status"))
        ended = Ended(text, exit_code=whole(detail.get("exit")), state=status, timed_out=late or None)
        yield self.result(call, ended)
        self.at = said

    def _finished(self, part: Mapping[str, Any]) -> Iterator[Said]:
        tokens, cache = table(part.get("tokens")), table(table(part.get("tokens")).get("cache"))
        read, written = count(cache.get("read")), count(cache.get("write"))
        yield from self.used(
            Usage(
                input=count(tokens.get("input")) + read + written,
                output=count(tokens.get("output")) + count(tokens.get("reasoning")),
                cache_read=read,
                cache_write=written,
                usd=amount(part.get("cost")),
            )
        )
        reason = words(part.get("reason"))
        if reason != "tool-calls":
            self._end = self.ended(self._last, ok=reason in {"stop", "end_turn"}, reason=reason)

    def _error(self, error: Mapping[str, Any]) -> Said:
        told = table(error.get("data"))
        text = content(told.get("message")) or words(error.get("message")) or words(error.get("name"))
        detail = f"{words(error.get('name'))}: {text} {words(told.get('responseBody'))[:500]}"
        return self.failed(
            detail.strip(),
            status=whole(told.get("statusCode")),
            headers=table(told.get("responseHeaders")),
            retryable=flag(told.get("isRetryable")),
        )
