"""The material of a debrief: what the tickets of a subject left behind, read once. Grouping it is grouping.py."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from linestop.debrief.group import REVIEWER, Group
from linestop.debrief.grouping import Grouping
from linestop.debrief.seen import MAX_DETAIL, Seen, of_caution, of_correction, of_sign, said
from linestop.errors import UsageError
from linestop.memory.tickets.model import Reflection
from linestop.paths import Layout
from linestop.text import plain
from linestop.tickets import Ticket
from linestop.tracker import SqliteTracker

CLOCK_JUMPS = timedelta(days=2)  # how far back a clock may be set: reading from a date is for speed alone
Failed = Mapping[str, tuple[str, str]]  # by run: the failure's key, and what broke
MAX_REFLECTIONS = 200  # of a ticket that are looked at
MAX_SAID = 6  # of them that a candidate quotes


@dataclass(slots=True)
class Material:
    """What was seen, grouped: of each ticket, and of the batch over its tickets where the subject is one."""

    subject: str
    tickets: dict[str, list[Group]] = field(default_factory=dict)
    batch: list[Group] = field(default_factory=list)
    reflections: dict[str, tuple[Reflection, ...]] = field(default_factory=dict)

    def said(self, group: Group) -> tuple[str, ...]:
        """Return what makers said of the attempts that a group is about, a line each."""
        noted = (one for ticket in group.tickets for one in self.reflections.get(ticket, ()))
        return tuple(said(one) for one in noted if one.run in group.runs)[-MAX_SAID:]


def material(layout: Layout, subject: str) -> Material:
    """Return what the tickets of a subject left behind; a subject is a ticket's id or a batch's name.

    Raises:
        UsageError: there is no such ticket or batch.
        RecordError: something of it can't be read.
    """
    tickets, is_batch = _tickets_of(layout, subject)
    piles = {ticket.id: Grouping() for ticket in tickets}
    over = Grouping()
    for one in _seen(layout, tickets):
        if one.ticket in piles:
            piles[one.ticket].add(one)
            over.add(one)
    return Material(
        subject=subject,
        tickets={ticket: pile.groups() for ticket, pile in piles.items()},
        batch=over.groups(tickets=2) if is_batch else [],
        reflections={ticket.id: _reflections(layout, ticket.id) for ticket in tickets},
    )


def _tickets_of(layout: Layout, subject: str) -> tuple[tuple[Ticket, ...], bool]:
    everything = SqliteTracker(layout.tracker).list()
    if one := next((ticket for ticket in everything if ticket.id == subject), None):
        return (one,), False
    if found := tuple(ticket for ticket in everything if ticket.batch == subject):
        return found, True
    raise UsageError(
        f"there is no ticket or batch {plain(subject)}", todo="`linestop ticket list` names tickets and their batches"
    )


def _seen(layout: Layout, tickets: Iterable[Ticket]) -> Iterator[Seen]:
    wanted = tuple(tickets)
    failed = {ticket.id: _failures(layout, ticket.id) for ticket in wanted}
    since = min(ticket.created for ticket in wanted) - CLOCK_JUMPS
    for one in _cautions(layout, set(failed), since):
        yield _as_failed(one, failed[one.ticket]) if one.signature else one
    for ticket in wanted:
        yield from _noted(layout, ticket.id, failed[ticket.id])


def _cautions(layout: Layout, tickets: set[str], since: datetime) -> Iterator[Seen]:
    from linestop.memory.cautions import read_cautions  # noqa: PLC0415  # may bring DuckDB with it

    only = next(iter(tickets)) if len(tickets) == 1 else ""
    for caution in read_cautions(layout, ticket=only, since=since):
        if caution.ticket in tickets and (one := of_caution(caution)):
            yield one


def _noted(layout: Layout, ticket: str, failed: Failed) -> Iterator[Seen]:
    from linestop.memory.tickets import TicketBook  # noqa: PLC0415

    book = TicketBook(layout, ticket)
    for sign in book.signs():
        yield _as_failed(of_sign(sign), failed)
    for correction in book.corrections():
        by_reviewer = correction.by == REVIEWER
        yield of_correction(correction, ticket, "" if by_reviewer else failed.get(correction.run, ("", ""))[0])


def _as_failed(one: Seen, failed: Failed) -> Seen:
    key, more = failed.get(one.run, (one.signature, ""))
    return replace(one, signature=key, more=more if one.what == "check" else "")


def _failures(layout: Layout, ticket: str) -> Failed:
    """Return each run's failure: what tells it from others, signature and file as its ticket counts; and what broke."""
    from linestop.memory.tickets import TicketBook  # noqa: PLC0415

    failures = [one for one in TicketBook(layout, ticket).failures() if one.source != REVIEWER and one.signature]
    return {
        one.run: (
            f"{one.signature}\n{one.file}" if one.file else one.signature,
            plain(one.text, limit=MAX_DETAIL),
        )
        for one in failures
    }


def _reflections(layout: Layout, ticket: str) -> tuple[Reflection, ...]:
    from linestop.memory.tickets import TicketBook  # noqa: PLC0415

    return TicketBook(layout, ticket).reflections()[-MAX_REFLECTIONS:]
