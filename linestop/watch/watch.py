"""Runs all detectors over a dispatch's events. A detector that breaks is left out and named; the run goes on."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Protocol

from linestop.events import Event, EventKind
from linestop.watch.firing import Firing


class Detector(Protocol):
    """Looks for one pattern. Keeps a bounded memory of what it saw; one instance a dispatch."""

    name: ClassVar[str]
    kinds: ClassVar[frozenset[EventKind]]

    def see(self, event: Event) -> Firing | None:
        """Take the next event of one of its kinds."""
        ...

    def tick(self, now: datetime) -> Firing | None:
        """Take that time went by; only clocks do something about it."""
        ...


class Watch:
    """The detectors of one dispatch."""

    def __init__(self, detectors: Iterable[Detector] = ()) -> None:
        self._detectors = list(detectors)
        self.broken: dict[str, str] = {}

    def see(self, event: Event) -> list[Firing]:
        """Return what fired at an event."""
        fired: list[Firing] = []
        for detector in tuple(self._detectors):
            if event.kind in detector.kinds:
                try:
                    firing = detector.see(event)
                except Exception as error:  # noqa: BLE001  # a detector never raises into a run
                    self._leave_out(detector, error)
                    continue
                if firing:
                    fired.append(firing)
        return fired

    def tick(self, now: datetime) -> list[Firing]:
        """Return what fired because time went by."""
        fired: list[Firing] = []
        for detector in tuple(self._detectors):
            try:
                firing = detector.tick(now)
            except Exception as error:  # noqa: BLE001
                self._leave_out(detector, error)
                continue
            if firing:
                fired.append(firing)
        return fired

    def _leave_out(self, detector: Detector, error: Exception) -> None:
        self._detectors.remove(detector)
        self.broken[detector.name] = f"{type(error).__name__}: {error}"
