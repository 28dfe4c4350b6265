"""The Prefect server of this machine: one per `$LINESTOP_HOME`, started when none answers, left for the next command.

`up` watches the same one (supervision.py). The environment it gets is environment.py.
"""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from ipaddress import ip_address
from pathlib import Path
from subprocess import Popen
from time import monotonic, sleep
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from linestop.deployments.detached import end_processes, listens, start_detached, tail
from linestop.deployments.environment import apply_environment, outside_targets, prefect_environment
from linestop.deployments.settings import MachineSettings, machine_settings
from linestop.errors import InfraError, ServerError
from linestop.files import write_whole
from linestop.home import why_not, workplace
from linestop.locks import locked
from linestop.records import find_process, holder_of

DEFAULT_PORT = 4200  # Prefect's own
POLL_SECONDS = 0.2
TRIES = 3
PATIENCE_SECONDS = 30.0  # a server that is only slow serves others: it is not ended for a command's haste

Say = Callable[[str], None]


class LocalServer(BaseModel):
    """server.json: the server this home has started."""

    process: str
    port: int

    @property
    def ui_url(self) -> str:
        """Return the address of the UI."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """Return the address of the API."""
        return f"{self.ui_url}/api"


def ensure_server(say: Say | None = None, *, settings: MachineSettings | None = None) -> str:
    """Return the API's address of a server that answers, and set this process up to use it.

    `say` gets one line where a server had to be started. Call it before Prefect is imported.

    Raises:
        ServerError: none answers and none can be started.
    """
    say = say or (lambda _: None)
    with outside_targets():
        url = _configured(say) or local_server(say, settings=settings).api_url
        apply_environment(url)
    return url


def running_server(*, timeout_seconds: float = 3) -> LocalServer | None:
    """Return the local server if it runs and answers within `timeout_seconds`. Starts nothing."""
    found = recorded_server()
    there = found and find_process(found.process) and answers(found.api_url, timeout_seconds=timeout_seconds)
    return found if found and there and listens(found.process, found.port) else None


def recorded_server() -> LocalServer | None:
    """Return the server that server.json names, whether it runs or not."""
    try:
        return LocalServer.model_validate_json(_state_file().read_text(encoding="utf-8"))
    except (OSError, ValidationError, InfraError):  # no place to work in has no server either
        return None


def local_server(say: Say, *, settings: MachineSettings | None = None) -> LocalServer:
    """Return the local server, started if need be; of commands that come at once, one starts it and the others wait.

    Raises:
        ServerError: it can't be started, or doesn't answer within `server_start_seconds`.
    """
    if found := running_server():
        return found
    with _one_at_a_time():
        if found := running_server() or _slow_server(say):
            return found
        former = recorded_server()
        if former:  # it hangs, or it is gone
            end_processes([former.process])
        return _started(settings or machine_settings(), say, preferred=former.port if former else DEFAULT_PORT)


def stop_server() -> bool:
    """Stop the local server; return whether there was one."""
    with outside_targets(), _one_at_a_time():
        found = recorded_server()
        ended = end_processes([found.process]) if found else 0
        with suppress(OSError):  # a home that can't be written any more; a server is looked for by its process
            _state_file().unlink(missing_ok=True)
    return bool(ended)


def answers(api_url: str, *, timeout_seconds: float = 3) -> bool:
    """Return whether a server answers at an API address."""
    try:
        return httpx.get(
            f"{api_url}/health", timeout=timeout_seconds, trust_env=not is_local(api_url)
        ).is_success  # fmt: skip
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def server_log() -> Path:
    """Return where the local server's output goes."""
    return workplace() / "logs" / "server.log"


