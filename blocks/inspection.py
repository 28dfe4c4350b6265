"""Looks at a candidate commit where its maker can't reach: a clean checkout, with the base's tests put back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linestop.blocks.line import Line
from linestop.blocks.processes import clean_environment, run_command
from linestop.blocks.repository_checks import RepositoryChecks
from linestop.execution.goal import judge_command, judge_report, judge_scan
from linestop.paths import workspace_name
from linestop.plans import ChecksPass, CommandPasses, FindingsGone
from linestop.tickets import Ticket
from linestop.verdicts import CheckReport, CommandRun, GoalLine, GoalVerdict


@contextmanager
def clean_checkout(line: Line, name: str, commit: str) -> Iterator[Path]:
    """Yield a fresh, detached checkout of `commit` and remove it afterwards."""
    try:
        yield line.workspaces.checkout(name, commit)
    finally:
        line.workspaces.close(name)


def checked(line: Line, checks: RepositoryChecks, name: str, *, base: str, commit: str) -> CheckReport:
    """Return what the checks say at `commit`, with the base's tests over it."""
    with clean_checkout(line, name, commit) as checkout:
        line.workspaces.restore(checkout, commit=base, paths=line.restored(base, commit))
        return checks.run(checkout)


def goal_verdict(
    line: Line, ticket: Ticket, checks: RepositoryChecks, baseline: CheckReport, *, commit: str
) -> GoalVerdict:
    """Return the verdict of the ticket's frozen finish line at `commit`, item by item."""
    name = workspace_name(ticket.id, "goal")
    judged: dict[int, GoalLine] = {}
    with clean_checkout(line, name, commit) as checkout:  # scans only read, so they share one checkout
        for place, item in enumerate(ticket.plan.goal):
            if isinstance(item, FindingsGone):
                judged[place] = judge_scan(item, line.scan(item.source, checkout, rules=item.rules, paths=item.paths))
    for place, item in enumerate(ticket.plan.goal):
        if isinstance(item, CommandPasses):
            with clean_checkout(line, name, commit) as checkout:
                judged[place] = judge_command(item, _command(line, item, checkout))
        elif isinstance(item, ChecksPass):
            report = checked(line, checks, name, base=ticket.base, commit=commit)
            judged[place] = judge_report(item, baseline, report)
    lines = tuple(judged[place] for place in sorted(judged))
    return GoalVerdict(commit=commit, finish_line=ticket.finish_line, lines=lines)


def _command(line: Line, item: CommandPasses, checkout: Path) -> CommandRun:
    seconds = line.policy.checks.timeout_seconds
    return run_command(item.argv, cwd=checkout, env=clean_environment(), timeout_seconds=seconds)
