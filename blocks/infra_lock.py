"""The infra lock: one holder at a time over all workers of a server, and over all processes of this host.

Prefect's slot is a lease of 60 s, renewed while its holder lives and free again after it was killed; the lease storage
on disk (deployments/environment.py) frees it after a server restart as well. A lease is no fencing token: a holder that
hangs past its lease doesn't know. On one host the file lock closes that gap: the kernel frees it with its holder.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic

from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError

from linestop.blocks.limits import INFRA, slot
from linestop.errors import InfraError
from linestop.home import workplace
from linestop.records import holder

POLL_SECONDS = 0.25


@asynccontextmanager
async def infra_lock(
    timeout_seconds: float, *, who: str = "a run", waiting: Callable[[str], None] = lambda _: None
) -> AsyncIterator[None]:
    """Hold the lock for a while, waiting at most `timeout_seconds` for it.

    `who` is what others are told about its holder; `waiting` is told who holds it, once, where it isn't free.

    Raises:
        InfraError: another held it all that time; names it.
    """
    deadline = monotonic() + timeout_seconds
    async with AsyncExitStack() as held:
        await held.enter_async_context(_file_lock(deadline, timeout_seconds, who, waiting))
        left = max(1.0, deadline - monotonic())
        try:
            await held.enter_async_context(slot(INFRA, waiting=waiting, timeout_seconds=left, ends_with_lease=True))
        except (TimeoutError, ConcurrencySlotAcquisitionError) as error:
            raise _held(timeout_seconds, f"the slot of the limit `{INFRA}`: {error}") from error
        yield


@asynccontextmanager
async def _file_lock(
    deadline: float, timeout_seconds: float, who: str, waiting: Callable[[str], None]
) -> AsyncIterator[None]:
    path = workplace() / "infra.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    told = False
    with path.open("a+") as file:
        while not _taken(file.fileno()):
            file.seek(0)
            by = file.read(400).strip() or "another process"
            if monotonic() >= deadline:
                raise _held(timeout_seconds, by)
            if not told:
                waiting(by)
                told = True
            await asyncio.sleep(POLL_SECONDS)
        file.truncate(0)
        file.write(f"{who}, process {holder()}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held(seconds: float, who: str) -> InfraError:
    return InfraError(
        f"the infra lock was not free within {seconds:.0f} s",
        found=f"held by {who}",
        todo="wait for that run to end, or raise execution.infra_wait_seconds; a killed holder's slot is free after a "
        "minute",
    )
