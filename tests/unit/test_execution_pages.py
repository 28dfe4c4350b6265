"""Pages of a ticket and a batch: what they show, and that hostile text stays text."""

import pytest

from linestop.execution.order import TicketOutcome
from linestop.execution.report import batch_page, cell, ticket_page, verdict_page
from linestop.plans import Chunk, CommandPasses, Plan
from linestop.tickets import Ticket, TicketState
from linestop.verdicts import CommandRun, GoalLine, GoalVerdict

COMMIT = "a1" * 20
HOSTILE = "x | y\n\n# big <img src=x onerror=alert(1)> [click](javascript:alert(1)) `code` \x1b[31m"


def ticket(**changes: object) -> Ticket:
    chunks = (
        Chunk(id="c0", title=HOSTILE, source="ruff", rules=("F401",), paths=("a.py",)),
        Chunk(id="c1", title="Two", source="ruff", rules=("F401",), paths=("b.py",)),
    )
    goal = (CommandPasses(argv=("true",)),)
    plan = Plan(id="t", title="T", purpose="p", scope=("a.py",), chunks=chunks, goal=goal)
    values = {"id": "t", "batch": "b", "title": "T", "plan": plan, "base": COMMIT, **changes}
    return Ticket.model_validate(values)


@pytest.mark.parametrize("text", ["<script>", "[a](b)", "a | b", "`x`", "&lt;img&gt;", "# head", "![i](u)", "~~x~~"])
def test_text_of_strangers_never_becomes_markup(text: str) -> None:
    shown = cell(text)
    for char in "`|<>[]~#!":
        assert shown.count(char) == shown.count(f"\\{char}")
    assert "&lt;" not in shown.replace("&amp;lt;", "")


def test_a_ticket_shows_its_chunks_in_one_row_each_whatever_they_are_called() -> None:
    page = ticket_page(ticket(progress={"c0": COMMIT, "c1": "refused: no"}), links=("[the diff](/x)",))
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) == 4
    assert f"`{COMMIT[:12]}`" in page
    assert "refused: no" in page
    assert "[the diff](/x)" in page
    assert "<img" not in page.replace("\\<img", "")


def test_a_verdict_shows_exit_codes_and_what_the_command_said_in_a_block_that_nothing_closes() -> None:
    run = CommandRun(argv=("pytest", "-q"), exit_code=1, seconds=1.25, output="~~~\n```\n<b>1 failed</b>\x1b[0m\n")
    lines = (GoalLine(item="checks", met=False, run=run, detail="1 failed"), GoalLine(item="no F401", met=True))
    page = verdict_page(GoalVerdict(commit=COMMIT, finish_line="f" * 64, lines=lines))
    assert "| **NOT MET** | checks | 1 failed | 1 | 1.2 |" in page
    assert "| met | no F401 |  |  |  |" in page
    assert page.count("~~~") == 2
    assert "$ pytest -q" in page
    assert "\x1b" not in page


@pytest.mark.parametrize(
    ("run", "word"),
    [
        pytest.param(CommandRun(argv=("a",), exit_code=None, seconds=1), "killed", id="killed"),
        pytest.param(CommandRun(argv=("a",), exit_code=None, seconds=1, timed_out=True), "time-out", id="time-out"),
    ],
)
def test_a_command_that_did_not_end_by_itself_is_told_from_one_that_failed(run: CommandRun, word: str) -> None:
    lines = (GoalLine(item="checks", met=False, run=run),)
    assert f"| {word} |" in verdict_page(GoalVerdict(commit=COMMIT, finish_line="f" * 64, lines=lines))


def test_a_batch_links_its_tickets_and_says_why_it_waits() -> None:
    tickets = (
        TicketOutcome(id="t", title="T", state=TicketState.DONE, branch="linestop/t", commits=1),
        TicketOutcome(id="u", title="U", state=TicketState.GATED, reason="a person must decide"),
    )
    page = batch_page(tickets, answer="waiting", reasons=("u: gated",), runs={"t": "[t](/run)"}, links=("[audit](/a)",))
    assert "| [t](/run) | done | 1 |" in page
    assert "| u | gated | 0 | 0 |  | a person must decide |" in page
    assert "- u: gated" in page
    assert "**waiting**" in page
