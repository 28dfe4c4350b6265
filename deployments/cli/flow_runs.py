"""How commands start a flow: on a server that keeps its history, with our own progress on stderr.

Flows that a deployment starts do not come through here; the worker runs them (supervision.py).
"""

import asyncio
import atexit
import logging
import os
import sys
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape

from linestop.deployments.environment import outside_targets
from linestop.deployments.server import ensure_server
from linestop.errors import ServerError
from linestop.home import stand_in
from linestop.paths import Layout, repository_root

RUN_LOGGERS = ("prefect.flow_runs", "prefect.task_runs")


def run_flow(name: str, order: BaseModel) -> Any:
    """Run a flow, named as its module entrypoint (`linestop.flows.audit:audit`), in this process; return its result.

    `order.repository` is made absolute: Prefect works from `$LINESTOP_HOME`, so that no file of the repository the
    user stands in configures it.

    Raises:
        RepositoryError: there is no repository, or linestop's home lies inside it.
        ServerError: no server answers, or it went away while the flow ran.
        LinestopError: the flow's own.
    """
    if path := getattr(order, "repository", None):
        repository = Path(path).expanduser().resolve()
        Layout(repository_root(repository)).require_work_outside()
        order = order.model_copy(update={"repository": str(repository)})
    atexit.register(_say_nothing_more)  # before Prefect's own, so that it comes after them
    stderr = Console(stderr=True, highlight=False, soft_wrap=True)
    if instead := stand_in():
        stderr.print(escape(instead), style="yellow")
    url = ensure_server(lambda line: stderr.print(escape(line), style="dim"))
    with outside_targets():
        return asyncio.run(_run(name, order, url, stderr))


async def _run(name: str, order: BaseModel, url: str, stderr: Console) -> Any:
    import httpx  # noqa: PLC0415  # Prefect takes seconds to import and must see our environment
    from prefect import tags  # noqa: PLC0415

    from linestop.blocks.run_tags import run_tags  # noqa: PLC0415
    from linestop.deployments.reconciliation import reconcile_runs  # noqa: PLC0415

    module, _, function = name.partition(":")
    flow = getattr(import_module(module), function)
    handler = _Actions(stderr)
    for logger in RUN_LOGGERS:
        logging.getLogger(logger).addHandler(handler)
    try:
        await reconcile_runs()
        with tags(*run_tags(getattr(order, "repository", None))):
            return await _answer(await flow(order, return_state=True))
    except httpx.TransportError as error:
        raise ServerError(
            "the Prefect server went away",
            found=f"{type(error).__name__} at {url}",
            todo="run the same command again: it goes on from what was finished",
        ) from error
    finally:
        for logger in RUN_LOGGERS:
            logging.getLogger(logger).removeHandler(handler)


def _say_nothing_more() -> None:
    """Keep what the interpreter's last moments say from a person: all that was to be said is said by then.

    Prefect's threads outlive the flow and keep modules alive, DuckDB's among them, whose C++ side then lists every
    object of its own as leaked: thirty lines below the summary.
    """
    with suppress(OSError, ValueError):  # nobody may be there to read
        sys.stderr.flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


async def _answer(state: Any) -> Any:
    """Return a flow's report; a run that is painted red for a person to see has one too. An error is raised."""
    report = await state.aresult(raise_on_failure=False)
    return report if isinstance(report, BaseModel) else await state.aresult()


class _Actions(logging.Handler):
    """Prints the records that carry an `action`, and warnings; Prefect's own chatter carries none."""

    def __init__(self, stderr: Console) -> None:
        super().__init__(logging.INFO)
        self._stderr = stderr

    def emit(self, record: logging.LogRecord) -> None:
        if not getattr(record, "action", None):
            return
        style = "yellow" if record.levelno >= logging.WARNING else None
        line = "".join(char if char.isprintable() else " " for char in record.getMessage()).rstrip()
        self._stderr.print(f"[dim]{self._clock(record)}[/dim] {escape(line)}", style=style)

    @staticmethod
    def _clock(record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")


def ui_url() -> str:
    """Return the address of the UI that `run_flow` used, empty before."""
    return os.environ.get("PREFECT_API_URL", "").removesuffix("/api")
