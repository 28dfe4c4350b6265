"""The scripted model server as a context manager: a thread of its own, a port of its own, gone when it is left."""

import asyncio
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from linestop.deployments.lab_server.application import Application, Asked
from linestop.deployments.lab_server.breaking import OpenProtocol
from linestop.errors import ServerError, UsageError
from linestop.scenarios import Scenario

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ScriptedServer:
    """Plays a scenario to whoever asks, on the wires of OpenAI, Anthropic and Gemini.

    `url` has no path: clients of Anthropic and Gemini take it as it is, those of OpenAI with `/v1`. `requests` are the
    last 500 that were answered.
    """

    def __init__(self, scenario: Scenario, *, port: int = 0, host: str = "127.0.0.1", open_host: bool = False) -> None:
        if host not in _LOOPBACK and not open_host:
            raise UsageError(
                f"the server won't listen on {host}",
                found="whoever reaches it can make it work, without a key",
                todo="use 127.0.0.1, or say --open-host",
            )
        self._application = Application(scenario)
        self._socket = _listening(host, port)
        address, self.port = self._socket.getsockname()[:2]
        self.url = f"http://[{address}]:{self.port}" if ":" in address else f"http://{address}:{self.port}"
        config = uvicorn.Config(
            self._application.app,
            http=OpenProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, self._application)
        self._thread = threading.Thread(target=self._serve, name=f"scripted-model-{self.port}", daemon=True)

    @property
    def requests(self) -> list[Asked]:
        """What was asked, oldest first."""
        return list(self._application.requests)

    @property
    def answered(self) -> int:
        """How many requests were answered, also those that are no longer kept."""
        return self._application.answered

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.end()
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))


class _Server(uvicorn.Server):
    """Ends at once when told, in place of looking ten times a second whether it should."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application
        self._loop: asyncio.AbstractEventLoop | None = None
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        self.ready.set()
        await self._application.closing.wait()

    def end(self) -> None:
        """Let go of all that hangs, and end."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._application.closing.set)


def _listening(host: str, port: int) -> socket.socket:
    """Return a listening socket that says it is TCP: only then asyncio sends small answers without delay (40 ms)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(512)
    except (OSError, OverflowError) as error:
        found.close()
        raise ServerError(
            f"can't listen on {host}:{port}", found=str(error), todo="choose another --port; 0 = a free one"
        ) from error
    return found
