"""The tickets whose work the base holds, as the records of their runs and git tell it. The tracker is not asked."""

import re

from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.paths import Layout
from linestop.records import Result, result_in
from linestop.wiki import Delivery

MAX_RUNS = 500  # the newest, that are looked at


def merged_tickets(layout: Layout, workspaces: GitWorkspaces, base: str) -> tuple[Delivery, ...]:
    """Return the tickets whose last commit the base holds, newest first; a run that is not merged is no news."""
    results = [result_in(path.parent) for path in sorted(layout.runs.glob("*-ticket-*/result.json"))[-MAX_RUNS:]]
    found: dict[str, Delivery] = {}
    for result in results:
        commit = _last_commit(result) if result else None
        if result and commit and workspaces.contains(base, commit):
            ticket = str(result.values.get("ticket", result.run_id))
            found[commit] = Delivery(ticket, result.run_id, commit, result.summary or result.outcome)
    return tuple(reversed(found.values()))


def _last_commit(result: Result) -> str | None:
    progress = result.values.get("progress")
    values = [*(progress.values() if isinstance(progress, dict) else ()), result.values.get("commit")]
    commits = [value for value in values if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40,64}", value)]
    return commits[-1] if commits else None
