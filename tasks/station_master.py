"""The station master: claim, lease, record and worktree of a ticket run; what becomes of them when it breaks off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prefect import get_run_logger
from prefect.runtime import flow_run

from linestop.blocks.claims import claim, leased
from linestop.blocks.line import Line
from linestop.blocks.station import Station, close_workspaces
from linestop.errors import InfraError, LinestopError, RecordError
from linestop.execution.order import TicketOrder, TicketOutcome
from linestop.execution.setbacks import MAX_DETAIL
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.records import RunRecord, holder, in_words
from linestop.tasks.debriefer import debriefer
from linestop.tasks.memory_log import say_of_memory
from linestop.tasks.record_pages import publish_record
from linestop.tasks.turn import turn
from linestop.text import plain
from linestop.tickets import Ticket, TicketState
from linestop.watch.firing import Severity


@asynccontextmanager
async def manned_station(line: Line, order: TicketOrder) -> AsyncIterator[Station | None]:
    """Yield the station of a claimed ticket when its turn has come, None where the ticket can't be claimed.

    A run that breaks off gives the ticket back: open again with what was finished kept, where the machine or a person
    broke it off; stopped with an incident, for a person, where linestop or a tool failed. After kill -9 the next run
    reclaims it.
    """
    async with turn(line, order.ticket), _claimed(line, order) as station:
        yield station
    if station is not None:
        await debriefer(line, order.ticket)


@asynccontextmanager
async def _claimed(line: Line, order: TicketOrder) -> AsyncIterator[Station | None]:
    ticket = await _claim(line, order.ticket)
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
            await publish_record(line.layout, record, about=f"ticket {ticket.id}", going=True)
            await say_of_memory(line, record)
            with record.step("worktree"):
                station = await asyncio.to_thread(Station, line, ticket, record)
            _say_what_was_set_aside(station)
            yield station
            ended = station.ticket
        await asyncio.to_thread(station.close)
        words = ended.reason or TicketOutcome.of(ended).delivered
        problems = list(line.memory.problems)
        record.finish(str(ended.state), summary=words, ticket=ended.id, progress=dict(ended.progress), memory=problems)
    except (asyncio.CancelledError, KeyboardInterrupt, InfraError, RecordError, OSError) as error:
        reason = "" if isinstance(error, asyncio.CancelledError) else f"broken off: {in_words(error)}"
        _give_back(line, station.ticket if station else ticket, TicketState.OPEN, reason)
        record.break_off("broken-off", error, ticket=ticket.id, memory=list(line.memory.problems))
        raise
    except Exception as error:
        held = station.ticket if station else ticket
        reason = await asyncio.to_thread(_incident, line, held, error, record)
        _give_back(line, held, TicketState.STOPPED, reason)
        record.break_off("failed", error, ticket=ticket.id, memory=list(line.memory.problems))
        raise
    finally:
        line.memory.close()
        await publish_record(line.layout, record, about=f"ticket {ticket.id}")


async def _claim(line: Line, ticket_id: str) -> Ticket | None:
    """Claim a ticket; where the run is cancelled meanwhile, give back what was just claimed."""
    claiming = asyncio.ensure_future(asyncio.to_thread(claim, line, ticket_id, holder=holder()))
    try:
        return await asyncio.shield(claiming)
    except asyncio.CancelledError:
        await asyncio.wait([claiming])
        if claiming.done() and not claiming.exception() and (ticket := claiming.result()):
            _give_back(line, ticket, TicketState.OPEN, "")
        raise


def _give_back(line: Line, ticket: Ticket, state: TicketState, reason: str) -> None:
    """End a claim that is still ours. Where even that fails the next run reclaims it: its holder is gone by then."""
    with suppress(LinestopError, OSError):
        stored = line.tracker.get(ticket.id)
        if stored.state is not TicketState.CLAIMED or stored.generation != ticket.generation:
            return
        line.tracker.end(ticket, state, reason=reason)
        if state is TicketState.STOPPED:
            close_workspaces(line, ticket.id)


def _incident(line: Line, ticket: Ticket, error: Exception, record: RunRecord) -> str:
    """Stop the line for a ticket that an error ended; return the reason for its state. A lost claim stops nothing."""
    what = in_words(error)
    line.memory.caution(
        Caution(
            kind=CautionKind.STOP, detector=type(error).__name__, severity=Severity.STOP, run=record.id,
            ticket=ticket.id, detail=plain(what, limit=MAX_DETAIL),
        )
    )  # fmt: skip
    with suppress(LinestopError, OSError):
        if line.tracker.get(ticket.id).generation == ticket.generation:
            incident = line.incidents.open(scope="ticket", subject=ticket.id, what=what, run=record.id)
            return f"{what} (incident {incident.id})"
    return what


def _say_what_was_set_aside(station: Station) -> None:
    if station.set_aside:
        get_run_logger().warning(
            "branch.set-aside ticket=%s commits that linestop didn't make are kept on %s",
            station.ticket.id, station.set_aside, extra={"action": "branch.set-aside"},
        )  # fmt: skip
