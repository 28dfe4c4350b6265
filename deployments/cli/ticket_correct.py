"""`linestop ticket correct`: a person's word to whoever works on a ticket next."""

import getpass
import sys
from pathlib import Path

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.options import Json, Repo
from linestop.errors import UsageError
from linestop.memory.tickets import Correction, TicketBook, kept
from linestop.memory.tickets.book import MAX_TEXT
from linestop.policy import load_policy
from linestop.text import plain
from linestop.tickets import ENDED, Ticket, TicketState
from linestop.tracker import SqliteTracker


def correct(ticket_id: str, text: str, /, *, chunk: str = "", repo: Repo = Path(), json_: Json = False) -> int:
    """Tell whoever works on a ticket next what to do otherwise.

    Examples:
        linestop ticket correct shop-bugs "the totals are in cents: never round them"
        linestop ticket correct shop-bugs "leave the docstring alone" --chunk c2

    It is told in every later brief of its maker, before lessons and cautions, over runs and releases. A ticket that
    is stopped stays so: `linestop ticket release` lets it go on.

    Parameters
    ----------
    ticket_id
        As `linestop ticket list` names it.
    text
        What to do, at most 2,000 characters. Secrets in it are hidden.
    chunk
        Only for this chunk of it; by default for all of the ticket.
    json_
        Print the correction as JSON.
    """
    layout = memory_layout(repo)
    found = SqliteTracker(layout.tracker).get(ticket_id)
    _must_fit(found, text, chunk)
    note = Correction(text=kept(text.strip()), by=getpass.getuser(), person=True, chunk=chunk)
    TicketBook(layout, found.id).correct(note)
    about = f"chunk {chunk} of ticket {found.id}" if chunk else f"ticket {found.id}"
    sys.stdout.write(f"{note.model_dump_json(indent=2)}\n" if json_ else f"{about} will be told: {plain(note.text)}\n")
    if not load_policy(layout).memory.enabled:
        sys.stderr.write("memory is off (memory.enabled in the policy): nobody is told before it is on again\n")
    elif found.state in ENDED - {TicketState.DONE}:
        sys.stderr.write(f"it is {found.state}: linestop ticket release {found.id} lets it go on\n")
    return 0


def _must_fit(found: Ticket, text: str, chunk: str) -> None:
    if not plain(text):
        raise UsageError("a correction says something", todo=f'linestop ticket correct {found.id} "…"')
    if len(text) > MAX_TEXT:
        raise UsageError(
            "the correction is too long", found=f"{len(text):,} characters", todo=f"say it in {MAX_TEXT:,}"
        )
    chunks = [one.id for one in found.plan.chunks]
    if chunk and chunk not in chunks:
        raise UsageError(
            f"ticket {found.id} has no chunk {plain(chunk)}",
            found=f"it has {', '.join(chunks)}",
            todo="name one of them",
        )
    if found.state is TicketState.DONE:
        raise UsageError(
            f"ticket {found.id} can't be corrected", found="it is done", todo="file a new ticket for what is left"
        )
