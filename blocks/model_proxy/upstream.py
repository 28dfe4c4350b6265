"""Calls of the model proxy: which are passed on to which endpoint, with which key, and which are refused.

Reading a request is requests.py's, handing on the answer relay.py's.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache

import httpx

from linestop.blocks.model_proxy.connection import Reply, Request
from linestop.blocks.model_proxy.errors import Refused, refusal
from linestop.blocks.model_proxy.relay import Count, Record, relay, relay_error
from linestop.blocks.model_proxy.requests import Asked, BadRequestError, Headers, read_request, upstream_headers
from linestop.blocks.model_proxy.routes import Route, route
from linestop.blocks.model_proxy.usage import BYTES_A_TOKEN
from linestop.engines import Endpoint, Wire
from linestop.engines.endpoints import key_of, provider_of
from linestop.errors import ToolError
from linestop.events import Fault
from linestop.spending import Meter

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
IDLE_SECONDS = 600.0  # a model may think for minutes before its first byte
_STALE_SECONDS = 0.5
_ERROR, _REDIRECT = 400, 300
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


class Upstream:
    """Passes calls on to the endpoints. Lives in one event loop."""

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        *,
        meter: Meter,
        environ: Mapping[str, str],
        record: Record,
        idle_seconds: float = IDLE_SECONDS,
        web: bool = False,
    ) -> None:
        self._web = web
        self._endpoints = dict(endpoints)
        self._meter = meter
        self._environ = environ
        self._record = record
        self._without_options: set[str] = set()  # endpoints that refuse stream_options
        for library in ("httpx", "httpcore"):  # their own logs hold headers and URLs
            logging.getLogger(library).setLevel(logging.WARNING)
        self._client = httpx.AsyncClient(
            verify=_tls(),
            timeout=httpx.Timeout(idle_seconds, connect=CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=30),
            mounts=dict.fromkeys(_LOOPBACK),  # never through the owner's HTTP proxy
        )

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def answer(self, request: Request, reply: Reply) -> None:
        """Answer a request: pass it on, or say in the client's wire why not."""
        name, path, query = _split(request.target)
        if not path and request.method in {"GET", "HEAD"}:  # clients ask whether anybody is there
            await reply.whole(200, [(b"content-length", b"0")], b"")
            return
        endpoint = self._endpoints.get(name)
        way = route(endpoint, request.method, path, query) if endpoint else None
        wire = way.wire if way else endpoint.wire if endpoint else Wire.OPENAI_CHAT
        try:
            if endpoint is None or way is None:
                await self._refuse(wire, reply, _unknown(name, request.method, path, known=endpoint is not None))
            else:
                await self._pass_on(name, endpoint, way, request, reply)
        except BadRequestError as error:
            await self._refuse(wire, reply, Refused(400, f"linestop: {error}", error.fault))
        except Refused as refused:
            await self._refuse(wire, reply, refused)
        except httpx.TimeoutException as error:
            await self._broken(wire, reply, Refused(504, f"linestop: the provider was silent ({_kind(error)})"))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            await self._broken(wire, reply, Refused(502, f"linestop: the provider can't be reached ({_kind(error)})"))

    async def _refuse(self, wire: Wire, reply: Reply, refused: Refused) -> None:
        if refused.fault is not None:
            self._record.met(refused.fault)
        if refused.fault is Fault.BUDGET:
            self._record.refused = str(refused)
        logger.info("proxy.refused status=%d why=%s", refused.status, str(refused)[:200])
        await reply.whole(refused.status, *refusal(wire, refused))

    async def _broken(self, wire: Wire, reply: Reply, refused: Refused) -> None:
        """Say that the provider broke; an answer that has begun is cut off, so that no client takes it for whole."""
        self._record.met(Fault.NETWORK)
        logger.info("proxy.upstream_broke why=%s", refused)
        if reply.started:
            raise ConnectionAbortedError(str(refused))
        await reply.whole(refused.status, *refusal(wire, refused))

    async def _pass_on(self, name: str, endpoint: Endpoint, way: Route, request: Request, reply: Reply) -> None:
        try:
            key = key_of(endpoint, self._environ)
        except ToolError as error:
            raise Refused(400, f"linestop: {error.what}: {error.found}", Fault.AUTH) from error
        headers = upstream_headers(request.headers, endpoint, key)
        asked = self._asked(name, way, request)
        if not way.counted:
            await self._call(request.method, way, headers, asked, reply, key=key, count=None)
            return
        provider = provider_of(endpoint)
        self._admit(asked, provider)
        count = Count(self._meter, asked, provider, self._record)
        pending = self._meter.begin(asked.model, provider=provider, tokens=len(asked.body) // BYTES_A_TOKEN)
        try:
            if not await self._call(request.method, way, headers, asked, reply, key=key, count=count):
                self._without_options.add(name)
                await self._call(request.method, way, headers, asked.as_it_came(), reply, key=key, count=count)
        except asyncio.CancelledError:  # the client hung up: what it sent may have been worked on
            count.unanswered()
            self._record.faults.add(Fault.NETWORK)  # it may have waited for too long
            raise
        except OSError:
            self._record.faults.add(Fault.NETWORK)
            raise
        finally:
            self._meter.settle(pending)

    def _asked(self, name: str, way: Route, request: Request) -> Asked:
        if request.method == "GET":
            return Asked("", b"", b"")
        encoding = request.header("content-encoding").strip().lower()
        add = name not in self._without_options
        return read_request(way.wire, request.body, model=way.model, encoding=encoding, add_usage=add, web=self._web)

    def _admit(self, asked: Asked, provider: str) -> None:
        """Raise Refused where the budget allows no further call; a 400 is what every client takes as final."""
        self._record.ask(asked.model)
        if why := self._meter.refusal():
            raise Refused(400, f"linestop: the budget of this dispatch is used up: {why}", Fault.BUDGET)
        if error := self._meter.start_refusal(asked.model, provider):
            raise Refused(400, f"linestop: {error.what}", Fault.BUDGET)
        if asked.surcharge and self._meter.has_money_cap:
            why = f"{asked.surcharge} costs more than the price that is known, and the budget has a cap in dollars"
            raise Refused(400, f"linestop: {why}", Fault.BUDGET)

    async def _call(
        self, method: str, way: Route, headers: Headers, asked: Asked, reply: Reply, *, key: str, count: Count | None
    ) -> bool:
        """Return False where the endpoint refused to be asked for usage, and nothing was answered yet."""
        async with self._sent(method, way.url, headers, asked.body) as response:
            if response.status_code >= _ERROR:
                return await relay_error(response, asked, reply, key=key, record=self._record)
            if response.status_code >= _REDIRECT:
                raise Refused(502, f"linestop: the provider redirects ({response.status_code}): not followed")
            await relay(response, way.wire, asked, reply, count=count)
            return True

    @asynccontextmanager
    async def _sent(self, method: str, url: str, headers: Headers, body: bytes) -> AsyncIterator[httpx.Response]:
        response = await self._first(method, url, headers, body)
        try:
            yield response
        finally:
            await response.aclose()

    async def _first(self, method: str, url: str, headers: Headers, body: bytes) -> httpx.Response:
        """Return an answer as soon as its headers are there.

        A kept connection that the provider had closed meanwhile fails at once: then another is taken, once.
        """
        began = time.monotonic()
        try:
            return await self._send(method, url, headers, body)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if time.monotonic() - began > _STALE_SECONDS:
                raise
        return await self._send(method, url, headers, body)

    async def _send(self, method: str, url: str, headers: Headers, body: bytes) -> httpx.Response:
        request = self._client.build_request(method, url, headers=headers, content=body or None)
        return await self._client.send(request, stream=True, follow_redirects=False)


def _unknown(name: str, method: str, path: str, *, known: bool) -> Refused:
    if known:
        return Refused(403, f"linestop passes on calls of models only, not {method[:20]} {path[:200]!r}")
    return Refused(404, f"linestop's model proxy has no endpoint {name[:100]!r}")


def _split(target: str) -> tuple[str, str, str]:
    """Return endpoint, path and query of a request's target `/<endpoint>/<path>?<query>`."""
    path, _, query = target.partition("?")
    name, _, rest = path.removeprefix("/").partition("/")
    return name, rest, query


def _kind(error: Exception) -> str:
    return type(error).__name__


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()
