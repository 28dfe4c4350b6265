"""Docker keeps the Sandbox port's contract, and what is only its own: users, images, the removal of containers."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linestop.blocks.sandboxes.docker_daemon import HOLDER, Daemon
from linestop.blocks.sandboxes.docker_sandbox import DockerSandbox
from linestop.errors import ToolError
from linestop.ports import Confinement, Sandbox
from tests.contracts.sandbox_suite import IsolationContract, left, marked, repository, sh, worktree
from tests.live.docker_for_tests import docker_daemon

pytestmark = pytest.mark.live
Until = Callable[[Callable[[], bool], float, str], float]


@pytest.fixture(scope="module")
def docker() -> Iterator[str]:
    with docker_daemon() as host:
        yield host


class TestDockerSandbox(IsolationContract):
    @pytest.fixture
    def sandbox(self, docker: str) -> Sandbox:
        return DockerSandbox(host=docker)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "state"))
    return worktree(repository(tmp_path / "shop"), tmp_path / "wt")


def test_nobody_is_root_inside_and_the_workspace_is_the_owners_again(docker: str, workspace: Path) -> None:
    (workspace / "locked").mkdir(mode=0o700)
    with DockerSandbox(host=docker).open(workspace, Confinement()) as cell:
        ran = sh(
            cell,
            "id -u; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; mkdir -p n/m; echo x > n/m/x; chmod 0 n",
        )
    lines = ran.output.splitlines()
    assert lines[0] != "0"
    assert {line.split()[1] for line in lines if line.startswith("Cap")} == {"0" * 16}
    assert "NoNewPrivs:\t1" in lines
    assert "Seccomp:\t2" in lines
    owners = {path.lstat().st_uid for path in (workspace / "n", workspace / "locked", workspace / "a.txt")}
    assert owners == {os.getuid()}


@pytest.mark.usefixtures("workspace")
def test_a_path_that_is_no_text_is_said(docker: str, tmp_path: Path) -> None:
    place = repository(tmp_path / "no\udcfftext")
    with pytest.raises(ToolError, match="no text"), DockerSandbox(host=docker).open(place, Confinement()):
        pytest.fail("it was opened")


def test_an_image_that_is_not_there_is_said(docker: str, workspace: Path) -> None:
    sandbox = DockerSandbox(host=docker, image="no-such-image-anywhere:1")
    with sandbox.open(workspace, Confinement()) as cell, pytest.raises(ToolError, match="no image"):
        sh(cell, "true")


def test_a_daemon_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="docker can't be reached") as caught:
        DockerSandbox(host=f"unix://{tmp_path}/none.sock").ping()
    assert "apt install docker.io" in caught.value.todo


def test_a_killed_linestop_takes_its_container_with_it(docker: str, workspace: Path, until: Until) -> None:
    sleep = marked()
    code = f"""
from pathlib import Path
from linestop.blocks.sandboxes.docker_sandbox import DockerSandbox
from linestop.ports import Confinement, SandboxCommand
with DockerSandbox(host={docker!r}).open(Path({str(workspace)!r}), Confinement()) as cell:
    cell.run(SandboxCommand(argv=("sh", "-c", "echo up; {sleep}")), stdout=lambda _: print("up", flush=True))
"""
    with subprocess.Popen([sys.executable, "-P", "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        assert left(sleep)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        until(lambda: left(sleep) == [], 60, "the container's processes end")
        mine = Daemon(docker).client.containers.list(all=True, filters={"label": HOLDER})
        held = [one for one in mine if f":{process.pid}:" in one.labels[HOLDER]]
        assert len(held) == 1
    with DockerSandbox(host=docker).open(workspace, Confinement()):
        after = Daemon(docker).client.containers.list(all=True, filters={"label": HOLDER})
    assert {path.lstat().st_uid for path in (workspace, workspace / "a.txt")} == {os.getuid()}
    assert held[0].id not in {one.id for one in after}
    assert [*(Path(os.environ["LINESTOP_HOME"]) / "cells").iterdir()] == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a workspace to somebody else")
def test_a_workspace_of_another_user_stays_theirs(docker: str, workspace: Path) -> None:
    for path in (workspace, workspace / "a.txt"):
        os.chown(path, 1234, 1234)
    with DockerSandbox(host=docker).open(workspace, Confinement()) as cell:
        assert sh(cell, "id -u; echo two >> a.txt; git status --short").output.splitlines() == ["1234", " M a.txt"]
    assert {path.stat().st_uid for path in (workspace, workspace / "a.txt")} == {1234}
