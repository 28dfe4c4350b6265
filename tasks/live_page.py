"""The page of a dispatch in the UI while it runs: what the watch saw appears in the log and in an artifact at once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prefect import get_run_logger

from linestop.blocks.dispatches import Told
from linestop.blocks.station import Station
from linestop.records import RunRecord
from linestop.runs import read_run, started_by
from linestop.runs.dispatch_page import dispatch_page, watch_page
from linestop.tasks.artifacts import publish_markdown
from linestop.tasks.record_pages import dispatch_key
from linestop.text import plain
from linestop.watch import Firing, Rung, Severity

_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.STOP: logging.ERROR}


@asynccontextmanager
async def live_page(station: Station) -> AsyncIterator[Told]:
    """Yield what a dispatch's live log calls for each firing; it logs it and publishes the dispatch's page anew.

    Once it ended, its page tells all of its record, whether anything fired or not.
    """
    log, loop = get_run_logger(), asyncio.get_running_loop()
    seen: list[tuple[Firing, Rung]] = []
    news = asyncio.Queue[RunRecord | None]()

    def told(record: RunRecord, firing: Firing, rung: Rung) -> None:
        seen.append((firing, rung))
        log.log(
            _LEVELS[firing.severity], "watch.%s ticket=%s rung=%s %s", firing.detector, station.ticket.id,
            rung.name.lower(), plain(firing.detail), extra={"action": f"watch.{firing.detector}"},
        )  # fmt: skip
        loop.call_soon_threadsafe(news.put_nowait, record)

    async def publish() -> None:
        while (record := await news.get()) is not None:
            title = f"What the watch saw of {record.id}"
            waiting = [news.get_nowait() for _ in range(news.qsize())]  # all that fired meanwhile is on one page
            await publish_markdown(
                dispatch_key(record.id), watch_page(record.id, record.folder, tuple(seen)), title=title
            )
            if None in waiting:
                return

    publisher, before = asyncio.ensure_future(publish()), set(await asyncio.to_thread(dispatches_of, station))
    try:
        yield told
    finally:
        news.put_nowait(None)
        await publisher
        for folder in sorted(set(await asyncio.to_thread(dispatches_of, station)) - before):
            run = await asyncio.to_thread(read_run, station.line.layout, folder)
            await publish_markdown(dispatch_key(run.run_id), dispatch_page(run), title=f"Dispatch {run.name}")


def dispatches_of(station: Station) -> tuple[Path, ...]:
    """Return the records of the dispatches that a ticket's run has started up to now."""
    return started_by(station.line.layout, station.record.id)
