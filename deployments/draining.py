"""From accepted deliveries to documentation runs, each exactly once, however often Prefect or we go down meanwhile.

Keeping deliveries is inbox.py; what a run does is flows/documentation.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx

from linestop.deployments.fetching import fetch_base
from linestop.deployments.inbox import Delivery, Inbox
from linestop.deployments.registry import registered
from linestop.deployments.settings import machine_settings
from linestop.deployments.waiting import wait_seconds
from linestop.errors import LinestopError

log = logging.getLogger(__name__)

StartRun = Callable[[Delivery], Awaitable[str]]  # returns the flow run's id; the same one for the same key
IDLE_SECONDS = 30.0  # how long to look away when nobody wakes the drain
MAX_WAIT_SECONDS = 300.0
MAX_FETCHES = 6  # tries over about a minute


async def drain(inbox: Inbox, start_run: StartRun, wake: asyncio.Event) -> None:
    """Start the runs of accepted deliveries for ever; `wake` is set when one has come."""
    while True:
        wake.clear()
        trouble = await _drain_once(inbox, start_run)
        # Not wait_for: until Python 3.12 it can swallow a cancellation, and the receiver would never end.
        with suppress(TimeoutError):
            async with asyncio.timeout(1 if trouble else IDLE_SECONDS):
                await wake.wait()


async def _drain_once(inbox: Inbox, start_run: StartRun) -> bool:
    """Start what is due; return whether something went wrong."""
    try:
        due = await asyncio.to_thread(inbox.due)
        results = [await _start(inbox, start_run, delivery) for delivery in due]
    except LinestopError as error:
        log.warning("inbox.unreadable error=%s", error.found)
        return True
    return not all(results)


async def _start(inbox: Inbox, start_run: StartRun, delivery: Delivery) -> bool:
    try:
        flow_run = await start_run(delivery)
    except Exception as error:  # noqa: BLE001  # the process edge: whatever Prefect's client raises, we try again
        wait = wait_seconds(delivery.tries + 1, most=MAX_WAIT_SECONDS)
        log.warning("run.postponed repository=%s seconds=%s error=%s", delivery.repository, wait, type(error).__name__)
        await asyncio.to_thread(inbox.postpone, delivery, seconds=wait, trouble=repr(error))
        return False
    log.info("run.started repository=%s commit=%s flow_run=%s", delivery.repository, delivery.commit, flow_run)
    await asyncio.to_thread(inbox.started, delivery, flow_run)
    return True


async def start_documentation(delivery: Delivery) -> str:
    """Start the documentation of a merged commit and return the flow run's id.

    Raises:
        httpx.HTTPError, PrefectException: the server is away or has no such deployment.
        InfraError: the commit is not here and can't be fetched; after some tries the run starts, and says so itself.
    """
    from prefect.client.orchestration import get_client  # noqa: PLC0415  # the receiver must answer before this loads

    repository = registered()[delivery.repository]
    if machine_settings().fetch and delivery.tries < MAX_FETCHES:
        await asyncio.to_thread(fetch_base, repository, delivery.commit)
    async with get_client(httpx_settings={"timeout": httpx.Timeout(20)}) as client:
        deployment = await client.read_deployment_by_name(f"documentation/{delivery.repository}")
        run = await client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"order": {"repository": str(repository.path), "ref": delivery.commit}},
            idempotency_key=delivery.idempotency_key,
            name=f"{repository.path.name} {delivery.commit[:10]}",
        )
    return str(run.id)
