"""What a survey says: logs, their sessions, and what was seen in each. Values only; survey.py makes them."""

from dataclasses import dataclass, field
from datetime import datetime

from linestop.events.reading import Problem
from linestop.watch.firing import Severity


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
