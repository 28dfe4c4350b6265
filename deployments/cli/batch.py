"""`linestop batch`: how far a batch is, by what the tracker says. Whether it is done says only `linestop oracle`."""

import json
import shlex
import sys
from collections import Counter
from pathlib import Path

from cyclopts import App

from linestop.deployments.cli.options import Json, Repo
from linestop.deployments.cli.text_table import terminal_width, text_table
from linestop.errors import UsageError
from linestop.paths import Layout, repository_root
from linestop.ready import held_by_a_person, ready
from linestop.text import plain
from linestop.tickets import Ticket, TicketState
from linestop.tracker import SqliteTracker

batch = App(
    name="batch",
    help="Show how far a batch is.",
    usage="""Usage: linestop batch COMMAND

Examples:
    linestop batch status
    linestop batch status 20261121-064800 --json
""",
    help_format="plaintext",
)


@batch.command
def status(
    name: str | None = None,
    /,
    *,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Show each ticket of a batch: its state, what it waits for, and what is ready to run.

    Examples:
        linestop batch status            # the newest batch
        linestop batch status 20261121-064800 --json

    Parameters
    ----------
    name
        The batch; by default the newest one.
    json_
        Print it as JSON.
    """
    layout = Layout(repository_root(repo))
    everything = SqliteTracker(layout.tracker).list()
    chosen = name or (max(everything, key=lambda one: one.created).batch if everything else None)
    tickets = [one for one in everything if one.batch == chosen]
    if not tickets:
        known = ", ".join(dict.fromkeys(one.batch for one in everything)) or "no batch yet"
        todo = f"linestop execute {shlex.quote(str(layout.root))}"
        raise UsageError(
            f"there is no batch {plain(chosen or '')}".rstrip(),
            found=known,
            todo=todo,
        )
    others = [one for one in everything if one.batch != chosen]
    states = _standing(tickets, others)
    if json_:
        sys.stdout.write(json.dumps(_as_json(tickets, states), indent=2) + "\n")
        return 0
    counts = Counter(str(one.state) for one in tickets)
    sys.stdout.write(f"batch {chosen}: " + ", ".join(f"{count} {state}" for state, count in counts.items()) + "\n")
    sys.stdout.write(
        text_table(
            ("ticket", "state", "now"),
            [(one.id, one.state, states[one.id]) for one in tickets],
            width=terminal_width(),
            whole=("ticket",),
        )
        + "\n"
    )
    sys.stderr.write(f"whether it is done: linestop oracle {chosen}\n")
    return 0


def _standing(tickets: list[Ticket], others: list[Ticket]) -> dict[str, str]:
    """Return for each ticket what happens to it next, in words."""
    held = held_by_a_person(tickets, others=others)
    free = {one.id for one in ready(tickets, others=others)}
    done = {one.id for one in (*tickets, *others) if one.state is TicketState.DONE}
    return {one.id: held.get(one.id) or _next(one, done, free) for one in tickets}


def _next(one: Ticket, done: set[str], free: set[str]) -> str:
    if one.state is TicketState.DONE:
        return "done, if its proof holds"
    if one.state is TicketState.CLAIMED:
        return f"worked on by {one.holder}"
    if one.id in free:
        return "ready"
    waits = [name for name in one.depends_on if name not in done]
    return f"waits for {', '.join(waits)}" if waits else "waits for the infra lock"


def _as_json(tickets: list[Ticket], states: dict[str, str]) -> dict[str, object]:
    rows = [
        {"id": one.id, "state": str(one.state), "now": states[one.id], "depends_on": list(one.depends_on)}
        for one in tickets
    ]
    return {"batch": tickets[0].batch, "counts": dict(Counter(str(one.state) for one in tickets)), "tickets": rows}
