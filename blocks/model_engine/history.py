"""The conversation of one dispatch, and its compaction when it nears the model's window.

Compaction is deterministic and asks no model: old tool results are shortened first, then whole old turns become a list
of what was done. The brief and the recent turns stay as they are for as long as that suffices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, chain, pairwise

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

_RECENT = 6  # messages at the end that are left alone at first
_SHORT = 300  # characters that are left of an old result
_LEAST = 120  # of any result, when nothing else helps
_LISTED = 60  # steps that a list of what was done names, where there is room
_LIST_SHARE = 4  # a quarter of the room at most is for that list
_NOTE_CHARS = 200
_STEP_CHARS = 160
_NOTE = "[linestop left out {count} characters of an earlier result here: call the tool again if you need it]"
_LEFT_OUT = "Your first {count} steps were left out here to make room. The last of them:\n{steps}\nGo on from here."


class History:
    """Messages in the order they are sent: the brief first, then answers and tool results in turns."""

    def __init__(self, brief: str) -> None:
        self._brief = UserPromptPart(brief)
        self._messages: list[ModelMessage] = [ModelRequest(parts=[self._brief])]
        self._done: list[str] = []  # steps that were left out, the newest of them
        self._left_out = 0

    @property
    def messages(self) -> Sequence[ModelMessage]:
        """Return what the model is sent."""
        return self._messages

    def answered(self, response: ModelResponse) -> None:
        """Add an answer of the model."""
        self._messages.append(response)

    def told(self, parts: Iterable[ModelRequestPart]) -> None:
        """Add what the model is told next: tool results, words; they join a request that was not sent yet."""
        parts = list(parts)
        last = self._messages[-1]
        if isinstance(last, ModelRequest):
            self._messages[-1] = replace(last, parts=[*last.parts, *parts])
        else:
            self._messages.append(ModelRequest(parts=parts))

    def say(self, text: str) -> None:
        """Add words to what the model is told next."""
        self.told([UserPromptPart(text)])

    @property
    def chars(self) -> int:
        """Return the size of all messages, in characters."""
        return sum(map(_chars, self._messages))

    def compact(self, target: int) -> int:
        """Bring the conversation down to `target` characters, as far as that goes, and return how many are gone."""
        before = self.chars
        self._shorten(self._messages[1:-_RECENT], _SHORT)
        if self.chars > target:
            self._drop(target)
        if self.chars > target:
            self._shorten(self._messages[1:-1], _SHORT)
        if self.chars > target:
            spare = max(0, target - self.chars + _chars(self._messages[-1]))
            returns = [part for part in self._messages[-1].parts if isinstance(part, ToolReturnPart)]
            self._shorten(self._messages[-1:], max(_LEAST, spare // max(1, len(returns)) - _NOTE_CHARS))
        return before - self.chars

    def _shorten(self, messages: Iterable[ModelMessage], limit: int) -> None:
        chosen = {id(message) for message in messages if isinstance(message, ModelRequest)}
        for index, message in enumerate(self._messages):
            if id(message) in chosen and isinstance(message, ModelRequest):
                self._messages[index] = replace(message, parts=[_shortened(part, limit) for part in message.parts])

    def _drop(self, target: int) -> None:
        """Replace the oldest turns by a list of what was done in them; a call and its result go together."""
        rest = self._messages[1:]
        turns = [index for index, message in enumerate(rest) if isinstance(message, ModelResponse)]
        size = self.chars
        cut = 0
        for index, following in pairwise(turns):
            if size <= target:
                break
            size -= sum(map(_chars, rest[index:following]))
            cut = following
        if cut:
            steps = list(chain.from_iterable(map(_steps, rest[:cut])))
            self._left_out += len(steps)
            self._done = _fitting([*self._done, *steps][-_LISTED:], target // _LIST_SHARE)
            told = _LEFT_OUT.format(count=self._left_out, steps="\n".join(self._done))
            self._messages = [ModelRequest(parts=[self._brief, UserPromptPart(told)]), *rest[cut:]]


def _shortened(part: ModelRequestPart, limit: int) -> ModelRequestPart:
    if not isinstance(part, ToolReturnPart) or not isinstance(part.content, str):
        return part
    if len(part.content) <= limit + _NOTE_CHARS:
        return part
    text, half = part.content, limit // 2
    note = _NOTE.format(count=len(text) - 2 * half)
    content = f"{text[:half]}\n{note}\n{text[-half:]}"
    return ToolReturnPart(tool_name=part.tool_name, content=content, tool_call_id=part.tool_call_id)


def _fitting(lines: list[str], limit: int) -> list[str]:
    """Return the last lines that have no more than `limit` characters together."""
    sizes = accumulate(len(line) + 1 for line in reversed(lines))
    count = sum(size <= limit for size in sizes)
    return lines[len(lines) - count :]


def _steps(message: ModelMessage) -> Iterable[str]:
    for part in message.parts:
        if isinstance(part, ToolCallPart):
            words = " ".join(part.args_as_json_str().split())
            yield f"- {part.tool_name} {words}"[:_STEP_CHARS]
        elif isinstance(part, TextPart) and part.content.strip():
            yield f"- you said: {' '.join(part.content.split())}"[:_STEP_CHARS]
        elif isinstance(part, UserPromptPart) and isinstance(part.content, str):
            yield f"- you were told: {' '.join(part.content.split())}"[: 3 * _STEP_CHARS]


def _chars(message: ModelMessage) -> int:
    total = 0
    for part in message.parts:
        if isinstance(part, ToolCallPart):
            total += len(part.tool_name) + len(part.args if isinstance(part.args, str) else str(part.args))
        elif isinstance(part, TextPart | ThinkingPart | UserPromptPart | ToolReturnPart):
            total += len(part.content if isinstance(part.content, str) else str(part.content))
    return total
