"""Writes Parquet files of cautions: whole or not at all, on the disk before they are seen. When is compaction.py."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from linestop.errors import RecordError
from linestop.files import sync_folder
from linestop.memory.cautions.parquet import (
    COLUMNS,
    HELD,
    SOURCE,
    Held,
    held,
    numbers_of,
    parquet_files,
    parquet_folder,
)
from linestop.memory.cautions.segments import look
from linestop.paths import Layout

if TYPE_CHECKING:
    import duckdb

PART = ".part"
MANY_FILES = 16  # small ones that become one
SMALL_BYTES = 8 * 2**20  # some 150,000 cautions; a larger file is never written again
ROWS_IN_GROUP = 10_240  # a lookup by file reads a group or two
_ORDER = 'file, "at", id'


class Source(NamedTuple):
    """A FROM clause and what is bound in it."""

    sql: str
    values: dict[str, Any]


def name_of(first: int, last: int) -> str:
    """Return what a file of these compactions is called."""
    return f"{first:06}-{last:06}.parquet"


def from_lines(path: Path) -> Source:
    """Return the cautions of a file of lines as a source."""
    columns = ", ".join(f"\"{name}\": '{kind}'" for name, kind in COLUMNS.items())
    return Source(f"read_json($file, format = 'newline_delimited', columns = {{{columns}}})", {"file": str(path)})


def write_parquet(
    db: duckdb.DuckDBPyConnection, source: Source, path: Path, holds: dict[str, list[Held]], count: int
) -> None:
    """Write a Parquet file of a source's cautions, of which there are `count`, with what it holds of which segment.

    Raises:
        RecordError: not all of them arrived; the file is not there then.
        OSError: the disk refused.
    """
    part = path.with_name(f".{path.name}{PART}")
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    listed = json.dumps([[name, *one] for name, several in holds.items() for one in several])
    sql = (
        f"COPY (SELECT {names} FROM {source.sql} ORDER BY {_ORDER}) TO {_quoted(str(part))} (FORMAT parquet,"  # noqa: S608
        f" COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_IN_GROUP}, KV_METADATA {{{HELD}: {_quoted(listed)}}})"
    )
    try:
        db.execute(sql, source.values)
        arrived = db.execute(f"SELECT count(DISTINCT id) FROM {SOURCE}", {"files": [str(part)]}).fetchone()  # noqa: S608
        if not arrived or arrived[0] != count:
            raise RecordError(
                f"cautions can't be compacted into {path}",
                found=f"{arrived and arrived[0]} of {count} arrived",
                todo="nothing is lost, they stay where they are; report it",
            )
        _to_disk(part)
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def merge(db: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Make the last small Parquet files one, where there are many. Those it stands for are removed another time.

    Raises:
        RecordError, OSError: as `write_parquet`; nothing is lost then.
    """
    last = list[Path]()
    for path in reversed(parquet_files(layout)):
        if path.stat().st_size > SMALL_BYTES:
            break
        last.insert(0, path)
    if len(last) < MANY_FILES:
        return
    values = {"files": [str(path) for path in last]}
    counted = db.execute(f"SELECT count(DISTINCT id) FROM {SOURCE}", values).fetchone()  # noqa: S608
    there = {found.segment.name for found in look(layout)}
    holds = {name: several for name, several in held(db, last).items() if name in there}
    name = name_of(numbers_of(last[0])[0], numbers_of(last[-1])[1])
    source = Source(f"(SELECT DISTINCT ON (id) * FROM {SOURCE})", values)  # noqa: S608
    write_parquet(db, source, parquet_folder(layout) / name, holds, counted[0] if counted else 0)


def _to_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(file, 0o600)
        os.fsync(file)
    finally:
        os.close(file)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
