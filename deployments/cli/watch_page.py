"""The page of `linestop watch`: a table of sessions, the dearest in full, and what may be learned of them."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from linestop.deployments.cli.text_table import text_table
from linestop.text import plain
from linestop.watch.firing import Severity
from linestop.watch.survey import LogReport, SessionReport, Sighting
from linestop.watch.survey_lessons import Proposal, proposals

_MINUTE, _HOUR = 60, 3600
_ENDED = {"error": "failed", "timeout": "ran out of time", "denied": "denied"}
_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.STOP: 2}
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


def as_json(reports: Sequence[LogReport]) -> str:
    """Return the whole report as JSON: logs with their sessions, and the proposed lessons."""
    value = {"logs": [_log(one) for one in reports], "lessons": [asdict(one) for one in proposals(reports)]}
    return json.dumps(value, indent=2, default=lambda one: one.isoformat())  # datetimes


def _log(report: LogReport) -> dict[str, Any]:
    sessions = [
        {**asdict(one), "seconds": one.seconds if one.timed else None, "worst": one.worst} for one in report.sessions
    ]
    problems = [one._asdict() for one in report.problems]
    return {
        "path": report.path,
        "format": report.format,
        "sessions": sessions,
        "problems": problems,
        "bad_lines": report.bad,
    }


def failed(reports: Sequence[LogReport], fail_on: str) -> bool:
    """Return whether anything of a severity or above it fired."""
    if fail_on == "never":
        return False
    sessions = (session for one in reports for session in one.sessions)
    return any(one.worst and _RANK[one.worst] >= _RANK[Severity(fail_on)] for one in sessions)


def page(reports: Sequence[LogReport], *, limit: int) -> str:
    """Return the report as text for a terminal; whatever a log holds does no harm there."""
    return "\n".join(_lines(reports, limit)) + "\n"


def _lines(reports: Sequence[LogReport], limit: int) -> Iterator[str]:
    sessions = [(one, session) for one in reports for session in one.sessions]
    dearest = sorted(sessions, key=lambda one: (one[1].lost_tokens, one[1].lost_seconds), reverse=True)
    if len(sessions) > 1:
        yield text_table(_COLUMNS, [_row(log, session) for log, session in dearest])
        yield ""
    shown = [one for one in dearest if one[1].sightings or len(sessions) == 1][:limit]
    for log, session in shown:
        yield from _session(log, session)
    lessons = proposals(reports)
    if lessons and limit > 0:
        yield "lessons that may be drawn"
        for lesson in lessons[:limit]:
            yield from _lesson(lesson)
    yield from _unread(reports)
    yield _summary(sessions)


def _row(log: LogReport, session: SessionReport) -> list[Any]:
    warned = sum(one.times for one in session.sightings if one.severity is not Severity.INFO)
    errors = session.outcomes.get("error", 0) + session.outcomes.get("timeout", 0)
    lost = _span(session.lost_seconds) if session.timed else "-"
    took = _span(session.seconds) if session.timed else "-"
    denied = session.outcomes.get("denied", 0)
    tokens, wasted = _number(session.tokens), _number(session.lost_tokens)
    name = session.session[-14:] if session.session else "-"
    return [name, session.format, session.calls, errors, denied, took, tokens, warned, lost, wasted, _short(log.path)]


def _session(log: LogReport, session: SessionReport) -> Iterator[str]:
    yield plain(f"{_short(log.path)}  {session.session}", limit=200)
    if session.title:
        yield f"  “{plain(session.title, limit=100)}”"
    yield f"  {plain(_facts(session), limit=300)}"
    for one in session.sightings:
        yield from _sighting(session, one)
    if not session.sightings:
        yield "  nothing fired"
    for name, trouble in session.broken.items():
        yield f"  the detector {plain(name)} broke and was left out: {plain(trouble)}"
    yield ""


def _facts(session: SessionReport) -> str:
    outcomes = ", ".join(f"{number} {_ENDED[name]}" for name, number in session.outcomes.items() if name in _ENDED)
    faults = ", ".join(f"{number} {name}" for name, number in session.faults.items())
    parts = [
        session.format,
        session.model,
        _many(session.calls, "call") + (f" ({outcomes})" if outcomes else ""),
        _span(session.seconds) if session.timed else "no times",
        f"{_number(session.tokens)} tokens" if session.tokens else "no tokens counted",
        f"${session.usd:.2f}" if session.usd is not None else "",
        f"faults: {faults}" if faults else "",
        f"ended: {session.end}" if session.end else "no end: cut or still running",
    ]
    return " · ".join(filter(None, parts))


def _sighting(session: SessionReport, one: Sighting) -> Iterator[str]:
    times = f" ({one.times} times)" if one.times > 1 else ""
    yield f"  {one.severity.value:8}{one.detector}{times}: {plain(one.detail)}"
    lines = f", lines {one.first_line}-{one.last_line}" if one.last_line else ""
    when = f", {one.began:%H:%M:%S}-{one.ended:%H:%M:%S} ({_span(one.seconds)})" if session.timed else ""
    tokens = f", {'about ' if one.estimated else ''}{_number(one.tokens)} tokens" if one.tokens else ""
    file = f", {plain(one.file, limit=100)}" if one.file else ""
    yield f"          events {one.first}-{one.last}{lines}{when}{tokens}{file}"


def _lesson(lesson: Proposal) -> Iterator[str]:
    where = f" ({plain(lesson.file, limit=100)})" if lesson.file else ""
    seen = f"fired {_many(lesson.times, 'time')} in {_many(lesson.sessions, 'session')}"
    yield f"  {lesson.title}{where}"
    cost = _cost(lesson.seconds, lesson.tokens)
    yield f"    {lesson.detector}, {seen}{f', {cost}' if cost else ''}; for example"
    for evidence in lesson.evidence[:2]:
        yield f"    - {plain(_short(evidence), limit=240)}"
    yield ""


def _unread(reports: Sequence[LogReport]) -> Iterator[str]:
    for one in reports:
        if not one.sessions:
            yield f"{plain(one.path)}: no agent's log"
        for problem in one.problems[:3]:
            place = f"line {problem.line}" if problem.line else "the document"
            yield f"{plain(one.path)}: {place} was skipped: {plain(problem.what)}"
        if one.bad > 3:  # noqa: PLR2004  # as many as are quoted
            yield f"{plain(one.path)}: {one.bad} lines in all were skipped"


def _summary(sessions: Sequence[tuple[LogReport, SessionReport]]) -> str:
    fired = [session for _, session in sessions if session.worst and session.worst is not Severity.INFO]
    seconds, tokens = sum(one.lost_seconds for one in fired), sum(one.lost_tokens for one in fired)
    many = _many(len(sessions), "session")
    if not fired:
        return f"{many}, nothing fired"
    cost = _cost(seconds, tokens, " and ")
    lost = f"{cost} went into it" if cost else "what went into it isn't known, for no times and no tokens are told"
    return f"{many}, something fired in {len(fired)}: {lost}"


def _cost(seconds: float, tokens: int, join: str = ", ") -> str:
    """Return what is known of a cost in words; empty where nothing is."""
    return join.join(filter(None, (_span(seconds) if seconds else "", f"{_number(tokens)} tokens" if tokens else "")))


def _short(path: str) -> str:
    """Return a path with the home folder written as a shell would."""
    home = str(Path.home()) + os.sep
    return f"~{os.sep}{path.removeprefix(home)}" if path.startswith(home) else path


def _span(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < _HOUR else str(timedelta(seconds=round(seconds)))


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _number(value: int) -> str:
    return f"{value:,}"
