"""The models of a debrief: a candidate for a lesson with its evidence, and what a person decided."""

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from linestop.memory.lessons.model import Tier


class Ruling(StrEnum):
    """What a person says of a candidate."""

    ACCEPT = "accept"  # as it is drafted
    EDIT = "edit"  # with words of their own
    DROP = "drop"  # nothing is learned of it


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Decision(_Frozen):
    """How a candidate ended."""

    ruling: Ruling
    by: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    lesson: str = Field(default="", description="id of the lesson that it became")
    why: str = ""
    answer: str = Field(default="", description="the answer that it came by, of a form; empty: a terminal")


class Candidate(_Frozen):
    """A draft of a lesson. Its words are a machine's or an agent's: evidence for a person, told to nobody."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$", description="same group of the same ticket or batch: same id")
    subject: str = Field(description="id of the ticket or batch that it was drafted for")
    title: str
    body: str = ""
    why: str
    file: str = ""
    file_hash: str = ""
    tier: Tier = Tier.REPOSITORY
    kind: str = Field(description="what the group has in common: signature, file, detector or correction")
    group: str = Field(default="", description="hash of what the group has in common: the same in every subject")
    detector: str = Field(default="", description="what saw it: a detector, a guard's rule, a role; empty: a person")
    times: int = Field(ge=1)
    weight: float = Field(default=0.0, ge=0, description="what it cost, in seconds: the dearest are kept first")
    event: str = Field(default="", description="the driving event: what was seen first or dearest, in its own words")
    evidence: tuple[str, ...] = Field(default=(), description="a line each, with its run")
    runs: tuple[str, ...] = ()
    tickets: tuple[str, ...] = Field(default=(), description="in which it was seen")
    drafted: datetime = Field(default_factory=lambda: datetime.now(UTC))
    merged: str = Field(default="", description="id of the candidate that took it over: nobody is asked twice")
    refused: dict[str, str] = Field(default_factory=dict, description="answer's key = why it could not be taken")
    decided: Decision | None = None

    @property
    def waits(self) -> bool:
        """Whether a person is still to decide it."""
        return self.decided is None and not self.merged


class Gathering(_Frozen):
    """What a debrief of one ticket or batch came to."""

    subject: str
    waiting: tuple[str, ...] = Field(default=(), description="ids of the candidates of it that wait, dearest first")
    drafted: tuple[str, ...] = Field(default=(), description="those of them that are new")
    covered: int = Field(default=0, ge=0, description="groups that a lesson covers already")
    left_out: tuple[str, ...] = Field(default=(), description="titles of what found no room, cheapest last")
