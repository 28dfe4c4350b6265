"""`linestop watch --follow`: what fires while agents write. Files, all live logs of folders, or one stream.

A log that is cut or replaced is watch_growing.py's, reading logs to their end watch_reading.py's.
"""

import json
import os
import select
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from linestop.deployments.cli.watch_growing import CHUNK, Followed, live_survey, opened
from linestop.errors import UsageError
from linestop.text import plain
from linestop.watch.firing import Firing
from linestop.watch.survey import Detectors, SessionSurvey
from linestop.watch.survey_logs import live_logs

STDIN = Path("-")
MAX_LOGS = 200  # of folders, followed at once
RECENT_SECONDS = 600  # a log of a folder that wasn't written for so long is nobody's work at hand
_POLL_SECONDS, _LOOK_SECONDS, _TICK_SECONDS = 0.2, 1.0, 1.0
Told = tuple[Path, SessionSurvey, Firing]


def follow(paths: Sequence[Path], making: Detectors, *, as_json: bool, stdin: BinaryIO | None = None) -> int:
    """Tell what fires until it is interrupted, or the stream ends.

    Of a folder all logs are followed that are being written: in those that were there already only what fires from
    now on is told.

    Raises:
        UsageError: nothing is named, a path can't be read, a log is one JSON document, or a stream isn't alone.
    """
    streams = [one for one in paths if one == STDIN or _is_stream(one)]
    if not paths or (streams and len(paths) > 1):
        raise UsageError(
            "--follow is for files, folders, or one stream", found=f"{len(paths)} paths", todo="name one, or -"
        )
    named = len(paths) > 1 or paths[0].is_dir()
    source = _Piped(paths[0], making, stdin) if streams else _Following(paths, making)
    try:
        for seen in source.run():
            _tell(seen, named=named, as_json=as_json)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    for seen in source.end():
        _tell(seen, named=named, as_json=as_json)
    return 0


class _Following:
    """Some logs, and those that appear in folders."""

    def __init__(self, paths: Sequence[Path], making: Detectors) -> None:
        self._making = making
        self._folders = [one for one in paths if one.is_dir()]
        self._logs = {one: Followed(one, making) for one in paths if one not in self._folders}
        self._named = set(self._logs)
        self._left: dict[Path, int] = {}

    def run(self) -> Iterator[Told]:
        begun, looked, ticked = True, 0.0, time.monotonic()
        while True:
            now = time.monotonic()
            if self._folders and now - looked >= _LOOK_SECONDS:
                self._search(begun=begun)
                begun, looked = False, now
            for log in list(self._logs.values()):
                yield from ((log.path, *seen) for seen in log.look())
                if now - ticked >= _TICK_SECONDS:
                    yield from ((log.path, *seen) for seen in log.tick(datetime.now(UTC)))
            ticked = now if now - ticked >= _TICK_SECONDS else ticked
            time.sleep(_POLL_SECONDS)

    def end(self) -> Iterator[Told]:
        for log in list(self._logs.values()):
            yield from ((log.path, *seen) for seen in log.end())

    def _search(self, *, begun: bool) -> None:
        """Take in the logs of the folders that are being written, leave out those that are not any more."""
        recent = time.time() - RECENT_SECONDS
        for path, log in list(self._logs.items()):
            if path not in self._named and log.written() < recent:
                self._left[path] = log.place()
                log.close()
                del self._logs[path]
        for path in live_logs(self._folders, since=recent):
            if path not in self._logs and len(self._logs) < MAX_LOGS:
                self._take(path, path.stat().st_size if begun else self._left.pop(path, 0))

    def _take(self, path: Path, quiet_until: int) -> None:
        try:
            self._logs[path] = Followed(path, self._making, quiet_until=quiet_until)
        except (UsageError, OSError):
            return  # gone since it was found, or a document
        sys.stderr.write(f"following {plain(str(path))}\n")


class _Piped:
    """The standard input, or a pipe."""

    def __init__(self, path: Path, making: Detectors, stdin: BinaryIO | None) -> None:
        self._path = path
        self._source = standard_input(stdin) if path == STDIN else opened(path)
        self._survey = live_survey(making)

    def run(self) -> Iterator[Told]:
        survey, source = self._survey, self._source.fileno()
        while True:
            ready, _, _ = select.select([source], [], [], _TICK_SECONDS)
            if not ready:
                yield from ((self._path, *seen) for seen in survey.tick(datetime.now(UTC)))
            elif piece := os.read(source, CHUNK):
                yield from ((self._path, *seen) for seen in survey.take(survey.stream.push(piece)))
            else:
                return

    def end(self) -> Iterator[Told]:
        yield from ((self._path, *seen) for seen in self._survey.take(self._survey.stream.finish()))
        if self._path != STDIN:
            self._source.close()


def standard_input(given: BinaryIO | None = None) -> BinaryIO:
    """Return the standard input's bytes.

    Raises:
        UsageError: it is closed.
    """
    if given is None and sys.stdin is None:
        raise UsageError("the standard input is closed", found="no input", todo="pipe a log into it, or name a file")
    return given or sys.stdin.buffer


def _is_stream(path: Path) -> bool:
    try:
        return not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode)
    except OSError:
        return False


def _tell(told: Told, *, named: bool, as_json: bool) -> None:
    path, session, firing = told
    first, last = session.place_of(firing)
    if as_json:
        log = {"log": str(path)} if named else {}
        place = {"session": session.session, "format": session.format, "lines": [first, last]}
        line = json.dumps({**log, **place, **firing.model_dump(mode="json", exclude={"message"})})
    else:
        where = f"line {last}" if first == last else f"lines {first}-{last}"
        where = f"{plain(str(path), limit=200)}, {where}" if named else where
        spent = f"{firing.seconds:.0f} s, {firing.tokens:,} tokens"
        line = f"{firing.severity.value:8}{firing.detector}: {plain(firing.detail)}  ({where}; {spent})"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
