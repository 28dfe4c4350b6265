"""`linestop document`: bring the repository's wiki up to date, on a branch."""

from pathlib import Path
from typing import TYPE_CHECKING

from linestop.deployments.cli.options import Json, Repo

if TYPE_CHECKING:
    from linestop.wiki import DocumentReport

WAITS = 4
SHOWN = 20


def document(
    repository: Repo = Path(),
    *,
    ref: str | None = None,
    fix: bool = False,
    json_: Json = False,
) -> int:
    """Bring the wiki of a repository up to date from its code, on the branch `linestop/wiki`.

    Examples:
        linestop document                      # the repository you stand in
        linestop document ~/src/shop --fix
        linestop document ~/src/shop --ref v2.1 --json

    Only stale claims are rewritten; what people wrote is kept byte for byte; an unchanged repository makes no commit.
    Exit codes: 0 done, 1 failed, 4 waiting on a person (more than 10 problems, or some that --fix can't mend).

    Parameters
    ----------
    ref
        Branch, tag or commit to document; by default the base branch.
    fix
        Mend what lint finds, where it finds at most 10 problems.
    json_
        Print the report as JSON.
    """
    from linestop.deployments.cli.flow_runs import run_flow  # noqa: PLC0415  # lazy: see app.py
    from linestop.paths import repository_root  # noqa: PLC0415
    from linestop.wiki import DocumentOrder  # noqa: PLC0415

    root = repository_root(repository)
    order = DocumentOrder(repository=str(root), ref=ref, fix=fix)
    report: DocumentReport = run_flow("linestop.flows.documentation:documentation", order)
    document_summary(report, root, json_=json_)
    return WAITS if report.waits else 0


def document_summary(report: "DocumentReport", root: Path, *, json_: bool = False) -> None:
    """Print what was written and kept, which problems are left, and what to type next."""
    from rich.markup import escape  # noqa: PLC0415

    from linestop.deployments.cli.summary import stdout  # noqa: PLC0415
    from linestop.text import plain  # noqa: PLC0415
    from linestop.wiki.problems import MAX_FIXES  # noqa: PLC0415

    console = stdout()
    if json_:
        console.file.write(report.model_dump_json(indent=2) + "\n")
        return
    console.print(
        f"Wiki of {report.base[:12]}: {report.pages} pages, {len(report.written)} written, {len(report.removed)} "
        f"removed, {len(report.kept)} with people's text (kept), in {report.seconds:.1f} s"
    )
    for problem in report.fixed[:SHOWN]:
        console.print(f"  [green]mended[/green] {escape(plain(str(problem), limit=300))}")
    for problem in report.problems[:SHOWN]:
        console.print(f"  [yellow]problem[/yellow] {escape(plain(str(problem), limit=300))}")
        console.print(f"          {escape(plain(problem.todo, limit=300))}")
    if len(report.problems) > SHOWN:
        console.print(f"  … and {len(report.problems) - SHOWN} more; --json lists all")
    if len(report.problems) > MAX_FIXES:
        console.print(
            f"{len(report.problems)} problems, more than {MAX_FIXES}: --fix mends none until a person has looked "
            "and corrected some."
        )
    if report.commit:
        console.print(f"Branch: [bold]{report.branch}[/bold] at {report.commit[:12]}")
    else:
        console.print("Nothing had to be rewritten: no commit was made.")
    console.print(f"Next: [bold]{escape(next_command(report, root))}[/bold]")


def next_command(report: "DocumentReport", root: Path) -> str:
    """Return what a person would type next."""
    import shlex  # noqa: PLC0415

    quoted = shlex.quote(str(root))
    if any(problem.fixable for problem in report.problems) and not report.waits:
        return f"linestop document {quoted} --fix"
    if report.commit:
        return f"git -C {quoted} merge {report.branch}    (to look first: git -C {quoted} show --stat {report.branch})"
    return f"git -C {quoted} log --oneline {report.branch}" if report.pages else f"linestop document {quoted}"
