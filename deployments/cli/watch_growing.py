"""One log that grows: what was written since the last look, whatever becomes of the file meanwhile."""

import os
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from linestop.errors import UsageError
from linestop.events.reading import begin
from linestop.text import plain
from linestop.watch.firing import Firing
from linestop.watch.survey import Detectors, LogSurvey, SessionSurvey

CHUNK = 2**18
Seen = tuple[SessionSurvey, Firing]


class Followed:
    """One log that grows. What was in it before `quiet_until` bytes is read, but not told."""

    def __init__(self, path: Path, making: Detectors, *, quiet_until: int = 0) -> None:
        self.path, self._making = path, making
        self._file = opened(path)
        if begin(self._file)[1]:
            self._file.close()
            raise UsageError("this log is one document", found=plain(str(path)), todo="watch it without --follow")
        self._file.seek(0)
        self._quiet_until = quiet_until
        self._survey = live_survey(making)

    def look(self) -> Iterator[Seen]:
        """Yield what fires in what was written since the last look."""
        yield from self._rest()
        if (successor := self._successor()) is not None:
            if successor[1]:
                yield from self._rest()  # written between the last look and the move
            yield from self.end()
            self._file, self._quiet_until, self._survey = successor[0], 0, live_survey(self._making)
            sys.stderr.write(f"{plain(str(self.path))} was cut or replaced; reading its new beginning\n")
            yield from self._rest()

    def tick(self, now: datetime) -> Iterator[Seen]:
        """Yield what fires because time goes by."""
        return self._survey.tick(now)

    def end(self) -> Iterator[Seen]:
        """Yield what is left, the line that no newline ends, and close the log."""
        yield from self._survey.take(self._survey.stream.finish())
        self.close()

    def close(self) -> None:
        """Close the log; closing twice does nothing."""
        self._file.close()

    def place(self) -> int:
        """Return how far it was read, in bytes."""
        return self._file.tell()

    def written(self) -> float:
        """Return when it was last written to."""
        return os.fstat(self._file.fileno()).st_mtime

    def _rest(self) -> Iterator[Seen]:
        while chunk := self._file.read(CHUNK):
            quiet = self._file.tell() <= self._quiet_until
            for seen in self._survey.take(self._survey.stream.push(chunk)):
                if not quiet:
                    yield seen

    def _successor(self) -> tuple[BinaryIO, bool] | None:
        """Return what took the log's place, and whether it is another file; None between a move and its successor."""
        held = os.fstat(self._file.fileno())
        try:
            now = self.path.stat()
            other = (now.st_dev, now.st_ino) != (held.st_dev, held.st_ino)
            changed = stat.S_ISREG(now.st_mode) and (other or now.st_size < self._file.tell())
            return (self.path.open("rb"), other) if changed else None
        except OSError:
            return None


def opened(path: Path) -> BinaryIO:
    """Return an open file.

    Raises:
        UsageError: it isn't there or can't be read.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(
            f"{plain(str(path))} can't be read", found=error.strerror or str(error), todo="check the path"
        ) from error


def live_survey(making: Detectors) -> LogSurvey:
    """Return a survey whose clock is the wall's, as long as its log tells none."""
    return LogSurvey(making, clock=lambda: datetime.now(UTC))
