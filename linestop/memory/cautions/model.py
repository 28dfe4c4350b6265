"""The model of a caution. Writing and reading them are its siblings."""

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from linestop.watch.firing import Severity


class CautionKind(StrEnum):
    """What a caution records."""

    FIRING = "firing"  # a detector fired; `detector` is its name
    CHECK = "check"  # the candidate broke checks; `detector` is `checks`
    REJECTION = "rejection"  # a checker or reviewer objected, or findings were left; `detector` says who
    GUARD = "guard"  # a guard was hit; `detector` is its rule
    TIMEOUT = "timeout"  # a clock ran out
    STOP = "stop"  # a dispatch, ticket or repository was stopped


class Caution(BaseModel):
    """One thing that was seen. Appended, never changed; texts are plain and redacted. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_: int = Field(default=1, alias="schema", serialization_alias="schema")
    id: str = Field(default="", description="`<run>:<12 hex digits>`, given at writing")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    kind: CautionKind
    detector: str = Field(description="what saw it: a detector, a guard's rule, `checks`, a role")
    severity: Severity = Severity.WARNING
    detail: str = Field(max_length=500, description="one line")
    run: str = Field(default="", description="id of the record that has the rest: the dispatch's, else the ticket's")
    ticket: str = ""
    chunk: str = ""
    attempt: int = Field(default=0, ge=0)
    role: str = ""
    engine: str = ""
    model: str = ""
    file: str = Field(default="", description="path in the repository, `/` between its parts; empty: of no file")
    file_hash: str = Field(default="", description="SHA-256 of the file's bytes in the workspace at that moment")
    signature: str = Field(default="", description="of the failure, where it is one: linestop/memory/tickets")
    calls: int = Field(default=0, ge=0, description="tool calls that make up the pattern")
    seconds: float = Field(default=0.0, ge=0, description="that the pattern cost")
    tokens: int = Field(default=0, ge=0, description="that the pattern cost")
