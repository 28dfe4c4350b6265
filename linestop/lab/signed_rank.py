"""Wilcoxon's signed-rank test and the Hodges-Lehmann interval, exact at any number of pairs, ties included."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from statistics import median


def signed_rank_test(differences: Sequence[float]) -> float:
    """Return the exact two-sided p that differences are symmetric about 0.

    Zeros are left out (Wilcoxon); equal sizes share their mean rank, and the distribution is that of these very ranks
    under random signs, so that it is exact with ties too.
    """
    moved = [value for value in differences if value]
    if not moved:
        return 1.0
    doubled = _doubled_ranks(moved)
    positive = sum(rank for value, rank in zip(moved, doubled, strict=True) if value > 0)
    smaller = min(positive, sum(doubled) - positive)
    ways = _ways(tuple(sorted(doubled)))
    return float(min(1.0, 2 * sum(ways[: smaller + 1]) / 2 ** len(moved)))


def shift(differences: Sequence[float]) -> float:
    """Return the Hodges-Lehmann estimate of the shift: the median of all means of two. 0 of nothing."""
    return median(_walsh(differences)) if differences else 0.0


def shift_interval(differences: Sequence[float], alpha: float) -> tuple[float, float] | None:
    """Return the interval of the shift; each end is passed by the truth at most `alpha` of times.

    None where there are too few differences for any such interval.
    """
    count = len(differences)
    if not count:
        return None
    ways, total, place = _ways(tuple(range(2, 2 * count + 1, 2))), 2**count, 0
    allowed, seen = alpha * total, ways[0]
    if seen > allowed:
        return None
    while seen + ways[2 * (place + 1)] <= allowed:
        place += 1
        seen += ways[2 * place]
    means = _walsh(differences)
    return means[place], means[len(means) - 1 - place]


def _walsh(differences: Sequence[float]) -> list[float]:
    return sorted((one + other) / 2 for one, other in combinations_with_replacement(differences, 2))


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Return twice the mid-rank of each size: whole numbers, whatever the ties."""
    order = sorted(abs(value) for value in values)
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for place, size in enumerate(order, start=1):
        first.setdefault(size, place)
        last[size] = place
    return [first[abs(value)] + last[abs(value)] for value in values]


@lru_cache(maxsize=64)
def _ways(doubled: tuple[int, ...]) -> tuple[int, ...]:
    """Return in how many of the sign patterns the positive ranks sum up to 0, 1, 2, … (in halves of a rank).

    The polynomial Π(1 + x^rank) as one large integer with a slot for each coefficient: a shift and an addition a rank.
    """
    slot = len(doubled) + 1  # bits: no coefficient passes 2 ** ranks
    whole = 1
    for rank in doubled:
        whole += whole << (rank * slot)
    mask = (1 << slot) - 1
    width = (slot * (sum(doubled) + 1) + 7) // 8
    packed = whole.to_bytes(width, "little")
    found = []
    for place in range(sum(doubled) + 1):
        bit = place * slot
        chunk = int.from_bytes(packed[bit // 8 : (bit + slot) // 8 + 1], "little")
        found.append((chunk >> (bit % 8)) & mask)
    return tuple(found)
