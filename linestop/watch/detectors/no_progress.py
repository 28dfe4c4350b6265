"""no-progress: nothing of the work has changed for ten minutes of wall clock.

Live, the harness says what the work has come to (`Watch.progress`): a hash of workspace, ticket state and passing
checks. In a log that is read afterwards, an edit or a check that succeeded counts as a change. A role that was only
asked to look changes nothing, so that it is never fired for.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from linestop.events import Event, EventKind
from linestop.watch.checks import is_check
from linestop.watch.firing import Firing, Severity
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import WATCH, Mark, Trail
from linestop.watch.watch import Detector

_RESULT = EventKind.TOOL_RESULT.value
_RESTS = frozenset({EventKind.START, EventKind.NUDGE})  # a person came back to a session


class NoProgress(Detector):
    """Fires, as a stop, once for each stretch without a change."""

    name: ClassVar[str] = "no-progress"
    kinds: ClassVar[frozenset[EventKind]] = frozenset(
        {EventKind.START, EventKind.NUDGE, EventKind.TOOL_RESULT, EventKind.MESSAGE, EventKind.END}
    )
    __slots__ = ("_allowed", "_calls", "_fired", "_looks_only", "_since", "_state", "_told")

    def __init__(self, settings: WatchSettings) -> None:
        self._allowed = timedelta(seconds=settings.no_progress_seconds)
        self._looks_only = settings.looks_only
        self._since: Mark | None = None
        self._state: str | None = None
        self._fired, self._calls, self._told = False, 0, False

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take an event: time has gone by."""
        if self._since is None or (event.kind in _RESTS and self._state is None and event.step != WATCH):
            self._change(trail)
            return None
        if event.kind == _RESULT:
            self._calls += 1
            if self._state is None and self._worked(trail):
                return self._ended(trail)
        return self._judge(trail.at, trail)

    def tick(self, now: datetime, trail: Trail) -> Firing | None:
        """Take that time went by."""
        if self._since is None:
            self._since = (max(trail.ordinal, 0), now, trail.tokens)
            return None
        return self._judge(now, trail)

    def progress(self, state: str, now: datetime) -> None:  # noqa: ARG002
        """Take what the work has come to; only a change of it counts from now on."""
        if state != self._state:
            self._state, self._fired, self._calls = state, False, 0
            self._since = None  # the next event or tick, which knows what was spent up to now, begins the stretch

    def _worked(self, trail: Trail) -> bool:
        call = trail.call
        return call is not None and (call.edited or (call.outcome == "ok" and is_check(call)))

    def _ended(self, trail: Trail) -> Firing | None:
        """Take a change: the stretch that it ends is told of, where it was too long and nobody was there to see it."""
        found = self._judge(trail.at, trail)
        self._change(trail)
        return found

    def _change(self, trail: Trail) -> None:
        self._since, self._fired, self._calls = trail.mark, False, 0

    def _judge(self, now: datetime, trail: Trail) -> Firing | None:
        if self._fired or self._looks_only or self._since is None or now - self._since[1] < self._allowed:
            return None
        self._fired = True
        seconds = (now - self._since[1]).total_seconds()
        found = trail.firing(
            self.name, f"no change of workspace, checks or ticket for {seconds:.0f} s", self._since,
            calls=self._calls, severity=Severity.STOP,
        )  # fmt: skip
        return found.model_copy(update={"seconds": seconds, "at": now})
