"""Codex: `codex exec --json`. Its session rollouts are another format, in codex_rollout.py."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import arguments, content, count, rows, table, whole, words
from linestop.events.model import EventKind, Usage
from linestop.events.outcomes import Ended

_ITEMS = {"item.started", "item.updated", "item.completed"}
_TYPES = {"thread.started", "turn.started", "turn.completed", "turn.failed"} | _ITEMS


class CodexFormat(Format):
    """Reads `codex exec --json`: it has no times, and counts tokens once, at the end of its turn."""

    name: ClassVar[str] = "codex"

    def __init__(self) -> None:
        super().__init__()
        self._last = ""

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is one of `codex exec --json`."""
        kind = words(record.get("type"))
        return kind in _TYPES or (kind == "error" and record.keys() == {"type", "message"})

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a record says."""
        match record.get("type"):
            case "thread.started":
                self.session = words(record.get("thread_id"))
                yield self.started()
            case "item.started":
                yield from self._item(table(record.get("item")), done=False)
            case "item.completed":
                yield from self._item(table(record.get("item")), done=True)
            case "turn.completed":
                yield from self.used(_used(table(record.get("usage"))))
                yield self.ended(self._last, ok=True, reason="turn.completed")
            case "turn.failed":
                text = content(table(record.get("error")).get("message"))
                yield self.ended(text, ok=False, reason="turn.failed")
            case "error":
                yield self.failed(words(record.get("message")), retried="Reconnecting" in words(record.get("message")))

    def _item(self, item: Mapping[str, Any], *, done: bool) -> Iterator[Said]:
        call = words(item.get("id"))
        match item.get("type"):
            case "agent_message" if done:
                self._last = words(item.get("text"))
                yield from self.wrote(EventKind.MESSAGE, self._last)
            case "reasoning" if done:
                yield from self.wrote(EventKind.REASONING, words(item.get("text")))
            case "error" if done:
                yield self.said(EventKind.ERROR, text=words(item.get("message")), warning=True)  # it goes on
            case "command_execution" | "file_change" | "mcp_tool_call" | "collab_tool_call" | "web_search":
                if not self.calls.has(call):
                    yield self.call(*_called(item), call)
                if done:
                    yield self.result(call, _ended(item))


def _called(item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    match item.get("type"):
        case "command_execution":
            return "shell", {"command": item.get("command")}
        case "file_change":
            return "apply_patch", {"changes": rows(item.get("changes"))}
        case "mcp_tool_call":
            return f"mcp__{words(item.get('server'))}__{words(item.get('tool'))}", arguments(item.get("arguments"))
        case "web_search":
            return "web_search", {"query": words(item.get("query"))}
    return words(item.get("tool")) or words(item.get("type")), arguments(item.get("arguments"))


def _ended(item: Mapping[str, Any]) -> Ended:
    failure = content(table(item.get("error")).get("message"))
    text = words(item.get("aggregated_output")) or failure or content(item.get("result"))
    return Ended(text=text, exit_code=whole(item.get("exit_code")), state=words(item.get("status")))


def _used(told: Mapping[str, Any]) -> Usage:
    return Usage(
        input=count(told.get("input_tokens")),
        output=count(told.get("output_tokens")),
        cache_read=count(told.get("cached_input_tokens")),
        cache_write=count(told.get("cache_write_input_tokens")),
        total=True,
    )
