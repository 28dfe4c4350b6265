"""The page of `linestop watch`: a table of sessions, the dearest in full, and what may be learned of them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from linestop.deployments.cli.watch_table import many, number, short, span, table
from linestop.deployments.cli.wrapping import fitted
from linestop.text import plain
from linestop.watch.firing import Severity
from linestop.watch.survey import LogReport, SessionReport, Sighting
from linestop.watch.survey_lessons import Proposal, proposals

_ENDED = {"error": "failed", "timeout": "ran out of time", "denied": "denied"}
_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.STOP: 2}


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


def page(reports: Sequence[LogReport], *, limit: int, width: int | None = None) -> str:
    """Return the report as text for a terminal of `width` columns (None: a pipe, where a line is as long as it is).

    Whatever a log holds does no harm there.
    """
    lines = _lines(reports, limit, width)
    return "\n".join(lines if width is None else fitted(lines, width)) + "\n"


def _lines(reports: Sequence[LogReport], limit: int, width: int | None) -> Iterator[str]:
    sessions = [(one, session) for one in reports for session in one.sessions]
    dearest = sorted(sessions, key=lambda one: (one[1].lost_tokens, one[1].lost_seconds), reverse=True)
    if len(sessions) > 1:
        yield from table(dearest, width)
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


def _session(log: LogReport, session: SessionReport) -> Iterator[str]:
    yield plain(f"{short(log.path)}  {session.session}", limit=200)
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
    outcomes = ", ".join(f"{times} {_ENDED[name]}" for name, times in session.outcomes.items() if name in _ENDED)
    faults = ", ".join(f"{times} {name}" for name, times in session.faults.items())
    parts = [
        session.format,
        session.model,
        many(session.calls, "call") + (f" ({outcomes})" if outcomes else ""),
        span(session.seconds) if session.timed else "no times",
        f"{number(session.tokens)} tokens" if session.tokens else "no tokens counted",
        f"${session.usd:.2f}" if session.usd is not None else "",
        f"faults: {faults}" if faults else "",
        f"ended: {session.end}" if session.end else "no end: cut or still running",
    ]
    return " · ".join(filter(None, parts))


def _sighting(session: SessionReport, one: Sighting) -> Iterator[str]:
    times = f" ({one.times} times)" if one.times > 1 else ""
    yield f"  {one.severity.value:8}{one.detector}{times}: {plain(one.detail)}"
    lines = f", lines {one.first_line}-{one.last_line}" if one.last_line else ""
    when = f", {one.began:%H:%M:%S}-{one.ended:%H:%M:%S} ({span(one.seconds)})" if session.timed else ""
    tokens = f", {'about ' if one.estimated else ''}{number(one.tokens)} tokens" if one.tokens else ""
    file = f", {plain(one.file, limit=100)}" if one.file else ""
    yield f"          events {one.first}-{one.last}{lines}{when}{tokens}{file}"


def _lesson(lesson: Proposal) -> Iterator[str]:
    where = f" ({plain(lesson.file, limit=100)})" if lesson.file else ""
    seen = f"fired {many(lesson.times, 'time')} in {many(lesson.sessions, 'session')}"
    yield f"  {lesson.title}{where}"
    cost = _cost(lesson.seconds, lesson.tokens)
    yield f"    {lesson.detector}, {seen}{f', {cost}' if cost else ''}; for example"
    for evidence in lesson.evidence[:2]:
        yield f"    - {plain(short(evidence), limit=240)}"
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
    told = many(len(sessions), "session")
    if not fired:
        return f"{told}, nothing fired"
    cost = _cost(seconds, tokens, " and ")
    lost = f"{cost} went into it" if cost else "what went into it isn't known, for no times and no tokens are told"
    return f"{told}, something fired in {len(fired)}: {lost}"


def _cost(seconds: float, tokens: int, join: str = ", ") -> str:
    """Return what is known of a cost in words; empty where nothing is."""
    return join.join(filter(None, (span(seconds) if seconds else "", f"{number(tokens)} tokens" if tokens else "")))
