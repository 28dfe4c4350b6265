"""Tickets: their states, finish line, attempts and evidence. Where they are kept is linestop/tracker/."""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from linestop.events import Usage
from linestop.plans import GoalItem, Plan
from linestop.verdicts import GoalVerdict


class TicketState(StrEnum):
    """Where a ticket stands. Only `OPEN` can be claimed."""

    OPEN = "open"  # may be taken once its dependencies are Done
    CLAIMED = "claimed"  # a holder works on it under a lease
    DONE = "done"  # delivered, with evidence that the oracle re-reads
    GATED = "gated"  # explicitly a person's: the batch may end without it
    STOPPED = "stopped"  # the line stopped on it: an incident is open, only a person goes on
    PETITIONED = "petitioned"  # the maker says that a test or the spec is wrong; a person decides


WAITING_ON_A_PERSON = frozenset({TicketState.STOPPED, TicketState.PETITIONED})
ENDED = frozenset({TicketState.DONE, TicketState.GATED, TicketState.STOPPED, TicketState.PETITIONED})


class Evidence(BaseModel):
    """What makes Done count: the delivered commit, the branch that holds it, and the goal-checker's verdict."""

    model_config = ConfigDict(frozen=True)

    commit: str
    base: str
    branch: str
    goal: GoalVerdict


class Spent(BaseModel):
    """What the dispatches of a ticket used over its life; never reset. `usd` holds what had a known price."""

    model_config = ConfigDict(frozen=True)

    tokens: int = Field(default=0, ge=0)
    usd: float = Field(default=0.0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    dispatches: int = Field(default=0, ge=0)

    def plus(self, usage: Usage, seconds: float) -> "Spent":
        """Return this and one dispatch more."""
        return Spent(
            tokens=self.tokens + usage.input + usage.output,
            usd=self.usd + (usage.usd or 0.0),
            seconds=round(self.seconds + seconds, 3),
            dispatches=self.dispatches + 1,
        )


class Ticket(BaseModel):
    """A tracked unit of work. `plan` is frozen when the ticket is claimed; times are UTC."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")
    batch: str
    title: str
    plan: Plan
    state: TicketState = TicketState.OPEN
    reason: str = Field(default="", description="why it is gated, stopped or petitioned")
    depends_on: tuple[str, ...] = ()
    infra: bool = False
    frozen: bool = Field(default=False, description="its plan is no longer read from the plan's file")
    attempts: int = Field(default=0, ge=0, description="lifetime count, never reset")
    spent: Spent = Spent()
    failures_in_a_row: int = Field(default=0, ge=0)
    generation: int = Field(
        default=0, ge=0, description="rises with every claim: a holder with an older one is too late"
    )
    holder: str = Field(default="", description="host:pid:start of the process that claimed it")
    lease_until: datetime | None = None
    base: str = Field(default="", description="commit the worktree was cut from")
    progress: dict[str, str] = Field(
        default_factory=dict, description="chunk id -> commit, or `nothing` or `refused: …`"
    )
    evidence: Evidence | None = None
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    updated: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def branch(self) -> str:
        """Return the branch that the ticket's commits are delivered on."""
        return f"linestop/{self.id}"

    @property
    def finish_line(self) -> str:
        """Return the SHA-256 of the goal: evidence counts only for the goal it was judged by."""
        return finish_line_hash(self.plan.goal)


def finish_line_hash(goal: tuple[GoalItem, ...]) -> str:
    """Return the SHA-256 of a goal's canonical JSON."""
    text = "\n".join(item.model_dump_json() for item in goal)
    return hashlib.sha256(text.encode()).hexdigest()
