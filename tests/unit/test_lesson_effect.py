"""The measured effect of a lesson: against published intervals, over strata, and with too little to say anything."""

import json
from collections.abc import Iterable, Iterator
from itertools import count
from math import sqrt
from typing import Any, NamedTuple

import duckdb
import pytest

from linestop.insight import find_query
from linestop.insight.needs import connected

Z = 1.959964


class Arm(NamedTuple):
    """So many dispatches of one kind, of which some were approved, with what each fired."""

    is_told: bool
    dispatches: int
    approved: int
    engine: str = "codex"
    role: str = "maker"
    paths: tuple[str, ...] = ("src/cart.py",)
    source: str = "ruff"
    fired: int = 0
    is_retry: bool = False


def told(dispatches: int, approved: int, **words: Any) -> Arm:
    """Return dispatches that were told the lesson."""
    return Arm(is_told=True, dispatches=dispatches, approved=approved, **words)


def untold(dispatches: int, approved: int, **words: Any) -> Arm:
    """Return dispatches that were not."""
    return Arm(is_told=False, dispatches=dispatches, approved=approved, **words)


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with connected() as opened:
        opened.execute("DROP VIEW comparables")
        opened.execute(
            "CREATE TABLE comparables (run_id VARCHAR, role VARCHAR, engine VARCHAR, model VARCHAR, source VARCHAR,"
            " paths VARCHAR[], approved BOOLEAN, fired BIGINT, started TIMESTAMP, is_retry BOOLEAN)"
        )
        yield opened


def effect(database: duckdb.DuckDBPyConnection, *arms: Arm, file: str = "src/cart.py") -> dict[str, Any]:
    """Return what the query says of lesson `l` where dispatches went so."""
    database.execute("INSERT INTO lessons (id, title, file) VALUES ('l', 'Bound it', $file)", {"file": file})
    runs, items = [], []
    for number, (arm, approved) in zip(count(), _dispatches(arms), strict=False):
        passed = approved if arm.role == "maker" else None
        runs.append(
            (
                f"r{number}",
                arm.role,
                arm.engine,
                "m",
                arm.source,
                list(arm.paths),
                passed,
                arm.fired,
                None,
                arm.is_retry,
            )
        )
        items += [(f"r{number}", "lesson", "l")] if arm.is_told else []
    insert(
        database,
        "runs (run_id, kind, parameters)",
        [(run[0], "dispatch", json.dumps({"role": run[1]})) for run in runs],
    )
    insert(database, "comparables", runs)
    insert(database, "told", items)
    answer = database.execute(find_query("lesson-effect").sql)
    names = [column[0] for column in answer.description or ()]
    (row,) = answer.fetchall()
    return dict(zip(names, row, strict=True))


def insert(database: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Insert rows by the column: one statement for each row takes a hundred times as long."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        database.execute(f"INSERT INTO {table} SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)


def _dispatches(arms: Iterable[Arm]) -> Iterator[tuple[Arm, bool]]:
    for arm in arms:
        yield from ((arm, number < arm.approved) for number in range(arm.dispatches))


# Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998),
# table II, method 10: successes and numbers of both groups, the limits.
PUBLISHED = {
    "56/70 - 48/80": (56, 70, 48, 80, 0.0524, 0.3339),
    "9/10 - 3/10": (9, 10, 3, 10, 0.1705, 0.8090),
    "5/56 - 0/29": (5, 56, 0, 29, -0.0381, 0.1926),
    "0/10 - 0/20": (0, 10, 0, 20, -0.1611, 0.2775),
    "0/10 - 0/10": (0, 10, 0, 10, -0.2775, 0.2775),
    "10/10 - 0/20": (10, 10, 0, 20, 0.6791, 1.0000),
    "10/10 - 0/10": (10, 10, 0, 10, 0.6075, 1.0000),
}


@pytest.mark.parametrize("published", PUBLISHED.values(), ids=PUBLISHED.keys())
def test_the_interval_is_newcombes(
    database: duckdb.DuckDBPyConnection, published: tuple[int, int, int, int, float, float]
) -> None:
    a, m, b, n, low, high = published
    row = effect(database, told(m, a), untold(n, b))
    assert (row["low"], row["high"]) == pytest.approx((100 * low, 100 * high), abs=0.051)
    assert row["difference_points"] == pytest.approx(100 * (a / m - b / n), abs=0.051)
    assert row["effect"].startswith("more approved") == (low > 0)


