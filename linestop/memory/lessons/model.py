"""The model of a lesson. Where it is kept is store.py beside it."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

MAX_TITLE = 120
MAX_BODY = 4_000


class Trust(StrEnum):
    """Who stands behind a lesson. Only a person's are ever in a brief."""

    PERSON = "person"  # written or accepted by a person
    PROPOSED = "proposed"  # an agent's or a machine's proposal: shown to people, told to nobody


class Tier(StrEnum):
    """Whose lesson it is."""

    REPOSITORY = "repository"
    GLOBAL = "global"


class Lesson(BaseModel):
    """A conclusion. Superseded ones stay, and are in no brief. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$", description="unique over both tiers")
    tier: Tier = Tier.REPOSITORY
    title: str = Field(min_length=1, max_length=MAX_TITLE, description="what to do or not to do, in a line")
    body: str = Field(default="", max_length=MAX_BODY, description="more of it, markdown")
    why: str = Field(min_length=1, max_length=MAX_BODY, description="what happened that taught it")
    file: str = Field(default="", description="path in the repository that it is about; empty: about all of it")
    file_hash: str = Field(default="", description="SHA-256 of the file when it was written or last confirmed")
    roles: tuple[str, ...] = Field(default=(), description="who is told; empty: everybody")
    source: str = Field(default="person", description="`person`, or the debrief that it came from")
    trust: Trust = Trust.PERSON
    runs: tuple[str, ...] = Field(default=(), description="records of the runs that taught it")
    contradicts: tuple[str, ...] = Field(default=(), description="lessons that it disagrees with, knowingly")
    superseded_by: str = ""
    created: datetime
    updated: datetime
