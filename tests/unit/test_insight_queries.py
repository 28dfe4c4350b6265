"""Each named query gives the numbers that a small repository with a known past has."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linestop.insight import Analysis, find_query, load_queries
from linestop.insight.queries import Query
from linestop.paths import Layout
from tests.unit.small_history import DAY, full


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analysis]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINESTOP_HOME", str(tmp_path_factory.mktemp("home")))
        with Analysis(full(Layout(tmp_path_factory.mktemp("shop")))) as opened:
            opened.prepare(*(query.sql for query in load_queries()))
            yield opened


def ask(analysis: Analysis, name: str) -> list[dict[str, Any]]:
    table = analysis.ask(find_query(name).sql)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


EXPECTED: dict[str, list[dict[str, Any]]] = {
    "tickets-by-outcome": [{"state": "open", "tickets": 1}, {"state": "stopped", "tickets": 1, "attempts": 2}],
    "stops": [{"id": "t1", "state": "stopped", "reason": "it fell over"}],
    "findings-over-time": [{"bugs": 3, "total": 3}],
    "incidents-by-class": [{"class": "checks", "incidents": 1, "open": 1}],
    "firings-by-detector": [{"detector": "repeat", "engine": "codex", "firings": 2, "runs": 1, "nudged": 2}],
    "cost-by-ticket": [
        {"ticket": "t1", "engine": "codex", "dispatches": 2, "tokens_in": 90, "usd": 1.0},
        {"ticket": "t1", "engine": "claude", "dispatches": 1, "tokens_in": 0},
    ],
    "hot-files": [
        {"file": "src/cart.py", "cautions": 3, "warnings": 3, "runs": 3, "tickets": 2, "seconds": 30.0, "tokens": 300,
         "mostly": "repeat"},
        {"file": "src/b.py", "cautions": 1, "warnings": 0, "runs": 1, "tickets": 1},
    ],
    "repeat-offenders": [
        {"file": "src/cart.py", "detector": "repeat", "engine": "codex", "runs": 2, "cautions": 2, "tickets": 1}
    ],
    "cautions-by-kind": [
        {"kind": "firing", "detector": "repeat", "cautions": 3, "warnings": 2, "runs": 2},
        {"kind": "guard", "detector": "scope", "cautions": 1},
        {"kind": "timeout", "detector": "clock", "cautions": 1},
    ],
    "cautions-over-time": [
        {"week": "2026-11-23", "firings": 0, "timeouts": 1, "runs": 1},
        {"week": "2026-11-16", "firings": 3, "guards": 1, "timeouts": 0, "runs": 2},
    ],
    "cost-of-loops": [
        {"detector": "repeat", "engine": "codex", "patterns": 1, "firings": 2, "seconds": 10.0, "tokens": 50,
         "usd": 0.5}
    ],
    "lesson-effect": [
        # told in the second attempt only, which was told of the first one's rejection too
        {"lesson": "bound-it", "role": "maker", "told": 1, "compared": 0, "without_it": 0, "effect": "not enough data",
         "approved_percent": None, "without_percent": None, "firings": None, "firings_without": None}
    ],
    "lessons": [
        {"lesson": "bound-it", "told": 1, "trust": "person"},
        {"lesson": "gone-one", "told": 0},
        {"lesson": "stale-one", "told": 0, "last_told": None},
    ],
    "stale-lessons": [
        {"lesson": "stale-one", "file_is": "changed"}, {"lesson": "gone-one", "file_is": "gone"},
    ],
    "interventions": [
        {"who": "watch", "kind": "nudge", "interventions": 2, "runs": 1, "per_ticket_run": 2.0},
        {"who": "clock", "kind": "timeout", "interventions": 1},
        {"who": "guard", "kind": "scope", "interventions": 1},
        {"who": "line", "kind": "incident", "interventions": 1},
        {"who": "memory", "kind": "sign", "interventions": 1},
        {"who": "person", "kind": "correction", "interventions": 1, "runs": 1},
        {"who": "person", "kind": "ruling on a lesson", "interventions": 1, "runs": 0},
    ],
    "engines-compared": [
        {"role": "checker", "engine": "claude", "dispatches": 1, "judged": 0, "approved_percent": None, "low": None},
        {"role": "maker", "engine": "codex", "model": "m1", "dispatches": 2, "judged": 2, "approved_percent": 50.0,
         "low": 9.5, "high": 90.5, "usd": 1.0, "usd_per_approved": 1.0, "firings_each": 1.0},
    ],
    "rejections": [{"who": "checks", "engine": "codex", "rejections": 1, "tickets": 1,
                    "last_words": "AssertionError: test_cart.py::test_total: 3 != 4 in the cart's total"}],
    "same-failures": [{"source": "checks", "times": 2, "tickets": 1, "signs": 1, "solved": 0}],
    "candidates-waiting": [{"candidate": "open-one", "subject": "t1", "times": 2, "seconds": 7.5}],
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_a_query_counts_what_is_there(analysis: Analysis, name: str) -> None:
    rows = ask(analysis, name)
    seen = [{key: row[key] for key in expected} for row, expected in zip(rows, EXPECTED[name], strict=True)]
    assert (
        sorted(seen, key=str) == sorted(EXPECTED[name], key=str) if name == "stale-lessons" else seen == EXPECTED[name]
    )


def test_every_query_runs_on_a_full_repository(analysis: Analysis) -> None:
    empty = [query.name for query in load_queries() if not analysis.ask(query.sql).rows]
    assert empty == ["frequent-failures", "killed-runs", "nudges", "failing-calls"], "nothing of that kind happened"
    assert analysis.problems == ()


def test_attempts_know_their_verdict_and_why(analysis: Analysis) -> None:
    rows = analysis.ask("SELECT attempt, verdict, why FROM attempts ORDER BY attempt").rows
    assert [row[:2] for row in rows] == [(1, "reject"), (2, "approve")]
    assert rows[0][2].startswith("checks: AssertionError")
    assert rows[1][2] == ""


@pytest.mark.parametrize("query", load_queries(), ids=lambda query: query.name)
def test_a_picture_names_columns_that_its_query_has(analysis: Analysis, query: Query) -> None:
    kind, _, names = query.picture.partition(" ")
    columns = analysis.ask(query.sql).columns
    assert kind in {"", "bars", "lines"}
    assert set(names.replace("|", " ").split()) <= set(columns)


@pytest.mark.parametrize("name", ["frequent-failures", "hot-files", "lesson-effect", "cost-of-loops"])
def test_audits_publish_the_main_ones(name: str) -> None:
    assert find_query(name).audit


def test_what_happened_before_a_moment_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    layout = full(Layout(tmp_path / "shop"))
    counts = "SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM {}), (SELECT count(*) FROM {})"
    with Analysis(layout, since=DAY + timedelta(days=2)) as analysis:
        assert analysis.ask(counts.format("cautions", "incidents", "lessons")).rows == ((3, 0, 3),)
    with Analysis(layout, since=DAY + timedelta(days=3650)) as analysis:
        assert analysis.ask(counts.format("runs", "events", "tickets")).rows == ((0, 0, 0),)
