"""The detectors, one file each (SPEC.md section 5, docs/watch.md). Their order is the order in which they are asked."""

from collections.abc import Callable

from linestop.watch.settings import WatchSettings
from linestop.watch.watch import Detector

ALL: tuple[Callable[[WatchSettings], Detector], ...] = ()


def detectors_for(settings: WatchSettings) -> tuple[Detector, ...]:
    """Return fresh detectors for one dispatch, without those that are off."""
    return tuple(one for one in (make(settings) for make in ALL) if one.name not in settings.off)
