"""failures: the recovery checkpoint. Tool calls fail one after the other, whatever they are.

Score: an error 1, a time-out 2. Denials neither feed nor reset it (denial_wall.py); any success clears it.
"""

from collections import deque
from typing import ClassVar

from linestop.events import Event, EventKind, Outcome
from linestop.watch.firing import Firing
from linestop.watch.settings import MIN_FAILURES, WatchSettings
from linestop.watch.trail import Call, Mark, Trail
from linestop.watch.watch import Detector

QUOTED = 5  # SPEC.md section 5
_OK = Outcome.OK
_SCORES = {Outcome.ERROR: 1, Outcome.TIMEOUT: 2}
ASKED = (
    "Stop here before the next call. Name the root cause that these failures share, in one sentence. Then take a"
    " different next step, one that would not fail for that reason; don't make the same call with small changes."
)
ONE_TOOL = (
    "All of them were calls of `{tool}`: read what that tool expects (arguments, paths, working directory, limits)"
    " before you use it again."
)


class Failures(Detector):
    """Fires when the score of failures in a row reaches the threshold, and after each further threshold of score."""

    name: ClassVar[str] = "failures"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_RESULT})
    __slots__ = ("_first", "_recent", "_same", "_score", "_threshold", "_timeouts", "_times", "_tools")

    def __init__(self, settings: WatchSettings) -> None:
        self._threshold = max(settings.failures, MIN_FAILURES)
        self._recent: deque[tuple[bool, Call]] = deque(maxlen=QUOTED)
        self._tools: set[str] = set()
        self._first: Mark | None = None
        self._same = ""
        self._score = self._times = self._timeouts = 0

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take a result."""
        outcome = event.outcome
        if outcome == _OK:
            if self._times:
                self._clear()
            return None
        call = trail.call
        if call is None or outcome is None or outcome not in _SCORES:
            return None
        self._count(call, outcome)
        if self._score < self._threshold:
            return None
        self._score = 0
        return self._firing(call, trail)

    def _count(self, call: Call, outcome: Outcome) -> None:
        self._first = self._first or call.mark
        self._same = call.key if not self._times or self._same == call.key else ""
        self._times += 1
        self._timeouts += outcome == Outcome.TIMEOUT
        self._score += _SCORES[outcome]
        if len(self._tools) <= 1:  # more than one is all that matters
            self._tools.add(call.tool)
        self._recent.append((outcome == Outcome.TIMEOUT, call))

    def _clear(self) -> None:
        self._score = self._times = self._timeouts = 0
        self._first, self._same = None, ""
        self._tools.clear()
        self._recent.clear()

    def _firing(self, call: Call, trail: Trail) -> Firing:
        errors = self._times - self._timeouts
        counts = (("error", errors), ("time-out", self._timeouts))
        kinds = " and ".join(f"{count} {word}{'s' * (count > 1)}" for word, count in counts if count)
        detail = f"{self._times} tool calls in a row failed ({kinds}); the last: {call.name}: {call.excerpt}"
        return trail.firing(
            self.name, detail, self._first or call.mark, calls=self._times, message=self._message(kinds),
            identity=call.blockable if self._same else "", file=call.path,
        )  # fmt: skip

    def _message(self, kinds: str) -> str:
        shown = len(self._recent)
        head = f"{self._times} tool calls in a row have failed: {kinds}." + (
            f" The last {shown}:" if shown < self._times else ""
        )
        quotes = [f"- {call.tool}{' (timed out)' * late}: {call.excerpt}" for late, call in self._recent]
        hint = [ONE_TOOL.format(tool=next(iter(self._tools)))] if len(self._tools) == 1 else []
        return "\n".join([head, *quotes, ASKED, *hint])
