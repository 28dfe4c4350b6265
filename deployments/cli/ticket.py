"""`linestop ticket`: list, show, add, gate and release tickets; `correct` is apart. Reading never creates a tracker."""

import getpass
import json
import shlex
import sys
from pathlib import Path

from cyclopts import App

from linestop.audit.plan_files import parse_plan
from linestop.audit.validation import require_valid
from linestop.blocks.memory_gate import refusal
from linestop.deployments.cli.options import Json, Repo, listed
from linestop.deployments.cli.text_table import terminal_width, text_table
from linestop.deployments.cli.ticket_page import page
from linestop.errors import UsageError
from linestop.execution.batches import NEW_BATCH, batch_name, batch_of, ticket_of
from linestop.execution.runs import last_report, last_verdict
from linestop.incidents import IncidentStore
from linestop.memory.tickets import Learned, learned_by
from linestop.paths import Layout, repository_root
from linestop.ready import held_by_a_person, ready
from linestop.text import plain
from linestop.tickets import WAITING_ON_A_PERSON, Ticket, TicketState
from linestop.tracker import SqliteTracker

COLUMNS = ("ticket", "state", "batch", "chunks", "attempts", "title", "why")

ticket = App(
    name="ticket",
    help="List, show, add, correct, gate and release tickets.",
    usage="""Usage: linestop ticket COMMAND

Examples:
    linestop ticket list
    linestop ticket show shop-bugs --json
    linestop ticket correct shop-bugs "the totals are in cents: never round them"
    linestop ticket release shop-bugs --why "the plan is right now"
""",
    help_format="plaintext",
)
ticket.command(
    "linestop.deployments.cli.ticket_correct:correct",
    name="correct",
    help=listed("correct", "Tell whoever works on a ticket next what to do otherwise."),
)


@ticket.command(name="list")
def list_(
    *, batch: str | None = None, state: TicketState | None = None, repo: Repo = Path(), json_: Json = False
) -> int:
    """Show the tickets of a repository, oldest first.

    Examples:
        linestop ticket list
        linestop ticket list --state stopped
        linestop ticket list --batch 20261121-064800 --json

    Parameters
    ----------
    batch
        Only this batch.
    state
        Only tickets in this state.
    json_
        Print the tickets as JSON.
    """
    everything = _tracker(repo).list()
    held, free = held_by_a_person(everything), {one.id for one in ready(everything)}
    chosen = [one for one in everything if batch in (None, one.batch) and state in (None, one.state)]
    if json_:
        _say("[" + ",\n".join(one.model_dump_json(indent=2) for one in chosen) + "]")
    elif chosen:
        rows = [_row(one, held.get(one.id) or ("ready" if one.id in free else "")) for one in chosen]
        _say(text_table(COLUMNS, rows, width=terminal_width(), whole=COLUMNS[:1]))
    else:
        root = shlex.quote(str(repository_root(repo)))
        sys.stderr.write(f"no tickets; `linestop audit {root}` plans, `linestop execute {root}` files them\n")
    return 0


