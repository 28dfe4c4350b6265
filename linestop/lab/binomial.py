"""Exact binomial arithmetic: tails, the sign test, Clopper-Pearson bounds. Nothing is approximated by a normal."""

from functools import lru_cache
from math import comb

_STEPS = 60  # of a bisection on [0, 1]: exact to the last bit of a double


def at_least(successes: int, trials: int, share: float) -> float:
    """Return P(X ≥ successes) of X binomial over `trials` with success probability `share`."""
    if successes <= 0:
        return 1.0
    return sum(comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(successes, trials + 1))


def at_most(successes: int, trials: int, share: float) -> float:
    """Return P(X ≤ successes)."""
    if successes >= trials:
        return 1.0
    return sum(comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(successes + 1))


@lru_cache(maxsize=4096)
def sign_test(better: int, worse: int) -> float:
    """Return the exact two-sided p of so many pairs better and worse; ties are left out, as Dixon and Mood do.

    It is McNemar's exact test on the discordant pairs.
    """
    trials = better + worse
    if not trials:
        return 1.0
    tail = sum(comb(trials, k) for k in range(max(better, worse), trials + 1))
    return float(min(1.0, 2 * tail / 2**trials))


@lru_cache(maxsize=4096)
def upper_bound(successes: int, trials: int, alpha: float) -> float:
    """Return the one-sided upper Clopper-Pearson bound of a share: exceeded by the truth at most `alpha` of times."""
    if successes >= trials:
        return 1.0
    low, high = successes / trials if trials else 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(successes, trials, middle) > alpha else (low, middle)
    return high


def lower_bound(successes: int, trials: int, alpha: float) -> float:
    """Return the one-sided lower Clopper-Pearson bound of a share."""
    return 1.0 - upper_bound(trials - successes, trials, alpha) if trials else 0.0


def net_interval(better: int, worse: int, pairs: int, alpha: float) -> tuple[float, float]:
    """Return bounds of the net share: P(better) - P(worse). Each is passed by the truth at most `alpha` of times.

    Each bound is put together of two Clopper-Pearson bounds at half of `alpha` (Bonferroni), so that it holds exactly,
    whatever the ties; it is wider than it had to be.
    """
    if not pairs:
        return -1.0, 1.0
    half = alpha / 2
    low = lower_bound(better, pairs, half) - upper_bound(worse, pairs, half)
    high = upper_bound(better, pairs, half) - lower_bound(worse, pairs, half)
    return max(-1.0, low), min(1.0, high)
