"""What a model says while its answer streams, as the record gets it."""

from time import monotonic

from pydantic_ai.messages import (
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)

from linestop.blocks.model_engine.faults import CutStreamError
from linestop.blocks.model_engine.record import Record
from linestop.events import EventKind

MAX_ANSWER_CHARS = 4_000_000  # of one answer; no model says so much, a broken server may
_SPEAK_SECONDS = 60.0  # a long answer is put on record every minute, so that it isn't taken for silence


class Voice:
    """Puts what the model thinks and says on record: when its answer is whole, and once a minute before that.

    What is said in an answer that breaks off and is asked for again would else stand there twice.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._since = monotonic()
        self._kind = EventKind.MESSAGE
        self._buffer: list[str] = []
        self._told = False
        self.heard = 0  # characters of the answer

    def hear(self, event: object) -> None:
        """Take a piece of the stream.

        Raises:
            CutStreamError: the answer has no end.
        """
        if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart | ThinkingPart):
            self._take(event.part.content, thinks=isinstance(event.part, ThinkingPart))
        elif isinstance(event, PartStartEvent) and isinstance(event.part, ToolCallPart):
            self.heard += len(event.part.tool_name) + len(str(event.part.args or ""))
        elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta | ThinkingPartDelta):
            self._take(event.delta.content_delta or "", thinks=isinstance(event.delta, ThinkingPartDelta))
        elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, ToolCallPartDelta):
            self.heard += len(str(event.delta.args_delta or ""))
        if self.heard > MAX_ANSWER_CHARS:
            raise CutStreamError(f"an answer of more than {MAX_ANSWER_CHARS} characters")
        if monotonic() - self._since > _SPEAK_SECONDS:
            self._told = True
            self._flush()

    def speak(self, response: ModelResponse) -> None:
        """Put the rest of a whole answer on record."""
        if self._told:
            self._flush()
            return
        for part in response.parts:
            if isinstance(part, ThinkingPart) and part.content:
                self._record.said(EventKind.REASONING, part.content)
            elif isinstance(part, TextPart) and part.content:
                self._record.said(EventKind.MESSAGE, part.content)

    def _take(self, text: str, *, thinks: bool) -> None:
        kind = EventKind.REASONING if thinks else EventKind.MESSAGE
        if kind is not self._kind and self._told:
            self._flush()
        self._kind = kind
        self.heard += len(text)
        self._buffer.append(text)

    def _flush(self) -> None:
        self._since = monotonic()
        if text := "".join(self._buffer):
            self._record.said(self._kind, text)
        self._buffer.clear()
