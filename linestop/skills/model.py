"""The model of a skill: a folder with a SKILL.md, as the field writes them. Reading them is reading.py's."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MAX_NAME = 64
MAX_DESCRIPTION = 1_024
MAX_BODY = 40_000


class Origin(StrEnum):
    """Whose skill it is; a later one of these wins over an earlier one of the same name."""

    SHIPPED = "shipped"
    USER = "user"
    REPOSITORY = "repository"  # of its owner, in `.linestop/skills`, which git ignores


class Skill(BaseModel):
    """How to go about something: text for an agent."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=NAME, max_length=MAX_NAME)
    description: str = Field(default="", max_length=MAX_DESCRIPTION, description="what it is for and when to use it")
    body: str = Field(min_length=1, max_length=MAX_BODY, description="markdown")
    license: str = ""
    allowed_tools: tuple[str, ...] = Field(default=(), description="kept, never granted: the sandbox decides")
    metadata: dict[str, str] = Field(default_factory=dict)
    roles: tuple[str, ...] = Field(default=(), description="who is told it where the policy names nothing")
    origin: Origin = Origin.SHIPPED
    path: str = Field(default="", description="of its SKILL.md")
