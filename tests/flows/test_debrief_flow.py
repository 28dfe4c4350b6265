"""Debriefs through the real flows: gathered where a ticket ends, asked about once, and never in a ticket's way."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.states import Completed, Crashed, Suspended

from linestop.blocks.line import Line
from linestop.debrief import Debriefs, Ruling
from linestop.deployments.debrief_reminders import remind
from linestop.deployments.register import register_all
from linestop.deployments.settings import MachineSettings
from linestop.execution.order import ExecutionOrder
from linestop.execution.runs import newest
from linestop.flows.debrief import debrief
from linestop.flows.execution import execution
from linestop.paths import Layout
from linestop.tasks.artifacts import slug
from linestop.tasks.debrief_runs import FLOW, MAX_RUNS, WOKEN, ask, question_key, subject_tag
from linestop.tickets import TicketState
from tests.flows.small_shop import small_shop, unused_imports, write_plans

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.live]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LINESTOP_SANDBOX__KIND", "plain")
    monkeypatch.setenv("LINESTOP_SANDBOX__ALLOW_PLAIN", "true")
    root = small_shop(tmp_path / "shop")
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    return root


async def carried_out(root: Path, maker: str) -> TicketState:
    await execution(ExecutionOrder(repository=str(root), maker=maker), return_state=True)
    return Line(root).tracker.get("stock").state


async def runs_of(root: Path) -> list[FlowRun]:
    tags = FlowRunFilterTags(all_=[subject_tag("stock"), f"repository:{Layout(root).key}"])
    async with get_client() as client:
        return await client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=tags))


async def page_of(root: Path) -> Artifact | None:
    key = slug(f"{Layout(root).key}-debrief-stock")
    async with get_client() as client:
        found: list[Any] = (await client.request("POST", "/artifacts/latest/filter", json={})).json()
    return next((Artifact.model_validate(one) for one in found if one["key"] == key), None)


async def test_a_ticket_that_learned_something_is_asked_about_by_one_run(root: Path) -> None:
    await register_all([root], MachineSettings())
    assert await carried_out(root, "scripted:slow-learner") is TicketState.DONE
    (one,) = Debriefs(Layout(root)).waiting()
    assert (one.subject, one.kind, one.times, len(one.runs)) == ("stock", "signature", 2, 2)
    assert "test_count" in one.event
    (run,) = await runs_of(root)
    assert run.parameters == {"order": {"repository": str(root), "subject": "stock"}}
    assert run.parent_task_run_id is None
    page = await page_of(root)
    assert page is not None
    assert f"/v2/runs/flow-run/{run.id}" in str(page.data)
    (ticket_run,) = {inputs.flow_run for _, inputs in newest(Layout(root), "ticket")}
    assert all(f"[{name}](/v2/runs/flow-run/{ticket_run})" in str(page.data) for name in one.runs)
    assert one.title[:40] in str(page.data).replace("\\", "")
    await _one_run_at_a_time(root, run)


async def _one_run_at_a_time(root: Path, run: FlowRun) -> None:
    """Whoever comes while it lives finds it; who comes when it is gone makes one, however many come."""
    found = await asyncio.gather(*(ask(Layout(root)) for _ in range(3)))
    assert {made["stock"].id for made in found} == {run.id}
    async with get_client() as client:
        await client.set_flow_run_state(run.id, Crashed(message="the machine went down"), force=True)
    found = await asyncio.gather(*(ask(Layout(root)) for _ in range(3)))
    (again,) = {made["stock"].id for made in found}
    assert again != run.id
    assert await remind([root, root.parent / "gone"]) == 1
    assert len(await runs_of(root)) == 2
    debriefs = Debriefs(Layout(root))
    debriefs.decide(debriefs.waiting()[0].id, Ruling.DROP, by="anna", why="known")
    assert await remind([root]) == 0


async def test_a_form_that_stands_there_for_nothing_is_woken_however_many_runs_came_after_it(root: Path) -> None:
    """What it asked about was decided in a terminal, weeks and a hundred debriefs ago."""
    await register_all([root], MachineSettings())
    tags = ["linestop", f"repository:{Layout(root).key}"]
    async with get_client() as client:
        deployment = await client.read_deployment_by_name(f"{FLOW}/{Layout(root).key}")
        asks = Suspended(pause_key=question_key("repeat-0123456789-01234567", 0))
        idle = await client.create_flow_run_from_deployment(deployment.id, tags=tags, state=asks)
        for _ in range(MAX_RUNS):
            await client.create_flow_run(debrief, tags=tags, state=Completed())
        assert await ask(Layout(root)) == {}
        assert (await client.read_flow_run(idle.id)).state_name == WOKEN


async def test_without_a_deployment_what_waits_is_in_the_files_and_a_page_says_so(root: Path) -> None:
    assert await carried_out(root, "scripted:slow-learner") is TicketState.DONE
    assert len(Debriefs(Layout(root)).waiting()) == 1
    assert await runs_of(root) == []
    page = await page_of(root)
    assert page is not None
    assert "linestop up" in str(page.data)
    assert "linestop debrief stock" in str(page.data)


async def test_a_ticket_that_taught_nothing_asks_nothing(root: Path) -> None:
    assert await carried_out(root, "static") is TicketState.DONE
    assert not Layout(root).debriefs.exists()
    assert await page_of(root) is None


async def test_a_debrief_that_cannot_be_kept_fails_no_ticket(root: Path) -> None:
    Layout(root).ensure().debriefs.write_text("a file where a folder should be")
    assert await carried_out(root, "scripted:slow-learner") is TicketState.DONE
    assert await page_of(root) is None
