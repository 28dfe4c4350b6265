"""Takes the bulk out of old dispatches' records: events but for what they used, and diffs.

What a rerun, the history and the costs need stays. A kill at any point leaves a record that reads as before, or as
pruned: what it counted is written down first. Records of other runs are small: nothing goes.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from linestop.errors import RecordError
from linestop.events import EventKind
from linestop.files import FOLDER, write_whole
from linestop.paths import Layout
from linestop.runs.feed import EVENTS, EventFeed
from linestop.runs.files import is_over
from linestop.runs.find import kind_of, run_folders
from linestop.runs.pruned import DIFF, PRUNED, Pruned, pruned_in, size_of
from linestop.runs.reading import read_run


class Old(NamedTuple):
    """A record that may be pruned, and about how many bytes of it would go."""

    folder: Path
    bytes: int


def old_records(layout: Layout, *, before: datetime, keep: int) -> Iterator[Old]:
    """Yield records, oldest first, of dispatches that are over, began before a moment, and aren't the `keep` newest.

    A run that goes on, here or on another host, is never among them, however long ago it began.
    """
    folders = [folder for folder in run_folders(layout) if kind_of(folder.name) == "dispatch"]
    for folder in folders[: max(len(folders) - keep, 0)]:
        if _began(folder) < before and (size := _bulk(folder)) and is_over(folder):
            yield Old(folder, size)


def prune(layout: Layout, folder: Path) -> int:
    """Take events and diff out of one record; return the bytes that are free now.

    Raises:
        RecordError: the disk refused.
    """
    size = size_of(folder / EVENTS) + size_of(folder / DIFF)
    used = _used(folder)
    try:
        if pruned_in(folder) is None:  # after a kill on the way it was counted already
            counted = {name: one for name, one in read_run(layout, folder).model_dump().items() if name in _FIELDS}
            kept = Pruned(at=datetime.now(UTC), freed=max(size - len(used), 0), kept=len(used), **counted)
            write_whole(folder / PRUNED, kept.model_dump_json(indent=2).encode())
            write_whole(folder / EVENTS, used)
        _remove(folder, DIFF)
    except OSError as error:
        raise RecordError(f"can't prune {folder}", found=str(error), todo="check the folder's owner") from error
    return max(size - len(used), 0)


_FIELDS = frozenset(Pruned.model_fields) - {"v", "at", "freed", "kept"}


def _used(folder: Path) -> bytes:
    """Return the events that say what a dispatch used, as lines; costs are counted from them."""
    kept = (event for event in EventFeed(folder / EVENTS).new() if event.kind == EventKind.USAGE)
    return b"".join(event.model_dump_json(exclude_none=True).encode() + b"\n" for event in kept)


def _remove(folder: Path, name: str) -> None:
    inside = os.open(folder, FOLDER)
    try:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=inside)
    finally:
        os.close(inside)


def _began(folder: Path) -> datetime:
    """Return when a run began, as its id says."""
    try:
        return datetime.strptime(folder.name[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def _bulk(folder: Path) -> int:
    """Return the bytes of what would go."""
    return size_of(folder / DIFF) + (0 if pruned_in(folder) else size_of(folder / EVENTS))
