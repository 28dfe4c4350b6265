"""Speaks to an MCP server that runs in a sandbox's cell: into it through a FIFO, out of it as the cell streams it.

The FIFO is made and opened by linestop before the server runs, so that nothing inside can put a link in its place. It
lies in the cell's home, which is seen inside; a shell there only connects it, and becomes the server.
"""

import asyncio
import json
import os
import re
import secrets
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from linestop.blocks.model_engine.clocks import Clocks
from linestop.blocks.model_engine.output import sound
from linestop.engines import McpServer
from linestop.errors import LinestopError, ToolError
from linestop.ports import Cell, Ran, SandboxCommand

_FROM_FIFO = 'exec "$@" <"$0"'
_MAX_LINE = 8 * 2**20  # bytes of one message
_QUEUED = 256
_FULL_PAUSE_SECONDS = 0.005
_END_SECONDS = 3.0
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")

Incoming = SessionMessage | Exception


@asynccontextmanager
async def cell_transport(server: McpServer, cell: Cell, clocks: Clocks, errors: list[str]) -> AsyncIterator[Any]:
    """Yield the two streams of a server that runs in `cell` for as long as this is open; `errors` gets its last words.

    Raises:
        ToolError: the policy names no command.
    """
    if not server.command:
        raise ToolError("the MCP server has neither a command nor a url", todo="set one of them")
    fifo, path = _made_fifo(cell)
    inward, read = anyio.create_memory_object_stream[Incoming](_QUEUED)
    write, outward = anyio.create_memory_object_stream[SessionMessage](0)
    running = _Running(server, cell, clocks, inward, errors)
    running.start(path)
    sender = asyncio.create_task(_send(outward, fifo))
    try:
        yield read, write
    finally:
        sender.cancel()
        os.close(fifo)  # the server reads the end of its input, and should go
        await running.ended(_END_SECONDS)
        for stream in (inward, read, write, outward):
            await stream.aclose()


def _made_fifo(cell: Cell) -> tuple[int, str]:
    path = cell.home / f".mcp-{secrets.token_hex(8)}"
    os.mkfifo(path, 0o600)
    fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISFIFO(os.fstat(fd).st_mode):
        os.close(fd)
        raise ToolError("the input of an MCP server was replaced", found=str(path), todo="dispatch again")
    os.fchmod(fd, 0o666)  # in some sandboxes the server is another user
    return fd, path.as_posix()


async def _send(outward: MemoryObjectReceiveStream[SessionMessage], fifo: int) -> None:
    async for message in outward:
        view = memoryview(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
        while view:
            try:
                view = view[os.write(fifo, view) :]
            except BlockingIOError:
                await asyncio.sleep(_FULL_PAUSE_SECONDS)  # the server doesn't read; the caller's clock ends that


def _sound(line: bytes) -> bytes:
    """Return a message without halves of characters: the adapter takes none, and who waits for it would wait on."""
    if not _HALF.search(line):
        return line
    return sound(json.dumps(json.loads(line), ensure_ascii=False)).encode()


class _Running:
    """The server's process, in a thread that waits for it."""

    def __init__(
        self,
        server: McpServer,
        cell: Cell,
        clocks: Clocks,
        inward: MemoryObjectSendStream[Incoming],
        errors: list[str],
    ) -> None:
        self._server, self._cell, self._clocks = server, cell, clocks
        self._inward, self._errors = inward, errors
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._stop = threading.Event()
        self._done = asyncio.Event()

    def start(self, fifo: str) -> None:
        """Start it."""
        argv = ("sh", "-c", _FROM_FIFO, fifo, *self._server.command)
        command = SandboxCommand(argv=argv, env=self._server.env, wall_seconds=self._clocks.left_seconds)
        threading.Thread(target=self._run, args=(command,), name="model-engine-mcp", daemon=True).start()

    async def ended(self, seconds: float) -> None:
        """Wait for it to go by itself, then end it."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._done.wait(), 1.0)
        self._stop.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._done.wait(), seconds)

    def _run(self, command: SandboxCommand) -> None:
        last = "it ended"
        try:
            ran: Ran = self._cell.run(command, stdout=self._take, stderr=self._complain, stop=self._stop)
            last = f"it ended with exit code {ran.exit_code}" if ran.ended == "exited" else f"it ended: {ran.ended}"
        except LinestopError as error:
            last = str(error)
        self._errors.append(last)
        self._later(self._inward.close)
        self._later(self._done.set)

    def _take(self, chunk: bytes) -> None:
        """Take what it says, in the cell's thread: whole lines are handed to the loop."""
        self._buffer += chunk
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        if len(self._buffer) > _MAX_LINE:
            self._stop.set()
            self._errors.append(f"a message of more than {_MAX_LINE} bytes")
        for line in filter(bytes.strip, lines):
            self._later(self._hand, line)

    def _complain(self, chunk: bytes) -> None:
        self._errors[:] = [*self._errors[-3:], chunk[-300:].decode("utf-8", "replace").strip()]

    def _hand(self, line: bytes) -> None:
        try:
            message: Incoming = SessionMessage(jsonrpc_message_adapter.validate_json(_sound(line), by_name=False))
        except (ValueError, RecursionError) as error:
            message = ValueError(str(error))
        try:
            self._inward.send_nowait(message)
        except anyio.WouldBlock:
            self._errors.append(f"more than {_QUEUED} messages that nobody asked for")
            self._stop.set()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return  # the client is gone

    def _later(self, function: Any, *args: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(function, *args)
