"""The live log: an event log that watches what it writes, and acts on a firing while the agent still runs.

`firings.jsonl` beside the log holds what fired, how far it climbed, and what came of each nudge.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linestop.events import Event, EventKind, EventLog
from linestop.watch.file_hash import file_hash
from linestop.watch.firing import Firing
from linestop.watch.firing_log import FiringLog
from linestop.watch.ladder import Ladder, Rung
from linestop.watch.nudging import Nudged, Nudging
from linestop.watch.trail import WATCH
from linestop.watch.watch import Watch

Told = Callable[[Firing, Rung], None]
MAX_FIRINGS = 1_000  # kept in memory; the file has more
MAX_BLOCKED = 1_000
MAX_NUDGE_CHARS = 6_000

_log = logging.getLogger(__name__)


class LiveLog(EventLog):
    """Events of a dispatch, watched. May be used from several threads. `stopping` is set when the dispatch must end.

    `told` hears of every firing after it was written down; an error of it is logged and hurts nothing. A firing that
    names a file of `workspace` carries that file's hash.
    """

    def __init__(
        self,
        path: Path,
        *,
        watch: Watch | None = None,
        ladder: Ladder | None = None,
        told: Told | None = None,
        workspace: Path | None = None,
    ) -> None:
        super().__init__(path)
        self._watch, self._ladder, self._told = watch or Watch(), ladder or Ladder({}), told
        self._workspace, self._lock = workspace, threading.RLock()
        self._nudges: list[str] = []
        self._nudging = Nudging()
        self._blocked: dict[str, str] = {}
        self._record = FiringLog(path.with_name("firings.jsonl"))
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._epoch, self._state = 0, ""
        self.firings: deque[tuple[Firing, Rung]] = deque(maxlen=MAX_FIRINGS)
        self.stopping = threading.Event()
        self.stop_reason = ""
        self.line_stop = False

    def append(self, kind: EventKind, **fields: Any) -> Event:
        """Write one event, let the detectors see it, and return it."""
        with self._lock:
            event = super().append(kind, **fields)
            acted = self._act(self._watch.see(event), event)
        self._tell(acted)
        return event

    def tick(self) -> None:
        """Let the detectors see that time went by; the harness calls this about once a second."""
        with self._lock:
            acted = self._act(self._watch.tick(datetime.now(UTC)))
        self._tell(acted)

    def progress(self, state: str) -> None:
        """Take what the work has come to: a hash of workspace, passing checks and ticket state. Any change is progress.

        Once this was called, nothing but a change of it counts as progress. A change lifts every block: the same call
        is a new question then.
        """
        with self._lock:
            if state != self._state:
                self._state = state
                self._blocked.clear()
            self._watch.progress(state)

    def take_nudge(self) -> str | None:
        """Return what the agent must be told before its next step, once; None where there is nothing."""
        with self._lock:
            if not self._nudges:
                return None
            text = "\n\n".join(dict.fromkeys(self._nudges))[:MAX_NUDGE_CHARS]
            self._nudges.clear()
            self._nudging.told()
            event = super().append(EventKind.NUDGE, step=WATCH, text=text)
            acted = self._act(self._watch.see(event))  # it has an ordinal as any other event
        self._tell(acted)
        return text

    def blocked(self, identity: str) -> str | None:
        """Return why a call must not be made, None where it may."""
        with self._lock:
            return self._blocked.get(identity)

    @property
    def blocking(self) -> bool:
        """Whether there is any call that must not be made now."""
        with self._lock:
            return bool(self._blocked)

    def stop(self, reason: str) -> None:
        """End the dispatch from outside: a person, a clock, the harness."""
        with self._lock:
            self.stop_reason = self.stop_reason or reason
            self.stopping.set()

    def report(self) -> dict[str, Any]:
        """Return what the watch saw and what came of it, as result.json holds it."""
        with self._lock:
            self._settle(self._nudging.finish())
            return {
                "firings": [
                    {"detector": name, "severity": severity, "rung": rung, "times": times}
                    for (name, severity, rung), times in sorted(self._counts.items())
                ],
                "nudges": [one.model_dump(mode="json") for one in self._nudging.all()],
                "stopped": self.stop_reason,
                "line_stop": self.line_stop,
                "broken": dict(self._watch.broken),
            }

    def close(self) -> None:
        """Close the log; closing twice does nothing."""
        with self._lock:
            self._settle(self._nudging.finish())
            self._record.close()
            super().close()

    def _act(self, firings: list[Firing], event: Event | None = None) -> list[tuple[Firing, Rung]]:
        """Write firings down and do what their rungs say; the caller tells about them once the lock is free."""
        if self._watch.trail.epoch != self._epoch:
            self._epoch = self._watch.trail.epoch
            self._blocked.clear()
        if event:
            self._settle(self._nudging.see(event, firings))
        return [self._climb(firing) for firing in firings]

    def _climb(self, firing: Firing) -> tuple[Firing, Rung]:
        if firing.file and self._workspace:
            firing = firing.model_copy(update={"file_hash": file_hash(self._workspace, firing.file)})
        rung = self._ladder.climb(firing)
        self.firings.append((firing, rung))
        self._counts[firing.detector, firing.severity.value, rung.word] += 1
        self._record.firing(firing, rung)
        if rung >= Rung.NUDGE and firing.message:
            self._nudges = [*self._nudges[-9:], firing.message]
            self._nudging.note(firing)
        if rung >= Rung.BLOCK and firing.identity and len(self._blocked) < MAX_BLOCKED:
            self._blocked[firing.identity] = firing.detail
        if rung >= Rung.STOP:
            self.line_stop = self.line_stop or rung is Rung.LINE_STOP
            self.stop(f"{firing.detector}: {firing.detail}")
        return firing, rung

    def _settle(self, settled: list[Nudged]) -> None:
        for nudged in settled:
            self._record.after(nudged)

    def _tell(self, acted: list[tuple[Firing, Rung]]) -> None:
        if not self._told:
            return
        for firing, rung in acted:
            try:
                self._told(firing, rung)
            except Exception:  # noqa: BLE001  # whoever is told must not hurt the run
                _log.exception("watch.told_failed detector=%s", firing.detector)
