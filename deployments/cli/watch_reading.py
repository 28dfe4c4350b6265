"""Opens the logs that `linestop watch` is given: files, folders, the standard input, and a file that still grows."""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from linestop.errors import UsageError
from linestop.events.reading import Problem, begin
from linestop.ports import Limits
from linestop.text import plain
from linestop.watch.detectors import detectors_for
from linestop.watch.firing import Firing
from linestop.watch.ladder import DETECTORS, detector_name
from linestop.watch.settings import WatchSettings
from linestop.watch.survey import Detectors, LogReport, LogSurvey, SessionSurvey, survey_log
from linestop.watch.survey_logs import claude_sessions, codex_sessions, logs_in

__all__ = ["claude_sessions", "codex_sessions", "detectors", "follow", "survey"]

STDIN = Path("-")
_POLL_SECONDS = 0.2
_TICK_SECONDS = 1.0
_CHUNK = 2**18
_NO_CLOCK = 10.0**9  # seconds; a foreign log has no budget of ours


def detectors(off: Sequence[str], pollers: Sequence[str]) -> Detectors:
    """Return what makes the detectors of one session; the cost detector needs a budget and stays out.

    Raises:
        UsageError: `off` names no detector.
    """
    names = frozenset(map(detector_name, off))
    if unknown := names - set(DETECTORS):
        raise UsageError(
            "--off names no detector", found=", ".join(sorted(unknown)), todo=f"use: {', '.join(DETECTORS)}"
        )
    settings = WatchSettings(limits=Limits(wall_seconds=_NO_CLOCK), pollers=tuple(pollers), off=names | {"cost"})
    return lambda: detectors_for(settings)


def survey(
    paths: Iterable[Path], making: Detectors, *, days: int | None = None, stdin: BinaryIO | None = None
) -> list[LogReport]:
    """Return the reports of all logs; of a folder those that are recognised, and were written in the last `days`.

    Raises:
        UsageError: a path isn't there or can't be read, or none of them is a log.
    """
    since = None if days is None else time.time() - days * 86_400
    reports: list[LogReport] = []
    for path, named in _files(paths):
        _progress(len(reports), path)
        if path == STDIN:
            reports.append(survey_log(stdin or sys.stdin.buffer, "-", making))
        elif named or since is None or _written(path) >= since:
            reports.append(_report(path, making, named=named))
    _progress(len(reports), None)
    if not any(one.sessions for one in reports):
        told = ", ".join(plain(str(one.path), limit=80) for one in reports[:3]) or "no file that looks like one"
        raise UsageError(
            "nothing here is an agent's log", found=told, todo="docs/events.md names the formats that are read"
        )
    return reports


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield each log once, and whether it was named rather than found."""
    seen = set[Path]()
    for path in sorted(paths, key=lambda path: path.is_dir()):  # what is named first
        for one in (path,) if path == STDIN or not path.is_dir() else logs_in(path):
            where = one.resolve()
            if where not in seen:
                seen.add(where)
                yield one, one == path


def _report(path: Path, making: Detectors, *, named: bool) -> LogReport:
    try:
        with _opened(path) as file:
            written = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            return survey_log(file, str(path), making, at=written)
    except UsageError as error:
        if named:
            raise
        return LogReport(str(path), "", problems=[Problem(0, error.found)], bad=1)  # gone since it was found
    except OSError as error:
        raise UsageError(f"{plain(str(path))} can't be read", found=str(error), todo="check the disk") from error


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _progress(done: int, path: Path | None) -> None:
    """Say on a terminal what is read; take it away at the end."""
    if sys.stderr.isatty():
        told = f"\r\x1b[Kreading log {done + 1}: {plain(str(path), limit=80)}" if path else "\r\x1b[K"
        sys.stderr.write(told)
        sys.stderr.flush()


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(
            f"{plain(str(path))} can't be read", found=error.strerror or str(error), todo="check the path"
        ) from error


def follow(paths: Sequence[Path], making: Detectors, *, as_json: bool, stdin: BinaryIO | None = None) -> int:
    """Tell what fires in one log until it is interrupted, or the standard input ends.

    A log that is cut or replaced is read from its new beginning.

    Raises:
        UsageError: not exactly one log was named, or it is a folder, or one JSON document.
    """
    if len(paths) != 1 or (paths[0] != STDIN and paths[0].is_dir()):
        raise UsageError("--follow is for one log", found=f"{len(paths)} paths", todo="name one file, or -")
    if paths[0] == STDIN:
        source = (stdin or sys.stdin.buffer).fileno()
        pieces: Iterator[bytes | None] = iter(lambda: os.read(source, _CHUNK) or None, None)
    else:
        pieces = _growing(paths[0])
    survey = LogSurvey(making)
    try:
        for piece in pieces:
            if piece is None:
                survey = LogSurvey(making)
                sys.stderr.write("the log was cut or replaced; reading its new beginning\n")
                continue
            for session, firing in survey.take(survey.stream.push(piece)) if piece else survey.tick(datetime.now(UTC)):
                _tell(session, firing, as_json=as_json)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    for session, firing in survey.take(survey.stream.finish()):
        _tell(session, firing, as_json=as_json)
    return 0


def _growing(path: Path) -> Iterator[bytes | None]:
    """Yield what is written to a file, nothing once a second, and None where the file begins again."""
    file = _opened(path)
    ticked = time.monotonic()
    try:
        if begin(file)[1]:
            raise UsageError("this log is one document", found=plain(str(path)), todo="watch it without --follow")
        file.seek(0)
        while True:
            if chunk := file.read(_CHUNK):
                yield chunk
                continue
            if _replaced(path, file):
                file.close()
                file = _opened(path)
                yield None
                continue
            if time.monotonic() - ticked >= _TICK_SECONDS:
                ticked = time.monotonic()
                yield b""
            time.sleep(_POLL_SECONDS)
    finally:
        file.close()


def _replaced(path: Path, file: BinaryIO) -> bool:
    held = os.fstat(file.fileno())
    try:
        now = path.stat()
    except OSError:
        return False  # between a move and its successor
    return (now.st_dev, now.st_ino) != (held.st_dev, held.st_ino) or now.st_size < file.tell()


def _tell(session: SessionSurvey, firing: Firing, *, as_json: bool) -> None:
    first, last = session.place_of(firing)
    if as_json:
        told = {"session": session.session, "format": session.format, "lines": [first, last]}
        sys.stdout.write(json.dumps({**told, **firing.model_dump(mode="json", exclude={"message"})}) + "\n")
    else:
        place = f"line {last}" if first == last else f"lines {first}-{last}"
        spent = f"{firing.seconds:.0f} s, {firing.tokens:,} tokens"
        line = f"{firing.severity.value:8}{firing.detector}: {plain(firing.detail)}  ({place}; {spent})"
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
