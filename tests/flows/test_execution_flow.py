"""The execution flow, on a real repository, tracker and server, with the engine that needs no model."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from prefect import flow

from linestop.blocks.claims import claim
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.line import Line
from linestop.done import Answer
from linestop.errors import UsageError
from linestop.events import EventLog
from linestop.execution.order import ExecutionOrder, ExecutionReport, TicketOrder
from linestop.flows.execution import execution
from linestop.flows.ticket import carry_out
from linestop.incidents import Incident
from linestop.memory.cautions import read_cautions
from linestop.ports import Dispatch, Work
from linestop.records import RunRecord
from linestop.tasks.clerk import stop_line
from linestop.tasks.planner import file_tickets
from linestop.tasks.shift import Shift
from linestop.tasks.station_master import manned_station
from linestop.tickets import TicketState
from linestop.verdicts import CheckReport
from tests.flows.small_shop import CASES, STOCK, commit_all, small_shop, unused_imports, write_plans

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return small_shop(tmp_path / "shop", tests=CASES)


@pytest.fixture
def pytest_root(root: Path) -> Path:
    return small_shop(root.parent / "with-pytest")


async def run(root: Path, **words: object) -> ExecutionReport:
    order = ExecutionOrder.model_validate({"repository": str(root), **words})
    state = await execution(order, return_state=True)
    return await state.aresult(raise_on_failure=False)


async def test_plans_become_verified_branches_and_the_base_stays_as_it_was(pytest_root: Path) -> None:
    root = pytest_root
    write_plans(root, unused_imports("prices", "shop/prices.py"), unused_imports("stock", "shop/stock.py"))
    workspaces = GitWorkspaces(root)
    before = workspaces.head("main")
    report = await run(root)
    assert report.answer is Answer.DONE
    assert {ticket.id: ticket.state for ticket in report.tickets} == {
        "prices": TicketState.DONE,
        "stock": TicketState.DONE,
    }
    assert workspaces.head("main") == before
    assert b"import" not in (workspaces.read("linestop/stock", "shop/stock.py") or b"import")
    assert workspaces.changed("main", "linestop/stock") == ("shop/stock.py",)
    assert (root / "shop/stock.py").read_text() == STOCK


async def test_a_second_run_does_nothing_twice(root: Path) -> None:
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    first = await run(root)
    tip = GitWorkspaces(root).head("linestop/stock")
    second = await run(root)
    assert (first.ran, second.ran) == (("stock",), ())
    assert second.answer is Answer.DONE
    assert GitWorkspaces(root).head("linestop/stock") == tip


async def test_a_dry_run_names_the_tickets_and_files_none(root: Path) -> None:
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    report = await run(root, dry_run=True)
    assert [(ticket.id, ticket.state) for ticket in report.tickets] == [("stock", TicketState.OPEN)]
    assert (report.answer, report.ran) == (Answer.NOT_DONE, ())
    assert Line(root).tracker.list() == ()
    assert (await run(root)).answer is Answer.DONE
    assert (await run(root, dry_run=True)).answer is Answer.DONE


@pytest.mark.parametrize("words", [{"tickets": ["nope"]}, {"batch": "nope"}], ids=["ticket", "batch"])
async def test_a_name_that_nothing_bears_is_refused(root: Path, words: dict[str, object]) -> None:
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    file_tickets(Line(root), ExecutionOrder(repository=str(root)))
    state = await execution(ExecutionOrder.model_validate({"repository": str(root), **words}), return_state=True)
    with pytest.raises(UsageError, match="there is no"):
        await state.aresult()


async def test_a_red_base_stops_the_line_and_no_ticket_is_blamed(pytest_root: Path) -> None:
    root = pytest_root
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    (root / "tests/test_red.py").write_text("def test_red():\n    assert 1 == 2\n")
    commit_all(root, "red")
    report = await run(root)
    line = Line(root)
    assert report.answer is Answer.NOT_DONE
    assert "test_red" in report.reasons[0]
    assert line.tracker.get("stock").state is TicketState.OPEN
    assert line.tracker.get("stock").attempts == 0
    assert [incident.scope for incident in line.incidents.list()] == ["repository"]
    assert [(caution.detector, caution.file) for caution in read_cautions(line.layout, kind="stop")] == [
        ("baseline", "tests/test_red.py")
    ]


class Stubborn:
    """An engine that does the same wrong thing however often it is told."""

    name = "stubborn"
    model = ""
    window = None

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: EventLog
    ) -> Work:
        (workspace / "shop/stock.py").write_text("import json  # noqa: F401\n\n\ndef count(items):\n    return 0\n")
        return Work(summary="All tests pass! I am certain.")


@flow
async def stubborn_ticket(line: Line) -> tuple[str, Incident]:
    """Do what the ticket flow does, with an engine that only this test has."""
    order = TicketOrder(repository=str(line.layout.root), ticket="stock")
    async with manned_station(line, order) as station:
        assert station is not None
        stop = await carry_out(station, station.ticket.plan.chunks[0])
        assert stop is not None
        return stop, await stop_line(station, what=stop)


async def test_three_failures_in_a_row_stop_the_ticket_for_a_person(root: Path) -> None:
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    line = Line(root, engine=Stubborn())
    file_tickets(line, ExecutionOrder(repository=str(root)))
    stop, incident = await stubborn_ticket(line)
    ticket = line.tracker.get("stock")
    assert (ticket.state, ticket.attempts, ticket.failures_in_a_row) == (TicketState.STOPPED, 3, 3)
    assert "suppression" in stop
    assert incident.id in ticket.reason
    assert not GitWorkspaces(root).git.ok("show-ref", "--verify", "refs/heads/linestop/stock")  # it would be empty
    assert (await run(root)).ran == ()


async def test_the_same_failure_in_a_test_is_no_success_either(root: Path) -> None:
    write_plans(root, unused_imports("tests", "tests/test_shop.py"))
    (ticket,) = (await run(root)).tickets
    assert (ticket.state, ticket.commits) == (TicketState.PETITIONED, 0)


async def test_what_no_fix_can_reach_goes_to_a_person_with_what_is_left(root: Path) -> None:
    plan = unused_imports("names", "shop/prices.py", rules=("F401", "B006", "E711"))
    (root / "shop/prices.py").write_text("import os\n\n\ndef total(prices=[]):\n    return sum(prices)\n")
    commit_all(root, "a default that is shared")
    write_plans(root, plan)
    report = await run(root)
    (ticket,) = report.tickets
    assert ticket.state is TicketState.PETITIONED
    assert "B006" in ticket.reason
    assert report.answer is Answer.WAITING


async def test_a_ticket_waits_for_what_it_depends_on(root: Path) -> None:
    first = unused_imports("prices", "shop/prices.py")
    second = unused_imports("stock", "shop/stock.py").model_copy(update={"depends_on": ("prices",)})
    write_plans(root, second, first)
    report = await run(root, parallel=4)
    assert report.ran == ("prices", "stock")
    assert report.answer is Answer.DONE


async def test_a_ticket_that_is_done_is_not_cut_off_in_its_last_steps(root: Path) -> None:
    """The oracle reads the tracker: it may say done while a ticket still writes its record and its debrief."""
    write_plans(root, unused_imports("prices", "shop/prices.py"), unused_imports("stock", "shop/stock.py"))
    line, order = Line(root), ExecutionOrder(repository=str(root))
    file_tickets(line, order)
    (batch,) = {ticket.batch for ticket in line.tracker.list()}
    ended, late = list[str](), asyncio.Event()

    async def steps(order: TicketOrder, *, return_state: bool) -> None:
        if order.ticket == "stock":
            await late.wait()
        ended.append(order.ticket)

    record = RunRecord(line.layout, "execution")
    async with Shift(line, order, record, batch) as shift:
        shift.start(cast("Any", steps))
        await shift.next_end()
        asyncio.get_running_loop().call_soon(late.set)
    record.finish("done")
    assert ended == ["prices", "stock"]


async def test_a_killed_ticket_goes_on_after_its_last_approved_commit(root: Path) -> None:
    write_plans(root, unused_imports("both", "shop/prices.py", "shop/stock.py"))
    line = Line(root)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    killed = claim(line, "both", holder=f"{socket.gethostname()}:1:0.00")
    assert killed is not None
    tree = line.workspaces.open("both", branch="linestop/both", base=killed.base)
    prices = tree / "shop/prices.py"
    prices.write_text(prices.read_text().replace("import os\nimport sys\n", ""))
    done = line.workspaces.commit(tree, message="first chunk\n")
    assert done is not None
    line.tracker.save(killed.model_copy(update={"progress": {"c0": done}}))
    (tree / "shop/stock.py").write_text("half written")
    report = await run(root)
    assert report.answer is Answer.DONE
    assert line.tracker.get("both").progress["c0"] == done
    assert report.tickets[0].attempts == 1
