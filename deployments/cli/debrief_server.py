"""Tells the Prefect server of a decision made in a terminal: a form that waits for nothing any more goes on."""

import asyncio
import os
import sys
from pathlib import Path

from linestop.deployments.environment import apply_environment, outside_targets
from linestop.deployments.server import answers, running_server


def tell_server(root: Path) -> None:
    """Have the repository's debrief runs go on or be made, where a server runs. None is started for it."""
    configured = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    local = running_server()
    url = configured if configured and answers(configured) else local.api_url if local else ""
    if not url:
        return
    with outside_targets():
        apply_environment(url)
        import httpx  # noqa: PLC0415  # Prefect takes seconds to import and must see our environment
        from prefect.exceptions import PrefectException  # noqa: PLC0415

        from linestop.deployments.debrief_reminders import remind  # noqa: PLC0415

        try:
            asyncio.run(remind([root]))
        except (httpx.HTTPError, PrefectException) as error:  # the decision stands; `linestop up` tells the server
            sys.stderr.write(f"the server couldn't be told: {type(error).__name__}; `linestop up` does it\n")
