"""What a record keeps of the events and the diff that pruning.py took out of it: `pruned.json`."""

import stat
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linestop.events import Fault, Outcome, Usage
from linestop.runs.diff_stat import DiffStat
from linestop.runs.feed import EVENTS
from linestop.runs.files import object_in

PRUNED = "pruned.json"
SCHEMA = 1
DIFF = "diff.patch"


class Pruned(BaseModel):
    """Counts of a run's events and diff as they were, the fields of `RecordedRun` by their names. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: int = SCHEMA
    at: datetime
    freed: int = Field(ge=0, description="bytes")
    kept: int = Field(ge=0, description="bytes of events.jsonl now; with another size it is whole")
    ended: datetime | None = None
    session: str = ""
    model: str = ""
    event_count: int = 0
    calls: int = 0
    outcomes: dict[Outcome, int] = Field(default_factory=dict)
    turns: int = 0
    usage: Usage = Usage()
    faults: dict[Fault, int] = Field(default_factory=dict)
    last: str = ""
    told: int = 0
    diff: DiffStat | None = None

    def restored(self) -> dict[str, Any]:
        """Return the fields of a `RecordedRun` that were counted from what is gone."""
        found = {name: getattr(self, name) for name in _COUNTED}
        return found | {name: {str(one): many for one, many in found[name].items()} for name in ("outcomes", "faults")}


_COUNTED = (
    "ended", "session", "model", "event_count", "calls", "outcomes", "turns", "usage", "faults", "last", "told", "diff",
)  # fmt: skip


def pruned_in(folder: Path) -> Pruned | None:
    """Return what is left of a record's events; None where they are there, or nobody took them out."""
    try:
        found = Pruned.model_validate(object_in(folder, PRUNED, []))
    except ValidationError:
        return None
    return found if size_of(folder / EVENTS) == found.kept else None


def size_of(path: Path) -> int:
    """Return the bytes of a file; none where there is none, or a link in its place."""
    try:
        found = path.lstat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
