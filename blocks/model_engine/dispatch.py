"""Puts the parts of one dispatch of the model engine together, and takes them apart again whatever happened.

Importing this module loads pydantic-ai.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from httpx2 import AsyncClient
from pydantic_ai.messages import InstructionPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings as RequestSettings
from pydantic_ai.tools import ToolDefinition

from linestop.blocks.model_engine.answers import Answers
from linestop.blocks.model_engine.clocks import BrokeOffError, Clocks
from linestop.blocks.model_engine.files import WorkspaceFiles
from linestop.blocks.model_engine.history import History
from linestop.blocks.model_engine.loop import Loop
from linestop.blocks.model_engine.prompt import brief_of, instructions
from linestop.blocks.model_engine.record import Record
from linestop.blocks.model_engine.requests import Patience, Requests
from linestop.blocks.model_engine.shell import CellShell
from linestop.blocks.model_engine.tools import Bench, Tool, Tools, house_tools
from linestop.blocks.model_engine.window import Window, tool_chars, window_of
from linestop.blocks.model_engine.wire import client_for, model_for
from linestop.engines import Endpoint, McpServer, ModelSettings
from linestop.engines.endpoints import provider_of
from linestop.ports import Cell, Dispatch, PriceBook, Work
from linestop.spending import Meter
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog


@dataclass(frozen=True)
class Parts:
    """What an engine brings to each of its dispatches."""

    settings: ModelSettings
    endpoint: Endpoint
    key: str
    prices: PriceBook
    mcp: Mapping[str, McpServer]
    patience: Patience | None


@dataclass(frozen=True)
class Place:
    """Where one dispatch works, and with what clocks and record."""

    order: Dispatch
    workspace: Path
    cell: Cell
    checks: Callable[[Path], CheckReport]
    events: LiveLog
    clocks: Clocks
    record: Record


async def run_dispatch(
    parts: Parts,
    order: Dispatch,
    workspace: Path,
    *,
    cell: Cell,
    checks: Callable[[Path], CheckReport],
    events: LiveLog,
) -> Work:
    """Run one dispatch to its end. `workspace` has no link in its path.

    Raises:
        ToolError, BusyError, InfraError: as `ModelEngine.dispatch`; what edit and write changed is put back then.
    """
    clocks, record = Clocks(order.limits, events), Record(events, role=order.role, model=parts.settings.model)
    place = Place(order, workspace, cell, checks, events, clocks, record)
    tokens, source = window_of(parts.settings, parts.endpoint, parts.prices)
    record.begins(f"{parts.settings.model} at {parts.endpoint.url}, {tokens} tokens ({source})", window=tokens)
    files = WorkspaceFiles(workspace)
    async with AsyncExitStack() as stack:
        stack.callback(clocks.halt.set)
        client = await stack.enter_async_context(client_for(parts.endpoint, order.limits.idle_seconds))
        try:
            servers = await _servers(parts, place, stack)
            work = await _loop(parts, place, files, tokens, servers=servers, client=client).run()
        except BrokeOffError as ended:
            work = Answers().work(broke_off=str(ended))
        except BaseException:
            files.restore()
            raise
    record.ends(work.broke_off or work.summary)
    return work


async def _servers(parts: Parts, place: Place, stack: AsyncExitStack) -> list[Tool]:
    """Return the tools of the MCP servers, which are ended with `stack`."""
    if not parts.mcp:
        return []
    from linestop.blocks.model_engine.mcp_servers import McpTools  # noqa: PLC0415  # loads the package, which most don't need

    return await place.clocks.guard(McpTools.started(parts.mcp, place.cell, place.clocks, stack))


def _loop(
    parts: Parts, place: Place, files: WorkspaceFiles, tokens: int, *, servers: list[Tool], client: AsyncClient
) -> Loop:
    """Return the loop of a dispatch with all that it needs."""
    order, clocks, record, settings = place.order, place.clocks, place.record, parts.settings
    answers, max_chars = Answers(), tool_chars(tokens)
    shell = CellShell(place.cell, order, clocks, max_chars=max_chars)
    bench = Bench(files, shell, answers, clocks, place.checks, place.workspace)
    offered = [*house_tools(bench, looks_only=order.looks_only), *servers]
    asked = _parameters(offered, instructions(order, place.workspace))
    window = Window(tokens, max_output_tokens=settings.max_output_tokens, fixed_chars=_size(asked))
    meter = Meter(order.limits, prices=parts.prices, told=record.used)
    requests = Requests(
        model=model_for(settings, parts.endpoint, parts.key, client),
        endpoint=parts.endpoint,
        provider=provider_of(parts.endpoint),
        settings=_request_settings(settings, window),
        parameters=asked,
        clocks=clocks,
        record=record,
        meter=meter,
        idle_seconds=order.limits.idle_seconds,
        patience=parts.patience or Patience(),
    )
    return Loop(
        requests=requests,
        tools=Tools(offered, max_chars=max_chars),
        answers=answers,
        history=History(brief_of(order)),
        window=window,
        clocks=clocks,
        record=record,
        events=place.events,
        meter=meter,
        shell=shell,
        turns=min(settings.turns, order.limits.turns or settings.turns),
        looks_only=order.looks_only,
    )


def _parameters(tools: list[Tool], text: str) -> ModelRequestParameters:
    definitions = [
        ToolDefinition(name=tool.name, description=tool.about, parameters_json_schema=dict(tool.schema), strict=False)
        for tool in tools
    ]
    return ModelRequestParameters(function_tools=definitions, instruction_parts=[InstructionPart(content=text)])


def _size(parameters: ModelRequestParameters) -> int:
    tools = sum(len(json.dumps(tool.parameters_json_schema)) for tool in parameters.function_tools)
    about = sum(len(tool.description or "") + len(tool.name) for tool in parameters.function_tools)
    return tools + about + sum(len(part.content) for part in parameters.instruction_parts or ())


def _request_settings(settings: ModelSettings, room: Window) -> RequestSettings:
    asked = RequestSettings(max_tokens=room.max_output_tokens, cache=True)
    if settings.temperature is not None:
        asked["temperature"] = settings.temperature
    return asked
