"""What a write does to a ticket, as pure functions: both trackers share them, so that neither can differ."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from linestop.errors import TrackerError
from linestop.tickets import Evidence, Ticket, TicketState


def claimed(ticket: Ticket, *, holder: str, seconds: int) -> Ticket | None:
    """Return the ticket claimed with a new generation, or None where it isn't open."""
    if ticket.state is not TicketState.OPEN:
        return None
    now = datetime.now(UTC)
    return ticket.model_copy(
        update={
            "state": TicketState.CLAIMED,
            "holder": holder,
            "generation": ticket.generation + 1,
            "lease_until": now + timedelta(seconds=seconds),
            "updated": now,
        }
    )


def renewed(ticket: Ticket, *, seconds: int) -> Ticket:
    """Return the ticket with a lease that ends `seconds` from now."""
    return ticket.model_copy(update={"lease_until": datetime.now(UTC) + timedelta(seconds=seconds)})


def saved(stored: Ticket, ticket: Ticket) -> Ticket:
    """Return the holder's ticket to be written, with the stored lease: it was renewed meanwhile."""
    return touched(ticket.model_copy(update={"lease_until": stored.lease_until}))


def touched(ticket: Ticket) -> Ticket:
    """Return the ticket with the time of its last change set to now."""
    return ticket.model_copy(update={"updated": datetime.now(UTC)})


def ended(ticket: Ticket, state: TicketState, *, reason: str, evidence: Evidence | None) -> Ticket:
    """Return the ticket in its end state (or open again), held by nobody.

    Raises:
        TrackerError: Done without evidence.
    """
    if state is TicketState.DONE and evidence is None:
        raise TrackerError(
            f"ticket {ticket.id} can't be Done", found="no evidence", todo="let the goal-checker judge a commit"
        )
    changes: dict[str, object] = {
        "state": state,
        "reason": reason,
        "evidence": evidence,
        "holder": "",
        "lease_until": None,
    }
    if state is TicketState.OPEN and ticket.state is not TicketState.CLAIMED:
        # A person lets it go on: with the plan as it reads now, and with three failures more. Attempts stay counted.
        kept = {chunk: word for chunk, word in ticket.progress.items() if not word.startswith("refused")}
        changes |= {"frozen": False, "failures_in_a_row": 0, "progress": kept}
    return touched(ticket.model_copy(update=changes))


def must_hold(stored: Ticket, held: Ticket) -> None:
    """Refuse a write of a holder that lost its claim.

    Raises:
        TrackerError: the generations differ.
    """
    if stored.generation != held.generation:
        raise TrackerError(
            f"ticket {held.id} was taken over",
            found=f"generation {stored.generation}, held {held.generation}",
            todo="nothing: the newer holder goes on with it",
        )


def forsaken(ticket: Ticket, *, alive: Callable[[str], bool]) -> bool:
    """Return whether a claimed ticket's lease ran out or its holder is gone."""
    if ticket.state is not TicketState.CLAIMED:
        return False
    late = ticket.lease_until is not None and ticket.lease_until < datetime.now(UTC)
    return late or not alive(ticket.holder)
