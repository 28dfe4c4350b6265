"""The cautions, read by DuckDB from their segments (JSONL, one a run) and the Parquet files they are compacted into.

A segment that was compacted and is still there counts once: a caution's id is its own. A torn line costs itself, a
Parquet file that can't be read costs that file, and is said.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from linestop.insight.columns import FILLED, escaped, json_source, keep, listed, put, show
from linestop.insight.long_lines import readable
from linestop.insight.rows import stamp
from linestop.memory.cautions.parquet import parquet_files
from linestop.memory.cautions.segments import look
from linestop.paths import Layout
from linestop.text import plain

_TEXTS = (
    "id", "kind", "detector", "detail", "ticket", "chunk", "role", "engine", "model", "file", "file_hash", "signature",
)  # fmt: skip
_NUMBERS = {"attempt": "INTEGER", "calls": "BIGINT", "seconds": "DOUBLE", "tokens": "BIGINT"}
# column = (key of the record, expression)
_COLUMNS = {
    **{name: (name, f"coalesce(\"{name}\"::VARCHAR, '')") for name in _TEXTS},
    **{name: (name, f'coalesce(TRY_CAST("{name}" AS {kind}), 0)') for name, kind in _NUMBERS.items()},
    "severity": ("severity", "coalesce(severity::VARCHAR, 'warning')"),
    "moment": ("at", "TRY_CAST(\"at\" AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"),
    "run_id": ("run", "coalesce(run::VARCHAR, '')"),
}
_LINES = f"{FILLED}.caution_lines"
_TRIES = 3
SLOW_BYTES = 64 * 2**20  # of lines, some 130,000 cautions: reading them takes a quarter of a second


def put_cautions(
    database: duckdb.DuckDBPyConnection,
    layout: Layout,
    columns: Collection[str],
    *,
    since: datetime | None,
    sealed: bool,
    say: Callable[[str], None],
) -> None:
    """Put the cautions in place, those since a moment where one is given.

    `sealed`: no file will be readable when they are asked for, so all are kept. Else Parquet stays where it is, and
    each question reads of it what it needs: its texts are read once for each value then, not for each row.

    Raises:
        duckdb.Error, OSError: they can't be read.
    """
    for tries in range(_TRIES):
        # Segments first: one that is compacted meanwhile is in both lists, never in none.
        found = sorted(look(layout))
        loose = readable((layout.cautions / one.segment.name for one in found), say)
        tables = _readable(database, parquet_files(layout), say)
        try:
            _put(database, loose, tables, columns, since=since, sealed=sealed)
        except duckdb.IOException:
            database.execute(f"DROP TABLE IF EXISTS {_LINES}")
            if tries + 1 == _TRIES or all(path.exists() for path in loose):
                raise
        else:
            _tell_of_lines(sum(one.size for one in found), say)
            return


def _tell_of_lines(size: int, say: Callable[[str], None]) -> None:
    """Say how questions become quick where so many lines lie about that reading them takes time."""
    if size > SLOW_BYTES:
        say(
            f"{size // 2**20} MB of cautions aren't compacted, which makes questions about them slow: "
            "`linestop caution compact` ends that"
        )


def _put(
    database: duckdb.DuckDBPyConnection,
    loose: Sequence[Path],
    tables: Sequence[Path],
    columns: Collection[str],
    *,
    since: datetime | None,
    sealed: bool,
) -> None:
    wanted = {*columns, *({"moment"} if since else ())}
    sources = [_parquet(database, tables, wanted)] if tables else []
    if loose:
        needed = {*wanted, *({"id", "run_id"} if tables else ())}
        _keep_lines(database, loose, tables, needed, in_order=sealed)
        sources.append(f"FROM {_LINES}")
    if not sources:
        return
    source = " UNION ALL BY NAME ".join(f"({one})" for one in sources)
    if since:
        source = f"FROM ({source}) WHERE moment >= '{stamp(since)}'::TIMESTAMP"
    if sealed:
        put(database, "cautions", source, columns)
    else:
        show(database, "cautions", source, columns)


def _keep_lines(
    database: duckdb.DuckDBPyConnection,
    loose: Sequence[Path],
    tables: Sequence[Path],
    wanted: Collection[str],
    *,
    in_order: bool,
) -> None:
    """Keep the cautions of segments, those out that a Parquet file has too.

    `in_order`: as they were written, for whoever asks without ORDER BY. That takes half as long again.
    """
    lines = json_source(_COLUMNS, wanted, where="kind")
    source = f"FROM ({lines})"
    if tables:
        known = f"SELECT id FROM {_read(tables)} SEMI JOIN lines ON run = lines.run_id"  # noqa: S608  # our own names
        source = f"WITH lines AS MATERIALIZED ({lines}) FROM lines ANTI JOIN ({known}) AS known USING (id)"
    database.execute(f"SET preserve_insertion_order = {in_order}")
    keep(database, _LINES, source, files=escaped(loose))
    database.execute("RESET preserve_insertion_order")


def _parquet(database: duckdb.DuckDBPyConnection, tables: Sequence[Path], wanted: Collection[str]) -> str:
    """Return the query that reads Parquet files; a column that none of them has is null."""
    shape = database.execute(f"DESCRIBE SELECT * FROM {_read(tables)}").fetchall()  # noqa: S608  # our own names
    there = {str(name) for name, *_ in shape}
    shown = ", ".join(
        f'{made if key in there else "NULL"} AS "{name}"' for name, (key, made) in _COLUMNS.items() if name in wanted
    )
    return f"SELECT {shown or '1 AS one'} FROM {_read(tables)}"  # noqa: S608  # our own names


def _read(tables: Sequence[Path]) -> str:
    return f"read_parquet({listed(tables)}, union_by_name = true)"


def _readable(
    database: duckdb.DuckDBPyConnection, tables: Sequence[Path], say: Callable[[str], None]
) -> tuple[Path, ...]:
    """Return the Parquet files that can be opened; what is wrong with others is said."""
    found = []
    for table in tables:
        try:
            database.execute("SELECT 1 FROM read_parquet($table) LIMIT 0", {"table": escaped([table])})
        except duckdb.Error as error:
            say(f"the cautions in {plain(table.name)} can't be read: {plain(str(error), limit=300)}")
        else:
            found.append(table)
    return tuple(found)
