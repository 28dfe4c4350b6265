"""`linestop execute`: carry out open tickets until the oracle says done."""

from pathlib import Path

from linestop.deployments.cli.options import Json, Repo


def execute(
    repository: Repo = Path(),
    *,
    batch: str | None = None,
    ticket: tuple[str, ...] = (),
    parallel: int | None = None,
    maker: str | None = None,
    checker: str | None = None,
    reviewer: str | None = None,
    dry_run: bool = False,
    json_: Json = False,
) -> int:
    """Carry out a repository's plans: maker, checker, goal-checker, a branch each, until the oracle says done.

    Examples:
        linestop execute                       # the repository you stand in
        linestop execute ~/src/shop --parallel 4
        linestop execute --ticket shop-bugs --ticket shop-dead-code
        linestop execute --maker codex --checker claude
        linestop execute --dry-run --json

    Nothing is pushed or merged: what is verified waits on branches `linestop/<ticket>`. Exit codes: 0 done, 1 failed,
    3 not done, 4 waiting on a person.

    Parameters
    ----------
    batch
        The batch to bring to an end. By default the one with open tickets, else a new one of the plans not yet filed.
    ticket
        Only these tickets.
    parallel
        Tickets at a time; by default the policy's number.
    maker
        The engine that edits: static, claude, codex, opencode, gemini, …, or a name of the policy's [engines].
    checker
        An agent that judges each commit which passed guards and checks. By default the policy's; it names none.
    reviewer
        An agent that judges the whole branch before delivery. By default the policy's; it names none.
    dry_run
        Say which tickets would run, and run none.
    json_
        Print the report as JSON.
    """
    from linestop.deployments.cli.flow_runs import run_flow  # noqa: PLC0415  # lazy: see app.py
    from linestop.deployments.cli.summary import execution_summary  # noqa: PLC0415
    from linestop.done import exit_code  # noqa: PLC0415
    from linestop.execution.order import ExecutionOrder, ExecutionReport  # noqa: PLC0415
    from linestop.paths import repository_root  # noqa: PLC0415

    root = repository_root(repository)
    order = ExecutionOrder(
        repository=str(root), batch=batch, tickets=list(ticket), parallel=parallel, dry_run=dry_run, maker=maker,
        checker=checker, reviewer=reviewer,
    )  # fmt: skip
    report: ExecutionReport = run_flow("linestop.flows.execution:execution", order)
    execution_summary(report, root, json_=json_)
    return exit_code(report.answer)
