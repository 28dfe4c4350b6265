"""The planner's clerk: turns plan files into tickets of a batch. What a plan says is linestop/audit/'s matter."""

import asyncio
from collections.abc import Collection

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.line import Line
from linestop.blocks.station import close_workspaces
from linestop.errors import UsageError
from linestop.execution.batches import NEW_BATCH, batch_name, batch_of, ticket_of
from linestop.execution.order import ExecutionOrder
from linestop.plans import Plan
from linestop.records import is_alive
from linestop.tickets import ENDED, Ticket, TicketState


@task(name="planner", task_run_name="planner", cache_policy=NO_CACHE, persist_result=False)
async def planner(line: Line, order: ExecutionOrder) -> tuple[str | None, tuple[str, ...]]:
    """Return the batch to work on, None where there is nothing at all, and the ids of the tickets just filed."""
    batch, filed = await asyncio.to_thread(file_tickets, line, order)
    log = get_run_logger()
    for ticket_id in filed:
        log.info("ticket.filed ticket=%s batch=%s", ticket_id, batch, extra={"action": "ticket.filed"})
    return batch, filed


def file_tickets(line: Line, order: ExecutionOrder) -> tuple[str | None, tuple[str, ...]]:
    """Open the tickets again whose holder was killed, and file each plan that has no ticket yet."""
    _reclaim(line)
    tickets = line.tracker.list()
    for ticket in tickets:
        if ticket.state in ENDED and (line.layout.worktrees / ticket.id).exists():
            close_workspaces(line, ticket.id)  # its run was killed after the ticket had ended
    waiting = unfiled(line, tickets)
    _require_known(order, tickets, waiting)
    plans = () if order.dry_run else waiting
    batch = order.batch or batch_of(tickets)
    if batch == NEW_BATCH and not plans:
        return _last(tickets), ()
    batch = batch or batch_name()
    filed = tuple(plan.id for plan in plans if line.tracker.file(ticket_of(plan, batch)))
    if plans and not filed and not order.batch:  # another run was faster with all of them: its batch is the one
        return batch_of(line.tracker.list()) or _last(line.tracker.list()), ()
    return batch, filed


def _require_known(order: ExecutionOrder, tickets: tuple[Ticket, ...], waiting: tuple[Plan, ...]) -> None:
    known = {ticket.id for ticket in tickets} | {plan.id for plan in waiting}
    if strange := sorted(set(order.tickets) - known):
        raise UsageError(
            f"there is no ticket {', '.join(strange)}", found=_few(known), todo="see `linestop ticket list`"
        )
    batches = {ticket.batch for ticket in tickets}
    if order.batch and order.batch not in batches and not waiting:
        raise UsageError(f"there is no batch {order.batch}", found=_few(batches), todo="see `linestop ticket list`")


def _few(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[-10:]) or "no ticket at all"


def unfiled(line: Line, tickets: tuple[Ticket, ...]) -> tuple[Plan, ...]:
    """Return the plans that have no ticket yet."""
    known = {ticket.id for ticket in tickets}
    return tuple(plan for plan in line.plans.plans() if plan.id not in known)


def would_be(line: Line) -> tuple[Ticket, ...]:
    """Return the tickets that the next run would file."""
    return tuple(ticket_of(plan, NEW_BATCH) for plan in unfiled(line, line.tracker.list()))


def _reclaim(line: Line) -> None:
    """Give back what killed runs held; one that was killed between a line stop and the tracker is stopped now."""
    for ticket in line.tracker.reclaim(alive=is_alive):
        stops = [one for one in line.incidents.blocking("ticket", ticket.id) if one.ticket == ticket.id]
        if stops:
            line.tracker.end(ticket, TicketState.STOPPED, reason=f"{stops[-1].what} (incident {stops[-1].id})")


def _last(tickets: tuple[Ticket, ...]) -> str | None:
    """Return the newest batch: with nothing new to do, what the run answers for is how that one stands."""
    return max(tickets, key=lambda ticket: ticket.created).batch if tickets else None
