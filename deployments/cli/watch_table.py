"""The sessions of `linestop watch` side by side, dearest first; where a row has no room, a few lines each."""

import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from linestop.deployments.cli.text_table import text_table
from linestop.deployments.cli.wrapping import hanging
from linestop.text import plain
from linestop.watch.firing import Severity
from linestop.watch.survey import LogReport, SessionReport

_MINUTE, _HOUR = 60, 3600
_NAME = 14  # characters of a session's id: its end tells it apart
_COLUMNS = (
    "session",
    "agent",
    "calls",
    "errors",
    "denied",
    "time",
    "tokens",
    "fired",
    "lost time",
    "lost tokens",
    "log",
)

Row = tuple[LogReport, SessionReport]


def table(sessions: Sequence[Row], width: int | None) -> Iterator[str]:
    """Yield the lines of a table, or of an entry for each session where `width` columns are too few for one."""
    text = text_table(_COLUMNS, [_row(log, session) for log, session in sessions]).splitlines()
    if width is None or all(cell_len(line) <= width for line in text):
        yield from text
        return
    for log, session in sessions:
        yield from hanging(plain(short(log.path), limit=200), width, indent=2)
        yield from (f"  {line}" for line in hanging(_told(session), width - 2, indent=2))


def _row(log: LogReport, session: SessionReport) -> list[Any]:
    errors = session.outcomes.get("error", 0) + session.outcomes.get("timeout", 0)
    lost = span(session.lost_seconds) if session.timed else "-"
    took = span(session.seconds) if session.timed else "-"
    denied = session.outcomes.get("denied", 0)
    tokens, wasted = (number(one) if session.tokens else "-" for one in (session.tokens, session.lost_tokens))
    told = [session.calls, errors, denied, took, tokens, warned(session), lost, wasted]
    return [_name(session), session.format, *told, short(log.path)]


def _told(session: SessionReport) -> str:
    """Return a row in words: what is nothing, or isn't known, is left out."""
    ended = ((session.outcomes.get(one, 0), one) for one in ("error", "timeout", "denied"))
    fired, spans, tokens = warned(session), session.timed, bool(session.tokens)
    costs = (span(session.lost_seconds) * spans, f"{number(session.lost_tokens)} tokens" * tokens)
    lost = ", lost " + ", ".join(filter(None, costs)) if any(costs) else ""
    parts = [
        f"{session.format} {_name(session)}",
        many(session.calls, "call"),
        *(f"{times} {one}" for times, one in ended if times),
        span(session.seconds) * spans,
        f"{number(session.tokens)} tokens" * tokens,
        f"fired {many(fired, 'time')}{lost}" if fired else "",
    ]
    return plain(" · ".join(filter(None, parts)), limit=300)


def _name(session: SessionReport) -> str:
    return session.session[-_NAME:] if session.session else "-"


def warned(session: SessionReport) -> int:
    """Return how often something fired that is more than a note."""
    return sum(one.times for one in session.sightings if one.severity is not Severity.INFO)


def short(path: str) -> str:
    """Return a path with the home folder written as a shell would."""
    home = str(Path.home()) + os.sep
    return f"~{os.sep}{path.removeprefix(home)}" if path.startswith(home) else path


def span(seconds: float) -> str:
    """Return a time in the unit that a person would take."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < _HOUR else str(timedelta(seconds=round(seconds)))


def many(count: int, word: str) -> str:
    """Return a count of things in words."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}"
