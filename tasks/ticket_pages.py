"""A ticket's pages in the UI: verdict with evidence, diff, and the ticket itself with links to all that belongs to it.

What a page says is linestop/execution/report.py; which runs belong together is linestop/execution/runs.py.
"""

import asyncio
from collections.abc import Sequence

from prefect.runtime import flow_run

from linestop.execution.learned_page import learned_page
from linestop.execution.report import paragraphs, ticket_page, verdict_page
from linestop.execution.runs import audit_of
from linestop.memory.tickets import learned_by
from linestop.paths import Layout
from linestop.tasks.artifacts import artifact_link, fenced, key_link, publish_markdown, run_link
from linestop.tasks.record_pages import record_key
from linestop.tasks.related import last_runs, plan_key, ticket_key
from linestop.tickets import Ticket
from linestop.verdicts import GoalVerdict


async def publish_ticket(
    layout: Layout, ticket: Ticket, verdict: GoalVerdict, diff: str, *, record: str, memory: Sequence[str] = ()
) -> None:
    """Publish a ticket's pages: verdict and diff at once, then the ticket that links them and its run's `record`."""
    key, back = ticket_key(layout, ticket.id), run_link(f"ticket {ticket.id}", flow_run.id or "")
    judged, changed, links, learned = await asyncio.gather(
        publish_markdown(
            f"{key}-verdict", verdict_page(verdict, links=(back,)), title=f"Verdict on {ticket.id}, with its evidence"
        ),
        publish_markdown(
            f"{key}-diff", paragraphs(back, fenced(diff, "diff")), title=f"What {ticket.branch} changes"
        ),
        asyncio.to_thread(_links, layout, ticket),
        asyncio.to_thread(learned_by, layout, ticket.id),
    )  # fmt: skip
    ours = (
        artifact_link("verdict with evidence", judged),
        artifact_link("diff", changed),
        key_link("record", record_key(record)),
    )
    page = paragraphs(ticket_page(ticket, links=(*ours, *links), memory=memory), learned_page(learned))
    await publish_markdown(key, page, title=ticket.title)


def _links(layout: Layout, ticket: Ticket) -> tuple[str, ...]:
    audit, execution = audit_of(layout, ticket.plan.id), flow_run.parent_flow_run_id or ""
    links = (
        key_link("plan", plan_key(layout, ticket.plan.id)) if audit else "",
        run_link("audit that found it", audit) if audit else "",
        run_link("execution", execution) if execution else "",
        *last_runs(layout, "documentation"),
    )
    return tuple(link for link in links if link)
