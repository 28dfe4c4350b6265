"""Follows a run that is still going on: its events as they are written, until it ends or its process is gone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep

from linestop.events import Event
from linestop.runs.feed import EVENTS, EventFeed

LOOK_SECONDS = 0.2


def follow(
    folder: Path, *, over: Callable[[], bool], wait: Callable[[float], object] = sleep, feed: EventFeed | None = None
) -> Iterator[Event]:
    """Yield the events of a record as they come; ends once `over` says so and nothing unread is left.

    `over` is asked before the last look, so that what was written right before the end is never lost.
    """
    feed = feed or EventFeed(folder / EVENTS)
    ended = False
    while not ended:
        ended = over()
        yield from feed.new()
        if not ended:
            wait(LOOK_SECONDS)
