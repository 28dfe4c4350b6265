"""`linestop run prune`: old records get small, and tell all but what an agent did word by word."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linestop.deployments.cli.run_prune import prune
from linestop.deployments.cli.run_show import show
from linestop.events import EventKind, Outcome, Usage
from linestop.insight.analysis import Analysis
from linestop.paths import Layout
from linestop.records import RunRecord
from linestop.runs import RecordedRun, read_run
from linestop.runs.pruned import PRUNED
from linestop.runs.pruning import old_records
from linestop.runs.pruning import prune as pruned

DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
NOW = datetime.now(UTC)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    return Layout(tmp_path / "shop")


def dispatch(layout: Layout, *, days: int = 90, result: bool = True) -> Path:
    """A dispatch of so many days ago, as its record tells it."""
    record = RunRecord(layout, "dispatch", role="maker", chunk="c1", attempt=1, order={"brief": "Mend it."})
    record.events.append(EventKind.TOOL_CALL, tool="shell", args={"command": "make"}, session="s-1", model="m-1")
    record.events.append(EventKind.TOOL_RESULT, text="no", outcome=Outcome.ERROR)
    record.events.append(EventKind.USAGE, usage=Usage(input=300, output=20, usd=0.5))
    record.write("brief.md", "Mend it.")
    record.write("diff.patch", DIFF)
    if result:
        record.finish("candidate", summary="mended")
    record.events.close()
    name = f"{NOW - timedelta(days=days):%Y%m%dT%H%M%S}{record.folder.name[15:]}"
    return record.folder.rename(record.folder.with_name(name))


def kill(folder: Path) -> None:
    """Have the record name a process that is gone."""
    inputs = json.loads((folder / "inputs.json").read_text())
    inputs["holder"] = f"{inputs['holder'].partition(':')[0]}:1:0.00"
    (folder / "inputs.json").write_text(json.dumps(inputs))


def told(run: RecordedRun) -> dict[str, Any]:
    return run.model_dump(exclude={"problems"})


def candidates(layout: Layout, *, days: int = 30, keep: int = 0) -> list[Path]:
    return [old.folder for old in old_records(layout, before=NOW - timedelta(days=days), keep=keep)]


def test_a_pruned_record_tells_all_its_counts_and_can_be_run_again(layout: Layout) -> None:
    folder = dispatch(layout)
    before = read_run(layout, folder)
    assert pruned(layout, folder) > 500
    after = read_run(layout, folder)
    assert not (folder / "diff.patch").exists()
    assert len((folder / "events.jsonl").read_text().splitlines()) == 1
    assert "make" not in (folder / "events.jsonl").read_text()
    assert told(after) == told(before)
    assert (after.calls, after.usage.usd, after.diff and after.diff.added) == (1, 0.5, 1)
    assert after.can_rerun
    assert "taken out on" in after.problems[0]


def test_a_killed_run_keeps_its_last_sign_of_life(layout: Layout) -> None:
    folder = dispatch(layout, result=False)
    kill(folder)
    before = read_run(layout, folder)
    pruned(layout, folder)
    after = read_run(layout, folder)
    assert (after.outcome, after.ended, after.last) == ("killed", before.ended, before.last)


def test_a_kill_between_two_files_costs_nothing(layout: Layout) -> None:
    folder = dispatch(layout)
    before, events = read_run(layout, folder), (folder / "events.jsonl").read_bytes()
    pruned(layout, folder)
    (folder / "events.jsonl").write_bytes(events)  # as if it was killed after the counts were written
    assert read_run(layout, folder).calls == before.calls
    assert candidates(layout) == [folder]
    pruned(layout, folder)
    assert (read_run(layout, folder).usage, candidates(layout)) == (before.usage, [])


def test_what_is_new_goes_on_or_is_among_the_newest_is_left_alone(layout: Layout) -> None:
    dispatch(layout, result=False)  # of a process that lives: this one
    old, older, young = dispatch(layout, days=60), dispatch(layout, days=80), dispatch(layout, days=2)
    assert candidates(layout) == [older, old]
    assert candidates(layout, keep=2) == [older]
    assert candidates(layout, days=1) == [older, old, young]


def test_what_it_cost_is_still_answered(layout: Layout) -> None:
    folder, sql = dispatch(layout), "SELECT tokens_in, tokens_out, usd FROM dispatches"
    before = asked(layout, sql)
    pruned(layout, folder)
    assert asked(layout, sql) == before == [(300, 20, 0.5)]


def asked(layout: Layout, sql: str) -> list[tuple[Any, ...]]:
    with Analysis(layout) as analysis:
        return list(analysis.ask(sql).rows)


def test_a_kill_before_the_diff_is_gone_costs_nothing(layout: Layout) -> None:
    folder = dispatch(layout)
    before, diff = told(read_run(layout, folder)), (folder / "diff.patch").read_bytes()
    pruned(layout, folder)
    (folder / "diff.patch").write_bytes(diff)
    assert candidates(layout) == [folder]
    pruned(layout, folder)
    assert (told(read_run(layout, folder)), candidates(layout)) == (before, [])


def test_a_link_leads_nowhere(layout: Layout, tmp_path: Path) -> None:
    folder, victim = dispatch(layout), tmp_path / "victim"
    victim.write_text("mine")
    (folder / "diff.patch").unlink()
    (folder / "diff.patch").symlink_to(victim)
    pruned(layout, folder)
    assert victim.read_text() == "mine"
    (layout.runs / "20200101T000000-dispatch-abcdef").symlink_to(tmp_path)
    assert candidates(layout) == []


@pytest.mark.parametrize(
    "text", ["", "[]", '{"at": 3}', '{"at": "2026-01-01T00:00:00Z", "freed": 1, "kept": 0, "calls": "x"}']
)
def test_a_strange_pruned_file_reads_as_none(layout: Layout, text: str) -> None:
    folder = dispatch(layout)
    (folder / "events.jsonl").unlink()
    (folder / PRUNED).write_text(text)
    run = read_run(layout, folder)
    assert (run.outcome, run.calls) == ("candidate", 0)
    assert "events.jsonl is not there" in run.problems[0]


def test_the_command_says_first_and_does_it_when_told(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    folder = dispatch(layout)
    assert prune(keep=0, repo=layout.root) == 0
    assert "events and diffs of 1 record would go" in capsys.readouterr().out
    assert (folder / "events.jsonl").exists()
    assert prune(keep=0, yes=True, json_=True, repo=layout.root) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == [folder.name]
    assert show(folder.name, repo=layout.root) == 0
    assert "taken out on" in capsys.readouterr().out
    assert prune(keep=0, yes=True, repo=layout.root) == 0
    assert "nothing to take out" in capsys.readouterr().out
