"""One Prefect server for all tests that ask for it. Prefect reads its settings at import: they are set here first."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import httpx
import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.migrated_database import keep, lay


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if "prefect" in sys.modules:
    raise pytest.UsageError("prefect was imported before tests/flows/conftest.py: it would use the developer's server")

_END = "-----END CERTIFICATE-----"
_HOME = Path(tempfile.mkdtemp(prefix="linestop-prefect-"))
_PORT = _free_port()
# It speaks plain HTTP, yet each client loads every authority there is: that took as long as a quick test. One will do.
(_HOME / "authority.pem").write_text(Path(certifi.where()).read_text(encoding="utf-8").partition(_END)[0] + _END + "\n")
os.environ |= {
    "PREFECT_API_URL": f"http://127.0.0.1:{_PORT}/api",
    "PREFECT_HOME": str(_HOME),
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",  # the server wants no tokens: each client would ask for one
    "PREFECT_API_SSL_CERT_FILE": str(_HOME / "authority.pem"),
    "DO_NOT_TRACK": "1",
}
os.environ.pop("PREFECT_PROFILE", None)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """Yield the API address of a server of the tests' own, the one that `linestop` starts, without its services."""
    argv = [sys.executable, "-P", "-m", "linestop.deployments.prefect_server", "--no-services", "--no-ui"]
    database = _HOME / "prefect.db"
    is_migrated = lay(database)
    env = os.environ | {
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{database}",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }
    url = os.environ["PREFECT_API_URL"]
    log = _HOME / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*argv, "--host", "127.0.0.1", "--port", str(_PORT)], env=env, cwd=_HOME, stdout=output, stderr=output
        )
    try:
        _wait(url, server, log)
        if not is_migrated:
            keep(database)
        yield url
        _last_words()
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _last_words() -> None:
    """Let Prefect's threads deliver what they hold while there is a server: later they would complain on the screen."""
    from prefect.events.worker import EventsWorker  # noqa: PLC0415  # imported by who used it
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=60)


def _wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 300
    with httpx.Client(timeout=10, trust_env=False, verify=False) as client:  # noqa: S501 - plain HTTP: no authorities to load
        while time.monotonic() < deadline and server.poll() is None:
            try:
                if client.get(f"{url}/health").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
    raise RuntimeError(f"the tests' Prefect server did not start: {log.read_text()[-2000:]}")


class FewServers(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """All of these tests on two workers, begun first: a server takes longer to start than most of them."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if not file.startswith("tests/flows/"):
            return file
        return "prefect, the first half" if file < "tests/flows/test_e" else "prefect, the second half"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FewServers | None:
    """Schedule the quick tests so. The longer ones, by themselves, are worth a server for each worker."""
    return FewServers(config, log) if config.option.markexpr == "not live" else None
