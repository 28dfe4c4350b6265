"""Ticket runs that break off, through the flow itself: each ends in a state that is true, and nothing runs for ever."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from prefect import flow
from prefect.client.schemas.objects import State

from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.line import Line
from linestop.errors import InfraError, ToolError
from linestop.events import EventLog
from linestop.execution.order import ExecutionOrder, TicketOrder, TicketOutcome
from linestop.flows.ticket import bring_to_end
from linestop.incidents import FailureClass
from linestop.ports import Dispatch, Engine, Work
from linestop.tasks.planner import file_tickets
from linestop.tickets import Ticket, TicketState
from linestop.verdicts import CheckReport
from tests.flows.small_shop import CASES, small_shop, unused_imports

pytestmark = pytest.mark.usefixtures("prefect_server")
Act = Callable[[Dispatch, Path], Work]


class Acting:
    """An engine that does what a function says."""

    name = "acting"
    model = ""
    window = None

    def __init__(self, act: Act) -> None:
        self._act = act

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: EventLog
    ) -> Work:
        return self._act(order, workspace)


def raising(error: BaseException) -> Act:
    def act(_: Dispatch, tree: Path) -> Work:
        (tree / "shop/stock.py").write_text("half written")
        raise error

    return act


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return small_shop(tmp_path / "shop", unused_imports("stock", "shop/stock.py"), tests=CASES)


@flow(persist_result=False)
async def one_ticket(line: Line) -> State[TicketOutcome]:
    """Carry the ticket out as the ticket flow does, with an engine that only this test has."""
    return await bring_to_end(line, TicketOrder(repository=str(line.layout.root), ticket="stock"))


async def carried(root: Path, engine: Engine) -> tuple[Ticket, Line]:
    line = Line(root, engine=engine)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    await one_ticket(line, return_state=True)
    return line.tracker.get("stock"), line


async def test_an_engine_that_always_breaks_stops_the_ticket_after_three_attempts(root: Path) -> None:
    ticket, line = await carried(root, Acting(raising(ValueError("no idea"))))
    assert (ticket.state, ticket.attempts, ticket.failures_in_a_row) == (TicketState.STOPPED, 3, 3)
    (incident,) = line.incidents.list()
    assert incident.ticket == "stock"
    assert "ValueError: no idea" in incident.what
    again, _ = await carried(root, Acting(raising(ValueError("no idea"))))
    assert again.attempts == 3


async def test_an_engine_that_is_broken_itself_stops_the_ticket_with_an_incident(root: Path) -> None:
    ticket, line = await carried(root, Acting(raising(ToolError("no such model", todo="install it"))))
    (incident,) = line.incidents.list()
    assert ticket.state is TicketState.STOPPED
    assert incident.id in ticket.reason
    assert not list(line.layout.worktrees.glob("stock*"))


async def test_failing_infrastructure_gives_the_ticket_back_and_says_why(root: Path) -> None:
    def taken_out(_: Dispatch, tree: Path) -> Work:
        GitWorkspaces(root).git.run("worktree", "lock", str(tree))
        raise InfraError("the disk is full")

    line = Line(root, engine=Acting(taken_out))
    file_tickets(line, ExecutionOrder(repository=str(root)))
    GitWorkspaces(root).git.run("worktree", "add", "-q", "-b", "linestop/stock", str(root.parent / "mine"), "main")
    state = await one_ticket(line, return_state=True)
    assert state.is_failed()
    ticket = line.tracker.get("stock")
    assert (ticket.state, ticket.attempts) == (TicketState.OPEN, 0)
    assert "linestop/stock is checked out" in ticket.reason
    assert line.incidents.list() == ()


async def test_a_petition_goes_to_a_person_even_where_the_finish_line_is_met(root: Path) -> None:
    def petition(_: Dispatch, tree: Path) -> Work:
        (tree / "tests/test_shop.py").write_text("")
        return Work(summary="", petition="test_count asserts the wrong number")

    ticket, line = await carried(root, Acting(petition))
    assert ticket.state is TicketState.PETITIONED
    assert "test_count asserts the wrong number" in ticket.reason
    assert ticket.failures_in_a_row == 0
    assert not line.workspaces.git.ok("show-ref", "--verify", "refs/heads/linestop/stock")


async def test_a_maker_that_hangs_stops_the_ticket(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_EXECUTION__DISPATCH_SECONDS", "1")
    over = Event()
    try:
        ticket, line = await carried(root, Acting(lambda *_: Work(summary=str(over.wait(120)))))
    finally:
        over.set()
    assert (ticket.state, ticket.attempts) == (TicketState.STOPPED, 1)
    assert [one.failure_class for one in line.incidents.list()] == [FailureClass.TIME_OUT]


async def test_a_claim_that_was_lost_touches_nothing_of_the_new_holder(root: Path) -> None:
    taken = list[Ticket]()

    def lose(_: Dispatch, tree: Path) -> Work:
        other = Line(root)
        other.tracker.reclaim(alive=lambda _: False)
        claimed = other.tracker.claim("stock", holder="another", seconds=600)
        assert claimed is not None
        taken.append(claimed)
        (tree / "shop/stock.py").write_text("def count(items):\n    return len(list(items))\n")
        return Work(summary="done")

    ticket, line = await carried(root, Acting(lose))
    assert ticket == taken[0]
    assert line.incidents.list() == ()


async def test_a_run_that_was_killed_between_a_line_stop_and_the_tracker_stays_stopped(root: Path) -> None:
    line = Line(root)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    line.tracker.claim("stock", holder="nobody:0:0", seconds=-1)
    incident = line.incidents.open(scope="ticket", subject="stock", what="3 failures in a row: tests fail")
    file_tickets(line, ExecutionOrder(repository=str(root)))
    ticket = line.tracker.get("stock")
    assert ticket.state is TicketState.STOPPED
    assert incident.id in ticket.reason
