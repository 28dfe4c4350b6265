"""Fills the tables of the analysis from one repository's files: only those that are read, and only what they hold.

Which those are is needs.py. What can't be read is noted in `problems` and never raised.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path

import duckdb

from linestop.insight import rows
from linestop.insight.caution_files import put_cautions
from linestop.insight.event_files import put_events
from linestop.insight.needs import Needs
from linestop.insight.rows import Row, stamp
from linestop.paths import Layout

Filler = Callable[[], Iterable[Row]]
# What happened at a moment; the others are what is, or hang on runs.
_HAPPENED = {
    "tickets": "updated", "incidents": "opened", "failures": "moment", "signs": "moment", "corrections": "moment",
    "reflections": "moment",
}  # fmt: skip

_REMEMBERED = ("lessons", "failures", "signs", "corrections", "reflections", "candidates")


class Filling:
    """Reads the files of one repository into databases, what happened before `since` left out."""

    def __init__(self, layout: Layout, *, since: datetime | None = None) -> None:
        self._layout, self._since = layout, since
        self.problems: list[str] = []
        self._fillers: dict[str, Filler] = {
            "runs": lambda: self._runs,
            "findings": lambda: rows.finding_rows(self._runs),
            "firings": lambda: rows.firing_rows(layout, self._runs),
            "nudges": lambda: rows.nudge_rows(layout, self._runs),
            "told": lambda: rows.told_rows(self._runs),
            "tickets": lambda: rows.ticket_rows(layout, self._say),
            "incidents": lambda: rows.incident_rows(layout, self._say),
            **{table: partial(_remembered, table, layout, self._say) for table in _REMEMBERED},
        }

    def fill(self, database: duckdb.DuckDBPyConnection, needs: Needs, *, sealed: bool) -> None:
        """Fill what is needed of a database that has the empty tables; `sealed`: so that it needs no file any more.

        Raises:
            duckdb.Error: a file of events or cautions is none that DuckDB can open.
        """
        for table in needs:
            if table in self._fillers:
                _insert(database, table, self._recent(table, self._fillers[table]()))
        if "events" in needs:
            folders = [self._layout.runs / row["run_id"] for row in self._runs] if self._since else self._folders()
            put_events(database, folders, needs["events"], self._say)
        if "cautions" in needs:
            put_cautions(database, self._layout, needs["cautions"], since=self._since, sealed=sealed, say=self._say)

    @cached_property
    def _runs(self) -> list[Row]:
        since = stamp(self._since)
        return [row for row in rows.run_rows(self._layout) if since is None or (row["started"] or "") >= since]

    def _folders(self) -> list[Path]:
        return [path for path in self._layout.runs.glob("*/") if not path.is_symlink()]

    def _recent(self, table: str, found: Iterable[Row]) -> Iterable[Row]:
        since, moment = stamp(self._since), _HAPPENED.get(table)
        return (row for row in found if since is None or moment is None or (row[moment] or "") >= since)

    def _say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _remembered(table: str, layout: Layout, say: Callable[[str], None]) -> Iterable[Row]:
    from linestop.insight.memory_rows import ROWS  # noqa: PLC0415  # the rooms of memory, only where they are asked about

    return ROWS[table](layout, say)


def _insert(database: duckdb.DuckDBPyConnection, table: str, found: Iterable[Row]) -> None:
    """Insert rows as one JSON text: row by row DuckDB takes a millisecond each. Other keys stay out."""
    shape = {name: kind for name, kind, *_ in database.execute(f"DESCRIBE {table}").fetchall()}
    statement = f"INSERT INTO {table} SELECT r.* FROM (SELECT unnest(from_json($rows, $shape)) AS r)"  # noqa: S608  # our own names
    database.execute(statement, {"rows": json.dumps(list(found)), "shape": json.dumps([shape])})
