"""`linestop insight` and `linestop history` as a user meets them."""

import json
from pathlib import Path

import pytest

from linestop.deployments.cli.history import history
from linestop.deployments.cli.insight import insight
from linestop.errors import UsageError
from linestop.events import EventKind, Outcome
from linestop.paths import Layout
from linestop.records import RunRecord
from tests.unit.small_history import caution, segment

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\u202e[bold]evil[/bold]"


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.delenv("PREFECT_UI_URL", raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "shop"
    (path / ".git").mkdir(parents=True)
    return path


def test_nothing_recorded_leads_to_the_next_command(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert insight(repository=root) == 0
    assert history(root) == 0
    said = capsys.readouterr()
    assert "tickets-by-outcome" in said.out
    assert said.err.count(f"linestop run {root}") == 2


def test_where_there_is_an_answer_or_something_broken_no_first_run_is_asked_for(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    segment(Layout(root), caution(1))
    assert insight("hot-files", root) == 0
    Layout(root).ensure().tracker.write_bytes(b"no database")
    assert insight("stops", root) == 0
    said = capsys.readouterr().err
    assert said.startswith(f"the tracker in {Layout(root).tracker} can't be read: ")
    assert "linestop run" not in said


def test_the_overview_shows_the_four_leading_answers(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunRecord(Layout(root), "audit").finish("done", findings={"bugs": 3})
    insight(repository=root)
    out = capsys.readouterr().out
    for name in ("tickets-by-outcome", "time-by-step", "frequent-failures", "findings-over-time"):
        assert f"{name}: " in out
    assert "bugs" in out


def test_a_folder_in_place_of_a_query_is_the_repository(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunRecord(Layout(root), "audit").finish("done", findings={"bugs": 3})
    assert insight(str(root)) == 0
    assert "bugs" in capsys.readouterr().out


def test_json_holds_one_object_a_row(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunRecord(Layout(root), "audit").finish("nothing")
    insight("runs-by-outcome", root, json_=True)
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["query"] == "runs-by-outcome"
    assert answer["rows"][0]["outcome"] == "nothing"


def test_a_named_query_and_one_of_ones_own_are_not_mixed(root: Path) -> None:
    with pytest.raises(UsageError):
        insight("runs-by-outcome", root, sql="SELECT 1")


def test_the_history_is_drawn_as_a_tree_with_links(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = RunRecord(Layout(root), "execution", flow_run="f-1")
    RunRecord(Layout(root), "ticket", parent=run.id, ticket="shop-bugs").finish("done", summary="2 commits")
    run.finish("done", summary="1 done")
    history(root)
    lines = capsys.readouterr().out.splitlines()
    assert "execution  done" in lines[0]
    assert lines[1].endswith("1 done")
    assert lines[2].endswith("http://127.0.0.1:9/v2/runs/flow-run/f-1")
    assert lines[3].startswith("└─ ")
    assert "ticket shop-bugs  done" in lines[3]


def test_each_line_of_the_history_ends_with_what_run_show_finds_it_by(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = RunRecord(Layout(root), "dispatch", role="maker", chunk="c1", attempt=1)
    first.finish("candidate")
    RunRecord(Layout(root), "dispatch", role="maker", chunk="c1", attempt=1, rerun_of=first.id).finish("nothing")
    history(root)
    out, talk = capsys.readouterr()
    again, line = out.splitlines()
    assert line.endswith(f"  {first.id[-6:]}")
    assert f"maker c1 #1 (rerun of {first.id[-6:]})  nothing" in again
    assert "linestop run show" in talk


def test_a_dispatch_is_shown_by_role_chunk_and_attempt(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunRecord(Layout(root), "dispatch", role="maker", ticket="t", chunk="dead-code", attempt=2).finish("candidate")
    history(root)
    assert "  maker dead-code #2  candidate" in capsys.readouterr().out


def test_the_history_as_json_keeps_the_tree(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = RunRecord(Layout(root), "execution", flow_run="f-1")
    RunRecord(Layout(root), "ticket", parent=run.id, ticket="shop-bugs").finish("done")
    run.events.close()
    history(root, json_=True)
    (root_run,) = json.loads(capsys.readouterr().out)
    assert root_run["outcome"] == "running"
    assert root_run["children"][0]["ticket"] == "shop-bugs"
    assert root_run["url"].endswith("/f-1")


def test_a_killed_run_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = RunRecord(Layout(root), "ticket")
    record.events.close()
    inputs = json.loads((record.folder / "inputs.json").read_text())
    inputs["holder"] = f"{inputs['holder'].partition(':')[0]}:1:0.00"
    (record.folder / "inputs.json").write_text(json.dumps(inputs))
    history(root)
    assert "killed: its process ended without a result" in capsys.readouterr().out


def test_hostile_text_reaches_no_terminal(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = RunRecord(Layout(root), "audit", ticket=HOSTILE, flow_run=HOSTILE)
    record.events.append(EventKind.TOOL_RESULT, step=HOSTILE, outcome=Outcome.ERROR, text=HOSTILE)
    record.finish(HOSTILE, summary=HOSTILE)
    history(root)
    insight("frequent-failures", root)
    insight("runs-by-outcome", root)
    out = capsys.readouterr().out
    assert "red[bold]evil[/bold]" in out, "shown as text, markup and all"
    assert [char for char in out if not char.isprintable() and char != "\n"] == []
