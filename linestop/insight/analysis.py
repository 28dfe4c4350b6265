"""Answers questions from DuckDB, over tables filled from the records and the memory of one repository.

No DuckDB extension is ever loaded: SQLite is read by sqlite3, JSONL and Parquet by DuckDB's own readers. Only what a
query reads is filled (needs.py, filling.py), and each query runs alone in a transaction that only reads. Before the
first that isn't one of queries.sql, all is kept and DuckDB cut off from the file system: `--sql` can read nothing else
and write nothing.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain, count
from types import TracebackType
from typing import Any, Self

import duckdb
from pydantic import BaseModel, ConfigDict

from linestop.errors import RecordError, UsageError
from linestop.insight.filling import Filling
from linestop.insight.needs import Needs, connected, joined, needs_of
from linestop.insight.queries import is_named
from linestop.insight.rows import run_rows, ticket_rows
from linestop.paths import Layout

TABLES = (
    "runs, dispatches, attempts, comparables, events, firings, nudges, tickets, incidents, findings, cautions, lessons,"
    " failures, signs, corrections, reflections, candidates, told"
)
_READS = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}


class Table(BaseModel):
    """An answer: column names, and rows of JSON-like values (times are datetimes)."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Analysis:
    """The records and the memory of one repository as tables, for as long as it is open.

    `since`: what happened before is left out; lessons and candidates are there whatever their age.
    """

    def __init__(self, layout: Layout, *, since: datetime | None = None) -> None:
        self._layout = layout
        self._filling = Filling(layout, since=since)
        self._needs: Needs = {}
        self._sealed = False
        self._database: duckdb.DuckDBPyConnection | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what could not be read up to now, or only slowly, a line each."""
        return tuple(self._filling.problems)

    @property
    def empty(self) -> bool:
        """Whether nothing was recorded yet."""
        return next(run_rows(self._layout), None) is None and next(ticket_rows(self._layout), None) is None

    def prepare(self, *queries: str) -> None:
        """Fill at once what several queries read: asked one by one, each would fill anew what those before it read.

        Raises:
            RecordError: files are there that DuckDB can't read.
        """
        needs, sealed = self._needs, self._sealed or not all(map(is_named, queries))
        for sql in queries:
            needs = joined(needs, needs_of(sql))
        if self._database is None or needs != self._needs or sealed != self._sealed:
            self._fill(needs, sealed=sealed)

    def ask(self, sql: str) -> Table:
        """Return what a query answers. It sees the tables of schema.sql and nothing else.

        Raises:
            UsageError: DuckDB can't run it, or it would do more than read; carries its message.
            RecordError: as `prepare`.
        """
        try:
            kinds = {statement.type for statement in duckdb.extract_statements(sql)}
            if not kinds or kinds - _READS:
                raise _refused("it would do more than read" if kinds else "it is no query")
            self.prepare(sql)
            return self._asked(sql)
        except duckdb.Error as error:
            raise _refused(str(error).strip()[:500]) from error

    def close(self) -> None:
        """Close the database; it lived in memory."""
        if self._database:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _asked(self, sql: str) -> Table:
        """Run a query in a thread: DuckDB sees Ctrl-C in some operators only, but hears `interrupt` in all."""
        database = self._database
        assert database is not None  # noqa: S101  # prepared
        with ThreadPoolExecutor(max_workers=1) as pool:
            answer = pool.submit(_run, database, sql)
            try:
                return answer.result()
            except KeyboardInterrupt:
                database.interrupt()
                raise

    def _fill(self, needs: Needs, *, sealed: bool) -> None:
        if self._database:
            self._database.close()
        self._database = database = connected()
        try:
            self._filling.fill(database, needs, sealed=sealed)
        except (duckdb.Error, OSError) as error:
            raise RecordError(
                f"the records in {self._layout.state} can't be read",
                found=str(error).strip()[:500],
                todo="move the file it names away; nothing else depends on it",
            ) from error
        if sealed:
            database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        self._needs, self._sealed = needs, sealed


def _run(database: duckdb.DuckDBPyConnection, sql: str) -> Table:
    database.execute("BEGIN TRANSACTION READ ONLY")  # what writes is told so, and changes no later answer
    try:
        cursor = database.execute(sql)
        columns = _told_apart(column[0] for column in cursor.description or ())
        return Table(columns=columns, rows=tuple(cursor.fetchall() if columns else ()))
    finally:
        database.execute("ROLLBACK")


def _told_apart(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of columns, each once: a second `file` is `file_1`, as DuckDB calls it in a table."""
    found: list[str] = []
    for name in names:
        free = (one for one in chain([name], (f"{name}_{number}" for number in count(1))) if one not in found)
        found.append(next(free))
    return tuple(found)


def _refused(found: str) -> UsageError:
    return UsageError(
        "the query can't be run", found=found, todo=f'tables: {TABLES}; `--sql "DESCRIBE runs"` shows one'
    )
