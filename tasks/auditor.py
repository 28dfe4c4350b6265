"""The auditor: asks every source, makes plans of what they found. What counts and how it is cut is linestop/audit/."""

import asyncio
from pathlib import Path

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from linestop.audit.planning import Drafts
from linestop.audit.sorting import Sorted
from linestop.audit.standing import Standing
from linestop.blocks.audit_desk import AuditDesk
from linestop.errors import ToolError
from linestop.findings import Finding
from linestop.plans import Plan
from linestop.ports import Scan
from linestop.records import RunRecord
from linestop.tasks.retries import only_infrastructure
from linestop.text import plain


@task(
    name="scanner", task_run_name="scan {source}", retries=2, retry_delay_seconds=[2, 10],
    retry_condition_fn=only_infrastructure, cache_policy=NO_CACHE, persist_result=False,
)  # fmt: skip
async def scanner(desk: AuditDesk, record: RunRecord, source: str, checkout: Path) -> Scan | ToolError:
    """Return what one source reports; a source that broke is a value: the others' word still counts."""
    log = get_run_logger()
    with record.step(f"scan {source}") as said:
        try:
            scan = await asyncio.to_thread(desk.sources[source].scan, checkout)
        except ToolError as error:
            said["outcome"], said["text"] = "error", str(error)
            log.warning("audit.source_failed source=%s %s", source, plain(error.what), extra={"action": "source"})
            return error
        said["text"] = f"{len(scan.findings)} findings"
    log.info(
        "audit.scanned source=%s findings=%d seconds=%.2f", source, len(scan.findings), scan.run.seconds,
        extra={"action": "audit.scanned"},
    )  # fmt: skip
    return scan


@task(
    name="auditor", task_run_name="auditor", retries=2, retry_delay_seconds=[2, 10],
    retry_condition_fn=only_infrastructure, cache_policy=NO_CACHE, persist_result=False,
)  # fmt: skip
async def auditor(
    desk: AuditDesk, record: RunRecord, found: Sorted, reported: tuple[Finding, ...], stands: Standing
) -> tuple[Drafts, tuple[Plan, ...]]:
    """Return the drafts and the plans that are on the plans' branch now. The base and the checkout stay as they are."""
    with record.step("plan") as said:
        drafts = desk.draft(found.code, reported, stands)
        said["text"] = f"{len(drafts.drafts)} plans, {drafts.waiting} findings wait"
    with record.step("write", branch=desk.plans_branch):
        plans, diff = await asyncio.to_thread(desk.write, drafts, stands)
    if plans:
        record.write("diff.patch", diff)
    for plan in plans:
        get_run_logger().info(
            "audit.planned plan=%s chunks=%d%s", plan.id, len(plan.chunks), " gated=yes" if plan.gated else "",
            extra={"action": "audit.planned"},
        )  # fmt: skip
    return drafts, plans
