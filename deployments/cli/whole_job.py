"""The main job: three flows, one after the other, and one summary at the end. The command is run.py."""

import json
import shlex
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from linestop.audit.order import AuditOrder, AuditReport
from linestop.deployments.cli.audit import audit_summary
from linestop.deployments.cli.flow_runs import run_flow, ui_url
from linestop.deployments.cli.summary import batch_summary, next_command, say, stdout
from linestop.deployments.example_repository import default_path, example_repository
from linestop.done import exit_code
from linestop.execution.order import ExecutionOrder, ExecutionReport
from linestop.paths import repository_root
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
    audit_summary(console, audit)
    if execution.batch is not None:
        batch_summary(console, execution)
    state = f"{len(wiki.written)} written on branch {wiki.branch}" if wiki.commit else "up to date"
    problems = f", {len(wiki.problems)} problems (linestop document --json)" if wiki.problems else ""
    say(console, "Wiki", f"{wiki.pages} pages, {state}{problems}")
    say(console, "History", f"{ui_url()}/v2/runs  or  linestop history {shlex.quote(str(root))}")
    say(console, "Next", next_command(execution, root))
