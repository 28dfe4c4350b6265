"""The environment that Prefect is imported with. Owns every PREFECT_* variable; imports no Prefect itself.

Prefect reads `.env`, `prefect.toml` and `pyproject.toml` of the working directory when it is imported. A target
repository may hold such files, so a process of ours imports Prefect from `$LINESTOP_HOME` only (`outside_targets`).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from linestop.deployments.settings import MachineSettings
from linestop.errors import InfraError
from linestop.home import workplace

SILENCE = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLI_COLORS": "false",
}
CLIENT = {
    # Only records with an `action` reach the terminal (flow_runs.py); all of them reach the server.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}
SERVER = {
    # In-memory leases (the default) wedge a concurrency limit for good when the server restarts.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # Else who waits for a slot looks again after up to 30 s.
    "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
    # The database grows by some 20 KB a task run.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
}
WORKER = {
    "PREFECT_WORKER_QUERY_SECONDS": "1",  # a run on demand starts in 5 s instead of 11
    "PREFECT_RUNNER_AUTO_INSTALL_DEPENDENCIES": "false",
}


def prefect_home() -> Path:
    """Return the folder of the server's database, leases and result storage."""
    return workplace() / "prefect"


def prefect_environment(api_url: str | None = None, *, settings: MachineSettings | None = None) -> dict[str, str]:
    """Return this process's environment with our Prefect settings; what the owner has set by name stays.

    `settings` adds what a server needs, its database among it.
    """
    ours = SILENCE | (SERVER if settings else CLIENT)
    env = ours | os.environ | {"PREFECT_HOME": str(prefect_home()), "PYTHONUNBUFFERED": "1"}
    env.pop("PREFECT_PROFILE", None)  # a profile of the owner's own Prefect isn't in our PREFECT_HOME
    if api_url:
        env["PREFECT_API_URL"] = api_url
    if settings and settings.database_url:
        env["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = settings.database_url.get_secret_value()
    return env


def apply_environment(api_url: str) -> None:
    """Set our Prefect settings in this process, before Prefect is imported.

    Raises:
        RuntimeError: Prefect was imported with another server: a mistake in linestop.
    """
    if "prefect" in sys.modules:
        from prefect.settings import get_current_settings  # noqa: PLC0415  # imported already

        found = get_current_settings().api.url
        if found != api_url:
            raise RuntimeError(f"prefect was imported before ensure_server(): it uses {found}, not {api_url}")
        return
    env = prefect_environment(api_url)
    os.environ.update(env)
    os.environ.pop("PREFECT_PROFILE", None)


@contextmanager
def outside_targets() -> Iterator[Path]:
    """Work in `$LINESTOP_HOME`, or its stand-in, for a while: no file of a target repository configures our Prefect.

    Raises:
        InfraError: the folder can't be made.
    """
    folder = workplace()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        prefect_home().mkdir(exist_ok=True)
    except OSError as error:
        raise InfraError(
            f"linestop can't use {folder}", found=str(error), todo="make it writable or set LINESTOP_HOME"
        ) from error
    with chdir(folder):
        yield folder
