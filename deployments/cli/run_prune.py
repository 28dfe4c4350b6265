"""`linestop run prune`: events and diffs of old records go. What may go and what stays: linestop/runs/pruning.py."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cyclopts.types import NonNegativeInt

from linestop.deployments.cli.options import Json, Repo
from linestop.errors import RecordError, UsageError
from linestop.paths import Layout, repository_root
from linestop.runs import pruning

_FARTHEST = 36_500  # days


def prune(
    *,
    older_than: NonNegativeInt = 30,
    keep: NonNegativeInt = 100,
    yes: bool = False,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Take events and diffs out of old records; what ran, how it ended, what it cost and a rerun's inputs stay.

    Examples:
        linestop run prune                           # say what would go
        linestop run prune --yes
        linestop run prune --older-than 7 --keep 20 --yes

    Only dispatches; their other records are small. Nothing does this by itself, and a run that goes on is never
    touched. What is gone: `run show --events` and `--diff` of these runs, and in `linestop insight` what it counts
    from events, but for what they cost.

    Parameters
    ----------
    older_than
        Only dispatches that began more than so many days ago.
    keep
        The newest so many records are left whole, however old.
    yes
        Do it; without, only what would go is said.
    json_
        Print it as JSON.
    """
    if older_than > _FARTHEST:
        raise UsageError("--older-than is too many days", found=str(older_than), todo=f"at most {_FARTHEST}")
    layout = Layout(repository_root(repo))
    before = datetime.now(UTC) - timedelta(days=older_than)
    runs, size, refused = list[str](), 0, list[RecordError]()
    for old in pruning.old_records(layout, before=before, keep=keep):
        try:
            size += pruning.prune(layout, old.folder) if yes else old.bytes
            runs.append(old.folder.name)
        except RecordError as error:
            refused.append(error)
    if json_:
        sys.stdout.write(json.dumps({"runs": runs, "bytes": size, "done": yes, "failed": len(refused)}) + "\n")
    else:
        sys.stdout.write(_said(len(runs), size, yes=yes) + "\n")
    for trouble in refused[:3]:
        sys.stderr.write(f"{trouble.line}\n")
    return 1 if refused else 0


def _said(runs: int, size: int, *, yes: bool) -> str:
    records = f"{runs:,} record{'' if runs == 1 else 's'}"
    if not runs:
        return "nothing to take out: no run is old enough, or what is old is small already"
    if yes:
        return f"events and diffs of {records} are gone: {_bytes(size)} free"
    return f"events and diffs of {records} would go: {_bytes(size)}; --yes takes them out"


def _bytes(size: int) -> str:
    amount, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:  # noqa: PLR2004
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
