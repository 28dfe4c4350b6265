"""The main job: three flows, one after the other, and one summary at the end. The command is run.py."""

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from linestop.audit.order import AuditOrder, AuditReport
from linestop.deployments.cli.flow_runs import run_flow, ui_url
from linestop.deployments.cli.summary import ANSWERS, next_command, stdout, tickets_table
from linestop.deployments.example_repository import default_path, example_repository
from linestop.done import exit_code
from linestop.execution.order import ExecutionOrder, ExecutionReport
from linestop.paths import repository_root
from linestop.text import plain
from linestop.wiki.order import DocumentOrder, DocumentReport


def whole_job(repository: Path | None, *, parallel: int | None, json_: bool) -> int:
    """Run audit, execution and documentation; print the summary; return the oracle's exit code."""
    talk = Console(stderr=True, highlight=False, soft_wrap=True)
    if repository is None:
        repository = example_repository(default_path())
        talk.print(f"No repository named: the bundled example in {escape(str(repository))}.")
    root = repository_root(repository)
    talk.print(f"[bold]1/3 audit[/bold] {escape(str(root))}")
    audit: AuditReport = run_flow("linestop.flows.audit:audit", AuditOrder(repository=str(root)))
    talk.print("[bold]2/3 execute[/bold]")
    execution: ExecutionReport = run_flow(
        "linestop.flows.execution:execution", ExecutionOrder(repository=str(root), parallel=parallel)
    )
    talk.print("[bold]3/3 document[/bold]")
    wiki: DocumentReport = run_flow(
        "linestop.flows.documentation:documentation", DocumentOrder(repository=str(root))
    )  # fmt: skip
    if json_:
        reports = {"audit": audit, "execution": execution, "documentation": wiki}
        text = json.dumps({name: report.model_dump(mode="json") for name, report in reports.items()}, indent=2)
        stdout().file.write(text + "\n")
    else:
        _summary(root, audit, execution, wiki)
    return exit_code(execution.answer)


def _summary(root: Path, audit: AuditReport, execution: ExecutionReport, wiki: DocumentReport) -> None:
    console = stdout()
    console.rule("[bold]Summary", align="left")
    _audited(console, audit)
    if execution.batch is not None:
        console.print(tickets_table(execution))
        console.print(f"Oracle   {ANSWERS[execution.answer]}")
        for reason in execution.reasons:
            console.print(f"         {escape(plain(reason, limit=600))}")
    _documented(console, wiki)
    console.print(f"History  {ui_url()}/v2/runs  or  linestop history {escape(str(root))}")
    console.print(f"Next     [bold]{escape(next_command(execution, root))}[/bold]")


def _audited(console: Console, audit: AuditReport) -> None:
    found = ", ".join(f"{count} {theme}" for theme, count in audit.findings.items()) or "nothing"
    console.print(f"Found    {found}  ({audit.fixable} with a machine fix, {audit.in_tests} more in tests)")
    if audit.nothing_new:
        console.print(f"Planned  nothing new: {escape(plain(audit.nothing_new, limit=300))}")
    for number, plan in enumerate(audit.plans):
        label = "Planned " if number == 0 else "        "
        gated = " [cyan](for a person)[/cyan]" if plan.gated else ""
        console.print(f"{label} {escape(plan.id)}: {escape(plain(plan.title))}, {len(plan.chunks)} chunks{gated}")
    for number, reason in enumerate(audit.refused):
        console.print(f"{'Refused ' if number == 0 else '        '} {escape(plain(reason, limit=300))}")
    if audit.branch:
        console.print(f"         on branch {audit.branch}; {audit.findings_waiting} findings wait for a later audit")


def _documented(console: Console, wiki: DocumentReport) -> None:
    state = f"{len(wiki.written)} written on branch {wiki.branch}" if wiki.commit else "up to date"
    problems = f", {len(wiki.problems)} problems (linestop document --json)" if wiki.problems else ""
    console.print(f"Wiki     {wiki.pages} pages, {state}{problems}")
