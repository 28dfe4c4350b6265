"""A ticket as a page for the terminal. Everything in it may be a stranger's text."""

from collections.abc import Iterator

from linestop.execution.brief import describe
from linestop.text import plain
from linestop.tickets import Ticket


def page(ticket: Ticket, incidents: list[str]) -> str:
    """Return what a person reads before deciding about a ticket."""
    return "\n".join(_lines(ticket, incidents))


def _lines(ticket: Ticket, incidents: list[str]) -> Iterator[str]:
    yield f"{ticket.id}  {ticket.state}  {plain(ticket.title)}"
    facts = {
        "why": plain(ticket.reason, limit=1000),
        "batch": ticket.batch,
        "branch": ticket.branch if ticket.progress else "",
        "base": ticket.base[:12],
        "depends on": ", ".join(ticket.depends_on),
        "attempts": str(ticket.attempts),
        "held by": plain(ticket.holder),
        "incidents": ", ".join(incidents),
    }
    yield from (f"  {name:<11}{value}" for name, value in facts.items() if value)
    yield "chunks"
    for chunk in ticket.plan.chunks:
        word = ticket.progress.get(chunk.id, "not begun")
        yield f"  {chunk.id}  {plain(chunk.title)}: {plain(word, limit=400)}"
    yield "finish line"
    met = {line.item: line for line in ticket.evidence.goal.lines} if ticket.evidence else {}
    for item in ticket.plan.goal:
        judged = met.get(describe(item))
        yield f"  [{'met' if judged and judged.met else '   '}] {plain(describe(item), limit=300)}"
    if ticket.evidence:
        yield f"delivered  {ticket.evidence.commit} on {plain(ticket.evidence.branch)}"
        yield f"look at it: git log -p {ticket.base[:12]}..{plain(ticket.evidence.branch)}"
