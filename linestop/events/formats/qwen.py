"""Qwen Code: `--output-format stream-json` in Claude Code's form, where input tokens already hold the cached ones."""

from collections.abc import Mapping
from typing import Any, ClassVar

from linestop.events.formats.claude import ClaudeFormat
from linestop.events.formats.shape import count
from linestop.events.model import Usage


class QwenFormat(ClaudeFormat):
    """Reads Qwen Code. Only its first record says that it isn't Claude Code's."""

    name: ClassVar[str] = "qwen"

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a record is the start of a Qwen Code stream."""
        return "qwen_code_version" in record

    def _used(self, told: Mapping[str, Any]) -> Usage:
        return Usage(
            input=count(told.get("input_tokens")),
            output=count(told.get("output_tokens")),
            cache_read=count(told.get("cache_read_input_tokens")),
        )
