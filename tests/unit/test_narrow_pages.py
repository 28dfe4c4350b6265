"""Pages on a narrow terminal: no line of prose is wider than it is, and what is copied stays whole."""

from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from linestop.deployments.cli.history import tree
from linestop.deployments.cli.incident_page import page as incident_page
from linestop.deployments.cli.text_table import for_terminal
from linestop.deployments.cli.ticket_page import page as ticket_page
from linestop.incidents import FailureClass, Incident, Scope, Why
from linestop.insight import Run
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.tickets import Ticket, TicketState
from linestop.verdicts import CommandRun

LONG = "ruff reports no finding of F401, F841 in 6 files: 1 left: F401 src/toolshed/loans.py:11; the maker could not"
BEGAN = datetime(2026, 11, 21, tzinfo=UTC)
NAME = "2026-11-21-toolshed-tidy-and-more"


def ticket() -> Ticket:
    chunk = Chunk(id="dead-code", title=LONG[:100], paths=("a.py",))
    plan = Plan(id=NAME, title="Tidy", purpose="tidy", scope=("a.py",), chunks=(chunk,), goal=(ChecksPass(),))
    return Ticket(id=NAME, batch="b", title=LONG, plan=plan, state=TicketState.PETITIONED, reason=LONG)


def run(*children: Run, flow_run: str = "") -> Run:
    return Run(
        run_id=f"20261121T000000-ticket-{len(children)}", kind="ticket", outcome="petitioned", started=BEGAN,
        ticket=NAME, summary=LONG, flow_run=flow_run, children=children,
    )  # fmt: skip


@pytest.mark.parametrize("width", [60, 80])
def test_a_ticket_s_page_fits_and_its_commands_are_whole(width: int) -> None:
    told, commands = ticket_page(ticket(), [], width=width).split("what you can do")
    assert max(map(cell_len, told.splitlines())) <= width
    assert f"linestop ticket show {NAME} --json | jq .plan" in commands
    assert ticket_page(ticket(), []).splitlines()[1] == f"  why        {LONG}"


@pytest.mark.parametrize("width", [60, 80])
def test_an_incident_s_page_fits_and_what_the_command_said_keeps_its_lines(width: int) -> None:
    evidence = CommandRun(argv=("pytest",), exit_code=1, seconds=1.0, output=f"{'=' * 100}\n{LONG}")
    one = Incident(
        id="i", scope=Scope.TICKET, subject=NAME, what=LONG, signature="s", evidence=evidence, confidence=0.62,
        failure_class=FailureClass.ASSERTION_FAILURE, opened=BEGAN, whys=(Why(hypothesis=LONG),) * 5,
    )  # fmt: skip
    lines = incident_page(one, width=width).splitlines()
    assert max(cell_len(line) for line in lines if not line.startswith("  |")) <= width
    assert f"  | {LONG}" in lines


@pytest.mark.parametrize("width", [60, 80])
def test_the_tree_of_runs_fits_and_keeps_its_rails_and_its_links(width: int) -> None:
    lines = list(tree(run(run(flow_run="f-1"), run()), "http://127.0.0.1:4200", width=width))
    assert max(cell_len(line) for line in lines if "://" not in line) <= width
    assert any(line.endswith("http://127.0.0.1:4200/v2/runs/flow-run/f-1") for line in lines)
    first = lines[1 : next(at for at, line in enumerate(lines) if line.startswith("├─ "))]
    assert {line[:3] for line in first} == {"│  "}
    assert all(len(line.splitlines()) == 1 for line in tree(run(), ""))


def test_a_value_goes_on_below_itself_where_its_name_leaves_room() -> None:
    assert for_terminal("  why        a reason that goes on and on", 30).splitlines() == [
        "  why        a reason that",
        "    goes on and on",
    ]
    assert for_terminal("  why  a reason that goes on and on", 30).splitlines() == [
        "  why  a reason that goes on",
        "       and on",
    ]
    assert for_terminal("as it is, however wide it may be", None) == "as it is, however wide it may be"
