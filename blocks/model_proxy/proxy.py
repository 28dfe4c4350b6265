"""The model proxy: the only way out of a sandbox, and where real keys are put in and usage is counted.

A unix socket outside every sandbox, served by one thread. What may pass is routes.py's, one call
upstream.py's, other hosts tunnel.py's. docs/models.md shows it at work.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from linestop.blocks.model_proxy.connection import Connection, Reply, Request, Room
from linestop.blocks.model_proxy.relay import Record
from linestop.blocks.model_proxy.tunnel import IDLE_SECONDS as TUNNEL_SECONDS
from linestop.blocks.model_proxy.tunnel import Resolve, Tunnels, resolved
from linestop.blocks.model_proxy.unix_socket import SocketFolder
from linestop.blocks.model_proxy.upstream import IDLE_SECONDS, Upstream
from linestop.engines import Endpoint
from linestop.errors import InfraError
from linestop.events import Fault
from linestop.ports import MODEL_PORT
from linestop.spending import Meter

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 512
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0


class ModelProxy:
    """A context manager; serves while it is open.

    `endpoints` by name: `/<name>/…` is passed on to that endpoint and nowhere else, with the key that its `key` names
    in `environ` (linestop's own environment), which no client ever sees. `meter` counts and refuses. `hosts` may be
    reached by CONNECT besides. `web` lets a provider search, fetch and call servers in a client's stead. One proxy
    serves one dispatch.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        *,
        meter: Meter,
        hosts: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        idle_seconds: float = IDLE_SECONDS,
        resolve: Resolve = resolved,
        web: bool = False,
    ) -> None:
        self._web = web
        self._endpoints = dict(endpoints)
        self._meter = meter
        self._environ = os.environ if environ is None else environ
        self._idle_seconds = idle_seconds
        self._tunnels = Tunnels(hosts, resolve, idle_seconds=min(idle_seconds, TUNNEL_SECONDS))
        self._record = Record()
        self._folder = SocketFolder()
        self._open = ExitStack()
        self._links: set[asyncio.Task[None]] = set()

    @property
    def socket(self) -> Path:
        """Return the unix socket, for `Confinement.model_socket`. Only while open."""
        return self._folder.socket

    @staticmethod
    def base(name: str) -> str:
        """Return an endpoint's URL as it is inside a sandbox; a client appends what it would to the real one."""
        return f"http://127.0.0.1:{MODEL_PORT}/{name}"

    @property
    def last_fault(self) -> Fault | None:
        """Return why the latest call went wrong, None where it went well or none was made."""
        return self._record.last_fault

    @property
    def met(self) -> frozenset[Fault]:
        """Return why any call so far went wrong; NETWORK also where the client hung up."""
        return frozenset(self._record.faults)

    @property
    def busy_until(self) -> datetime | None:
        """Return when the provider may be asked again, as it named it with its latest refusal; else None."""
        return self._record.busy_until

    @property
    def unknown(self) -> bool:
        """Return whether the latest call asked for a model, or an address, that the provider doesn't know."""
        return self._record.unknown

    @property
    def refused(self) -> str:
        """Return why the budget allows no further call, as the latest that was refused was told; else empty."""
        return self._record.refused

    @property
    def asked(self) -> dict[str, int]:
        """Return how many calls each model was asked for; at most 100 models are told apart."""
        return dict(self._record.asked)

    def __enter__(self) -> Self:
        """Start serving.

        Raises:
            InfraError: no socket can be made.
        """
        with ExitStack() as stack:
            stack.enter_context(self._folder)
            ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
            thread = threading.Thread(target=self._run, args=(ready,), name="linestop-model-proxy", daemon=True)
            thread.start()
            try:
                loop, stop = ready.result(_START_SECONDS)
            except (OSError, TimeoutError) as error:
                raise InfraError(
                    "the model proxy can't start", found=str(error) or "no answer", todo="check the temporary folder"
                ) from error
            stack.callback(thread.join, _STOP_SECONDS)
            stack.callback(_call, loop, stop)
            self._open = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End every connection and remove the socket; closing twice does nothing."""
        self._open.close()

    def _run(self, ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except Exception as error:  # a thread's edge: whoever waits for the start must hear of it
            if ready.done():
                logger.exception("proxy.died")
            else:
                ready.set_exception(error)

    async def _serve(self, ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
        stop = asyncio.Event()
        upstream = Upstream(
            self._endpoints,
            meter=self._meter,
            environ=self._environ,
            record=self._record,
            idle_seconds=self._idle_seconds,
            web=self._web,
        )

        async def app(request: Request, reply: Reply) -> None:
            request = _for_itself(request)
            beside = request.method == "CONNECT" or "://" in request.target.partition("?")[0]
            await (self._tunnels if beside else upstream).answer(request, reply)

        room = Room()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._link(Connection(reader, writer, app, room))

        server = await asyncio.start_unix_server(connected, self.socket, backlog=MAX_CONNECTIONS)
        self.socket.chmod(0o666)  # its folder is closed to others; a sandbox may run as another user
        try:
            ready.set_result((asyncio.get_running_loop(), stop))
            await stop.wait()
        finally:
            server.close()
            for task in self._links:
                task.cancel()
            await asyncio.gather(*self._links, return_exceptions=True)
            await upstream.close()

    async def _link(self, connection: Connection) -> None:
        task = asyncio.current_task()
        if task is None or len(self._links) >= MAX_CONNECTIONS:
            connection.writer.transport.abort()
            return
        self._links.add(task)
        try:
            await connection.serve()
        except asyncio.CancelledError:
            connection.writer.transport.abort()
        except Exception:  # the process's edge: one client's trouble is not the others'
            logger.exception("proxy.failed")
            connection.writer.transport.abort()
        finally:
            self._links.discard(task)


def _for_itself(request: Request) -> Request:
    """Return a request that names this proxy by its whole URL, as clients do that heed no NO_PROXY, by its path."""
    for host in ("127.0.0.1", "localhost"):
        if request.target.startswith(f"http://{host}:{MODEL_PORT}/"):
            return replace(request, target=request.target.removeprefix(f"http://{host}:{MODEL_PORT}"))
    return request


def _call(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(stop.set)
