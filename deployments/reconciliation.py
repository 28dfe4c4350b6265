"""Runs left Running: a flow run whose process was killed stays so for ever, unless somebody tells the server.

A process is known by the run's tag `holder:host:pid:start` (blocks/run_tags.py), or by what the worker wrote (a pid, in
some versions `host:pid`). A subflow lives in its parent's process. Claimed tickets are given back by the tracker.
"""

import socket
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psutil
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.settings import get_current_settings
from prefect.states import Crashed

from linestop.blocks.run_tags import HOLDER, LINESTOP
from linestop.deployments.server import is_local
from linestop.records import is_alive

MAX_RUNS = 200
GRACE = timedelta(seconds=20)  # a worker needs this long to write down the process of a run it has taken


async def reconcile_runs(*, grace: timedelta = GRACE) -> int:
    """Mark runs of ours whose process is gone as Crashed; return how many."""
    async with get_client() as client:
        runs = await client.read_flow_runs(flow_run_filter=_unfinished(), limit=MAX_RUNS)
        return await _crash([run for run in runs if _orphaned(run, grace)], client)


async def _crash(runs: list[FlowRun], client: PrefectClient, *, process: str = "") -> int:
    count = 0
    for run in runs:
        gone = process or _holder(run) or str(run.infrastructure_pid)
        message = f"its process is gone ({gone}): killed, or the machine went down"
        await client.set_flow_run_state(run.id, _crashed(message), force=True)
        count += 1 + await _crash(await _children(run.id, client), client, process=gone)
    return count


def _crashed(message: str) -> State[None]:
    return Crashed(message=message)


async def _children(parent: UUID, client: PrefectClient) -> list[FlowRun]:
    """Return the unfinished subflows of a run, whatever their tags say: they shared its process."""
    wanted = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[parent]), state=_unfinished().state)
    return await client.read_flow_runs(flow_run_filter=wanted, limit=MAX_RUNS)


def _unfinished() -> FlowRunFilter:
    kinds = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
    return FlowRunFilter(
        tags=FlowRunFilterTags(all_=[LINESTOP]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=kinds)),
    )


def _orphaned(run: FlowRun, grace: timedelta) -> bool:
    if holder := _holder(run):
        return not is_alive(holder)
    if run.parent_task_run_id is not None:
        return False  # its parent decides
    return _worker_process_gone(run, grace)


def _worker_process_gone(run: FlowRun, grace: timedelta) -> bool:
    host, _, pid = (run.infrastructure_pid or "").rpartition(":")
    since = run.state.timestamp if run.state else datetime.now(UTC)
    here = host == socket.gethostname() if host else _server_is_local()
    if not here or not pid.isdigit() or datetime.now(UTC) - since < grace:
        return False
    try:
        started = datetime.fromtimestamp(psutil.Process(int(pid)).create_time(), UTC)
    except psutil.Error:
        return True
    return run.start_time is not None and started > run.start_time  # the pid was used again


def _server_is_local() -> bool:
    """Return whether every worker is of this machine: a bare pid says nothing of where it is."""
    return is_local(get_current_settings().api.url or "")


def _holder(run: FlowRun) -> str:
    return next((tag.removeprefix(HOLDER) for tag in run.tags if tag.startswith(HOLDER)), "")
