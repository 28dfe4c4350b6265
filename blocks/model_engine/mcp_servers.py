"""Tools of MCP servers for the model engine: a command in the sandbox, or a URL that linestop asks itself.

Owns their connections, names and answers. Each server's connection lives in a task of its own, since it must be closed
where it was opened. How a command in a cell is spoken to is `model_engine_mcp_cell`'s.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent
from mcp_types import Tool as TheirTool

from linestop.blocks.model_engine.clocks import BrokeOffError, Clocks
from linestop.blocks.model_engine.mcp_cell import cell_transport
from linestop.blocks.model_engine.tools import Said, Tool
from linestop.engines import McpServer
from linestop.errors import ToolError
from linestop.events import Outcome
from linestop.ports import Cell

_START_SECONDS = 30.0
_CALL_SECONDS = 300.0
_MAX_TOOLS = 64  # of one server
_MAX_PAGES = 16
_MAX_ABOUT = 1_500  # characters of a description
_MAX_SCHEMA = 20_000
_NAME, _MARK = 64, 8  # characters; what providers take, and of them what tells names apart that would be alike
_CLOSE_SECONDS = 5.0


class McpTools:
    """Starts servers and offers their tools as SERVER__TOOL."""

    @staticmethod
    async def started(
        servers: Mapping[str, McpServer], cell: Cell, clocks: Clocks, stack: AsyncExitStack
    ) -> list[Tool]:
        """Return the tools of all servers, which are closed with `stack`.

        Raises:
            ToolError: a server can't be started or reached.
        """
        found: list[Tool] = []
        for name, server in servers.items():
            connection = _Connection(name, server, cell, clocks)
            stack.push_async_callback(connection.close)
            found += await connection.tools()
        return list({tool.name: tool for tool in found}.values())


class _Connection:
    """One server, for as long as the dispatch lasts."""

    def __init__(self, name: str, server: McpServer, cell: Cell, clocks: Clocks) -> None:
        self._name, self._server, self._cell, self._clocks = name, server, cell, clocks
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._errors: list[str] = []
        self._task = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        try:
            transport = (
                streamable_http_client(self._server.url)
                if self._server.url
                else cell_transport(self._server, self._cell, self._clocks, self._errors)
            )
            async with Client(transport) as client:
                self._ready.set_result(client)
                await self._over.wait()
        except Exception as error:  # noqa: BLE001  # the libraries raise groups of anything; it is told below
            if not self._ready.done():
                self._ready.set_exception(ToolError(str(_first(error)) or type(error).__name__))

    async def tools(self) -> list[Tool]:
        """Return the server's tools.

        Raises:
            ToolError: it doesn't answer as a server should.
        """
        try:
            async with asyncio.timeout(_START_SECONDS):
                client = await asyncio.shield(self._ready)
                return [self._tool(client, one) for one in await _listed(client)]
        except Exception as error:
            if isinstance(error, BrokeOffError):
                raise
            said = "; ".join([str(_first(error)) or type(_first(error)).__name__, *self._errors[-1:]])
            what = self._server.url or " ".join(self._server.command) or "neither command nor url"
            todo = (
                f"run it by hand, and correct [mcp.{self._name}] of the policy; its program must be seen in the sandbox"
            )
            raise ToolError(
                f"the MCP server {self._name!r} can't be used", found=f"{said} ({what})", todo=todo
            ) from error

    async def close(self) -> None:
        """End the connection, and what it started."""
        self._over.set()
        await asyncio.wait({self._task}, timeout=_CLOSE_SECONDS)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=1)
        if self._ready.done() and not self._ready.cancelled():
            self._ready.exception()

    def _tool(self, client: Client, one: TheirTool) -> Tool:
        async def call(args: dict[str, Any]) -> Said:
            try:
                asked = client.call_tool(one.name, args, read_timeout_seconds=_CALL_SECONDS)
                return _said(await self._clocks.guard(asked))
            except BrokeOffError:
                raise
            except Exception as error:  # noqa: BLE001  # whatever a foreign server does is an answer to the model
                return f"the MCP server {self._name} failed: {_first(error)}", Outcome.ERROR

        schema = one.input_schema if len(str(one.input_schema)) <= _MAX_SCHEMA else {"type": "object"}
        return Tool(_named(self._name, one.name), (one.description or "")[:_MAX_ABOUT], schema, call)


async def _listed(client: Client) -> list[TheirTool]:
    tools: list[TheirTool] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return tools[:_MAX_TOOLS]


def _said(result: CallToolResult) -> Said:
    parts = [part.text if isinstance(part, TextContent) else f"[{part.type}, not shown]" for part in result.content]
    text = "\n".join(parts) or "(nothing)"
    return text, Outcome.ERROR if result.is_error else Outcome.OK


def _named(server: str, tool: str) -> str:
    """Return the name that a model calls a tool by; where its own can't be that, it stays apart from its like."""
    own = f"{server}__{tool}"
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", own)
    if name == own and len(name) <= _NAME:
        return name
    return f"{name[: _NAME - _MARK - 1]}_{hashlib.sha256(own.encode()).hexdigest()[:_MARK]}"


def _first(error: BaseException) -> BaseException:
    """Return the first single error of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
