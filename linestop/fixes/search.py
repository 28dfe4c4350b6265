"""Delta debugging: which of many fixes can be kept together. Pure; what a trial costs is the caller's matter.

One culprit among n costs at most ⌈log2 n⌉ trials to find and one to prove the rest: k culprits O(k log n), per level.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Trial(NamedTuple):
    """Whether a set of items is good, and what it breaks where it is not."""

    green: bool
    why: str = ""


@dataclass(frozen=True)
class Kept(Generic[Item]):
    """What a search found. `kept` was tried as a whole and green; for `unproven` no trial was left."""

    kept: tuple[Item, ...]
    left_out: dict[Item, str]
    unproven: tuple[Item, ...]


def largest_green(
    items: Sequence[Item],
    *,
    trial: Callable[[frozenset[Item]], Trial | None],
    levels: Sequence[Callable[[Item], Hashable]],
) -> Kept[Item]:
    """Return the items that are green together, leaving out as few as the trials can tell apart.

    Args:
        items: what to choose from, each once.
        trial: judges a set; None where no further trial may be made. The empty set is taken to be green.
        levels: from coarse to fine, the group an item belongs to; the items themselves are the last level.
    """
    search = _Search(trial)
    first = trial(frozenset(items)) if items else Trial(green=True)
    if first is None:
        return Kept((), {}, tuple(items))
    if first.green:
        return Kept(tuple(items), {}, ())
    culprits: list[tuple[tuple[Item, ...], str]] = [(tuple(items), first.why)]
    for level in (*levels, lambda item: item):
        culprits = [part for group, why in culprits for part in search.sift(_parts(group, level), why)]
    kept = tuple(item for item in items if item in search.kept)
    left_out = {item: why for group, why in culprits for item in group}
    return Kept(kept, left_out, tuple(item for item in items if item in search.unproven))


def _parts(items: Sequence[Item], level: Callable[[Item], Hashable]) -> list[tuple[Item, ...]]:
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        groups.setdefault(level(item), []).append(item)
    return [tuple(group) for group in groups.values()]


class _Search(Generic[Item]):
    def __init__(self, trial: Callable[[frozenset[Item]], Trial | None]) -> None:
        self._trial = trial
        self.kept: set[Item] = set()
        self.unproven: set[Item] = set()

    def sift(self, parts: Sequence[tuple[Item, ...]], why: str) -> list[tuple[tuple[Item, ...], str]]:
        """Keep what is green of parts that are red together, and return the culprits, each with what it broke."""
        culprits = list[tuple[tuple[Item, ...], str]]()
        red: str | None = why
        while parts:
            if red is None:
                verdict = self._try(parts)
                if verdict is None or verdict.green:
                    (self.unproven if verdict is None else self.kept).update(*parts)
                    return culprits
                red = verdict.why
            place, red, sure = self._first_culprit(parts, red)
            self.kept.update(*parts[:place])
            if not sure:
                self.unproven.update(*parts[place:])
                return culprits
            culprits.append((parts[place], red))
            parts, red = parts[place + 1 :], None
        return culprits

    def _first_culprit(self, parts: Sequence[tuple[Item, ...]], why: str) -> tuple[int, str, bool]:
        """Return the place of the first part that turns those before it red, what it broke, and whether that's sure."""
        green, red = 0, len(parts)
        while red - green > 1:
            middle = (green + red) // 2
            verdict = self._try(parts[:middle])
            if verdict is None:
                return green, why, False
            if verdict.green:
                green = middle
            else:
                red, why = middle, verdict.why
        return green, why, True

    def _try(self, parts: Sequence[tuple[Item, ...]]) -> Trial | None:
        return self._trial(frozenset(self.kept.union(*parts)))
