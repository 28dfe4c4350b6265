"""Clean checkouts that a run has for itself, named after its record; those of killed runs are swept away.

Checkouts of a ticket are named after the ticket (station.py, inspection.py) and closed with it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.files import read_whole
from linestop.paths import workspace_name
from linestop.records import MAX_JSON, is_alive


@contextmanager
def run_checkout(workspaces: GitWorkspaces, run_id: str, use: str, commit: str) -> Iterator[Path]:
    """Yield a run's clean checkout of `commit` and remove it; first, what killed runs left of the same use."""
    layout, name = workspaces.layout, workspace_name(run_id, use)
    for path in layout.worktrees.glob(workspace_name("*", use)):
        if _abandoned(layout.runs / path.name.removesuffix(workspace_name("", use))):
            workspaces.close(path.name)
    try:
        yield workspaces.checkout(name, commit)
    finally:
        workspaces.close(name)


def _abandoned(record: Path) -> bool:
    """Return whether a record's process is gone; a record that can't be read belongs to nobody."""
    try:
        return not is_alive(str(json.loads(read_whole(record / "inputs.json", most=MAX_JSON))["holder"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return True
