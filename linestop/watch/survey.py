"""A survey of one log: its sessions, what the detectors saw in each, where, and what it cost.

Finding logs is survey_logs.py, what may be learned of many sessions survey_lessons.py. Prints nothing.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from linestop.events import MAX_TEXT, Event, EventKind, Outcome, Usage
from linestop.events.formats import Said
from linestop.events.identity import sha256_text
from linestop.events.model import Action, Fault, event_of
from linestop.events.reading import Place, Problem, Stream, read_log
from linestop.events.redaction import redacted
from linestop.watch.firing import Firing, Severity
from linestop.watch.watch import Detector, Watch

Subject = tuple[str, str]  # a detector, and the call or file it names
Detectors = Callable[[], Iterable[Detector]]
MAX_SESSIONS = 10_000  # of one log
MAX_FIRINGS = 10_000  # of one session
_GAP = 50  # events; a call that comes back later than that is another story
_QUIET = timedelta(seconds=30)  # between two events; a longer one lets the clocks tick
_LOOKED = {"runaway-search", "no-progress"}  # no fault of a session that was only asked to look
_WAITS_FOR_A_PERSON = {EventKind.START, EventKind.NUDGE}


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one detector saw of one call, file or text in a session: all its firings together.

    `first` and `last` count the session's events from 1, lines the log's lines from 1 (0: the log is one document).
    Seconds and tokens are those of the whole span; `estimated` tokens are a share by calls, where the log counts none.
    """

    detector: str
    severity: Severity
    detail: str
    times: int
    calls: int
    first: int
    last: int
    first_line: int
    last_line: int
    began: datetime
    ended: datetime
    seconds: float
    tokens: int
    estimated: bool
    file: str
    identity: str


@dataclass(slots=True)
class SessionReport:
    """One session of a log. Tokens are input and output together; None dollars: the log names none."""

    session: str
    format: str
    model: str
    title: str
    began: datetime
    ended: datetime
    timed: bool
    events: int
    calls: int
    edits: int
    outcomes: dict[str, int]
    faults: dict[str, int]
    tokens: int
    usd: float | None
    end: str
    sightings: list[Sighting]
    lost_seconds: float
    lost_tokens: int
    broken: dict[str, str]

    @property
    def seconds(self) -> float:
        """Return the time from the first event to the last."""
        return (self.ended - self.began).total_seconds()

    @property
    def worst(self) -> Severity | None:
        """Return the highest severity of what was seen."""
        seen = {one.severity for one in self.sightings}
        return next((one for one in (Severity.STOP, Severity.WARNING, Severity.INFO) if one in seen), None)


@dataclass(slots=True)
class LogReport:
    """One log: its sessions in the order they begin, and what couldn't be read. No `format`: it is no known log."""

    path: str
    format: str
    sessions: list[SessionReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    bad: int = 0


class SessionSurvey:
    """One session while it is read. Holds 20 bytes an event, and what fired."""

    def __init__(self, session: str, format_: str, detectors: Detectors, at: datetime) -> None:
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
        self._reached: dict[Subject, tuple[int, int]] = {}

    def see(self, place: Place) -> list[Firing]:
        """Take the next event; return what fired."""
        said = place.said
        kind = said["kind"]
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
        """Note how far a call that a detector named goes on: detectors fire once, at its beginning."""
        call, here = self.watch.trail.call, len(self._times) - 1
        if call is None or self.watch.trail.ordinal != here:
            return
        for subject in self._going.get(call.key, ()):
            last, times = self._reached[subject]
            if here - last <= _GAP:
                self._reached[subject] = (here, times + (call.mark[0] == here))
        for firing in fired:
            if firing.identity and len(self._going) < MAX_FIRINGS:
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
        return seconds, tokens


class LogSurvey:
    """One log while it is read: sorts its events by session."""

    def __init__(self, detectors: Detectors, *, at: datetime | None = None) -> None:
        self.stream = Stream()
        self._detectors, self._at = detectors, at or datetime.now(UTC)
        self._sessions: dict[str, SessionSurvey] = {}
        self._current: SessionSurvey | None = None

    def read(self, file: BinaryIO) -> Iterator[tuple[SessionSurvey, Firing]]:
        """Yield what fires while a log is read to its end."""
        return self.take(read_log(file, self.stream))

    def take(self, places: Iterable[Place]) -> Iterator[tuple[SessionSurvey, Firing]]:
        """Yield what fires at these events."""
        for place in places:
            session = self._session(place.said)
            for firing in session.see(place):
                yield session, firing

    def tick(self, now: datetime) -> Iterator[tuple[SessionSurvey, Firing]]:
        """Yield what fires because time goes by in the session at hand; for a log that is being written."""
        session = self._current
        for firing in session.tick(now) if session else ():
            if session:
                yield session, firing

    def report(self, path: str) -> LogReport:
        """Return what was seen up to now."""
        name = self.stream.reader.name if self.stream.reader else ""
        sessions = [one.report() for one in self._sessions.values()]
        return LogReport(path, name, sessions, list(self.stream.problems), self.stream.bad)

    def _session(self, said: Said) -> SessionSurvey:
        key = said.get("session") or ""
        current, reader = self._current, self.stream.reader
        if not key and said["kind"] is EventKind.START:
            key = f"#{len(self._sessions) + 1}"
        if current is None or (key and key != current.session):
            current = self._sessions.get(key) or self._open(key)
            self._current = current
        if reader and reader.title and not current.title:
            current.title = redacted(reader.title)
        return current

    def _open(self, key: str) -> SessionSurvey:
        if len(self._sessions) >= MAX_SESSIONS:
            return self._sessions[next(reversed(self._sessions))]
        name = self.stream.reader.name if self.stream.reader else ""
        found = self._sessions[key] = SessionSurvey(key, name, self._detectors, self._at)
        return found


def survey_log(file: BinaryIO, path: str, detectors: Detectors, *, at: datetime | None = None) -> LogReport:
    """Return the report of an open log. `at` is the moment of events that have none, for example the file's."""
    survey = LogSurvey(detectors, at=at)
    for _ in survey.read(file):
        pass
    return survey.report(path)


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
