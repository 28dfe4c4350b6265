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
    kind: str = Field(description="what the group has in common: signature, file or detector")
    times: int = Field(ge=1)
    event: str = Field(default="", description="the driving event: what was seen first or dearest, in its own words")
    evidence: tuple[str, ...] = Field(default=(), description="a line each, with its run")
    runs: tuple[str, ...] = ()
    drafted: datetime = Field(default_factory=lambda: datetime.now(UTC))
    decided: Decision | None = None
