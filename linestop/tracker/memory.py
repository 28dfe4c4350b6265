"""A tracker in memory: the public fake of the port, for tests and experiments."""

from collections.abc import Callable
from threading import RLock

from linestop.errors import TrackerError
from linestop.tickets import Evidence, Ticket, TicketState
from linestop.tracker import transitions


class MemoryTracker:
    """Keeps tickets in a dict; safe between threads, gone with the process."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._lock = RLock()

    def file(self, ticket: Ticket) -> bool:
        """Add a ticket; False where its id is there already."""
        with self._lock:
            return self._tickets.setdefault(ticket.id, ticket) is ticket

    def get(self, ticket_id: str) -> Ticket:
        """Return one ticket. Raises TrackerError where there is none."""
        with self._lock:
            if ticket_id not in self._tickets:
                raise TrackerError(
                    f"there is no ticket {ticket_id}",
                    todo="`linestop ticket list` names them; `linestop execute` files plans",
                )
            return self._tickets[ticket_id]

    def list(self, batch: str | None = None) -> tuple[Ticket, ...]:
        """Return the tickets of a batch, or all, oldest first."""
        with self._lock:
            return tuple(ticket for ticket in self._tickets.values() if batch in (None, ticket.batch))

    def claim(self, ticket_id: str, *, holder: str, seconds: int) -> Ticket | None:
        """Take an open ticket under a lease, or return None."""
        with self._lock:
            ticket = transitions.claimed(self.get(ticket_id), holder=holder, seconds=seconds)
            return self._put(ticket) if ticket else None

    def renew(self, ticket: Ticket, *, seconds: int) -> bool:
        """Extend the lease; False where the ticket was taken over."""
        with self._lock:
            stored = self.get(ticket.id)
            if stored.generation != ticket.generation or stored.state is not TicketState.CLAIMED:
                return False
            self._put(transitions.renewed(stored, seconds=seconds))
            return True

    def save(self, ticket: Ticket) -> Ticket:
        """Write a claimed ticket. Raises TrackerError for an older generation."""
        with self._lock:
            stored = self.get(ticket.id)
            transitions.must_hold(stored, ticket)
            return self._put(transitions.saved(stored, ticket))

    def end(self, ticket: Ticket, state: TicketState, *, reason: str = "", evidence: Evidence | None = None) -> Ticket:
        """Give the ticket its end. Raises TrackerError for an older generation."""
        with self._lock:
            transitions.must_hold(self.get(ticket.id), ticket)
            return self._put(transitions.ended(ticket, state, reason=reason, evidence=evidence))

    def reclaim(self, *, alive: Callable[[str], bool]) -> tuple[Ticket, ...]:
        """Open again every ticket whose holder is gone."""
        with self._lock:
            lost = [ticket for ticket in self._tickets.values() if transitions.forsaken(ticket, alive=alive)]
            return tuple(
                self._put(transitions.ended(ticket, TicketState.OPEN, reason="", evidence=None)) for ticket in lost
            )

    def _put(self, ticket: Ticket) -> Ticket:
        self._tickets[ticket.id] = ticket
        return ticket
