"""silence: no event for ten minutes. A warning at three quarters of it, a stop at all of it.

Waiting for a provider that named the time when it may be asked again is no silence, nor is waiting for a person.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from linestop.events import Event, EventKind
from linestop.watch.firing import Firing, Severity
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Trail
from linestop.watch.watch import Detector

WARNING_SHARE = 0.75  # SPEC.md section 5
_END = EventKind.END.value
_RESTS = frozenset({EventKind.END, EventKind.START, EventKind.NUDGE})  # somebody was waited for, or nobody was there


class Silence(Detector):
    """Fires once as a warning and once as a stop for each silence; in a log read afterwards once, when it is over."""

    name: ClassVar[str] = "silence"
    kinds: ClassVar[frozenset[EventKind]] = frozenset(EventKind)
    __slots__ = ("_fired", "_last", "_stop", "_warning")

    def __init__(self, settings: WatchSettings) -> None:
        self._stop = timedelta(seconds=settings.silence_seconds)
        self._warning = self._stop * WARNING_SHARE
        self._last: datetime | None = None
        self._fired: Severity | None = None

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take any event: a silence is over."""
        last, at = self._last, trail.at
        self._last = at
        firing = None
        if last is not None and at - last >= self._warning and trail.was != _END and event.kind not in _RESTS:
            firing = self._judge(at, last, trail)
        self._fired = None
        if event.retry_at is not None:
            self._last = max(at, _aware(event.retry_at))
        return firing

    def tick(self, now: datetime, trail: Trail) -> Firing | None:
        """Take that time went by."""
        if self._last is None:
            self._last = now
        return None if trail.kind == _END else self._judge(now, self._last, trail)

    def _judge(self, now: datetime, last: datetime, trail: Trail) -> Firing | None:
        quiet = now - last
        severity = Severity.STOP if quiet >= self._stop else Severity.WARNING if quiet >= self._warning else None
        if severity is None or self._fired in (severity, Severity.STOP):
            return None
        self._fired = severity
        seconds = quiet.total_seconds()
        detail = f"no event for {seconds:.0f} s of {self._stop.total_seconds():.0f} s allowed"
        before = trail.ordinal - (now is trail.at)  # the event that ended it is not part of it
        found = trail.firing(self.name, detail, (before, last, trail.tokens), severity=severity)
        return found.model_copy(update={"seconds": seconds, "at": now})


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
