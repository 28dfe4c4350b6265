"""What came of each nudge: whether the agent did something else after it was told. Bounded, whatever the length.

A nudge worked where its detector stayed quiet and the call it was about wasn't made again in the next ten calls.
"""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from linestop.events import Event, EventKind
from linestop.watch.firing import Firing, Severity

WITHIN = 10  # calls: the window of the detector `repeat`
MAX_NUDGES = 200


class Nudged(BaseModel):
    """One nudge and what came of it. `changed` is None as long as nobody can say."""

    model_config = ConfigDict(frozen=True)

    detector: str
    subject: str = Field(default="", description="identity of the call, where one call was to blame")
    file: str = ""
    fired_at: datetime
    told_at: datetime | None = Field(default=None, description="None: the agent was never told")
    calls: int = Field(default=0, description="calls that followed, at most ten are looked at")
    fired_again: int = 0
    called_again: int = 0
    changed: bool | None = None


class Nudging:
    """The nudges of a dispatch."""

    def __init__(self) -> None:
        self._waiting: list[Nudged] = []
        self._open: list[Nudged] = []
        self.settled: list[Nudged] = []
        self.left_out = 0

    def note(self, firing: Firing) -> None:
        """Take that a firing's message waits to be told."""
        if len(self._waiting) + len(self._open) + len(self.settled) >= MAX_NUDGES:
            self.left_out += 1
            return
        self._waiting.append(
            Nudged(detector=firing.detector, subject=firing.identity, file=firing.file, fired_at=firing.at)
        )

    def told(self) -> None:
        """Take that the agent is told all that waits."""
        now = datetime.now(UTC)
        self._open += [one.model_copy(update={"told_at": now}) for one in self._waiting]
        self._waiting.clear()

    def see(self, event: Event, firings: list[Firing]) -> list[Nudged]:
        """Take what followed; return the nudges about which it can be said now what came of them."""
        if not self._open:
            return []
        called = event.kind == EventKind.TOOL_CALL
        fired = {firing.detector for firing in firings if firing.severity is not Severity.INFO}
        if not called and not fired:
            return []
        self._open = [_followed(one, event if called else None, fired) for one in self._open]
        return self._settle([one for one in self._open if one.calls >= WITHIN or one.fired_again or one.called_again])

    def finish(self) -> list[Nudged]:
        """Take that the dispatch is over; return the nudges that were still open."""
        return self._settle(list(self._open))

    def all(self) -> list[Nudged]:
        """Return every nudge, the settled ones first."""
        return [*self.settled, *self._open, *self._waiting]

    def _settle(self, done: list[Nudged]) -> list[Nudged]:
        judged = [one.model_copy(update={"changed": _changed(one)}) for one in done]
        self._open = [one for one in self._open if one not in done]
        self.settled += judged
        return judged


def _followed(one: Nudged, call: Event | None, fired: set[str]) -> Nudged:
    again = one.detector in fired
    same = call is not None and bool(one.subject) and call.identity == one.subject
    if not (again or call):
        return one
    return one.model_copy(
        update={
            "calls": one.calls + (call is not None),
            "fired_again": one.fired_again + again,
            "called_again": one.called_again + same,
        }
    )


def _changed(one: Nudged) -> bool | None:
    if one.fired_again or one.called_again:
        return False
    return True if one.calls else None
