"""The runs of a repository as a tree, newest first: a run, the runs it started, how each ended."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from linestop.insight.rows import run_rows
from linestop.paths import Layout


class Run(BaseModel):
    """One run. `outcome` is `killed` or `running` where there is no result; times are UTC; `seconds` None = unknown."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    kind: str
    outcome: str
    started: datetime | None = None
    seconds: float | None = None
    summary: str = ""
    ticket: str = ""
    dispatch: str = Field(default="", description="role, chunk and attempt, where the run is a dispatch")
    flow_run: str = ""
    children: tuple["Run", ...] = Field(default=(), description="oldest first: the order they ran in")


def history(layout: Layout, *, limit: int | None = None) -> tuple[Run, ...]:
    """Return the runs that no other run started, newest first, at most `limit`; a lost parent makes a run a root."""
    rows = sorted(run_rows(layout), key=_order)
    known = {row["run_id"] for row in rows}
    children: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        parent = row["parent"]
        children.setdefault(parent if parent in known and parent != row["run_id"] else "", []).append(row)
    newest = children.get("", [])[::-1]
    return tuple(_tree(row, children) for row in newest[:limit])


def _order(row: dict[str, Any]) -> tuple[str, str, str]:
    """Return what orders runs by their start: an id tells the second, the record the rest."""
    return row["run_id"][:15], row["started"] or "", row["run_id"]


def _tree(row: dict[str, Any], children: dict[str, list[dict[str, Any]]]) -> Run:
    started = datetime.fromisoformat(f"{row['started']}+00:00") if row["started"] else None
    below = tuple(_tree(child, children) for child in children.get(row["run_id"], ()))
    known = {name: row[name] for name in ("run_id", "kind", "outcome", "seconds", "summary", "ticket", "flow_run")}
    return Run(**known, started=started, dispatch=_dispatch(row), children=below)


def _dispatch(row: dict[str, Any]) -> str:
    if row["kind"] != "dispatch":
        return ""
    role, chunk, attempt = (row["parameters"].get(name) for name in ("role", "chunk", "attempt"))
    words = [str(word) for word in (role, chunk) if word]
    words += [f"#{attempt}"] if attempt else []
    first = row["parameters"].get("rerun_of")
    return " ".join([*words, f"(rerun of {first[-6:]})"] if isinstance(first, str) and first else words)
