"""The global concurrency limits that linestop relies on, and holding a slot of one. The infra lock is infra_lock.py."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

WORKERS = "linestop-workers"  # tickets at a time, over all runs of this server
INFRA = "infra"  # one ticket at a time changes what all others stand on
DEFAULT_WORKERS = 4  # SQLite stalls at about 10 flow runs at a time; twice what one run takes (policy: parallel)
LEASE_SECONDS = 60  # the shortest that Prefect allows: how long a killed holder blocks the others


async def ensure_limits(*, workers: int = DEFAULT_WORKERS, change: bool = False) -> None:
    """Create the limits that aren't there. One that the owner has changed in the UI stays, unless told to `change` it.

    A missing limit lets everybody through (`strict=False`) or nobody (`strict=True`).
    """
    async with get_client() as client:
        for name, slots in ((WORKERS, workers), (INFRA, 1)):
            try:
                found = await client.read_global_concurrency_limit_by_name(name)
                if change and found.limit != slots:
                    await client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(limit=slots))
            except ObjectNotFound:
                await _create(name, slots)


async def _create(name: str, slots: int) -> None:
    async with get_client() as client:
        try:
            await client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(name=name, limit=slots, active=True)
            )
        except ObjectAlreadyExists:
            return  # another process was faster


@asynccontextmanager
async def slot(
    name: str, *, waiting: Callable[[str], None], timeout_seconds: float | None = None, ends_with_lease: bool = False
) -> AsyncIterator[None]:
    """Hold a slot under a lease that is renewed; `waiting` is told the limit's name where none is free at once.

    `ends_with_lease` cancels the body when the lease can't be renewed, else it goes on without its slot.

    Raises:
        TimeoutError: none was free all that time.
        ConcurrencySlotAcquisitionError: the server refused.
    """
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(_leased(name, ends_with_lease=ends_with_lease, max_retries=0))
        except ConcurrencySlotAcquisitionError as error:
            if _is_taken(error):
                waiting(f"the limit {name}")
            else:
                await ensure_limits()  # there is none yet
            await held.enter_async_context(
                _leased(name, ends_with_lease=ends_with_lease, timeout_seconds=timeout_seconds)
            )
        yield


@asynccontextmanager
async def _leased(
    name: str, *, ends_with_lease: bool, max_retries: int | None = None, timeout_seconds: float | None = None
) -> AsyncIterator[None]:
    async with concurrency(
        name, occupy=1, strict=True, lease_duration=LEASE_SECONDS, max_retries=max_retries,
        timeout_seconds=timeout_seconds, raise_on_lease_renewal_failure=ends_with_lease,
    ):  # fmt: skip
        yield


def _is_taken(error: ConcurrencySlotAcquisitionError) -> bool:
    cause = error.__cause__
    return isinstance(cause, httpx.HTTPStatusError) and cause.response.status_code == httpx.codes.LOCKED
