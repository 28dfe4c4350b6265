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
from linestop.tasks.artifacts import publish_markdown, run_link
from linestop.tasks.debrief_form import page
from linestop.tasks.debrief_runs import ask
from linestop.text import plain

MAX_ON_PAGE = 20


async def debriefer(line: Line, subject: str) -> None:
    """Gather what a ticket or a batch taught, and have a person asked. Costs nothing where there is nothing to ask.

    Candidates are on disk before the server hears of them. What goes wrong is said and never fails the run.
    """
    gathered = await asyncio.to_thread(_gathered, line, subject)
    if gathered is None or not (gathered.waiting or gathered.left_out):
        return
    link = ""
    try:
        run = (await ask(line.layout, (subject,))).get(subject)
        link = run_link(f"the form of {subject}", run.id) if run else ""
    except (httpx.HTTPError, PrefectException) as error:
        get_run_logger().warning("debrief.not-asked subject=%s error=%s", subject, plain(str(error)))
    waiting = await asyncio.to_thread(Debriefs(line.layout).waiting, subject)
    key = f"{line.layout.key}-debrief-{subject}"
    await publish_markdown(key, _page(waiting, gathered, link), title=f"Debrief {subject}: {len(waiting)} to decide")
    get_run_logger().info(
        "debrief.waits subject=%s candidates=%s left_out=%s", subject, len(waiting), len(gathered.left_out),
        extra={"action": "debrief.waits"},
    )  # fmt: skip


def _gathered(line: Line, subject: str) -> Gathering | None:
    return line.memory.attempt("a debrief can't be gathered", lambda: Debriefs(line.layout).gather(subject), None)


def _page(waiting: tuple[Candidate, ...], gathered: Gathering, link: str) -> str:
    where = f"Decide them in {link}, or" if link else "No debrief form here yet: `linestop up` makes one. Or decide"
    left = "\n".join(f"- {cell(title)}" for title in gathered.left_out[:MAX_ON_PAGE])
    return paragraphs(
        f"What may be learned, and waits for a person. {where} in a terminal: `linestop debrief {gathered.subject}`",
        *(page(one, runs={}) for one in waiting[:MAX_ON_PAGE]),
        f"**Left out, for want of room** ({len(gathered.left_out)}):\n\n{left}" if left else "",
    )