def test_strata_are_pooled_as_yan_and_su_do(database: duckdb.DuckDBPyConnection) -> None:
    strata = ((18, 25, 9, 30), (7, 12, 10, 40))
    arms = [
        arm
        for engine, (a, m, b, n) in zip(("codex", "claude"), strata, strict=True)
        for arm in (told(m, a, engine=engine), untold(n, b, engine=engine))
    ]
    row = effect(database, *arms)
    assert (row["low"], row["high"]) == pytest.approx(_yan_and_su(strata), abs=0.051)
    assert (row["compared"], row["without_it"]) == (37, 70)


def test_an_engine_that_is_told_more_often_and_is_better_is_no_effect_of_the_lesson(
    database: duckdb.DuckDBPyConnection,
) -> None:
    row = effect(
        database,
        told(90, 81), untold(10, 9),
        told(10, 2, engine="weak"), untold(90, 18, engine="weak"),
    )  # fmt: skip
    assert row["difference_points"] == pytest.approx(0.0)
    assert row["effect"] == "no difference seen"


NOT_COMPARABLE = {
    "another engine": untold(50, 0, engine="claude"),
    "another role": untold(50, 0, role="checker"),
    "a later attempt, which is told corrections": untold(50, 0, is_retry=True),
    "another file in play": untold(50, 0, paths=("src/other.py",)),
}


@pytest.mark.parametrize("other", NOT_COMPARABLE.values(), ids=NOT_COMPARABLE.keys())
def test_what_is_not_comparable_is_not_compared(database: duckdb.DuckDBPyConnection, other: Arm) -> None:
    row = effect(database, told(50, 50), other)
    assert (row["told"], row["compared"], row["without_it"]) == (50, 0, 0)
    assert (row["effect"], row["low"]) == ("not enough data", None)


def test_a_lesson_of_no_file_is_compared_by_source(database: duckdb.DuckDBPyConnection) -> None:
    row = effect(database, told(20, 20), untold(20, 2, paths=("x.py",)), untold(99, 0, source="b"), file="")
    assert (row["compared"], row["without_it"], row["effect"]) == (20, 20, "more approved")


@pytest.mark.parametrize(("with_it", "without"), [(9, 60), (60, 9)])
def test_nine_are_not_enough(database: duckdb.DuckDBPyConnection, with_it: int, without: int) -> None:
    row = effect(database, told(with_it, with_it), untold(without, 0))
    assert row["effect"] == "not enough data"


def test_fewer_firings_are_an_effect_for_judges_too(database: duckdb.DuckDBPyConnection) -> None:
    row = effect(database, told(30, 0, role="checker"), untold(30, 0, role="checker", fired=2))
    assert (row["effect"], row["approved_percent"]) == ("fewer firings", None)
    assert row["firings_low"] < -2 < row["firings_high"] < 0


def test_no_firing_at_all_is_no_certainty(database: duckdb.DuckDBPyConnection) -> None:
    row = effect(database, told(10, 5), untold(10, 5))
    half = Z * sqrt(2 * (0.5 / 10) / 10)
    assert (row["firings_low"], row["firings_high"]) == pytest.approx((-half, half), abs=0.0051)


def _yan_and_su(strata: tuple[tuple[int, int, int, int], ...]) -> tuple[float, float]:
    """Return the stratified Newcombe interval in percent (Statistics in Biopharmaceutical Research 2, 2010, 329)."""
    raw = [m * n / (m + n) for _, m, _, n in strata]
    weights = [one / sum(raw) for one in raw]
    first, second = [(a, m) for a, m, _, _ in strata], [(b, n) for _, _, b, n in strata]
    low1, high1 = _wilson(first, weights)
    low2, high2 = _wilson(second, weights)
    share1 = sum(w * w / m for w, (_, m) in zip(weights, first, strict=True))
    share2 = sum(w * w / n for w, (_, n) in zip(weights, second, strict=True))
    difference = sum(w * (a / m - b / n) for w, (a, m, b, n) in zip(weights, strata, strict=True))
    below = Z * sqrt(share1 * low1 * (1 - low1) + share2 * high2 * (1 - high2))
    above = Z * sqrt(share1 * high1 * (1 - high1) + share2 * low2 * (1 - low2))
    return 100 * (difference - below), 100 * (difference + above)


def _wilson(arms: list[tuple[int, int]], weights: list[float]) -> tuple[float, float]:
    spreads = [sqrt(a / n * (1 - a / n) / n) for a, n in arms]
    together = sqrt(sum((w * s) ** 2 for w, s in zip(weights, spreads, strict=True)))
    q = Z * together / sum(w * s for w, s in zip(weights, spreads, strict=True))
    low = high = 0.0
    for weight, (a, n) in zip(weights, arms, strict=True):
        middle, half = (a + q * q / 2) / (n + q * q), q * sqrt(a * (n - a) / n + q * q / 4) / (n + q * q)
        low, high = low + weight * (middle - half), high + weight * (middle + half)
    return low, high
