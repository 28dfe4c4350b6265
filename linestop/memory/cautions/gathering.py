"""Gathers what goes into a Parquet file: of each segment only what no Parquet file holds, and nothing half understood.

When and in what order is compaction.py; how it is written parquet_writing.py.
"""

import hashlib
import os
from collections.abc import Iterator
from io import RawIOBase
from typing import BinaryIO, NamedTuple

from linestop.events.lines import Line, LineFeed
from linestop.memory.cautions.lines import MAX_LINE, caution_of, is_newer, line_of
from linestop.memory.cautions.parquet import Held
from linestop.memory.cautions.segments import Found, Segment, opened
from linestop.paths import Layout

_CHUNK = 2**16  # bytes


class Piece(NamedTuple):
    """A segment as it went into a Parquet file."""

    segment: Segment
    held: Held
    cautions: int


def gather(
    layout: Layout, chosen: list[Found], known: dict[str, list[Held]], out: BinaryIO, most: int
) -> tuple[list[Piece], list[Piece]]:
    """Write the cautions of segments to one file; return what it holds, and what holds nothing that Parquet hasn't."""
    pieces, empty, room, seen = list[Piece](), list[Piece](), most, set[str]()
    for found in chosen:
        if room <= 0:
            break
        start = out.tell()
        taken = _copied(layout, found.segment, known.get(found.segment.name, []), out, seen)
        if taken is None:
            out.seek(start)
            out.truncate()
        else:
            (pieces if taken.cautions else empty).append(taken)
            room -= taken.cautions
    return pieces, empty


def _copied(layout: Layout, segment: Segment, known: list[Held], out: BinaryIO, seen: set[str]) -> Piece | None:
    """Copy the cautions of a segment that no Parquet file holds; None where it must stay as it is."""
    file = opened(layout, segment)
    if file is None:
        return None
    with open(file, "rb", buffering=0) as reader:  # noqa: PTH123  # closes the descriptor
        start, count = _start(file, known), 0
        source = _Hashed(reader, start=start)
        for line in source.lines():
            caution = caution_of(line.record)
            if line.record is not None and is_newer(line.record, caution):
                return None
            if caution and caution.id not in seen:
                seen.add(caution.id)
                out.write(line_of(caution))
                count += 1
    if source.size and not (count or start):
        return None  # nothing of it can be read: it stays for who wants to know why
    return Piece(segment, Held(source.size, source.digest.hexdigest()), count)


class _Hashed:
    """Reads a segment's lines from a byte on, and hashes all of it on the way."""

    def __init__(self, reader: RawIOBase, *, start: int) -> None:
        self._reader, self._start = reader, start
        self.size, self.digest = 0, hashlib.sha256()

    def lines(self) -> Iterator[Line]:
        """Yield the lines, the last one too where no newline ends it."""
        feed = LineFeed(max_line=MAX_LINE)
        while chunk := self._reader.read(_CHUNK):
            fresh = chunk[max(self._start - self.size, 0) :]
            self.digest.update(chunk)
            self.size += len(chunk)
            yield from feed.push(fresh)
        yield from feed.finish()


def _start(file: int, known: list[Held]) -> int:
    """Return how many bytes at its beginning Parquet holds; 0 for another file of the same name."""
    for one in sorted(known, reverse=True):
        digest, at = hashlib.sha256(), 0
        while at < one.bytes and (chunk := os.pread(file, min(_CHUNK, one.bytes - at), at)):
            digest.update(chunk)
            at += len(chunk)
        if at == one.bytes and digest.hexdigest() == one.sha256:
            return at
    return 0
