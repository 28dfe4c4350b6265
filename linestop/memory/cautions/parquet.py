"""Compacted cautions: `<state>/cautions/compacted/*.parquet`, sorted by file and time. Reads them; DuckDB only here.

A file is called after the compactions that are in it, `000001-000016.parquet`: it stands for all whose numbers lie
within its own. It carries the names of the segments that went into it, so that file and list become true by one rename.
Writing is compaction.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from linestop.errors import RecordError
from linestop.memory.cautions.lines import caution_of
from linestop.memory.cautions.model import Caution
from linestop.memory.cautions.wanted import Wanted
from linestop.paths import Layout

if TYPE_CHECKING:
    import duckdb

FOLDER = "compacted"
HELD = "linestop_segments"  # key of a Parquet file's own metadata
COLUMNS = {
    "id": "VARCHAR", "at": "TIMESTAMPTZ", "kind": "VARCHAR", "detector": "VARCHAR", "severity": "VARCHAR",
    "detail": "VARCHAR", "run": "VARCHAR", "ticket": "VARCHAR", "chunk": "VARCHAR", "attempt": "BIGINT",
    "role": "VARCHAR", "engine": "VARCHAR", "model": "VARCHAR", "file": "VARCHAR", "file_hash": "VARCHAR",
    "signature": "VARCHAR", "calls": "BIGINT", "seconds": "DOUBLE", "tokens": "BIGINT",
}  # fmt: skip
SOURCE = "read_parquet($files, union_by_name = true)"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"(\d{6,})-(\d{6,})\.parquet")
_PART = 2_000  # rows at a time


class Held(NamedTuple):
    """The beginning of a segment that a Parquet file holds: its bytes and their SHA-256."""

    bytes: int
    sha256: str


def parquet_folder(layout: Layout) -> Path:
    """Return the folder of compacted cautions."""
    return layout.cautions / FOLDER


def parquet_files(layout: Layout) -> list[Path]:
    """Return the Parquet files that hold cautions, each once, oldest first; links are left out.

    Raises:
        OSError: the folder can't be read.
    """
    whole = every_file(layout)
    numbers = {path: numbers_of(path) for path in whole}
    return [path for path in whole if not any(_within(numbers[path], one) for one in numbers.values())]


def every_file(layout: Layout) -> list[Path]:
    """Return those that a later one stands for too: they are removed once nobody reads them any more.

    Raises:
        OSError: the folder can't be read.
    """
    folder = parquet_folder(layout)
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if _NAME.fullmatch(path.name) and not path.is_symlink() and path.is_file()
    )


def numbers_of(path: Path) -> tuple[int, int]:
    """Return the first and last compaction that is in a file."""
    first, _, last = path.stem.partition("-")
    return int(first), int(last)


def _within(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1]


@contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a DuckDB of its own, which loads no extension and writes nothing but what it is told.

    Raises:
        RecordError: DuckDB can't read or write what it was asked to.
    """
    import duckdb  # noqa: PLC0415  # 50 ms

    try:
        with duckdb.connect(
            config={"autoinstall_known_extensions": False, "autoload_known_extensions": False, "memory_limit": "1GB"}
        ) as found:
            found.execute("SET enable_progress_bar = false")  # on stdout, where DuckDB takes us for a session
            yield found
    except duckdb.Error as error:
        raise RecordError(
            "compacted cautions can't be read or written",
            found=str(error).strip()[:500],
            todo=f"move the file that it names out of .linestop/cautions/{FOLDER}; nothing else depends on it",
        ) from error


def held(db: duckdb.DuckDBPyConnection, files: list[Path]) -> dict[str, list[Held]]:
    """Return what of which segment the files hold, by the segment's name."""
    found: dict[str, list[Held]] = {}
    if files:
        sql = "SELECT decode(value) FROM parquet_kv_metadata($files) WHERE decode(key) = $key"
        for (value,) in db.execute(sql, {"files": [str(path) for path in files], "key": HELD}).fetchall():
            for name, size, digest in json.loads(value):
                found.setdefault(name, []).append(Held(size, digest))
    return found


def stored(
    db: duckdb.DuckDBPyConnection, files: list[Path], wanted: Wanted, *, newest: int | None = None
) -> Iterator[Caution]:
    """Yield the cautions of Parquet files that are asked for, oldest first; with `newest` only so many."""
    where, values = wanted.sql()
    sql = f"SELECT * FROM {SOURCE} WHERE {where}"  # noqa: S608  # the parts are ours, the values are bound
    if newest is not None:
        sql += ' ORDER BY "at" DESC, id DESC LIMIT $newest'
        values["newest"] = newest
    sql = f'SELECT * REPLACE (epoch_us("at") AS "at") FROM ({sql}) ORDER BY "at", id'  # noqa: S608
    yield from rows(db, sql, {**values, "files": [str(path) for path in files]})


def rows(db: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any]) -> Iterator[Caution]:
    """Yield the cautions that a query returns, by the names of its columns; `at` in microseconds since the epoch.

    Holds some thousands at a time.
    """
    answer = db.execute(sql, values)
    names = [column[0] for column in answer.description or ()]
    while part := answer.fetchmany(_PART):
        for row in part:
            record = {name: value for name, value in zip(names, row, strict=True) if value is not None}
            record["at"] = moment_of(record.get("at", 0))
            if caution := caution_of(record):
                yield caution


def moment_of(microseconds: int) -> datetime:
    """Return the time so long after the epoch."""
    return EPOCH + timedelta(microseconds=microseconds)
