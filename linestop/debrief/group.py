"""A group: sightings that belong together, with what they add up to. Bounded whatever it is given.

Which sightings belong together is grouping.py.
"""

import hashlib
import heapq
import itertools
from dataclasses import dataclass, field

from linestop.debrief.seen import Seen

MANY_FILES = 3  # a detector seen in so many files is about none of them
MAX_QUOTED = 8  # sightings whose words are kept: the dearest, of the same cost the first
MAX_RUNS = 20
MAX_TICKETS = 50
MAX_COUNTED = 10_000  # attempts of a failure that are told apart
REVIEWER = "reviewer"  # whose single word counts: the ticket ended with it


@dataclass(slots=True)
class Group:
    """Sightings that belong together. `kind` is signature, file, detector or correction."""

    kind: str
    key: str
    detector: str
    file: str = ""
    times: int = 0
    corrections: int = 0
    sign_times: int = 0
    seconds: float = 0.0
    tokens: int = 0
    stops: bool = False
    person: bool = False
    fired: bool = False
    first: Seen | None = None
    runs: dict[str, None] = field(default_factory=dict)
    tickets: dict[str, None] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    only_stops: bool = True
    _counted: set[str] = field(default_factory=set)
    _dearest: list[tuple[tuple[float, int], int, Seen]] = field(default_factory=list)

    @property
    def hash(self) -> str:
        """Return what two groups of different tickets share where they have the same in common."""
        return hashlib.sha256(f"{self.kind}\n{self.key}".encode("utf-8", "replace")).hexdigest()[:10]

    @property
    def count(self) -> int:
        """Return how often it was seen: a failure, its correction and its sign are one sighting."""
        return max(self.times, self.corrections, self.sign_times, 1)

    @property
    def quoted(self) -> tuple[Seen, ...]:
        """Return the sightings that are kept with their words, in the order of time."""
        return tuple(sorted((one for *_, one in self._dearest), key=lambda one: one.at))

    @property
    def driving(self) -> Seen:
        """Return the event that drives it: the dearest, and where none cost more than the others the first."""
        assert self.first is not None  # noqa: S101  # nobody makes a group of nothing
        dearest = max((one for *_, one in self._dearest), key=lambda one: (one.cost, -one.at.timestamp()))
        return dearest if dearest.cost > self.first.cost else self.first

    @property
    def is_worth(self) -> bool:
        """Whether a person should be asked: said by one, kept coming back, fired, or stopped something."""
        return (
            self.person
            or self.detector == REVIEWER
            or self.stops
            or self.fired
            or self.sign_times > 0
            or self.count > 1
        )

    def add(self, one: Seen, number: int) -> None:
        """Count a sighting. `number` tells two of the same cost apart."""
        if one.what == "correction":
            self.corrections += 1
        elif one.what == "sign":
            self.sign_times += one.times
        elif not self._is_counted(one):
            self.times += 1
        self.only_stops &= one.what == "stop"
        self.seconds += one.seconds
        self.tokens += one.tokens
        self.stops |= one.stops
        self.person |= one.person
        self.fired |= one.what == "firing"
        _note(self.runs, one.run, MAX_RUNS)
        _note(self.tickets, one.ticket, MAX_TICKETS)
        if one.file and (one.file in self.files or len(self.files) < MANY_FILES):
            self.files[one.file] = one.file_hash or self.files.get(one.file, "")
        if one.what not in {"correction", "sign"} or one.run not in self._counted:
            self._keep(one, number)  # else the failure itself is quoted, which says the same and more

    def take(self, other: "Group") -> None:
        """Count all that another group has."""
        for name in ("times", "corrections", "sign_times", "seconds", "tokens"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.stops, self.person, self.fired = (
            self.stops or other.stops, self.person or other.person, self.fired or other.fired,
        )  # fmt: skip
        self.only_stops &= other.only_stops
        for run in other.runs:
            _note(self.runs, run, MAX_RUNS)
        for ticket in other.tickets:
            _note(self.tickets, ticket, MAX_TICKETS)
        for name, digest in itertools.islice(other.files.items(), MANY_FILES):
            if len(self.files) < MANY_FILES:
                self.files.setdefault(name, digest)
        for _, number, one in other._dearest:  # noqa: SLF001  # one of its own kind
            self._keep(one, number)

    def attach(self, other: "Group") -> None:
        """Take what another group is about as evidence: nothing was seen more often for it."""
        times, corrections, sign_times = self.times, self.corrections, self.sign_times
        self.take(other)
        self.times, self.corrections, self.sign_times = times, corrections, sign_times

    def _is_counted(self, one: Seen) -> bool:
        """Return whether this attempt's failure was counted: it may be about several files."""
        if self.kind != "signature" or not one.run:
            return False
        if one.run in self._counted:
            return True
        if len(self._counted) < MAX_COUNTED:
            self._counted.add(one.run)
        return False

    def _keep(self, one: Seen, number: int) -> None:
        entry = (one.cost, -number, one)
        if len(self._dearest) < MAX_QUOTED:
            heapq.heappush(self._dearest, entry)
        else:
            heapq.heappushpop(self._dearest, entry)
        if self.first is None or one.at < self.first.at:
            self.first = one


def _note(names: dict[str, None], name: str, most: int) -> None:
    if name and len(names) < most:
        names[name] = None
