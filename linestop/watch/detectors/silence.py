"""silence: no event for ten minutes. A warning at three quarters of it, a stop at all of it.

Waiting for a provider that named the time when it may be asked again is no silence, nor is waiting for a person.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from linestop.events import Event, EventKind
from linestop.watch.firing import Firing, Severity
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Mark, Trail
from linestop.watch.watch import Detector

WARNING_SHARE = 0.75  # SPEC.md section 5
_RESTS = frozenset({EventKind.END, EventKind.START, EventKind.NUDGE})  # somebody was waited for, or nobody was there


class Silence(Detector):
    """Fires once as a warning and once as a stop for each silence; in a log read afterwards once, when it is over."""

    name: ClassVar[str] = "silence"
    kinds: ClassVar[frozenset[EventKind]] = frozenset(EventKind)
    __slots__ = ("_fired", "_last", "_mark", "_over", "_stop", "_warning")

    def __init__(self, settings: WatchSettings) -> None:
        self._stop = timedelta(seconds=settings.silence_seconds)
        self._warning = self._stop * WARNING_SHARE
        self._last: datetime | None = None
        self._mark: Mark | None = None
        self._fired: Severity | None = None
        self._over = False

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take any event: a silence is over."""
        last, at = self._last, trail.at
        firing = None
        if last is not None and at - last >= self._warning and not (self._over or event.kind in _RESTS):
            firing = self._judge(at, trail)
        if last is None or at > last:
            self._last = at
        if event.retry_at is not None:
            self._last = max(at, _aware(event.retry_at))
        self._mark, self._fired, self._over = trail.mark, None, event.kind == EventKind.END
        return firing

    def tick(self, now: datetime, trail: Trail) -> Firing | None:
        """Take that time went by."""
        if self._last is None:
            self._last, self._mark = now, (0, now, 0)
        return None if self._over else self._judge(now, trail)

    def _judge(self, now: datetime, trail: Trail) -> Firing | None:
        last = self._last
        if last is None or self._mark is None:
            return None
        quiet = now - last
        severity = Severity.STOP if quiet >= self._stop else Severity.WARNING if quiet >= self._warning else None
        if severity is None or self._fired in (severity, Severity.STOP):
            return None
        self._fired = severity
        seconds = quiet.total_seconds()
        detail = f"no event for {seconds:.0f} s of {self._stop.total_seconds():.0f} s allowed"
        found = trail.firing(self.name, detail, self._mark, severity=severity)
        return found.model_copy(update={"seconds": seconds, "at": now})


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
