"""Reads a command's pipes until it ends. Owns the caps: endless output can't fill the memory."""

import os
import selectors
from collections.abc import Mapping
from subprocess import Popen
from time import monotonic
from typing import IO

from linestop.blocks.cancellation import Cancellation

DRAIN_SECONDS = 2.0  # how long is read on after a command's end, where a process that hid holds the pipe
_CHUNK = 65_536
_POLL_SECONDS = 0.1  # how often a cancellation is looked for


class Kept:
    """The head or the tail of a stream, at most `limit` bytes."""

    def __init__(self, limit: int, *, tail: bool) -> None:
        self._limit, self._tail, self._bytes = limit, tail, bytearray()

    def add(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if not self._tail:
            self._bytes += chunk[: self._limit - len(self._bytes)]
            return
        self._bytes += chunk
        if len(self._bytes) > 2 * self._limit + _CHUNK:
            del self._bytes[: -self._limit]

    def text(self) -> str:
        """Return what was kept, undecodable bytes replaced."""
        return self._bytes.decode("utf-8", "replace")


class OutputReader:
    """Reads a process's pipes into their sinks, together with its end."""

    def __init__(self, process: "Popen[bytes]", sinks: Mapping[IO[bytes], Kept]) -> None:
        self._process = process
        self._selector = selectors.DefaultSelector()
        for pipe, sink in sinks.items():
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ, sink)

    def until_ended(self, deadline: float, cancellation: Cancellation) -> bool:
        """Read until the process itself has ended; False where it ran out of time or was cancelled."""
        pidfd = os.pidfd_open(self._process.pid) if hasattr(os, "pidfd_open") else None
        if pidfd is not None:
            self._selector.register(pidfd, selectors.EVENT_READ, None)
        try:
            while self._process.poll() is None:
                left = deadline - monotonic()
                if left <= 0 or cancellation.asked:
                    return False
                self._read(min(left, _POLL_SECONDS))
        finally:
            if pidfd is not None:
                self._selector.unregister(pidfd)
                os.close(pidfd)
        return True

    def drain(self) -> None:
        """Read what is left in the pipes once all that wrote to them is dead."""
        deadline = monotonic() + DRAIN_SECONDS
        while self._selector.get_map() and monotonic() < deadline:
            self._read(_POLL_SECONDS)

    def close(self) -> None:
        """Close the pipes."""
        self._selector.close()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.data is None:  # the process's end
                continue
            chunk = os.read(key.fd, _CHUNK)
            if chunk:
                key.data.add(chunk)
            else:
                self._selector.unregister(key.fileobj)
