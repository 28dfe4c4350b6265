"""What the faults of a scenario do to a dispatch: each ends it, or goes by, as it would with a real engine."""

import threading
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from functools import cache

from linestop.errors import BusyError, InfraError, ToolError
from linestop.events import EventKind, Fault
from linestop.ports import Dispatch
from linestop.scenarios import FaultKind, ScriptedFault, Step
from linestop.watch import LiveLog

TRIES = 3  # how often an agent asks again before it gives its provider up
MOST_KEPT = 10_000
_Key = tuple[str, str, str, str, int, int, int]
_KINDS = {
    FaultKind.RATE_LIMIT: Fault.RATE_LIMIT,
    FaultKind.OVERLOAD: Fault.OVERLOAD,
    FaultKind.AUTH: Fault.AUTH,
    FaultKind.CONTEXT: Fault.CONTEXT,
    FaultKind.CUT: Fault.NETWORK,
    FaultKind.MALFORMED: Fault.MALFORMED,
}


class ScriptedCrashError(Exception):
    """The scripted agent died. No error of linestop's: to the loop it is a failed attempt, as a real crash is."""


class MetFaults:
    """Counts how often each fault of a scenario was met. A dispatch that is begun again goes on counting."""

    def __init__(self) -> None:
        self._counts: OrderedDict[_Key, int] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    @cache
    def of_process() -> "MetFaults":
        """Return the one count that a process's engines share, which are made anew for each dispatch."""
        return MetFaults()

    def meets(self, key: _Key, fault: ScriptedFault) -> bool:
        """Return whether a fault still happens at a place, and count it."""
        if fault.times is None:
            return True
        with self._lock:
            met = self._counts.pop(key, 0)
            self._counts[key] = min(met + 1, fault.times)
            while len(self._counts) > MOST_KEPT:
                self._counts.popitem(last=False)
        return met < fault.times


class Faults:
    """Plays the faults of one dispatch.

    A dispatch that is begun again is known by where its records lie and what it is, not by its workspace: a checker
    gets a new one each time.
    """

    def __init__(self, met: MetFaults, order: Dispatch, events: LiveLog) -> None:
        self._met, self._order, self._events = met, order, events
        records = str(events.path.resolve().parent.parent)
        self._key = (records, order.ticket, order.role, f"{order.plan.id}/{order.chunk.id}", order.attempt)

    def meet(self, step: Step, seconds_left: float) -> str:
        """Play a step's fault as often as it is due; return why the dispatch breaks off, empty where it goes on.

        Raises:
            BusyError, ToolError, InfraError, ScriptedCrashError: as its kind says.
        """
        fault = step.raw.fault
        if fault is None:
            return ""
        for _ in range(TRIES):
            if self._events.stopping.is_set() or not self._met.meets((*self._key, *step.place), fault):
                return ""
            if broke_off := self._play(fault, seconds_left):
                return broke_off
        raise InfraError(
            f"the scripted provider failed {TRIES} times in a row", found=fault.kind, todo="the scenario wants it so"
        )

    def _play(self, fault: ScriptedFault, seconds_left: float) -> str:
        """Play a fault once. What a real agent would ask again after returns nothing."""
        kind = fault.kind
        if kind is FaultKind.HANG:
            return self._hang(seconds_left)
        if kind is FaultKind.CRASH:
            raise ScriptedCrashError("the scripted agent crashed")
        until = datetime.now(UTC) + timedelta(seconds=fault.reset_seconds)
        busy = kind in {FaultKind.RATE_LIMIT, FaultKind.OVERLOAD}
        self._events.append(
            EventKind.ERROR,
            step=self._order.role,
            text=f"scripted fault: {kind}",
            fault=_KINDS.get(kind, Fault.OTHER),
            retry_at=until if busy else None,
        )
        if busy:
            todo = "it is waited for; no attempt is used"
            raise BusyError(
                f"the scripted provider is busy ({kind})", found=f"until {until:%H:%M:%S} UTC", todo=todo, until=until
            )
        if kind is FaultKind.AUTH:
            raise ToolError("the scripted provider refuses the key", found="401", todo="the scenario wants it so")
        return "the prompt is longer than the model's window" if kind is FaultKind.CONTEXT else ""

    def _hang(self, seconds_left: float) -> str:
        """Say and do nothing until it is stopped or a clock runs out; costs no processor time."""
        idle = self._order.limits.idle_seconds
        if self._events.stopping.wait(max(0.0, min(idle, seconds_left))):
            return self._events.stop_reason or "it was stopped"
        return f"no sign of life for {idle:g} s" if idle < seconds_left else "its time ran out"
