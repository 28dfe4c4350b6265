"""runaway-search: looking and looking without ever starting, or without coming back to the work.

A file that is read for the first time counts half. A role that was only asked to look gets info, no warning.
"""

from typing import ClassVar

from linestop.events import Action, Event, EventKind
from linestop.watch.firing import Firing, Severity
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Call, Mark, Trail
from linestop.watch.watch import Detector

BEFORE, AFTER = 24, 12  # SPEC.md section 5; calls before the first edit, looks in a row after it
MAX_FILES = 8_192  # files that are remembered as read
_READ = Action.READ
_LOOKS = frozenset({Action.READ, Action.SEARCH})
START = (
    "{calls} calls and no edit yet. Say in one sentence what you know, and what single fact is still missing. If none"
    " is, make the first edit now; if the task can't be done, say so and end."
)
GO_ON = (
    "{calls} searches and reads in a row since your last change. Say in one sentence what you are looking for; then"
    " either change something or end."
)


class RunawaySearch(Detector):
    """Fires at 24 calls before the first edit, at 12 looks in a row after it, and at each further so many."""

    name: ClassVar[str] = "runaway-search"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_RESULT})
    __slots__ = ("_calls", "_edited", "_first", "_halves", "_limit", "_read", "_severity")

    def __init__(self, settings: WatchSettings) -> None:
        self._severity = Severity.INFO if settings.looks_only else Severity.WARNING
        self._read: set[str] = set()
        self._edited = False
        self._first: Mark | None = None
        self._limit, self._calls, self._halves = BEFORE, 0, 0

    def see(self, event: Event, trail: Trail) -> Firing | None:  # noqa: ARG002
        """Take a result."""
        call = trail.call
        if call is None:
            return None
        if call.edited:
            self._edited = True
            self._start(AFTER)
            return None
        looks = call.action in _LOOKS
        if self._edited and not looks:
            if self._calls:
                self._start(AFTER)
            return None
        self._first = self._first or call.mark
        self._calls += 1
        self._halves += self._weight(call)
        return self._firing(self._first, trail) if self._halves >= self._limit * 2 else None

    def _weight(self, call: Call) -> int:
        """Return the weight of a call in halves."""
        if call.action != _READ or not call.path or call.path in self._read:
            return 2
        if len(self._read) < MAX_FILES:
            self._read.add(call.path)
        return 1

    def _start(self, limit: int) -> None:
        self._limit, self._calls, self._halves = limit, 0, 0
        self._first = None

    def _firing(self, first: Mark, trail: Trail) -> Firing:
        calls, message = self._calls, GO_ON if self._edited else START
        what = "searches and reads in a row after an edit" if self._edited else "calls and no edit"
        self._start(self._limit)
        return trail.firing(
            self.name, f"{calls} {what}", first, calls=calls, severity=self._severity,
            message=message.format(calls=calls),
        )  # fmt: skip
