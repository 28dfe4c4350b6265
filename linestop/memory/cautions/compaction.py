"""Moves the segments of runs that ended into Parquet, sorted by file, so that a million cautions stay quick to ask.

A kill at any point loses and doubles nothing: a Parquet file appears whole by one rename, names what of which segment
it holds, and only then segments go; what a kill leaves behind the next compaction finishes. A segment with anything
that this version doesn't understand stays as it is.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from time import time
from typing import NamedTuple
from uuid import uuid4

from linestop.errors import RecordError
from linestop.memory.cautions.gathering import Piece, gather
from linestop.memory.cautions.parquet import (
    Held,
    database,
    every_file,
    held,
    numbers_of,
    parquet_files,
    parquet_folder,
)
from linestop.memory.cautions.parquet_writing import PART, from_lines, merge, name_of, write_parquet
from linestop.memory.cautions.segments import Found, look, opened
from linestop.paths import Layout

MANY_BYTES = 2 * 2**20  # of loose segments, some 5,000 cautions: reading them takes 50 ms
MANY_SEGMENTS = 400
MAX_CAUTIONS = 100_000  # in one go: 3 s
QUIET_SECONDS = 60.0  # since the last write: who follows has seen it


class Compacted(NamedTuple):
    """What a compaction did."""

    cautions: int = 0
    segments: int = 0


def is_due(layout: Layout) -> bool:
    """Return whether there are so many loose cautions that reading them takes time. Reads names and sizes only.

    Raises:
        OSError: the folder can't be read.
    """
    size = count = 0
    for found in look(layout):
        size, count = size + found.size, count + 1
        if size > MANY_BYTES or count > MANY_SEGMENTS:
            return True
    return False


def compact(
    layout: Layout, *, quiet_seconds: float = QUIET_SECONDS, most: int = MAX_CAUTIONS, today: str | None = None
) -> Compacted:
    """Move segments of runs that ended, and of days before `today` in UTC, into one Parquet file; return how many.

    Nothing where another process is at it. At most about `most` cautions: the rest is for the next time.

    Raises:
        RecordError: the disk or DuckDB refused; nothing is lost then.
    """
    try:
        with _alone(layout) as alone:
            if not alone:
                return Compacted()
            day = today or datetime.now(UTC).strftime("%Y-%m-%d")
            chosen = sorted(one for one in look(layout) if _ended(layout, one, day, quiet_seconds))
            return _carried_out(layout, chosen, most, quiet_seconds)
    except OSError as error:
        raise RecordError(
            "cautions can't be compacted",
            found=str(error),
            todo="free disk space; nothing is lost, they stay in their segments",
        ) from error


def _ended(layout: Layout, found: Found, today: str, quiet_seconds: float) -> bool:
    """Return whether nothing is expected to be written to a segment any more; if it is, nothing is lost either."""
    if abs(time() - found.changed) < quiet_seconds:
        return False
    run = layout.runs / found.segment.run
    return found.segment.day < today or not run.exists() or (run / "result.json").exists()


def _carried_out(layout: Layout, chosen: list[Found], most: int, quiet_seconds: float) -> Compacted:
    _clear_replaced(layout, quiet_seconds)
    folder, files = parquet_folder(layout), parquet_files(layout)
    part = folder / f".{uuid4().hex}{PART}"
    with database() as db:
        db.execute("SET threads = 1")  # it goes on beside a run
        try:
            with part.open("xb") as gathered:
                pieces, doubled = gather(layout, chosen, held(db, files), gathered, most)
            if pieces:
                number = max((numbers_of(path)[1] for path in files), default=0) + 1
                write_parquet(db, from_lines(part), folder / name_of(number, number), _holds(pieces), _count(pieces))
        finally:
            part.unlink(missing_ok=True)
        for piece in (*pieces, *doubled):
            _remove(layout, piece)
        merge(db, layout)
    return Compacted(_count(pieces), len(pieces))


def _holds(pieces: list[Piece]) -> dict[str, list[Held]]:
    return {piece.segment.name: [piece.held] for piece in pieces}


def _count(pieces: list[Piece]) -> int:
    return sum(piece.cautions for piece in pieces)


def _clear_replaced(layout: Layout, quiet_seconds: float) -> None:
    """Remove the files that a merged one stands for, once nobody can be in the middle of reading them."""
    kept = parquet_files(layout)
    young = any(abs(time() - path.stat().st_mtime) < quiet_seconds for path in kept)
    for path in every_file(layout):
        if path not in kept and not young:
            path.unlink(missing_ok=True)


@contextmanager
def _alone(layout: Layout) -> Iterator[bool]:
    """Yield whether this process alone compacts, until it ends; clear away what a killed one left unfinished."""
    if not layout.cautions.is_dir():
        yield False
        return
    layout.ensure()
    folder = parquet_folder(layout)
    folder.mkdir(mode=0o700, exist_ok=True)
    file = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        yield False
        return
    try:
        for left in folder.glob(f".*{PART}*"):
            left.unlink(missing_ok=True)
        yield True
    finally:
        os.close(file)


def _remove(layout: Layout, piece: Piece) -> None:
    """Remove a segment that Parquet holds, unless it grew meanwhile: then its rest is for the next time."""
    path = layout.cautions / piece.segment.day / piece.segment.file
    file = opened(layout, piece.segment)
    if file is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # who writes holds it too, and looks whether it is still there
        known = os.fstat(file)
        if known.st_size == piece.held.bytes and known.st_nlink and known.st_ino == path.lstat().st_ino:
            path.unlink()
            with suppress(OSError):
                path.parent.rmdir()
    except (BlockingIOError, FileNotFoundError):
        return
    finally:
        os.close(file)
