"""The port to the tracker."""

from collections.abc import Callable
from typing import Protocol

from linestop.tickets import Evidence, Ticket, TicketState


class Tracker(Protocol):
    """Keeps tickets. Every write is one transaction; a write with an old generation is refused."""

    def file(self, ticket: Ticket) -> bool:
        """Add a ticket; return False where its id is there already (nothing changes then)."""
        ...

    def get(self, ticket_id: str) -> Ticket:
        """Return one ticket. Raises TrackerError where there is none."""
        ...

    def list(self, batch: str | None = None) -> tuple[Ticket, ...]:
        """Return the tickets of a batch, or all, oldest first."""
        ...

    def claim(self, ticket_id: str, *, holder: str, seconds: int) -> Ticket | None:
        """Take an open ticket under a lease and return it, or None where another was faster."""
        ...

    def renew(self, ticket: Ticket, *, seconds: int) -> bool:
        """Extend the lease; False where the ticket was taken over."""
        ...

    def save(self, ticket: Ticket) -> Ticket:
        """Write progress, attempts and base of a claimed ticket. Raises TrackerError for an older generation."""
        ...

    def end(self, ticket: Ticket, state: TicketState, *, reason: str = "", evidence: Evidence | None = None) -> Ticket:
        """Give the ticket its end, or set it open again. Raises TrackerError for an older generation."""
        ...

    def reclaim(self, *, alive: Callable[[str], bool]) -> tuple[Ticket, ...]:
        """Open again every claimed ticket whose lease ran out or whose holder is not `alive`; return them."""
        ...
