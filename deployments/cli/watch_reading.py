"""Opens the logs that `linestop watch` is given: files, folders, the standard input. watch_following.py follows."""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from linestop.deployments.cli.watch_following import STDIN, follow, standard_input
from linestop.deployments.cli.watch_growing import opened
from linestop.errors import UsageError
from linestop.events.reading import Problem
from linestop.ports import Limits
from linestop.text import plain
from linestop.watch.detectors import detectors_for
from linestop.watch.ladder import DETECTORS, detector_name
from linestop.watch.settings import WatchSettings
from linestop.watch.survey import Detectors, LogReport, survey_log
from linestop.watch.survey_logs import claude_sessions, codex_sessions, logs_in

__all__ = ["claude_sessions", "codex_sessions", "detectors", "follow", "survey"]

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
            reports.append(survey_log(standard_input(stdin), "-", making))
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
        with opened(path) as file:
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
