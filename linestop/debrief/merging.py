"""What becomes of a candidate when its group is drafted again, or another candidate turns out to be the same. Pure."""

from collections.abc import Iterable

from linestop.debrief.model import Candidate

MAX_LINES = 24  # of evidence, after any number of drafts
MAX_RUNS = 40
MAX_TICKETS = 50
MAX_EARLIER = 3  # decisions about the same group that are told


def redrafted(known: Candidate, new: Candidate) -> Candidate:
    """Return a known candidate with what a new draft adds: nothing that it had is lost, no decision is undone."""
    return new.model_copy(
        update={
            "drafted": known.drafted,
            "decided": known.decided,
            "merged": known.merged,
            "refused": known.refused,
            "times": max(known.times, new.times),
            "weight": max(known.weight, new.weight),
            "evidence": _union(new.evidence, (one for one in known.evidence if not one.startswith("and ")), MAX_LINES),
            "runs": _union(new.runs, known.runs, MAX_RUNS),
            "tickets": _union(new.tickets, known.tickets, MAX_TICKETS),
        }
    )


def with_history(draft: Candidate, earlier: Iterable[Candidate]) -> Candidate:
    """Return a draft that says what people decided about the same before, in other tickets."""
    told = [_decision(one) for one in earlier if one.id != draft.id and one.decided][-MAX_EARLIER:]
    return draft.model_copy(update={"evidence": (*told, *draft.evidence)}) if told else draft


def absorbs(kept: Candidate, other: Candidate) -> bool:
    """Return whether a candidate takes another over, so that a person is asked once.

    A batch's takes over the same group of its tickets; a detector's takes over those about single files.
    """
    if other.subject != kept.subject and other.subject not in kept.tickets:
        return False
    if other.group == kept.group:
        return other.subject != kept.subject and kept.subject not in kept.tickets
    return kept.kind == "detector" and other.kind == "file" and other.detector == kept.detector


def _decision(one: Candidate) -> str:
    made = one.decided
    if made is None:
        return ""
    why = f": {made.why}" if made.why else ""
    lesson = f", lesson {made.lesson}" if made.lesson else ""
    return f"{made.at:%Y-%m-%d %H:%M} UTC · decided before for {one.subject}: {made.ruling} by {made.by}{lesson}{why}"


def _union(first: Iterable[str], then: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *then)))[:most]
