"""A brief without any memory: for an engine whose caller gave none, and for a single dispatch in the lab."""

from linestop.briefs.compose import compose
from linestop.briefs.model import Ask, Brief, Told
from linestop.memory.tickets.model import Correction
from linestop.plans import Chunk, Plan

_FRACTION = 0.15


def bare_brief(
    plan: Plan,
    chunk: Chunk,
    *,
    attempt: int,
    role: str = "maker",
    corrections: tuple[str, ...] = (),
    diff: str | None = None,
) -> Brief:
    """Return a brief of plan and chunk alone, with corrections; `diff` is what a role that judges looks at."""
    notes = tuple(Correction(text=text, by="checks", chunk=chunk.id) for text in corrections)
    ask = Ask(role=role, ticket=plan.id, plan=plan, chunk=chunk, attempt=attempt, diff=diff)
    return compose(ask, Told(corrections=notes), fraction=_FRACTION, skills=(), hashes=lambda _: "")
