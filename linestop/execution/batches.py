"""Which batch an execution run works on when nobody names one."""

from collections.abc import Sequence

from linestop.tickets import Ticket, TicketState

NEW_BATCH = ""
_UNFINISHED = frozenset({TicketState.OPEN, TicketState.CLAIMED})


def batch_of(tickets: Sequence[Ticket]) -> str:
    """Return the oldest batch that still has tickets to carry out, which new plans join, else `NEW_BATCH`."""
    return next((ticket.batch for ticket in tickets if ticket.state in _UNFINISHED), NEW_BATCH)
