"""The supervisor that `up` leaves running: keeps server, worker and webhook receiver alive until `down`.

A part that dies is started again, after 1, 2, 4 … 60 s while it goes on dying. Imports no Prefect. Started as
`python -m linestop.deployments.supervision <receiver port>`; what it runs is written to `supervisor.json`.
"""

import fcntl
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from threading import Event
from time import monotonic

from pydantic import BaseModel, ValidationError

from linestop.deployments.detached import bound_log, end_processes, start_detached
from linestop.deployments.environment import WORKER, prefect_environment
from linestop.deployments.server import local_server, recorded_server, running_server, server_log
from linestop.deployments.waiting import wait_seconds
from linestop.errors import LinestopError
from linestop.files import write_whole
from linestop.home import PIN, home, working_in, workplace
from linestop.records import find_process, holder, holder_of

LOOK_SECONDS = 0.5
SERVER_LOOK_SECONDS = 5.0
STABLE_SECONDS = 60.0
GRACE_SECONDS = 10.0  # less than whoever ends the supervisor grants it
MAX_WAIT_SECONDS = 60.0
POOL = "linestop"

log = logging.getLogger(__name__)


class Supervised(BaseModel):
    """supervisor.json: who supervises, the parts by name, and where the receiver listens."""

    process: str
    receiver_port: int
    parts: dict[str, str] = {}

    @property
    def alive(self) -> bool:
        """Whether the supervisor itself runs."""
        return find_process(self.process) is not None

    @property
    def all_alive(self) -> bool:
        """Whether the supervisor and every part run."""
        return self.alive and bool(self.parts) and all(find_process(name) for name in self.parts.values())


@dataclass
class Part:
    """One supervised process, and when it may be started again."""

    name: str
    argv: Sequence[str]
    env: dict[str, str]
    child: "Popen[bytes] | None" = None
    started: float = 0.0
    deaths: int = 0
    not_before: float = field(default=0.0)

    def look(self) -> bool:
        """Start it where it doesn't run and may; return whether it was started."""
        now = monotonic()
        if self.child and self.child.poll() is None:
            return False
        if self.child:
            self._bury(now)
        if now < self.not_before:
            return False
        self.child = start_detached(self.argv, env=self.env, cwd=workplace(), log=part_log(self.name))
        self.started = now
        log.info("part.started name=%s pid=%s", self.name, self.child.pid)
        return True

    def _bury(self, now: float) -> None:
        code = self.child.returncode if self.child else None
        self.deaths = 0 if now - self.started > STABLE_SECONDS else self.deaths + 1
        wait = wait_seconds(self.deaths, most=MAX_WAIT_SECONDS)
        self.not_before, self.child = now + wait, None
        log.warning("part.died name=%s exit_code=%s again_in_seconds=%s", self.name, code, wait)


def part_log(name: str) -> Path:
    """Return where a part's output goes: supervisor, worker or receiver."""
    return workplace() / "logs" / f"{name}.log"


def supervised() -> Supervised | None:
    """Return what supervisor.json says, None where there is none."""
    try:
        return Supervised.model_validate_json(_state_file().read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def start_supervisor(api_url: str, receiver_port: int) -> None:
    """Start the supervisor, detached, and end the parts that a killed one left behind."""
    if leftover := supervised():
        end_processes(list(leftover.parts.values()))
    argv = [sys.executable, "-P", "-m", __name__, str(receiver_port)]
    child = start_detached(argv, env=prefect_environment(api_url), cwd=workplace(), log=part_log("supervisor"))
    _write(receiver_port, holder_of(child.pid), [])


def stop_supervisor() -> int:
    """End the supervisor, its parts and what they started; return how many of them ran."""
    state = supervised()
    if state is None:
        return 0
    # The supervisor first: it must not bring back what is ended behind its back.
    server = recorded_server()  # the supervisor's own child where it had to start it again
    ended = end_processes([state.process], spare=[server.process] if server else [])
    ended += end_processes(list((supervised() or state).parts.values()))
    with suppress(OSError):  # a home that can't be written any more; nothing of that name runs, and that is looked at
        _state_file().unlink(missing_ok=True)
    return ended


def supervise(receiver_port: int, stop: Event) -> None:
    """Keep the parts running until `stop` is set, then end them.

    It stays in the place where it began: its server goes on where the home can't be written any more for a while.
    """
    with working_in(workplace()):
        _supervise(receiver_port, stop)


def _supervise(receiver_port: int, stop: Event) -> None:
    api_url = os.environ["PREFECT_API_URL"]
    parts = _parts(receiver_port, api_url)
    own_server = _is_own(api_url)
    next_look, unwritten = monotonic() + SERVER_LOOK_SECONDS, False
    try:
        while not stop.is_set():
            pause = LOOK_SECONDS
            try:
                for part in parts:
                    unwritten |= part.look()
                if unwritten:
                    _write(receiver_port, holder(), parts)
                    unwritten = False
                if monotonic() >= next_look:
                    next_look = monotonic() + SERVER_LOOK_SECONDS
                    if own_server and (now := _server_url(api_url)) != api_url:
                        log.warning("server.moved url=%s", now)
                        _end(parts)
                        api_url, parts = now, _parts(receiver_port, now)
                    _bound_logs(parts)
            except (LinestopError, OSError):  # a full disk: what still runs goes on, the rest is tried again
                log.exception("supervisor.postponed")
                pause = SERVER_LOOK_SECONDS
            stop.wait(pause)
    finally:
        _end(parts)
        log.info("supervisor.ended")


def _end(parts: Sequence[Part]) -> None:
    end_processes([holder_of(part.child.pid) for part in parts if part.child], grace_seconds=GRACE_SECONDS)


def _bound_logs(parts: Sequence[Part]) -> None:
    for path in (part_log("supervisor"), server_log(), *(part_log(part.name) for part in parts)):
        bound_log(path)


def _server_url(api_url: str) -> str:
    """Return where our server is, started again where it was gone: elsewhere if another program has its port now."""
    if found := running_server() or running_server(timeout_seconds=10):
        return found.api_url
    log.warning("server.away url=%s", api_url)
    return local_server(lambda line: log.info("server.starting %s", line)).api_url


def _is_own(api_url: str) -> bool:
    server = running_server()
    return server is not None and server.api_url == api_url


def _parts(receiver_port: int, api_url: str) -> list[Part]:
    env = prefect_environment(api_url) | {"LINESTOP_HOME": str(home())}
    env.pop(PIN, None)  # a run looks for itself where it can work
    python = [sys.executable, "-P", "-m"]
    worker = [*python, "prefect", "worker", "start", "--pool", POOL, "--name", "linestop"]
    receiver = [*python, "linestop.deployments.receiver", str(receiver_port)]
    return [Part("worker", worker, WORKER | env), Part("receiver", receiver, env)]


def _write(receiver_port: int, process: str, parts: Sequence[Part]) -> None:
    running = {part.name: holder_of(part.child.pid) for part in parts if part.child}
    state = Supervised(process=process, receiver_port=receiver_port, parts=running)
    write_whole(_state_file(), state.model_dump_json(indent=2).encode(), durable=False)


def _state_file() -> Path:
    return workplace() / "supervisor.json"


def main() -> None:
    """Supervise until SIGTERM or SIGINT; end at once where another supervisor of this home runs."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: stop.set())
    with (workplace() / "supervisor.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("supervisor.refused reason=another-one-runs")
            return
        supervise(int(sys.argv[1]), stop)


if __name__ == "__main__":
    main()
