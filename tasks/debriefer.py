"""The debriefer: gathers what a ticket or a batch taught, and has a person asked about it.

Called where a ticket's and an execution's run end, and never fails one. The asking itself is debrief_desk.py.
"""

import asyncio

import httpx
from prefect import get_run_logger
from prefect.exceptions import PrefectException

from linestop.blocks.line import Line
from linestop.debrief import Candidate, Debriefs, Gathering
from linestop.execution.report import cell, paragraphs
from linestop.execution.runs import flow_runs_of
from linestop.paths import Layout
from linestop.tasks.artifacts import publish_markdown, run_link
from linestop.tasks.debrief_form import page
from linestop.tasks.debrief_runs import ask
from linestop.text import plain

MAX_ON_PAGE = 20


async def debriefer(line: Line, subject: str, *, others: bool = False) -> None:
    """Gather what a ticket or a batch taught, and have a person asked. Costs nothing where there is nothing to ask.

    Candidates are on disk before the server hears of them. What goes wrong is said and never fails the run.
    With `others` all that waits in the repository is seen to, also of tickets whose run was killed.
    """
    gathered = await asyncio.to_thread(_gathered, line, subject)
    if gathered is None:
        return
    waiting = await asyncio.to_thread(_waiting, line, "" if others else subject)
    link = await _link(line, subject, others=others) if waiting else ""
    own = tuple(one for one in waiting if one.subject == subject)
    if not own and not gathered.left_out:
        return
    key = f"{line.layout.key}-debrief-{subject}"
    page_text = await asyncio.to_thread(_page, line.layout, own, gathered, link)
    await publish_markdown(key, page_text, title=f"Debrief {subject}: {len(own)} to decide")
    get_run_logger().info(
        "debrief.waits subject=%s candidates=%s left_out=%s", subject, len(own), len(gathered.left_out),
        extra={"action": "debrief.waits"},
    )  # fmt: skip


async def _link(line: Line, subject: str, *, others: bool) -> str:
    """Have a person asked; return a link to the run that asks about the subject, empty where there is none."""
    try:
        run = (await ask(line.layout, () if others else (subject,))).get(subject)
    except (httpx.HTTPError, PrefectException, OSError) as error:
        get_run_logger().warning("debrief.not-asked subject=%s error=%s", subject, plain(str(error)))
        return ""
    return run_link(f"the form of {subject}", run.id) if run else ""


def _gathered(line: Line, subject: str) -> Gathering | None:
    return line.memory.attempt("a debrief can't be gathered", lambda: Debriefs(line.layout).gather(subject), None)


def _waiting(line: Line, subject: str) -> tuple[Candidate, ...]:
    return line.memory.attempt("debriefs can't be read", lambda: Debriefs(line.layout).waiting(subject), ())


def _page(layout: Layout, waiting: tuple[Candidate, ...], gathered: Gathering, link: str) -> str:
    where = f"Decide them in {link}, or" if link else "No debrief form here yet: `linestop up` makes one. Or decide"
    left = "\n".join(f"- {cell(title)}" for title in gathered.left_out[:MAX_ON_PAGE])
    return paragraphs(
        f"What may be learned, and waits for a person. {where} in a terminal: `linestop debrief {gathered.subject}`",
        *(page(one, runs=flow_runs_of(layout, one.runs)) for one in waiting[:MAX_ON_PAGE]),
        f"**Left out, for want of room** ({len(gathered.left_out)}):\n\n{left}" if left else "",
    )
