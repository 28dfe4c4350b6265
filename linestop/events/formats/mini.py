"""mini-swe-agent: its trajectory, one JSON document that is written again after every step."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import amount, arguments, content, count, moment, rows, table, whole, words
from linestop.events.model import EventKind, Fault, Usage
from linestop.events.outcomes import Ended

_GOOD = {"Submitted"}


class MiniFormat(Format):
    """Reads a trajectory. Its exit status says how it ended, never the exit code of the command line."""

    name: ClassVar[str] = "mini-swe-agent"
    documents: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._last = ""
        self._ended = False

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a document is a trajectory of mini-swe-agent."""
        if words(record.get("trajectory_format")).startswith("mini-swe-agent"):
            return True
        return "mini_version" in table(record.get("info")) and isinstance(record.get("messages"), list)

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a whole trajectory says."""
        info = table(record.get("info"))
        config = table(table(info.get("config")).get("model"))
        self.model = words(config.get("model_name"))
        yield self.started()
        for message in map(table, rows(record.get("messages"))):
            self.at = moment(table(message.get("extra")).get("timestamp")) or self.at
            yield from self._message(message, info)
        status = words(info.get("exit_status"))
        if status and not self._ended:
            yield self._end(status, words(info.get("submission")))

    def _message(self, message: Mapping[str, Any], info: Mapping[str, Any]) -> Iterator[Said]:
        role = message.get("role")
        if role == "assistant":
            yield from self._assistant(message)
        elif role == "tool" or (role == "user" and "returncode" in table(message.get("extra"))):
            yield from self._observed(message)
        elif role == "user" and self.turn is not None:
            yield self.said(EventKind.NUDGE, text=content(message.get("content")))
        elif role == "user":
            yield from self.told(content(message.get("content")))
        elif role == "exit":
            status = words(table(message.get("extra")).get("exit_status")) or words(info.get("exit_status"))
            yield self._end(status, content(message.get("content")))

    def _assistant(self, message: Mapping[str, Any]) -> Iterator[Said]:
        self.turn = (self.turn or 0) + 1
        extra = table(message.get("extra"))
        text = content(message.get("content"))
        self._last = text or self._last
        yield from self.wrote(EventKind.REASONING, words(message.get("reasoning_content")))
        yield from self.wrote(EventKind.MESSAGE, text)
        calls = rows(message.get("tool_calls"))
        for one in map(table, calls):
            asked = table(one.get("function"))
            yield self.call(words(asked.get("name")), arguments(asked.get("arguments")), words(one.get("id")))
        if not calls:
            for action in map(table, rows(extra.get("actions"))):
                yield self.call("bash", {"command": words(action.get("command"))}, words(action.get("tool_call_id")))
        yield from self.used(_usage(table(table(extra.get("response")).get("usage")), amount(extra.get("cost"))))

    def _observed(self, message: Mapping[str, Any]) -> Iterator[Said]:
        extra = table(message.get("extra"))
        trouble = words(extra.get("exception_info"))
        if trouble == "action was not executed":  # what follows the submission
            self.calls.answered(words(message.get("tool_call_id")))
            return
        shown = extra.get("raw_output")
        text = shown if isinstance(shown, str) else _shown(content(message.get("content")))
        text = f"{text}\n{trouble}".strip("\n") if trouble else text
        ended = Ended(text, exit_code=whole(extra.get("returncode")), failed=bool(trouble) or None)
        yield self.result(words(message.get("tool_call_id")), ended)

    def _end(self, status: str, submission: str) -> Said:
        self._ended = True
        fault = Fault.BUDGET if status in {"LimitsExceeded", "TimeExceeded"} else None
        return self.ended(submission or self._last, ok=status in _GOOD, reason=status, fault=fault)


def _shown(text: str) -> str:
    try:
        return words(table(json.loads(text)).get("output")) or text
    except (ValueError, RecursionError):
        return text


def _usage(told: Mapping[str, Any], usd: float | None) -> Usage:
    return Usage(
        input=count(told.get("prompt_tokens")),
        output=count(told.get("completion_tokens")),
        cache_read=count(table(told.get("prompt_tokens_details")).get("cached_tokens")),
        usd=usd or None,
    )
