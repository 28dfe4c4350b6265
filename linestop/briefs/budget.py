"""The budget of what is told from memory (SPEC.md section 6): pure arithmetic over characters.

Which items there are and in which order is rank.py's; how an item reads is items.py's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

DEFAULT_WINDOW = 32_768  # tokens, where no engine says
CHARS_A_TOKEN = 4
LEAST_CHARS = 2_000
FLOORS = {"corrections": 40, "lessons": 30, "cautions": 15}  # percent; in this order what is left over is given
CAUTIONS_MOST = 35  # percent, in all
SKILLS_MOST = 50  # percent, of as much again: skills have a share of their own (docs/decisions/103)


@dataclass(frozen=True)
class Shares:
    """Characters that each block may have, a newline for each item included."""

    corrections: int
    lessons: int
    cautions: int


def budget_chars(window: int | None, fraction: float) -> int:
    """Return the characters for corrections, lessons and cautions together; `window` in tokens, None where unknown.

    `fraction` is taken as it is written, not as its nearest binary number: 0.29 of 100 tokens are 29.
    """
    tokens = (window or DEFAULT_WINDOW) * Fraction(str(fraction))
    return max(LEAST_CHARS, int(tokens) * CHARS_A_TOKEN)


def floor_chars(budget: int, block: str) -> int:
    """Return the floor of a block: what it gets whatever the others need."""
    return budget * FLOORS[block] // 100


def shares(budget: int, corrections: Sequence[int], lessons: Sequence[int], cautions: Sequence[int]) -> Shares:
    """Return what each block may have, from the lengths of its items in characters.

    Each block gets what it needs up to its floor. What is left over goes to corrections up to their need, then to
    lessons, then to cautions, which never get more than 35 % in all. What rounding leaves is given to nobody.
    """
    needs = {"corrections": cost(corrections), "lessons": cost(lessons), "cautions": cost(cautions)}
    most = {**dict.fromkeys(FLOORS, budget), "cautions": budget * CAUTIONS_MOST // 100}
    allotted = {name: min(needs[name], floor_chars(budget, name)) for name in FLOORS}
    left = budget - sum(allotted.values())
    for name in FLOORS:
        more = min(left, min(needs[name], most[name]) - allotted[name])
        allotted[name] += more
        left -= more
    return Shares(**allotted)


def cost(lengths: Iterable[int]) -> int:
    """Return what items of these lengths cost: each its characters and a newline."""
    return sum(length + 1 for length in lengths)


def fitting(lengths: Sequence[int], allowed: int) -> int:
    """Return how many items fit, from the first on: a block stops at the first that does not."""
    used = 0
    for count, length in enumerate(lengths):
        used += length + 1
        if used > allowed:
            return count
    return len(lengths)
