"""The page of a documentation run in the UI, and its summary. The run itself is scribe.py's."""

from collections.abc import Sequence

from linestop.execution.report import cell, paragraphs, table
from linestop.execution.runs import ticket_flow_runs
from linestop.paths import Layout
from linestop.tasks.artifacts import run_link
from linestop.tasks.related import last_runs
from linestop.wiki import Delivery, DocumentReport

MAX_LISTED = 50


def documentation_page(layout: Layout, report: DocumentReport, merged: Sequence[Delivery]) -> str:
    """Return the page of a report, as markdown: what was written, the tickets that the base holds, what is wrong."""
    links = " · ".join(last_runs(layout, "audit", "execution"))
    runs = ticket_flow_runs(layout)
    tickets = [(run_link(one.ticket, runs.get(one.ticket, "")), f"`{one.commit[:12]}`") for one in merged[:MAX_LISTED]]
    problems = [(one.kind, cell(one.page), cell(one.detail), cell(one.todo)) for one in report.problems[:MAX_LISTED]]
    return paragraphs(
        summary(report),
        links,
        f"Look at it: `git show --stat {report.branch}`" if report.commit else "",
        _listed("Pages written", report.written),
        _listed("Pages removed", report.removed),
        f"#### Tickets that the base holds\n\n{table(('ticket', 'commit'), tickets)}" if tickets else "",
        f"#### Problems\n\n{table(('kind', 'page', 'what', 'what to do'), problems)}" if problems else "",
    )


def _listed(title: str, paths: tuple[str, ...]) -> str:
    """Return paths as a list under a title, the first of many; empty where there are none."""
    more = [f"- … and {len(paths) - MAX_LISTED} more"] if len(paths) > MAX_LISTED else []
    lines = "\n".join([*(f"- {cell(path)}" for path in paths[:MAX_LISTED]), *more])
    return f"#### {title}\n\n{lines}" if paths else ""


def summary(report: DocumentReport) -> str:
    """Return the report in a few lines of markdown."""
    done = f"committed as {report.commit[:12]} on {report.branch}" if report.commit else "up to date: nothing committed"
    return (
        f"{report.pages} pages of {report.base[:12]}: {done}.\n\n{len(report.written)} written, "
        f"{len(report.removed)} removed, {len(report.kept)} with text of people kept, {len(report.problems)} problems, "
        f"{len(report.fixed)} mended."
    )
