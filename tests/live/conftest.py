"""A machine of its own for each test: a home, ports, a repository; nothing of it runs when the test is over."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx
import psutil
import pytest

from tests.migrated_database import lay


@dataclass
class Machine:
    """A user's machine: `home` is its LINESTOP_HOME, `repository` one that it looks after."""

    home: Path
    repository: Path
    env: dict[str, str]

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.env['LINESTOP_PORT']}/api"

    @property
    def receiver(self) -> str:
        return f"http://127.0.0.1:{self.env['LINESTOP_RECEIVER_PORT']}"

    def linestop(self, *words: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("linestop"), *words],
            env=self.env | env, cwd=cwd or self.repository, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip

    def python(self, code: str, *, cwd: Path | None = None) -> "subprocess.Popen[str]":
        """Start a process of ours that runs `code`."""
        return subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            env=self.env, cwd=cwd or self.repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def processes(self) -> list[psutil.Process]:
        """Return every process that belongs to this home, by its environment."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("LINESTOP_HOME") == str(self.home)
        except psutil.Error:
            return False

    def post(self, path: str, **body: object) -> httpx.Response:
        return httpx.post(f"{self.api}{path}", json=body, timeout=60, trust_env=False)


def until(true: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for a condition; return how long it took. The seconds bound a hang: give more than a busy machine takes."""
    start = monotonic()
    while monotonic() - start < seconds:
        if true():
            return monotonic() - start
        sleep(0.1)
    pytest.fail(f"not within {seconds:.0f} s: {what}")


@pytest.fixture(name="until")
def _until() -> Callable[[Callable[[], bool], float, str], float]:
    return until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    repository = folder / "shop"
    (repository / "src" / "shop").mkdir(parents=True)
    (repository / "src" / "shop" / "__init__.py").write_text('"""A shop."""\nimport os\n')
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", *words], cwd=repository, check=True
        )  # fmt: skip
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "LINESTOP_"))}
    env |= {
        "LINESTOP_HOME": str(folder / "home"),
        "LINESTOP_PORT": str(free_port()),
        "LINESTOP_RECEIVER_PORT": str(free_port()),
    }
    lay(folder / "home/prefect/prefect.db")
    made = Machine(folder / "home", repository, env)
    yield made
    made.linestop("down")
    for process in made.processes():
        process.send_signal(signal.SIGKILL)


@pytest.fixture
def free() -> int:
    """Return a port that nobody listens at."""
    return free_port()
