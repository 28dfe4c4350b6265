"""Claims: who works on a ticket, by which plan, from which commit; how its lease is kept. The work is station.py's."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from linestop.blocks.line import Line
from linestop.errors import LinestopError
from linestop.execution.order import is_commit
from linestop.plans import Plan
from linestop.tickets import Ticket


def claim(line: Line, ticket_id: str, *, holder: str) -> Ticket | None:
    """Take a ticket, freeze its plan, cut it from the fresh base; None where another was faster.

    A ticket that goes on after a kill keeps its plan, and its base where a commit was approved on it; one that a person
    released reads its plan again. Nothing is claimed where the plan or the base can't be read.
    """
    ready = as_claimed(line, line.tracker.get(ticket_id))
    ticket = line.tracker.claim(ticket_id, holder=holder, seconds=line.policy.execution.lease_seconds)
    if ticket is None:
        return None
    return line.tracker.save(ticket.model_copy(update={"plan": ready.plan, "base": ready.base, "frozen": True}))


def tip_of(ticket: Ticket) -> str:
    """Return the last commit of a ticket that a checker approved, else its base."""
    return next((word for word in reversed(ticket.progress.values()) if is_commit(word)), ticket.base)


def as_claimed(line: Line, known: Ticket) -> Ticket:
    """Return a ticket with the plan and the base that a claim gives it now; nothing is claimed."""
    begun = any(is_commit(word) for word in known.progress.values())
    base = known.base if begun else line.workspaces.head(line.base_branch)
    return known.model_copy(update={"plan": plan_now(line, known), "base": base})


def plan_now(line: Line, ticket: Ticket) -> Plan:
    """Return the plan that a claim would work by: the frozen one, else as its file reads now."""
    if ticket.frozen:
        return ticket.plan
    return next((plan for plan in line.plans.plans() if plan.id == ticket.plan.id), ticket.plan)


def is_infra(line: Line, ticket_id: str) -> bool:
    """Return whether a ticket must have the infra lock to itself: it, or its plan as it reads now, says so.

    Raises:
        TrackerError: there is no such ticket.
    """
    ticket = line.tracker.get(ticket_id)
    return ticket.infra or plan_now(line, ticket).infra


@contextmanager
def leased(line: Line, ticket: Ticket) -> Iterator[None]:
    """Renew the ticket's lease from a thread of its own until the block ends, or until another took it over."""
    seconds = line.policy.execution.lease_seconds
    over = threading.Event()

    def renew() -> None:
        while not over.wait(seconds / 3):
            try:
                if not line.tracker.renew(ticket, seconds=seconds):
                    return
            except LinestopError:  # a full disk, a busy tracker: the next third of the lease tries again
                continue

    thread = threading.Thread(target=renew, name=f"lease-{ticket.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
