"""Pairs of trials, and what they come to: one line for each thing that was measured."""

from collections.abc import Callable, Iterable, Sequence
from math import exp, log

from pydantic import BaseModel, ConfigDict, Field

from linestop.lab.binomial import net_interval, sign_test
from linestop.lab.grades import Grade, Measured
from linestop.lab.signed_rank import shift, shift_interval, signed_rank_test


class Pair(BaseModel):
    """One pair. `order` says which arm ran first: `with` or `without`."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(ge=1)
    first: str = Field(pattern="^(with|without)$")
    with_memory: Measured
    without: Measured

    @property
    def sign(self) -> int:
        """Return 1 where the verdict with memory is better, -1 where worse, 0 for a tie."""
        one, other = self.with_memory.grade, self.without.grade
        return (one > other) - (one < other)

    @property
    def worked(self) -> bool:
        """Whether both arms brought the work about: only then is a cheaper one a better one."""
        return min(self.with_memory.grade, self.without.grade) >= Grade.STRUGGLED


class Compared(BaseModel):
    """One measure over all pairs. `low` and `high` are of its interval, None where there are too few pairs for one."""

    model_config = ConfigDict(frozen=True)

    what: str
    pairs: int = Field(description="in which it is known of both")
    estimate: float
    low: float | None
    high: float | None
    confidence: float
    p: float
    test: str


class Verdicts(BaseModel):
    """How the verdicts of all pairs compare."""

    model_config = ConfigDict(frozen=True)

    better: int
    worse: int
    ties: int
    p: float = Field(description="of the exact sign test, two-sided")
    low: float = Field(description="of the net share, better minus worse")
    high: float
    confidence: float
    table: dict[str, dict[str, int]] = Field(description="grade without → grade with → pairs")

    @property
    def net(self) -> float:
        """Return the share of pairs that are better minus that of those that are worse."""
        pairs = self.better + self.worse + self.ties
        return (self.better - self.worse) / pairs if pairs else 0.0


def verdicts(pairs: Sequence[Pair], alpha: float) -> Verdicts:
    """Return the verdicts side by side; each end of the interval is passed by the truth at most `alpha` of times."""
    better, worse = (sum(pair.sign == sign for pair in pairs) for sign in (1, -1))
    low, high = net_interval(better, worse, len(pairs), alpha)
    table: dict[str, dict[str, int]] = {one.word: {other.word: 0 for other in Grade} for one in Grade}
    for pair in pairs:
        table[pair.without.grade.word][pair.with_memory.grade.word] += 1
    return Verdicts(
        better=better,
        worse=worse,
        ties=len(pairs) - better - worse,
        p=sign_test(better, worse),
        low=low,
        high=high,
        confidence=1 - 2 * alpha,
        table=table,
    )


def tokens(pairs: Sequence[Pair], alpha: float) -> Compared:
    """Return the ratio of tokens, with memory to without."""
    known = [
        (log(one + 1) - log(other + 1))
        for one, other in ((pair.with_memory.tokens, pair.without.tokens) for pair in pairs)
        if one is not None and other is not None
    ]
    return _compared("tokens", known, alpha, exp)


def seconds(pairs: Sequence[Pair], alpha: float) -> Compared:
    """Return the ratio of wall clock time."""
    both = ((pair.with_memory.seconds, pair.without.seconds) for pair in pairs)
    return _compared("time", [log(max(one, 0.001)) - log(max(other, 0.001)) for one, other in both], alpha, exp)


def firings(pairs: Sequence[Pair], alpha: float) -> Compared:
    """Return the difference of warnings of the watch, in firings a trial."""
    return _compared("firings", [pair.with_memory.firings - pair.without.firings for pair in pairs], alpha, float)


def _compared(what: str, differences: Iterable[float], alpha: float, back: Callable[[float], float]) -> Compared:
    known = [float(value) for value in differences]
    interval = shift_interval(known, alpha)
    return Compared(
        what=what,
        pairs=len(known),
        estimate=back(shift(known)),
        low=back(interval[0]) if interval else None,
        high=back(interval[1]) if interval else None,
        confidence=1 - 2 * alpha,
        p=signed_rank_test(known),
        test="Wilcoxon signed-rank, exact",
    )
