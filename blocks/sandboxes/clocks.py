"""The clocks and bounds of one command in a sandbox, the same for every adapter. Owns the reading of its streams.

What ends a command here: its wall and idle clocks, too much output, `stop`, and whatever a probe finds (memory:
limits.py, disk: growth.py). How its processes are killed is each adapter's.
"""

import os
import selectors
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from subprocess import Popen
from time import monotonic
from typing import IO

from linestop.blocks.cancellation import CommandCancelledError, current_cancellation
from linestop.blocks.process_output import Kept
from linestop.ports import Ran, SandboxCommand
from linestop.ports.sandbox import Ended

POLL_SECONDS = 0.05
DRAIN_SECONDS = 2.0  # how long is read on after the end, where a process that hid holds a pipe
TAIL_CHARS = 8_000  # ports.Ran.output
_CHUNK = 65_536
Taker = Callable[[bytes], None]
Probe = Callable[[], Ended | None]


@dataclass
class Clocks:
    """Counts one command's time and output, and says what is over."""

    command: SandboxCommand
    output_bytes: int
    stop: threading.Event | None = None
    stdout: Taker | None = None
    stderr: Taker | None = None
    probes: Sequence[Probe] = ()
    started: float = field(default_factory=monotonic)

    def __post_init__(self) -> None:
        self._heard = monotonic()
        self._left = self.output_bytes
        self._tail = Kept(TAIL_CHARS * 4, tail=True)
        self._cancellation = current_cancellation()

    def take(self, chunk: bytes, *, of_stderr: bool) -> None:
        """Hand a chunk on; what goes beyond the bound is not."""
        self._heard = monotonic()
        kept = chunk[: max(0, self._left)]
        self._left -= len(chunk)
        self._tail.add(kept)
        taker = self.stderr if of_stderr else self.stdout
        if taker and kept:
            taker(kept)

    def up(self) -> None:
        """Note that the command runs now: a sandbox that is slow to start is no silence of its command."""
        self._heard = monotonic()

    def over(self) -> Ended | None:
        """Return what ends the command now, None where nothing does."""
        now = monotonic()
        if self._cancellation.asked or (self.stop is not None and self.stop.is_set()):
            return "stopped"
        if self._left < 0:
            return "output"
        if now - self.started >= self.command.wall_seconds:
            return "wall"
        if self.command.idle_seconds is not None and now - self._heard >= self.command.idle_seconds:
            return "idle"
        return next((ended for probe in self.probes if (ended := probe())), None)

    def ran(self, ended: Ended, exit_code: int | None) -> Ran:
        """Return how it ended.

        Raises:
            CommandCancelledError: because its run was cancelled.
        """
        if self._cancellation.asked and ended == "stopped":
            raise CommandCancelledError(f"{self.command.argv[0]} was killed: its run was cancelled")
        if ended == "exited" and self._left < 0:
            ended = "output"
        return Ran(
            ended=ended,
            exit_code=exit_code if ended == "exited" else None,
            seconds=monotonic() - self.started,
            output=self.tail(),
        )

    def tail(self) -> str:
        """Return the end of what was said."""
        return self._tail.text()[-TAIL_CHARS:]


class Pipes:
    """Feeds and reads a process's three pipes without ever waiting on one of them."""

    def __init__(self, process: "Popen[bytes]", clocks: Clocks) -> None:
        self._process, self._clocks = process, clocks
        self._unfed = memoryview(clocks.command.stdin)
        self._selector = selectors.DefaultSelector()
        for pipe, of_stderr in ((process.stdout, False), (process.stderr, True)):
            if pipe:
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(pipe, selectors.EVENT_READ, of_stderr)
        if process.stdin:
            os.set_blocking(process.stdin.fileno(), False)
            self._selector.register(process.stdin, selectors.EVENT_WRITE)

    def until_ended(self) -> Ended:
        """Read until the process has ended, or something ends it: then it still runs."""
        pidfd = os.pidfd_open(self._process.pid) if hasattr(os, "pidfd_open") else None
        if pidfd is not None:
            self._selector.register(pidfd, selectors.EVENT_READ, None)
        try:
            while self._process.poll() is None:
                if over := self._clocks.over():
                    return over
                self._step()
        finally:
            if pidfd is not None:
                self._selector.unregister(pidfd)
                os.close(pidfd)
        return "exited"

    def drain(self) -> None:
        """Read what is left once all that wrote is dead."""
        deadline = monotonic() + DRAIN_SECONDS
        if self._process.stdin and self._process.stdin in {key.fileobj for key in self._selector.get_map().values()}:
            self._selector.unregister(self._process.stdin)
        while self._selector.get_map() and monotonic() < deadline:
            self._step()

    def close(self) -> None:
        """Close the pipes."""
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                _close(pipe)

    def _step(self) -> None:
        for key, events in self._selector.select(POLL_SECONDS):
            if events & selectors.EVENT_WRITE:
                self._feed(key.fd)
            elif key.data is not None:
                self._read(key)

    def _read(self, key: selectors.SelectorKey) -> None:
        chunk = os.read(key.fd, _CHUNK)
        if chunk:
            self._clocks.take(chunk, of_stderr=key.data)
        else:
            self._selector.unregister(key.fileobj)

    def _feed(self, descriptor: int) -> None:
        try:
            written = os.write(descriptor, self._unfed[:_CHUNK]) if self._unfed else 0
        except BrokenPipeError:
            written = len(self._unfed)
        self._unfed = self._unfed[written:]
        if not self._unfed and self._process.stdin:
            self._selector.unregister(self._process.stdin)
            self._process.stdin.close()


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()
