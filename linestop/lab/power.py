"""How many pairs a question needs: exact power of the sign test, and what it takes to claim that nothing changed."""

from functools import lru_cache
from math import comb

from linestop.lab.binomial import at_least, net_interval, sign_test

MOST_PAIRS = 200


@lru_cache(maxsize=1024)
def power(pairs: int, better: float, worse: float, alpha: float) -> float:
    """Return the chance that the sign test finds memory better at `alpha` (two-sided).

    `better` and `worse` are the shares of pairs that truly come out so; the rest are ties. The number of pairs that
    are no ties is chance itself, so the power is a mean over it.
    """
    untied = better + worse
    if not untied or not pairs:
        return 0.0
    share = better / untied
    return sum(
        comb(pairs, count) * untied**count * (1 - untied) ** (pairs - count) * _found(count, share, alpha)
        for count in range(pairs + 1)
    )


def pairs_for(better: float, worse: float, *, alpha: float, power_wanted: float) -> int | None:
    """Return the fewest pairs with at least the power that is wanted, None where even MOST_PAIRS have less."""
    wanted = (count for count in range(1, MOST_PAIRS + 1) if power(count, better, worse, alpha) >= power_wanted)
    return next(wanted, None)


def pairs_for_no_change(margin: float, alpha: float) -> int | None:
    """Return the fewest pairs that can show that nothing changed: all of them ties. None: more than MOST_PAIRS.

    The tokens' interval needs some as well, whatever the margin: with fewer than log2(1 / alpha) there is none.
    """
    counts = (count for count in range(1, MOST_PAIRS + 1) if 0.5**count <= alpha)
    return next((count for count in counts if net_interval(0, 0, count, alpha)[1] <= margin), None)


@lru_cache(maxsize=8192)
def _found(untied: int, share: float, alpha: float) -> float:
    """Return the chance that so many pairs without a tie are significant on the side of better."""
    wins_of = range(untied // 2 + 1, untied + 1)
    fewest = next((wins for wins in wins_of if sign_test(wins, untied - wins) <= alpha), None)
    if fewest is None:
        return 0.0
    return at_least(fewest, untied, share)
