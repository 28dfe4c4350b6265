"""The live log: an event log that watches what it writes, and acts on a firing while the agent still runs."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linestop.events import Event, EventKind, EventLog
from linestop.watch.firing import Firing
from linestop.watch.ladder import Ladder, Rung
from linestop.watch.watch import Watch

Told = Callable[[Firing, Rung], None]


class LiveLog(EventLog):
    """Events of a dispatch, watched. May be used from several threads. `stopping` is set when the dispatch must end."""

    def __init__(
        self, path: Path, *, watch: Watch | None = None, ladder: Ladder | None = None, told: Told | None = None
    ) -> None:
        super().__init__(path)
        self._watch, self._ladder, self._told = watch or Watch(), ladder or Ladder({}), told
        self._lock = threading.RLock()
        self._nudges: list[str] = []
        self._blocked: dict[str, str] = {}
        self.firings: list[tuple[Firing, Rung]] = []
        self.stopping = threading.Event()
        self.stop_reason = ""
        self.line_stop = False

    def append(self, kind: EventKind, **fields: Any) -> Event:
        """Write one event, let the detectors see it, and return it."""
        with self._lock:
            event = super().append(kind, **fields)
            self._act(self._watch.see(event))
            return event

    def tick(self) -> None:
        """Let the detectors see that time went by; the harness calls this about once a second."""
        with self._lock:
            self._act(self._watch.tick(datetime.now(UTC)))

    def take_nudge(self) -> str | None:
        """Return what the agent must be told before its next step, once; None where there is nothing."""
        with self._lock:
            if not self._nudges:
                return None
            text = "\n\n".join(self._nudges)
            self._nudges.clear()
            super().append(EventKind.NUDGE, text=text)
            return text

    def blocked(self, identity: str) -> str | None:
        """Return why a call must not be made, None where it may."""
        return self._blocked.get(identity)

    def stop(self, reason: str) -> None:
        """End the dispatch from outside: a person, a clock, the harness."""
        with self._lock:
            self.stop_reason = self.stop_reason or reason
            self.stopping.set()

    def _act(self, firings: list[Firing]) -> None:
        for firing in firings:
            rung = self._ladder.climb(firing)
            self.firings.append((firing, rung))
            if rung >= Rung.NUDGE and firing.message:
                self._nudges.append(firing.message)
            if rung >= Rung.BLOCK and firing.identity:
                self._blocked[firing.identity] = firing.detail
            if rung >= Rung.STOP:
                self.line_stop = self.line_stop or rung is Rung.LINE_STOP
                self.stop(f"{firing.detector}: {firing.detail}")
            if self._told:
                self._told(firing, rung)
