"""The model of a lesson. Where it is kept is store.py beside it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_TITLE = 120
MAX_BODY = 4_000
MAX_NAME = 300  # characters of a file's path, a source, a run
MAX_NAMES = 50  # runs, roles, lessons that one lesson names
ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,60}$"
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]


class Trust(StrEnum):
    """Who stands behind a lesson. Only a person's are ever in a brief."""

    PERSON = "person"  # written or accepted by a person
    PROPOSED = "proposed"  # imported, and accepted by nobody yet: shown to people, told to nobody


class Tier(StrEnum):
    """Whose lesson it is."""

    REPOSITORY = "repository"
    GLOBAL = "global"


class Lesson(BaseModel):
    """A conclusion. Superseded ones stay, and are in no brief. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=ID_PATTERN, description="unique over both tiers")
    tier: Tier = Tier.REPOSITORY
    title: str = Field(min_length=1, max_length=MAX_TITLE, description="what to do or not to do, in a line")
    body: str = Field(default="", max_length=MAX_BODY, description="more of it, markdown")
    why: str = Field(min_length=1, max_length=MAX_BODY, description="what happened that taught it")
    file: str = Field(
        default="", max_length=MAX_NAME, description="path in the repository that it is about; empty: about all of it"
    )
    file_hash: str = Field(
        default="", max_length=64, description="SHA-256 of the file when it was written or last confirmed"
    )
    roles: tuple[Name, ...] = Field(default=(), max_length=MAX_NAMES, description="who is told; empty: everybody")
    source: Name = Field(default="person", description="`person`, or the debrief that it came from")
    trust: Trust = Trust.PERSON
    runs: tuple[Name, ...] = Field(default=(), max_length=MAX_NAMES, description="records of the runs that taught it")
    contradicts: tuple[Name, ...] = Field(
        default=(), max_length=MAX_NAMES, description="lessons that it disagrees with, knowingly"
    )
    superseded_by: str = Field(default="", max_length=61)
    created: datetime
    updated: datetime

    @field_validator("created", "updated")
    @classmethod
    def _utc(cls, value: datetime) -> datetime:
        """Return a time in UTC; one that names no zone is taken for UTC."""
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)

    @property
    def is_told(self) -> bool:
        """Whether it may be in a brief: a person stands behind it, and nothing superseded it."""
        return self.trust is Trust.PERSON and not self.superseded_by


class Former(BaseModel):
    """What a lesson said before it was changed. `until` is when that was, UTC."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(ge=1, description="order of the changes of one store")
    until: datetime
    lesson: Lesson
