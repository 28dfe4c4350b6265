"""`linestop oracle`: is a batch done? Asks the tracker, git and the frozen finish lines; never an agent."""

import shlex
from pathlib import Path

from linestop.deployments.cli.options import Json, Repo


def oracle(
    batch: str | None = None,
    *,
    repo: Repo = Path(),
    rerun: bool = False,
    json_: Json = False,
) -> int:
    """Say whether a batch is done, with the evidence: exit code 0 done, 3 not done, 4 waiting on a person.

    Examples:
        linestop oracle                  # the newest batch of the repository you stand in
        linestop oracle 20261121-064800 --rerun
        linestop oracle --json | jq .answer

    Parameters
    ----------
    batch
        The batch to judge; by default the newest one.
    rerun
        Run every Done ticket's frozen finish line again, at the delivered commit, instead of reading its kept verdict.
    json_
        Print the verdict as JSON.
    """
    from linestop.blocks.line import Line  # noqa: PLC0415  # lazy: see app.py
    from linestop.blocks.proofs import ask  # noqa: PLC0415
    from linestop.deployments.cli.summary import oracle_summary  # noqa: PLC0415
    from linestop.done import exit_code  # noqa: PLC0415
    from linestop.errors import UsageError  # noqa: PLC0415

    line = Line(repo)
    tickets = line.tracker.list()
    name = batch or max(tickets, key=lambda ticket: ticket.created).batch if tickets else batch
    if name is None or not any(ticket.batch == name for ticket in tickets):
        known = ", ".join(dict.fromkeys(ticket.batch for ticket in tickets)) or "no batch yet"
        todo = f"linestop execute {shlex.quote(str(line.layout.root))}"
        raise UsageError(
            f"there is no batch {name or ''}".rstrip(),
            found=known,
            todo=todo,
        )
    verdict = ask(line, name, rerun=rerun)
    oracle_summary(verdict, json_=json_)
    return exit_code(verdict.answer)
