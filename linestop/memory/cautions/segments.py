"""Where segments lie: `<state>/cautions/<UTC day>/<run>.jsonl`. Finds, opens and reads them; follows no link.

Writing is log.py. Who reads what of them is reader.py, follow.py and recall.py.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from typing import Any, NamedTuple

from linestop.events.lines import LineFeed
from linestop.files import FOLDER, READ
from linestop.memory.cautions.lines import MAX_LINE
from linestop.paths import Layout

SUFFIX = ".jsonl"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
_CHUNK = 2**16  # bytes
_HEAD = 2**8  # bytes: schema and id of the first line, by which two segments differ


class Segment(NamedTuple):
    """One run's file of one day."""

    day: str
    file: str

    @property
    def name(self) -> str:
        """Return its path below the folder of cautions."""
        return f"{self.day}/{self.file}"

    @property
    def run(self) -> str:
        """Return the run's id, as the file is called."""
        return self.file.removesuffix(SUFFIX)


class Found(NamedTuple):
    """A segment as it lies there: `inode` changes where another file took its place; `changed` is in epoch seconds."""

    segment: Segment
    size: int
    inode: int
    changed: float


def file_of(run: str) -> str:
    """Return the name of a run's segment; that of a run whose id is no file name is made of its hash."""
    good = _RUN.fullmatch(run) and not run.endswith(SUFFIX)
    return (run if good else f"run-{hashlib.sha256(run.encode('utf-8', 'replace')).hexdigest()[:24]}") + SUFFIX


def segments(layout: Layout) -> list[Segment]:
    """Return every segment, by day and run.

    Raises:
        OSError: the folder can't be read.
    """
    return sorted(found.segment for found in look(layout))


def look(layout: Layout) -> Iterator[Found]:
    """Yield every segment as it lies there, in no order. One that vanishes meanwhile was compacted.

    Raises:
        OSError: a folder can't be read.
    """
    for day in days(layout):
        try:
            entries = list(os.scandir(layout.cautions / day))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            if entry.name.endswith(SUFFIX) and _RUN.fullmatch(entry.name.removesuffix(SUFFIX)):
                try:
                    known = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(known.st_mode):
                    yield Found(Segment(day, entry.name), known.st_size, known.st_ino, known.st_mtime)


def days(layout: Layout) -> list[str]:
    """Return the days that have a folder, oldest first; none where there is no memory.

    Raises:
        OSError: the folder can't be read.
    """
    if layout.cautions.is_symlink():
        return []
    try:
        with os.scandir(layout.cautions) as entries:
            return sorted(one.name for one in entries if _DAY.fullmatch(one.name) and not one.is_symlink())
    except FileNotFoundError:
        return []


def opened(layout: Layout, segment: Segment) -> int | None:
    """Return a descriptor to read a segment, None where it is gone or no file.

    Raises:
        OSError: it can't be read.
    """
    try:
        folder = os.open(layout.cautions / segment.day, FOLDER)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        file = os.open(segment.file, READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    finally:
        os.close(folder)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    return None


def head(file: int) -> bytes:
    """Return how an open segment begins: what grew begins as before, what took its place, inode and all, doesn't.

    Raises:
        OSError: it can't be read.
    """
    return os.pread(file, _HEAD, 0)


def records(layout: Layout, segment: Segment) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a segment; torn, huge and foreign lines are skipped. Holds one line at a time.

    Raises:
        OSError: it can't be read.
    """
    file = opened(layout, segment)
    if file is None:
        return
    feed = LineFeed(max_line=MAX_LINE)
    with open(file, "rb", buffering=0) as reader:  # noqa: PTH123  # closes the descriptor
        while chunk := reader.read(_CHUNK):
            yield from (line.record for line in feed.push(chunk) if line.record is not None)
    yield from (line.record for line in feed.finish() if line.record is not None)
