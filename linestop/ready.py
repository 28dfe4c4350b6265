"""The ready set: which tickets may start now, and which never will unless a person steps in. Pure.

Who starts them is flows/execution.py; whether the batch is done is done.py.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from linestop.tickets import WAITING_ON_A_PERSON, Ticket, TicketState

_HELD_BY_A_PERSON = WAITING_ON_A_PERSON | {TicketState.GATED}


class Blocked(NamedTuple):
    """A ticket that can't start however long one waits, and why."""

    ticket: Ticket
    reason: str


def ready(tickets: Sequence[Ticket], *, others: Iterable[Ticket] = ()) -> tuple[Ticket, ...]:
    """Return the open tickets whose dependencies are all Done, in the given order; of infra tickets at most one.

    `others` are tickets of other batches, which may be depended on. While an infra ticket of the batch is claimed no
    other of it starts; for those of other batches and repositories a started one waits at the infra lock.
    """
    done = {ticket.id for ticket in (*tickets, *others) if ticket.state is TicketState.DONE}
    free = [ticket for ticket in tickets if ticket.state is TicketState.OPEN and done.issuperset(ticket.depends_on)]
    busy = any(ticket.infra and ticket.state is TicketState.CLAIMED for ticket in tickets)
    first = None if busy else next((ticket.id for ticket in free if ticket.infra), None)
    return tuple(ticket for ticket in free if not ticket.infra or ticket.id == first)


def blocked_forever(tickets: Sequence[Ticket], *, others: Iterable[Ticket] = ()) -> tuple[Blocked, ...]:
    """Return the open tickets that depend on a ticket nobody filed or, by whatever way, on themselves."""
    known = {ticket.id: ticket for ticket in (*others, *tickets)}
    found = list[Blocked]()
    for ticket in tickets:
        missing = [name for name in ticket.depends_on if name not in known]
        if ticket.state is not TicketState.OPEN:
            continue
        if missing:
            found.append(Blocked(ticket, f"it depends on {', '.join(missing)}, which nobody filed"))
        elif circle := _circle(ticket.id, known):
            found.append(Blocked(ticket, f"it depends on itself: {' -> '.join(circle)}"))
    return tuple(found)


def held_by_a_person(tickets: Sequence[Ticket], *, others: Iterable[Ticket] = ()) -> dict[str, str]:
    """Return ticket id -> reason for each unfinished ticket that only a person can get going, dependents included."""
    others = tuple(others)
    held = {blocked.ticket.id: blocked.reason for blocked in blocked_forever(tickets, others=others)}
    for ticket in (*others, *tickets):
        if ticket.state in _HELD_BY_A_PERSON:
            held[ticket.id] = f"{ticket.state}: {ticket.reason or 'no reason is given'}"
    waiting = [ticket for ticket in (*others, *tickets) if ticket.state is TicketState.OPEN]
    grown = True
    while grown:  # ends: each round but the last adds a ticket
        new = {
            ticket.id: f"it depends on {name}, which waits on a person"
            for ticket in waiting
            for name in ticket.depends_on
            if name in held and ticket.id not in held
        }
        held |= new
        grown = bool(new)
    return held


def _circle(start: str, known: dict[str, Ticket]) -> list[str]:
    """Return the way from a ticket along unfinished dependencies back to itself, nothing where there is none."""
    ways, seen = [[start]], set[str]()
    while ways:
        way = ways.pop()
        last = known.get(way[-1])
        if last is None or last.state is TicketState.DONE:
            continue
        for name in last.depends_on:
            if name == start:
                return [*way, start]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
