"""Tickets that need the infra lock, through the whole flow: no two overlap, of whatever batch or repository."""

import asyncio
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from linestop.blocks.infra_lock import infra_lock
from linestop.blocks.limits import INFRA, WORKERS, ensure_limits
from linestop.blocks.line import Line
from linestop.done import Answer
from linestop.execution.order import ExecutionOrder, ExecutionReport
from linestop.flows.execution import execution
from linestop.insight import history
from linestop.plans import Plan
from linestop.tickets import Ticket, TicketState
from tests.flows.small_shop import small_shop, unused_imports, write_plans

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))


def infra(plan: Plan) -> Plan:
    return plan.model_copy(update={"infra": True})


async def run(root: Path, **words: object) -> ExecutionReport:
    order = ExecutionOrder.model_validate({"repository": str(root), **words})
    state = await execution(order, return_state=True)
    return await state.aresult(raise_on_failure=False)


def spans(root: Path) -> list[tuple[datetime, float]]:
    """Return when each ticket run of a repository began, and its seconds."""
    runs = [child for run in history(Line(root).layout) for child in run.children if child.kind == "ticket"]
    return [(run.started, run.seconds) for run in runs if run.started and run.seconds is not None]


def overlap(spans: list[tuple[datetime, float]]) -> bool:
    return any(
        (later - earlier).total_seconds() < seconds for (earlier, seconds), (later, _) in pairwise(sorted(spans))
    )


async def slots_taken(name: str) -> int:
    async with get_client() as client:
        limit = await client.read_global_concurrency_limit_by_name(name)
    return limit.active_slots


async def test_infra_tickets_of_two_repositories_never_overlap(tmp_path: Path) -> None:
    roots = [small_shop(tmp_path / name) for name in ("shop", "blog")]
    for root in roots:
        write_plans(root, infra(unused_imports("stock", "shop/stock.py")))
    reports = await asyncio.gather(*(run(root) for root in roots))
    assert [report.answer for report in reports] == [Answer.DONE, Answer.DONE]
    assert not overlap([span for root in roots for span in spans(root)])
    assert (await slots_taken(INFRA), await slots_taken(WORKERS)) == (0, 0)


async def test_infra_tickets_of_one_batch_go_one_after_the_other_though_two_may_run(tmp_path: Path) -> None:
    root = small_shop(tmp_path / "shop")
    write_plans(
        root,
        infra(unused_imports("prices", "shop/prices.py")),
        infra(unused_imports("stock", "shop/stock.py")),
    )  # fmt: skip
    report = await run(root, parallel=4)
    assert report.answer is Answer.DONE
    assert report.ran == ("prices", "stock")
    assert not overlap(spans(root))


async def test_a_lock_that_is_never_free_leaves_its_ticket_open_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESTOP_EXECUTION__INFRA_WAIT_SECONDS", "0.5")
    root = small_shop(tmp_path / "shop")
    write_plans(root, infra(unused_imports("stock", "shop/stock.py")), unused_imports("prices", "shop/prices.py"))
    async with infra_lock(5, who="somebody"):
        report = await run(root)
    states = {ticket.id: (ticket.state, ticket.attempts) for ticket in report.tickets}
    assert report.answer is Answer.NOT_DONE
    assert states == {"stock": (TicketState.OPEN, 0), "prices": (TicketState.DONE, 1)}


async def test_a_plan_that_came_to_need_the_lock_after_it_was_filed_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESTOP_EXECUTION__INFRA_WAIT_SECONDS", "0.5")
    root = small_shop(tmp_path / "shop")
    plan = unused_imports("stock", "shop/stock.py")
    Line(root).tracker.file(Ticket(id=plan.id, batch="b", title=plan.title, plan=plan))
    write_plans(root, infra(plan))
    async with infra_lock(5):
        assert (await run(root)).answer is Answer.NOT_DONE


async def test_a_cancelled_run_gives_lock_and_slot_back(tmp_path: Path) -> None:
    root = small_shop(tmp_path / "shop", tests="import time\n\n\ndef test_slow():\n    time.sleep(0.2)\n")
    write_plans(root, infra(unused_imports("stock", "shop/stock.py")))
    running = asyncio.ensure_future(run(root))
    while not any(ticket.state is TicketState.CLAIMED for ticket in Line(root).tracker.list()):
        assert not running.done(), running
        await asyncio.wait([running], timeout=0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with infra_lock(5):
        assert Line(root).tracker.get("stock").state is TicketState.OPEN
    assert (await slots_taken(INFRA), await slots_taken(WORKERS)) == (0, 0)


async def test_the_workers_limit_holds_over_repositories(tmp_path: Path) -> None:
    await ensure_limits(workers=1, change=True)
    try:
        roots = [small_shop(tmp_path / name) for name in ("shop", "blog")]
        for root in roots:
            write_plans(root, unused_imports("stock", "shop/stock.py"))
        await asyncio.gather(*(run(root) for root in roots))
        assert not overlap([span for root in roots for span in spans(root)])
    finally:
        await ensure_limits(change=True)
