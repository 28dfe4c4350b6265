"""Breaks answers off as networks and dying servers do: a reset connection, half a body, half a stream."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once, with a reset


class OpenProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with the connection within reach of the application, which may have to break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Remember the connection where a request finds it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def reset_connection(request: Request) -> Response:
    """Break the connection without an answer; what is returned reaches nobody."""
    transport: asyncio.Transport = request.state.transport
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
    return Response(status_code=499)


class CutResponse(Response):
    """Promises a whole body, sends half of it, and closes the connection."""

    def __init__(self, content: bytes, request: Request) -> None:
        super().__init__(content, media_type="application/json")
        self._transport: asyncio.Transport = request.state.transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the half."""
        del scope, receive
        start: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        self._transport.close()
        await send({"type": "http.response.body", "body": b""})


async def broken_off(frames: list[bytes], request: Request) -> AsyncIterator[bytes]:
    """Yield the first half of a stream, the last frame torn, then close the connection."""
    count = max(1, len(frames) // 2)
    for frame in frames[: count - 1]:
        yield frame
    torn = frames[count - 1]
    yield torn[: max(1, len(torn) * 2 // 3)]
    request.state.transport.close()
