"""Groups: sightings that have a failure, a file or a detector in common. Pure, and bounded whatever it is given.

A failure that came twice is a group of its own, in whatever file; a single one falls to its detector and file. A
detector that fired about many files is one group, not one for each file. A person's correction stands alone, and a
stop belongs to what kept failing before it. What a group adds up to is group.py.
"""

from linestop.debrief.group import MANY_FILES, REVIEWER, Group
from linestop.debrief.seen import Seen
from linestop.verdicts import NO_RULING

MAX_GROUPS = 2_000  # beyond, what comes new is counted together
_OTHERS = ("detector", "")
_KEY_CHARS = 250  # of a text that two sightings have in common


class Grouping:
    """Sorts sightings into groups as they come, so that no more is kept of a million than of a thousand."""

    def __init__(self) -> None:
        self._piles: dict[tuple[str, str], Group] = {}
        self._count = 0

    def add(self, one: Seen) -> None:
        """Count a sighting with what it has something in common with; a judge that fell silent teaches no maker."""
        if not one.person and one.text.endswith(NO_RULING):
            return
        self._count += 1
        place = _place(one)
        if place not in self._piles and len(self._piles) >= MAX_GROUPS:
            place = _by_detector(one) if _by_detector(one) in self._piles else _OTHERS
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
