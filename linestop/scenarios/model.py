"""The model of a scenario file (YAML). docs/scenarios.md describes it to people; `playing` decides what comes next."""

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from linestop.events import Usage
from linestop.verdicts import Ruling

MOST_REPEATS = 100_000


def _pattern(text: str) -> str:
    try:
        re.compile(text, re.MULTILINE)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Run(_Strict):
    """Run a command in the workspace's shell."""

    do: Literal["run"] = "run"
    command: str = Field(min_length=1)
    seconds: float = Field(default=60, gt=0, description="it is ended then")


class Read(_Strict):
    """Read a file, or some of its lines (from 1, both ends in)."""

    do: Literal["read"] = "read"
    path: str
    first: int | None = Field(default=None, ge=1)
    last: int | None = Field(default=None, ge=1)


class Edit(_Strict):
    """Replace a text that stands once in a file."""

    do: Literal["edit"] = "edit"
    path: str
    old: str = Field(min_length=1)
    new: str


class Write(_Strict):
    """Write a whole file."""

    do: Literal["write"] = "write"
    path: str
    text: str


class Search(_Strict):
    """Search file contents for a regular expression."""

    do: Literal["search"] = "search"
    pattern: Pattern
    path: str = "."


class Check(_Strict):
    """Run the repository's checks; `command` is what an agent without a tool for that runs instead."""

    do: Literal["check"] = "check"
    command: str = Field(default="python3 -m pytest -q", min_length=1)


class Tool(_Strict):
    """Call a tool by its own name with exactly these arguments: one that isn't there, one that was misused."""

    do: Literal["tool"] = "tool"
    tool: str = Field(min_length=1)
    args: dict[str, Any] = Field(default_factory=dict)


class Finish(_Strict):
    """Say that the work is done. Ends the dispatch."""

    do: Literal["finish"] = "finish"
    summary: str
    could_not: tuple[str, ...] = Field(default=(), description="each line of each entry is one reason")


class Petition(_Strict):
    """Say that a test or the plan is wrong. Ends the dispatch."""

    do: Literal["petition"] = "petition"
    reason: str = Field(min_length=1)


class FileTicket(_Strict):
    """File discovered work."""

    do: Literal["ticket"] = "ticket"
    title: str = Field(min_length=1, max_length=120)
    text: str = Field(default="", max_length=4_000)
    paths: tuple[str, ...] = Field(default=(), max_length=50)
    blocks: bool = False


class Rule(_Strict):
    """Give a checker's or reviewer's ruling. Ends the dispatch."""

    do: Literal["rule"] = "rule"
    ruling: Ruling
    reasons: tuple[str, ...] = ()


Call = Annotated[
    Run | Read | Edit | Write | Search | Check | Tool | Finish | Petition | FileTicket | Rule,
    Field(discriminator="do"),
]


class FaultKind(StrEnum):
    """What goes wrong in place of the model's answer."""

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
    reset_seconds: float = Field(default=1, ge=0, description="of a rate limit or an overload: when to come back")
    times: int | None = Field(default=1, ge=1, description="so many times, then the turn is answered; None = always")


class Turn(_Strict):
    """One answer of the model: what it thinks and says, then its calls, all at once.

    In a repeated turn (`times` over 1) `{n}` is the number of the repetition, from 1. In every turn `{chunk.paths}`,
    `{chunk.rules}`, `{chunk.source}`, `{chunk.id}`, `{dispatch.ticket}`, `{dispatch.role}` and `{dispatch.attempt}` are
    what the brief says; a call whose path is `{chunk.paths}` alone is made once for each path.
    """

    think: str = ""
    say: str = ""
    calls: tuple[Call, ...] = ()
    usage: Usage | None = Field(default=None, description="tokens; nothing = 1000 in and 80 out, 100 more in each time")
    seconds: float = Field(default=0, ge=0, description="that the answer takes")
    times: int = Field(default=1, ge=1, le=MOST_REPEATS, description="repetitions of this turn")
    fault: ScriptedFault | None = None
    until_told: Pattern = Field(default="", description="no further repetition once what is told meanwhile matches")
    if_told: Pattern = Field(default="", description="played only where something told so far matches, else skipped")


class For(_Strict):
    """Which dispatches an act is for; globs, empty = any."""

    role: str = ""
    ticket: str = ""
    chunk: str = ""
    source: str = Field(default="", description="of the chunk's findings: ruff, vulture, …")
    attempt: int | None = Field(default=None, ge=1)


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

    @property
    def all_acts(self) -> tuple[Act, ...]:
        """The acts, also where the file has only `turns`."""
        return self.acts or (Act(turns=self.turns),)
