"""Clocks of one dispatch of the model engine: its wall clock, and the watch's wish to stop. Owns every wait.

The idle clock of a single model call is `model_engine_requests`'; caps of turns, tokens and money are the loop's.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any, TypeVar

from linestop.ports import Limits
from linestop.watch import LiveLog

_POLL_SECONDS = 0.05  # threading.Event can't be awaited; a stop is seen after so long
_GRACE_SECONDS = 5.0  # that a tool which was told to end may take for it

Result = TypeVar("Result")


class BrokeOffError(Exception):
    """There is nothing more to do. Control flow: becomes `Work.broke_off`, and never leaves the engine."""


class Clocks:
    """What time is left, and waits that end with it."""

    def __init__(self, limits: Limits, events: LiveLog) -> None:
        self._wall_seconds = limits.wall_seconds
        self._end = monotonic() + limits.wall_seconds
        self._events = events
        self.halt = threading.Event()  # tells what runs in a thread, and its sandboxed process, to end

    @property
    def left_seconds(self) -> float:
        """Return the seconds of wall clock that are left; never 0, which a process could not be given."""
        return max(0.01, self._end - monotonic())

    def ended(self) -> str:
        """Return why the dispatch must end now, empty where it may go on."""
        if self._events.stopping.is_set():
            return self._events.stop_reason or "the watch stopped it"
        return "" if monotonic() < self._end else f"it ran out its {self._wall_seconds:g} seconds of wall clock"

    def check(self) -> None:
        """Raise BrokeOffError where the dispatch must end now."""
        if why := self.ended():
            raise BrokeOffError(why)

    async def guard(self, work: Coroutine[Any, Any, Result], *, grace_seconds: float = 1.0) -> Result:
        """Return the result of a coroutine; a stop or the wall clock cancels it.

        Raises:
            BrokeOffError: the dispatch must end; whatever the coroutine itself raises.
        """
        task = asyncio.ensure_future(work)
        task.add_done_callback(_retrieved)
        try:
            while not task.done():
                self.check()
                await asyncio.wait({task}, timeout=min(_POLL_SECONDS, self.left_seconds))
            return task.result()
        finally:
            if not task.done():
                self.halt.set()
                task.cancel()
                await asyncio.wait({task}, timeout=grace_seconds)

    async def threaded(self, function: Callable[[], Result], *, heeds_halt: bool = True) -> Result:
        """Return what a blocking function returns, run in a thread of its own.

        One that heeds `halt` gets a few seconds to end then. Any other, and one that doesn't, is left behind.
        """
        grace_seconds = _GRACE_SECONDS if heeds_halt else 0.0
        return await self.guard(_in_thread(function, grace_seconds), grace_seconds=grace_seconds + 1)

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than the dispatch may last."""
        await self.guard(asyncio.sleep(seconds))


async def _in_thread(function: Callable[[], Result], grace_seconds: float) -> Result:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            result = context.run(function)
        except BaseException as error:  # noqa: BLE001  # an edge: what it raises is raised in the loop
            _settle(loop, future, future.set_exception, _carried(error))
        else:
            _settle(loop, future, future.set_result, result)

    threading.Thread(target=work, name="model-engine-tool", daemon=True).start()
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait({future}, timeout=grace_seconds)
        raise
    except CarriedError as error:
        raise error.error from None


class CarriedError(Exception):
    """Carries an exception that a future may not hold, such as StopIteration or KeyboardInterrupt."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def _carried(error: BaseException) -> BaseException:
    return error if isinstance(error, Exception) and not isinstance(error, StopIteration) else CarriedError(error)


def _settle(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], settle: Callable[[Any], None], value: object
) -> None:
    def settled() -> None:
        if not future.done():
            settle(value)

    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(settled)


def _retrieved(task: "asyncio.Task[Any]") -> None:
    """Look at a task's exception, so that one which nobody waits for is not complained about."""
    if not task.cancelled():
        task.exception()
