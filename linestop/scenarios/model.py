"""The model of a scenario file (YAML). docs/scenarios.md describes it to people."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linestop.events import Usage
from linestop.verdicts import Ruling


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Run(_Strict):
    """Run a command in the workspace's shell."""

    do: Literal["run"]
    command: str
    seconds: float = Field(default=60, gt=0, description="it is ended then")


class Read(_Strict):
    """Read a file, or some of its lines (from 1, both ends in)."""

    do: Literal["read"]
    path: str
    first: int | None = Field(default=None, ge=1)
    last: int | None = Field(default=None, ge=1)


class Edit(_Strict):
    """Replace a text that stands once in a file."""

    do: Literal["edit"]
    path: str
    old: str
    new: str


class Write(_Strict):
    """Write a whole file."""

    do: Literal["write"]
    path: str
    text: str


class Search(_Strict):
    """Search file contents for a regular expression."""

    do: Literal["search"]
    pattern: str
    path: str = "."


class Check(_Strict):
    """Run the repository's checks, where the agent has a tool for that."""

    do: Literal["check"]


class Finish(_Strict):
    """Say that the work is done."""

    do: Literal["finish"]
    summary: str
    could_not: tuple[str, ...] = ()


class Petition(_Strict):
    """Say that a test or the plan is wrong."""

    do: Literal["petition"]
    reason: str


class FileTicket(_Strict):
    """File discovered work."""

    do: Literal["ticket"]
    title: str
    text: str = ""
    blocks: bool = False


class Rule(_Strict):
    """Give a checker's or reviewer's ruling."""

    do: Literal["rule"]
    ruling: Ruling
    reasons: tuple[str, ...] = ()


Call = Annotated[
    Run | Read | Edit | Write | Search | Check | Finish | Petition | FileTicket | Rule, Field(discriminator="do")
]


class FaultKind(StrEnum):
    """What goes wrong with the model's answer."""

    RATE_LIMIT = "rate_limit"  # 429, with `reset_seconds`
    OVERLOAD = "overload"  # 529, or 503 where the wire has none
    SERVER_ERROR = "server_error"  # 500
    AUTH = "auth"  # 401
    CONTEXT = "context"  # the prompt is too long
    HANG = "hang"  # no answer ever
    MALFORMED = "malformed"  # no JSON
    CUT = "cut"  # the stream ends in the middle
    CRASH = "crash"  # the agent's process dies; a server closes the connection


class ScriptedFault(_Strict):
    """A fault in place of an answer."""

    kind: FaultKind
    reset_seconds: float = Field(default=1, ge=0)
    times: int | None = Field(default=1, ge=1, description="so many times, then the turn is answered; None = always")


class Turn(_Strict):
    """One answer of the model. `{n}` in a command, a text or a path is the number of the repetition, from 1."""

    think: str = ""
    say: str = ""
    calls: tuple[Call, ...] = ()
    usage: Usage = Usage(input=1000, output=80)
    seconds: float = Field(default=0, ge=0, description="that the answer takes")
    times: int = Field(default=1, ge=1, description="repetitions of this turn")
    fault: ScriptedFault | None = None
    until_told: str = Field(default="", description="regular expression; ends the turn where what was told matches")
    if_told: str = Field(default="", description="played only where what the agent was told matches")


class For(_Strict):
    """Which dispatches an act is for; globs, empty = any."""

    role: str = ""
    ticket: str = ""
    chunk: str = ""
    attempt: int | None = None


class Act(_Strict):
    """The turns for some dispatches."""

    dispatch: For = Field(default=For(), alias="for")
    turns: tuple[Turn, ...] = Field(min_length=1)


class Scenario(_Strict):
    """A whole file. The first act whose `for` matches is played; `turns` is short for one act for all."""

    schema_: int = Field(default=1, alias="schema", ge=1, le=1)
    name: str = Field(min_length=1)
    about: str = ""
    model: str = "scripted-1"
    window: int = Field(default=32_768, ge=1024)
    acts: tuple[Act, ...] = ()
    turns: tuple[Turn, ...] = ()

    @model_validator(mode="after")
    def _acts_or_turns(self) -> "Scenario":
        if bool(self.acts) == bool(self.turns):
            raise ValueError("a scenario has either `acts` or `turns`")
        return self
