"""denial-wall: calls are refused by a policy one after the other. Their own streak, with words of its own.

Failures neither feed nor reset it (failures.py); a success clears it.
"""

from collections import deque
from typing import ClassVar

from linestop.events import Event, EventKind, Outcome
from linestop.watch.firing import Firing
from linestop.watch.settings import MIN_FAILURES, WatchSettings
from linestop.watch.trail import Call, Mark, Trail
from linestop.watch.watch import Detector

QUOTED = 5
_OK = Outcome.OK
ASKED = (
    "This is a wall of policy, not a failure to be worked around: only a person can lift it. Do not try to get past it"
    " with another tool, another path or another spelling; that is forbidden. Go on with what is allowed. Where the"
    " work can't be done without it, say what was denied and what it was needed for, and end."
)


class DenialWall(Detector):
    """Fires at as many denials as failures make a checkpoint (default 3), and after each further so many."""

    name: ClassVar[str] = "denial-wall"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_RESULT})
    __slots__ = ("_first", "_recent", "_threshold", "_times")

    def __init__(self, settings: WatchSettings) -> None:
        self._threshold = max(settings.failures, MIN_FAILURES)
        self._recent: deque[Call] = deque(maxlen=QUOTED)
        self._times = 0
        self._first: Mark | None = None

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take a result."""
        outcome = event.outcome
        if outcome == _OK:
            if self._times:
                self._times, self._first = 0, None
                self._recent.clear()
            return None
        call = trail.call
        if call is None or outcome != Outcome.DENIED:
            return None
        self._times += 1
        self._first = self._first or call.mark
        self._recent.append(call)
        return self._firing(call, trail) if self._times % self._threshold == 0 else None

    def _firing(self, call: Call, trail: Trail) -> Firing:
        quotes = [f"- {one.name}: {one.excerpt}" for one in self._recent]
        head = f"{self._times} calls in a row were denied."
        return trail.firing(
            self.name, f"{self._times} calls in a row were denied; the last: {call.name}: {call.excerpt}",
            self._first or call.mark, calls=self._times, message="\n".join([head, *quotes, ASKED]),
            identity=call.blockable, file=call.path,
        )  # fmt: skip
