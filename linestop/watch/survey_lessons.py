"""What may be learned of a survey: candidates for lessons, with their evidence. A person decides, nothing is kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from linestop.watch.firing import Severity
from linestop.watch.survey import LogReport, SessionReport, Sighting

MAX_EVIDENCE = 5  # places that are quoted
_CONCLUSIONS = {
    "repeat": "Don't make the same call again before something has changed: its answer stays the same.",
    "cycle": "Break out of a round of calls that comes back to where it began: change the approach, not the order.",
    "same-result": "When different arguments give the same answer, the cause lies elsewhere: look there.",
    "failures": "After several failures in a row, name their shared cause before the next call.",
    "failing-call": "A call that failed this often won't work: read its error, or use another way.",
    "denial-wall": "A permission that was refused is a person's to give: ask for it, don't work around it.",
    "reasoning-loop": "Thoughts that come back word for word lead nowhere: decide, or say what is missing.",
    "chant": "A text that repeats itself is a stuck model: end the session and start afresh.",
    "runaway-search": "Say what is looked for and where it is likely to be; stop searching once it is found.",
    "edit-thrash": "Run the checks between two edits of one file.",
    "no-progress": "Work that changes nothing for this long needs a smaller step or a person.",
    "silence": "Nothing was heard for this long: give long commands a clock.",
    "context-pressure": "Start afresh with a summary before the context is full.",
    "cost": "Give the work a smaller plan: it cost more than it was to.",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate for a lesson: what to conclude, why, and where it was seen."""

    title: str
    why: str
    detector: str
    file: str
    sessions: int
    times: int
    seconds: float
    tokens: int
    evidence: tuple[str, ...]


def proposals(reports: Iterable[LogReport]) -> list[Proposal]:
    """Return candidates of all that was seen beyond mere notes, dearest first."""
    groups: dict[tuple[str, str], list[tuple[str, SessionReport, Sighting]]] = {}
    for report in reports:
        for session in report.sessions:
            for one in session.sightings:
                if one.severity is not Severity.INFO:
                    groups.setdefault((one.detector, one.file), []).append((report.path, session, one))
    found = [_proposal(detector, file, seen) for (detector, file), seen in groups.items()]
    return sorted(found, key=lambda one: (one.tokens, one.seconds, one.times), reverse=True)


def _proposal(detector: str, file: str, seen: list[tuple[str, SessionReport, Sighting]]) -> Proposal:
    dearest = sorted(seen, key=lambda one: (one[2].tokens, one[2].seconds), reverse=True)
    sessions = len({(path, session.session) for path, session, _ in seen})
    return Proposal(
        title=_CONCLUSIONS.get(detector, f"Look at what {detector} saw."),
        why=dearest[0][2].detail,
        detector=detector,
        file=file,
        sessions=sessions,
        times=sum(one.times for *_, one in seen),
        seconds=sum(one.seconds for *_, one in seen),
        tokens=sum(one.tokens for *_, one in seen),
        evidence=tuple(_evidence(*one) for one in dearest[:MAX_EVIDENCE]),
    )


def _evidence(path: str, session: SessionReport, one: Sighting) -> str:
    lines = f":{one.first_line}-{one.last_line}" if one.last_line else ""
    when = f", {one.began:%Y-%m-%d %H:%M:%S}" if session.timed else ""
    return f"{path}{lines} (events {one.first}-{one.last}{when}): {one.detail}"
