"""Runs all detectors over a dispatch's events. A detector that breaks is left out and named; the run goes on."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from linestop.events import Event, EventKind
from linestop.watch.firing import Firing
from linestop.watch.trail import Trail

See = Callable[[Event, Trail], Firing | None]


class Detector(Protocol):
    """Looks for one pattern. Keeps a bounded memory of what it saw; one instance a dispatch."""

    name: ClassVar[str]
    kinds: ClassVar[frozenset[EventKind]]

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take the next event of one of its kinds; `trail.call` is the call that the event makes or answers."""
        ...

    def tick(self, now: datetime, trail: Trail) -> Firing | None:  # noqa: ARG002
        """Take that time went by; only clocks do something about it."""
        return None

    def progress(self, state: str, now: datetime) -> None:  # noqa: ARG002
        """Take what the work has come to: a hash of workspace, passing checks and ticket state."""
        return


class Watch:
    """The detectors of one dispatch. Sees each event once, in order; not made for several threads."""

    def __init__(self, detectors: Iterable[Detector] = ()) -> None:
        self._detectors = list(detectors)
        self.trail = Trail()
        self.broken: dict[str, str] = {}
        self._route()

    def see(self, event: Event) -> list[Firing]:
        """Return what fired at an event."""
        fired: list[Firing] = []
        trail = self.trail
        try:
            trail.take(event)
        except Exception as error:  # noqa: BLE001  # an event that nobody foresaw is passed over
            self.broken["trail"] = f"{type(error).__name__}: {error}"
            return fired
        for see in self._routes.get(event.kind, ()):
            try:
                firing = see(event, trail)
            except Exception as error:  # noqa: BLE001  # a detector never raises into a run
                self._leave_out(see, error)
                continue
            if firing is not None:
                fired.append(firing)
        return fired

    def tick(self, now: datetime) -> list[Firing]:
        """Return what fired because time went by."""
        return [firing for detector in tuple(self._detectors) if (firing := self._ticked(detector, now))]

    def progress(self, state: str, now: datetime | None = None) -> None:
        """Tell the detectors what the work has come to."""
        for detector in tuple(self._detectors):
            try:
                detector.progress(state, now or datetime.now(UTC))
            except Exception as error:  # noqa: BLE001
                self._leave_out(detector.see, error)

    def _ticked(self, detector: Detector, now: datetime) -> Firing | None:
        try:
            return detector.tick(now, self.trail)
        except Exception as error:  # noqa: BLE001
            self._leave_out(detector.see, error)
            return None

    def _route(self) -> None:
        """Bind each kind to those that look at it: no event asks a detector that doesn't care."""
        kinds = {kind for detector in self._detectors for kind in detector.kinds}
        self._routes: dict[str, tuple[See, ...]] = {
            str(kind.value): tuple(one.see for one in self._detectors if kind in one.kinds) for kind in kinds
        }

    def _leave_out(self, see: See, error: Exception) -> None:
        broken = next(one for one in self._detectors if one.see == see)
        self._detectors.remove(broken)
        self.broken[broken.name] = f"{type(error).__name__}: {error}"
        self._route()
