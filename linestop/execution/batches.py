"""Which batch an execution run works on when nobody names one, and the ticket that a plan becomes in it."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from linestop.plans import ChecksPass, Chunk, Plan
from linestop.ports import Discovered
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


def discovered_ticket(find: Discovered, by: Ticket) -> Ticket:
    """Return the gated ticket of work that an agent came across: same title and text, same ticket."""
    digest = hashlib.sha256(f"{find.title}\n{find.text}".encode()).hexdigest()[:8]
    words = re.sub(r"[^a-z0-9]+", "-", find.title.lower()).strip("-")[:40].strip("-") or "work"
    gate = f"discovered by {by.id}{', which it blocks' if find.blocks else ''}: a person writes its plan or drops it"
    scope = find.paths or by.plan.scope
    chunk = Chunk(id="discovered", title=find.title, source="agent", rules=("discovered",), paths=scope, text=find.text)
    plan = Plan(
        id=f"found-{words}-{digest}",
        title=find.title,
        purpose=find.text or find.title,
        scope=scope,
        chunks=(chunk,),
        goal=(ChecksPass(),),
        gated=gate,
        base=by.base,
    )
    return ticket_of(plan, by.batch)
