"""The turn of a ticket run: when it may begin. Owns the waiting; what it holds is given back when the run ends or dies.

An infra ticket waits for the infra lock first and for a worker's slot then: who waits takes no slot from others.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from prefect import get_run_logger

from linestop.blocks.claims import is_infra
from linestop.blocks.infra_lock import infra_lock
from linestop.blocks.limits import WORKERS, slot
from linestop.blocks.line import Line
from linestop.text import plain


@asynccontextmanager
async def turn(line: Line, ticket_id: str) -> AsyncIterator[None]:
    """Hold what a ticket needs before it is claimed: the infra lock where its plan says so, and a slot of the workers.

    Raises:
        InfraError: the infra lock wasn't free within the policy's time; the ticket is still open then.
        TrackerError: there is no such ticket.
    """
    waiting = _waiting(ticket_id)
    async with AsyncExitStack() as held:
        if await asyncio.to_thread(is_infra, line, ticket_id):
            seconds = line.policy.execution.infra_wait_seconds
            who = f"ticket {ticket_id} of {line.layout.root}"
            await held.enter_async_context(infra_lock(seconds, who=who, waiting=waiting))
            get_run_logger().info("infra.held ticket=%s", ticket_id, extra={"action": "infra.held"})
        await held.enter_async_context(slot(WORKERS, waiting=waiting))
        yield


def _waiting(ticket_id: str) -> Callable[[str], None]:
    log = get_run_logger()

    def tell(what: str) -> None:
        log.info("ticket.waits ticket=%s for=%s", ticket_id, plain(what, limit=400), extra={"action": "ticket.waits"})

    return tell
