"""One session while it is surveyed: lets the detectors see its events, and keeps where each stands and what it cost."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from linestop.events import MAX_TEXT, Action, Event, EventKind, Fault, Outcome, Usage
from linestop.events.formats import Said
from linestop.events.identity import sha256_text
from linestop.events.model import event_of
from linestop.events.reading import Place
from linestop.events.redaction import redacted
from linestop.watch.firing import Firing, Severity
from linestop.watch.survey_report import SessionReport, Sighting
from linestop.watch.watch import Detector, Watch

Subject = tuple[str, str]  # a detector, and the call or file it names
Detectors = Callable[[], Iterable[Detector]]
MAX_FIRINGS = 10_000  # of one session
_GAP = 50  # events; a call that comes back later than that is another story
_QUIET = timedelta(seconds=30)  # between two events; a longer one lets the clocks tick
_LOOKED = {"runaway-search", "no-progress"}  # no fault of a session that was only asked to look
_WAITS_FOR_A_PERSON = {EventKind.START, EventKind.NUDGE}


class SessionSurvey:
    """One session while it is read. Holds 20 bytes an event, and what fired."""

    def __init__(
        self,
        session: str,
        format_: str,
        detectors: Detectors,
        at: datetime,
        *,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._clock = clock
        self.session, self.format, self.model, self.title = session, format_, "", ""
        self.watch = Watch(detectors())
        self.at, self.timed = at, False
        self._times, self._lines, self._tokens = array("d"), array("L"), array("q")
        self._outcomes, self._faults = Counter[str](), Counter[str]()
        self._calls = self._edits = self._used = self._total = 0
        self._call_at = array("L")
        self._usd: float | None = None
        self._usd_total: float | None = None
        self._end = ""
        self._paused = True
        self._fired: list[Firing] = []
        self._going: dict[str, set[Subject]] = {}
        self._epoch = 0
        self._reached: dict[Subject, tuple[int, int]] = {}

    def see(self, place: Place) -> list[Firing]:
        """Take the next event; return what fired."""
        said = place.said
        kind = said["kind"]
        if self._clock and not self.timed:
            self.at = self._clock()
        at = said.get("at") or self.at
        fired = self._waited(at, kind)
        self._move(at, timed="at" in said)
        event = event_of(_bounded(said), self.at)
        self._count(event, said)
        self._times.append(self.at.timestamp())
        self._lines.append(place.line)
        self._tokens.append(self._used)
        fired += self.watch.see(event)
        self._follow_up(fired)
        self._paused = kind == EventKind.END
        self._fired += fired[: MAX_FIRINGS - len(self._fired)]
        return fired

    def tick(self, now: datetime) -> list[Firing]:
        """Let the clocks see that time went by, unless the session has ended or waits for a person."""
        return [] if self._paused else self.watch.tick(now)

    def report(self) -> SessionReport:
        """Return what was seen up to now."""
        looked = not self._edits
        sightings = [self._sighting(group, looked) for group in _grouped(self._fired)]
        counted = [one for one in sightings if one.severity is not Severity.INFO]
        seconds, tokens = self._lost([(one.first - 1, one.last - 1) for one in counted])
        moments = [datetime.fromtimestamp(one, UTC) for one in (self._times[0], self._times[-1])]
        return SessionReport(
            session=self.session, format=self.format, model=self.model, title=self.title, began=moments[0],
            ended=moments[1], timed=self.timed, events=len(self._times), calls=self._calls, edits=self._edits,
            outcomes=dict(self._outcomes), faults=dict(self._faults), tokens=self._total or self._used,
            usd=self._usd if self._usd_total is None else self._usd_total, end=self._end, sightings=sightings,
            lost_seconds=seconds, lost_tokens=tokens, broken=dict(self.watch.broken),
        )  # fmt: skip

    def place_of(self, firing: Firing) -> tuple[int, int]:
        """Return the lines of the log that a firing is about."""
        last = len(self._lines) - 1
        return self._lines[min(firing.first, last)], self._lines[min(firing.last, last)]

    def _waited(self, at: datetime, kind: object) -> list[Firing]:
        """Let the clocks see a long quiet, unless it was a person who was waited for."""
        if not self.timed or self._paused or kind in _WAITS_FOR_A_PERSON or at - self.at < _QUIET:
            return []
        return self.watch.tick(at)

    def _move(self, at: datetime, *, timed: bool) -> None:
        """Go on to a moment, never back; what came before the first moment that is told happened then."""
        if timed and not self.timed:
            self._times = array("d", [at.timestamp()] * len(self._times))
            self.timed = True
            self.at = at
        elif self.timed:
            self.at = max(at, self.at)

    def _follow_up(self, fired: list[Firing]) -> None:
        """Note how far a call that a detector named goes on: detectors fire once, at its beginning.

        An edit ends the story: the same call is a new question then.
        """
        trail, here = self.watch.trail, len(self._times) - 1
        call = trail.call
        if call is None or trail.ordinal != here:
            return
        if self._epoch != trail.epoch:
            self._going.clear()
            self._epoch = trail.epoch
        for subject in self._going.get(call.key, ()):
            last, times = self._reached[subject]
            if here - last <= _GAP:
                self._reached[subject] = (here, times + (call.mark[0] == here))
        for firing in fired:
            if firing.identity and len(self._reached) < MAX_FIRINGS:
                self._going.setdefault(call.key, set()).add(_subject(firing))
                self._reached.setdefault(_subject(firing), (here, firing.calls))

    def _count(self, event: Event, said: Said) -> None:
        self.model = event.model or self.model
        kind = event.kind
        if kind is EventKind.TOOL_CALL:
            self._calls += 1
            self._call_at.append(len(self._times))
            self._edits += event.action is Action.EDIT
        elif kind is EventKind.TOOL_RESULT and event.outcome:
            self._outcomes[event.outcome.value] += 1
        elif kind is EventKind.USAGE and event.usage:
            self._use(event.usage)
        elif kind is EventKind.END:
            self._end = str(said.get("reason") or "") or ("ok" if event.outcome is Outcome.OK else "ended")
        if isinstance(event.fault, Fault):
            self._faults[event.fault.value] += 1

    def _use(self, usage: Usage) -> None:
        tokens = usage.input + usage.output
        if usage.total:
            self._total = max(self._total, tokens)
            self._usd_total = usage.usd if usage.usd is not None else self._usd_total
        else:
            self._used += tokens
            self._usd = self._usd if usage.usd is None else (self._usd or 0.0) + usage.usd

    def _sighting(self, group: list[Firing], looked: bool) -> Sighting:  # noqa: FBT001  # of one caller
        last = group[-1]
        begin = min(*(one.first for one in group), len(self._times) - 1)
        reached, going = self._reached.get(_subject(last), (0, 0))
        calls = max(going, *(one.calls for one in group))
        end = min(max(reached, *(one.last for one in group)), len(self._times) - 1)
        info = looked and last.detector in _LOOKED
        severity = Severity.INFO if info else max((one.severity for one in group), key=list(Severity).index)
        seconds, tokens = self._lost([(begin, end)])
        return Sighting(
            detector=last.detector, severity=severity, detail=redacted(last.detail), times=len(group),
            calls=calls, first=begin + 1, last=end + 1, first_line=self._lines[begin],
            last_line=self._lines[end], began=datetime.fromtimestamp(self._times[begin], UTC),
            ended=datetime.fromtimestamp(self._times[end], UTC), seconds=seconds, tokens=tokens,
            estimated=not self._used and bool(self._total), file=last.file, identity=last.identity,
        )  # fmt: skip

    def _lost(self, spans: list[tuple[int, int]]) -> tuple[float, int]:
        """Return seconds and tokens of the union of spans of events."""
        seconds, tokens = 0.0, 0
        for begin, end in _merged(spans):
            seconds += max(self._times[end] - self._times[begin], 0.0)
            tokens += self._tokens[end] - (self._tokens[begin - 1] if begin else 0)
            if not self._used and self._total and self._calls:
                tokens += self._total * sum(begin <= one <= end for one in self._call_at) // self._calls
        return round(seconds, 3), min(tokens, self._total) if self._total else tokens  # single ones may be told twice


def _bounded(said: Said) -> Said:
    """Return an event's fields as `EventLog` would write them: a result hashed, then a long text cut."""
    text = said.get("text", "")
    if said["kind"] is EventKind.TOOL_RESULT and not said.get("result_hash"):
        said["result_hash"] = sha256_text(text)
    if len(text) > MAX_TEXT:
        said["text"] = text[:MAX_TEXT]
    return said


def _grouped(firings: Iterable[Firing]) -> list[list[Firing]]:
    groups: dict[Subject, list[Firing]] = {}
    for one in firings:
        groups.setdefault(_subject(one), []).append(one)
    return list(groups.values())


def _subject(firing: Firing) -> Subject:
    return (firing.detector, firing.identity or firing.file)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
