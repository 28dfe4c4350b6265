"""Runs one command in one container: made, read, ended and removed.

The container's first process is forwarder.py: it starts the command with exactly the environment it is to have
(neither the daemon's records nor the image's variables hold anything of it), forwards to the model proxy, and ends when
linestop is gone, since it holds a line to it.
"""

import json
import os
import shutil
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container
from docker.types import LogConfig, Mount, Ulimit
from requests.exceptions import RequestException

from linestop.blocks.sandboxes.clocks import DRAIN_SECONDS, POLL_SECONDS, Clocks
from linestop.blocks.sandboxes.docker_daemon import HOLDER, Daemon, removed, talking
from linestop.blocks.sandboxes.growth import Growth, tree
from linestop.blocks.sandboxes.launch import FOLDER, LIFELINE, SCRIPT, written_order
from linestop.blocks.sandboxes.seccomp import docker_profile
from linestop.errors import InfraError, ToolError
from linestop.ports import Confinement, Network, Ran
from linestop.ports.sandbox import Ended
from linestop.records import holder

_PERIOD = 100_000  # microseconds
_SHM = "256m"
_SIGKILLED, _TOO_LARGE = 137, 153
_FRAME = struct.Struct(">BxxxL")
_STDERR = 2
_CHUNK = 65_536
_WAIT_SECONDS = 30


def run_container(
    daemon: Daemon,
    settings: dict[str, Any],
    clocks: Clocks,
    confinement: Confinement,
    folder: Path,
    *,
    order: dict[str, Any],
    growth: Growth,
) -> Ran:
    """Run a command in a new container to its end; nothing of the container is left.

    Raises:
        InfraError: the daemon can't make or start it.
        ToolError: the image isn't there.
        CommandCancelledError: the run it belongs to was cancelled.
    """
    with ExitStack() as stack:
        run = stack.enter_context(_folder(folder, confinement, clocks, order))
        stack.enter_context(_lifeline(run))
        container = _made(daemon, settings, clocks, confinement, run)
        stack.callback(removed, container)
        with talking("start a container"):
            stream = _Stream(container, clocks)
            stack.callback(stream.close)
            container.start()
            container.reload()
        clocks.up()
        pid = int(container.attrs["State"]["Pid"])
        clocks.probes = (growth.watch(lambda: tree(pid) if pid else ()),)
        try:
            ended = stream.until_ended()
        finally:
            _killed(container, stream)
        with talking("end a container"):
            container.wait(timeout=_WAIT_SECONDS)
            container.reload()
        return _ran(ended, container.attrs["State"], clocks)


def _killed(container: Container, stream: "_Stream") -> None:
    """Kill a container and read what it still said: the daemon can't end one whose output nobody reads."""

    def kill() -> None:
        with suppress(APIError, RequestException):  # it has ended; its removal is forced anyway
            container.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    stream.drain(killer.is_alive)
    killer.join()


def _ran(ended: Ended, state: dict[str, Any], clocks: Clocks) -> Ran:
    code = int(state["ExitCode"])
    if ended == "exited" and state.get("Error"):
        raise InfraError("docker could not run a container", found=str(state["Error"])[:500], todo="run it again")
    if ended == "exited" and code == _SIGKILLED and state.get("OOMKilled"):
        ended = "memory"
    return clocks.ran("disk" if ended == "exited" and code == _TOO_LARGE else ended, code)


def _made(daemon: Daemon, settings: dict[str, Any], clocks: Clocks, confinement: Confinement, run: Path) -> Container:
    sockets = [Mount(f"{FOLDER}/model.sock", str(confinement.model_socket), type="bind")]
    shown = Mount(FOLDER, str(run), type="bind", read_only=True)
    try:
        with talking("make a container"):
            return daemon.client.containers.create(
                **{
                    **settings,
                    "mounts": [*settings["mounts"], shown, *(sockets if confinement.model_socket else ())],
                    "command": ["-I", "-S", f"{FOLDER}/forwarder.py", f"{FOLDER}/order.json", *clocks.command.argv],
                    **_bounds(confinement),
                }
            )
    except InfraError as error:
        if isinstance(error.__cause__, ImageNotFound):
            raise ToolError(
                f"there is no image {settings['image']!r}",
                found="docker doesn't know it, and nothing is pulled",
                todo="docker pull it, build it, or leave sandbox.image empty",
            ) from error
        raise


