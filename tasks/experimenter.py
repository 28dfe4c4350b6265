"""The experimenter: makes a bench ready, runs its pairs one by one, and leaves what they come to in the UI."""

import asyncio
import logging
from uuid import UUID

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.cancellation import cancellable
from linestop.blocks.lab_desk import bench_of
from linestop.blocks.trials import Bench
from linestop.lab.brief_change import brief_change
from linestop.lab.order import LabOrder, LabReport
from linestop.lab.page import page, pair_line
from linestop.tasks.artifacts import fenced, publish_markdown
from linestop.text import plain


@task(name="bench", task_run_name="bench {order.task}", cache_policy=NO_CACHE, persist_result=False)
async def bench(order: LabOrder) -> Bench:
    """Return the bench of an order; the rule is in the log before the first pair."""
    log = get_run_logger()
    made = await asyncio.to_thread(bench_of, order, say=lambda text: log.debug("lab.trial %s", plain(text)))
    for line in made.entry.rule.text.splitlines():
        _say("lab.rule", line)
    return made


@task(name="pair", task_run_name="pair {number}", cache_policy=NO_CACHE, persist_result=False)
async def pair(at: Bench, number: int) -> None:
    """Run one pair; one that a fault of machine or provider voids comes again."""
    done = await cancellable(at.pair)
    _say("lab.pair", pair_line(at.entry.pairs[-1]) if done else f"pair {number} is void: {at.entry.void[-1]}")


async def report(at: Bench, order: LabOrder) -> LabReport:
    """Return the report, with the notebook's page as an artifact."""
    change = brief_change(at.entry.subject)
    await _publish(at, order, change)
    if not order.dry_run:
        _say("lab.answer", f"{at.entry.answer}; linestop lab notebook show {at.entry.id}")
    return LabReport(entry=at.entry, change=change, dry_run=order.dry_run)


async def _publish(at: Bench, order: LabOrder, change: str) -> UUID | None:
    told = f"\n\n## What differs in the briefs\n\n{fenced(change, 'diff')}"
    title = f"Lab: {'what would run' if order.dry_run else at.entry.answer}"
    return await publish_markdown(f"lab-{at.entry.subject.name}", page(at.entry) + told, title=title)


def _say(action: str, text: str) -> None:
    get_run_logger().log(logging.INFO, "%s %s", action, plain(text, 400), extra={"action": action})
