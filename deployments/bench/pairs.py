"""Interleaved pairs: ours, bare, ours, bare, …, so that a machine that slows down slows both. Medians, never means."""

from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from time import perf_counter

from pydantic import BaseModel, ConfigDict, Field


class Measure(BaseModel):
    """One line of the table: medians in seconds over `pairs` pairs; the ratio is the median of the pairs' ratios."""

    model_config = ConfigDict(frozen=True)

    name: str
    ours: float = Field(ge=0)
    bare: float | None = Field(ge=0, description="None: there is nothing to compare with")
    ratio: float | None = Field(ge=0)
    pairs: int = Field(ge=1)
    goal: str = ""
    met: bool | None = Field(default=None, description="None: there is no goal")
    note: str = ""


def measure(name: str, pairs: Sequence[tuple[float, float]], *, note: str = "") -> Measure:
    """Return the measure of pairs of seconds (ours, bare).

    Raises:
        ValueError: there is no pair.
    """
    if not pairs:
        raise ValueError(f"{name}: nothing was measured")
    return Measure(
        name=name,
        ours=median(ours for ours, _ in pairs),
        bare=median(bare for _, bare in pairs),
        ratio=median(ours / max(bare, 1e-9) for ours, bare in pairs),
        pairs=len(pairs),
        note=note,
    )


def timed(work: Callable[[], object]) -> float:
    """Return the seconds a call took."""
    start = perf_counter()
    work()
    return perf_counter() - start


async def timed_async(work: Callable[[], Awaitable[object]]) -> float:
    """Return the seconds an awaited call took."""
    start = perf_counter()
    await work()
    return perf_counter() - start
