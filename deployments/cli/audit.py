"""`linestop audit`: review a repository and write at most five plans."""

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from linestop.deployments.cli.options import Json, Repo

if TYPE_CHECKING:
    from rich.console import Console

    from linestop.audit.order import AuditReport


def audit(
    repository: Repo = Path(),
    *,
    again: bool = False,
    max_plans: int | None = None,
    json_: Json = False,
) -> int:
    """Review a repository with ruff, vulture and the policy's own scanners, and write plans on a branch.

    Examples:
        linestop audit                        # the repository you stand in
        linestop audit ~/src/shop --max-plans 2
        linestop audit --again                # though nothing changed since the last audit
        linestop audit --json | jq .plans

    Only the branch `linestop/plans` is written: your checkout and your base branch stay as they are. Scanners are
    added in .linestop/config.toml: [audit.sources] bandit = "bandit -q -r {root} -f sarif".

    Parameters
    ----------
    again
        Review even where neither the base nor the policy changed.
    max_plans
        How many plans may be open at a time, 1 to 5; by default the policy's number.
    json_
        Print the report as JSON.
    """
    from linestop.audit.order import AuditOrder, AuditReport  # noqa: PLC0415
    from linestop.deployments.cli.flow_runs import run_flow  # noqa: PLC0415  # lazy: see app.py
    from linestop.deployments.cli.summary import stdout  # noqa: PLC0415
    from linestop.errors import UsageError  # noqa: PLC0415
    from linestop.paths import repository_root  # noqa: PLC0415
    from linestop.plans import MAX_PLANS  # noqa: PLC0415

    if max_plans is not None and not 1 <= max_plans <= MAX_PLANS:
        raise UsageError("--max-plans is out of bounds", found=str(max_plans), todo=f"give 1 to {MAX_PLANS}")
    root = repository_root(repository)
    order = AuditOrder(repository=str(root), again=again, max_plans=max_plans)
    report: AuditReport = run_flow("linestop.flows.audit:audit", order)
    console = stdout()
    if json_:
        console.file.write(report.model_dump_json(indent=2) + "\n")
    else:
        audit_summary(console, report)
        console.print(_next(report, root), markup=False, soft_wrap=True)
    return 0


def audit_summary(console: "Console", report: "AuditReport") -> None:
    """Print what was found, planned, refused and what waits."""
    from linestop.deployments.cli.summary import say as say_to  # noqa: PLC0415

    say = partial(say_to, console)
    say("Found", _found(report))
    if report.nothing_new:
        say("Planned", f"nothing: {report.nothing_new}")
    for plan in report.plans:
        say("Gated" if plan.gated else "Planned", f"{plan.id}  {_size(plan.chunks)}: {plan.title}")
        if plan.gated:
            say("", f"because {plan.gated}")
    for reason in report.refused:
        say("Refused", reason)
    if report.waiting:
        say("Open", f"{len(report.waiting)} earlier plans: {', '.join(report.waiting)}")
    if report.findings_waiting and not report.nothing_new:
        say("Waiting", f"{report.findings_waiting} findings that no plan has room for yet")
    if report.branch:
        say("Branch", report.branch)


def _found(report: "AuditReport") -> str:
    themes = sorted(report.findings.items(), key=lambda item: -item[1])
    found = ", ".join(f"{count} {theme}" for theme, count in themes) or "nothing"
    fixable = f"; {report.fixable} of them a machine can fix" if report.findings else ""
    tests = f"; {report.in_tests} more in tests, which are only reported" if report.in_tests else ""
    return f"{found}{fixable}{tests}  ({report.seconds} s, base {report.base[:12]})"


def _size(chunks: tuple[object, ...]) -> str:
    return "1 chunk" if len(chunks) == 1 else f"{len(chunks)} chunks"


def _next(report: "AuditReport", root: Path) -> str:
    quoted = shlex.quote(str(root))
    if report.waiting or any(plan.gated is None for plan in report.plans):
        return f"Next     linestop execute {quoted}"
    if report.branch:
        return f"Next     git -C {quoted} show {report.branch} --stat"
    return f"Next     linestop document {quoted}"
