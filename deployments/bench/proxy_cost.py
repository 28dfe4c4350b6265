"""What the model proxy costs over asking the provider directly: calls in turn, and a hundred at a time."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from linestop.blocks.model_proxy.proxy import ModelProxy
from linestop.blocks.prices import GenaiPrices
from linestop.deployments.bench.pairs import Measure, measure, timed_async
from linestop.deployments.lab_server import ScriptedServer
from linestop.engines import Endpoint
from linestop.ports import Limits
from linestop.scenarios import Scenario
from linestop.spending import Meter

_SCENARIO = Scenario.model_validate({"name": "bench", "turns": [{"say": "done"}]})
_ASKED = {"model": "gpt-5", "messages": [{"role": "user", "content": "x" * 4_000}]}
_IN_TURN, _AT_A_TIME = 50, 100
_Calls = Callable[[httpx.AsyncClient], Awaitable[None]]


def proxy_cost(pairs: int) -> list[Measure]:
    """Return the cost of calls in turn, and of calls at the same time; each measure is of all of them together."""
    with ScriptedServer(_SCENARIO) as provider:
        endpoints = {"openai": Endpoint(url=f"{provider.url}/v1", provider="openai")}
        meter = Meter(Limits(usd=1_000), prices=GenaiPrices())
        with ModelProxy(endpoints, meter=meter) as proxy:
            return asyncio.run(_costs(httpx.AsyncHTTPTransport(uds=str(proxy.socket)), f"{provider.url}/v1", pairs))


async def _costs(proxy: httpx.AsyncHTTPTransport, provider: str, pairs: int) -> list[Measure]:
    async with (
        httpx.AsyncClient(base_url=provider, timeout=60) as bare,
        httpx.AsyncClient(base_url="http://proxy/openai", transport=proxy, timeout=60) as ours,
    ):
        return [
            await _measured(
                f"model proxy: {_IN_TURN} calls in turn, over asking directly", _in_turn, ours, bare, pairs
            ),
            await _measured(f"model proxy: {_AT_A_TIME} calls at a time, likewise", _at_once, ours, bare, pairs),
        ]


async def _measured(name: str, calls: _Calls, ours: httpx.AsyncClient, bare: httpx.AsyncClient, pairs: int) -> Measure:
    await calls(ours)  # connections are open, prices are looked up
    await calls(bare)
    return measure(
        name, [(await timed_async(lambda: calls(ours)), await timed_async(lambda: calls(bare))) for _ in range(pairs)]
    )


async def _in_turn(client: httpx.AsyncClient) -> None:
    for _ in range(_IN_TURN):
        await _call(client)


async def _at_once(client: httpx.AsyncClient) -> None:
    await asyncio.gather(*(_call(client) for _ in range(_AT_A_TIME)))


async def _call(client: httpx.AsyncClient) -> None:
    if (answer := await client.post("/chat/completions", json=_ASKED)).status_code != httpx.codes.OK:
        raise RuntimeError(answer.text)