@ticket.command
def show(ticket_id: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Show one ticket: its state and why, each chunk, finish line, evidence, incidents, signs and corrections.

    Examples:
        linestop ticket show shop-bugs
        linestop ticket show shop-bugs --json | jq .evidence

    Parameters
    ----------
    ticket_id
        As `linestop ticket list` names it.
    json_
        Print the ticket as JSON.
    """
    found, layout = _tracker(repo).get(ticket_id), Layout(repository_root(repo))
    why, report = refusal(layout), last_report(layout, found.id)
    learned = Learned(problem=why) if why else learned_by(layout, found.id)
    if json_:
        _say(json.dumps({**found.model_dump(mode="json"), **learned.model_dump(mode="json")}, indent=2))
    else:
        open_ones, verdict = _open_incidents(repo, ticket_id), last_verdict(layout, ticket_id)
        _say(page(found, open_ones, verdict, learned, report, width=terminal_width()))
    return 0


@ticket.command
def add(plan: Path, /, *, batch: str | None = None, repo: Repo = Path(), json_: Json = False) -> int:
    """File a ticket from a plan's markdown file. A plan that has a ticket already changes nothing.

    Examples:
        linestop ticket add plans/shop-bugs.md
        linestop ticket add /tmp/plan.md --batch 20261121-064800

    Parameters
    ----------
    plan
        The plan's file.
    batch
        The batch that it joins; by default the one with open tickets, else a new one.
    json_
        Print the ticket as JSON.
    """
    tracker = SqliteTracker(Layout(repository_root(repo)).ensure().tracker)
    name = batch or batch_of(tracker.list())
    new = ticket_of(require_valid(parse_plan(_text_of(plan))), name if name != NEW_BATCH else batch_name())
    filed = tracker.file(new)
    known = tracker.get(new.id)
    words = f"filed in batch {known.batch}, {known.state}" if filed else f"is there already, {known.state}"
    _say(known.model_dump_json(indent=2) if json_ else f"ticket {known.id} {words}")
    return 0


@ticket.command
def gate(ticket_id: str, /, *, why: str, repo: Repo = Path(), json_: Json = False) -> int:
    """Make a ticket a person's: the batch may end without it. What is Done or being worked on can't be gated.

    Examples:
        linestop ticket gate shop-bugs --why "needs a decision about the public API"

    Parameters
    ----------
    ticket_id
        As `linestop ticket list` names it.
    why
        Why a person does it; the oracle quotes this.
    json_
        Print the ticket as JSON.
    """
    if not why.strip():
        raise UsageError("a ticket is gated for a reason", todo='give it: --why "…"')
    tracker = _tracker(repo)
    _must_be(found := tracker.get(ticket_id), {TicketState.OPEN, *WAITING_ON_A_PERSON}, "gated")
    return _ended(tracker.end(found, TicketState.GATED, reason=plain(why, limit=1000)), json_=json_)


@ticket.command
def release(ticket_id: str, /, *, why: str = "", repo: Repo = Path(), json_: Json = False) -> int:
    """Open a stopped, petitioned or gated ticket again: a person says that it may go on. Its attempts stay counted.

    Examples:
        linestop ticket release shop-bugs --why "the plan's scope is mended"

    An incident that it stopped with must be closed first.

    Parameters
    ----------
    ticket_id
        As `linestop ticket list` names it.
    why
        What has changed.
    json_
        Print the ticket as JSON.
    """
    tracker = _tracker(repo)
    _must_be(found := tracker.get(ticket_id), {TicketState.GATED, *WAITING_ON_A_PERSON}, "released")
    if names := _open_incidents(repo, ticket_id):
        raise UsageError(
            f"ticket {found.id} can't be released yet",
            found=f"open incident {', '.join(names)}",
            todo=f"linestop incident show {names[0]}, then linestop incident close {names[0]}",
        )
    reason = f"released by {getpass.getuser()}" + (f": {plain(why, limit=500)}" if why.strip() else "")
    return _ended(tracker.end(found, TicketState.OPEN, reason=reason), json_=json_)


def _ended(found: Ticket, *, json_: bool) -> int:
    _say(found.model_dump_json(indent=2) if json_ else f"ticket {found.id} is {found.state}: {plain(found.reason)}")
    return 0


def _must_be(found: Ticket, states: set[TicketState], what: str) -> None:
    if found.state not in states:
        raise UsageError(
            f"ticket {found.id} can't be {what}",
            found=f"it is {found.state}",
            todo=f"only tickets that are {', '.join(sorted(states))} can be {what}",
        )


def _tracker(repo: Path) -> SqliteTracker:
    return SqliteTracker(Layout(repository_root(repo)).tracker)


def _open_incidents(repo: Path, ticket_id: str) -> list[str]:
    store = IncidentStore(Layout(repository_root(repo)))
    return [one.id for one in store.list() if one.is_open and one.ticket == ticket_id]


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the plan {path} can't be read", found=str(error), todo="name a plan's markdown file"
        ) from error


def _row(one: Ticket, note: str) -> tuple[object, ...]:
    chunks = f"{len(one.progress)}/{len(one.plan.chunks)}"
    return (one.id, str(one.state), one.batch, chunks, one.attempts, one.title, one.reason or note)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
