"""The ladder: how far each detector may climb, from observing to a line stop.

Owns the table of detectors with their defaults; docs/watch.md shows it to people.
"""

from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import TypeVar

from linestop.errors import PolicyError
from linestop.watch.firing import Firing, Severity

_Names = TypeVar("_Names", bound=Collection[str])
_MAX_SUBJECTS = 1_000
_OTHER_SUBJECTS = 3  # so many firings about different things weigh as much as one more about the same


class Rung(IntEnum):
    """What is done about a firing; each rung includes those below it."""

    OBSERVE = 0
    NUDGE = 1
    BLOCK = 2
    STOP = 3
    LINE_STOP = 4

    @property
    def word(self) -> str:
        """Return the rung as the policy spells it."""
        return self.name.lower().replace("_", "-")


DETECTORS: Mapping[str, Rung] = {
    "repeat": Rung.STOP,
    "cycle": Rung.STOP,
    "same-result": Rung.NUDGE,
    "failures": Rung.STOP,
    "failing-call": Rung.BLOCK,
    "denial-wall": Rung.STOP,
    "reasoning-loop": Rung.STOP,
    "chant": Rung.STOP,
    "runaway-search": Rung.NUDGE,
    "edit-thrash": Rung.NUDGE,
    "no-progress": Rung.STOP,
    "silence": Rung.STOP,
    "context-pressure": Rung.OBSERVE,
    "cost": Rung.STOP,
}
CLOCKS = frozenset({"no-progress", "silence", "cost"})  # they say themselves when to stop; a warning never climbs


class Ladder:
    """Counts firings: every further one about the same subject climbs a rung, up to the highest its policy allows.

    The subject is the call or the file that is to blame. An agent that goes round in ever new circles climbs as well,
    a rung for every three firings of one detector.
    """

    def __init__(self, highest: Mapping[str, Rung], *, default: Rung = Rung.STOP) -> None:
        self._highest, self._default = dict(highest), default
        self._fired: dict[tuple[str, str], int] = {}
        self._total: dict[str, int] = {}

    def climb(self, firing: Firing) -> Rung:
        """Return what is to be done about a firing. Info is only ever observed; a stop climbs at once."""
        highest = self._highest.get(firing.detector, self._default)
        if firing.severity is Severity.INFO:
            return Rung.OBSERVE
        if firing.severity is Severity.STOP:
            return highest
        if firing.detector in CLOCKS:
            return min(Rung.NUDGE, highest)
        return min(Rung(min(self._count(firing), Rung.LINE_STOP)), highest)

    def _count(self, firing: Firing) -> int:
        subject = (firing.detector, firing.identity or firing.file)
        if len(self._fired) >= _MAX_SUBJECTS and subject not in self._fired:
            del self._fired[next(iter(self._fired))]
        mine = self._fired[subject] = self._fired.get(subject, 0) + 1
        total = self._total[firing.detector] = self._total.get(firing.detector, 0) + 1
        return max(mine, -(-total // _OTHER_SUBJECTS))


def detector_name(word: str) -> str:
    """Return a detector's name as it is registered, whatever stands between its words."""
    return word.strip().lower().replace(" ", "-").replace("_", "-")


def known_detectors(names: _Names) -> _Names:
    """Return names as they are.

    Raises:
        ValueError: one of them is no detector's.
    """
    if unknown := [word for word in names if detector_name(word) not in DETECTORS]:
        raise ValueError(f"{', '.join(unknown)} is no detector; there are {', '.join(DETECTORS)}")
    return names


def ladder_for(policy: Mapping[str, str]) -> Ladder:
    """Return the ladder of a policy's `watch.ladder` over the defaults.

    Raises:
        PolicyError: it names a detector or a rung that isn't there.
    """
    rungs = {rung.word: rung for rung in Rung}
    highest = dict(DETECTORS)
    for word, rung in policy.items():
        name = detector_name(word)
        if name not in DETECTORS:
            raise PolicyError("watch.ladder names no detector", found=word, todo=f"use: {', '.join(DETECTORS)}")
        if rung not in rungs:
            raise PolicyError(f"watch.ladder.{name} is no rung", found=rung, todo=f"use: {', '.join(rungs)}")
        highest[name] = rungs[rung]
    return Ladder(highest)
