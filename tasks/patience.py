"""Patience with providers: who says "come back at" is waited for, and nothing is counted against the work."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ParamSpec, TypeVar

from linestop.blocks.cancellation import cancellable
from linestop.blocks.station import Station
from linestop.errors import BusyError, InfraError
from linestop.tasks.run_log import say

P = ParamSpec("P")
R = TypeVar("R")
FIRST_PAUSE = timedelta(seconds=30)  # where the provider names no time; doubled each time
LONGEST_PAUSE = timedelta(minutes=15)
SHORTEST_PAUSE = timedelta(milliseconds=250)  # whatever it names; doubled each time as well


async def patiently(station: Station, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what a blocking call returns; while a provider is busy, wait until the time it names and call again.

    Raises:
        BusyError: it stayed busy for longer than the policy waits in all.
    """
    end = datetime.now(UTC) + timedelta(seconds=station.line.policy.budget.rate_limit_wait_seconds)
    pause, least = FIRST_PAUSE, SHORTEST_PAUSE
    while True:
        try:
            return await cancellable(call, *args, **kwargs)
        except BusyError as error:
            now = datetime.now(UTC)
            until = max(_named(error) or now + pause, now + least)  # a time that is over was busy then too
            pause, least = min(2 * pause, LONGEST_PAUSE), min(2 * least, LONGEST_PAUSE)
            if until > end:
                raise _gave_up(error, until) from error
            say("provider.busy", str(error), station, level=logging.WARNING, until=f"{until:%Y-%m-%dT%H:%M:%SZ}")
            await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))


def _named(error: BusyError) -> datetime | None:
    """Return the time that the provider named, in UTC where it is of no zone."""
    return error.until.replace(tzinfo=UTC) if error.until and error.until.tzinfo is None else error.until


def _gave_up(error: BusyError, until: datetime) -> InfraError:
    return BusyError(
        f"{error.what}, and it is busy for longer than is waited for",
        found=f"{error.found}; free at {until:%Y-%m-%d %H:%M:%S} UTC",
        todo="run it again then: the ticket is open and no attempt was used; or raise budget.rate_limit_wait_seconds",
        until=until,
    )
