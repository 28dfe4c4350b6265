"""What a ticket's and a batch's readers see in the UI: markdown pages with links. Hostile text can't become markup.

`links` are markdown links that the caller made (tasks/artifacts.py): what lies where in the UI is not known here.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from linestop.execution.order import TicketOutcome, is_commit
from linestop.text import plain, plain_lines
from linestop.tickets import Ticket
from linestop.verdicts import CommandRun, GoalVerdict

MAX_OUTPUT_CHARS = 3000
SHORT = 12


def ticket_page(ticket: Ticket, *, links: Sequence[str] = (), memory: Sequence[str] = ()) -> str:
    """Return a ticket as a page: how it stands, what became of each chunk, where to read on, what to type next."""
    rows = [
        (cell(chunk.title), cell(chunk.id), _progress(ticket.progress.get(chunk.id, "not begun")))
        for chunk in ticket.plan.chunks
    ]
    facts = (
        f"**{ticket.state}** · batch {cell(ticket.batch)} · branch `{ticket.branch}` · base `{ticket.base[:SHORT]}` · "
        f"attempts {ticket.attempts}"
    )
    look = f"Look at it: `git log -p {ticket.base[:SHORT]}..{ticket.branch}`"
    chunks = table(("chunk", "id", "commit"), rows)
    return paragraphs(facts, cell(ticket.reason), without_memory(memory), " · ".join(links), chunks, look)


def verdict_page(verdict: GoalVerdict, *, links: Sequence[str] = ()) -> str:
    """Return the goal-checker's verdict: each line of the finish line, its exit code, and what the command said."""
    rows = [
        (
            "met" if line.met else "**NOT MET**",
            cell(line.item),
            cell(line.detail),
            _exit_code(line.run),
            f"{line.run.seconds:.1f}" if line.run else "",
        )
        for line in verdict.lines
    ]
    word = "**met**" if verdict.met else "**not met**"
    head = f"{word} at commit `{verdict.commit[:SHORT]}`, by the finish line `{verdict.finish_line[:SHORT]}`"
    evidence = [_evidence(line.run) for line in verdict.lines if line.run and (line.run.output.strip() or not line.met)]
    columns = ("verdict", "finish line", "detail", "exit code", "seconds")
    return paragraphs(head, " · ".join(links), table(columns, rows), "#### Evidence" if evidence else "", *evidence)


def batch_page(
    tickets: Sequence[TicketOutcome],
    *,
    answer: str,
    reasons: Sequence[str],
    runs: Mapping[str, str],
    links: Sequence[str],
    memory: Sequence[str] = (),
) -> str:
    """Return a batch: the oracle's answer, then a row per ticket; `runs` are links by ticket id."""
    rows = [
        (
            runs.get(ticket.id, cell(ticket.id)),
            str(ticket.state),
            str(ticket.commits),
            str(ticket.attempts),
            f"`{ticket.branch}`" if ticket.branch else "",
            cell(ticket.reason or ticket.title),
        )
        for ticket in tickets
    ]
    columns = ("ticket", "state", "commits", "attempts", "branch", "what, or why not")
    why = "\n".join(f"- {cell(reason)}" for reason in reasons)
    answered = f"The oracle says: **{answer}**"
    return paragraphs(answered, why, without_memory(memory), " · ".join(links), table(columns, rows))


def without_memory(problems: Sequence[str]) -> str:
    """Return what was wrong with memory, as a warning that stands out; empty where nothing was."""
    lines = [f"- {cell(problem)}" for problem in problems]
    return "\n".join(["⚠️ **The work went on without its memory:**", "", *lines]) if lines else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a markdown table of cells that are markdown already."""
    lines = [" | ".join(columns), " | ".join("---" for _ in columns), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def paragraphs(*texts: str) -> str:
    """Return the texts that aren't empty, a blank line between them."""
    return "\n\n".join(text for text in texts if text)


def cell(text: Any, *, limit: int = 600) -> str:
    """Return text that can't leave a table cell or a paragraph, and can't become markup."""
    safe = plain(str(text), limit=limit).replace("&", "&amp;")
    for char in "\\`|<>[]*_~#!":
        safe = safe.replace(char, f"\\{char}")
    return safe


def _progress(word: str) -> str:
    return f"`{word[:SHORT]}`" if is_commit(word) else cell(word)


def _exit_code(run: CommandRun | None) -> str:
    if run is None:
        return ""
    return "time-out" if run.timed_out else "killed" if run.exit_code is None else str(run.exit_code)


def _evidence(run: CommandRun) -> str:
    text = plain_lines(run.output, limit=MAX_OUTPUT_CHARS).replace("```", "'''").replace("~~~", "---")
    words = (PurePath(run.argv[0]).name, *run.argv[1:]) if run.argv else ()
    return f"~~~\n$ {plain(' '.join(words), limit=600)}\n{text}\n~~~"
