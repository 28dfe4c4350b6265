"""Follows cautions as they are written, over new runs and new days. Reading those that are there is reader.py."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import sleep

from linestop.errors import RecordError
from linestop.events.lines import LineFeed
from linestop.memory.cautions.lines import MAX_LINE, caution_of
from linestop.memory.cautions.model import Caution
from linestop.memory.cautions.segments import Found, head, look, opened
from linestop.memory.cautions.wanted import Wanted
from linestop.paths import Layout

LOOK_SECONDS = 0.3
_CHUNK = 2**16  # bytes


@dataclass
class _Place:
    """How far a segment was read."""

    inode: int
    at: int
    changed: float = 0.0
    head: bytes = b""
    feed: LineFeed = field(default_factory=lambda: LineFeed(max_line=MAX_LINE))


class Follower:
    """Sees what is written from the moment on that it is made. A segment is compacted long after its last line."""

    def __init__(self, layout: Layout, wanted: Wanted | None = None) -> None:
        self._layout, self._wanted = layout, wanted or Wanted()
        self._places: dict[str, _Place] = {}
        for found in self._look():
            self._places[found.segment.name] = self._at_its_end(found)

    def new(self) -> list[Caution]:
        """Return the cautions that were written since the last look, oldest first.

        Raises:
            RecordError: they can't be read.
        """
        found = self._look()
        there = {one.segment.name for one in found}
        self._places = {name: place for name, place in self._places.items() if name in there}
        cautions = [caution for one in found for caution in self._grown(one) if self._wanted.fits(caution)]
        return sorted(cautions, key=lambda caution: (caution.at, caution.id))

    def until(self, over: Callable[[], bool], *, wait: Callable[[float], object] = sleep) -> Iterator[Caution]:
        """Yield cautions as they come; end once `over` says so and nothing unread is left.

        Raises:
            RecordError: they can't be read.
        """
        ended = False
        while not ended:
            ended = over()
            yield from self.new()
            if not ended:
                wait(LOOK_SECONDS)

    def _look(self) -> list[Found]:
        try:
            return list(look(self._layout))
        except OSError as error:
            raise _unreadable(error) from error

    def _at_its_end(self, found: Found) -> _Place:
        """Return the end of a segment; where its last line is still being written, where that begins."""
        file = self._opened(found)
        if file is None:
            return _Place(found.inode, 0)
        try:
            start = max(found.size - MAX_LINE, 0)
            end = os.pread(file, found.size - start, start).rfind(b"\n")
            at = start + end + 1 if end >= 0 or not start else found.size
            return _Place(found.inode, at, found.changed, head(file)[:at])
        finally:
            os.close(file)

    def _grown(self, found: Found) -> Iterator[Caution]:
        place = self._places.get(found.segment.name)
        if place and (place.at, place.inode, place.changed) == found[1:]:
            return
        if (file := self._opened(found)) is None:
            return
        try:
            begins = head(file)
            if not place or place.inode != found.inode or place.at > found.size or not begins.startswith(place.head):
                place = self._places[found.segment.name] = _Place(found.inode, 0)
            place.changed, place.head = found.changed, begins
            while chunk := os.pread(file, _CHUNK, place.at):
                place.at += len(chunk)
                for line in place.feed.push(chunk):
                    if caution := caution_of(line.record):
                        yield caution
        except OSError as error:
            raise _unreadable(error) from error
        finally:
            os.close(file)

    def _opened(self, found: Found) -> int | None:
        try:
            return opened(self._layout, found.segment)
        except OSError as error:
            raise _unreadable(error) from error


def follow(
    layout: Layout,
    wanted: Wanted | None = None,
    *,
    over: Callable[[], bool] = lambda: False,
    wait: Callable[[float], object] = sleep,
) -> Iterator[Caution]:
    """Return an iterator over the cautions that are written from now on, across new runs and days.

    It ends once `over` says so and nothing unread is left; it looks about three times a second.

    Raises:
        RecordError: they can't be read.
    """
    return Follower(layout, wanted).until(over, wait=wait)


def _unreadable(error: OSError) -> RecordError:
    return RecordError("cautions can't be followed", found=str(error), todo="check the rights of .linestop/cautions")