def _bounds(confinement: Confinement) -> dict[str, Any]:
    return {
        "hostname": "sandbox",
        "labels": {HOLDER: holder()},
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true", f"seccomp={json.dumps(docker_profile())}"],
        "read_only": True,
        "network_mode": "bridge" if confinement.network is Network.OPEN else "none",
        "ipc_mode": "private",
        "mem_limit": confinement.memory_bytes,
        "memswap_limit": confinement.memory_bytes,
        "pids_limit": confinement.processes,
        "cpu_period": _PERIOD,
        "cpu_quota": max(1_000, int(confinement.cpus * _PERIOD)),
        "shm_size": _SHM,
        "ulimits": [
            Ulimit(name="fsize", soft=confinement.disk_bytes, hard=confinement.disk_bytes),
            Ulimit(name="core", soft=0, hard=0),
        ],
        "log_config": LogConfig(type="none"),
        "detach": True,
    }


@contextmanager
def _folder(parent: Path, confinement: Confinement, clocks: Clocks, order: dict[str, Any]) -> Iterator[Path]:
    """Yield what is /run/linestop inside: the forwarder, its order, the command's input, a place for the sockets."""
    run = parent / uuid4().hex[:8]
    try:
        run.mkdir()
        shutil.copyfile(SCRIPT, run / "forwarder.py")
        (run / "model.sock").touch()
        (run / "stdin").write_bytes(clocks.command.stdin)
        written_order(run / "order.json", confinement, lifeline=LIFELINE, stdin=f"{FOLDER}/stdin", **order)
        for path in (run, *run.iterdir()):
            path.chmod(0o755)
    except OSError as error:
        raise InfraError(f"can't write {run}", found=str(error), todo="check the disk; run it again") from error
    try:
        yield run
    finally:
        shutil.rmtree(run, ignore_errors=True)


@contextmanager
def _lifeline(run: Path) -> Iterator[None]:
    """Listen where the container holds on to this process: the kernel lets go of it however this process ends."""
    folder = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(f"/proc/self/fd/{folder}/life.sock")  # the folder's own path may be longer than a socket's
            (run / "life.sock").chmod(0o666)
            listener.listen(1)
            yield  # the connection that waits in the queue is held as long as the listener is
        finally:
            os.close(folder)


class _Stream:
    """What a container says, as frames on one connection: 1 or 2, three zeros, a length, so many bytes."""

    def __init__(self, container: Container, clocks: Clocks) -> None:
        words = {"stdout": 1, "stderr": 1, "stream": 1, "logs": 0}
        self._response: Any = container.client.api.attach_socket(container.id or "", params=words)  # type: ignore[union-attr]
        self._socket: socket.socket = getattr(self._response, "_sock", self._response)
        self._socket.settimeout(POLL_SECONDS)
        self._clocks, self._held, self._open = clocks, b"", True

    def until_ended(self) -> Ended:
        """Read until the container has ended, or something ends it: then it still runs."""
        while self._open:
            if over := self._clocks.over():
                return over
            self._step()
        return "exited"

    def drain(self, dying: Callable[[], bool]) -> None:
        """Read what is left of a container that is dead, or about to be."""
        deadline = monotonic() + DRAIN_SECONDS
        while self._open and (dying() or monotonic() < deadline):
            self._step()

    def close(self) -> None:
        """Let go of the connection."""
        self._socket.close()
        self._response.close()

    def _step(self) -> None:
        try:
            chunk = self._socket.recv(_CHUNK)
        except TimeoutError:
            return
        except OSError:
            chunk = b""
        self._open = bool(chunk)
        self._held += chunk
        while len(self._held) >= _FRAME.size:
            kind, length = _FRAME.unpack_from(self._held)
            end = _FRAME.size + length
            if len(self._held) < end:
                return
            self._clocks.take(self._held[_FRAME.size : end], of_stderr=kind == _STDERR)
            self._held = self._held[end:]
