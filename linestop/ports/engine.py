"""The port to an engine: what does an agent's work."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from linestop.plans import Chunk, Plan
from linestop.verdicts import CheckReport, Ruling
from linestop.watch.live import LiveLog

MAKER = "maker"  # the one role that changes files; every other judges


def judges(role: str) -> bool:
    """Return whether a role only looks, and so is told nothing of the maker whose work it judges."""
    return role != MAKER


class Limits(BaseModel):
    """What one dispatch may use. Whatever is None has no cap of its own."""

    model_config = ConfigDict(frozen=True)

    wall_seconds: float = Field(default=7200, gt=0)
    idle_seconds: float = Field(default=600, gt=0, description="no output and no event for so long ends it")
    turns: int | None = Field(default=None, ge=1, description="model calls")
    tokens: int | None = Field(default=None, ge=1, description="input and output together")
    usd: float | None = Field(default=None, gt=0, description="needs a known price: an unknown one refuses the start")


class Dispatch(BaseModel):
    """One run of one role: what it is told, and where.

    A maker edits the workspace. A checker or reviewer only looks: `Work.ruling` is its answer and its edits are thrown
    away.
    """

    model_config = ConfigDict(frozen=True)

    ticket: str
    role: str
    attempt: int = Field(ge=1)
    plan: Plan
    chunk: Chunk
    brief: str
    corrections: tuple[str, ...] = Field(default=(), description="why earlier attempts at this chunk were rejected")
    limits: Limits = Limits()
    mounts: tuple[Path, ...] = Field(default=(), description="folders of the host it may read, to run the checks")
    path: tuple[Path, ...] = Field(default=(), description="folders that stand first on its PATH, for the same")
    resume: str = Field(default="", description="session to go on with, where the engine can; else a fresh one")

    @property
    def looks_only(self) -> bool:
        """Whether the role judges and changes nothing."""
        return judges(self.role)


class Discovered(BaseModel):
    """Work that an agent came across and that is not its own: a prerequisite, or something else that is broken."""

    model_config = ConfigDict(frozen=True)

    title: str = Field(min_length=1, max_length=120)
    text: str = Field(default="", max_length=4_000)
    paths: tuple[str, ...] = Field(default=(), max_length=50)
    blocks: bool = Field(default=False, description="this ticket can't be finished before it")


class Work(BaseModel):
    """What an agent says it did: evidence, never truth. `petition` says that a test or the spec is wrong.

    `ruling` is what a role that judges answers; a maker's is ignored. `broke_off` says why there is nothing to judge:
    the watch stopped it, a clock or a cap ran out, the agent ended with an error.
    """

    model_config = ConfigDict(frozen=True)

    summary: str
    could_not: tuple[str, ...] = ()
    petition: str | None = None
    ruling: Ruling | None = None
    reasons: tuple[str, ...] = Field(default=(), description="of the ruling, one line each")
    discovered: tuple[Discovered, ...] = ()
    broke_off: str = ""
    session: str = Field(default="", description="the agent's session, for a later `Dispatch.resume`")


class Engine(Protocol):
    """Does an agent's work in a workspace."""

    name: str

    @property
    def model(self) -> str:
        """Name the model that answers, empty where there is none: maker and checker should not share one."""
        ...

    @property
    def window(self) -> int | None:
        """Return how many tokens the model holds, None where nobody knows: a brief's budget is a share of it.

        Asked for each brief: it loads nothing, takes a second at most, and never raises.
        """
        ...

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog
    ) -> Work:
        """Work in `workspace`, leave the changes uncommitted, and say what was done.

        Everything that happens is appended to `events` while it happens. `events.stopping` is set when the watch ends
        the dispatch: return at once then, with `broke_off`. `events.take_nudge()` is a message that the agent must be
        told before its next step, `events.blocked(identity)` why a call must not be made; an engine that can do neither
        leaves them. Whatever else it raises is a failed attempt of its own. It may be given up after
        `order.limits.wall_seconds`; `checks` raises then.

        Raises:
            ToolError: the engine itself is broken, or its key is refused: the line stops.
            BusyError: the provider asks to come back at a time; uses up no attempt.
            InfraError: may be retried; uses up no attempt.
        """
        ...


@runtime_checkable
class Preflight(Protocol):
    """An engine that can tell beforehand that it would not work here. Asked before any ticket is claimed."""

    def preflight(self, limits: Limits) -> None:
        """Return where program, key, model and price are there, as far as can be told without asking a provider.

        Raises:
            ToolError: something is not installed, or a key is missing.
            PolicyError: the settings don't fit, or a cap in dollars is set and no price is known.
        """
        ...
