"""One client's connection to the model proxy: HTTP/1.1 by h11 over a stream pair. What is answered is its `App`'s.

h11 on asyncio rather than an ASGI server: CONNECT needs the bare connection, and a client that hangs up must end the
call upstream at once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import h11

from linestop.blocks.model_proxy.requests import Headers

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 32 * 2**20  # what Anthropic takes at most
_MAX_HEAD_BYTES = 64 * 2**10
_READ_BYTES = 64 * 2**10
_HEAD_SECONDS = 300.0  # a kept connection may wait so long for its next request
_BODY_SECONDS = 60.0  # without a byte of a body


@dataclass(frozen=True)
class Request:
    """A request, whole. Header names are lower case; the body of a CONNECT is empty."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the first header of a name, empty where there is none."""
        wanted = name.encode()
        return next((value.decode("latin-1") for key, value in self.headers if key == wanted), "")


class Reply:
    """What an `App` answers with: `start`, any number of `write`, `end`; or `whole`."""

    def __init__(self, link: "Connection") -> None:
        self._link = link
        self.started = False

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers. Without a content-length the body is chunked."""
        self.started = True
        await self._link.send(h11.Response(status_code=status, headers=headers))

    async def write(self, chunk: bytes) -> None:
        """Send a part of the body, and wait until the client took enough of it."""
        if chunk:
            await self._link.send(h11.Data(data=chunk))

    async def end(self) -> None:
        """Say that the body is whole."""
        await self._link.send(h11.EndOfMessage())

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Send an answer at once."""
        await self.start(status, headers)
        await self.write(body)
        await self.end()

    def streams(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return the bare connection, for a tunnel; no further request is read from it."""
        return self._link.reader, self._link.writer

    def early(self) -> bytes:
        """Return what the client sent after a CONNECT before it was answered."""
        return self._link.early


class Room:
    """Bounds what the bodies of all requests under way take of memory, in bytes."""

    def __init__(self, size: int = 4 * MAX_BODY_BYTES) -> None:
        self.left = size

    def take(self, size: int) -> bool:
        """Take some room. False where there isn't any."""
        if size > self.left:
            return False
        self.left -= size
        return True


App = Callable[[Request, Reply], Awaitable[None]]


class Connection:
    """Reads requests one after the other and hands each to `app`; a client that hangs up cancels it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, app: App, room: Room) -> None:
        self.reader, self.writer = reader, writer
        self._app = app
        self._room = room
        self._taken = 0
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)

    async def serve(self) -> None:
        """Serve until the client leaves, an error makes going on unsafe, or the task is cancelled."""
        try:
            while await self._serve_one():
                self._give_back()
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            with suppress(OSError):
                await self._refuse(error.error_status_hint or 400)
        except (OSError, TimeoutError, h11.LocalProtocolError):
            logger.debug("proxy.connection_lost")
        finally:
            self._give_back()
            self.writer.close()

    def _give_back(self) -> None:
        self._room.left += self._taken
        self._taken = 0

    async def _serve_one(self) -> bool:
        request = await self._request()
        if request is None:
            return False
        reply = Reply(self)
        if request.method == "CONNECT":
            await self._app(request, reply)
            return False
        if not await self._while_connected(self._app(request, reply)):
            return False
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _request(self) -> Request | None:
        head = await self._event(_HEAD_SECONDS)
        if not isinstance(head, h11.Request):
            return None
        headers = [(bytes(name), bytes(value)) for name, value in head.headers]
        request = Request(head.method.decode("ascii"), head.target.decode("latin-1"), headers)
        if request.method == "CONNECT":
            await self._event(_BODY_SECONDS)  # its end: what comes after it is the tunnel's
            return request
        if (length := request.header("content-length")).isdigit() and int(length) > MAX_BODY_BYTES:
            await self._refuse(413)
            return None
        parts = []
        while isinstance(event := await self._event(_BODY_SECONDS), h11.Data):
            if not self._room.take(len(event.data)):
                await self._refuse(503)
                return None
            self._taken += len(event.data)
            if self._taken > MAX_BODY_BYTES:
                await self._refuse(413)
                return None
            parts.append(bytes(event.data))
        return Request(request.method, request.target, headers, b"".join(parts))

    async def _event(self, seconds: float) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            async with asyncio.timeout(seconds):
                self._http.receive_data(await self.reader.read(_READ_BYTES))
        return event

    async def _while_connected(self, work: Awaitable[None]) -> bool:
        """Return whether `work` came to its end; a client that hangs up cancels it."""
        task = asyncio.ensure_future(work)
        watch = asyncio.ensure_future(self.reader.read(_READ_BYTES))
        try:
            await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done() and not watch.result() and not task.done():
                return False
            await task
            if watch.done():
                self._http.receive_data(watch.result())  # the next request, sent before this one was answered
            return True
        finally:
            await _ended(task, watch)

    async def _refuse(self, status: int) -> None:
        """Answer a request that was not read to its end; the connection can't be used any more."""
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            close = [(b"connection", b"close"), (b"content-length", b"0")]
            await self.send(h11.Response(status_code=status, headers=close))
            await self.send(h11.EndOfMessage())

    @property
    def early(self) -> bytes:
        """Return what was read beyond a CONNECT."""
        return bytes(self._http.trailing_data[0])

    async def send(self, event: h11.Event) -> None:
        """Send an event. Raises OSError where the client is gone."""
        if parts := self._http.send(event):
            self.writer.write(parts)
            await self.writer.drain()


async def _ended(*tasks: "asyncio.Future[Any]") -> None:
    """End tasks and wait until they are; what they raised was dealt with, or does not matter any more."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
