"""Cancels blocking work in a thread: every command it has running is killed (processes.py looks here)."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from threading import Event
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Cancellation:
    """Asked for from any thread, seen by the commands that run in its context."""

    def __init__(self) -> None:
        self._event = Event()

    @property
    def asked(self) -> bool:
        """Whether somebody has asked."""
        return self._event.is_set()

    def ask(self) -> None:
        """Have the commands of this context killed, now and from now on."""
        self._event.set()


class CommandCancelledError(BaseException):
    """A command was killed because its run was cancelled. No `except Exception` on the way may swallow it."""


_CURRENT: ContextVar[Cancellation | None] = ContextVar("linestop_cancellation", default=None)


def current_cancellation() -> Cancellation:
    """Return the cancellation of this context; one that nobody can ask for where there is none."""
    return _CURRENT.get() or Cancellation()


async def cancellable(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking work in a thread, as `asyncio.to_thread`; when cancelled, kill its commands and wait for its end.

    With `asyncio.to_thread` alone a cancelled flow would wait until the last test of a target has run.
    """
    cancellation = Cancellation()

    def work() -> R:
        _CURRENT.set(cancellation)
        return function(*args, **kwargs)

    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        cancellation.ask()
        await asyncio.wait([thread])
        thread.exception()  # taken note of: it is the CommandCancelledError that was asked for
        raise
