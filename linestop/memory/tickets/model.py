"""The models of a ticket's own memory. The file that holds them is book.py beside it."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

SIGN_AT = 2  # SPEC.md section 6: the same failure so often makes a sign,
ESCALATE_AT = 3  # and so often escalates


class _Note(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    run: str = Field(default="", description="id of the record that it comes from")


class Failure(_Note):
    """An attempt that failed. `source` says who judged it: `checks`, `checker`, `guard:scope`, `maker`."""

    source: str
    text: str
    chunk: str
    attempt: int = Field(ge=1)
    file: str = ""
    signature: str = Field(default="", description="SHA-256 hex; empty where the text has no anchor and may not arm")


class Sign(_Note):
    """A hard constraint: this failure came twice in this ticket. It bans the failure, not the approach."""

    id: str
    ticket: str
    branch: str
    signature: str
    source: str
    chunk: str
    failure: str = Field(description="the failure as it read last")
    times: int = Field(ge=SIGN_AT)
    runs: tuple[str, ...] = ()
    file: str = Field(default="", description="that the failure is most about, where one is known")
    last: datetime = Field(default_factory=lambda: datetime.now(UTC), description="when it came last")
    solved: bool = Field(default=False, description="the chunk was approved afterwards")


class Reflection(_Note):
    """What a maker said of an attempt of its own that failed; evidence, never truth."""

    text: str
    chunk: str
    attempt: int = Field(ge=1)


class Correction(_Note):
    """An explicit note of a reviewer or a person: the highest authority in a brief."""

    text: str
    by: str = Field(description="`checks`, `checker`, `reviewer`, or a person's name")
    person: bool = False
    chunk: str = Field(default="", description="empty: for all of the ticket")


class Tally(BaseModel):
    """How often a failure came up to now in its ticket, and what follows from it."""

    model_config = ConfigDict(frozen=True)

    times: int = Field(ge=0, description="0: it has no signature and isn't counted")
    sign: Sign | None = None
    is_new: bool = Field(default=False, description="the sign was written just now")

    @property
    def escalates(self) -> bool:
        """Whether the line stops: it came as often as ESCALATE_AT."""
        return self.times >= ESCALATE_AT
