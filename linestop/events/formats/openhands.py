"""OpenHands: event JSON of its SDK (`kind`), and of the releases before it (`action` and `observation`)."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import amount, arguments, content, count, flag, moment, table, whole, words
from linestop.events.model import EventKind, Usage
from linestop.events.outcomes import Ended

_SOURCES = {"agent", "user", "environment", "hook"}
_SILENT = {"system", "recall", "change_agent_state", "agent_state_changed", "null", "condensation", "message", "finish"}


class OpenhandsFormat(Format):
    """Reads OpenHands: one event a line, one event a file, or an array of events."""

    name: ClassVar[str] = "openhands"

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is an OpenHands event."""
        if words(record.get("source")) not in _SOURCES or "timestamp" not in record:
            return False
        old = isinstance(record.get("action"), str) or isinstance(record.get("observation"), str)
        return old or words(record.get("kind")).endswith(("Event", "Observation", "Condensation"))

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says."""
        self.at = moment(record.get("timestamp")) or self.at
        kind = words(record.get("kind"))
        if not kind:
            yield from self._old(record)
            return
        match kind:
            case "SystemPromptEvent":
                yield self.started()
            case "MessageEvent":
                yield from self._message(record)
            case "ActionEvent":
                yield from self._action(record)
            case "ObservationEvent" | "AgentErrorEvent" | "UserRejectObservation":
                yield from self._observation(record, kind)
            case "ConversationErrorEvent":
                yield self.failed(f"{words(record.get('code'))} {words(record.get('detail'))}".strip())
            case "Condensation":
                yield self.said(EventKind.LIMIT, text="compacted", compaction=True)

    def _message(self, record: Mapping[str, Any]) -> Iterator[Said]:
        text = content(table(record.get("llm_message")).get("content"))
        if record.get("source") == "agent":
            yield from self.wrote(EventKind.MESSAGE, text)
        else:
            yield from self.told(text)

    def _action(self, record: Mapping[str, Any]) -> Iterator[Said]:
        yield from self.wrote(EventKind.REASONING, words(record.get("reasoning_content")))
        yield from self.wrote(EventKind.MESSAGE, content(record.get("thought")))
        given = {name: one for name, one in table(record.get("action")).items() if one is not None and name != "kind"}
        call, tool = words(record.get("tool_call_id")), words(record.get("tool_name"))
        yield self.call(tool, given or arguments(table(record.get("tool_call")).get("arguments")), call)

    def _observation(self, record: Mapping[str, Any], kind: str) -> Iterator[Said]:
        call, seen = words(record.get("tool_call_id")), table(record.get("observation"))
        denied = kind == "UserRejectObservation" or None
        text = content(seen.get("content")) or words(record.get("error")) or words(record.get("rejection_reason"))
        exit_code = whole(seen.get("exit_code"))
        failed = True if kind == "AgentErrorEvent" else flag(seen.get("is_error"))
        late = flag(seen.get("timeout")) or None
        if exit_code == -1:  # it runs on: there is no exit code yet
            exit_code = None
        ended = Ended(text, failed=failed, exit_code=exit_code, timed_out=late, denied=denied)
        yield self.result(call, ended)
        if record.get("tool_name") == "finish":
            yield self.ended(text, ok=True, reason="finish")

    def _old(self, record: Mapping[str, Any]) -> Iterator[Said]:
        action, seen = words(record.get("action")), words(record.get("observation"))
        if record.get("llm_metrics"):
            yield from self._metrics(table(table(record.get("llm_metrics")).get("accumulated_token_usage")), record)
        if action == "message" and record.get("source") == "agent":
            yield from self.wrote(EventKind.MESSAGE, content(table(record.get("args")).get("content")))
        elif action == "message":
            yield from self.told(content(table(record.get("args")).get("content")))
        elif action == "finish":
            args = table(record.get("args"))
            yield self.ended(words(args.get("final_thought")) or words(record.get("message")), ok=True, reason="finish")
        elif action and action not in _SILENT and record.get("source") == "agent":
            args = {name: one for name, one in table(record.get("args")).items() if name != "thought"}
            yield from self.wrote(EventKind.MESSAGE, words(table(record.get("args")).get("thought")))
            yield self.call(action, args, str(record.get("id", "")))
        elif seen and seen not in _SILENT:
            yield from self._old_seen(record, seen)

    def _old_seen(self, record: Mapping[str, Any], seen: str) -> Iterator[Said]:
        extras = table(record.get("extras"))
        exit_code = whole(table(extras.get("metadata")).get("exit_code", extras.get("exit_code")))
        ended = Ended(
            content(record.get("content")),
            failed=True if seen == "error" else None,
            exit_code=None if exit_code == -1 else exit_code,
            denied=seen == "user_rejected" or None,
        )
        yield self.result(str(record.get("cause", "")), ended)

    def _metrics(self, told: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Said]:
        self.model = words(told.get("model")) or self.model
        usd = amount(table(record.get("llm_metrics")).get("accumulated_cost"))
        yield from self.used(
            Usage(
                input=count(told.get("prompt_tokens")),
                output=count(told.get("completion_tokens")),
                cache_read=count(told.get("cache_read_tokens")),
                usd=usd or None,
                total=True,
            )
        )
