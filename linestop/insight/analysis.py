"""Answers questions from DuckDB, over tables filled from the records of one repository.

No DuckDB extension is ever loaded: the tracker is read by sqlite3 (rows.py), events by DuckDB's own JSON reader. Once
the tables are filled, DuckDB is cut off from the file system, so that `--sql` can read nothing else and write nothing.
"""

import glob
import json
from collections.abc import Iterable
from importlib import resources
from types import TracebackType
from typing import Any, Self

import duckdb
from pydantic import BaseModel, ConfigDict

from linestop.errors import RecordError, UsageError
from linestop.insight.rows import Row, finding_rows, firing_rows, incident_rows, nudge_rows, run_rows, ticket_rows
from linestop.paths import Layout

MAX_EVENT_BYTES = 64 * 1024 * 1024  # a longer line is not one of ours: EventLog cuts texts at 16,000 characters
TABLES = "runs, dispatches, events, firings, nudges, tickets, incidents, findings"
_EVENTS = """
INSERT INTO events
SELECT split_part(filename, '/', -2), TRY_CAST("at" AS TIMESTAMPTZ) AT TIME ZONE 'UTC', kind, coalesce(step, ''),
       coalesce(tool, ''), outcome, TRY_CAST(seconds AS DOUBLE), coalesce(text, ''), args, action, path, "identity",
       result_hash, session, model, fault, TRY_CAST(usage ->> 'input' AS BIGINT),
       TRY_CAST(usage ->> 'output' AS BIGINT), TRY_CAST(usage ->> 'cache_read' AS BIGINT),
       TRY_CAST(usage ->> 'usd' AS DOUBLE), coalesce(TRY_CAST(usage ->> 'total' AS BOOLEAN), false)
FROM read_json($files, format = 'newline_delimited', ignore_errors = true, filename = true,
               maximum_object_size = $size, columns = {
                   "at": 'VARCHAR', kind: 'VARCHAR', step: 'VARCHAR', tool: 'VARCHAR', outcome: 'VARCHAR',
                   seconds: 'VARCHAR', text: 'VARCHAR', args: 'JSON', action: 'VARCHAR', path: 'VARCHAR',
                   "identity": 'VARCHAR', result_hash: 'VARCHAR', session: 'VARCHAR', model: 'VARCHAR',
                   fault: 'VARCHAR', usage: 'JSON'
               })
WHERE kind IS NOT NULL
"""


class Table(BaseModel):
    """An answer: column names, and rows of JSON-like values (times are datetimes)."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Analysis:
    """The records of one repository as tables, for as long as it is open."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._db = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
        try:
            self._fill()
        except duckdb.Error as error:
            raise RecordError(
                f"the records in {layout.runs} can't be read",
                found=str(error).strip()[:500],
                todo="move the record it names away; nothing else depends on it",
            ) from error

    def ask(self, sql: str) -> Table:
        """Return what a query answers. It sees the tables of schema.sql and nothing else.

        Raises:
            UsageError: DuckDB can't run it; carries its message.
        """
        try:
            cursor = self._db.execute(sql)
            columns = tuple(column[0] for column in cursor.description or ())
            return Table(columns=columns, rows=tuple(cursor.fetchall() if columns else ()))
        except duckdb.Error as error:
            raise UsageError(
                "the query can't be run",
                found=str(error).strip()[:500],
                todo=f'tables: {TABLES}; `--sql "DESCRIBE runs"` shows one',
            ) from error

    @property
    def empty(self) -> bool:
        """Whether nothing was recorded yet."""
        return self.ask("SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM tickets)").rows == ((0,),)

    def close(self) -> None:
        """Close the database; it lived in memory."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _fill(self) -> None:
        self._db.execute("SET TimeZone = 'UTC'")
        self._db.execute(resources.files("linestop.insight").joinpath("schema.sql").read_text(encoding="utf-8"))
        runs = list(run_rows(self._layout))
        self._insert("runs", runs)
        self._insert("findings", finding_rows(runs))
        self._insert("firings", firing_rows(self._layout, runs))
        self._insert("nudges", nudge_rows(self._layout, runs))
        self._insert("tickets", ticket_rows(self._layout))
        self._insert("incidents", incident_rows(self._layout))
        self._insert_events()
        self._db.execute("SET enable_external_access = false")
        self._db.execute("SET lock_configuration = true")
        self._db.execute("BEGIN TRANSACTION READ ONLY")  # a query that writes is told so, and changes no later answer

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        """Insert rows as one JSON text: row by row DuckDB takes a millisecond each."""
        shape = {name: kind for name, kind, *_ in self._db.execute(f"DESCRIBE {table}").fetchall()}
        statement = f"INSERT INTO {table} SELECT r.* FROM (SELECT unnest(from_json($rows, $shape)) AS r)"  # noqa: S608  # our own names
        self._db.execute(statement, {"rows": json.dumps(list(rows)), "shape": json.dumps([shape])})

    def _insert_events(self) -> None:
        """Insert all events; links are left out, they lead out of the records."""
        found = self._layout.runs.glob("*/events.jsonl")
        files = [glob.escape(str(path)) for path in found if path.is_file() and not path.is_symlink()]
        if files:
            self._db.execute(_EVENTS, {"files": files, "size": MAX_EVENT_BYTES})
