"""What the analysis makes of records, whole, torn and strange."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linestop.errors import UsageError
from linestop.events import EventKind, Outcome, Usage
from linestop.insight import Analysis, find_query, history, load_queries
from linestop.paths import Layout
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.records import RunRecord
from linestop.runs import read_run
from linestop.tickets import Ticket
from linestop.tracker import SqliteTracker

PLAN = Plan(
    id="p1",
    title="t",
    purpose="p",
    scope=("a.py",),
    chunks=(Chunk(id="c1", title="c", source="ruff", rules=("F401",), paths=("a.py",)),),
    goal=(ChecksPass(),),
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "we[ir]d *name"  # glob characters in a path must not lose its records
    root.mkdir()
    return Layout(root)


def ask(layout: Layout, name: str) -> list[dict[str, object]]:
    with Analysis(layout) as analysis:
        table = analysis.ask(find_query(name).sql)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def killed(layout: Layout, kind: str = "ticket") -> RunRecord:
    """Leave a record as a killed process does: no result, and a holder that is gone."""
    record = RunRecord(layout, kind, ticket="t9")  # type: ignore[arg-type]
    record.events.close()
    inputs = json.loads((record.folder / "inputs.json").read_text())
    host = inputs["holder"].partition(":")[0]
    (record.folder / "inputs.json").write_text(json.dumps({**inputs, "holder": f"{host}:1:0.00"}))
    return record


def test_every_query_answers_on_an_empty_history(layout: Layout) -> None:
    with Analysis(layout) as analysis:
        analysis.prepare(*(query.sql for query in load_queries()))
        assert [query.name for query in load_queries() if analysis.ask(query.sql).rows] == []
    assert not layout.state.exists(), "reading creates nothing"


def test_an_empty_history_says_that_it_is(layout: Layout) -> None:
    with Analysis(layout) as analysis:
        assert analysis.empty
    RunRecord(layout, "audit").finish("done")
    with Analysis(layout) as analysis:
        assert not analysis.empty


def test_tickets_are_counted_by_their_state(layout: Layout) -> None:
    tracker = SqliteTracker(layout.ensure().tracker)
    for name in ("t1", "t2"):
        tracker.file(Ticket(id=name, batch="b", title="t", plan=PLAN))
    assert ask(layout, "tickets-by-outcome") == [{"state": "open", "tickets": 2, "attempts": 0, "delivered": 0}]


def test_steps_are_timed_by_the_kind_of_run(layout: Layout) -> None:
    record = RunRecord(layout, "ticket")
    for seconds in (1.0, 2.0, 6.0):
        record.events.append(EventKind.TOOL_RESULT, step="checks", outcome=Outcome.OK, seconds=seconds)
    record.finish("done")
    assert ask(layout, "time-by-step") == [
        {
            "kind": "ticket",
            "step": "checks",
            "times": 3,
            "seconds": 9.0,
            "median_seconds": 2.0,
            "longest_seconds": 6.0,
        }
    ]


def test_failures_are_grouped_by_step_outcome_and_first_line(layout: Layout) -> None:
    for _ in range(2):
        record = RunRecord(layout, "ticket")
        record.events.append(EventKind.TOOL_RESULT, step="checks", outcome=Outcome.ERROR, text="E  boom\nat line 3")
        record.events.append(EventKind.TOOL_RESULT, step="maker", outcome=Outcome.OK, text="fine")
        record.finish("failed")
    (row,) = ask(layout, "frequent-failures")
    assert (row["step"], row["outcome"], row["times"], row["runs"], row["first_line"]) == (
        "checks", "error", 2, 2, "E  boom",
    )  # fmt: skip


def test_findings_are_followed_from_audit_to_audit(layout: Layout) -> None:
    for found in ({"bugs": 9, "dead-code": 1}, {"bugs": 4}, {}):
        RunRecord(layout, "audit").finish("done", findings=found)
    RunRecord(layout, "audit").finish("failed")
    rows = ask(layout, "findings-over-time")
    assert [(row["bugs"], row["dead_code"], row["total"], row["change"]) for row in rows] == [
        (9, 1, 10, None), (4, 0, 4, -6), (0, 0, 0, -4),
    ]  # fmt: skip


def test_a_run_that_broke_outside_of_a_step_counts_as_a_failure(layout: Layout) -> None:
    RunRecord(layout, "audit").finish("failed", summary="a plan is no YAML\n  found: line 3")
    (row,) = ask(layout, "frequent-failures")
    assert (row["step"], row["outcome"], row["first_line"]) == ("audit (run)", "failed", "a plan is no YAML")


def test_a_killed_run_is_known_by_its_missing_result(layout: Layout) -> None:
    lost = killed(layout)
    RunRecord(layout, "audit").finish("done")
    assert [row["run_id"] for row in ask(layout, "killed-runs")] == [lost.id]


def test_a_run_whose_process_lives_is_running(layout: Layout) -> None:
    record = RunRecord(layout, "ticket")
    assert [run.outcome for run in history(layout)] == ["running"]
    record.finish("done")
    assert [run.outcome for run in history(layout)] == ["done"]


def test_a_run_under_which_the_clock_was_set_back_took_an_unknown_time(layout: Layout) -> None:
    record = RunRecord(layout, "ticket", ticket="t1")
    record.finish("done")
    result = json.loads((record.folder / "result.json").read_text())
    (record.folder / "result.json").write_text(json.dumps({**result, "ended": "2020-01-01T00:00:00+00:00"}))
    (row,) = ask(layout, "runs-by-outcome")
    assert (row["runs"], row["median_seconds"]) == (1, None)
    assert ask(layout, "slow-tickets") == []
    assert read_run(layout, record.folder).seconds is None


TORN = {
    "torn last line": '{"v":1,"kind":"message","step":"a"}\n{"v":1,"at":"2026-',
    "bytes that are no text": '{"v":1,"kind":"message","step":"a"}\n\udcff\udcfe{\n',
    "other shapes": '{"v":1,"kind":"message","step":"a"}\n[1]\n"x"\nnull\n\n{}\n',
    "an unknown kind": '{"v":9,"kind":"message","step":"a","new":{"deep":[1]},"at":7,"seconds":"soon"}\n',
}


@pytest.mark.parametrize("text", TORN.values(), ids=TORN.keys())
def test_a_bad_line_costs_that_line_only(layout: Layout, text: str) -> None:
    folder = layout.runs / "r1"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_bytes(text.encode("utf-8", "surrogateescape"))
    with Analysis(layout) as analysis:
        assert analysis.ask("SELECT run_id, kind, step FROM events").rows == (("r1", "message", "a"),)


STRANGE: dict[str, Callable[[Layout], object]] = {
    "inputs of another shape": lambda layout: file(layout, "r1/inputs.json").write_text("[1]"),
    "inputs with other types": lambda layout: file(layout, "r2/inputs.json").write_text(
        '{"kind": 5, "started": "never", "holder": ["x"], "parameters": "p"}'
    ),
    "a torn result": lambda layout: file(layout, "r3/result.json").write_text('{"outcome": "do'),
    "a dangling link": lambda layout: file(layout, "r4/events.jsonl").symlink_to("/nowhere"),
    "an incident of another shape": lambda layout: (layout.incidents / "i1.json").write_text('{"class": {"a": 1}}'),
    "a torn incident": lambda layout: (layout.incidents / "i2.json").write_text('{"id": "i2'),
    "findings that are no counts": lambda layout: RunRecord(layout, "audit").finish("done", findings={"a": "b"}),
    "no tracker but something": lambda layout: layout.tracker.write_bytes(b"no database"),
}


def file(layout: Layout, name: str) -> Path:
    (layout.runs / name).parent.mkdir()
    return layout.runs / name


def test_strange_files_stop_no_query(layout: Layout) -> None:
    """All of them lie in one repository: preparing every query takes longer than all else here."""
    layout.ensure().incidents.mkdir()
    for strange in STRANGE.values():
        strange(layout)
    with Analysis(layout) as analysis:
        analysis.prepare(*(query.sql for query in load_queries()))
        for query in load_queries():
            analysis.ask(query.sql)
        tracker, incident = sorted(analysis.problems, reverse=True)
    assert tracker.startswith(f"the tracker in {layout.tracker} can't be read: file is not a database")
    assert incident == "the incident i2.json can't be read"
    for name, strange in STRANGE.items():
        alone = Layout(layout.root / name)
        alone.root.mkdir()
        alone.ensure().incidents.mkdir()
        strange(alone)
        history(alone)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "COPY runs TO 'out.csv'",
        "SET enable_external_access = true",
        "no sql",
        "DROP TABLE runs",
        "INSERT INTO runs (run_id) VALUES ('x')",
        "CREATE TABLE mine AS SELECT 1",
    ],
)
def test_a_question_of_ones_own_reaches_nothing_but_the_tables(layout: Layout, sql: str, tmp_path: Path) -> None:
    with Analysis(layout) as analysis, pytest.raises(UsageError) as caught:
        analysis.ask(sql)
    assert "runs" in caught.value.todo


def test_an_unknown_query_names_those_that_are() -> None:
    with pytest.raises(UsageError) as caught:
        find_query("nothing")
    assert "tickets-by-outcome" in caught.value.found


def test_runs_form_a_tree_with_the_newest_first(layout: Layout) -> None:
    first = RunRecord(layout, "execution", flow_run="f1")
    for name in ("t1", "t2"):
        RunRecord(layout, "ticket", parent=first.id, ticket=name).finish("done")
    first.finish("done", summary="2 done")
    _older(layout, first.id)
    RunRecord(layout, "audit", parent="gone").finish("nothing")
    newest, oldest = history(layout)
    assert (newest.kind, newest.children) == ("audit", ())
    assert (oldest.kind, oldest.flow_run, oldest.summary) == ("execution", "f1", "2 done")
    assert sorted(child.ticket for child in oldest.children) == ["t1", "t2"]
    assert history(layout, limit=1) == (newest,)


def test_times_are_read_as_utc(layout: Layout) -> None:
    RunRecord(layout, "audit").finish("done")
    (run,) = history(layout)
    assert run.started is not None
    assert abs((datetime.now(UTC) - run.started).total_seconds()) < 60


def _older(layout: Layout, run_id: str) -> None:
    """Give a run an id that sorts first, as one of an earlier second has."""
    (layout.runs / run_id).rename(layout.runs / f"2020{run_id[4:]}")
    for path in layout.runs.glob("*/inputs.json"):
        path.write_text(path.read_text().replace(run_id, f"2020{run_id[4:]}"))


def dispatched(layout: Layout, engine: str, *usages: Usage, ticket: str = "t1", **words: object) -> RunRecord:
    """Return an open record of a dispatch that used something."""
    record = RunRecord(layout, "dispatch", ticket=ticket, engine=engine, role="maker", **words)
    for usage in usages:
        record.events.append(EventKind.USAGE, usage=usage)
    return record


def test_costs_are_summed_by_ticket_and_engine(layout: Layout) -> None:
    dispatched(layout, "a", Usage(input=100, output=10, usd=0.5), Usage(input=100, output=10, usd=0.25)).finish("done")
    dispatched(layout, "a", Usage(input=7, output=3)).finish("nothing")
    dispatched(layout, "b", Usage(input=5, output=5), Usage(input=90, output=9, usd=0.1, total=True)).finish("failed")
    dispatched(layout, "a", Usage(input=1000, output=1000), rerun_of="x").finish("nothing")
    rows = ask(layout, "cost-by-ticket")
    names = ("ticket", "engine", "dispatches", "tokens_in", "tokens_out", "usd", "without_a_price")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("t1", "a", 2, 207, 23, 0.75, 1), ("t1", "b", 1, 90, 9, 0.1, 0),
    ]  # fmt: skip


def test_firings_are_counted_by_detector_and_engine_with_what_was_done(layout: Layout) -> None:
    for rungs in (("observe", "nudge", "block"), ("line-stop",)):
        record = dispatched(layout, "a")
        lines = [{"detector": "repeat", "detail": "d", "rung": rung, "tokens": 5} for rung in rungs]
        record.write("firings.jsonl", "".join(json.dumps(line) + "\n" for line in lines) + '{"torn')
        record.finish("failed")
    (row,) = ask(layout, "firings-by-detector")
    assert (row["detector"], row["engine"], row["firings"], row["runs"]) == ("repeat", "a", 4, 2)
    assert (row["nudged"], row["blocked"], row["stopped"], row["tokens"]) == (1, 1, 1, 20)


def test_two_loops_of_one_dispatch_cost_no_more_than_it_and_count_its_time_once(layout: Layout) -> None:
    record = dispatched(layout, "codex", Usage(input=90, output=10, usd=1.0))
    loops = [{"detector": "repeat", "detail": "d", "identity": one, "seconds": 30, "tokens": 60} for one in "ab"]
    record.write("firings.jsonl", "".join(f"{json.dumps(one)}\n" for one in loops))
    record.finish("candidate")
    inputs, result = (json.loads((record.folder / name).read_text()) for name in ("inputs.json", "result.json"))
    ended = datetime.fromisoformat(inputs["started"]) + timedelta(seconds=100)
    (record.folder / "result.json").write_text(json.dumps({**result, "ended": ended.isoformat()}))
    (row,) = ask(layout, "cost-of-loops")
    assert (row["patterns"], row["runs"], row["seconds"], row["tokens"]) == (2, 1, 60.0, 120)
    assert (row["percent_of_their_time"], row["usd"]) == (60.0, 1.0)


def test_nudges_tell_whether_behaviour_changed(layout: Layout) -> None:
    record = dispatched(layout, "a")
    told = {"detector": "repeat", "fired_at": "2026-11-21T10:00:00Z", "told_at": "2026-11-21T10:00:01Z"}
    nudges = [{**told, "changed": changed} for changed in (True, False, None)]
    record.finish("failed", watch={"nudges": [*nudges, {"detector": 7}]})
    lost = dispatched(layout, "a")
    lost.write("firings.jsonl", json.dumps({"after": {**told, "changed": True}}))
    lost.events.close()
    (row,) = ask(layout, "nudges")
    assert (row["nudges"], row["told"], row["changed"], row["went_on"], row["unknown"]) == (4, 4, 2, 1, 1)


def test_what_an_agent_failed_at_is_not_what_linestop_failed_at(layout: Layout) -> None:
    parent = RunRecord(layout, "ticket", ticket="t1")
    record = dispatched(layout, "a", parent=parent.id)
    record.events.append(EventKind.TOOL_CALL, tool="shell", args={"command": "make"})
    record.events.append(EventKind.TOOL_RESULT, tool="shell", outcome=Outcome.ERROR, text="no rule", seconds=2.0)
    record.finish("failed", summary="it gave up")
    parent.finish("done")
    assert ask(layout, "frequent-failures") == []
    (row,) = ask(layout, "failing-calls")
    assert (row["engine"], row["tool"], row["outcome"], row["first_line"]) == ("a", "shell", "error", "no rule")
    assert [(row["kind"], row["step"]) for row in ask(layout, "time-by-step")] == [("dispatch", "shell")]
