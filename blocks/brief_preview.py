"""The brief that the next dispatch of a ticket would be told, of any role, whether or not the ticket is claimed.

It is composed in a clean checkout of the commit that the dispatch would start from, which is gone afterwards. No ticket
and no branch is touched.
"""

import os
from dataclasses import dataclass

import psutil

from linestop.blocks.briefing import brief_for
from linestop.blocks.claims import as_claimed, tip_of
from linestop.blocks.inspection import clean_checkout
from linestop.blocks.line import Line
from linestop.briefs import Brief
from linestop.errors import UsageError
from linestop.execution.order import left_to_do
from linestop.paths import workspace_name
from linestop.plans import Chunk, whole_change
from linestop.ports import Engine
from linestop.ports.engine import MAKER, judges
from linestop.tickets import Ticket, TicketState

REVIEWER = "reviewer"
USE = "brief-"  # of the checkouts, with the process behind it


@dataclass(frozen=True)
class Preview:
    """A brief with the dispatch that it is for."""

    ticket: Ticket
    role: str
    chunk: Chunk
    attempt: int
    engine: Engine
    brief: Brief
    off: str = ""  # why nothing of memory is told, where it is off


def preview(
    line: Line, ticket_id: str, *, role: str = MAKER, chunk: str = "", attempt: int | None = None, commit: str = ""
) -> Preview:
    """Return the brief of a ticket's next dispatch in a role.

    `chunk` empty: the first that is not finished. `attempt` None: the first of a run, or the one that comes next in a
    run that is going. `commit` is the candidate that a role which judges looks at; empty: what was approved last.

    Raises:
        TrackerError: there is no such ticket. UsageError: no such chunk, no engine for the role.
        RepositoryError: no such commit. PolicyError, ToolError: the engine can't be used here.
    """
    ticket = _ready(line, line.tracker.get(ticket_id))
    engine = _engine(line, role)
    chosen = whole_change(ticket.plan) if role == REVIEWER and not chunk else _chunk(ticket, chunk)
    number = attempt or (
        ticket.failures_in_a_row + 1 if ticket.state is TicketState.CLAIMED and role != REVIEWER else 1
    )
    start = line.workspaces.head(commit) if commit else tip_of(ticket)
    _sweep(line, ticket)
    with clean_checkout(line, workspace_name(ticket.id, f"{USE}{os.getpid()}"), start) as checkout:
        since = ticket.base if role == REVIEWER else tip_of(ticket)
        diff = line.workspaces.diff(checkout, since, start) if judges(role) else None
        brief = brief_for(
            line, ticket, chosen, role=role, attempt=number, workspace=checkout, engine=engine, diff=diff
        )  # fmt: skip
    return Preview(ticket, role, chosen, number, engine, brief, off=line.memory.off)


def _sweep(line: Line, ticket: Ticket) -> None:
    """Remove the checkouts of processes that were killed."""
    for path in line.layout.worktrees.glob(workspace_name(ticket.id, f"{USE}*")):
        pid = path.name.rpartition("-")[2]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            line.workspaces.close(path.name)


def _ready(line: Line, known: Ticket) -> Ticket:
    """Return a ticket as its next dispatch finds it: one that is being worked on keeps its plan and its base."""
    return known if known.state is TicketState.CLAIMED else as_claimed(line, known)


def _engine(line: Line, role: str) -> Engine:
    engine = line.agent(role)
    if engine is None:
        raise UsageError(
            f"nobody is a {role} here",
            found=f"roles.{role} is empty",
            todo=f"--engine static shows what one would be told; roles.{role} of the policy names one for good",
        )
    return engine


def _chunk(ticket: Ticket, name: str) -> Chunk:
    chunks = ticket.plan.chunks
    if not name:
        return next((one for one in chunks if left_to_do(one.id, ticket.progress)), chunks[-1])
    for one in chunks:
        if one.id == name:
            return one
    raise UsageError(
        f"ticket {ticket.id} has no chunk {name!r}", found=", ".join(one.id for one in chunks), todo="name one of them"
    )