def free_port(preferred: int, host: str = "127.0.0.1") -> int:
    """Return `preferred` if nobody listens there, else a free port."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise InfraError("no port is free", found=f"on {host}", todo="close some connections")


def _slow_server(say: Say) -> LocalServer | None:
    """Return the local server once it answers, None where it is gone or hangs."""
    found = recorded_server()
    if found is None or not find_process(found.process):
        return None
    say(f"the Prefect server is slow to answer; waiting for it, at most {PATIENCE_SECONDS:.0f} s")
    return running_server(timeout_seconds=PATIENCE_SECONDS)


def _configured(say: Say) -> str | None:
    """Return the owner's own server. One of this machine that is gone is replaced, a foreign one never."""
    url = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if not url or answers(url):
        return url or None
    if not is_local(url):
        raise ServerError(
            "the Prefect server does not answer",
            found=f"PREFECT_API_URL={url}",
            todo="start it, correct the address, or unset PREFECT_API_URL to use a server of linestop's own",
        )
    found = recorded_server()
    if found is None or found.api_url != url:
        say(f"nothing answers at PREFECT_API_URL={url}; using a server of linestop's own")
    return None


def _started(settings: MachineSettings, say: Say, *, preferred: int) -> LocalServer:
    """Return a server of our own; another home's that takes the port first is never used for ours."""
    for _ in range(TRIES):
        if server := _start(settings, say, preferred=preferred):
            return server
        preferred = 0
    raise _failed(f"another program was quicker at each of {TRIES} ports")


def _start(settings: MachineSettings, say: Say, *, preferred: int) -> LocalServer | None:
    """Return the server that was started, None where another program took its port meanwhile."""
    port = settings.port or free_port(preferred)
    if free_port(port) != port:
        raise ServerError(
            f"the Prefect server can't be started at port {port}",
            found="something else listens there",
            todo="stop it, or set another port: LINESTOP_PORT, `linestop up --port`; nothing set = a free one",
        )
    say(f"starting the Prefect server (once; it stays for the next command): http://127.0.0.1:{port}")
    words = ["-P", "-m", "linestop.deployments.prefect_server", "--host", "127.0.0.1", "--port", str(port)]
    argv = [sys.executable, *words]
    env = prefect_environment(f"http://127.0.0.1:{port}/api", settings=settings)
    child = start_detached(argv, env=env, cwd=workplace(), log=server_log())
    server = LocalServer(process=holder_of(child.pid), port=port)
    _record(server)
    try:
        if _wait(server, child, settings.server_start_seconds):
            return server
        end_processes([server.process], grace_seconds=3)
        _state_file().unlink(missing_ok=True)
    except BaseException:  # Ctrl-C as well: a server nobody waited for would stay behind half-started
        end_processes([server.process], grace_seconds=3)
        _state_file().unlink(missing_ok=True)
        raise
    return None


def _wait(server: LocalServer, child: "Popen[bytes]", seconds: float) -> bool:
    """Wait until the server answers; return False where it is another one that does."""
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        answered, ended = answers(server.api_url), child.poll() is not None
        if answered or (ended and free_port(server.port) != server.port):
            return not ended and listens(server.process, server.port)
        if ended:
            raise _failed(f"it ended with exit code {child.returncode}")
        sleep(POLL_SECONDS)
    raise _failed(f"it did not answer within {seconds:.0f} s")


def _failed(found: str) -> ServerError:
    log = server_log()
    return ServerError(
        "the Prefect server can't be started",
        found=f"{found}; the end of {log}:\n{tail(log)}",
        todo="`linestop doctor` checks what it needs; set LINESTOP_PORT where the port is the trouble",
    )


def _record(server: LocalServer) -> None:
    write_whole(_state_file(), server.model_dump_json().encode(), durable=False)


def _state_file() -> Path:
    return workplace() / "server.json"


def _one_at_a_time() -> AbstractContextManager[None]:
    place = workplace()
    return nullcontext() if why_not(place) else locked(place / "server.lock")  # where none can be started, none is


def is_local(url: str) -> bool:
    """Return whether an address is one that only this machine reaches."""
    name = urlsplit(url).hostname or ""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
