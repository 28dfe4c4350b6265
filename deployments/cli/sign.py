"""`linestop sign`: the failures that came back within a ticket, and that its briefs ban. Reading creates nothing."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cyclopts import App

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.options import Json, Repo
from linestop.deployments.cli.text_table import terminal_width, text_table
from linestop.errors import LinestopError
from linestop.memory.tickets import Sign, books
from linestop.paths import Layout
from linestop.text import plain, plain_lines

COLUMNS = ("sign", "ticket", "chunk", "judged by", "times", "last", "failure")
WHOLE = ("sign", "ticket")  # are typed again

sign = App(
    name="sign",
    help="List the failures that came back within a ticket, and that its briefs ban.",
    usage="""Usage: linestop sign COMMAND

Examples:
    linestop sign list
    linestop sign list --ticket shop-bugs --all
    linestop sign list --json | jq .[].failure
""",
    help_format="plaintext",
)


@sign.command(name="list")
def list_(
    *,
    ticket: str | None = None,
    source: str | None = None,
    all_: bool = False,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Show the signs of a repository's tickets, by ticket, oldest first; those of approved chunks with --all.

    Examples:
        linestop sign list
        linestop sign list --ticket shop-bugs
        linestop sign list --source checks --all
        linestop sign list --json

    Parameters
    ----------
    ticket
        Only this ticket.
    source
        Only what this one judged: checks, findings, checker, reviewer, maker, guard:scope and so on; guard: for all
        guards.
    all_
        Solved ones too: their chunk was approved afterwards.
    json_
        Print the signs as JSON, each failure whole.
    """
    layout, problems = memory_layout(repo), list[str]()
    chosen = [
        one
        for one in _signs(layout, problems)
        if ticket in (None, one.ticket) and _judged(one, source) and (all_ or not one.solved)
    ]
    if json_:
        sys.stdout.write(json.dumps([one.model_dump(mode="json") for one in chosen], indent=2) + "\n")
    elif chosen:
        sys.stdout.write(text_table(COLUMNS, [_row(one) for one in chosen], width=terminal_width(), whole=WHOLE) + "\n")
    else:
        asked = "" if all_ else " that are unsolved; --all shows the solved ones"
        sys.stderr.write(f"no signs{asked}; one is written when the same failure comes twice in a ticket\n")
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


def _signs(layout: Layout, problems: list[str]) -> Iterator[Sign]:
    """Yield every sign; a book that can't be read is a problem of its own and hides no other."""
    for book in books(layout):
        try:
            yield from book.signs(all=True)
        except LinestopError as error:
            problems.append(f"linestop: {plain_lines(str(error))}")


def _judged(one: Sign, source: str | None) -> bool:
    return source is None or one.source == source or (source.endswith(":") and one.source.startswith(source))


def _row(one: Sign) -> tuple[object, ...]:
    times = f"{one.times}, solved" if one.solved else one.times
    return (one.id, one.ticket, one.chunk, one.source, times, one.last, plain(one.failure))
