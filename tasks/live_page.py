"""The page of a dispatch in the UI while it runs: what the watch saw appears in the log and in an artifact at once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect import get_run_logger

from linestop.blocks.dispatches import Told
from linestop.blocks.station import Station
from linestop.execution.watch_page import watch_page
from linestop.records import RunRecord
from linestop.tasks.artifacts import publish_markdown
from linestop.text import plain
from linestop.watch import Firing, Rung, Severity

_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.STOP: logging.ERROR}


@asynccontextmanager
async def live_page(station: Station) -> AsyncIterator[Told]:
    """Yield what a dispatch's live log calls for each firing; it logs it and publishes the dispatch's page anew."""
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
            while not news.empty() and (later := news.get_nowait()) is not None:
                record = later
            title = f"What the watch saw of {record.id}"
            await publish_markdown(f"watch-{record.id}", watch_page(record.id, record.folder, seen), title=title)

    publisher = asyncio.ensure_future(publish())
    try:
        yield told
    finally:
        news.put_nowait(None)
        await publisher
