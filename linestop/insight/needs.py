"""Which tables and columns a query reads, as DuckDB itself plans it. Filling them is filling.py."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import duckdb

Needs = Mapping[str, frozenset[str]]
_WORD = re.compile(r"\w+")
_SCAN = "SEQ_SCAN"
_SERIALIZED = "json_execute_serialized_sql"
_EXPLAINED = [duckdb.StatementType.SELECT]  # a PIVOT without its values is several statements
_turn = threading.Lock()


def schema_sql() -> str:
    """Return the tables and views of the analysis."""
    return resources.files("linestop.insight").joinpath("schema.sql").read_text(encoding="utf-8")


def connected() -> duckdb.DuckDBPyConnection:
    """Return an empty database in memory with the tables and views. It loads no extension and writes no file."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": "",
    }
    database = duckdb.connect(config=settings)
    database.execute("SET enable_progress_bar = false")  # DuckDB draws one on stdout where it takes us for a session
    database.execute("SET TimeZone = 'UTC'")
    database.execute(schema_sql())
    return database


def needs_of(sql: str) -> Needs:
    """Return the columns that a query reads, by table: no column where it only counts rows.

    Where DuckDB can't explain it, every table that its words name, whole.
    """
    with _turn:  # one database for all threads of this process: it is empty, and making one takes 40 ms
        return _planner().needs(sql)


class _Planner:
    """Explains queries over the empty tables; cut off from the file system."""

    def __init__(self) -> None:
        self._database = connected()
        shapes = self._database.execute(
            "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()"
            " SEMI JOIN duckdb_tables() USING (table_name) GROUP BY table_name"
        ).fetchall()
        self.columns = {str(name): tuple(columns) for name, columns in shapes}
        optimizers = [
            str(name) for (name,) in self._database.execute("SELECT name FROM duckdb_optimizers()").fetchall()
        ]
        # Only the pruning of columns stays on: the others may move a column into a filter, or fold an empty table away.
        others = ",".join(name for name in optimizers if name != "unused_columns")
        self._database.execute("SET disabled_optimizers = $names", {"names": others})
        self._database.execute("SET enable_external_access = false")

    def needs(self, sql: str) -> Needs:
        """Return what `needs_of` does."""
        if _SERIALIZED in sql.lower():  # what stands in its text is planned when it runs
            return self._all()
        try:
            statements = duckdb.extract_statements(sql)
            if [one.type for one in statements] == _EXPLAINED:
                plan = self._database.execute(f"EXPLAIN (FORMAT json) {statements[0].query}").fetchall()
                return self._scanned(json.loads(plan[0][1]))
        except (duckdb.Error, ValueError, IndexError, KeyError):
            pass  # the query's own mistake is told by whoever runs it
        return self._named(sql)

    def _scanned(self, plan: list[dict[str, Any]]) -> Needs:
        found: dict[str, frozenset[str]] = {}
        for scan in (one for node in plan for one in _scans(node)):
            table = str(scan["Table"]).rpartition(".")[2]
            if table in self.columns:
                columns = scan.get("Projections") or ()
                read = frozenset([columns] if isinstance(columns, str) else columns)
                found[table] = found.get(table, frozenset()) | read
        return found

    def _all(self) -> Needs:
        return {table: frozenset(columns) for table, columns in self.columns.items()}

    def _named(self, sql: str) -> Needs:
        """Return all columns of the tables whose names, or whose views' names, stand among the words of a query."""
        words = {word.lower() for word in _WORD.findall(sql)}
        if words & {"query", "query_table"}:  # they take names that may be put together
            return self._all()
        views = self._database.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        tables = {table: frozenset(columns) for table, columns in self.columns.items() if table in words}
        for (view,) in views:
            if view in words:
                tables |= {table: frozenset(self.columns[table]) for table in self.needs(f"FROM {view}")}
        return tables


@cache
def _planner() -> _Planner:
    return _Planner()


def joined(first: Needs, second: Needs) -> Needs:
    """Return what two queries read together."""
    return {table: first.get(table, frozenset()) | second.get(table, frozenset()) for table in {*first, *second}}


def _scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if str(node.get("name", "")).strip() == _SCAN:
        yield node["extra_info"]
    for child in node.get("children", ()):
        yield from _scans(child)


def is_complete(sql: str) -> bool:
    """Return whether a query that is being typed has its `;`, one that stands in no text and no comment."""
    if not sql.rstrip().endswith(";"):
        return False
    tokens = duckdb.tokenize(sql)
    return bool(tokens) and tokens[-1][0] == len(sql.rstrip()) - 1
