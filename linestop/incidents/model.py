"""What an incident is. One JSON file each; keeping them is store.py."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from linestop.incidents.classes import PERSON_BELOW, FailureClass
from linestop.verdicts import CommandRun

WHYS = 5
UNKNOWN = "unknown: a person must say"


class Scope(StrEnum):
    """How much of the line stands still."""

    TICKET = "ticket"
    REPOSITORY = "repository"
    FLEET = "fleet"  # every repository of this user


class Why(BaseModel):
    """One of the five whys. What nobody knows says so."""

    model_config = ConfigDict(frozen=True)

    hypothesis: str = UNKNOWN
    verification: str = UNKNOWN
    conclusion: str = UNKNOWN

    @property
    def answered(self) -> bool:
        """Whether all three are really there."""
        return all(is_said(text) for text in (self.hypothesis, self.verification, self.conclusion))


class Prevention(BaseModel):
    """What keeps it from coming back. L1 makes it impossible, L2 detects it, L3 writes it down, L4 alerts somebody."""

    model_config = ConfigDict(frozen=True)

    level: Literal["L1", "L2", "L3", "L4"]
    action: str = Field(min_length=1)


class Sweep(BaseModel):
    """The look for siblings of the root cause: where, and what was found."""

    model_config = ConfigDict(frozen=True)

    searched: str = Field(min_length=1)
    found: tuple[str, ...] = ()


class Closing(BaseModel):
    """Who closed it, when and why."""

    model_config = ConfigDict(frozen=True)

    who: str = Field(min_length=1)
    person: bool
    at: datetime
    why: str = Field(min_length=1)


class Incident(BaseModel):
    """A line stop. `subject` is a ticket's id, a commit or what stands still; `evidence` the command that failed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")
    scope: Scope
    subject: str
    what: str
    signature: str
    failure_class: FailureClass
    confidence: float = Field(ge=0, le=1)
    evidence: CommandRun | None = None
    run: str = Field(default="", description="id of the run record that has the rest")
    opened: datetime
    whys: tuple[Why, ...] = Field(min_length=WHYS)
    todo: str = Field(default="", description="what a person can do at once, in lines")
    siblings: tuple[str, ...] = Field(default=(), description="earlier incidents of the same class, found by machine")
    root_cause: str = ""
    prevention: Prevention | None = None
    sweep: Sweep | None = None
    closed: Closing | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> str:
        """Return `open` or `closed`."""
        return "closed" if self.closed else "open"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def ticket(self) -> str:
        """Return the ticket that it stopped, nothing where it is no ticket's."""
        return self.subject if self.scope is Scope.TICKET else ""

    @property
    def is_open(self) -> bool:
        """Whether forward steps in its scope are refused."""
        return self.closed is None

    def missing(self) -> tuple[str, ...]:
        """Return what must still be said before it may close."""
        unanswered = sum(1 for why in self.whys if not why.answered)
        asked = {
            f"the answers to {unanswered} of the five whys": not unanswered,
            "the root cause": is_said(self.root_cause),
            "the prevention with its level L1 to L4": self.prevention is not None and is_said(self.prevention.action),
            "the sweep for siblings": self.sweep is not None and is_said(self.sweep.searched),
        }
        return tuple(name for name, there in asked.items() if not there)

    @property
    def only_a_person(self) -> bool:
        """Whether its class is too unsure for a machine to close it."""
        return self.confidence < PERSON_BELOW


def is_said(text: str) -> bool:
    """Return whether a text says anything: not blank, not the mark of what is unknown, not a filler."""
    said = text.strip().casefold()
    return bool(said) and not said.startswith("unknown") and said not in {"-", "?", "n/a", "na", "none", "todo", "tbd"}
