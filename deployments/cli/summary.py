"""What the terminal shows at the end of a run: results to stdout, in plain words, hostile text made plain."""

import os
import shlex
from contextlib import suppress
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from linestop.done import Answer, OracleVerdict
from linestop.errors import LinestopError
from linestop.execution.order import ExecutionReport, TicketOutcome
from linestop.paths import Layout
from linestop.text import plain
from linestop.tickets import TicketState

STYLES = {
    TicketState.DONE: "green",
    TicketState.GATED: "cyan",
    TicketState.STOPPED: "red",
    TicketState.PETITIONED: "yellow",
}
ANSWERS = {Answer.DONE: "[green]done[/green]", Answer.NOT_DONE: "[red]not done[/red]",
           Answer.WAITING: "[yellow]waiting on a person[/yellow]"}  # fmt: skip


def stdout() -> Console:
    """Return the console that results go to; wide where no terminal is there to set a width."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 160
    return console


def execution_summary(report: ExecutionReport, root: Path, *, json_: bool) -> None:
    """Print how a batch ended: every ticket, the oracle's answer, where the branches are, what to type next."""
    console = stdout()
    if json_:
        console.file.write(report.model_dump_json(indent=2) + "\n")
        return
    if not report.tickets:
        console.print("Nothing to carry out: there are no plans and no tickets.")
        console.print(f"Next: [bold]linestop audit {escape(shlex.quote(str(root)))}[/bold]")
        return
    batch_summary(console, report)
    learning_summary(console, root)
    say(console, "Next", next_command(report, root))


def batch_summary(console: Console, report: ExecutionReport) -> None:
    """Print a batch's tickets and the oracle's answer; its reasons where the table does not hold them already."""
    show(console, tickets_table(report))
    console.print(f"[bold]{'Oracle':9}[/bold]{ANSWERS[report.answer]}")
    for reason in report.reasons if report.answer is Answer.NOT_DONE else ():
        say(console, "", reason)
    for problem in report.memory:
        say(console, "Memory", problem)


def learning_summary(console: Console, root: Path) -> None:
    """Print how many candidates for lessons wait for a person; nothing where none do, or memory can't be read."""
    from linestop.blocks.memory_gate import require_own  # noqa: PLC0415  # only where a run ended
    from linestop.debrief import Debriefs  # noqa: PLC0415

    with suppress(LinestopError, OSError):
        layout = Layout(root)
        require_own(layout)
        if waiting := len(Debriefs(layout).waiting()):
            noun = "candidate for a lesson waits" if waiting == 1 else "candidates for lessons wait"
            say(console, "Learned", f"{waiting} {noun} for you: linestop debrief --repo {shlex.quote(str(root))}")


def say(console: Console, title: str, text: str) -> None:
    """Print one titled line of a summary; the text may be a stranger's."""
    console.print(f"[bold]{title:9}[/bold]{escape(plain(text, limit=600))}", soft_wrap=True)


def show(console: Console, table: Table) -> None:
    """Print a table; into a file without the blanks that only a terminal's background would need."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as drawn:
        console.print(table)
    console.file.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))


def _table(*headings: str, title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading in {"ticket", "state"})
    return table


def tickets_table(report: ExecutionReport) -> Table:
    """Return one row per ticket."""
    table = _table(
        "ticket",
        "state",
        "commits",
        "branch, or why not",
        title=f"Batch {report.batch}" if report.batch else "Plans without a ticket",
    )
    for ticket in report.tickets:
        style = STYLES.get(ticket.state, "")
        state = f"[{style}]{ticket.state}[/{style}]" if style else str(ticket.state)
        table.add_row(escape(ticket.id), state, str(ticket.commits), escape(_outcome(ticket)))
    return table


def next_command(report: ExecutionReport, root: Path) -> str:
    """Return what a person would type next: look at what stands in the way, else read what was delivered."""
    quoted = shlex.quote(str(root))
    if stuck := _first(report, TicketState.STOPPED, TicketState.PETITIONED):
        return f"linestop ticket show {stuck.id} --repo {quoted}"
    if report.answer is Answer.NOT_DONE:
        stopped = any(" incident " in reason for reason in report.reasons)
        return f"linestop incident list --repo {quoted}" if stopped else f"linestop execute {quoted}"
    delivered = next((one for one in report.tickets if one.state is TicketState.DONE and one.commits), None)
    if delivered:
        return f"git -C {quoted} log -p HEAD..{delivered.branch}"
    if gated := _first(report, TicketState.GATED):
        return f"linestop ticket show {gated.id} --repo {quoted}"
    return f"linestop history {quoted}"


def _first(report: ExecutionReport, *states: TicketState) -> TicketOutcome | None:
    return next((one for one in report.tickets if one.state in states), None)


def oracle_summary(verdict: OracleVerdict, *, json_: bool) -> None:
    """Print the oracle's verdict with the evidence for each ticket."""
    console = stdout()
    if json_:
        console.file.write(verdict.model_dump_json(indent=2) + "\n")
        return
    table = _table("ticket", "state", "counts", "evidence", title=f"Batch {verdict.batch}")
    for ticket in verdict.tickets:
        table.add_row(
            escape(ticket.ticket), str(ticket.state), "yes" if ticket.counts else "no",
            escape(plain(ticket.detail, limit=300)),
        )  # fmt: skip
    show(console, table)
    console.print(f"The oracle says: {ANSWERS[verdict.answer]}   (definition {verdict.definition[:12]})")
    for reason in verdict.reasons:
        console.print(f"  {escape(plain(reason, limit=600))}")


def _outcome(ticket: TicketOutcome) -> str:
    where = ticket.branch if ticket.commits else ""
    reason = plain(ticket.reason, limit=300)
    return f"{where}: {reason}" if where and reason else where or reason
