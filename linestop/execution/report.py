"""What a ticket's and a batch's readers see: rows and pages for artifacts and the terminal. Hostile text is plain."""

from typing import Any

from linestop.execution.order import TicketOutcome
from linestop.text import plain
from linestop.tickets import Ticket
from linestop.verdicts import GoalVerdict


def goal_rows(verdict: GoalVerdict) -> list[dict[str, Any]]:
    """Return one row per finish line item: what, met or not, the command and its exit code."""
    return [
        {
            "finish line": plain(line.item, limit=300),
            "verdict": "met" if line.met else "NOT MET",
            "command": plain(" ".join(line.run.argv), limit=300) if line.run else "",
            "exit code": line.run.exit_code if line.run else None,
            "seconds": round(line.run.seconds, 2) if line.run else None,
            "detail": plain(line.detail, limit=300),
        }
        for line in verdict.lines
    ]


def ticket_page(ticket: Ticket) -> str:
    """Return a ticket as a markdown page: what it is, what became of each chunk, and what to type next."""
    rows = [
        f"| {_cell(chunk.title)} | `{chunk.id}` | `{_cell(ticket.progress.get(chunk.id, 'not begun'))}` |"
        for chunk in ticket.plan.chunks
    ]
    lines = [
        f"**{ticket.state}** · branch `{ticket.branch}` · base `{ticket.base[:12]}` · attempts {ticket.attempts}",
        _cell(ticket.reason),
        "| chunk | id | commit |\n|---|---|---|\n" + "\n".join(rows),
        f"Look at it: `git log -p {ticket.base[:12]}..{ticket.branch}`",
    ]
    return "\n\n".join(line for line in lines if line)


def batch_rows(tickets: tuple[TicketOutcome, ...]) -> list[dict[str, Any]]:
    """Return one row per ticket of a batch."""
    return [
        {
            "ticket": ticket.id,
            "title": plain(ticket.title),
            "state": str(ticket.state),
            "branch": ticket.branch,
            "commits": ticket.commits,
            "attempts": ticket.attempts,
            "reason": plain(ticket.reason, limit=400),
        }
        for ticket in tickets
    ]


def _cell(text: str) -> str:
    """Return text that can't leave a table cell or a paragraph, and can't become markup."""
    safe = plain(text, limit=1000)
    for char in "\\`|<>[]*_":
        safe = safe.replace(char, f"\\{char}")
    return safe
