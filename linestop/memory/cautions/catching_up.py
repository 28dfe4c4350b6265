"""Catches the shelf up with segments and Parquet: only what is new is read. What is gone goes from the shelf too."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from linestop.events.lines import LineFeed
from linestop.memory.cautions.lines import MAX_LINE, caution_of
from linestop.memory.cautions.parquet import SOURCE, database, parquet_files
from linestop.memory.cautions.segments import Found, head, look, opened
from linestop.memory.cautions.shelf import KEEP, KEEP_GENERAL, REPEATS, Note, note_of, prune, put
from linestop.paths import Layout

_CHUNK = 2**18  # bytes
_PART = 5_000  # rows at a time
_OF_PARQUET = f"""
SELECT id, file, (severity = 'info')::INTEGER AS calm, epoch_us("at") AS moment,
       concat_ws(chr(10), kind, detector, coalesce(nullif(signature, ''), lower(detail))) AS said,
       to_json(struct_pack(
           id, "at" := strftime(make_timestamp(epoch_us("at")), '%Y-%m-%dT%H:%M:%S.%fZ'), kind, detector, severity,
           detail, run, ticket, chunk, attempt, role, engine, model, file, file_hash, signature, calls, seconds, tokens
       ))::VARCHAR AS body
FROM (
    SELECT *, row_number() OVER (
        PARTITION BY file, severity = 'info', kind, detector, coalesce(nullif(signature, ''), lower(detail))
        ORDER BY "at" DESC
    ) AS again
    FROM {SOURCE}
)
WHERE again <= {REPEATS}
QUALIFY row_number() OVER (PARTITION BY file, severity = 'info' ORDER BY "at" DESC)
    <= if(file = '', {KEEP_GENERAL}, {KEEP})
"""  # noqa: S608  # numbers and names of ours


class Known(NamedTuple):
    """How far a source is on the shelf."""

    id: int
    inode: int
    size: int
    changed: float
    head: bytes


class _Read(NamedTuple):
    """What is new of a segment; `goes_on`: it is still the file that is on the shelf."""

    notes: list[Note]
    end: int
    goes_on: bool
    head: bytes


def catch_up(db: sqlite3.Connection, layout: Layout) -> list[Note]:
    """Put on the shelf what is new; return what couldn't be put there, because another process holds it.

    Raises:
        OSError, RecordError: segments or Parquet can't be read.
        sqlite3.DatabaseError: the index is broken.
    """
    segments = {found.segment.name: found for found in look(layout)}  # before Parquet: see reader.py
    parquet = {path.name: path for path in parquet_files(layout)}
    known = {
        name: Known(*rest) for name, *rest in db.execute("SELECT name, id, inode, bytes, changed, head FROM sources")
    }
    grown = [one for name, one in segments.items() if _is_new(known.get(name), one)]
    new = [path for name, path in parquet.items() if name not in known]
    gone = [one.id for name, one in known.items() if name not in segments and name not in parquet]
    held = not all(_written(lambda: _shelve_parquet(db, path)) for path in new)  # noqa: B023  # called at once
    unwritten = list[Note]()
    for found in grown:
        before = known.get(found.segment.name)
        read = _new_notes(layout, found, before)
        if before and read.goes_on and read.end == before.size:
            continue  # its last line is torn, or being written
        held = held or not _written(lambda: _shelve_segment(db, found, read, before))  # noqa: B023
        unwritten += read.notes if held else []
    if gone and not held:
        _written(lambda: _let_go(db, gone))
    return unwritten


def _written(write: Callable[[], object]) -> bool:
    """Return whether something could be written; not where another process holds the index, or there is no room."""
    try:
        write()
    except sqlite3.OperationalError:
        return False
    return True


def _is_new(known: Known | None, found: Found) -> bool:
    return known is None or (known.size, known.inode, known.changed) != found[1:]


def _shelve_parquet(db: sqlite3.Connection, path: Path) -> None:
    with database() as files, _writing(db):
        source = _source(db, path.name, Known(0, path.stat().st_ino, path.stat().st_size, 0.0, b""))
        answer = files.execute(_OF_PARQUET, {"files": [str(path)]})
        while part := answer.fetchmany(_PART):
            put(db, source, (Note(*row) for row in part))
        prune(db)


def _shelve_segment(db: sqlite3.Connection, found: Found, read: _Read, before: Known | None) -> None:
    with _writing(db):
        if before and not read.goes_on:
            db.execute("DELETE FROM notes WHERE source = ?", (before.id,))
        known = Known(0, found.inode, read.end, found.changed, read.head)
        put(db, _source(db, found.segment.name, known), read.notes)
        prune(db)


def _new_notes(layout: Layout, found: Found, known: Known | None) -> _Read:
    """Return the cautions of a segment that are new, and where its last whole line ends; none where it is gone."""
    notes, feed, file = list[Note](), LineFeed(max_line=MAX_LINE), opened(layout, found.segment)
    if file is None:
        return _Read(notes, known.size if known else 0, known is not None, known.head if known else b"")
    with open(file, "rb", buffering=0) as reader:  # noqa: PTH123  # closes the descriptor
        begins = head(file)
        goes_on = known is not None and known.inode == found.inode and known.size <= found.size
        goes_on = goes_on and known is not None and begins.startswith(known.head)
        at = end = known.size if known and goes_on else 0
        reader.seek(at, os.SEEK_SET)
        while chunk := reader.read(_CHUNK):
            notes += [note_of(one) for line in feed.push(chunk) if (one := caution_of(line.record))]
            end = at + chunk.rfind(b"\n") + 1 if b"\n" in chunk else end
            at += len(chunk)
    return _Read(notes, end, goes_on, begins)


def _source(db: sqlite3.Connection, name: str, known: Known) -> int:
    sql = """
    INSERT INTO sources (name, inode, bytes, changed, head) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET
        inode = excluded.inode, bytes = excluded.bytes, changed = excluded.changed, head = excluded.head
    RETURNING id
    """
    return int(db.execute(sql, (name, *known[1:])).fetchone()[0])


def _let_go(db: sqlite3.Connection, gone: list[int]) -> None:
    with _writing(db):
        for source in gone:
            db.execute("DELETE FROM notes WHERE source = ?", (source,))
            db.execute("DELETE FROM sources WHERE id = ?", (source,))


@contextmanager
def _writing(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
