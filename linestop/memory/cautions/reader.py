"""Reads all cautions of a repository: those in segments and those compacted, each once. Never creates anything.

Following them as they come is follow.py; the few that a brief may tell are recall.py's.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime

from linestop.errors import RecordError
from linestop.memory.cautions.lines import caution_of
from linestop.memory.cautions.model import Caution
from linestop.memory.cautions.parquet import database, parquet_files, stored
from linestop.memory.cautions.segments import records, segments
from linestop.memory.cautions.wanted import Wanted
from linestop.paths import Layout
from linestop.watch.firing import Severity


def read_cautions(
    layout: Layout,
    *,
    ticket: str = "",
    detector: str = "",
    kind: str = "",
    severity: Severity | None = None,
    file: str = "",
    run: str = "",
    engine: str = "",
    since: datetime | None = None,
    newest: int | None = None,
) -> Iterator[Caution]:
    """Yield the cautions that fit, oldest first; with `newest` only so many, the newest. `file` may be a folder.

    Lines that are torn, of a newer kind or none of ours are left out.

    Raises:
        RecordError: a file can't be read.
    """
    wanted = Wanted(ticket, detector, kind, severity, file, run, engine, since)
    return select(layout, wanted, newest=newest)


def select(layout: Layout, wanted: Wanted, *, newest: int | None = None) -> Iterator[Caution]:
    """Yield the cautions that are asked for, as `read_cautions`."""
    try:
        # Segments first: what is compacted meanwhile is found in Parquet, and the other way round it would be missed.
        loose = {caution.id: caution for caution in loose_cautions(layout) if wanted.fits(caution)}
        compacted = parquet_files(layout)
    except OSError as error:
        raise RecordError("cautions can't be read", found=str(error), todo="check the rights of .linestop") from error
    written = sorted(loose.values(), key=_when)
    if not compacted:
        yield from written[max(len(written) - newest, 0) :] if newest is not None else written
        return
    with database() as db:
        others = (one for one in stored(db, compacted, wanted, newest=newest) if one.id not in loose)
        merged = heapq.merge(others, written, key=_when)
        yield from merged if newest is None else _last(merged, newest)


def loose_cautions(layout: Layout) -> Iterator[Caution]:
    """Yield the cautions of all segments, by day and run.

    Raises:
        OSError: one can't be read.
    """
    for segment in segments(layout):
        for record in records(layout, segment):
            if caution := caution_of(record):
                yield caution


def _last(cautions: Iterator[Caution], count: int) -> list[Caution]:
    return sorted(heapq.nlargest(count, cautions, key=_when), key=_when)


def _when(caution: Caution) -> tuple[datetime, str]:
    return caution.at, caution.id
