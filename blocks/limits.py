"""The global concurrency limits that linestop relies on. Holding a slot of one is infra_lock.py or `concurrency`."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

WORKERS = "linestop-workers"  # tickets at a time, over all runs of this server
INFRA = "infra"  # one ticket at a time changes what all others stand on
DEFAULT_WORKERS = 2  # SQLite serves few; see docs/deployments.md


async def ensure_limits(*, workers: int = DEFAULT_WORKERS) -> None:
    """Create the limits that aren't there; one that the owner has changed in the UI stays as it is.

    A missing limit lets everybody through (`strict=False`) or nobody (`strict=True`).
    """
    async with get_client() as client:
        for name, slots in ((WORKERS, workers), (INFRA, 1)):
            try:
                await client.read_global_concurrency_limit_by_name(name)
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
