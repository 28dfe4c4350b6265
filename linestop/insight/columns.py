"""Large tables read by DuckDB itself, of which only the columns that a query reads are kept.

Owns how such a table, or a view of its files, takes the place of the empty one. Which files those are is event_files.py
and caution_files.py.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

MAX_LINE_BYTES = 16 * 1024 * 1024  # a longer line is not one of ours
FILLED = "filled"


def put(
    database: duckdb.DuckDBPyConnection, table: str, source: str, columns: Collection[str], **parameters: Any
) -> None:
    """Put the rows of `source`, a query with at least `columns`, in the place of an empty table.

    The others of its columns are null: nothing is kept for them. The names are the schema's own.
    """
    kept = ", ".join(_quoted(name) for name in _shape(database, table) if name in columns) or "1 AS one"
    keep(database, f"{FILLED}.{table}", f"SELECT {kept} FROM ({source})", **parameters)  # noqa: S608
    show(database, table, f"FROM {FILLED}.{table}", columns)


def keep(database: duckdb.DuckDBPyConnection, table: str, source: str, **parameters: Any) -> None:
    """Keep what a query answers now in a new table of schema `filled`."""
    database.execute(f"CREATE SCHEMA IF NOT EXISTS {FILLED}")
    database.execute(f"CREATE TABLE {table} AS {source}", parameters or None)


def show(database: duckdb.DuckDBPyConnection, table: str, source: str, columns: Collection[str]) -> None:
    """Let a query with at least `columns`, asked anew each time, take the place of an empty table."""
    shown = ", ".join(
        _quoted(name) if name in columns else f"NULL::{kind} AS {_quoted(name)}"
        for name, kind in _shape(database, table).items()
    )
    database.execute(f"DROP TABLE {table}")
    database.execute(f"CREATE VIEW {table} AS SELECT {shown} FROM ({source})")  # noqa: S608


def _shape(database: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    return {str(name): str(kind) for name, kind, *_ in database.execute(f"DESCRIBE {table}").fetchall()}


def json_source(columns: Mapping[str, tuple[str, str]], wanted: Collection[str], *, where: str) -> str:
    """Return the query that reads JSON lines from `$files`: what can't be read as JSON costs its line.

    `columns`: name = (the keys it is made of, divided by blanks; the expression). `where` keeps what is a record: of
    a line that is none, every key is null.
    """
    chosen = {name: columns[name] for name in columns if name in wanted}
    keys = {key for needed, _ in chosen.values() for key in needed.split()} | {where}
    shape = ", ".join(f"{_quoted(key)}: '{'JSON' if key in {'args', 'usage'} else 'VARCHAR'}'" for key in sorted(keys))
    shown = ", ".join(f"{made} AS {_quoted(name)}" for name, (_, made) in chosen.items()) or "1 AS one"
    # Without `records` DuckDB guesses, and reads a record of which one key is wanted fifty times as slowly.
    options = f"records = true, ignore_errors = true, filename = true, maximum_object_size = {MAX_LINE_BYTES}"
    lines = f"read_json($files, format = 'newline_delimited', {options}, columns = {{{shape}}})"
    return f"SELECT {shown} FROM {lines} WHERE {_quoted(where)} IS NOT NULL"  # noqa: S608  # our own names


def escaped(paths: Iterable[Path]) -> list[str]:
    """Return paths as DuckDB takes them for themselves, whatever characters they hold."""
    return ["".join(f"[{char}]" if char in "*?[" else char for char in os.fspath(path)) for path in paths]


def listed(paths: Iterable[Path]) -> str:
    """Return paths as a list in SQL: a view takes no parameters."""
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in escaped(paths)) + "]"


def _quoted(name: str) -> str:
    return f'"{name}"'
