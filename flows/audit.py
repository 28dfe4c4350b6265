"""The audit flow: every source on a clean checkout of the base, then at most five plans on a branch of their own."""

import asyncio

from prefect import flow

from linestop.audit.order import AuditOrder, AuditReport
from linestop.blocks.audit_desk import AuditDesk
from linestop.tasks.audit_book import AuditBook
from linestop.tasks.auditor import auditor, scanner


@flow(name="audit", flow_run_name="audit {order.label}", persist_result=False)
async def audit(order: AuditOrder) -> AuditReport:
    """Review a repository and write plans; never write to its base branch or its checkout."""
    desk = await asyncio.to_thread(AuditDesk, order)
    async with AuditBook(desk, order) as book:
        stands = await asyncio.to_thread(desk.standing)
        if last := desk.last_like_this(stands):
            return await book.unchanged(last, stands)
        with desk.checkout(book.record.id) as checkout:
            scans = (scanner(desk, book.record, source, checkout) for source in desk.sources)
            reported = book.heard(await asyncio.gather(*scans))
            found = desk.sort_out(reported, checkout)
        drafts, plans = await auditor(desk, book.record, found, reported, stands)
        return await book.planned(found, drafts, plans, stands)
