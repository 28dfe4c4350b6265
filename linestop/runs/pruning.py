"""Takes the bulk out of old records: events and diffs. What a rerun, the history and the costs need stays.

A kill at any point leaves a record that reads as before, or as pruned: what it counted is written down first.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from linestop.errors import RecordError
from linestop.files import FOLDER, write_whole
from linestop.paths import Layout
from linestop.runs.files import is_over
from linestop.runs.find import run_folders
from linestop.runs.pruned import PRUNED, TAKEN, Pruned
from linestop.runs.reading import read_run


class Old(NamedTuple):
    """A record that may be pruned, and how many bytes of it would go."""

    folder: Path
    bytes: int


def old_records(layout: Layout, *, before: datetime, keep: int) -> Iterator[Old]:
    """Yield the records, oldest first, of runs that are over, began before a moment and are none of the `keep` newest.

    A run that goes on, here or on another host, is never among them, however long ago it began.
    """
    folders = run_folders(layout)
    for folder in folders[: max(len(folders) - keep, 0)]:
        if _began(folder) < before and (size := _bulk(folder)) and is_over(folder):
            yield Old(folder, size)


def prune(layout: Layout, folder: Path) -> int:
    """Take events and diff out of one record; return the bytes that are free now.

    Raises:
        RecordError: the disk refused.
    """
    run, size = read_run(layout, folder), _bulk(folder)
    try:
        if run.event_count or not (folder / PRUNED).exists():  # a kill between two files: it was counted already
            kept = Pruned.model_validate({"at": datetime.now(UTC), "freed": size, **_counted(run.model_dump())})
            write_whole(folder / PRUNED, kept.model_dump_json(indent=2).encode())
        inside = os.open(folder, FOLDER)
        try:
            for name in reversed(TAKEN):  # the events last: as long as they are there, they are what is read
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=inside)
        finally:
            os.close(inside)
    except OSError as error:
        raise RecordError(f"can't prune {folder}", found=str(error), todo="check the folder's owner") from error
    return size


def _counted(run: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in run.items() if name in Pruned.model_fields}


def _began(folder: Path) -> datetime:
    """Return when a run began, as its id says."""
    try:
        return datetime.strptime(folder.name[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def _bulk(folder: Path) -> int:
    """Return the bytes of the files that would go; a link is none of them."""
    size = 0
    for name in TAKEN:
        with suppress(OSError):
            path = folder / name
            size += path.stat().st_size if path.is_file() and not path.is_symlink() else 0
    return size
