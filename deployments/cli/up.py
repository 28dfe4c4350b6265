"""`linestop up`: server, UI, worker and webhook receiver with one command, ready when it returns."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape

from linestop.deployments.detached import listens, tail
from linestop.deployments.environment import outside_targets
from linestop.deployments.server import (
    DEFAULT_PORT,
    ensure_server,
    free_port,
    running_server,
    server_log,
    stop_server,
)
from linestop.deployments.settings import MachineSettings, machine_settings
from linestop.deployments.supervision import (
    POOL,
    Supervised,
    part_log,
    start_supervisor,
    stop_supervisor,
    supervised,
)
from linestop.errors import InfraError, ServerError, UsageError
from linestop.home import home, why_not
from linestop.locks import locked

if TYPE_CHECKING:
    from linestop.deployments.registry import Registered

RECEIVER_PORT = DEFAULT_PORT + 10
READY_SECONDS = 90.0
POLL_SECONDS = 0.2

Say = Callable[[str], None]


def up(
    *repositories: Path,
    port: int | None = None,
    receiver_port: int | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Start server, UI, worker, schedules and webhook receiver; they run on until `linestop down`.

    Examples:
        linestop up ~/src/shop              # look after a repository: weekly audit, execution on demand, webhook
        linestop up ~/src/shop ~/src/blog   # two of them
        linestop up                         # those named before
        linestop up --port 8080             # the UI at another port

    Parameters
    ----------
    repositories
        Repositories to look after from now on, besides those named before.
    port
        Server and UI; 4200, or a free one where it is taken.
    receiver_port
        Webhook receiver; 4210, or a free one where it is taken.
    json_
        Print what runs where as JSON.
    """
    stderr = Console(stderr=True, highlight=False, soft_wrap=True)
    paths = [path.expanduser().resolve() for path in repositories]
    settings = machine_settings(port=port, receiver_port=receiver_port)
    _check_home()
    with _all_or_nothing():
        url, known, state = _start(paths, settings, lambda line: stderr.print(escape(line), style="dim"))
    _show(url, known, state, settings, as_json=json_)
    return 0


def _start(paths: list[Path], settings: MachineSettings, say: Say) -> "tuple[str, tuple[Registered, ...], Supervised]":
    _check_ports(settings)
    url = ensure_server(say, settings=settings)
    say("registering deployments, blocks and limits")
    known = _register(paths, settings)
    return url, known, _ensure_parts(url, settings, say)


def _check_home() -> None:
    """Refuse a home that can't be written: a stand-in would lose the repositories, secrets and deliveries in it."""
    if why := why_not(home()):
        raise InfraError(
            f"linestop can't write to {home()}, where `up` keeps repositories, secrets and deliveries",
            found=why,
            todo="make it writable, or set LINESTOP_HOME to a folder of yours; `linestop execute` works without",
        )


def _check_ports(settings: MachineSettings) -> None:
    """Refuse a port that what already runs doesn't have: it isn't moved under its users' feet."""
    server, state = running_server(), supervised()
    taken = [
        (settings.port, server.port if server else None, "server"),
        (settings.receiver_port, state.receiver_port if state and state.alive else None, "webhook receiver"),
    ]
    for wanted, found, what in taken:
        if wanted and found and wanted != found:
            raise UsageError(
                f"the {what} can't move to port {wanted}",
                found=f"it runs at port {found}",
                todo="`linestop down`, then `linestop up` with the new port",
            )
    wanted = settings.receiver_port
    if wanted and not (state and state.alive) and free_port(wanted, settings.receiver_host) != wanted:
        raise UsageError(
            f"the webhook receiver can't listen at port {wanted}",
            found="something else listens there",
            todo="stop it, or give another --receiver-port; nothing given = a free one",
        )


def _register(paths: list[Path], settings: MachineSettings) -> "tuple[Registered, ...]":
    import asyncio  # noqa: PLC0415

    import httpx  # noqa: PLC0415

    with outside_targets():
        from linestop.deployments.debrief_reminders import remind  # noqa: PLC0415  # Prefect: after the server
        from linestop.deployments.reconciliation import reconcile_runs  # noqa: PLC0415
        from linestop.deployments.register import register_all  # noqa: PLC0415

        async def both() -> "tuple[Registered, ...]":
            known = await register_all(paths, settings)
            await reconcile_runs()
            await remind(item.path for item in known)
            return known

        try:
            return asyncio.run(both())
        except httpx.TransportError as error:  # as where somebody calls `down` meanwhile
            raise ServerError(
                "the Prefect server went away while it was told what to run",
                found=f"{type(error).__name__}: {error}",
                todo="run `linestop up` again; nothing that was registered before is lost",
            ) from error


