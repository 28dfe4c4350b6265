"""`linestop caution list`: the cautions of a repository, filtered, once or as they come. Reading never creates any."""

import sys
from collections.abc import Iterable
from pathlib import Path
from time import sleep
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.caution_page import as_json, entry, table, width
from linestop.deployments.cli.options import Json, Repo
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.memory.cautions.wanted import Wanted
from linestop.paths import Layout
from linestop.since import moment_of
from linestop.watch.firing import Severity


def list_(
    *,
    ticket: str = "",
    detector: str = "",
    kind: CautionKind | None = None,
    severity: Severity | None = None,
    file: str = "",
    run: str = "",
    engine: str = "",
    since: str = "",
    limit: PositiveInt = 50,
    follow: Annotated[bool, Parameter(name=("--follow", "-f"))] = False,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Show the newest cautions of a repository that fit, oldest first; with --follow go on as they are written.

    Examples:
        linestop caution list
        linestop caution list --ticket shop-bugs --severity warning
        linestop caution list --file src/cart.py --since 2h
        linestop caution list --kind guard --since 2026-11-20 --limit 500
        linestop caution list --follow
        linestop caution list --json | jq -r .detail

    Parameters
    ----------
    ticket
        Only of this ticket.
    detector
        Only what this one saw: a detector, a guard's rule, checks, a role.
    kind
        Only of this kind.
    severity
        Only of this severity.
    file
        Only of this file, or of the files in this folder.
    run
        Only of this run, as `linestop history --json` names it.
    engine
        Only of this engine.
    since
        Only from then on: 90s, 30m, 2h, 3d, 1w ago, or a day or time such as 2026-11-20 or 2026-11-20T08:30.
    limit
        How many.
    follow
        Go on and show cautions as they are written, until Ctrl-C.
    json_
        Print them as JSON, one a line.
    """
    moment = moment_of(since) if since else None
    wanted = Wanted(ticket, detector, kind or "", severity, file, run, engine, moment)
    layout = memory_layout(repo)
    if follow:
        return _follow(layout, wanted, limit, json_=json_)
    found = _found(layout, wanted, limit)
    if json_:
        _say(as_json(one) for one in found)
    elif found:
        _say([table(found, width())])
    else:
        fit = " that fit" if wanted != Wanted() else ""
        sys.stderr.write(f"no cautions{fit}; they are written while runs go on\n")
    return 0


def _follow(layout: Layout, wanted: Wanted, limit: int, *, json_: bool) -> int:
    from linestop.memory.cautions.follow import Follower  # noqa: PLC0415

    follower = Follower(layout, wanted)  # first: what is written while the others are read isn't missed
    found = _found(layout, wanted, limit)
    shown = {one.id for one in found}
    show = as_json if json_ else lambda one: entry(one, width())
    _say(map(show, found))
    if not found:
        sys.stderr.write("no cautions yet; Ctrl-C ends this\n")
    try:
        for one in follower.until(lambda: False, wait=sleep):
            if one.id not in shown:
                _say([show(one)])
    except KeyboardInterrupt:
        return 0
    return 0


def _found(layout: Layout, wanted: Wanted, limit: int) -> list[Caution]:
    from linestop.memory.cautions.reader import select  # noqa: PLC0415

    return list(select(layout, wanted, newest=limit))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
