"""cycle: the same two to six calls round and round, each with the result it had the last time."""

from collections import deque
from typing import ClassVar

from linestop.events import Event, EventKind
from linestop.watch.detectors.pollers import Pollers
from linestop.watch.firing import Firing
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Call, Trail
from linestop.watch.watch import Detector

SHORTEST, LONGEST, ROUNDS = 2, 6, 3  # SPEC.md section 5
MESSAGE = (
    "You are going in a circle: the last {calls} calls were {rounds} rounds of the same {period}, with the same results"
    " each time:\n{names}\nThe next round will end like the last one. Say in one sentence why it can't succeed, then"
    " leave it for a different step."
)


class Cycle(Detector):
    """Fires when a pattern was seen three times over, and after each three further rounds. Ignores declared pollers.

    Keeps for each period how many calls in a row were the same as the one a period before.
    """

    name: ClassVar[str] = "cycle"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_RESULT})
    __slots__ = ("_calls", "_fired", "_keys", "_matches", "_pollers")

    def __init__(self, settings: WatchSettings) -> None:
        self._pollers = Pollers(settings.pollers)
        self._keys: deque[tuple[str, str]] = deque(maxlen=LONGEST)
        self._calls: deque[Call] = deque(maxlen=LONGEST * ROUNDS)
        self._matches = [0] * (LONGEST + 1)
        self._fired = 0  # the period that fired; as long as it goes on, multiples of it are no news

    def see(self, event: Event, trail: Trail) -> Firing | None:  # noqa: ARG002
        """Take a result."""
        call = trail.call
        if call is None or not call.key:
            return None
        key = (call.key, "" if call.inert else call.result)
        keys, matches = self._keys, self._matches
        self._calls.append(call)
        if key not in keys or self._pollers.cover(call):
            if self._fired or any(matches):
                self._matches, self._fired = [0] * (LONGEST + 1), 0
            keys.append(key)
            return None
        for period in range(1, min(len(keys), LONGEST) + 1):
            matches[period] = matches[period] + 1 if keys[-period] == key else 0
        keys.append(key)
        return self._found(trail)

    def _found(self, trail: Trail) -> Firing | None:
        matches = self._matches
        if self._fired and not matches[self._fired]:
            self._fired = 0
        for period in (self._fired,) if self._fired else range(SHORTEST, LONGEST + 1):
            # as many as one period of calls that are all alike is a repeat, no cycle
            if matches[period] >= (ROUNDS - 1) * period and matches[1] < period - 1:
                again = matches[period] - (ROUNDS - 1) * period
                if again % (ROUNDS * period) == 0:
                    self._fired = period
                    return self._firing(period, trail)
                return None
        return None

    def _firing(self, period: int, trail: Trail) -> Firing:
        pattern = list(self._calls)[-period * ROUNDS :]
        names = "\n".join(f"- {call.name}" for call in pattern[-period:])
        brief = " → ".join(call.name for call in pattern[-period:])
        blame = next((call for call in reversed(pattern[-period:]) if call.blockable), None)
        return trail.firing(
            self.name, f"{ROUNDS} rounds of {period} calls: {brief}"[:400], pattern[0].mark, calls=len(pattern),
            message=MESSAGE.format(calls=len(pattern), rounds=ROUNDS, period=period, names=names),
            identity=blame.blockable if blame else "",
            file=next((call.path for call in pattern if call.path), ""),
        )  # fmt: skip
