"""What is made of an answer before anybody works with it: its usage as far as that can be true, its text as text."""

from collections.abc import Callable
from dataclasses import replace
from math import isfinite
from typing import Any

from pydantic_ai.messages import ModelResponse, ModelResponsePart, TextPart, ThinkingPart, ToolCallPart
from pydantic_ai.usage import RequestUsage

from linestop.blocks.model_engine.output import sound
from linestop.events import Usage

_MAX_TOKENS = 10**9
_CHARS_A_TOKEN = 4


def usage_of(said: RequestUsage, *, sent_tokens: int, heard_chars: int) -> Usage:
    """Return what a call used. What its server doesn't say is a guess, by what was sent and heard: 0 is no prompt."""
    read, write = _number(said.cache_read_tokens), _number(said.cache_write_tokens)
    tokens = max(_number(said.input_tokens), read + write)
    answer = _number(said.output_tokens)
    return Usage(
        input=tokens or (sent_tokens if heard_chars else 0),
        output=answer or -(-heard_chars // _CHARS_A_TOKEN),
        cache_read=read,
        cache_write=write,
    )


def _number(said: Any) -> int:
    """Return a count; servers also say fractions, less than nothing, and more than there is."""
    if not isinstance(said, int | float) or not isfinite(said):
        return 0
    return min(max(int(said), 0), _MAX_TOKENS)


def sound_response(response: ModelResponse) -> ModelResponse:
    """Return an answer that can be sent along with the next question: some servers tear characters into halves."""
    return replace(response, parts=[_sound_part(part) for part in response.parts])


def _sound_part(part: ModelResponsePart) -> ModelResponsePart:
    if isinstance(part, TextPart | ThinkingPart):
        return replace(part, content=sound(part.content))
    if isinstance(part, ToolCallPart):
        changed: dict[str, Any] = {"tool_name": sound(part.tool_name), "args": _deeply(sound, part.args)}
        return replace(part, **changed)
    return part


def _deeply(change: Callable[[str], str], value: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _deeply(change, inner) for key, inner in value.items()}
    return [_deeply(change, inner) for inner in value] if isinstance(value, list) else value
