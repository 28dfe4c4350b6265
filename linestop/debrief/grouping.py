"""Groups: sightings that have a failure, a file or a detector in common. Pure, and bounded whatever it is given.

A failure that came twice is a group of its own, in whatever file; a single one falls to its detector and file. A
detector that fired about many files is one group, not one for each file. A person's correction stands alone, and a
stop belongs to what kept failing before it.
"""

import hashlib
import heapq
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from linestop.debrief.seen import Seen

MANY_FILES = 3  # a detector seen in so many files is about none of them
MAX_GROUPS = 2_000  # beyond, what comes new is counted with its detector
MAX_QUOTED = 8  # sightings whose words are kept: the first, then the dearest
MAX_RUNS = 20
MAX_TICKETS = 50
MAX_COUNTED = 10_000  # attempts of a failure that are told apart
REVIEWER = "reviewer"  # whose single word counts: the ticket ended with it
_KEY_CHARS = 250  # of a text that two sightings have in common


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


class Grouping:
    """Sorts sightings into groups as they come, so that no more is kept of a million than of a thousand."""

    def __init__(self) -> None:
        self._piles: dict[tuple[str, str], Group] = {}
        self._count = 0

    def add(self, one: Seen) -> None:
        """Count a sighting with what it has something in common with."""
        self._count += 1
        place = _place(one)
        if place not in self._piles and len(self._piles) >= MAX_GROUPS:
            place = ("detector", one.detector[:20])
        if place not in self._piles:
            self._piles[place] = _new(place, one)
        self._piles[place].add(one, self._count)

    def groups(self, *, tickets: int = 1) -> list[Group]:
        """Return the groups that are worth a person's time and were seen in so many tickets, dearest first.

        Nothing can be added afterwards.
        """
        _settle_singles(self._piles)
        _fold_stops(self._piles)
        _widen(self._piles)
        for group in self._piles.values():
            if group.kind == "signature" and len(group.files) == 1:
                group.file = next(iter(group.files))
        return sorted((one for one in self._piles.values() if one.is_worth and len(one.tickets) >= tickets), key=_order)


def grouped(seen: Iterable[Seen], *, tickets: int = 1) -> list[Group]:
    """Return the groups of sightings as `Grouping` does."""
    grouping = Grouping()
    for one in seen:
        grouping.add(one)
    return grouping.groups(tickets=tickets)


def _order(group: Group) -> tuple[bool, float, int, int, float, str]:
    began = group.first.at.timestamp() if group.first else 0.0
    return (not group.person, -group.seconds, -group.tokens, -group.count, began, group.hash)


def _place(one: Seen) -> tuple[str, str]:
    """Return kind and key of the group that a sighting belongs to."""
    if one.person:
        return "correction", one.text.casefold()
    objected = one.detector == REVIEWER and one.what != "firing"
    if objected or (one.what == "correction" and not one.signature):
        return "correction", f"{one.detector}\n{one.text.casefold()[:_KEY_CHARS]}"
    if one.signature:
        return "signature", one.signature
    if one.what == "stop":
        return "detector", f"{one.detector}\n{one.text.casefold()[:_KEY_CHARS]}"
    return _by_detector(one)


def _by_detector(one: Seen) -> tuple[str, str]:
    return ("file", f"{one.detector}\n{one.file}") if one.file else ("detector", one.detector)


def _new(place: tuple[str, str], one: Seen) -> Group:
    kind, key = place
    return Group(kind=kind, key=key, detector=one.detector, file=one.file if kind == "file" else "")


def _settle_singles(piles: dict[tuple[str, str], Group]) -> None:
    """Give failures that came only once to their detector and file."""
    for place, group in list(piles.items()):
        if group.kind == "signature" and group.count == 1 and group.times:
            home = _by_detector(group.driving)
            piles.setdefault(home, _new(home, group.driving)).take(group)
            del piles[place]


def _fold_stops(piles: dict[tuple[str, str], Group]) -> None:
    """Give a stop to what kept failing in its ticket: it is how that ended, and nothing to learn beside it."""
    failing = [one for one in piles.values() if not one.only_stops and one.count > 1 and not one.person]
    for place, stop in list(piles.items()):
        own = [one for one in failing if stop.only_stops and set(stop.tickets) <= set(one.tickets)]
        if own:
            max(own, key=lambda one: (one.sign_times, one.count, one.hash)).attach(stop)
            del piles[place]


def _widen(piles: dict[tuple[str, str], Group]) -> None:
    """Make one group of a detector that was seen in many files."""
    by_detector: dict[str, list[tuple[str, str]]] = {}
    for place, group in piles.items():
        if group.kind == "file":
            by_detector.setdefault(group.detector, []).append(place)
    for detector, places in by_detector.items():
        if len(places) >= MANY_FILES:
            wide = piles.setdefault(("detector", detector), Group("detector", detector, detector))
            for place in places:
                wide.take(piles.pop(place))


def _note(names: dict[str, None], name: str, most: int) -> None:
    if name and len(names) < most:
        names[name] = None
