"""failing-call: one call that failed three times since it last succeeded.

Where edits succeeded between the failures and they differ, somebody is working on it: that is info, never a warning.
"""

from typing import ClassVar

from linestop.events import Event, EventKind, Outcome
from linestop.watch.detectors.pollers import Pollers
from linestop.watch.firing import Firing, Severity
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Call, Trail
from linestop.watch.watch import Detector

TIMES = 3  # SPEC.md section 5
MAX_CALLS = 1_024  # failing calls that are remembered
_OK = Outcome.OK
_FAILED = frozenset({Outcome.ERROR, Outcome.TIMEOUT})
MESSAGE = (
    "{name} has failed {times} times and never succeeded in between; the last time: {excerpt}. Don't make this call"
    " again as it is: say what its failures have in common, and mend that first."
)


class _Failures:
    __slots__ = ("distinct", "epochs", "first", "times")

    def __init__(self, call: Call) -> None:
        self.first, self.times = call.mark, 0
        self.epochs: set[int] = set()
        self.distinct: set[str] = set()


class FailingCall(Detector):
    """Fires at every third failure of a call since its last success."""

    name: ClassVar[str] = "failing-call"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_RESULT})
    __slots__ = ("_failing", "_pollers")

    def __init__(self, settings: WatchSettings) -> None:
        self._pollers = Pollers(settings.pollers)
        self._failing: dict[str, _Failures] = {}

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take a result."""
        call = trail.call
        if call is None or not call.identity:
            return None
        if event.outcome not in _FAILED:
            if self._failing and event.outcome == _OK:
                self._failing.pop(_key(call), None)
            return None
        return None if self._pollers.cover(call) else self._failed(call, trail)

    def _failed(self, call: Call, trail: Trail) -> Firing | None:
        key = _key(call)
        found = self._failing.get(key)
        if found is None:
            found = self._failing[key] = _Failures(call)
            if len(self._failing) > MAX_CALLS:
                del self._failing[next(iter(self._failing))]
        found.times += 1
        found.epochs.add(call.epoch)
        found.distinct.add(call.result)
        if found.times % TIMES:
            return None
        worked_on = min(len(found.epochs), len(found.distinct)) >= TIMES
        found.epochs.clear()
        found.distinct.clear()
        return self._firing(call, found, Severity.INFO if worked_on else Severity.WARNING, trail)

    def _firing(self, call: Call, found: _Failures, severity: Severity, trail: Trail) -> Firing:
        between = ", each time otherwise, with edits between" if severity is Severity.INFO else ""
        return trail.firing(
            self.name, f"{call.name} failed {found.times} times since its last success{between}", found.first,
            calls=found.times, severity=severity, identity=call.blockable, file=call.path,
            message=MESSAGE.format(name=call.name, times=found.times, excerpt=call.excerpt),
        )  # fmt: skip


def _key(call: Call) -> str:
    """Return what makes it the same call: of an edit its file, also where a shell command makes it."""
    return f"{call.tool}\n{call.path}" if call.edits and call.path else call.identity
