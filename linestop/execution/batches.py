"""Which batch an execution run works on when nobody names one, and the ticket that a plan becomes in it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from linestop.plans import Plan
from linestop.tickets import Ticket, TicketState

NEW_BATCH = ""
_UNFINISHED = frozenset({TicketState.OPEN, TicketState.CLAIMED})


def batch_of(tickets: Sequence[Ticket]) -> str:
    """Return the oldest batch that still has tickets to carry out, which new plans join, else `NEW_BATCH`."""
    return next((ticket.batch for ticket in tickets if ticket.state in _UNFINISHED), NEW_BATCH)


def batch_name() -> str:
    """Return the name of a batch that begins now, in UTC."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}"


def ticket_of(plan: Plan, batch: str) -> Ticket:
    """Return the ticket to be filed for a plan: open, or gated where its plan says why a person must do it."""
    return Ticket(
        id=plan.id,
        batch=batch,
        title=plan.title,
        plan=plan,
        state=TicketState.GATED if plan.gated else TicketState.OPEN,
        reason=plan.gated or "",
        depends_on=plan.depends_on,
        infra=plan.infra,
    )
