"""Runs left Running are ended once their process is gone."""

import socket
from datetime import timedelta

import pytest
from prefect import flow, task
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import Running

from linestop.blocks.run_tags import HOLDER, LINESTOP, run_tags
from linestop.deployments.reconciliation import reconcile_runs

pytestmark = pytest.mark.usefixtures("prefect_server")

GONE = f"{HOLDER}{socket.gethostname()}:999999:1.00"
ELSEWHERE = f"{HOLDER}another-host:1:1.00"


@flow
async def nothing() -> None:
    """Stand for any flow of ours."""


@task
async def start_another() -> None:
    """Stand for the task that a subflow hangs on."""


async def running(client: PrefectClient, *tags: str) -> FlowRun:
    return await client.create_flow_run(nothing, tags=tags, state=Running())


@pytest.mark.parametrize(
    ("tags", "state"),
    [
        pytest.param([LINESTOP, GONE], "Crashed", id="its-process-is-gone"),
        pytest.param(sorted(run_tags()), "Running", id="its-process-lives"),
        pytest.param([LINESTOP, ELSEWHERE], "Running", id="of-another-host-nothing-is-known"),
        pytest.param([LINESTOP], "Running", id="nobody-says-whose-it-is"),
        pytest.param([GONE], "Running", id="not-ours"),
    ],
)
async def test_a_run_is_crashed_only_where_its_process_is_known_to_be_gone(tags: list[str], state: str) -> None:
    async with get_client() as client:
        run = await running(client, *tags)
        await reconcile_runs()
        found = await client.read_flow_run(run.id)
    assert found.state is not None
    assert found.state.name == state
    if state == "Crashed":
        assert "999999" in (found.state.message or "")


async def test_the_subflows_of_a_killed_run_are_crashed_with_it_whatever_their_tags_say() -> None:
    async with get_client() as client:
        parent = await running(client, LINESTOP, GONE)
        link = await client.create_task_run(start_another, flow_run_id=parent.id, dynamic_key="0")
        child = await client.create_flow_run(nothing, parent_task_run_id=link.id, state=Running())
        count = await reconcile_runs()
        found = await client.read_flow_run(child.id)
    assert count == 2
    assert found.state is not None
    assert found.state.name == "Crashed"


@pytest.mark.parametrize(
    ("process", "state"),
    [
        pytest.param("999999", "Crashed", id="a-bare-pid-that-is-gone"),
        pytest.param(f"{socket.gethostname()}:999999", "Crashed", id="one-with-this-host"),
        pytest.param("another-host:999999", "Running", id="one-of-another-host"),
        pytest.param("1", "Running", id="one-that-lives"),
        pytest.param("", "Running", id="none-yet"),
    ],
)
async def test_a_run_that_a_worker_took_is_crashed_with_its_process(process: str, state: str) -> None:
    async with get_client() as client:
        run = await running(client, LINESTOP)
        await client.update_flow_run(run.id, infrastructure_pid=process or None)
        await reconcile_runs(grace=timedelta())
        found = await client.read_flow_run(run.id)
        await client.delete_flow_run(run.id)
    assert found.state is not None
    assert found.state.name == state
