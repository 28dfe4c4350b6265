"""The main job: three flows, one after the other, and one summary at the end. The command is run.py."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from linestop.audit.order import AuditOrder, AuditReport
from linestop.blocks.engines import settings_of
from linestop.deployments.cli.audit import audit_summary
from linestop.deployments.cli.flow_runs import run_flow, ui_url
from linestop.deployments.cli.summary import batch_summary, learning_summary, next_command, say, stdout
from linestop.deployments.example_repository import default_path, example_repository
from linestop.done import exit_code
from linestop.errors import LinestopError, ServerError
from linestop.execution.order import ExecutionOrder, ExecutionReport
from linestop.paths import Layout, repository_root
from linestop.policy import load_policy
from linestop.wiki.order import DocumentOrder, DocumentReport


def whole_job(repository: Path | None, *, parallel: int | None, roles: Mapping[str, str | None], json_: bool) -> int:
    """Run audit, execution and documentation; print the summary; return the oracle's exit code."""
    talk = Console(stderr=True, highlight=False, soft_wrap=True)
    if repository is None:
        repository = example_repository(default_path())
        talk.print(f"No repository named: the bundled example in {escape(str(repository))}.")
    root = repository_root(repository)
    order = ExecutionOrder.model_validate({"repository": str(root), "parallel": parallel, **roles})
    _require_engines(order, root)
    talk.print(f"[bold]1/3 audit[/bold] {escape(str(root))}")
    audit: AuditReport = run_flow("linestop.flows.audit:audit", AuditOrder(repository=str(root)))
    talk.print("[bold]2/3 execute[/bold]")
    execution = _executed(order)
    talk.print("[bold]3/3 document[/bold]")
    wiki: DocumentReport = run_flow("linestop.flows.documentation:documentation", DocumentOrder(repository=str(root)))
    report = None if isinstance(execution, LinestopError) else execution
    if json_:
        reports = {"audit": audit, "execution": report, "documentation": wiki}
        words = {name: one.model_dump(mode="json") if one else None for name, one in reports.items()}
        stdout().file.write(json.dumps(words, indent=2) + "\n")
    else:
        _summary(root, audit, report, wiki)
    if isinstance(execution, LinestopError):  # told last, when all that could be done is done
        raise execution
    return exit_code(execution.answer)


def _require_engines(order: ExecutionOrder, root: Path) -> None:
    """Refuse an engine that isn't there before anything runs."""
    policy = load_policy(Layout(root))
    for name in order.chosen.values():
        settings_of(name, policy)


def _executed(order: ExecutionOrder) -> ExecutionReport | LinestopError:
    """Return the report, or why the checks can't even be run: the wiki needs none."""
    try:
        report: ExecutionReport = run_flow("linestop.flows.execution:execution", order)
    except ServerError:
        raise
    except LinestopError as error:
        return error
    return report


def _summary(root: Path, audit: AuditReport, execution: ExecutionReport | None, wiki: DocumentReport) -> None:
    console = stdout()
    console.rule("[bold]Summary", align="left")
    audit_summary(console, audit)
    if execution and execution.tickets:
        batch_summary(console, execution)
        learning_summary(console, root)
    state = f"{len(wiki.written)} written on branch {wiki.branch}" if wiki.commit else "up to date"
    problems = f", {len(wiki.problems)} problems (linestop document --json)" if wiki.problems else ""
    say(console, "Wiki", f"{wiki.pages} pages, {state}{problems}")
    say(console, "History", f"{ui_url()}/v2/runs  or  linestop history {shlex.quote(str(root))}")
    if execution:
        say(console, "Next", next_command(execution, root))
