"""What may be learned of a survey: candidates for lessons, with their evidence. A person decides, nothing is kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from linestop.watch.conclusions import conclusion
from linestop.watch.firing import Severity
from linestop.watch.survey import LogReport, SessionReport, Sighting

MAX_EVIDENCE = 5  # places that are quoted


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
        title=conclusion(detector),
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
