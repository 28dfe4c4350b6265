"""What an audit attaches of the analysis."""

import logging
import shutil
import subprocess
from pathlib import Path

import pytest

from linestop.paths import Layout
from linestop.tasks.insight_pages import main_answers, publish_insight
from tests.unit.small_history import full


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "shop")], check=True)
    return Layout(tmp_path / "shop")


def test_only_answers_with_rows_are_attached(layout: Layout) -> None:
    assert main_answers(layout) == []
    answers = {query.name: rows for query, rows in main_answers(full(layout))}
    assert set(answers) == {
        "tickets-by-outcome", "hot-files", "repeat-offenders", "cost-of-loops", "lesson-effect", "stale-lessons",
        "interventions", "engines-compared",
    }  # fmt: skip
    assert answers["hot-files"][0]["file"] == "src/cart.py"


def test_what_can_not_be_read_costs_its_answers_and_a_warning(layout: Layout, caplog: pytest.LogCaptureFixture) -> None:
    run = next(full(layout).runs.iterdir())
    (run / "events.jsonl").write_bytes(b'{"kind": "' + b"x" * 40_000_000 + b'"}\n')  # a line that is none of ours
    shutil.rmtree(layout.cautions)
    layout.cautions.touch()  # no folder
    with caplog.at_level(logging.WARNING):
        names = {query.name for query, _ in main_answers(layout)}
    assert "cost-of-loops" in names
    assert f"insight.incomplete {run.name}/events.jsonl is left out" in caplog.text
    assert "hot-files" not in names
    assert "insight.failed query=hot-files" in caplog.text


async def test_outside_of_a_run_nothing_is_published(layout: Layout) -> None:
    assert "hot-files" in await publish_insight(full(layout))
