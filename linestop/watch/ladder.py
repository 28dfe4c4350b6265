"""The ladder: how far each detector may climb, from observing to a line stop."""

from collections.abc import Mapping
from enum import IntEnum

from linestop.watch.firing import Firing, Severity


class Rung(IntEnum):
    """What is done about a firing; each rung includes those below it."""

    OBSERVE = 0
    NUDGE = 1
    BLOCK = 2
    STOP = 3
    LINE_STOP = 4


class Ladder:
    """Counts the firings of each detector: every further one climbs a rung, up to the highest its policy allows."""

    def __init__(self, highest: Mapping[str, Rung], *, default: Rung = Rung.STOP) -> None:
        self._highest, self._default = dict(highest), default
        self._fired: dict[str, int] = {}

    def climb(self, firing: Firing) -> Rung:
        """Return what is to be done about a firing. Info is only ever observed; a stop stops at once."""
        if firing.severity is Severity.INFO:
            return Rung.OBSERVE
        highest = self._highest.get(firing.detector, self._default)
        count = self._fired[firing.detector] = self._fired.get(firing.detector, 0) + 1
        if firing.severity is Severity.STOP:
            return max(Rung.STOP, highest)
        return min(Rung(min(count, Rung.LINE_STOP)), highest)
