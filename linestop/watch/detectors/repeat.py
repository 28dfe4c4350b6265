"""repeat: the same call again and again, with nothing new to be learned from it.

Not a repeat: a call whose result changed, a declared poller, an edit of the same file with another input. Where an edit
succeeded between the calls, the question is a new one: that is info, never a warning.
"""

from collections import deque
from typing import ClassVar

from linestop.events import Event, EventKind
from linestop.watch.detectors.pollers import Pollers
from linestop.watch.firing import Firing, Severity
from linestop.watch.inert import only_waits
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Call, Mark, Trail
from linestop.watch.watch import Detector

WINDOW, TIMES, IN_A_ROW = 10, 3, 4  # SPEC.md section 5
MAX_CALLS = 4_096  # different calls that are remembered
MESSAGE = (
    "You have made the same call {times} times and its result did not change: {name}. Making it again will tell you"
    " nothing new. Say in one sentence what you were looking for, then take a different step."
)


class _Row:
    """One call's results in a row."""

    __slots__ = ("epoch", "first", "here", "result", "times")

    def __init__(self, call: Call) -> None:
        self.first = call.mark
        self.result, self.epoch = call.result, call.epoch
        self.times = self.here = 1  # in a row; in a row without an edit between


class Repeat(Detector):
    """Fires at the third same call among the last ten, and at every fourth in a row with the same result."""

    name: ClassVar[str] = "repeat"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_RESULT})
    __slots__ = ("_calls", "_fired", "_keys", "_pollers", "_rows")

    def __init__(self, settings: WatchSettings) -> None:
        self._pollers = Pollers(settings.pollers)
        self._keys: deque[str] = deque(maxlen=WINDOW)
        self._calls: deque[Call] = deque(maxlen=WINDOW)
        self._rows: dict[str, _Row] = {}
        self._fired: dict[str, Severity] = {}

    def see(self, event: Event, trail: Trail) -> Firing | None:  # noqa: ARG002
        """Take a result."""
        call = trail.call
        if call is None or not call.key:
            return None
        keys, key = self._keys, call.key
        keys.append(key)
        self._calls.append(call)
        if self._fired:
            self._fired = {one: severity for one, severity in self._fired.items() if one in keys}
        row = self._rows.get(key)
        if row is None:
            self._remember(call)
            return None
        if row.result != call.result and not call.inert:  # it tells something new: no loop, and no wait in vain
            self._rows[key] = _Row(call)
            self._forget_waits()
            return None
        return self._again(call, row, trail)

    def _again(self, call: Call, row: _Row, trail: Trail) -> Firing | None:
        self._count(row, call)
        if self._pollers.cover(call):
            self._forget_waits()
            return None
        return self._in_window(call, trail) or self._in_a_row(call, row, trail)

    def _in_window(self, call: Call, trail: Trail) -> Firing | None:
        if self._keys.count(call.key) < TIMES:
            return None
        same: list[Call] = []
        for one in reversed(self._calls):
            if one.key == call.key:
                if one.result != call.result and not call.inert:
                    break
                same.append(one)
        if len(same) < TIMES:
            return None
        severity = _severity(call, stuck=sum(one.epoch == call.epoch for one in same) >= TIMES)
        if self._fired.get(call.key) in (severity, Severity.WARNING):
            return None
        self._fired[call.key] = severity
        detail = f"{len(same)} times in the last {WINDOW} calls"
        return _firing(call, (same[-1].mark, len(same)), detail, severity, trail)

    def _in_a_row(self, call: Call, row: _Row, trail: Trail) -> Firing | None:
        stuck = row.here % IN_A_ROW == 0
        if not stuck and row.times % IN_A_ROW:
            return None
        if call.inert and row.result != call.result:
            return None
        detail = f"{row.times} times in a row with the same result"
        return _firing(call, (row.first, row.times), detail, _severity(call, stuck=stuck), trail)

    def _count(self, row: _Row, call: Call) -> None:
        if row.result != call.result:  # of a call that does nothing
            row.result, row.first, row.times, row.here = call.result, call.mark, 0, 0
        row.times += 1
        row.here = row.here + 1 if row.epoch == call.epoch else 1
        row.epoch = call.epoch

    def _remember(self, call: Call) -> None:
        self._rows[call.key] = _Row(call)
        if len(self._rows) > MAX_CALLS:
            del self._rows[next(iter(self._rows))]

    def _forget_waits(self) -> None:
        """Take the waits of a poll out of the window: what was waited for came."""
        waits = [one for one in self._calls if one.inert and only_waits(one.command)]
        for one in waits:
            self._calls.remove(one)
            self._keys.remove(one.key)
        if waits:
            self._rows.pop(waits[0].key, None)


def _severity(call: Call, *, stuck: bool) -> Severity:
    return Severity.WARNING if stuck or call.inert or call.moves else Severity.INFO


def _firing(call: Call, since: tuple[Mark, int], detail: str, severity: Severity, trail: Trail) -> Firing:
    first, times = since
    what = "a call that does nothing" if call.inert else call.name
    between = ", with edits between" if severity is Severity.INFO else ""
    return trail.firing(
        Repeat.name, f"{what}: {detail}{between}", first, calls=times, severity=severity,
        message=MESSAGE.format(times=times, name=call.name), identity=call.blockable, file=call.path,
    )  # fmt: skip
