"""Every trick fails in bubblewrap and in docker, and works where there is no sandbox: so each of these can fail."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from linestop.blocks.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from linestop.blocks.sandboxes.docker_sandbox import DockerSandbox
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.ports import Confinement, Ran, Sandbox, SandboxCommand
from tests.contracts.sandbox_suite import git, left, marked, repository, sh, worktree
from tests.live.docker_for_tests import docker_daemon
from tests.live.escape_tricks import SECRET, TRICKS, Trick, World

pytestmark = pytest.mark.live
Until = Callable[[Callable[[], bool], float, str], float]
SECONDS = 30


@pytest.fixture(scope="module")
def docker() -> Iterator[str]:
    with docker_daemon() as host:
        yield host


@pytest.fixture(params=["bubblewrap", "docker"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    if request.param == "docker":
        return DockerSandbox(host=request.getfixturevalue("docker"))
    return BubblewrapSandbox()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "owner" / ".linestop"))
    owner = tmp_path / "owner"
    for name in (".ssh/id_rsa", ".aws/credentials", ".netrc", ".linestop/lessons.db"):
        (owner / name).parent.mkdir(parents=True, exist_ok=True)
        (owner / name).write_text(f"{SECRET}\n")
    main = repository(tmp_path / "shop")
    git(main, "config", "remote.origin.url", f"https://owner:{SECRET}@example.org/shop")
    (main / ".linestop").mkdir()
    (main / ".linestop" / "tracker.db").write_text(SECRET)
    workspace = worktree(main, tmp_path / "wt")
    (workspace / "outside").symlink_to(owner)
    for name in ("secret", "cache"):
        (tmp_path / name).write_text(SECRET)
    os.link(tmp_path / "cache", workspace / "twin")
    with ExitStack() as stack:
        yield _peopled(stack, tmp_path, workspace)


def _peopled(stack: ExitStack, folder: Path, workspace: Path) -> World:
    open_file = stack.enter_context((folder / "secret").open())
    neighbour = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)", "neighbour-of-the-agent"],
        env={"OWNERS_TOKEN": SECRET}, cwd=folder, stdin=open_file,
    )  # fmt: skip
    stack.callback(neighbour.wait)
    stack.callback(neighbour.kill)
    heard: list[bytes] = []
    abstract = f"linestop-{uuid4().hex}"
    tcp = stack.enter_context(_giving(socket.AF_INET, ("127.0.0.1", 0)))
    tcp6 = stack.enter_context(_giving(socket.AF_INET6, ("::1", 0)))
    stack.enter_context(_giving(socket.AF_UNIX, f"\0{abstract}"))
    stack.enter_context(_giving(socket.AF_UNIX, str(folder / "docker.sock")))
    udp = stack.enter_context(_hearing(heard))
    return World(
        folder, workspace, psutil.Process(neighbour.pid), tcp, tcp6, udp, abstract, folder / "docker.sock", heard
    )


@contextmanager
def _giving(family: int, address: object) -> Iterator[int]:
    """Yield the port of a server that tells everybody the secret."""
    with socket.socket(family) as listener:
        listener.bind(address)  # type: ignore[arg-type]
        listener.listen(16)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.settimeout(5)
                    connection.recv(100)
                    connection.sendall(SECRET.encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        name = listener.getsockname()
        yield name[1] if family in {socket.AF_INET, socket.AF_INET6} else 0
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@contextmanager
def _hearing(heard: list[bytes]) -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))

        def serve() -> None:
            while (said := listener.recv(100)) != b"end":
                heard.append(said)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        yield port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"end", ("127.0.0.1", port))
        thread.join(5)


def attempt(sandbox: Sandbox, trick: Trick, world: World, bounds: Confinement) -> tuple[bool, Ran]:
    """Return whether a trick worked, and how its command ended."""
    with sandbox.open(world.workspace, bounds) as cell:
        ran = cell.run(SandboxCommand(argv=trick.argv(world), wall_seconds=SECONDS))
    return trick.worked(world, ran), ran


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.name)
def test_no_trick_works_in_a_sandbox(sandbox: Sandbox, trick: Trick, world: World) -> None:
    worked, ran = attempt(sandbox, trick, world, trick.bounds)
    assert not worked, ran
    assert ran.ended in {"exited", "memory", "disk"}, ran


@pytest.mark.parametrize("trick", [trick for trick in TRICKS if trick.control], ids=lambda trick: trick.name)
def test_the_trick_works_without_a_sandbox(trick: Trick, world: World) -> None:
    worked, ran = attempt(PlainSandbox(), trick, world, trick.control_bounds)
    assert worked, ran


def test_one_cell_sees_nothing_of_another(sandbox: Sandbox, world: World, tmp_path: Path) -> None:
    other = worktree(world.main, tmp_path / "other")
    with sandbox.open(world.workspace, Confinement()) as one, sandbox.open(other, Confinement()) as two:
        (two.home / "key").write_text(SECRET)
        ran = sh(one, f"cat {two.home}/key {other}/a.txt; ls {two.home.parent} {other} && echo seen")
        seen = sh(two, f"cat {two.home}/key").output
    assert SECRET not in ran.output
    assert "seen" not in ran.output
    assert seen == SECRET


def test_the_machine_serves_on_while_a_fork_bomb_is_held(sandbox: Sandbox, world: World) -> None:
    with sandbox.open(world.workspace, Confinement(processes=60)) as cell:
        ran = sh(cell, "b() { b | b & }; b; sleep 2", wall_seconds=4)
        assert ran.seconds < 60
        assert sh(cell, "echo well").output == "well\n"


def test_a_killed_linestop_takes_bubblewrap_with_it(world: World, until: Until) -> None:
    sleep = marked()
    code = f"""
from pathlib import Path
from linestop.blocks.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from linestop.ports import Confinement, SandboxCommand
with BubblewrapSandbox().open(Path({str(world.workspace)!r}), Confinement()) as cell:
    cell.run(SandboxCommand(argv=("sh", "-c", "echo up; setsid {sleep} & {sleep}")),
             stdout=lambda _: print("up", flush=True))
"""
    with subprocess.Popen([sys.executable, "-P", "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        assert left(sleep)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        until(lambda: left(sleep) == [], 60, "the sandbox's processes end")
    with BubblewrapSandbox().open(world.workspace, Confinement()):
        pass
    cells = Path(os.environ["LINESTOP_HOME"]) / "cells"
    assert [*cells.iterdir()] == []
    groups = [*Path("/sys/fs/cgroup").rglob(f"linestop-cell-{process.pid}-*")]
    assert groups == []
