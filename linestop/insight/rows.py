"""Rows for the analysis out of run records, the tracker and incidents, as dicts of JSON values.

A file that is missing, torn or of another shape gives no row, never an error; where that hides a ticket or an incident
it is said. Events are read by DuckDB itself.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linestop.files import read_whole
from linestop.paths import Layout
from linestop.records import MAX_JSON
from linestop.runs.files import outcome_of
from linestop.runs.find import kind_of
from linestop.runs.firings import FIRINGS, nudges_of, read_firings
from linestop.text import plain

Row = dict[str, Any]
Say = Callable[[str], None]
_TOLD = {"lessons": "lesson", "cautions": "caution", "signs": "sign", "skills": "skill"}


def run_rows(layout: Layout) -> Iterator[Row]:
    """Yield a row for each run record, oldest first; a run without a result is `running` or `killed`.

    What the clock was set back under took an unknown time.
    """
    for folder in sorted(layout.runs.glob("*/")):
        inputs = read_object(folder / "inputs.json") or _killed_at_once(folder)
        if inputs is None:
            continue
        result = read_object(folder / "result.json") or {}
        parameters = _dict(inputs.get("parameters"))
        values = _dict(result.get("values"))
        started, ended = _moment(inputs.get("started")), _moment(result.get("ended"))
        yield {
            "run_id": folder.name,
            "kind": _text(inputs.get("kind")),
            "outcome": outcome_of(folder, inputs, result),
            "started": stamp(started),
            "ended": stamp(ended),
            "seconds": round((ended - started).total_seconds(), 3) if started and ended and ended >= started else None,
            "summary": _text(result.get("summary")),
            "ticket": _text(parameters.get("ticket")),
            "parent": _text(inputs.get("parent")),
            "flow_run": _text(inputs.get("flow_run")),
            "holder": _text(inputs.get("holder")),
            "parameters": parameters,
            "values": values,
        }


def _killed_at_once(folder: Path) -> Row | None:
    """Return what its name tells of a run that was killed before it could write its inputs; None where it is no run."""
    kind = kind_of(folder.name)
    return {"kind": kind, "started": f"{folder.name[:15]}+00:00"} if kind else None


def firing_rows(layout: Layout, runs: list[Row]) -> Iterator[Row]:
    """Yield a row for each firing of each run."""
    for run in runs:
        for firing in read_firings(layout.runs / run["run_id"] / FIRINGS)[0]:
            row = firing.model_dump(
                mode="json",
                include={"detector", "severity", "rung", "detail", "file", "identity", "calls", "seconds", "tokens"},
            )
            yield {"run_id": run["run_id"], "moment": stamp(firing.at), **row}


def nudge_rows(layout: Layout, runs: list[Row]) -> Iterator[Row]:
    """Yield a row for each nudge of each run whose outcome was seen."""
    for run in runs:
        written = read_firings(layout.runs / run["run_id"] / FIRINGS)[1]
        for nudge in nudges_of(run["values"], written):
            row = nudge.model_dump(mode="json", include={"detector", "calls", "fired_again", "called_again", "changed"})
            yield {"run_id": run["run_id"], "fired_at": stamp(nudge.fired_at), "told_at": stamp(nudge.told_at), **row}


def finding_rows(runs: list[Row]) -> Iterator[Row]:
    """Yield a row for each theme of each audit, from the `findings` among its result's values."""
    for run in runs:
        found = run["values"].get("findings") if run["kind"] == "audit" else None
        for theme, count in _dict(found).items():
            if isinstance(count, int) and not isinstance(count, bool):
                yield {"run_id": run["run_id"], "theme": theme, "found": count}


def told_rows(runs: list[Row]) -> Iterator[Row]:
    """Yield a row for each thing that each dispatch was told, from `told` among its parameters."""
    for run in runs:
        told = run["parameters"].get("told") if run["kind"] == "dispatch" else None
        for name, kind in _TOLD.items():
            items = told.get(name) if isinstance(told, dict) else None
            for item in dict.fromkeys(one for one in items if isinstance(one, str)) if isinstance(items, list) else ():
                yield {"run_id": run["run_id"], "kind": kind, "item": item}


def ticket_rows(layout: Layout, say: Say = lambda _: None) -> Iterator[Row]:
    """Yield a row for each ticket of the tracker, oldest first; nothing is ever created."""
    for body in _bodies(layout.tracker, say):
        ticket = _object(body)
        if ticket is None:
            continue
        yield {
            **{name: _text(ticket.get(name)) for name in ("id", "batch", "state", "title", "reason")},
            "attempts": ticket.get("attempts") if isinstance(ticket.get("attempts"), int) else 0,
            "created": stamp(_moment(ticket.get("created"))),
            "updated": stamp(_moment(ticket.get("updated"))),
            "commit_id": _text(_dict(ticket.get("evidence")).get("commit")) or None,
            "body": ticket,
        }


def incident_rows(layout: Layout, say: Say) -> Iterator[Row]:
    """Yield a row for each incident."""
    for path in sorted(layout.incidents.glob("*.json")):
        incident = read_object(path)
        if incident is None:
            say(f"the incident {plain(path.name, limit=100)} can't be read")
            continue
        closed = incident.get("closed")
        yield {
            "id": _text(incident.get("id")) or path.stem,
            "state": _text(incident.get("state")) or ("closed" if closed else "open"),
            "class": _text(incident.get("class") or incident.get("failure_class") or incident.get("kind")),
            "scope": _text(incident.get("scope")),
            "ticket": _text(incident.get("ticket")),
            "opened": stamp(_moment(incident.get("opened"))),
            "body": incident,
        }


def read_object(path: Path) -> Row | None:
    """Return the JSON object in a file, or None; a link is not followed, it leads out of the records."""
    try:
        return _object(read_whole(path, most=MAX_JSON).decode("utf-8", "replace"))
    except OSError:
        return None


def _object(text: str) -> Row | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _bodies(path: Path, say: Say) -> list[str]:
    try:
        if not path.is_file() or not path.stat().st_size:  # one that is made just now is empty
            return []
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT body FROM tickets ORDER BY created, rowid").fetchall()
    except (sqlite3.Error, OSError) as error:
        say(f"the tracker in {path} can't be read: {plain(str(error), limit=300)}")
        return []
    return [row[0] for row in rows if isinstance(row[0], str)]


def _dict(value: object) -> Row:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def stamp(moment: datetime | None) -> str | None:
    """Return a time as DuckDB reads a TIMESTAMP of UTC; None for one that UTC doesn't have."""
    try:
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ") if moment else None
    except OverflowError:
        return None
