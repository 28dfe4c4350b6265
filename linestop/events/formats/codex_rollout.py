"""Codex's session files: `~/.codex/sessions/**/rollout-*.jsonl`, with times and a usage for each model call."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import arguments, content, count, flag, moment, table, whole, words
from linestop.events.model import EventKind, Usage
from linestop.events.outcomes import Ended, exit_code_in

_ENVELOPES = {"session_meta", "response_item", "event_msg", "turn_context", "compacted"}
_BARE = {"function_call", "function_call_output", "local_shell_call", "custom_tool_call", "custom_tool_call_output"}
# What stands before the output of a command; its chunk's id and its time differ each time, the output may not.
_HEADER = re.compile(
    r"\A(?:(?:Chunk ID|Wall time|Process |Original token|Exit code|Total output)[^\n]{0,80}\n){1,7}Output:\n"
)


class CodexRolloutFormat(Format):
    """Reads rollouts, with and without the envelope that came in 2025. Messages stand in two forms: one is read."""

    name: ClassVar[str] = "codex-session"

    def __init__(self) -> None:
        super().__init__()
        self._last = ""

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is one of a rollout."""
        kind = words(record.get("type"))
        if isinstance(record.get("payload"), dict):
            return kind in _ENVELOPES
        return record.get("record_type") == "state" or (kind in _BARE and "call_id" in record)

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says."""
        self.at = moment(record.get("timestamp")) or self.at
        payload = table(record.get("payload"))
        match record.get("type"):
            case "session_meta":
                self.session = words(payload.get("id"))
                yield self.started(cwd=words(payload.get("cwd")))
            case "turn_context":
                self.model = words(payload.get("model")) or self.model
            case "event_msg":
                yield from self._event(payload)
            case "compacted":
                yield self.said(EventKind.LIMIT, text="compacted", compaction=True)
            case "response_item":
                yield from self._item(payload)
            case _:
                yield from self._item(record)

    def _item(self, item: Mapping[str, Any]) -> Iterator[Said]:
        call = words(item.get("call_id")) or words(item.get("id"))
        match item.get("type"):
            case "message" if item.get("role") == "assistant":
                self._last = content(item.get("content"))
                yield from self.wrote(EventKind.MESSAGE, self._last)
            case "message" if item.get("role") == "user":
                yield from self._user(content(item.get("content")))
            case "reasoning":
                yield from self.wrote(EventKind.REASONING, content(item.get("summary")) or content(item.get("content")))
            case "function_call":
                yield self.call(words(item.get("name")), arguments(item.get("arguments")), call)
            case "custom_tool_call":
                yield self.call(words(item.get("name")), {"input": words(item.get("input"))}, call)
            case "local_shell_call":
                yield self.call("local_shell", {"command": table(item.get("action")).get("command")}, call)
            case "web_search_call":
                yield self.call("web_search", dict(table(item.get("action"))), call)
            case "function_call_output" | "custom_tool_call_output":
                yield self.result(call, _ended(item.get("output")))

    def _user(self, text: str) -> Iterator[Said]:
        if not text.lstrip().startswith(("<environment_context", "<user_instructions", "# AGENTS.md", "<permissions")):
            yield from self.told(text)

    def _event(self, payload: Mapping[str, Any]) -> Iterator[Said]:
        match payload.get("type"):
            case "token_count":
                yield from self._counted(table(payload.get("info")))
            case "error" | "stream_error":
                yield self.failed(content(payload.get("message")), retried=payload.get("type") == "stream_error")
            case "turn_aborted":
                yield self.ended(self._last, ok=False, reason=f"turn_aborted {words(payload.get('reason'))}".strip())
            case "task_complete" | "turn_complete":
                yield self.ended(words(payload.get("last_agent_message")), ok=True, reason="task_complete")
            case "task_started" | "turn_started":
                self.turn = self.turn or 1

    def _counted(self, info: Mapping[str, Any]) -> Iterator[Said]:
        last, total = table(info.get("last_token_usage")), table(info.get("total_token_usage"))
        if last:
            yield from self.used(_usage(last, total=False))
            self.turn = (self.turn or 1) + 1
        if total:
            yield from self.used(_usage(total, total=True))


def _usage(told: Mapping[str, Any], *, total: bool) -> Usage:
    return Usage(
        input=count(told.get("input_tokens")),
        output=count(told.get("output_tokens")),
        cache_read=count(told.get("cached_input_tokens")),
        total=total,
    )


def _ended(output: object) -> Ended:
    """Return how a call ended: the output is a text, JSON in a text, or blocks, by the age of the file."""
    detail = table(output) or _read(output)
    told = detail.get("output", detail.get("content", output if not detail else ""))
    text = content(told)
    exit_code = whole(table(detail.get("metadata")).get("exit_code"))
    success = flag(detail.get("success"))
    if exit_code is None and (header := _HEADER.match(text)):
        text, exit_code = text[header.end() :], exit_code_in(header.group())
    return Ended(text, exit_code=exit_code, failed=None if success is None else not success)


def _read(output: object) -> Mapping[str, Any]:
    if not isinstance(output, str) or not output.startswith("{"):
        return {}
    try:
        return table(json.loads(output))
    except (ValueError, RecursionError):
        return {}
