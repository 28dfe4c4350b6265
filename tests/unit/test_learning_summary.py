"""The end of a run's summary: what was learned without and what waits for a person's word."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from linestop.debrief.folder import DebriefFolder
from linestop.debrief.model import Candidate
from linestop.deployments.cli.summary import batch_summary, learning_summary
from linestop.done import Answer
from linestop.execution.order import ExecutionReport, TicketOutcome
from linestop.paths import Layout
from linestop.tickets import TicketState


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    return Layout(tmp_path / "shop").ensure()


def learned(layout: Layout) -> str:
    console = Console(file=io.StringIO(), width=200)
    learning_summary(console, layout.root)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def wait(layout: Layout, *names: str) -> None:
    folder = DebriefFolder(layout)
    with folder.lock():
        for name in names:
            folder.put(Candidate(id=name, subject="t1", title="Round up", why="seen", kind="file", times=2))


def test_what_waits_for_a_person_is_counted_with_the_command_that_shows_it(layout: Layout) -> None:
    assert learned(layout) == ""
    wait(layout, "a-1")
    assert "1 candidate for a lesson waits for you: linestop debrief --repo " in learned(layout)
    wait(layout, "b-1")
    assert "2 candidates for lessons wait for you" in learned(layout)


def test_a_memory_that_can_not_be_read_is_no_reason_to_end_without_a_summary(layout: Layout) -> None:
    layout.debriefs.write_text("a file in place of the folder")
    assert learned(layout) == ""


def test_what_was_wrong_with_memory_stands_below_the_oracles_answer() -> None:
    console = Console(file=io.StringIO(), width=200)
    report = ExecutionReport(run_id="r", batch="b", answer=Answer.DONE, memory=("memory.broken lessons\x1b[2J",))
    batch_summary(console, report)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.index("Oracle") < text.index("Memory   memory.broken lessons")
    assert "\x1b[2J" not in text


def test_a_table_in_a_file_ends_no_line_with_blanks() -> None:
    console = Console(file=io.StringIO(), width=160)
    outcome = TicketOutcome(id="t-1", title="t", state=TicketState.DONE, branch="linestop/t-1", commits=1)
    report = ExecutionReport(run_id="r", batch="b", answer=Answer.DONE, tickets=(outcome,))
    batch_summary(console, report)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line for line in lines if line != line.rstrip()] == []
    assert any("linestop/t-1" in line for line in lines)
