"""Compacted cautions: `<state>/cautions/compacted/*.parquet`, sorted by file and time. Reads them; DuckDB only here.

Each file carries the names of the segments that are in it, so that file and list become true by one rename. Writing
is compaction.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
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
SUFFIX = ".parquet"
HELD = "linestop_segments"  # key of a Parquet file's own metadata
REPLACES = "linestop_replaces"
COLUMNS = {
    "id": "VARCHAR", "at": "TIMESTAMP", "kind": "VARCHAR", "detector": "VARCHAR", "severity": "VARCHAR",
    "detail": "VARCHAR", "run": "VARCHAR", "ticket": "VARCHAR", "chunk": "VARCHAR", "attempt": "BIGINT",
    "role": "VARCHAR", "engine": "VARCHAR", "model": "VARCHAR", "file": "VARCHAR", "file_hash": "VARCHAR",
    "signature": "VARCHAR", "calls": "BIGINT", "seconds": "DOUBLE", "tokens": "BIGINT",
}  # fmt: skip
_PART = 2_000  # rows at a time


class Held(NamedTuple):
    """The beginning of a segment that a Parquet file holds: its bytes and their SHA-256."""

    bytes: int
    sha256: str


def parquet_folder(layout: Layout) -> Path:
    """Return the folder of compacted cautions."""
    return layout.cautions / FOLDER


def parquet_files(layout: Layout) -> list[Path]:
    """Return the Parquet files, oldest first; links are left out.

    Raises:
        OSError: the folder can't be read.
    """
    folder = parquet_folder(layout)
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.is_file() and _own(path))


def _own(path: Path) -> bool:
    return not path.is_symlink() and not path.name.startswith(".")


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
            yield found
    except duckdb.Error as error:
        raise RecordError(
            "compacted cautions can't be read or written",
            found=str(error).strip()[:500],
            todo=f"move the file that it names out of .linestop/cautions/{FOLDER}; nothing else depends on it",
        ) from error


def current(db: duckdb.DuckDBPyConnection, files: list[Path]) -> list[Path]:
    """Return the files without those that a later one replaces: a merge that was killed leaves both."""
    replaced = {name for value in _metadata(db, files, REPLACES) for name in json.loads(value)}
    return [path for path in files if path.name not in replaced]


def held(db: duckdb.DuckDBPyConnection, files: list[Path]) -> dict[str, list[Held]]:
    """Return what of which segment the files hold, by the segment's name."""
    found: dict[str, list[Held]] = {}
    for value in _metadata(db, files, HELD):
        for name, size, digest in json.loads(value):
            found.setdefault(name, []).append(Held(size, digest))
    return found


def stored(
    db: duckdb.DuckDBPyConnection, files: list[Path], wanted: Wanted, *, newest: int | None = None
) -> Iterator[Caution]:
    """Yield the cautions of Parquet files that are asked for, oldest first; with `newest` only so many."""
    if not (files := current(db, files)):
        return
    where, values = wanted.sql()
    order = '"at" DESC, id DESC LIMIT $newest' if newest is not None else '"at", id'
    sql = f"SELECT * FROM read_parquet($files, union_by_name = true) WHERE {where} ORDER BY {order}"  # noqa: S608
    if newest is not None:
        sql = f'SELECT * FROM ({sql}) ORDER BY "at", id'  # noqa: S608  # the parts are ours, the values are bound
        values["newest"] = newest
    yield from rows(db, sql, {**values, "files": [str(path) for path in files]})


def rows(db: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any]) -> Iterator[Caution]:
    """Yield the cautions that a query returns, by the names of its columns. Holds some thousands at a time."""
    answer = db.execute(sql, values)
    names = [column[0] for column in answer.description or ()]
    while part := answer.fetchmany(_PART):
        for row in part:
            record = {name: value for name, value in zip(names, row, strict=True) if value is not None}
            if caution := caution_of(record):
                yield caution


def _metadata(db: duckdb.DuckDBPyConnection, files: list[Path], key: str) -> list[str]:
    if not files:
        return []
    sql = "SELECT decode(value) FROM parquet_kv_metadata($files) WHERE decode(key) = $key"
    return [row[0] for row in db.execute(sql, {"files": [str(path) for path in files], "key": key}).fetchall()]
