"""A survey of one log: its sessions, what the detectors saw in each, where, and what it cost.

Finding logs is survey_logs.py, what may be learned of many sessions survey_lessons.py. Prints nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from linestop.events import EventKind
from linestop.events.formats import Said
from linestop.events.reading import Place, Stream, read_log
from linestop.events.redaction import redacted
from linestop.watch.firing import Firing
from linestop.watch.survey_report import LogReport, SessionReport, Sighting
from linestop.watch.survey_session import Detectors, SessionSurvey

__all__ = ["Detectors", "LogReport", "LogSurvey", "SessionReport", "SessionSurvey", "Sighting", "survey_log"]

MAX_SESSIONS = 10_000  # of one log


class LogSurvey:
    """One log while it is read: sorts its events by session.

    `at` is the moment of events that have none; where a log is followed, `clock` says it, as long as none is told.
    """

    def __init__(
        self, detectors: Detectors, *, at: datetime | None = None, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.stream = Stream()
        self._clock = clock
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
        found = self._sessions[key] = SessionSurvey(key, name, self._detectors, self._at, clock=self._clock)
        return found


def survey_log(file: BinaryIO, path: str, detectors: Detectors, *, at: datetime | None = None) -> LogReport:
    """Return the report of an open log. `at` is the moment of events that have none, for example the file's."""
    survey = LogSurvey(detectors, at=at)
    for _ in survey.read(file):
        pass
    return survey.report(path)
