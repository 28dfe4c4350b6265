"""context-pressure: the window is full. The prompt grows no more, or it is compacted and nothing came of it."""

from typing import ClassVar

from linestop.events import Event, EventKind
from linestop.watch.firing import Firing
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Mark, Trail
from linestop.watch.watch import Detector

TURNS, COMPACTIONS = 4, 2  # SPEC.md section 5
FULL = (
    "Your prompt has had the same size for {turns} turns: what you were told or read earlier may be cut off. Note what"
    " you know in a few lines, read only the parts of files that you need, and finish the smallest next step."
)
COMPACTED = (
    "The conversation was compacted {times} times and nothing was edited in between: what you read is lost before you"
    " use it. Make the first edit with what you know now, and read less at a time."
)


class ContextPressure(Detector):
    """Fires at every fourth turn of one prompt size, and at every second compaction without an edit between."""

    name: ClassVar[str] = "context-pressure"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.USAGE, EventKind.LIMIT, EventKind.MESSAGE})
    __slots__ = ("_compactions", "_epoch", "_first", "_first_compaction", "_model", "_prompt", "_turns")

    def __init__(self, settings: WatchSettings) -> None:  # noqa: ARG002  # all detectors are made alike
        self._prompt, self._turns, self._model = 0, 0, ""
        self._compactions, self._epoch = 0, 0
        self._first: Mark | None = None
        self._first_compaction: Mark | None = None

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take a usage or a compaction."""
        usage = event.usage
        if usage is None:
            return self._compacted(trail) if is_compaction(event) else None
        if usage.total or not usage.input:
            return None
        if usage.input != self._prompt or event.model != self._model:
            self._prompt, self._model, self._turns, self._first = usage.input, event.model, 1, trail.mark
            return None
        self._turns += 1
        if self._turns % TURNS:
            return None
        detail = f"{self._turns} turns with {usage.input:,} prompt tokens each"
        message = FULL.format(turns=self._turns)
        return trail.firing(self.name, detail, self._first or trail.mark, message=message)

    def _compacted(self, trail: Trail) -> Firing | None:
        if trail.epoch != self._epoch or not self._compactions:
            self._epoch, self._compactions, self._first_compaction = trail.epoch, 0, trail.mark
        self._compactions += 1
        if self._compactions % COMPACTIONS:
            return None
        detail = f"compacted {self._compactions} times without an edit between"
        message = COMPACTED.format(times=self._compactions)
        return trail.firing(self.name, detail, self._first_compaction or trail.mark, message=message)


def is_compaction(event: Event) -> bool:
    """Return whether an event says that the conversation was compacted: its `compaction`, or its words."""
    if (event.model_extra or {}).get("compaction"):
        return True
    return event.kind == EventKind.LIMIT and "compact" in event.text[:200].lower()
