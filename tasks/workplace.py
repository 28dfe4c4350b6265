"""The workplace of a ticket run: claim, lease, record, worktree; and what becomes of them when the run breaks off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect import get_run_logger
from prefect.runtime import flow_run

from linestop.blocks.line import Line
from linestop.blocks.station import Station, claim, leased
from linestop.errors import InfraError, LinestopError
from linestop.execution.order import TicketOrder
from linestop.records import RunRecord, holder
from linestop.tickets import Ticket, TicketState


@asynccontextmanager
async def workplace(line: Line, order: TicketOrder) -> AsyncIterator[Station | None]:
    """Yield the station of a claimed ticket, None where the ticket can't be claimed.

    A run that breaks off gives the ticket back: open again with what was finished kept, where the machine or a person
    broke it off; stopped, for a person, where linestop or a tool failed. After kill -9 the next run reclaims it.
    """
    ticket = await asyncio.to_thread(claim, line, order.ticket, holder=holder())
    if ticket is None:
        yield None
        return
    record = RunRecord(line.layout, "ticket", parent=order.parent, flow_run=flow_run.id or "", ticket=ticket.id)
    get_run_logger().info(
        "ticket.claimed ticket=%s base=%s generation=%s", ticket.id, ticket.base[:10], ticket.generation,
        extra={"action": "ticket.claimed"},
    )  # fmt: skip
    station: Station | None = None
    try:
        with leased(line, ticket):
            with record.step("worktree"):
                station = await asyncio.to_thread(Station, line, ticket, record)
            yield station
            ended = station.ticket
        await asyncio.to_thread(station.close)
        record.finish(str(ended.state), summary=ended.reason, ticket=ended.id, progress=dict(ended.progress))
    except (asyncio.CancelledError, KeyboardInterrupt, InfraError) as error:
        _give_back(line, station.ticket if station else ticket, TicketState.OPEN, "")
        record.finish("broken-off", summary=str(error) or type(error).__name__, ticket=ticket.id)
        raise
    except LinestopError as error:
        _give_back(line, station.ticket if station else ticket, TicketState.STOPPED, str(error))
        record.finish("failed", summary=str(error), ticket=ticket.id)
        raise


def _give_back(line: Line, ticket: Ticket, state: TicketState, reason: str) -> None:
    if line.tracker.get(ticket.id).state is TicketState.CLAIMED:
        line.tracker.end(ticket, state, reason=reason)
