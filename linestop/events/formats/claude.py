"""Claude Code: `--output-format stream-json`, and its session files: the same messages in another envelope."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from linestop.events.faults import fault_of
from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import amount, arguments, content, count, flag, moment, rows, table, whole, words
from linestop.events.model import EventKind, Fault, Usage
from linestop.events.outcomes import Ended

_SAID = {"system", "assistant", "user", "result", "stream_event", "rate_limit_event", "control_response"}
_KEPT = {"summary", "file-history-snapshot", "queue-operation", "progress", "attachment", "last-prompt", "ai-title"}
_TYPES = _SAID | _KEPT | {"permission-mode", "custom-title", "pr-link", "agent-name", "mode", "tool_progress"}
_CAPS = {"error_max_turns": Fault.BUDGET, "error_max_budget_usd": Fault.BUDGET}


class ClaudeFormat(Format):
    """Reads Claude Code. A message comes as one record a block; its usage is counted once, when the next one comes."""

    name: ClassVar[str] = "claude"

    def __init__(self) -> None:
        super().__init__()
        self._message, self._usage = "", Usage()
        self._denied = set[str]()

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is one of Claude Code's: its types together with its names of a session."""
        if words(record.get("type")) not in _TYPES:
            return False
        return bool({"session_id", "sessionId", "leafUuid", "snapshot"} & record.keys()) and "payload" not in record

    def keeps(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record is of Claude Code or of what speaks as it does."""
        return ClaudeFormat.knows(record) and "qwen_code_version" not in record

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says."""
        kind = words(record.get("type"))
        self.at = moment(record.get("timestamp"))  # the stream writes none beside some records
        started = self._enter(record)
        if kind == "assistant":
            yield from started
            yield from self._assistant(table(record.get("message")), record)
        elif kind == "user":
            yield from started
            yield from self._flush()
            yield from self._user(record)
        elif kind == "system":
            yield from self._system(record, started)
        elif kind == "rate_limit_event":
            yield from self._limited(table(record.get("rate_limit_info")))
        elif kind == "result":
            yield from self._flush()
            yield from self._result(record)

    def finish(self) -> Iterator[Said]:
        """Yield the usage of the last message."""
        return self._flush()

    def _enter(self, record: Mapping[str, Any]) -> list[Said]:
        """Take the session of a record; return its start where it is new. A subagent is a session of its own."""
        session = words(record.get("session_id")) or words(record.get("sessionId"))
        agent = words(record.get("parent_tool_use_id")) or words(record.get("agentId"))
        session = f"{session}/{agent}" if session and agent else session
        if not session or session == self.session or words(record.get("type")) not in {"assistant", "user"}:
            return []
        fresh = not self.session or "/" in session or "/" not in self.session
        self.session = session
        return [self.started(cwd=words(record.get("cwd")))] if fresh else []

    def _assistant(self, message: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Said]:
        model = words(message.get("model"))
        if model == "<synthetic>" or record.get("isApiErrorMessage") or words(record.get("error")):
            text = content(message.get("content"))
            status = whole(record.get("apiErrorStatus")) or whole(record.get("error_status"))
            fault = fault_of(text, status=status) or fault_of(words(record.get("error")))
            yield self.failed(text or words(record.get("error")), status=status, fault=fault)
            return
        identifier = words(message.get("id")) or words(record.get("uuid"))
        if identifier != self._message:
            yield from self._flush()
            self._message, self.turn = identifier, (self.turn or 0) + 1
        self.model = model or self.model
        self._usage = self._used(table(message.get("usage")))
        for block in rows(message.get("content")):
            yield from self._block(table(block))

    def _block(self, block: Mapping[str, Any]) -> Iterator[Said]:
        match block.get("type"):
            case "text":
                yield from self.wrote(EventKind.MESSAGE, words(block.get("text")))
            case "thinking":
                yield from self.wrote(EventKind.REASONING, words(block.get("thinking")))
            case "tool_use" | "server_tool_use":
                yield self.call(words(block.get("name")), arguments(block.get("input")), words(block.get("id")))

    def _user(self, record: Mapping[str, Any]) -> Iterator[Said]:
        said = table(record.get("message")).get("content")
        if isinstance(said, str):
            yield from () if record.get("isMeta") else self.told(said)
            return
        detail = record.get("tool_use_result", record.get("toolUseResult"))
        for block in map(table, rows(said)):
            if block.get("type") == "tool_result":
                call = words(block.get("tool_use_id"))
                yield self.result(call, self._end_of(block, table(detail), call))
            elif block.get("type") == "text" and not record.get("isMeta"):
                yield from self.told(words(block.get("text")))

    def _end_of(self, block: Mapping[str, Any], detail: Mapping[str, Any], call: str) -> Ended:
        failed = flag(block.get("is_error"))
        late = bool(detail.get("interrupted")) and "timed out" in content(block.get("content"))
        return Ended(
            text=content(block.get("content")),
            failed=bool(failed),  # a success has often no mark
            timed_out=late or None,
            denied=call in self._denied or None,
        )

    def _system(self, record: Mapping[str, Any], started: list[Said]) -> Iterator[Said]:
        match record.get("subtype"):
            case "init":
                self.session = words(record.get("session_id")) or self.session
                self.model = words(record.get("model")) or self.model
                yield self.started(cwd=words(record.get("cwd")))
            case "api_retry" | "api_error":
                yield self._retried(record)
            case "permission_denied":
                self._denied.add(words(record.get("tool_use_id")))
            case "compact_boundary":
                yield from started
                yield self.said(EventKind.LIMIT, text="compacted", compaction=True)

    def _limited(self, told: Mapping[str, Any]) -> Iterator[Said]:
        """Yield that a plan's limit is reached; that it is near, or was not, is said as often and means nothing."""
        if told.get("status") == "rejected":
            text = f"limit reached: {words(told.get('rateLimitType'))}".rstrip(": ")
            yield self.failed(text, fault=Fault.RATE_LIMIT, retry_at=moment(told.get("resetsAt")))

    def _retried(self, record: Mapping[str, Any]) -> Said:
        error, status = record.get("error"), whole(record.get("error_status"))
        text = words(error) or content(table(error).get("message")) or words(record.get("content"))
        delay = amount(record.get("retry_delay_ms")) or amount(record.get("retryInMs"))
        status = status or whole(table(error).get("status"))
        later: dict[str, Any] = {}
        if delay is not None and self.at is not None:
            later = {"retry_at": self.at + timedelta(milliseconds=min(delay, 1e9))}
        elif delay is not None:
            later = {"headers": {"retry-after-ms": str(delay)}}
        return self.failed(f"{text} {status or ''}".strip(), status=status, retried=True, **later)

    def _result(self, record: Mapping[str, Any]) -> Iterator[Said]:
        subtype = words(record.get("subtype"))
        told = words(record.get("result")) or "; ".join(map(words, rows(record.get("errors"))))
        usage = self._used(table(record.get("usage")))
        yield from self.used(usage.model_copy(update={"usd": amount(record.get("total_cost_usd")), "total": True}))
        ok = subtype == "success" and not record.get("is_error")  # it says "success" with is_error
        fault = None if ok else _CAPS.get(subtype) or fault_of(told, status=whole(record.get("api_error_status")))
        seconds = (amount(record.get("duration_ms")) or 0.0) / 1000
        denials = len(rows(record.get("permission_denials")))
        turns = count(record.get("num_turns"))
        yield self.ended(told, ok=ok, reason=subtype, fault=fault, seconds=seconds, turns=turns, denials=denials)

    def _flush(self) -> Iterator[Said]:
        usage, self._usage = self._usage, Usage()
        return self.used(usage)

    def _used(self, told: Mapping[str, Any]) -> Usage:
        read, written = count(told.get("cache_read_input_tokens")), count(told.get("cache_creation_input_tokens"))
        return Usage(
            input=count(told.get("input_tokens")) + read + written,
            output=count(told.get("output_tokens")),
            cache_read=read,
            cache_write=written,
        )
