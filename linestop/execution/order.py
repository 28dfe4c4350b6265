"""What an execution run is asked for, and what it answers. The models are the form in the Prefect UI."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from linestop.done import Answer
from linestop.paths import label
from linestop.tickets import Ticket, TicketState

ROLES = ("maker", "checker", "reviewer")
ENGINE_NAME = r"^[A-Za-z0-9][A-Za-z0-9:._/~-]{0,200}$"  # models and scenarios have slashes


class _Order(BaseModel):
    """What both orders have: engines of roles, for this run only. Fields stand in each, in the order of its form."""

    model_config = ConfigDict(extra="forbid")

    @property
    def chosen(self) -> dict[str, str]:
        """Return the roles that were given an engine here."""
        return {role: name for role in ROLES if (name := getattr(self, role))}


_MAKER = "Engine that edits: static, codex, claude, …, or a name of the policy's [engines]. Nothing: the policy's."
_CHECKER = "Agent that judges each commit which passed guards and checks. Nothing: the policy's."
_REVIEWER = "Agent that judges the whole branch before delivery. Nothing: the policy's."


class ExecutionOrder(_Order):
    """Carry out a repository's open tickets until the oracle says done, or nothing is left that may run."""

    repository: str = Field(description="Path of the repository's main checkout on the worker's machine.")
    batch: str | None = Field(
        default=None,
        description="Batch to bring to an end. Nothing: the one with open tickets, else a new one from the plans.",
        pattern=r"^[a-z0-9][a-z0-9-]{0,60}$",
    )
    tickets: list[str] = Field(default_factory=list, max_length=100, description="Only these tickets. Empty: all.")
    parallel: int | None = Field(
        default=None,
        ge=1,
        le=32,
        description="Tickets at a time, 1 to 32. Nothing: the policy's number. SQLite serves about 4.",
    )
    maker: str | None = Field(default=None, description=_MAKER, pattern=ENGINE_NAME)
    checker: str | None = Field(default=None, description=_CHECKER, pattern=ENGINE_NAME)
    reviewer: str | None = Field(default=None, description=_REVIEWER, pattern=ENGINE_NAME)
    dry_run: bool = Field(default=False, description="Say which tickets would run, and run none.")

    @property
    def label(self) -> str:
        """Return the repository's name, for names of runs."""
        return label(self.repository)


class TicketOrder(_Order):
    """Carry out one ticket of a repository."""

    repository: str = Field(description="Path of the repository's main checkout on the worker's machine.")
    ticket: str = Field(description="Id of an open ticket.")
    parent: str = Field(default="", description="Run id of the execution run.")
    maker: str | None = Field(default=None, description=_MAKER, pattern=ENGINE_NAME)
    checker: str | None = Field(default=None, description=_CHECKER, pattern=ENGINE_NAME)
    reviewer: str | None = Field(default=None, description=_REVIEWER, pattern=ENGINE_NAME)


class TicketOutcome(BaseModel):
    """How one ticket ended in this run, for summaries."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    state: TicketState
    branch: str = ""
    commits: int = 0
    reason: str = ""
    attempts: int = 0

    @classmethod
    def of(cls, ticket: Ticket) -> "TicketOutcome":
        """Return the outcome as the tracker has it; a ticket without commits has no branch."""
        commits = {word for word in ticket.progress.values() if is_commit(word)}
        return cls(
            id=ticket.id,
            title=ticket.title,
            state=ticket.state,
            branch=ticket.branch if commits else "",
            commits=len(commits),
            reason=ticket.reason,
            attempts=ticket.attempts,
        )

    @property
    def delivered(self) -> str:
        """Return what was delivered, in words."""
        if not self.commits:
            return "nothing was left to do"
        return f"{self.commits} commit{'s' * (self.commits > 1)} on {self.branch}"


class ExecutionReport(BaseModel):
    """What an execution run brought about. `answer` is the oracle's."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    batch: str | None
    answer: Answer
    reasons: tuple[str, ...] = ()
    filed: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()
    tickets: tuple[TicketOutcome, ...] = ()
    seconds: float = 0.0
    memory: tuple[str, ...] = Field(default=(), description="what was wrong with memory; the work went on without it")


def left_to_do(chunk: str, progress: Mapping[str, str]) -> bool:
    """Return whether a chunk is dispatched when its ticket goes on: nothing is kept of one that was refused."""
    return progress.get(chunk, "refused").startswith("refused")


def is_commit(word: str) -> bool:
    """Return whether a chunk's progress is a commit, not `nothing` or `refused: …`."""
    return len(word) in {40, 64} and all(letter in "0123456789abcdef" for letter in word)
