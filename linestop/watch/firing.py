"""A firing: what a detector saw. The append-only record of it is a caution."""

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Severity(StrEnum):
    """How much a firing matters."""

    INFO = "info"
    WARNING = "warning"
    STOP = "stop"  # the dispatch can't go on: a budget is spent, a clock ran out


class Firing(BaseModel):
    """A detector fired. Times are UTC; `seconds` and `tokens` are what the pattern cost up to now, as the log tells."""

    model_config = ConfigDict(frozen=True)

    detector: str
    severity: Severity = Severity.WARNING
    detail: str = Field(description="one line: what was seen, with its count")
    message: str = Field(default="", description="what the agent is told; empty: nothing of its own")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    identity: str = Field(default="", description="the call that may be blocked, where one call is to blame")
    file: str = Field(default="", description="as the agent named it")
    file_hash: str = Field(default="", description="SHA-256 of the file's bytes when it fired, at most 10 MiB")
    calls: int = Field(default=0, ge=0, description="tool calls that make up the pattern")
    seconds: float = Field(default=0.0, ge=0)
    tokens: int = Field(default=0, ge=0)
    first: int = Field(default=0, ge=0, description="ordinal of the first event of the pattern, from 0")
    last: int = Field(default=0, ge=0)