def _ensure_parts(url: str, settings: MachineSettings, say: Say) -> Supervised:
    """Start the supervisor unless it runs, and wait until worker and receiver are ready."""
    state = supervised()
    if state is None or not state.alive:
        say("starting worker and webhook receiver")
        port = settings.receiver_port or free_port(RECEIVER_PORT, settings.receiver_host)
        start_supervisor(url, port)
    deadline = monotonic() + READY_SECONDS
    while monotonic() < deadline:
        state = supervised()
        if state and state.all_alive and _receiver_ready(state, settings) and _worker_ready(url, state):
            return state
        sleep(POLL_SECONDS)
    raise _not_ready(state, settings)


def _receiver_ready(state: Supervised, settings: MachineSettings) -> bool:
    import httpx  # noqa: PLC0415

    try:
        answered = httpx.get(_receiver_url(state, settings) + "/health", timeout=2, trust_env=False).is_success
        return answered and listens(state.parts.get("receiver", ""), state.receiver_port)  # not another home's
    except httpx.HTTPError:
        return False


def _worker_ready(url: str, state: Supervised) -> bool:
    """Return whether the worker has reported since its process began; a former one's word doesn't count."""
    import httpx  # noqa: PLC0415

    try:
        found = httpx.post(f"{url}/work_pools/{POOL}/workers/filter", json={}, timeout=5).json()
        heard = [datetime.fromisoformat(worker["last_heartbeat_time"]).timestamp() for worker in found]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False
    began = float(state.parts["worker"].rpartition(":")[2])
    return any(time >= began for time in heard)


def _receiver_url(state: Supervised, settings: MachineSettings) -> str:
    host = "127.0.0.1" if settings.receiver_host in {"0.0.0.0", "::"} else settings.receiver_host  # noqa: S104
    return f"http://{host}:{state.receiver_port}"


def _not_ready(state: Supervised | None, settings: MachineSettings) -> ServerError:
    late = "supervisor" if state is None else "worker" if _receiver_ready(state, settings) else "receiver"
    return ServerError(
        f"the {late} was not ready within {READY_SECONDS:.0f} s",
        found=f"the end of {part_log(late)}:\n{tail(part_log(late))}",
        todo="mend what the log names and run `linestop up` again",
    )


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """Take down what this call has started where it fails or is interrupted half-way. One `up` at a time."""
    with outside_targets() as folder, locked(folder / "up.lock"):
        server, state = running_server(), supervised()
        try:
            yield
        except BaseException:
            if state is None or not state.alive:
                stop_supervisor()
            if server is None:
                stop_server()
            raise


def _show(
    url: str, known: "tuple[Registered, ...]", state: Supervised, settings: MachineSettings, *, as_json: bool
) -> None:
    ui, receiver = url.removesuffix("/api"), _receiver_url(state, settings)
    if as_json:
        hooks = [
            {"repository": str(item.path), "base": item.base, "hook": receiver + item.hook_path,
             "secret_file": str(item.secret_file)}
            for item in known
        ]  # fmt: skip
        Console(soft_wrap=True, highlight=False).print_json(
            json.dumps({"ui": ui, "api": url, "receiver": receiver, "repositories": hooks})
        )
        return
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"[bold]UI[/bold]        {ui}")
    out.print(f"[bold]receiver[/bold]  {receiver}")
    out.print(f"[bold]logs[/bold]      {escape(str(server_log().parent))}")
    for item in known:
        out.print(f"\n[bold]{escape(str(item.path))}[/bold]  (base {escape(item.base)})")
        out.print(f"  runs      audit/{item.key} weekly, execution/{item.key} on demand, documentation/{item.key}")
        out.print(f"  lessons   debrief/{item.key} asks a person after each ticket and batch")
        out.print(f"  webhook   {receiver}{item.hook_path}  (push and merge events, JSON)")
        out.print(f"  secret    {escape(str(item.secret_file))}")
    if not known:
        out.print("\nno repository yet: linestop up /path/to/repository")
    out.print("\nstop it all: linestop down")
